"""The processes of a program as one: those of POSIX for real; those of Windows as far as the words to its system go."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import textwrap
import time
import types
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel.executor import jobs, locks, rundir, surroundings, windows
from codesteer_kernel.executor.child import census
from codesteer_kernel.executor.jobs import PosixJob
from codesteer_kernel.executor.rundir import RunDirectory
from codesteer_kernel.executor.windows import Accounting, JobObject, WindowsJob

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="for POSIX systems")
ENOUGH = 1 << 40


def started(code: str, tmp_path: Path) -> PosixJob:
    """A job whose first process has printed a line."""
    job = PosixJob()
    job.start([sys.executable, "-u", "-c", code], tmp_path, {"PATH": os.defpath})
    assert job.process.stdout is not None
    assert job.readable(job.process.stdout, 10)
    assert job.process.stdout.readline() == b"on\n"
    return job


def ended(job: PosixJob, cpu_limit: float = 100.0, peak: int = 0) -> Any:
    """Its end; pipes are closed."""
    end = job.end(0.0, 2.5, peak, cpu_limit)
    for pipe in (job.process.stdin, job.process.stdout, job.process.stderr, job.report):
        assert pipe is not None
        pipe.close()
    return end


def soon(holds: Any) -> bool:
    until = time.monotonic() + 10
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    return bool(holds())


@POSIX
def test_the_processes_of_a_job_are_counted_weighed_and_ended(tmp_path: Path) -> None:
    code = (
        "import os, time\nx = bytearray(50_000_000)\nfor _ in range(3):\n    if os.fork() == 0:\n        os.setsid()\n"
        "        time.sleep(100)\nprint('on')\ntime.sleep(100)"
    )
    job = started(code, tmp_path)
    assert job.alive
    crowd = job.look(ENOUGH)
    assert crowd.number == len(crowd.pids) == 4
    assert crowd.pids[0] == job.process.pid
    assert crowd.resident > 50_000_000
    if census.HAS_PROC:
        assert job.look(1).resident < crowd.resident, "what forks share counts once when it matters"
    end = ended(job, peak=crowd.resident)
    assert (end.code, end.by, end.seconds, end.out_of_time) == (None, "SIGKILL", 2.5, False)
    assert end.peak >= crowd.resident
    assert soon(lambda: not set(crowd.pids) & set(census.rows()))


@POSIX
def test_an_interrupt_reaches_all_of_the_group(tmp_path: Path) -> None:
    code = (
        "import os, signal, time\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"  # whoever runs the tests may ignore it
        "r, w = os.pipe()\nif os.fork() == 0:\n    try:\n        os.write(w, b'x')\n        time.sleep(100)\n"
        "    except KeyboardInterrupt: os._exit(7)\nos.read(r, 1)\n"
        "try:\n    print('on')\n    time.sleep(100)\n"
        "except KeyboardInterrupt: os._exit(os.waitstatus_to_exitcode(os.wait()[1]) % 256)"
    )
    job = started(code, tmp_path)
    job.interrupt()
    job.wait()
    assert not job.alive
    assert ended(job).code == 7


@POSIX
def test_an_end_is_named(tmp_path: Path) -> None:
    job = started("import os\nprint('on')\nos.abort()", tmp_path)
    job.wait()
    assert ended(job)[:2] == (None, "SIGABRT")
    job = started("sum(range(10**6))\nprint('on')\nwhile True: pass", tmp_path)
    assert ended(job, cpu_limit=0.001).out_of_time, "a kill after the processor time was used up"


@POSIX
def test_a_pipe_that_someone_holds_does_not_block(tmp_path: Path) -> None:
    job = started("import time\nprint('on')\ntime.sleep(3600)", tmp_path)
    assert job.process.stdout is not None
    assert not job.readable(job.process.stdout, 0.05)
    ended(job)


@POSIX
def test_what_cannot_be_started_leaves_nothing(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir())) if census.HAS_PROC else 0
    with pytest.raises(FileNotFoundError):
        PosixJob().start([str(tmp_path / "absent")], tmp_path, {})
    assert not census.HAS_PROC or len(list(Path("/proc/self/fd").iterdir())) == before


# Windows: a recorder in place of kernel32, which keeps what it was given in the structures that it was given


class Kernel32:
    """Plays a job object with one program in it, and remembers each call."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.set: list[windows.Limits] = []
        self.used = Accounting(user_time=3_0000000, kernel_time=1_0000000, active_processes=3)
        self.held = windows.Limits(peak_job_memory=50 << 20)
        self.fails: set[str] = set()

    def _answer(self, name: str, *words: Any) -> int:
        self.calls.append((name, words))
        return 0 if name in self.fails else 44

    def CreateJobObjectW(self, security: None, name: None) -> int:
        return self._answer("create")

    def SetInformationJobObject(self, job: int, kind: int, told: Any, size: int) -> int:
        limits = windows.Limits()
        ctypes.memmove(ctypes.byref(limits), told, size)
        self.set.append(limits)
        return self._answer("set", job, kind, size)

    def QueryInformationJobObject(self, job: int, kind: int, into: Any, size: int, written: None) -> int:
        ctypes.memmove(into, ctypes.byref(self.used if kind == 1 else self.held), size)
        return self._answer("query", kind, size)

    def AssignProcessToJobObject(self, job: int, process: int) -> int:
        return self._answer("assign", job, process)

    def TerminateJobObject(self, job: int, code: int) -> int:
        return self._answer("terminate", job, code)

    def CloseHandle(self, handle: int) -> int:
        return self._answer("close", handle)

    def NtResumeProcess(self, process: ctypes.c_void_p) -> int:
        self._answer("resume", process.value)
        return -1073741790 if "resume" in self.fails else 0


