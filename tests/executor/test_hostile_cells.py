"""Hostile cells: each ends in time with the right status, says whether the state is left, and harms nobody else.

Everything here is bounded by itself, should the executor fail to bound it.
"""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from codesteer_kernel.errors import BadInput, ExecutorError, SessionLost
from codesteer_kernel.executor import Limits, Result, SyncExecutor, SyncSession
from codesteer_kernel.executor.child import sandbox
from tests.executor.leaks import children, run_directories

pytestmark = pytest.mark.kernel
SECONDS = 1.0
LIMITS = Limits(seconds=SECONDS, memory_mb=300, file_mb=4, processes=30, open_files=200)

OBEY = {
    "loop": "while True: pass",
    "sleep": "import time; time.sleep(100)",
    "await": "import asyncio\nawait asyncio.sleep(100)",
    "asyncio.run": "import asyncio\nasyncio.run(asyncio.sleep(100))",
    "swallowed once": "import time\ntry: time.sleep(100)\nexcept KeyboardInterrupt: pass",
    "power": "y = 3 ** (10 ** 9)",
    "regular expression": "import re; re.match(r'(a+)+$', 'a' * 40 + 'b')",
    "deadlock": "import threading\nl = threading.Lock()\nl.acquire()\nl.acquire()",
    "representation": "import time\nclass C:\n    def __repr__(self): time.sleep(100)\nC()",
    "endless print": "while True: print('z' * 1000)",
    "endless display": "while True: display('z' * 100_000)",
    "own requests": "import os\nwhile True:\n    try: os.read(4, 100)\n    except OSError: pass",
    "waiting child": "import subprocess; subprocess.run(['sleep', '100'])",
    "blocked in a thread": "import threading, time\nt = threading.Thread(target=time.sleep, args=(100,), daemon=True)\nt.start()\nt.join()",
}
DISOBEY = {
    "swallowed everything": "import time\nwhile True:\n    try: time.sleep(100)\n    except BaseException: pass",
    "ignored signals": "import signal\nfor s in (2, 15, 1): signal.signal(s, signal.SIG_IGN)\nwhile True: pass",
    "blocked signals": "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass",
    "sum in C": "sum(range(10 ** 12))",
    "stopped": "import os; os.kill(os.getpid(), 19)",
    "replaced by another": "import os; os.execv('/bin/sleep', ['sleep', '100'])",
    "swallowed await": (
        "import asyncio\nasync def f():\n    while True:\n        try: await asyncio.sleep(100)\n"
        "        except BaseException: pass\nawait f()"
    ),
    "exit that waits": "import threading, time\nthreading.Thread(target=time.sleep, args=(100,)).start()\nexit()",
}
ENDS = {
    "os._exit": ("import os\nprint('a', flush=True)\nos._exit(7)", "error", "SystemExit", "lost"),
    "os._exit(0)": ("import os; os._exit(0)", "ok", "", "lost"),
    "segmentation fault": ("import ctypes; ctypes.string_at(0)", "died", "SIGSEGV", "lost"),
    "abort": ("import os; os.abort()", "died", "SIGABRT", "lost"),
    "alarm": ("import signal; signal.setitimer(0, 0.01)\nwhile True: pass", "died", "SIGALRM", "lost"),
    "kill own group": ("import os; os.killpg(0, 9)", "died", "SIGKILL", "lost"),
    "memory, much": ("y = bytearray(10 ** 12)", "error", "MemoryError", "kept"),
    "memory, step by step": ("y = []\nfor _ in range(200): y.append(bytearray(10_000_000))", "killed", None, "lost"),
    "disk": ("f = open('f', 'wb')\nfor _ in range(100): f.write(bytes(10 ** 6))", "error", "OSError", "kept"),
    "descriptors": ("import os\nheld = []\nwhile True: held.append(os.dup(0))", "error", "OSError", None),
    "recursion": ("def f(): f()\nf()", "error", "RecursionError", "kept"),
    "raise the limits": (
        "import resource as r\nr.setrlimit(r.RLIMIT_FSIZE, (2 ** 40, 2 ** 40))\nopen('f', 'wb').write(bytes(10 ** 7))",
        "error",
        None,
        "kept",
    ),
    "input()": ("y = input('name? ')", "error", "EOFError", "kept"),
    "interrupts itself": (
        "import os\nfor _ in range(3): os.kill(os.getpid(), 2)",
        "error",
        "KeyboardInterrupt",
        "kept",
    ),
    "stdout is None": ("import sys\nsys.stdout = sys.stderr = None\nprint('x')", "ok", "", "kept"),
    "stdout closed": ("import sys\nsys.stdout.close()", "ok", "", "kept"),
    "stdout taken apart": ("import sys\nraw = sys.stdout.detach()", "ok", "", "kept"),
    "descriptors closed": ("import os\nos.closerange(0, 200)", "died", "SessionBroken", "lost"),
    "requests closed": ("import os\nos.close(4)", "died", "SessionBroken", "lost"),
    "patched json and os": (
        "import json, os, struct, traceback\njson.dumps = json.loads = os.write = os._exit = struct.pack = None",
        None,
        None,
        None,
    ),
    "patched builtins": ("import builtins\nbuiltins.len = builtins.isinstance = None", None, None, None),
    "no modules": ("import sys\nsys.modules.clear()\nsys.path.clear()", None, None, None),
    "noise on the report pipe": ("import os\nos.write(3, b'\\xff' * 10 ** 5)", "died", "SessionBroken", "lost"),
    "not JSON on the report pipe": ("import os\nos.write(3, b'\\0\\0\\0\\1x')", "died", "SessionBroken", "lost"),
    "half a frame": ("import os\nos.write(3, b'\\0\\0\\1\\0{')", None, None, "lost"),
    "one line of 10 MB": ("print('x' * 10_000_000)", "ok", "", "kept"),
    "error of 10 MB": ("raise ValueError('x' * 10_000_000)", "error", "ValueError", "kept"),
    "exception that raises": (
        "class E(Exception):\n    def __str__(self): raise RuntimeError\nraise E",
        "error",
        "E",
        "kept",
    ),
    "hook that raises": ("import sys\nsys.excepthook = None\n1 / 0", "error", "ZeroDivisionError", "kept"),
    "tracing": ("import sys\nsys.settrace(lambda *a: 1 / 0)\ndef f(): pass\nf()", "error", "ZeroDivisionError", "kept"),
    "loop stopped": ("import asyncio\nasyncio.get_event_loop().close()\nawait asyncio.sleep(0)", None, None, "kept"),
    "task that leaves": (
        "import asyncio\nasync def f(): raise SystemExit(3)\nt = asyncio.create_task(f())\nawait asyncio.sleep(0.1)",
        "error",
        "SystemExit",
        "lost",
    ),
    "main replaced": ("import sys, types\nsys.modules['__main__'] = types.ModuleType('x')", "ok", "", "kept"),
    "names cleared": ("globals().clear()", "ok", "", None),
    "working directory removed": (
        "import os, shutil\nshutil.rmtree(os.getcwd(), ignore_errors=True)",
        "ok",
        "",
        "kept",
    ),
    "working directory locked": ("import os\nos.mkdir('d')\nos.chmod('d', 0)\nos.chmod('.', 0)", "ok", "", "kept"),
    "signal to everyone": ("import os\ntry: os.kill(-1, 15)\nexcept OSError: pass", "ok", "", "kept"),
    "fork and on": ("import os\nfor _ in range(3): os.fork()", "ok", "", "kept"),
    "fork and exit": ("import os, sys\nif os.fork() == 0: sys.exit(3)\nos.wait()", "ok", "", "kept"),
}


