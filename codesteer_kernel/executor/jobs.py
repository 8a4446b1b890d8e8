"""The processes of one program that was spawned: started, weighed, interrupted and ended together.

What differs between systems in this is here, and in :mod:`windows`; what uses it does not ask where it is.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from codesteer_kernel.executor.child import census, outcome

__all__ = ["Crowd", "Job", "PosixJob", "new_job"]


class Crowd(NamedTuple):
    """How many processes a program has, their numbers where they are known, and the resident bytes of all."""

    number: int
    pids: list[int]
    resident: int


class Job(Protocol):
    """The processes of one program. The first waits for its request and does nothing until it comes.

    Attributes:
        told: what the process must be told of the report pipe: ``report``, its number, and ``handle``, whether that is
            one of Windows.
        limits_itself: whether the process lowers its own limits; if not, :meth:`limit` does.
        process: the first process, with raw pipes for ``stdin``, ``stdout`` and ``stderr``.
        report: what it reports.
    """

    told: dict[str, Any]
    limits_itself: bool
    process: subprocess.Popen[bytes]
    report: FileIO

    def start(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        """Start the first process. Raises OSError."""

    @property
    def alive(self) -> bool:
        """Whether the first process is there."""

    def limit(self, limits: Mapping[str, Any]) -> dict[str, Any]:
        """Lower what all of it may use, the fields of ``Limits``; says what stands, as the report of a tier."""

    def look(self, enough: int) -> Crowd:
        """Count and weigh. Memory that processes share may count several times as long as all are below ``enough``."""

    def readable(self, source: FileIO, seconds: float) -> bool:
        """Whether reading ``source`` would not block, within ``seconds``; may be True where its end is certain."""

    def interrupt(self) -> None:
        """Ask the program to stop."""

    def kill(self) -> None:
        """Kill all of it."""

    def wait(self) -> None:
        """Wait until the first process has ended."""

    def end(self, started: float, ended: float, peak: int, cpu_limit: float) -> outcome.End:
        """Kill what is left and forget it.

        Args:
            started: when, by ``time.monotonic()``.
            ended: when.
            peak: most resident bytes that were seen.
            cpu_limit: processor time that was allowed, in seconds.
        """


class PosixJob:
    """A session of its own, watched by a census: what leaves it is remembered as far as it was seen."""

    limits_itself = True

    def __init__(self) -> None:
        read, self._write = os.pipe()
        self.report = FileIO(read)
        self.told: dict[str, Any] = {"report": self._write, "handle": False}
        self._waited: tuple[int, Any] | None = None

    def start(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        """See :class:`Job`."""
        import resource

        try:
            self.process = subprocess.Popen(
                command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=environment,
                pass_fds=(self._write,),
                start_new_session=True,
            )
        except OSError:
            self.report.close()
            raise
        finally:
            os.close(self._write)
        self._watch = census.Watch(self.process.pid)
        self._inherited = 0 if sys.platform == "darwin" else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    @property
    def alive(self) -> bool:
        """See :class:`Job`."""
        return not self._reap(os.WNOHANG)

    def limit(self, limits: Mapping[str, Any]) -> dict[str, Any]:
        """See :class:`Job`: the process does it."""
        return {}

    def look(self, enough: int) -> Crowd:
        """See :class:`Job`."""
        rows = self._watch.look()
        own = self._watch.root
        held = sum(row.resident for row in rows.values()) + (own.resident if own else 0)
        pids = [self.process.pid, *rows]
        if held > enough and census.HAS_PROC:
            from codesteer_kernel.executor.child import processes

            held = processes.proportional(pids)
        return Crowd(len(pids), pids, held)

    def readable(self, source: FileIO, seconds: float) -> bool:
        """See :class:`Job`: a daemon may hold the other end open for ever."""
        import select

        poll = select.poll()
        poll.register(source, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def interrupt(self) -> None:
        """See :class:`Job`."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """See :class:`Job`."""
        self._signal(signal.SIGSTOP)
        self._watch.kill()
        self._signal(signal.SIGKILL)

    def _signal(self, signum: int) -> None:
        # Once reaped, its number may be another's.
        if self._waited is None:
            try:
                os.killpg(self.process.pid, signum)
            except OSError:
                return

    def wait(self) -> None:
        """See :class:`Job`. The process stays a zombie, so that its number stays its own."""
        if hasattr(os, "waitid"):
            os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
        else:
            # macOS before Python 3.13.
            self._reap(0)

    def _reap(self, options: int) -> bool:
        if self._waited is None:
            pid, status, usage = os.wait4(self.process.pid, options)
            self._waited = (status, usage) if pid else None
        return self._waited is not None

    def end(self, started: float, ended: float, peak: int, cpu_limit: float) -> outcome.End:
        """See :class:`Job`."""
        self.kill()
        self._reap(0)
        assert self._waited is not None
        status, usage = self._waited
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return outcome.from_wait(status, usage, ended - started, peak, cpu_limit, self._inherited)


def new_job() -> Job:
    """The job of this system."""
    if sys.platform == "win32":
        from codesteer_kernel.executor.windows import WindowsJob

        return WindowsJob()
    return PosixJob()
