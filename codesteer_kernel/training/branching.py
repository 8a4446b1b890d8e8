"""Trees of decisions, a tree a problem, kept line by line; a job that is resumed grows those that are missing."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import nullcontext
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import asdict, replace

from codesteer_kernel.cluster import WorkerLost
from codesteer_kernel.errors import BadInput
from codesteer_kernel.evaluation.jobs import Job, Trial, trials
from codesteer_kernel.evaluation.pool import Pool, Threads
from codesteer_kernel.evaluation.runner import MAX_AT_ONCE
from codesteer_kernel.run import engine
from codesteer_kernel.store.lines import LineFile, read_lines
from codesteer_kernel.symbench.problem import canonical
from codesteer_kernel.training.collecting import for_training
from codesteer_kernel.training.growing import Grower, Growing, Grown, Planned
from codesteer_kernel.training.simulated import SIMULATED

__all__ = ["TREES", "grow_trees", "read_trees"]

TREES = "trees.jsonl"
_POLL_S = 0.2


OnTree = Callable[[Grown, int, int], None]


def grow_trees(
    job: Job,
    growing: Growing,
    folder: Path,
    *,
    concurrency: int = 4,
    on_tree: OnTree | None = None,
    stop: threading.Event | None = None,
    pool: Pool[Planned, Grown | None] | None = None,
) -> Literal["done", "stopped"]:
    """Grow a tree for every problem of a job that the folder has none of; blocks.

    Args:
        job: problems and targets; its methods do not matter. Seen tasks only.
        growing: see :class:`~codesteer_kernel.training.growing.Growing`.
        folder: ``trees.jsonl`` in it gets a line for each tree, on the disk before the next.
        concurrency: trees at once.
        on_tree: called in this thread with each new tree, how many there are, and how many there will be.
        stop: set it to stop; an interrupt does the same. Trees in growth are lost, nothing else.
        pool: where trees grow (a cluster whose actors begin with :func:`~codesteer_kernel.training.growing.grower`);
            default: in this process.

    Raises:
        BadInput, UnknownName: as :func:`~codesteer_kernel.training.collecting.for_training`.
        CodeSteerError: no run can be started.
    """
    growing = growing.checked()
    if not 1 <= concurrency <= MAX_AT_ONCE:
        raise BadInput(f"The trees at once are {concurrency}.", f"Give a number from 1 to {MAX_AT_ONCE}.")
    # Whatever its methods: a tree is no method's.
    job = replace(for_training(replace(job, methods=("only-question",))), order="problem")
    planned = [Planned(key=_key(trial, growing), trial=trial, growing=growing) for trial in trials(job)]
    halt = stop or threading.Event()
    with (
        _here(planned, concurrency) if pool is None else nullcontext(pool) as pool,
        LineFile(folder / TREES, durable=True) as file,
    ):
        known = {tree.key for tree in read_trees(folder) if not tree.error}
        waiting = deque(one for one in planned if one.key not in known)
        count = len(planned) - len(waiting)
        growth: dict[Future[Grown | None], Planned] = {}
        try:
            while (waiting or growth) and not halt.is_set():
                while waiting and len(growth) < concurrency:
                    one = waiting.popleft()
                    growth[pool.submit(one)] = one
                for future in wait(growth, _POLL_S, FIRST_COMPLETED).done:
                    tree = _tree(future, growth[future])
                    del growth[future]
                    if tree is not None:
                        file.append(msgspec.json.encode(tree))
                        count += 1
                        if on_tree is not None:
                            on_tree(tree, count, len(planned))
        except KeyboardInterrupt:
            halt.set()
        finally:
            if growth:
                pool.stop()
    return "stopped" if halt.is_set() else "done"


def read_trees(folder: Path) -> Iterator[Grown]:
    """The trees of a folder. What a killed process left of a last line is none.

    Raises:
        BadInput: a line in the middle is no tree.
    """
    for number, (line, whole) in enumerate(read_lines(folder / TREES), 1):
        if whole:
            try:
                yield msgspec.json.decode(line, type=Grown)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                raise BadInput(f"Line {number} of {folder / TREES} is no tree.", "Remove that line.") from None


def _here(planned: Sequence[Planned], concurrency: int) -> Threads[Planned, Grown | None]:
    """This process as a pool, after a look at whether it can open every model of the job."""
    host = engine()
    for settings in {one.trial.settings.target: one.trial.settings for one in planned}.values():
        if not settings.target.startswith(SIMULATED):
            host.check(settings)
    return Threads(Grower(host), concurrency)


def _tree(future: Future[Grown | None], planned: Planned) -> Grown | None:
    """What grew; a tree that killed those who grew it is none, and says so."""
    try:
        return future.result()
    except WorkerLost as fault:
        return planned.tree(error=str(fault))


def _key(trial: Trial, growing: Growing) -> str:
    content = canonical([trial.key, asdict(growing)])
    return hashlib.sha256(content.encode()).hexdigest()[:24]
