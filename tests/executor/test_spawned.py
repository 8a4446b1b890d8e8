"""Programs in interpreters of their own: as scripts do, within the limits, and nothing of them stays."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from codesteer_kernel.attacks import chosen, strike
from codesteer_kernel.attacks.bait import Bait
from codesteer_kernel.attacks.striking import LIMITS
from codesteer_kernel.errors import BadInput, ExecutorError, UnknownName
from codesteer_kernel.executor import Limits, Result, SyncExecutor, open_executor, tiers
from tests.executor.leaks import children, eventually, run_directories
from tests.executor.test_hostile import ENDLESS, ENDS
from tests.executor.test_ordinary import PROGRAMS

pytestmark = pytest.mark.kernel
SECONDS = 1.0
LINUX = sys.platform == "linux"


def strays() -> set[int]:
    """Processes of anyone's that work in a run directory of these tests, wherever in the tree they are."""
    base = os.environ["TMPDIR"]
    found = set()
    for entry in Path("/proc").iterdir() if LINUX else ():
        with contextlib.suppress(OSError, ValueError):
            if str((entry / "cwd").readlink()).startswith(base):
                found.add(int(entry.name))
    return found


@pytest.fixture(scope="module")
def executor() -> Iterator[SyncExecutor]:
    before = children(), run_directories()
    limits = Limits(seconds=30, memory_mb=600)
    with SyncExecutor(method="spawn", limits=limits, preload=()) as made:
        yield made
    assert children() <= before[0]
    assert run_directories() <= before[1]
    assert strays() == set()


@pytest.fixture
def unharmed(executor: SyncExecutor) -> Iterator[SyncExecutor]:
    """Whatever the test runs: nothing of it is left, and the next program runs."""
    before = strays()
    yield executor
    until = time.monotonic() + 5
    # The one interpreter that waits is another after each program.
    while len(strays()) > max(1, len(before)) and time.monotonic() < until:
        time.sleep(0.02)
    assert len(strays()) <= max(1, len(before)), "something was left running"
    assert executor.run("print(41 + 1)").stdout == "42\n"


# As scripts do


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_a_script(unharmed: SyncExecutor, name: str, tmp_path: Path) -> None:
    source = textwrap.dedent(PROGRAMS[name])
    result = unharmed.run(source)
    (tmp_path / "program.py").write_text(source)
    script = subprocess.run(
        [sys.executable, "program.py"], capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False
    )
    assert result.stdout == script.stdout, result.stderr
    assert result.status == ("error" if script.returncode else "ok")
    assert result.exit_code == script.returncode
    assert result.stderr.splitlines()[-1:] == script.stderr.splitlines()[-1:]


def test_each_program_is_a_fresh_interpreter(unharmed: SyncExecutor) -> None:
    left = "import json, os\njson.dumps = None\nos.environ['LEFT'] = '1'\nopen('f', 'w').close()\nprint(os.getpid())"
    first = unharmed.run(left)
    second = unharmed.run(
        "import json, os, sys, threading\nprint(json.dumps(1), 'LEFT' in os.environ, os.listdir(), sys.argv)\n"
        "print(threading.active_count(), __name__, os.getpid())"
    )
    names, facts = second.stdout.splitlines()
    assert names == "1 False ['program.py'] ['program.py']"
    assert facts.startswith("1 __main__ ")
    assert facts.split()[-1] != first.stdout.strip()


def test_display_figures_and_the_last_value(unharmed: SyncExecutor) -> None:
    pytest.importorskip("matplotlib")
    code = "import matplotlib.pyplot as p\np.plot([1, 2])\ndisplay({'a': 1})\nx = [1, 2]\nx"
    result = unharmed.run(code)
    assert result.ok, result.stderr
    assert [output.kind for output in result.outputs] == ["display", "result", "figure"]
    assert result.outputs[1].data["text/plain"] == "[1, 2]"
    assert result.outputs[2].data["image/png"]


