"""Programs without a kernel: each in an interpreter of its own, started from the user's process, where nothing forks.

:class:`SpawnedPrograms` offers the executor what :class:`~kernel.ChildKernel` does. The next program's interpreter is
started while none runs; it waits with its libraries loaded, so a program starts nearly as fast as a forked one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from io import FileIO
from pathlib import Path
from typing import Any, Self

from codesteer_kernel.errors import ExecutorError
from codesteer_kernel.executor import tiers
from codesteer_kernel.executor.child import journal, outcome, space
from codesteer_kernel.executor.child.streams import STREAM_BYTES, Frames, Output
from codesteer_kernel.executor.jobs import Job, new_job
from codesteer_kernel.executor.rundir import RunDirectory
from codesteer_kernel.executor.surroundings import environment, packages, readable

__all__ = ["SpawnedPrograms"]

BOOTSTRAP = Path(__file__).parent / "child" / "alone.py"
GRACE_S = 1.0
"""Between the interrupt and the kill."""
WATCH_S = 0.1
WATCH_SHARE = 5
"""Between two looks, at least so many times as long as a look takes,"""
WATCH_MOST_S = 0.5
"""but no longer than this: one slow look must not blind the watchdog."""
WEIGH_S = 0.5
PIPE_BYTES = 1 << 16
FLOOD_PAUSE_S = 0.005
"""After a read of a flood: let the pipe fill instead of being woken for each line."""
START_S = 60.0
"""For the interpreter to come up and to load the inputs, which is not the program's time."""
QUIET_S = 0.1
_LAST_WORDS_S = 1.0
"""How long a pipe is heard after the end, should someone hold it who was not found."""
_MEGABYTE = 1024 * 1024


class SpawnedPrograms:
    """Starts programs in one folder. Make one with :meth:`start`; :meth:`close` ends whatever runs.

    Attributes:
        tier: what stood around the last program, see :func:`tiers.tier_name`.
    """

    transport = "spawned"

    def __init__(
        self, plan: tiers.Plan, directory: RunDirectory, folder: Path, python: str, preload: Sequence[str]
    ) -> None:
        self._plan = plan
        self._directory = directory
        self._folder = folder
        self._python = python
        # What starts threads before the walls are up would leave them outside.
        self._preload = list(preload) if plan.walls <= {"limits", "seatbelt"} else []
        self._count = 0
        self._next: _Spawned | None = None
        self._running: _Spawned | None = None
        self._ending: set[asyncio.Future[Any]] = set()
        self._closed = False
        self.tier = "spawned"

    @classmethod
    async def start(
        cls,
        directory: RunDirectory,
        folder: Path,
        *,
        python: str,
        preload: Sequence[str],
        tier: str | None = None,
        floor: str | None = None,
    ) -> Self:
        """Choose the walls and start the first interpreter, which then waits for its program.

        Args:
            directory: the run directory, all that a program may write, but for its own folders.
            folder: an empty folder in it.
            python: the interpreter.
            preload: modules to import while idle.
            tier: the isolation to put up, see :func:`tiers.choose`.
            floor: the weakest tier to accept.

        Raises:
            ExecutorError: the isolation cannot be had, or the interpreter cannot be started.
        """
        plan = await asyncio.to_thread(tiers.choose, tier, floor, python, spawned=True)
        made = cls(plan, directory, folder, python, preload)
        made._next = made._spawn()
        return made

    @property
    def alive(self) -> bool:
        """Whether programs can be run; nothing that one does changes that."""
        return not self._closed

    async def request(
        self, kind: str, content: dict[str, Any], seconds: float, published: Callable[[str, dict[str, Any]], None]
    ) -> dict[str, Any]:
        """Run a program; as :meth:`ChildKernel.request` with the content of ``codesteer_run``.

        Raises:
            ExecutorError: no interpreter can be started.
        """
        spawned, self._next = self._next, None
        if spawned is None or not spawned.job.alive:
            self._end(spawned)
            spawned = self._spawn()
        self._running = spawned
        request = {
            **content,
            "parent": os.getpid(),
            "landlock": "landlock" in self._plan.walls,
            "seccomp": "seccomp" in self._plan.walls,
            "read": self._readable(content) if "landlock" in self._plan.walls else [],
        }
        try:
            reply = await spawned.run(request, published)
        finally:
            self._running = None
            self._end(spawned)
            if not self._closed:
                with contextlib.suppress(ExecutorError):
                    self._next = self._spawn()
        if "tier" in reply:
            reply["tier"]["enclosure"] = "seatbelt" if "seatbelt" in self._plan.walls else None
            self.tier = tiers.tier_name(reply["tier"], self.transport)
        return reply

    async def interrupt(self) -> None:
        """Interrupt the program that runs, if one does."""
        if self._running is not None:
            self._running.interrupt("interrupt")

    async def close(self) -> None:
        """End the program and the waiting interpreter. Closing twice is no error."""
        self._closed = True
        spawned, self._next = self._next, None
        self._end(spawned)
        if self._running is not None:
            self._running.kill("interrupt")
        while self._ending:
            await asyncio.gather(*self._ending, return_exceptions=True)

    def _spawn(self) -> _Spawned:
        """Start an interpreter. On the thread of the event loop, which on Linux it dies with."""
        self._count += 1
        job = new_job()
        told = {**job.told, "path": packages(), "preload": self._preload}
        wrap = tiers.wrap(self._plan, self._python, str(self._directory.path))
        command = [*wrap, self._python, "-I", "-X", "utf8", str(BOOTSTRAP), json.dumps(told)]
        try:
            job.start(command, self._folder, environment(self._folder))
        except OSError as error:
            raise ExecutorError(
                f"The child interpreter could not be started ({error}).",
                f"Check that this works: {self._python} --version",
            ) from None
        return _Spawned(job, [self._folder / f"{name}{self._count}" for name in ("out", "err")])

    def _end(self, spawned: _Spawned | None) -> None:
        """End a program in the background, if it has not ended."""
        if spawned is not None:
            ending = asyncio.get_running_loop().run_in_executor(None, spawned.end)
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    def _readable(self, content: dict[str, Any]) -> list[str]:
        inputs = [held["path"] for held in content["inputs"].values()]
        return [*readable(self._python), str(BOOTSTRAP.parent), *inputs]


