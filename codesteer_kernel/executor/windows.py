"""The processes of one program on Windows: a job object, which no process of it can leave and which ends all of them.

Structures, classes and flags are those of ``winnt.h`` and ``jobapi2.h``; names here say what a field means.
"""

from __future__ import annotations

import ctypes
import functools
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from io import FileIO
from pathlib import Path
from typing import Any

from codesteer_kernel.executor.child.outcome import End
from codesteer_kernel.executor.jobs import Crowd

__all__ = ["WindowsJob", "probe"]

_ACCOUNTING, _LIMITS = 1, 9
_PROCESS_TIME, _ACTIVE_PROCESSES, _JOB_MEMORY = 0x2, 0x8, 0x200
_DIE_ON_EXCEPTION, _KILL_ON_CLOSE = 0x400, 0x2000
_ALWAYS = _DIE_ON_EXCEPTION | _KILL_ON_CLOSE
"""No dialogue that waits for somebody; and when the user's process ends in whatever way, so does the job."""
_CREATE_SUSPENDED, _CREATE_NEW_PROCESS_GROUP = 0x4, 0x200
_TICKS = 10_000_000
"""In a second."""
_LAUNCHER = 1
"""The interpreter of a virtual environment starts another, which then runs the program."""
_MEGABYTE = 1024 * 1024

_OUT_OF_QUOTA = 1816
"""Exit code of a process that the system ended for its processor time."""
_FAULTS = range(0xC0000000, 0xD0000000)
_FAULT_NAMES = {
    0xC0000005: "ACCESS_VIOLATION",
    0xC000001D: "ILLEGAL_INSTRUCTION",
    0xC0000094: "INTEGER_DIVIDE_BY_ZERO",
    0xC00000FD: "STACK_OVERFLOW",
    0xC000013A: "CONTROL_C_EXIT",
    0xC0000409: "STACK_BUFFER_OVERRUN",
}
"""Exit codes of processes that an exception ended; the last is also what ``abort`` leaves."""