def test_errors_are_told_as_everywhere(unharmed: SyncExecutor) -> None:
    result = unharmed.run("import json\n\ndef parse(text):\n    return json.loads(text)\n\nparse('{')")
    assert result.error_name == "JSONDecodeError"
    assert result.traceback.count("File ") == 2
    assert 'File "program.py", line 6, in <module>' in result.traceback
    assert "alone" not in result.stderr
    assert "child" not in result.stderr


def test_data_and_files_travel(unharmed: SyncExecutor, tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("cloudpickle")
    (tmp_path / "t.txt").write_text("text")
    unharmed.put("n", [1, {"a": None}])
    unharmed.put("array", numpy.arange(6).reshape(2, 3))
    unharmed.put("frame", pandas.DataFrame({"a": [1, 2]}))
    unharmed.put("twice", lambda x: 2 * x, pickle=True)
    unharmed.put_file(tmp_path / "t.txt")
    code = "print(n, array.sum(), frame['a'].sum(), twice(4), open('t.txt').read())\nfigures = array * 2\nopen('o', 'w').write('out')"
    result = unharmed.run(code, export=("figures", "frame"))
    assert result.ok, result.stderr
    assert result.stdout == "[1, {'a': None}] 15 3 8 text\n"
    assert unharmed.get("figures").tolist() == [[0, 2, 4], [6, 8, 10]]
    assert unharmed.get("frame")["a"].tolist() == [1, 2]
    assert unharmed.get_file("o") == b"out"


async def test_output_comes_as_it_happens(leak_check: None) -> None:
    async with open_executor(method="spawn", preload=()) as executor:
        code = "import time\nprint('one')\ntime.sleep(0.6)\nprint('two')"
        times: dict[str, float] = {}
        result = await executor.run(code, on_output=lambda event: times.setdefault(event.text, time.monotonic()))
        assert result.stdout == "one\ntwo\n"
        assert times["two\n"] - times["one\n"] > 0.3


async def test_libraries_are_loaded_while_it_waits(leak_check: None) -> None:
    async with open_executor(method="spawn", tier="limits", preload=("no_such_library", "colorsys")) as executor:
        for _ in range(100):
            result = await executor.run("import sys\nprint('colorsys' in sys.modules)")
            if result.stdout == "True\n":
                break
            await asyncio.sleep(0.1)
        assert result.stdout == "True\n"


# Whatever a program does


@pytest.mark.parametrize(
    "name",
    [
        *("loop", "swallowed everything", "ignored signals", "blocked signals", "power", "stopped", "waiting child"),
        *("replaced by another", "exit handler", "pool that waits", "children that loop", "flood"),
    ],
)
def test_endless_programs_are_stopped(unharmed: SyncExecutor, name: str) -> None:
    result = unharmed.run("print('seen', flush=True)\n" + ENDLESS[name], timeout=SECONDS)
    assert (result.status, result.limit) == ("timeout", "seconds")
    assert result.stdout.startswith("seen\n")
    assert len(result.stdout) < 70_000


@pytest.mark.parametrize("name", ENDS)
def test_programs_that_end_by_themselves(unharmed: SyncExecutor, name: str) -> None:
    code, status, error, stdout = ENDS[name]
    result = unharmed.run(code, limits=Limits(seconds=60, memory_mb=300, file_mb=4, processes=30, open_files=200))
    if status is not None:
        assert result.status == status, result
    if error is not None:
        assert result.error_name == error, result
    if stdout is not None:
        assert result.stdout == stdout
    assert len(result.stdout) + len(result.stderr) < 150_000


@pytest.mark.skipif(not LINUX, reason="only Linux hands the account of memory on")
def test_a_large_notebook_does_not_lend_its_size_to_programs(unharmed: SyncExecutor) -> None:
    before = unharmed.run("print(1)").peak_mb
    notebook = b"x" * 700_000_000
    # The one that waits was started before.
    assert unharmed.run("print(1)").ok
    assert 1 < unharmed.run("print(1)").peak_mb < before + 100
    code, *_ = ENDS["memory of children"]
    limits = Limits(seconds=60, memory_mb=300, processes=30)
    assert (unharmed.run(code, limits=limits).status, len(notebook)) == ("killed", 700_000_000)


def test_limits_hold(unharmed: SyncExecutor) -> None:
    flood = "import os, time\nfor _ in range(300):\n    if os.fork() == 0:\n        time.sleep(20)\n        os._exit(0)\ntime.sleep(20)"
    many = unharmed.run(flood, limits=Limits(processes=30, seconds=10))
    assert (many.status, many.limit) == ("killed", "processes") or many.error_name == "BlockingIOError"
    busy = unharmed.run("while True: pass", limits=Limits(cpu_seconds=0.5, seconds=20))
    assert (busy.status, busy.limit) == ("killed", "cpu"), busy
    fill = "import time\nfor i in range(900):\n    open(f'f{i}', 'wb').write(bytes(10**6)); time.sleep(0.01)"
    full = unharmed.run(fill, limits=Limits(directory_mb=20, seconds=20))
    assert (full.status, full.limit) == ("killed", "directory_size")
    long = unharmed.run("open('f', 'wb').write(bytes(3_000_000))", limits=Limits(file_mb=1))
    assert (long.status, long.error_name, long.limit) == ("error", "OSError", "file_size")


def test_a_flood_is_bounded_and_nothing_of_it_is_lost(unharmed: SyncExecutor) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = unharmed.run(
        "import os, signal\nfor i in range(1_000_000): print(i)\nprint('end')\nos.kill(os.getpid(), 9)"
    )
    assert (result.status, result.error_name) == ("died", "SIGKILL")
    assert result.stdout.startswith("0\n1\n")
    assert result.stdout.endswith("999999\nend\n")
    assert result.cut == {"stdout": 6_888_894 - 2 * 32 * 1024}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024


def test_a_journal_made_shorter_is_no_trap(unharmed: SyncExecutor) -> None:
    code = (
        "import glob, os\nfor path in glob.glob('../k*/out*') + glob.glob('../k*/err*'):\n"
        "    try: os.truncate(path, 0)\n    except OSError: pass\nprint('x')"
    )
    assert unharmed.run(code).ok


def test_forged_reports_say_nothing(unharmed: SyncExecutor) -> None:
    told = json.dumps({"frame": "failure", "failure": "missing", "package": "x"}).encode()
    claim = json.dumps({"frame": "tier", "limits": ["AS"], "landlock": 99, "seccomp": True}).encode()
    code = f"import os, struct\nfor told in ({told!r}, {claim!r}):\n    os.write(3, struct.pack('!I', len(told)) + told)\nprint('x')"
    plain = unharmed.run("print('x')")
    forged = unharmed.run(code)
    assert (forged.status, forged.stdout, forged.tier) == ("ok", "x\n", plain.tier)


@pytest.mark.skipif(not LINUX, reason="elsewhere one that leaves between two looks can survive")
@pytest.mark.parametrize("end", ["print('x')", "1 / 0", "os.kill(os.getpid(), 9)", "time.sleep(100)"])
def test_daemons_end_with_their_program(unharmed: SyncExecutor, end: str) -> None:
    code = (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(100)\n    os._exit(0)\n"
        f"os.wait()\ntime.sleep(0.4)\n{end}"
    )
    assert unharmed.run(code, timeout=2).status == ({"p": "ok", "1": "error", "o": "died", "t": "timeout"}[end[0]])


# Stopping


async def test_interrupt_stops_the_program(leak_check: None) -> None:
    async with open_executor(method="spawn", preload=()) as executor:
        started = asyncio.Event()
        code = "try:\n    print('on')\n    while True: pass\nexcept KeyboardInterrupt: print('heard')"
        task = asyncio.create_task(executor.run(code, on_output=lambda event: started.set()))
        await asyncio.wait_for(started.wait(), 20)
        await executor.interrupt()
        result = await asyncio.wait_for(task, 10)
        assert (result.status, result.stdout) == ("interrupted", "on\nheard\n")
        await executor.interrupt()
        assert (await executor.run("print(1)")).ok


async def test_leaving_stops_the_program(leak_check: None) -> None:
    before = strays()
    async with open_executor(method="spawn", preload=()) as executor:
        async with contextlib.aclosing(executor.stream("print('on')\nwhile True: pass")) as events:
            async for event in events:
                assert not isinstance(event, Result)
                break
        assert (await executor.run("print(1)")).ok
        task = asyncio.create_task(executor.run("while True: pass"))
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await executor.run("print(1)")).ok
        left = asyncio.create_task(executor.run("while True: pass"))
        await asyncio.sleep(0.3)
    with contextlib.suppress(BaseException):
        await left
    assert strays() <= before