class _Spawned:
    """One interpreter: it waits, runs one program, and is ended.

    Args:
        job: the started process.
        journals: files for what is left of stdout and stderr.
    """

    def __init__(self, job: Job, journals: Sequence[Path]) -> None:
        self.job = job
        self._journals = [_make_journal(path) for path in journals]
        self._paths = list(journals)
        # Held while output is fed and while it is flushed, which are done by different threads.
        self._guard = threading.Lock()
        self._ending = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._over: float | None = None
        self._end: outcome.End | None = None
        self._kill_at: float | None = None
        self._stopped_by: str | None = None
        self._peak = 0
        self._cpu_limit = 0.0
        self._started = time.monotonic()
        self._began: float | None = None
        self._ended = self._started

    # Stopping

    def interrupt(self, why: str) -> None:
        """Ask the program to stop for the reason ``why``; a second later it is killed."""
        if self._stopped_by is None:
            self._stopped_by = why
            self._kill_at = time.monotonic() + GRACE_S
            self.job.interrupt()

    def kill(self, why: str) -> None:
        """Kill the program for the reason ``why``, unless it has been stopped for another."""
        self._stopped_by = self._stopped_by or why
        self.job.kill()

    async def run(self, request: dict[str, Any], published: Callable[[str, dict[str, Any]], None]) -> dict[str, Any]:
        """Give it its request, hear it, hold its limits; returns the content of the reply."""
        loop = asyncio.get_running_loop()
        limits = request["limits"]

        def publish(kind: str, content: dict[str, Any]) -> None:
            loop.call_soon_threadsafe(published, kind, {"content": content})

        output = Output(limits["output_bytes"], publish)
        frames = Frames(output.display)
        standing = self.job.limit(limits)
        whole = {**request, "limit_itself": self.job.limits_itself, "journals": [str(path) for path in self._paths]}
        self._cpu_limit = limits["cpu_seconds"]
        self._started = time.monotonic()
        ended = asyncio.Event()
        process = self.job.process
        streams = [output.streams["stdout"], output.streams["stderr"]]

        def report(data: bytes) -> None:
            frames.feed(data)
            if self._began is None and "tier" in frames.by_kind:
                self._began = time.monotonic()

        sinks = (streams[0].feed, streams[1].feed, report)
        for source, sink in zip((process.stdout, process.stderr, self.job.report), sinks, strict=True):
            self._thread(self._hear, source, sink)
        self._thread(self._give, json.dumps(whole).encode())
        self._thread(self._await_end, lambda: loop.call_soon_threadsafe(ended.set))
        try:
            await self._watch(ended, request, output, frames)
        finally:
            # Whatever happens to this task, the program ends.
            await asyncio.shield(asyncio.to_thread(self.end))
        assert self._end is not None
        for kept, stream in zip(self._journals, streams, strict=True):
            for piece in journal.rest(kept):
                stream.feed(piece)
        output.flush(time.monotonic(), final=True)
        # What was published by threads until now comes first.
        await asyncio.sleep(0)
        tier = frames.by_kind.get("tier")
        if tier is None and self._stopped_by in (None, "start"):
            failure = frames.by_kind.get("failure")
            return failure or {"failure": "start", "reason": _last_words(self._end, streams[1].capture.text())}
        spent = _number(tier, "spent_seconds")
        end = self._end._replace(
            cpu_seconds=max(0.0, self._end.cpu_seconds - spent),
            peak=max(self._end.peak, _number(tier, "resident")),
        )
        reply = outcome.reply(end, self._stopped_by, limits, output.streams, frames)
        return {**reply, "tier": {**reply["tier"], **standing}}

    async def _watch(self, ended: asyncio.Event, request: dict[str, Any], output: Output, frames: Frames) -> None:
        next_look = self._started + WATCH_S
        weigh_at = 0.0
        while not ended.is_set():
            now = time.monotonic()
            deadline = START_S + self._started if self._began is None else self._began + request["limits"]["seconds"]
            until = min(next_look, now + WATCH_S, *([deadline] if self._stopped_by is None else []))
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(ended.wait(), max(0.001, until - now))
            now = time.monotonic()
            with self._guard:
                output.flush(now)
            if now >= deadline and self._stopped_by is None:
                # Where the machine stood still, what it did meanwhile has not been seen yet.
                await asyncio.to_thread(self._look, request, frames, weigh=False)
                self.interrupt("start" if self._began is None else "wall")
            if self._kill_at is not None and now >= self._kill_at:
                self._kill_at = now + GRACE_S
                await asyncio.to_thread(self.kill, "wall")
            if now >= next_look and not ended.is_set():
                weigh = now >= weigh_at
                await asyncio.to_thread(self._look, request, frames, weigh)
                took = time.monotonic() - now
                next_look = time.monotonic() + max(WATCH_S, min(WATCH_SHARE * took, WATCH_MOST_S))
                weigh_at = time.monotonic() + max(WEIGH_S, WATCH_SHARE * took) if weigh else weigh_at

    def _look(self, request: dict[str, Any], frames: Frames, weigh: bool) -> None:
        """The watchdog: memory, processes and files of the whole tree."""
        limits = request["limits"]
        tier = frames.by_kind.get("tier")
        if tier is None:
            return
        enough = limits["memory_mb"] * _MEGABYTE + int(_number(tier, "resident"))
        found = self.job.look(enough)
        self._peak = max(self._peak, found.resident)
        self._cpu_limit = limits["cpu_seconds"] + _number(tier, "spent_seconds")
        if found.number > limits["processes"]:
            self.kill("processes")
        elif found.resident > enough:
            self.kill("memory")
        elif weigh:
            folders = [request["work"], request["out"]]
            if space.taken(folders, found.pids) > limits["directory_mb"] * _MEGABYTE:
                self.kill("directory_size")
            elif not self.job.limits_itself and space.largest(folders) > limits["file_mb"] * _MEGABYTE:
                self.kill("file_size")

    # Threads

    def _thread(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, name="codesteer-spawned", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _give(self, text: bytes) -> None:
        """Write the request, whole, and close the pipe."""
        pipe = self.job.process.stdin
        assert pipe is not None
        left = memoryview(text)
        with contextlib.suppress(OSError), pipe:
            while left:
                left = left[pipe.write(left) or 0 :]

    def _hear(self, source: FileIO, sink: Callable[[bytes], None]) -> None:
        """Read one pipe to its end, or until nothing comes any more from a program that is over."""
        heard = 0
        while self._over is None or time.monotonic() < self._over + _LAST_WORDS_S:
            if not self.job.readable(source, QUIET_S):
                if self._over is not None:
                    break
                continue
            data = source.read(PIPE_BYTES)
            if not data:
                break
            with self._guard:
                sink(data)
            heard += len(data)
            if heard > STREAM_BYTES and self._over is None:
                time.sleep(FLOOD_PAUSE_S)

    def _await_end(self, tell: Callable[[], object]) -> None:
        self.job.wait()
        self._ended = time.monotonic()
        # The loop may be closed by then.
        with contextlib.suppress(RuntimeError):
            tell()

    def end(self) -> None:
        """End the process and all that belongs to it, hear its last words, free pipes and files. For a thread."""
        with self._ending:
            if self._end is not None:
                return
            if not self._threads:
                self._ended = time.monotonic()
            self.job.kill()
            self._over = time.monotonic()
            for thread in self._threads:
                thread.join()
            self._end = self.job.end(self._began or self._started, self._ended, self._peak, self._cpu_limit)
            process = self.job.process
            for pipe in (process.stdin, process.stdout, process.stderr, self.job.report):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            self._journals = [_take_journal(kept) for kept in self._journals]
            for path in self._paths:
                with contextlib.suppress(OSError):
                    path.unlink()


def _make_journal(path: Path) -> Any:
    """A file for :mod:`journal`, which shows zeros until something is written."""
    file = path.open("x+b", buffering=0)
    file.truncate(journal.BLOCK)
    return file


def _take_journal(file: Any) -> bytes:
    """What is in it. By reading, since it can have been made shorter, and memory that maps it would then be a trap."""
    with file:
        file.seek(0)
        return bytes(file.read(journal.BLOCK))


def _last_words(end: outcome.End, stderr: str) -> str:
    how = f"was ended by {end.by}" if end.by else f"ended with {end.code}"
    return f"the child interpreter {how} before its program began" + (f": {stderr.strip()[-2000:]}" if stderr else "")


def _number(found: dict[str, Any] | None, name: str) -> float:
    value = (found or {}).get(name)
    return value if isinstance(value, (int, float)) and 0 <= value < 1e15 else 0.0