class _Basic(ctypes.Structure):
    _fields_ = (
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("smallest_working_set", ctypes.c_size_t),
        ("largest_working_set", ctypes.c_size_t),
        ("active_processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
    )


class Limits(ctypes.Structure):
    """``JOBOBJECT_EXTENDED_LIMIT_INFORMATION``."""

    _fields_ = (
        ("basic", _Basic),
        ("transfers", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


class Accounting(ctypes.Structure):
    """``JOBOBJECT_BASIC_ACCOUNTING_INFORMATION``."""

    _fields_ = (
        ("user_time", ctypes.c_int64),
        ("kernel_time", ctypes.c_int64),
        ("period_user_time", ctypes.c_int64),
        ("period_kernel_time", ctypes.c_int64),
        ("page_faults", ctypes.c_uint32),
        ("processes", ctypes.c_uint32),
        ("active_processes", ctypes.c_uint32),
        ("terminated_processes", ctypes.c_uint32),
    )


class JobObject:
    """A job object. It ends with this handle.

    Raises:
        OSError: the system refuses.
    """

    def __init__(self) -> None:
        self._handle: int | None = _checked(_system().CreateJobObjectW(None, None))
        self.limit(Limits())

    def limit(self, limits: Limits) -> None:
        """Set these limits, and what holds always."""
        limits.basic.flags |= _ALWAYS
        size = ctypes.sizeof(limits)
        _checked(_system().SetInformationJobObject(self._handle, _LIMITS, ctypes.byref(limits), size))

    def add(self, process: int) -> None:
        """Take in a process, by its handle; all that it starts is in then too."""
        _checked(_system().AssignProcessToJobObject(self._handle, process))

    @property
    def accounting(self) -> Accounting:
        """What its processes used."""
        found = Accounting()
        self._ask(_ACCOUNTING, found)
        return found

    @property
    def limits(self) -> Limits:
        """Its limits, with the most memory that it had."""
        found = Limits()
        self._ask(_LIMITS, found)
        return found

    def _ask(self, kind: int, into: ctypes.Structure) -> None:
        size = ctypes.sizeof(into)
        _checked(_system().QueryInformationJobObject(self._handle, kind, ctypes.byref(into), size, None))

    def terminate(self) -> None:
        """End all its processes."""
        if self._handle is not None:
            _system().TerminateJobObject(self._handle, 1)

    def close(self) -> None:
        """End all its processes and give the handle back. Closing twice is no error."""
        handle, self._handle = self._handle, None
        if handle is not None:
            _system().CloseHandle(handle)


class WindowsJob:
    """See :class:`jobs.Job`."""

    limits_itself = False

    def __init__(self) -> None:
        import msvcrt

        self._object = JobObject()
        read, self._write = os.pipe()
        self.report = FileIO(read)
        handle = msvcrt.get_osfhandle(self._write)  # type: ignore[attr-defined]
        self.told: dict[str, Any] = {"report": handle, "handle": True}

    def start(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        """See :class:`jobs.Job`. The process does not run before it is in the job."""
        handle = self.told["report"]
        os.set_handle_inheritable(handle, True)  # type: ignore[attr-defined]
        try:
            self.process = subprocess.Popen(
                command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=environment,
                startupinfo=subprocess.STARTUPINFO(lpAttributeList={"handle_list": [handle]}),  # type: ignore[attr-defined]
                creationflags=_CREATE_SUSPENDED | _CREATE_NEW_PROCESS_GROUP,
            )
            process = int(self.process._handle)  # type: ignore[attr-defined]
            try:
                self._object.add(process)
                _resume(process)
            except OSError:
                self.process.kill()
                self.process.communicate()
                raise
        except OSError:
            self.report.close()
            self._object.close()
            raise
        finally:
            os.close(self._write)

    @property
    def alive(self) -> bool:
        """See :class:`jobs.Job`."""
        return self.process.poll() is None

    def limit(self, limits: Mapping[str, Any]) -> dict[str, Any]:
        """See :class:`jobs.Job`. What the idle interpreter has used is not counted."""
        used, wanted = self._object.accounting, Limits()
        wanted.basic.flags = _PROCESS_TIME | _ACTIVE_PROCESSES | _JOB_MEMORY
        wanted.basic.process_time = used.user_time + int(limits["cpu_seconds"] * _TICKS)
        wanted.basic.active_processes = limits["processes"] + _LAUNCHER
        wanted.job_memory = self._object.limits.peak_job_memory + limits["memory_mb"] * _MEGABYTE
        self._object.limit(wanted)
        return {"limits": ["job memory", "processes", "processor time"], "job": True}

    def look(self, enough: int) -> Crowd:
        """See :class:`jobs.Job`: the system refuses memory and processes itself, so nothing is ever too much."""
        return Crowd(max(0, self._object.accounting.active_processes - _LAUNCHER), [], 0)

    def readable(self, source: FileIO, seconds: float) -> bool:
        """See :class:`jobs.Job`: the end comes, since whoever could hold the other end is in the job."""
        return True

    def interrupt(self) -> None:
        """See :class:`jobs.Job`. Without a console there is no interrupt, and the kill comes after it."""
        try:
            self.process.send_signal(signal.CTRL_BREAK_EVENT)  # type: ignore[attr-defined]
        except OSError:
            return

    def kill(self) -> None:
        """See :class:`jobs.Job`."""
        self._object.terminate()

    def wait(self) -> None:
        """See :class:`jobs.Job`."""
        self.process.wait()

    def end(self, started: float, ended: float, peak: int, cpu_limit: float) -> End:
        """See :class:`jobs.Job`."""
        self.kill()
        code = self.process.wait()
        used = self._object.accounting
        held = self._object.limits.peak_job_memory
        self._object.close()
        by = _FAULT_NAMES.get(code, f"exception {code:#x}") if code in _FAULTS else ""
        return End(
            code=None if by else code,
            by=by,
            seconds=ended - started,
            cpu_seconds=(used.user_time + used.kernel_time) / _TICKS,
            peak=max(held, peak),
            out_of_time=code == _OUT_OF_QUOTA,
        )


def probe() -> str:
    """Why there can be no job objects here; empty when one could be made."""
    try:
        JobObject().close()
    except OSError as error:
        return str(error)
    return ""


def _resume(process: int) -> None:
    """Let a suspended process run; there is no documented call for a process whose thread nobody knows."""
    status = _native().NtResumeProcess(ctypes.c_void_p(process))
    if status < 0:
        raise OSError(f"the process cannot be resumed (status {status & 0xFFFFFFFF:#x})")


def _checked(done: int | None) -> int:
    """What a call returned. Raises OSError if it says that it failed."""
    if not done:
        raise ctypes.WinError(ctypes.get_last_error())  # type: ignore[attr-defined]
    return done


@functools.cache
def _system() -> Any:
    library = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]
    handle, pointer, number = ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32
    for name, result, arguments in (
        ("CreateJobObjectW", handle, (pointer, ctypes.c_wchar_p)),
        ("SetInformationJobObject", ctypes.c_int, (handle, ctypes.c_int, pointer, number)),
        ("QueryInformationJobObject", ctypes.c_int, (handle, ctypes.c_int, pointer, number, pointer)),
        ("AssignProcessToJobObject", ctypes.c_int, (handle, handle)),
        ("TerminateJobObject", ctypes.c_int, (handle, ctypes.c_uint)),
        ("CloseHandle", ctypes.c_int, (handle,)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


@functools.cache
def _native() -> Any:
    return ctypes.WinDLL("ntdll")  # type: ignore[attr-defined]