@pytest.fixture(scope="module")
def executor() -> Iterator[SyncExecutor]:
    before = children(), run_directories()
    with SyncExecutor(limits=LIMITS, preload=(), spare=False) as made:
        assert made.run("print(1)").ok
        yield made
    assert children() <= before[0]
    assert run_directories() <= before[1]


@pytest.fixture(scope="module")
def lasting(executor: SyncExecutor) -> Iterator[SyncSession]:
    with executor.session() as made:
        assert made.run("pass").ok
        made.restart()
        yield made


@pytest.fixture
def cells(executor: SyncExecutor, lasting: SyncSession) -> Iterator[SyncSession]:
    """Whatever the test runs: the same kernels are there afterwards, and programs and cells run."""
    kernels = children()
    assert lasting.run("x = 1").ok
    yield lasting
    assert executor.run("print(41 + 1)").stdout == "42\n"
    lasting.restart()
    assert children() == kernels, "something was left running, or a kernel was lost"
    assert lasting.run("print(41 + 1, 'x' in globals())").stdout == "42 False\n"
    lasting.restart()


def run(cells: SyncSession, code: str, seconds: float = SECONDS) -> Result:
    """Run, and check what is always to hold."""
    result = cells.run(code, timeout=seconds)
    assert cells.alive == (result.state == "kept")
    assert len(result.stdout) + len(result.stderr) < 150_000
    assert len(result.error_text) + len(result.traceback) < 70_000
    return result


def check_state(cells: SyncSession, result: Result) -> None:
    """What the result says of the state is so."""
    if result.state == "kept":
        assert cells.run("y = x").ok
        assert cells.get("x") == 1
    else:
        with pytest.raises(SessionLost):
            cells.run("x")