async def test_a_lost_interpreter_is_replaced(leak_check: None) -> None:
    before = strays()
    async with open_executor(method="spawn", preload=()) as executor:
        assert (await executor.run("print(1)")).ok
        for pid in strays() - before:
            os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.2)
        assert (await executor.run("print(2)")).stdout == "2\n"
        await executor.restart()
        assert (await executor.run("print(3)")).stdout == "3\n"


async def test_nothing_gathers(leak_check: None) -> None:
    leave = "import os, subprocess\nopen('f', 'w').close()\nsubprocess.Popen(['sleep', '9'])\nr = os.pipe()\nprint(1)"
    others = strays()
    async with open_executor(method="spawn", preload=(), tier="limits") as executor:

        def held() -> tuple[int, int]:
            descriptors = len(list(Path("/proc/self/fd").iterdir())) if LINUX else 0
            return descriptors, threading.active_count()

        for _ in range(3):
            await executor.run(leave)
        await asyncio.sleep(0.5)
        before = held()
        for _ in range(15):
            assert (await executor.run(leave)).stdout == "1\n"
        # The event loop's pool of threads may have grown.
        assert await eventually(lambda: held()[0] <= before[0] and held()[1] <= before[1] + 8), (before, held())
        assert len(strays() - others) <= 1