class Suspended(subprocess.Popen):  # type: ignore[type-arg]
    """A process as Windows starts it: with a handle, given what only Windows takes."""

    options: dict[str, Any]
    _handle = 91

    def __init__(self, command: Any, **options: Any) -> None:
        type(self).options = dict(options)
        del options["startupinfo"], options["creationflags"]
        super().__init__(command, **options)


@pytest.fixture
def kernel32(monkeypatch: pytest.MonkeyPatch) -> Kernel32:
    recorder = Kernel32()
    monkeypatch.setattr(windows, "_system", lambda: recorder)
    monkeypatch.setattr(windows, "_native", lambda: recorder)
    monkeypatch.setattr(windows.ctypes, "WinError", lambda code: PermissionError(13, f"error {code}"), raising=False)
    monkeypatch.setattr(windows.ctypes, "get_last_error", lambda: 5, raising=False)
    monkeypatch.setitem(
        sys.modules, "msvcrt", types.SimpleNamespace(get_osfhandle=lambda descriptor: descriptor + 1000)
    )
    monkeypatch.setattr(os, "set_handle_inheritable", lambda handle, inheritable: None, raising=False)
    monkeypatch.setattr(subprocess, "STARTUPINFO", lambda **words: words, raising=False)
    monkeypatch.setattr(windows.subprocess, "Popen", Suspended)
    monkeypatch.setattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT, raising=False)
    return recorder


def test_structures_are_those_of_64_bit_windows() -> None:
    assert ctypes.sizeof(windows.Limits) == 144
    assert ctypes.sizeof(Accounting) == 48
    offsets = {name: getattr(windows.Limits, name).offset for name in ("job_memory", "peak_job_memory")}
    assert offsets == {"job_memory": 120, "peak_job_memory": 136}
    basic = windows._Basic
    assert (basic.flags.offset, basic.active_processes.offset, basic.scheduling.offset) == (16, 40, 60)
    assert (Accounting.active_processes.offset, Accounting.kernel_time.offset) == (40, 8)


def test_a_job_object_ends_with_its_handle(kernel32: Kernel32) -> None:
    job = JobObject()
    assert kernel32.set[0].basic.flags == 0x2000 | 0x400, "killed on close, and no dialogue"
    assert kernel32.calls == [("create", ()), ("set", (44, 9, 144))]
    job.close()
    job.close()
    job.terminate()
    assert kernel32.calls[2:] == [("close", (44,))], "a handle given back is not used again"


def test_limits_are_those_of_the_program_alone(kernel32: Kernel32) -> None:
    job = WindowsJob()
    standing = job.limit({"memory_mb": 200, "processes": 5, "cpu_seconds": 2.5})
    limits = kernel32.set[-1]
    assert limits.basic.flags == 0x2000 | 0x400 | 0x200 | 0x8 | 0x2
    assert limits.job_memory == 250 << 20, "beyond what the idle interpreter holds"
    assert limits.basic.active_processes == 6
    assert limits.basic.process_time == 5_5000000
    assert standing["job"]
    assert job.look(ENOUGH) == jobs.Crowd(2, [], 0)
    os.close(job._write)
    job.report.close()


