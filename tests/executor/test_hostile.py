"""Hostile programs: each ends in time with the right status, the same kernel runs the next one, nothing is left.

What walls keep a program from reaching, and forged results, are in ``tests/attacks``, with what is promised in each tier; what
comes back is read in ``test_exchange`` and ``test_files``. Everything here is bounded by itself, should the executor fail to
bound it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codesteer_kernel.errors import BadInput
from codesteer_kernel.executor import Limits, Result, SyncExecutor
from tests.executor.leaks import children, run_directories

pytestmark = pytest.mark.kernel
SECONDS = 1.0
LIMITS = Limits(seconds=SECONDS, memory_mb=300, file_mb=4, processes=30, open_files=200)

ENDLESS = {
    "loop": "while True: pass",
    "sleep": "import time; time.sleep(100)",
    "swallowed interrupt": "while True:\n    try:\n        while True: pass\n    except KeyboardInterrupt: pass",
    "swallowed everything": "import time\nwhile True:\n    try: time.sleep(100)\n    except BaseException: pass",
    "ignored signals": "import signal\nfor s in (2, 15, 1): signal.signal(s, signal.SIG_IGN)\nwhile True: pass",
    "blocked signals": "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass",
    "regular expression": "import re; re.match(r'(a+)+$', 'a' * 40 + 'b')",
    "power": "x = 3 ** (10 ** 9)",
    "sum in C": "sum(range(10 ** 12))",
    "stopped": "import os; os.kill(os.getpid(), 19)",
    "waiting child": "import subprocess; subprocess.run(['sleep', '100'])",
    "replaced by another": "import os; os.execv('/bin/sleep', ['sleep', '100'])",
    "thread that stays": "import threading, time\nthreading.Thread(target=time.sleep, args=(100,)).start()",
    "exit handler": "import atexit, time\natexit.register(time.sleep, 100)",
    "exception hook": "import sys, time\nsys.excepthook = lambda *a: time.sleep(100)\n1 / 0",
    "representation": "import time\nclass C:\n    def __repr__(self): time.sleep(100)\nC()",
    "deadlock": "import threading\nl = threading.Lock()\nl.acquire()\nl.acquire()",
    "pool that waits": "import multiprocessing as m, time\nwith m.Pool(2) as p: p.map(time.sleep, [100, 100])",
    "children that loop": "import os\nfor _ in range(5):\n    if os.fork() == 0:\n        while True: pass\nos.wait()",
    "flood": "while True: print('x' * 1000)",
}
ENDS = {
    "os._exit": ("import os\nprint('a', flush=True)\nos._exit(7)", "error", "SystemExit", "a\n"),
    "os._exit in a child": ("import os\nif os.fork() == 0: os._exit(3)\nos.wait()\nprint('a')", "ok", "", "a\n"),
    "segmentation fault": ("import ctypes; ctypes.string_at(0)", "died", "SIGSEGV", ""),
    "abort": ("import os; os.abort()", "died", "SIGABRT", ""),
    "alarm": ("import signal; signal.setitimer(0, 0.01)\nwhile True: pass", "died", "SIGALRM", ""),
    "kill own group": ("import os; os.killpg(0, 9)", "died", "SIGKILL", ""),
    "memory, much": ("x = bytearray(10 ** 12)", "error", "MemoryError", ""),
    "memory, step by step": ("x = []\nfor _ in range(200): x.append(bytearray(10_000_000))", "killed", None, ""),
    "memory of children": (
        (
            "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n        x = bytearray(60_000_000)\n"
            "        time.sleep(20)\ntime.sleep(20)"
        ),
        "killed",
        "LimitExceeded",
        "",
    ),
    "disk": ("f = open('f', 'wb')\nfor _ in range(100): f.write(bytes(10 ** 6))", "error", "OSError", ""),
    "descriptors": ("import os\nwhile True: os.dup(0)", "error", "OSError", ""),
    "recursion": ("def f(): f()\nf()", "error", "RecursionError", ""),
    "nested brackets": ("eval('(' * 10 ** 5 + ')' * 10 ** 5)", "error", None, ""),
    "raise the limits": (
        "import resource as r\nr.setrlimit(r.RLIMIT_FSIZE, (2 ** 40, 2 ** 40))\nopen('f', 'wb').write(bytes(10 ** 7))",
        "error",
        None,
        "",
    ),
    "input()": ("x = input('name? ')", "error", "EOFError", "name? "),
    "read of stdin": ("import sys\nprint(repr(sys.stdin.read()))", "ok", "", "''\n"),
    "stdout is None": ("import sys\nsys.stdout = sys.stderr = None\nprint('x')", "ok", "", ""),
    "stdout closed": ("import sys\nsys.stdout.close()", "ok", "", ""),
    "descriptors closed": ("import os\nos.closerange(0, 200)", "ok", "", ""),
    "patched modules": (
        (
            "import json, os, sys, builtins, struct, traceback\nos._exit = os.write = json.dumps = struct.pack = None\n"
            "sys.exit = traceback.TracebackException = None\nbuiltins.len = builtins.isinstance = None"
        ),
        None,
        None,
        "",
    ),
    "no modules": ("import sys\nsys.modules.clear()\nsys.path.clear()", None, None, ""),
    "not UTF-8": ("import sys\n_ = sys.stdout.buffer.write(bytes(range(128, 256)))", "ok", "", None),
    "surrogates": ("print('\\ud800 \\udc80')", "ok", "", "\\ud800 \\udc80\n"),
    "control bytes": ("print('\\x00\\x07\\x1b[2J\\x1b]0;t\\x07\\r')", "ok", "", "\x00\x07\x1b[2J\x1b]0;t\x07\r\n"),
    "noise on the report pipe": ("import os\nos.write(3, b'\\xff' * 10 ** 5)\nprint('x')", "ok", "", "x\n"),
    "one line of 50 MB": ("print('x' * 50_000_000)", "ok", "", None),
    "error of 50 MB": ("raise ValueError('x' * 50_000_000)", "error", "ValueError", ""),
    "exception that raises": (
        "class E(Exception):\n    def __str__(self): raise RuntimeError\nraise E",
        "error",
        "E",
        "",
    ),
    "working directory removed": (
        "import os, shutil\nshutil.rmtree(os.getcwd(), ignore_errors=True)\nprint('x')",
        "ok",
        "",
        "x\n",
    ),
    "working directory locked": ("import os\nos.mkdir('d')\nos.chmod('d', 0)\nos.chmod('.', 0)", "ok", "", ""),
    "signal to everyone": ("import os\ntry: os.kill(-1, 15)\nexcept OSError: pass\nprint('x')", "ok", "", "x\n"),
    "daemon": (
        (
            "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        print('d', flush=True)\n"
            "        time.sleep(100)\n    os._exit(0)\nos.wait()\nprint('x')"
        ),
        "ok",
        "",
        None,
    ),
    "thread flood": (
        "import threading, time\nfor _ in range(600): threading.Thread(target=time.sleep, args=(20,), daemon=True).start()",
        None,
        None,
        "",
    ),
}


@pytest.fixture(scope="module")
def executor() -> Iterator[SyncExecutor]:
    before = children(), run_directories()
    with SyncExecutor(limits=LIMITS, preload=(), spare=False) as made:
        assert made.run("print(1)").ok
        yield made
    assert children() <= before[0]
    assert run_directories() <= before[1]


@pytest.fixture
def unharmed(executor: SyncExecutor) -> Iterator[SyncExecutor]:
    """Whatever the test runs: the same processes are there afterwards, and the next program runs."""
    kernel = children()
    yield executor
    assert children() == kernel, "something was left running, or the kernel was lost"
    assert executor.run("print(41 + 1)").stdout == "42\n"


def run(executor: SyncExecutor, code: str, seconds: float = SECONDS) -> Result:
    return executor.run(code, timeout=seconds)


@pytest.mark.parametrize("name", ENDLESS)
def test_endless_programs_are_stopped(unharmed: SyncExecutor, name: str) -> None:
    result = run(unharmed, "print('seen', flush=True)\n" + ENDLESS[name])
    assert (result.status, result.limit) == ("timeout", "seconds")
    assert result.stdout.startswith("seen\n"), "what was written until then is kept"
    assert len(result.stdout) < 70_000


@pytest.mark.parametrize("name", ENDS)
def test_programs_that_end_by_themselves(unharmed: SyncExecutor, name: str) -> None:
    code, status, error, stdout = ENDS[name]
    # Time enough on a busy machine for what comes to its end by another limit, or by itself.
    result = run(unharmed, code, 10)
    if status is not None:
        assert result.status == status, result
    if error is not None:
        assert result.error_name == error, result
    if stdout is not None:
        assert result.stdout == stdout
    assert len(result.stdout) + len(result.stderr) < 150_000
    assert len(result.error_text) + len(result.traceback) < 70_000


def test_bytes_that_are_no_text_are_shown(unharmed: SyncExecutor) -> None:
    result = run(unharmed, ENDS["not UTF-8"][0])
    assert result.stdout == "".join(f"\\x{byte:02x}" for byte in range(128, 256))


def test_a_flood_of_processes(unharmed: SyncExecutor) -> None:
    code = "import os, time\nfor _ in range(300):\n    if os.fork() == 0:\n        time.sleep(20)\n        os._exit(0)\ntime.sleep(20)"
    result = run(unharmed, code, 10)
    # The watchdog stops root, whom the system's own limit does not bind; others get an error from the system.
    assert (result.status, result.limit) == ("killed", "processes") or result.error_name == "BlockingIOError"


def test_processor_time(unharmed: SyncExecutor) -> None:
    result = unharmed.run("while True: pass", limits=Limits(seconds=20, cpu_seconds=0.5, memory_mb=300))
    assert (result.status, result.limit) == ("killed", "cpu")


def test_a_pickle_bomb_does_not_come_back(unharmed: SyncExecutor, tmp_path: Path) -> None:
    code = f"import os\nclass Bomb:\n    def __reduce__(self): return os.system, ('touch {tmp_path}/boom',)\nx = Bomb()"
    assert unharmed.run(code, export=("x",)).ok
    with pytest.raises(BadInput, match="Bomb cannot be passed"):
        unharmed.get("x")
    assert not (tmp_path / "boom").exists()


def test_what_one_program_changes_the_next_does_not_see(unharmed: SyncExecutor) -> None:
    unharmed.run(
        "import json, os, sys\njson.loads = None\nos.environ['LEFT'] = '1'\nsys.path.append('x')\nopen('f', 'w')"
    )
    result = unharmed.run(
        "import json, os, sys\nprint(json.loads('1'), 'LEFT' in os.environ, sys.path[-1] == 'x', os.listdir())"
    )
    assert result.stdout == "1 False False ['program.py']\n"
