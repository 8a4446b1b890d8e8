"""A worker as its supervisor sees it: forked, heard, watched, stopped, reaped."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import os
import signal
import sys
import termios
import time
import warnings
from collections.abc import Callable, Sequence
from mmap import mmap
from typing import Any, NoReturn

from . import journal, namespaces, outcome, processes, space, worker
from .streams import Frames, Output

GRACE_S = 1.0
"""Between the interrupt and the kill."""
WATCH_S = 0.1
WEIGH_S = 0.5
WEIGH_SHARE = 10
"""Between two looks at the disk, at least so many times as long as a look takes."""
PIPE_BYTES = 1 << 20
FLOOD_BYTES = 4096
FLOOD_PAUSE_S = 0.005
"""Between two reads of a pipe through which more than that has come: too short for anyone to see."""
MEGABYTE = 1024 * 1024


class Forked:
    """A worker process with its pipes and everything below it, from fork to reaped.

    Args:
        request: what the supervisor was asked; its ``limits`` hold for the whole tree.
        sinks: what takes the bytes of stdout, of stderr and of the report pipe.
        child: becomes the worker; called in the new process with the journals of stdout and stderr and the write ends
            of the three pipes.

    Attributes:
        settled: set when the process has ended. Whoever has another reason to end :meth:`watch` sets it too.
        ended: whether the process has ended.
        stopped_by: why it was asked to stop, or killed; None if it was not.
        hears: whether an interrupt would reach code of the program now; see :meth:`hear`.
        peak: most resident memory of the whole tree that was seen, in bytes.
    """

    def __init__(
        self,
        request: dict[str, Any],
        sinks: Sequence[Callable[[bytes], None]],
        child: Callable[[Sequence[mmap], Sequence[int]], NoReturn],
    ) -> None:
        self.limits = request["limits"]
        self.settled = asyncio.Event()
        self.ended = False
        self.stopped_by: str | None = None
        self.peak = 0
        self.hears = True
        self._kill_at: float | None = None
        self._waited: tuple[int, Any] | None = None
        self._metered = False
        self._used: dict[int, float] = {}
        self._seen = 0
        self._weigh_at = 0.0
        self._alone = request["alone"]
        self._folders = [request["work"], request["out"]]
        if self._alone:
            self._folders.append(namespaces.SHARED_MEMORY)
        self._loop = asyncio.get_running_loop()
        self._sinks = sinks
        self._base, self._base_resident = _own_weight()
        # No program can hold a text that would not fit, see sandbox.limit_program.
        room = (self.limits["memory_mb"] + 1024) * MEGABYTE
        self._journals = [journal.allocate(room), journal.allocate()]
        pipes = [os.pipe() for _ in range(3)]
        gc.collect(0)
        gc.freeze()
        self.started = time.monotonic()
        self.pid = _fork()
        if self.pid == 0:
            child(self._journals, [write for _, write in pipes])
        for _, write in pipes:
            os.close(write)
        self._pipes = {read: sink for (read, _), sink in zip(pipes, sinks, strict=True)}
        for read in self._pipes:
            os.set_blocking(read, False)
            self._loop.add_reader(read, self._read, read)
        for read in self._pipes:
            _widen(read)
        self._handle = self._watch_end()

    # Stopping

    def interrupt(self, why: str) -> None:
        """Ask the code that runs to stop for the reason ``why``; a second later its process is killed."""
        if self.stopped_by is None and not self.settled.is_set():
            self.stopped_by = why
            self._kill_at = time.monotonic() + GRACE_S
            if self.hears:
                processes.signal_group(self.pid, signal.SIGINT)

    def hear(self) -> None:
        """From now on an interrupt reaches the code; one that came before is passed on."""
        self.hears = True
        if self.stopped_by is not None:
            processes.signal_group(self.pid, signal.SIGINT)

    def begin(self, limits: dict[str, Any]) -> None:
        """The next piece of code is about to run in this process: it has its own time and processor time.

        What the code before has left running has the same processor time again; the watchdog counts it from here on.
        """
        self.limits = limits
        self._used = {}
        self._metered = True
        self.rest()

    def rest(self) -> None:
        """A piece of code has run, and the process goes on."""
        if not self.ended:
            self.settled.clear()
        self.stopped_by = self._kill_at = None
        self._seen = 0

    def _kill(self, why: str) -> None:
        if self.stopped_by is None:
            self.stopped_by = why
        processes.signal_group(self.pid, signal.SIGKILL)
        processes.kill_all()

    async def watch(self, deadline: float, tick: Callable[[float], None], every: float = WATCH_S) -> None:
        """Hold the limits until :attr:`settled` is set.

        Args:
            deadline: when to interrupt, as ``time.monotonic()`` tells the time.
            tick: called with the time at least once in ``every``.
            every: seconds between two looks at the limits.
        """
        self._crowd = processes.crowd()
        next_look = time.monotonic() + every
        while not self.settled.is_set():
            now = time.monotonic()
            wait = min(next_look, deadline if self.stopped_by is None else now + WATCH_S) - now
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.settled.wait(), max(0.001, wait))
            now = time.monotonic()
            tick(now)
            if self.settled.is_set():
                return
            if now >= deadline:
                self.interrupt("wall")
            if self._kill_at is not None and now >= self._kill_at:
                self._kill("wall")
                self._kill_at = now + GRACE_S
            if now >= next_look:
                next_look = now + every
                self._look()

    def _look(self) -> None:
        """The watchdog: memory and number of processes of the whole tree."""
        # Counting a flood of processes takes longer than the flood: hold it first.
        crowded = processes.crowd() - self._crowd > self.limits["processes"]
        with processes.frozen() if crowded else contextlib.nullcontext():
            tree = processes.descendants(os.getpid())
            if len(tree) > self.limits["processes"]:
                self._kill("processes")
                return
        if self._metered:
            processes.reap(self.pid)
            used = {pid: processes.processor_seconds(pid) for pid in tree}
            self._used = self._used or used
            if any(spent - self._used.get(pid, 0.0) > self.limits["cpu_seconds"] for pid, spent in used.items()):
                self._kill("cpu")
        limit = self.limits["memory_mb"] * MEGABYTE
        held = processes.resident(tree)
        # A fork shares what the supervisor holds. The cheap sum is the gate, the exact one decides.
        # Frozen, because a process that forks without pause holds the lock that the exact one needs.
        if held - self._base_resident > limit:
            with processes.frozen():
                held = max(0, processes.proportional([os.getpid(), *tree]) - self._base)
            if held > limit:
                self._kill("memory")
        self.peak = max(self.peak, held)
        started = time.monotonic()
        if started >= self._weigh_at:
            if space.taken(self._folders, tree) > self.limits["directory_mb"] * MEGABYTE:
                self._kill("directory_size")
            now = time.monotonic()
            self._weigh_at = now + max(WEIGH_S, WEIGH_SHARE * (now - started))

    # Ending

    def end(self) -> tuple[int, Any]:
        """End the process, if it has not, and everything below it, and hear all that was written.

        Returns:
            The worker's wait status and resource use.
        """
        self.settled.set()
        if self._handle is not None:
            self._loop.remove_reader(self._handle)
            os.close(self._handle)
        processes.signal_group(self.pid, signal.SIGKILL)
        processes.kill_all()
        self._wait(0)
        self.ended = True
        processes.end_all()
        # All writers are dead, so each pipe now ends.
        for read in list(self._pipes):
            while self._read(read):
                pass
            if read in self._pipes:
                self._forget(read)
        gc.unfreeze()
        for kept, sink in zip(self._journals, self._sinks, strict=False):
            for piece in journal.rest(kept):
                sink(piece)
            kept.close()
        if self._alone:
            space.empty(namespaces.SHARED_MEMORY)
        assert self._waited is not None
        return self._waited

    def _wait(self, options: int) -> bool:
        """Whether the worker has ended; it then is reaped, since macOS has no look without that before Python 3.13."""
        if self._waited is None:
            pid, status, usage = os.wait4(self.pid, options)
            self._waited = (status, usage) if pid else None
        return self._waited is not None

    def drain(self) -> None:
        """Hear what has been written until now, while the process lives."""
        for read in list(self._pipes):
            ready = int.from_bytes(fcntl.ioctl(read, termios.FIONREAD, bytes(4)), sys.byteorder)
            if ready and read in self._pipes:
                self._pipes[read](os.read(read, ready))

    def _watch_end(self) -> int | None:
        """Notice when the worker has ended; at once where there are pidfds, else within a few milliseconds."""
        try:
            handle = os.pidfd_open(self.pid)
        except (AttributeError, OSError):
            handle = None
        if handle is not None:
            self._loop.add_reader(handle, self._has_ended)
            return handle

        def poll() -> None:
            if self.ended:
                return
            if self._wait(os.WNOHANG):
                self._has_ended()
            else:
                self._loop.call_later(0.005, poll)

        poll()
        return None

    def _has_ended(self) -> None:
        self.ended = True
        self.settled.set()

    # Hearing

    def _read(self, read: int) -> bool:
        """One read of a pipe; False when there is nothing more for now."""
        if read not in self._pipes:
            return False
        try:
            data = os.read(read, PIPE_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._forget(read)
            return False
        self._pipes[read](data)
        self._seen += len(data)
        if self._seen > FLOOD_BYTES and not self.settled.is_set():
            # A flood: let the pipe fill instead of being woken for each line.
            self._loop.remove_reader(read)
            self._loop.call_later(FLOOD_PAUSE_S, self._resume, read)
        return True

    def _resume(self, read: int) -> None:
        if read in self._pipes:
            self._loop.add_reader(read, self._read, read)

    def _forget(self, read: int) -> None:
        self._loop.remove_reader(read)
        os.close(read)
        del self._pipes[read]


class Running:
    """One program, from fork to reaped."""

    def __init__(self, request: dict[str, Any], output: Output) -> None:
        self._request = request
        self._output = output
        self._frames = Frames(output.display)
        self._forked: Forked | None = None

    def interrupt(self, why: str) -> None:
        """Ask the program to stop for the reason ``why``; a second later it is killed."""
        if self._forked is not None:
            self._forked.interrupt(why)

    async def run(self, data: dict[str, Any]) -> dict[str, Any]:
        """Fork, watch, reap; returns the content of the reply."""
        request, limits, output = self._request, self._request["limits"], self._output
        forked = self._forked = Forked(
            request,
            (output.streams["stdout"].feed, output.streams["stderr"].feed, self._frames.feed),
            lambda journals, pipes: worker.main(request, data, journals, *pipes),
        )
        try:
            await forked.watch(forked.started + limits["seconds"], output.flush)
        finally:
            seconds = time.monotonic() - forked.started
            status, usage = forked.end()
        output.flush(time.monotonic(), final=True)
        end = outcome.from_wait(status, usage, seconds, forked.peak, limits["cpu_seconds"])
        return outcome.reply(end, forked.stopped_by, limits, output.streams, self._frames)


_weighed = (0, 0)


def _own_weight() -> tuple[int, int]:
    """Proportional and resident size of this process in bytes.

    The first takes several milliseconds to learn, so it is learnt anew only when the second has moved by a megabyte.
    """
    global _weighed
    resident = processes.resident([os.getpid()])
    if abs(resident - _weighed[1]) > MEGABYTE or not _weighed[0]:
        _weighed = processes.proportional([os.getpid()]), resident
    return _weighed[0], resident


def _widen(pipe: int) -> None:
    with contextlib.suppress(AttributeError, OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _fork() -> int:
    with warnings.catch_warnings():
        # From 3.12 on Python warns about a fork beside threads. The kernel's threads hold no lock that a worker takes.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()