PARENT = textwrap.dedent(
    """
    import asyncio, sys
    from codesteer_kernel.executor import open_executor

    async def main():
        async with open_executor(method="spawn", preload=()) as executor:
            await executor.run(sys.argv[1], on_output=lambda e: print(e.text, flush=True))

    asyncio.run(main())
    """
)


@pytest.mark.skipif(not LINUX, reason="only Linux has a parent-death signal")
@pytest.mark.parametrize("code", ["print('on')\nwhile True: pass", "print('on')\nx = 3 ** (10 ** 9)"])
async def test_a_program_dies_with_the_users_process(code: str) -> None:
    before, directories = strays(), run_directories()
    words = [sys.executable, "-c", PARENT, code]
    parent = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert parent.stdout is not None
    with parent:
        assert await asyncio.to_thread(parent.stdout.readline) == "on\n"
        assert strays() > before
        parent.send_signal(signal.SIGKILL)
    assert await eventually(lambda: strays() <= before)
    assert run_directories() > directories
    # Its run directory goes when the next executor is opened.
    async with open_executor(method="spawn", preload=()):
        pass
    assert run_directories() <= directories


# Tiers


SOME_ATTACKS = (
    *("read a private file", "change a file", "read its own environment", "read a process's environment"),
    *("read a process's memory", "read a notebook kernel's connection file", "connect by TCP", "send by UDP"),
    *("talk to a service by its unix socket", "talk to a service by its abstract socket", "trace a process"),
    *("kill a process of the user's", "end a process by a limit of its processor time"),
    *("be root in a namespace of its own", "claim stronger walls than there are"),
)


@pytest.mark.skipif(not LINUX, reason="these walls are Linux's")
@pytest.mark.parametrize("tier", ["landlock", "seccomp"])
async def test_each_wall_stops_what_it_says(tier: str, leak_check: None) -> None:
    missing = tiers.probe()[tier]
    if missing:
        pytest.skip(f"cannot be had here: {missing}")
    with Bait() as bait:
        async with open_executor(method="spawn", preload=("numpy",), tier=tier, limits=LIMITS) as executor:
            tried = [await strike(attack, executor, bait, tier) for attack in chosen(SOME_ATTACKS)]
            assert len(tried) == len(SOME_ATTACKS)
            assert [(one.attack.name, one.detail) for one in tried if one.outcome is None or one.broken] == []
            threads = await executor.run("import os\nprint(len(os.listdir('/proc/self/task')))")
            assert threads.stdout == "1\n", "nobody stayed outside of the walls"
            parts = threads.tier.split("+")
            assert parts[0] == "limits"
            assert parts[-1] == "spawned"
            assert ("seccomp" in parts) == (tier == "seccomp")


