"""Work spread over the machines of a Ray cluster: a function, many items, and nothing lost when a machine is.

Every actor begins with a function of its own (which may hold what is costly to make: an engine, a loaded model) and
works on a few items at once. An actor that dies gives its items to the others and is replaced as soon as the cluster has
room. Results come back to this process, which alone writes files. Ray (``pip install 'codesteer[ray]'``) is loaded here
alone.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Generic, Self, TypeVar

import msgspec

from codesteer_kernel import __version__
from codesteer_kernel.egress import admit
from codesteer_kernel.errors import BadInput, CodeSteerError, MissingDependency

__all__ = ["Cluster", "ClusterFailed", "Needs", "WorkerLost"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_POLL_S = 0.05
_PATIENCE_S = 300.0


class ClusterFailed(CodeSteerError):
    """The cluster cannot be reached, or cannot do the work; the message says why."""

    code = "cluster_failed"


class WorkerLost(CodeSteerError):
    """The processes that worked on an item died, each time that it was tried."""

    code = "worker_lost"


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """What one actor reserves of the cluster.

    Attributes:
        cpus: cores, for programs and local models.
        gpus: for a model that runs on one.
        resources: by other names that the cluster's nodes declare: ``api``, say, to bound how many call a service.
    """

    cpus: float = 1.0
    gpus: float = 0.0
    resources: dict[str, float] = {}

    def fit(self, offered: Mapping[str, float]) -> bool:
        """Whether a node that offers so much can hold such an actor."""
        wanted = {"CPU": self.cpus, "GPU": self.gpus, **self.resources}
        return all(offered.get(name, 0.0) >= amount for name, amount in wanted.items())


class _Worker(Generic[Item, Result]):
    """Lives in an actor."""

    def __init__(self, begin: Callable[[], Callable[[Item], Result]]) -> None:
        self._work = begin()

    def ready(self) -> str:
        return __version__

    def work(self, item: Item) -> Result:
        return self._work(item)


@dataclass
class _Task(Generic[Item, Result]):
    item: Item
    future: concurrent.futures.Future[Result] = field(default_factory=concurrent.futures.Future)
    lost: int = 0


@dataclass(eq=False)
class _Hand:
    """An actor, as seen from here."""

    actor: Any
    load: int = 0
    gone: bool = False


class Cluster(Generic[Item, Result]):
    """The actors of one piece of work; a context.

    Args:
        address: ``auto`` (the cluster that this machine is part of), ``host:port``, ``ray://host:port``, or ``local`` for one
            of this machine alone that ends with this process.
        begin: called once in each actor; what it returns is called with items, by several threads. Both have to be
            importable on every machine: the same version of this package is installed there, and keys are in the
            environment of its nodes, for none is sent.
        at_once: items being worked on at a time, in all actors together.
        actors: how many; default: one on each node that has room for one, so that a model is loaded once a machine.
        needs: what each of them reserves.
        tries: how often an item may be begun; the last death of its actor is its end.
        patience: seconds to wait for a first actor, or for another when all have died.

    Raises:
        MissingDependency: Ray is not installed.
        ClusterFailed: there is no such cluster, or no node has room.
        BadInput: numbers that make no sense.
    """

    def __init__(
        self,
        address: str,
        begin: Callable[[], Callable[[Item], Result]],
        *,
        at_once: int,
        actors: int | None = None,
        needs: Needs | None = None,
        tries: int = 3,
        patience: float = _PATIENCE_S,
    ) -> None:
        needs = needs or Needs()
        if at_once < 1 or (actors is not None and actors < 1):
            raise BadInput("Actors, and what they do at once, are counted from 1.")
        self._ray, self._ours = _connected(address)
        rooms = [node for node in self._ray.nodes() if node["Alive"] and needs.fit(node["Resources"])]
        if not rooms:
            self._leave()
            raise ClusterFailed(
                f"No node of the cluster has what an actor needs ({_told(needs)}).", "Ask for less, or add such a node."
            )
        count = min(actors or len(rooms), at_once)
        self._each = ceil(at_once / count)
        self._kind = self._ray.remote(_Worker).options(
            num_cpus=needs.cpus,
            num_gpus=needs.gpus,
            resources=dict(needs.resources) or None,
            max_concurrency=self._each + 1,
            max_restarts=0,
            scheduling_strategy="SPREAD",
        )
        self._begin, self._tries, self._patience = begin, tries, patience
        self._queue: deque[_Task[Item, Result]] = deque()
        self._starting: dict[Any, _Hand] = {}
        self._hands: list[_Hand] = []
        self._running: dict[Any, tuple[_Hand, _Task[Item, Result]]] = {}
        self._unborn = 0
        self._alone_since = time.monotonic()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._fault: CodeSteerError | None = None
        for _ in range(count):
            self._start()
        self._thread = threading.Thread(target=self._serve, name="cluster", daemon=True)
        self._thread.start()

    def submit(self, item: Item) -> concurrent.futures.Future[Result]:
        """Have one item worked on.

        Its future raises what the function raised, :class:`WorkerLost`, or :class:`ClusterFailed`.
        """
        task: _Task[Item, Result] = _Task(item)
        with self._lock:
            if self._fault is not None:
                task.future.set_exception(self._fault)
            elif self._closing.is_set():
                task.future.cancel()
            else:
                self._queue.append(task)
        return task.future

    def map(self, items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
        """Work on all items; yields each with its result, the first to end first.

        Raises:
            WorkerLost: as :meth:`submit`.
        """
        waiting = {self.submit(item): item for item in items}
        for future in concurrent.futures.as_completed(waiting):
            yield waiting[future], future.result()

    def stop(self) -> None:
        """End what runs, at once: futures without a result are cancelled."""
        self._closing.set()
        self._thread.join()
        for hand in [*self._hands, *self._starting.values()]:
            self._kill(hand)
        with self._lock:
            left = [*self._queue, *(task for _, task in self._running.values())]
            self._queue.clear()
        self._running.clear()
        self._hands.clear()
        self._starting.clear()
        for task in left:
            task.future.cancel()

    def close(self) -> None:
        """End the actors and leave the cluster."""
        self.stop()
        self._leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- in the thread --------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        try:
            while not self._closing.is_set():
                self._assign()
                refs = [*self._starting, *self._running]
                if refs:
                    for ref in self._ray.wait(refs, num_returns=1, timeout=_POLL_S)[0]:
                        self._settle(ref)
                else:
                    self._closing.wait(_POLL_S)
                self._look()
        except CodeSteerError as fault:
            self._fail(fault)
        except Exception as fault:  # noqa: BLE001 - Ray's connection fails in many ways; whoever waits has to hear of it
            self._fail(ClusterFailed(f"The cluster is lost ({type(fault).__name__}: {_first_line(fault)})."))

    def _start(self) -> None:
        hand = _Hand(self._kind.remote(self._begin))
        self._starting[hand.actor.ready.remote()] = hand

    def _assign(self) -> None:
        """Give what waits to the hand with the least to do.

        An item that lost its actor is tried alone: if it was what killed it, it takes no other with it again.
        """
        while True:
            with self._lock:
                task = self._queue[0] if self._queue else None
            hand = min(self._hands, key=lambda one: one.load, default=None)
            if task is None or hand is None or hand.load + self._weight(task) > self._each:
                return
            self._running[hand.actor.work.remote(task.item)] = hand, task
            hand.load += self._weight(task)
            with self._lock:
                self._queue.popleft()

    def _weight(self, task: _Task[Item, Result]) -> int:
        return self._each if task.lost else 1

    def _settle(self, ref: Any) -> None:
        if ref in self._starting:
            self._born(ref, self._starting.pop(ref))
            return
        hand, task = self._running.pop(ref)
        hand.load -= self._weight(task)
        try:
            result = self._ray.get(ref)
        except self._ray.exceptions.RayTaskError as fault:
            task.future.set_exception(fault.cause)
        except self._ray.exceptions.RayError as fault:
            self._bury(hand)
            task.lost += 1
            if task.lost < self._tries:
                with self._lock:
                    self._queue.appendleft(task)
            else:
                reason = f"{self._tries} processes died while they worked on it ({_first_line(fault)})"
                task.future.set_exception(WorkerLost(f"It is given up: {reason}.", "See the logs of the cluster."))
        else:
            task.future.set_result(result)

    def _born(self, ref: Any, hand: _Hand) -> None:
        try:
            version = self._ray.get(ref)
        except self._ray.exceptions.RayError as fault:
            self._unborn += 1
            if self._unborn >= self._tries:
                raise ClusterFailed(f"{self._unborn} actors died in their start: {_last_line(fault)}") from None
            self._start()
            return
        if version != __version__:
            raise ClusterFailed(
                f"A node of the cluster has codesteer {version}, and here it is {__version__}.", "Install one on all."
            )
        self._unborn = 0
        self._hands.append(hand)

    def _bury(self, hand: _Hand) -> None:
        """This actor is gone: what it has comes back one by one, and another takes its place."""
        if not hand.gone:
            hand.gone = True
            self._hands.remove(hand)
            self._kill(hand)
            self._start()

    def _look(self) -> None:
        if self._hands:
            self._alone_since = time.monotonic()
        elif time.monotonic() - self._alone_since > self._patience:
            raise ClusterFailed(
                f"No actor could be started in {self._patience:g} seconds.",
                "Look at: ray status, and the cluster's logs.",
            )

    def _fail(self, fault: CodeSteerError) -> None:
        with self._lock:
            self._fault = fault
            self._closing.set()
            left = [*self._queue, *(task for _, task in self._running.values())]
            self._queue.clear()
        self._running.clear()
        for task in left:
            task.future.set_exception(fault)

    def _kill(self, hand: _Hand) -> None:
        # It may be gone, and so may the cluster.
        with contextlib.suppress(Exception):
            self._ray.kill(hand.actor)

    def _leave(self) -> None:
        if self._ours:
            self._ray.shutdown()


def _connected(address: str) -> tuple[Any, bool]:
    """Ray, connected; and whether it was this call that did it."""
    if address != "local":
        named = os.environ.get("RAY_ADDRESS") or address if address == "auto" else address
        admit(named if "://" in named else f"ray://{named}")
    # Nothing is reported to anybody, and no working directory is shipped.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    try:
        import ray
    except ImportError:
        raise MissingDependency("A cluster needs Ray.", "Install it with: pip install 'codesteer[ray]'") from None
    if ray.is_initialized():
        return ray, False
    own = {"include_dashboard": False} if address == "local" else {}
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", **own)
    except Exception as fault:  # noqa: BLE001 - as many kinds as there are ways to miss a cluster
        raise ClusterFailed(
            f"There is no Ray cluster at {address!r} ({type(fault).__name__}: {_first_line(fault)}).",
            "Start one with: ray start --head, or give its address.",
        ) from None
    return ray, True


def _told(needs: Needs) -> str:
    amounts = {"cores": needs.cpus, "GPUs": needs.gpus, **needs.resources}
    return ", ".join(f"{amount:g} {name}" for name, amount in amounts.items() if amount)


def _first_line(fault: BaseException) -> str:
    return next(iter(str(fault).strip().splitlines()), "")


def _last_line(fault: BaseException) -> str:
    return next(reversed(str(fault).strip().splitlines()), "")