def test_a_process_is_in_the_job_before_it_runs(kernel32: Kernel32, tmp_path: Path) -> None:
    job = WindowsJob()
    job.start([sys.executable, "-c", "import sys; sys.exit(3)"], tmp_path, {})
    calls = [name for name, _ in kernel32.calls]
    assert calls == ["create", "set", "assign", "resume"]
    assert dict(kernel32.calls)["assign"] == (44, 91)
    assert Suspended.options["creationflags"] == 0x4 | 0x200, "suspended, in a group of its own"
    assert Suspended.options["startupinfo"] == {"lpAttributeList": {"handle_list": [job.told["report"]]}}
    job.wait()
    end = job.end(1.0, 3.0, 7, 100.0)
    assert (end.code, end.by, end.seconds, end.cpu_seconds, end.peak) == (3, "", 2.0, 4.0, 50 << 20)
    assert [name for name, _ in kernel32.calls][-4:] == ["terminate", "query", "query", "close"]
    for pipe in (job.process.stdin, job.process.stdout, job.process.stderr, job.report):
        assert pipe is not None
        pipe.close()


@pytest.mark.parametrize("step", ["assign", "resume"])
def test_a_process_outside_of_the_job_never_runs(kernel32: Kernel32, step: str, tmp_path: Path) -> None:
    kernel32.fails.add(step)
    job = WindowsJob()
    with pytest.raises(OSError, match=r"error 5|cannot be resumed \(status 0xc0000022\)"):
        job.start([sys.executable, "-c", "import time; time.sleep(100)"], tmp_path, {})
    assert job.process.returncode == -signal.SIGKILL
    assert kernel32.calls[-1] == ("close", (44,))


@pytest.mark.parametrize(
    ("code", "told", "by", "out_of_time"),
    [
        (0xC0000005, None, "ACCESS_VIOLATION", False),
        (0xC0000123, None, "exception 0xc0000123", False),
        (1816, 1816, "", True),
        (0, 0, "", False),
        (0xFFFFFFFF, 0xFFFFFFFF, "", False),
    ],
)
def test_how_windows_says_that_a_process_ended(
    kernel32: Kernel32, code: int, told: int | None, by: str, out_of_time: bool
) -> None:
    job = WindowsJob()
    job.process = types.SimpleNamespace(wait=lambda: code, poll=lambda: code)  # type: ignore[assignment]
    end = job.end(0.0, 1.0, 0, 100.0)
    assert (end.code, end.by, end.out_of_time) == (told, by, out_of_time)
    os.close(job._write)
    job.report.close()


def test_no_interrupt_without_a_console(kernel32: Kernel32) -> None:
    job = WindowsJob()

    def refuse(signum: int) -> None:
        raise OSError(6, "the handle is invalid")

    job.process = types.SimpleNamespace(send_signal=refuse)  # type: ignore[assignment]
    job.interrupt()
    os.close(job._write)
    job.report.close()


def test_a_system_without_job_objects_is_found_out(kernel32: Kernel32) -> None:
    assert windows.probe() == ""
    kernel32.fails.add("set")
    assert "error 5" in windows.probe()


@pytest.mark.skipif(sys.platform != "win32", reason="job objects are Windows's")
def test_job_objects_can_be_had() -> None:
    assert windows.probe() == ""


# What surrounds a program on Windows


def test_windows_programs_find_their_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SYSTEMROOT": r"C:\Windows", "COMSPEC": "cmd", "USERPROFILE": "u", "SOME_KEY": "k"}.items():
        monkeypatch.setenv(name, value)
    there = surroundings.environment(tmp_path, "win32")
    assert there["SYSTEMROOT"] == r"C:\Windows"
    homes = ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TEMP", "TMP")
    assert {there[name] for name in homes} == {str(tmp_path)}
    assert "SOME_KEY" not in there
    here = surroundings.environment(tmp_path, "linux")
    assert {here["HOME"], here["TMPDIR"]} == {str(tmp_path)}
    assert "USERPROFILE" not in here


def test_a_run_directory_without_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "getuid")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    directory = RunDirectory()
    assert directory.path.parent == tmp_path / "codesteer-x"
    other = RunDirectory()
    assert directory.path.exists(), "it is locked"
    os.close(other._lock)
    RunDirectory().remove()
    assert not other.path.exists()
    directory.remove()
    assert list(tmp_path.glob("codesteer-x/*/")) == []


def test_a_lock_ends_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    held = locks.try_acquire(path)
    assert held is not None
    assert locks.try_acquire(path) is None
    os.close(held)
    os.close(locks.acquire(path))
    holder = textwrap.dedent(
        f"""
        import pathlib, sys, time
        from codesteer_kernel.executor import locks
        held = locks.acquire(pathlib.Path({str(path)!r}))
        print("on", flush=True)
        time.sleep(100)
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder], stdout=subprocess.PIPE, cwd=Path(rundir.__file__).parents[2]
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"on\n"
        assert locks.try_acquire(path) is None
        process.kill()
    assert soon(lambda: (found := locks.try_acquire(path)) is not None and os.close(found) is None)