async def test_no_key_travels(monkeypatch: pytest.MonkeyPatch, leak_check: None) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "canary-5f1")
    async with open_executor(method="spawn", preload=()) as executor:
        result = await executor.run("import os\nprint(dict(os.environ), os.getcwd() == os.environ['HOME'])")
        assert "canary" not in result.stdout
        assert result.stdout.endswith("True\n")
        assert "IPYTHONDIR" not in result.stdout


async def test_what_cannot_be_around_a_spawned_program_is_refused(leak_check: None) -> None:
    async with open_executor(method="spawn", preload=(), floor="namespaces") as executor:
        with pytest.raises(ExecutorError, match="spawned"):
            await executor.run("print(1)")


async def test_there_are_no_sessions_without_a_kernel(leak_check: None) -> None:
    async with open_executor(method="spawn", preload=()) as executor:
        with pytest.raises(ExecutorError, match="spawned") as caught:
            executor.session()
        assert "fork" in caught.value.cure


async def test_the_tier_says_spawned(leak_check: None) -> None:
    async with open_executor(method="spawn", preload=(), tier="limits") as executor:
        assert (await executor.run("print(1)")).tier == "limits+spawned"
        assert executor.tier == "limits+spawned"


def test_the_method_is_forking_where_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    from codesteer_kernel.executor.executor import _backend
    from codesteer_kernel.executor.kernel import ChildKernel
    from codesteer_kernel.executor.spawned import SpawnedPrograms

    assert _backend(None) is _backend("fork") is ChildKernel
    assert _backend("spawn") is SpawnedPrograms
    with pytest.raises(UnknownName, match="'thread'"):
        open_executor(method="thread")
    monkeypatch.delattr(os, "fork")
    assert _backend(None) is SpawnedPrograms
    with pytest.raises(ExecutorError, match="cannot fork"):
        open_executor(method="fork")


async def test_an_interpreter_that_does_not_work_says_why(tmp_path: Path, leak_check: None) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'no such library' >&2\nexit 7\n")
    broken.chmod(0o755)
    async with open_executor(method="spawn", tier="limits", python=str(broken)) as executor:
        with pytest.raises(ExecutorError, match="ended with 7 before its program began: no such library"):
            await executor.run("print(1)")
    async with open_executor(method="spawn", tier="limits", python=str(tmp_path / "absent")) as executor:
        with pytest.raises(ExecutorError, match="could not be started"):
            await executor.run("print(1)")


async def test_exports_are_checked_as_everywhere(leak_check: None) -> None:
    async with open_executor(method="spawn", preload=()) as executor:
        assert (await executor.run("x = object()", export=("x",))).ok
        with pytest.raises(BadInput, match="object cannot be passed"):
            await executor.get("x")


# Without what Windows does not have