@pytest.mark.parametrize("name", OBEY)
def test_cells_that_obey_keep_the_state(cells: SyncSession, name: str) -> None:
    result = run(cells, "print('seen', flush=True)\n" + OBEY[name])
    assert (result.status, result.limit, result.state) == ("timeout", "seconds", "kept"), result
    assert result.stdout.startswith("seen\n")
    check_state(cells, result)


@pytest.mark.parametrize("name", DISOBEY)
def test_cells_that_do_not_obey_lose_it(cells: SyncSession, name: str) -> None:
    result = run(cells, "print('seen', flush=True)\n" + DISOBEY[name])
    assert (result.status, result.limit, result.state) == ("timeout", "seconds", "lost"), result
    assert result.stdout.startswith("seen\n")
    check_state(cells, result)


@pytest.mark.parametrize("name", ENDS)
def test_cells_that_end_by_themselves(cells: SyncSession, name: str) -> None:
    code, status, error, state = ENDS[name]
    # Time enough on a busy machine for what comes to its end by another limit, or by itself.
    result = run(cells, code, 10)
    if status is not None:
        assert result.status == status, result
    if error is not None:
        assert result.error_name == error, result
    if state is not None:
        assert result.state == state, result
    if state == "lost":
        check_state(cells, result)
    elif cells.alive:
        # Code that took its own session apart may lose it later. It must say so, and in time.
        run(cells, "import os")


@pytest.mark.parametrize(
    "code",
    [
        "import os, time\nfor _ in range(300):\n    if os.fork() == 0:\n        time.sleep(20)\n        os._exit(0)\ntime.sleep(20)",
        "import os\nwhile True: os.fork()",
    ],
    ids=["many", "bomb"],
)
def test_a_flood_of_processes(cells: SyncSession, code: str) -> None:
    result = run(cells, code, 10)
    assert (result.status, result.limit, result.state) == ("killed", "processes", "lost")


def test_endless_output_stays_bounded(cells: SyncSession) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(3):
        result = run(cells, "while True: print('x' * 1000)")
        assert (result.status, result.state) == ("timeout", "kept")
        assert result.cut["stdout"] > 1_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024


BETWEEN = {
    "segmentation fault": (
        "import ctypes\ndef work():\n    print('last words', flush=True)\n    ctypes.string_at(0)",
        "SIGSEGV",
    ),
    "os._exit": ("import os\ndef work(): os._exit(3)", "exit code 3"),
    "memory": (
        "import time\ndef work():\n    y = []\n    for _ in range(80): y.append(bytearray(10_000_000)); time.sleep(0.01)\n    time.sleep(5)",
        "300 MB of memory",
    ),
    "processes": (
        "import os, time\ndef work():\n    for _ in range(60):\n        if os.fork() == 0: time.sleep(20); os._exit(0)",
        "more than 30 processes",
    ),
    "noise": ("import os\ndef work(): os.write(3, b'\\xff' * 100)", "broke"),
    "task that leaves": (
        (
            "import asyncio\nasync def f():\n    await asyncio.sleep(0.2)\n    raise SystemExit(5)\n"
            "t = asyncio.create_task(f())\nawait asyncio.sleep(0)\ndef work(): pass"
        ),
        "exit code 5",
    ),
}


def wait_until_gone(kernels: set[int]) -> None:
    """Wait until nothing is there but the kernels."""
    until = time.monotonic() + 20
    while children() != kernels:
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("name", BETWEEN)
def test_a_session_that_ends_between_cells_says_how(cells: SyncSession, name: str) -> None:
    code, how = BETWEEN[name]
    cells.restart()
    kernels = children()
    assert run(cells, f"{code}\nimport threading\n_ = threading.Timer(0.2, work).start()").state == "kept"
    wait_until_gone(kernels)
    said: list[str] = []
    with pytest.raises(SessionLost, match=how):
        cells.run("x", on_output=lambda event: said.append(event.text))
    assert "".join(said) == ("last words\n" if "last words" in code else "")
    assert not cells.alive


def test_processor_time_between_cells(executor: SyncExecutor) -> None:
    with executor.session(limits=Limits(seconds=5, cpu_seconds=0.5)) as cells:
        assert cells.run("pass").ok
        cells.restart()
        kernels = children()
        assert cells.run(
            "def work():\n    while True: pass\nimport threading\nthreading.Thread(target=work).start()"
        ).ok
        wait_until_gone(kernels)
        with pytest.raises(SessionLost, match="processor time"):
            cells.run("pass")


FRAME = "import json, os, struct\ndef say(**told):\n    told = json.dumps(told).encode()\n    os.write(3, struct.pack('!I', len(told)) + told)\n"