BLOCKER = textwrap.dedent(
    """
    import os, signal, sys

    class Absent:
        names = {"fcntl", "resource", "pwd", "grp", "termios", "syslog"}
        def find_spec(self, name, path=None, target=None):
            if name in self.names:
                raise ImportError(f"No module named {name!r}", name=name)

    sys.meta_path.insert(0, Absent())
    for name in Absent.names:
        sys.modules.pop(name, None)
    for name in (
        "fork", "forkpty", "getuid", "geteuid", "getgid", "setsid", "killpg", "getpgid", "wait4", "wait3", "waitid",
        "register_at_fork", "setpriority", "getpriority", "sysconf", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC",
        "pidfd_open", "uname", "sched_getaffinity", "mkfifo",
    ):
        if hasattr(os, name):
            delattr(os, name)
    # What msvcrt does with a byte of a file, lockf does too; and a handle is a descriptor here.
    import types
    sys.modules["msvcrt"] = types.SimpleNamespace(
        locking=lambda descriptor, mode, length: os.lockf(descriptor, os.F_TLOCK, length),
        LK_NBLCK=2,
        open_osfhandle=lambda handle, flags: handle,
    )
    os.set_handle_inheritable = os.set_inheritable
    os.O_BINARY = 0
    for name in ("SIGSTOP", "SIGKILL", "SIGXCPU", "SIGHUP", "SIGCHLD", "pthread_sigmask", "setitimer"):
        if hasattr(signal, name):
            delattr(signal, name)
    """
)
WITHOUT = textwrap.dedent(
    """
    import sys
    # What these use of the system is their own affair: on Windows they use something else.
    import asyncio, asyncio.unix_events, concurrent.futures.thread, subprocess, tempfile, shutil, ctypes, msgspec
    import _posixsubprocess, select
    BLOCKER = sys.argv[1]
    exec(BLOCKER)

    import os
    from io import FileIO
    from codesteer_kernel.executor import jobs, spawned, tiers
    from codesteer_kernel.executor.child.outcome import End

    class BareJob:
        '''As a job object: it limits nothing here, but is asked the same.'''
        limits_itself = False

        def __init__(self):
            read, self._write = os.pipe()
            self.report = FileIO(read)
            self.told = {"report": self._write, "handle": True}

        def start(self, command, folder, environment):
            # The interpreter lacks the same as this one.
            at = command.index("utf8") + 1
            runner = BLOCKER + "\\nimport runpy\\nsys.argv = sys.argv[1:]\\nrunpy.run_path(sys.argv[0], run_name='__main__')"
            command = [*command[:at], "-c", runner, *command[at:]]
            pipe = subprocess.PIPE
            self.process = subprocess.Popen(
                command, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe, cwd=folder, env=environment, pass_fds=(self._write,)
            )
            os.close(self._write)

        @property
        def alive(self):
            return self.process.poll() is None

        def limit(self, limits):
            return {"limits": ["job memory"], "job": True}

        def look(self, enough):
            return jobs.Crowd(1, [], 0)

        def readable(self, source, seconds):
            return True

        def interrupt(self):
            self.process.send_signal(2)

        def kill(self):
            self.process.send_signal(9)

        def wait(self):
            self.process.wait()

        def end(self, started, ended, peak, cpu_limit):
            self.kill()
            code = self.process.wait()
            return End(code if code >= 0 else None, "" if code >= 0 else "exception", ended - started, 0.0, peak)

    spawned.new_job = BareJob
    tiers._probe = lambda python, bubblewrap: {"limits": ""}

    from codesteer_kernel.executor import Limits, open_executor

    async def main():
        async with open_executor(preload=("colorsys",), limits=Limits(seconds=20, file_mb=2)) as executor:
            await executor.put("n", 7)
            result = await executor.run("import json\\nprint(n)\\nx = {'a': n}\\nx", export=("x",))
            print(result.status, result.stdout.strip(), result.tier, [o.data for o in result.outputs], await executor.get("x"))
            result = await executor.run("print('a'); open('f', 'w').write('text'); 1 / 0")
            print(result.status, result.error_name, await executor.get_file("f"))
            result = await executor.run("print('a')\\nwhile True: pass", timeout=1)
            print(result.status, result.stdout.strip())
            result = await executor.run("import sys\\nprint(sys.stdin.read() == '')\\ninput()")
            print(result.status, result.error_name, result.stdout.strip())
            result = await executor.run("import time\\nf = open('f', 'wb')\\nf.write(bytes(3_000_000))\\nf.flush()\\ntime.sleep(30)")
            print(result.status, result.limit)
            result = await executor.run("for i in range(100_000): print(i)")
            print(result.status, result.stdout[-6:].strip())
            folder = executor._directory.path
        print(folder.exists())

    asyncio.run(main())
    print(sorted(name for name in Absent.names if name in sys.modules))
    """
)


def test_it_needs_nothing_that_windows_lacks() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, BLOCKER],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.splitlines() == [
        "ok 7 job+spawned [{'text/plain': \"{'a': 7}\"}] {'a': 7}",
        "error ZeroDivisionError b'text'",
        "timeout a",
        "error EOFError True",
        "killed file_size",
        "ok 99999",
        "False",
        "[]",
    ]