def test_forged_ends_deceive_only_the_cell_itself(cells: SyncSession) -> None:
    assert cells.run(FRAME).ok
    early = run(
        cells,
        "say(frame='done', cell=3)\nsay(frame='done', cell=3)\nimport time\ntime.sleep(0.6)\ny = 2\nprint('late')",
    )
    assert (early.status, early.state) == ("ok", "kept")
    after = run(cells, "print(y)")
    assert (after.status, after.stdout) == ("ok", "late\n2\n"), "the next one waits for what still runs"
    ahead = run(cells, "say(frame='done', cell=6)\nsay(frame='begun', cell='x')\nprint('own')")
    assert (ahead.status, ahead.stdout) == ("ok", "own\n")
    assert run(cells, "print('next')").stdout == "next\n"
    endless = run(cells, "say(frame='done', cell=7)\nwhile True: pass")
    assert endless.status == "ok"
    blocked = run(cells, "print('never')")
    assert (blocked.status, blocked.stdout) == ("timeout", "")


def test_forged_reports_are_bounded(cells: SyncSession) -> None:
    cells.run(FRAME)
    forged = run(cells, "say(frame='error', name='A' * 10 ** 6, text=5, traceback=[])\nsay(frame='tier', landlock=0)")
    assert (forged.status, forged.state) == ("error", "kept")
    assert forged.tier == cells.tier
    assert run(cells, "print(1)").ok
    exports = "say(frame='exports', values={'z': {'about': {'format': 'pickle'}, 'file': '0'}, 'x': 'text'})"
    assert run(cells, exports).ok
    with pytest.raises(ExecutorError, match=r"'z'.*(refused|forged)"):
        cells.get("z")
    with pytest.raises(ExecutorError, match=r"'x'.*forged"):
        cells.get("x")


def test_stolen_requests_end_the_session_in_time(cells: SyncSession) -> None:
    thief = (
        "import os, select, threading\ndef steal():\n    while True:\n        select.select([4], [], [])\n"
        "        try: os.read(4, 10)\n        except OSError: pass\nthreading.Thread(target=steal, daemon=True).start()"
    )
    assert run(cells, thief).ok
    for _ in range(20):
        result = run(cells, "pass")
        if result.state == "lost":
            break
    assert result.state == "lost", "the thief was too slow twenty times"
    assert result.status in ("timeout", "died")


def test_a_pickle_bomb_does_not_come_back(cells: SyncSession, tmp_path: Path) -> None:
    cells.run(
        f"import os\nclass Bomb:\n    def __reduce__(self): return os.system, ('touch {tmp_path}/boom',)\nb = Bomb()"
    )
    with pytest.raises(BadInput, match="Bomb"):
        cells.get("b")
    assert not (tmp_path / "boom").exists()


def test_links_are_not_followed(cells: SyncSession, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("canary")
    cells.run(f"import os\nos.symlink({str(tmp_path / 'secret')!r}, 'link')")
    with pytest.raises(ExecutorError, match="refused"):
        cells.get_file("link")


@pytest.mark.skipif(not sandbox.landlock_abi(), reason="this system has no Landlock")
def test_the_walls_stand_around_cells(cells: SyncSession, tmp_path: Path) -> None:
    secret = tmp_path / "id_rsa"
    secret.write_text("canary-77")
    spies = [
        f"print(open({str(secret)!r}).read())",
        f"open({str(tmp_path / 'new')!r}, 'w')",
        "import glob\nfor p in glob.glob('../**/*', recursive=True): print(open(p).read())",
        f"print(open('/proc/{os.getpid()}/environ').read())",
        "import os\nopen(os.path.join(os.path.dirname(os.getcwd()), 'data', 'new'), 'w')",
        "import socket\nsocket.create_connection(('127.0.0.1', 9))",
    ]
    for spy in spies:
        result = run(cells, spy)
        assert "canary" not in json.dumps([result.stdout, result.stderr])
        assert result.status == "error" or result.stdout == ""
    assert not (tmp_path / "new").exists()


def test_a_program_cannot_reach_a_session(executor: SyncExecutor, cells: SyncSession) -> None:
    pid = cells.run("import os\nprint(os.getpid(), os.getcwd())").stdout.split()
    code = (
        f"import os\nfor act in (lambda: os.kill({pid[0]}, 9), lambda: os.listdir({pid[1]!r}),\n"
        f"            lambda: open('/proc/{pid[0]}/mem', 'rb')):\n"
        "    try: act(); print('reached')\n    except OSError: print('no')"
    )
    assert executor.run(code).stdout == "no\nno\nno\n"
    assert cells.get("x") == 1
