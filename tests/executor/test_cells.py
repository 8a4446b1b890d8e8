"""Cells keep what the cells before them made, and a session and programs leave each other alone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import pandas as pd
import pytest
import pytest_asyncio

from codesteer_kernel.errors import BadInput, ExecutorError, SessionLost, UnknownName
from codesteer_kernel.executor import Executor, Limits, OutputEvent, Result, Session, SyncExecutor, open_executor
from codesteer_kernel.executor.tiers import probe
from tests.executor.leaks import children, eventually, run_directories

pytestmark = pytest.mark.kernel


@pytest_asyncio.fixture
async def cells(executor: Executor) -> AsyncIterator[Session]:
    async with executor.session() as made:
        yield made


async def last_value(cells: Session, code: str) -> str:
    """What the value that a cell leaves shows as."""
    result = await cells.run(code)
    assert result.ok, result
    return result.outputs[-1].data["text/plain"]


# State


async def test_a_cell_finds_what_the_ones_before_made(cells: Session) -> None:
    first = await cells.run(
        "import math\nx = [1]\ndef f(): return x\nclass C: pass\nopen('file', 'w').write('text')\nx"
    )
    assert (first.status, first.state, first.exit_code) == ("ok", "kept", None)
    assert [output.kind for output in first.outputs] == ["result"]
    assert await last_value(cells, "x.append(math.floor(2.5))\nf()") == "[1, 2]"
    assert await last_value(cells, "import pickle\ntype(pickle.loads(pickle.dumps(C()))).__name__") == "'C'"
    assert await last_value(cells, "import inspect\ninspect.getsource(f)") == "'def f(): return x\\n'"
    assert await last_value(cells, "open('file').read(), __name__") == "('text', '__main__')"
    assert await cells.get_file("file") == b"text"
    assert cells.alive


async def test_an_exception_keeps_the_state_and_tells_the_cells(cells: Session) -> None:
    await cells.run("x = 1\ndef f(): return 1 / 0")
    failed = await cells.run("x = 2\nf()\nx = 3")
    assert (failed.status, failed.state, failed.error_name) == ("error", "kept", "ZeroDivisionError")
    assert 'File "cell 2", line 2, in <module>\n    f()' in failed.traceback
    assert 'File "cell 1", line 2, in f' in failed.traceback
    assert failed.traceback.count("File ") == 2
    assert failed.stderr == failed.traceback
    assert await last_value(cells, "x") == "2"
    wrong = await cells.run("def g(:")
    assert (wrong.error_name, wrong.state) == ("SyntaxError", "kept")
    missing = await cells.run("print('seen')\ny")
    assert (missing.stdout, missing.error_name) == ("seen\n", "NameError")


async def test_figures_are_shown_with_the_cell_that_left_them_open(cells: Session) -> None:
    pytest.importorskip("matplotlib")
    first = await cells.run("import matplotlib.pyplot as plt\nfigure = plt.figure()\n_ = plt.plot([1, 2])\nplt.show()")
    assert [output.kind for output in first.outputs] == ["figure"]
    assert (first.stderr, first.ok) == ("", True)
    assert (await cells.run("1")).outputs[0].kind == "result"
    again = await cells.run("plt.plot([3])\nplt.figure()\nNone")
    assert [output.kind for output in again.outputs] == ["figure", "figure"]
    assert [output.kind for output in (await cells.run("figure")).outputs] == ["figure"]
    broken = await cells.run("plt.plot([1])\n1 / 0")
    assert (broken.status, [output.kind for output in broken.outputs]) == ("error", ["figure"])
    assert (await cells.get("figure")).startswith(b"\x89PNG")


async def test_await_outside_of_functions(cells: Session) -> None:
    assert (
        await last_value(
            cells, "import asyncio\nq = asyncio.Queue()\nawait asyncio.sleep(0)\nawait asyncio.sleep(0, 7)"
        )
        == "7"
    )
    task = "async def f():\n    await q.put('from a task')\ntask = asyncio.create_task(f())\nawait asyncio.sleep(0)"
    assert (await cells.run(task)).ok
    assert await last_value(cells, "await q.get()") == "'from a task'"
    assert await last_value(cells, "asyncio.run(asyncio.sleep(0, 8))") == "8"
    assert await last_value(cells, "asyncio.get_event_loop().run_until_complete(asyncio.sleep(0, 9))") == "9"
    assert (await cells.run("asyncio.get_event_loop().close()")).ok
    assert await last_value(cells, "await asyncio.sleep(0, 10)") == "10"
    failed = await cells.run("async def g(): raise ValueError\nawait g()")
    assert (failed.error_name, failed.traceback.count("File ")) == ("ValueError", 2)
    stopped = await cells.run("await asyncio.sleep(100)", timeout=0.3)
    assert (stopped.status, stopped.state) == ("timeout", "kept")
    await cells.run(
        "async def tick():\n    for n in range(3): await asyncio.sleep(0.05); print(n)\nt = asyncio.create_task(tick())\nawait asyncio.sleep(0)"
    )
    await asyncio.sleep(0.5)
    assert (await cells.run("print('end')")).stdout == "0\n1\n2\nend\n"


async def test_future_imports_hold_for_the_cells_after(cells: Session) -> None:
    await cells.run("from __future__ import annotations")
    assert await last_value(cells, "def f(x: no_such_name): pass\nf.__annotations__") == "{'x': 'no_such_name'}"


async def test_exit_ends_the_session_cleanly(cells: Session) -> None:
    left = await cells.run("import atexit\natexit.register(print, 'bye')\nprint('hi')\nexit()")
    assert (left.status, left.stdout, left.exit_code, left.state) == ("ok", "hi\nbye\n", 0, "lost")
    assert not cells.alive
    with pytest.raises(SessionLost, match=r"left with exit code 0.*restart\(\)"):
        await cells.run("print(1)")
    with pytest.raises(SessionLost):
        await cells.get("x")
    await cells.restart()
    assert cells.alive
    left = await cells.run("import sys\nsys.exit('no')")
    assert (left.status, left.error_name, left.error_text, left.exit_code, left.state) == (
        "error",
        "SystemExit",
        "no",
        1,
        "lost",
    )


async def test_restart_begins_anew(cells: Session, executor: Executor) -> None:
    await executor.put("n", 7)
    await cells.run("x = 1\nopen('file', 'w').close()")
    await cells.restart()
    result = await cells.run("import os\nprint('x' in globals(), os.listdir('.'), n)")
    assert result.stdout == "False [] 7\n"
    running = asyncio.create_task(cells.run("print('on')\nwhile True: pass"))
    await asyncio.sleep(0.3)
    await cells.restart()
    assert (await running).status == "interrupted"
    assert (await cells.run("print(n)")).stdout == "7\n"


# Data


async def test_inputs_and_files_come_in_and_values_go_out(executor: Executor, cells: Session, tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    await executor.put("frame", frame)
    await executor.put("f", lambda n: n + 1, pickle=True)
    (tmp_path / "in").write_text("one")
    await executor.put_file(tmp_path / "in")
    result = await cells.run("frame['b'] = frame['a'].map(f)\nprint(open('in').read())", export=("frame",))
    assert result.stdout == "one\n", result.stderr
    pd.testing.assert_frame_equal(await cells.get("frame"), frame.assign(b=[2, 3]))
    await executor.put("late", {"x": (1, 2)})
    await executor.put("g", lambda n: n * 2, pickle=True)
    (tmp_path / "in").write_text("two")
    await executor.put_file(tmp_path / "in")
    result = await cells.run("print(open('in').read(), late, g(4), list(frame))\nlate = 0")
    assert result.stdout == "two {'x': (1, 2)} 8 ['a', 'b']\n", result.stderr
    assert await cells.get("late") == 0
    assert await last_value(cells, "late") == "0", "an input is set once, not before each cell"
    assert (await executor.run("print(late)")).stdout == "{'x': (1, 2)}\n"


async def test_any_variable_can_be_had(cells: Session) -> None:
    with pytest.raises(UnknownName):
        await cells.get("x")
    await cells.run("x = 1\nodd = print\nimport threading\nclass Slow(dict): pass")
    assert await cells.get("x") == 1
    await cells.run("x += 1\nprint('said')")
    assert await cells.get("x") == 2
    with pytest.raises(UnknownName, match="no variable 'absent'"):
        await cells.get("absent")
    with pytest.raises(BadInput, match="cannot come back"):
        await cells.get("odd")
    with pytest.raises(BadInput):
        await cells.get("no name")
    await cells.run("_ = threading.Timer(0.1, print, ['late']).start()")
    await asyncio.sleep(0.3)
    assert await cells.get("x") == 2
    assert (await cells.run("pass")).stdout == "late\n", "having a value takes no output from the next cell"
    last = await cells.run("x = 'exported'\nexit()", export=("x",))
    assert last.state == "lost"
    assert await cells.get("x") == "exported"


async def test_an_input_that_cannot_be_loaded_is_the_cells_error(executor: Executor, cells: Session) -> None:
    await cells.run("x = 1")
    await executor.put("n", 1)
    Path(executor._inputs["n"]["path"]).write_text("{")
    result = await cells.run("n")
    assert (result.status, result.state, result.error_name) == ("error", "kept", "Refused")
    assert await last_value(cells, "x") == "1"


# Output


async def test_output_comes_as_it_happens(cells: Session) -> None:
    for _ in range(2):
        events = [e async for e in cells.stream("import time\nprint('one')\ntime.sleep(0.3)\nprint('two')\n1")]
        assert isinstance(events[-1], Result)
        live = [event for event in events if isinstance(event, OutputEvent)]
        assert [(event.kind, event.text) for event in live] == [("stdout", "one\n"), ("stdout", "two\n"), ("rich", "")]
    flood = await cells.run("for n in range(200_000): print(n)")
    assert flood.cut["stdout"] > 1_000_000
    assert flood.stdout.endswith("199999\n")
    seen: list[str] = []
    after = await cells.run("print('live again')", on_output=lambda event: seen.append(event.text))
    assert (after.stdout, seen, after.cut) == ("live again\n", ["live again\n"], {})


async def test_what_is_said_between_cells_comes_with_the_next(cells: Session) -> None:
    code = (
        "import threading, time\ndef work():\n    time.sleep(0.2)\n    print('between')\n    display(5)\n"
        "threading.Thread(target=work).start()\nprint('now')"
    )
    assert (await cells.run(code)).stdout == "now\n"
    await asyncio.sleep(0.6)
    events = [event async for event in cells.stream("print('next')")]
    assert isinstance(events[-1], Result)
    assert events[-1].stdout == "between\nnext\n"
    assert [output.data["text/plain"] for output in events[-1].outputs] == ["5"]
    assert "".join(event.text for event in events if isinstance(event, OutputEvent)) == "between\nnext\n"


async def test_a_flood_between_cells_is_bounded_and_counted(cells: Session) -> None:
    code = "import threading\ngo = True\ndef work():\n    while go: print('x' * 1000)\nthreading.Thread(target=work).start()"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (await cells.run(code)).ok
    await asyncio.sleep(1.5)
    result = await cells.run("go = False")
    assert result.ok
    assert len(result.stdout) < 70_000
    assert result.cut["stdout"] > 1_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024
    assert (await cells.run("print('calm')")).stdout.endswith("calm\n")


async def test_a_child_that_reaches_the_end_of_its_cell_ends(cells: Session) -> None:
    code = "import os\npid = os.fork()\nif pid:\n    print('parent', os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\nelse:\n    print('child')"
    result = await cells.run(code)
    assert (result.status, sorted(result.stdout.split("\n"))) == ("ok", ["", "child", "parent 0"])
    assert await last_value(cells, "pid > 0") == "True"


# Stopping


async def test_a_cell_that_obeys_its_limit_keeps_the_state(cells: Session) -> None:
    await cells.run("x = 1")
    for code in (
        "while True: x += 1",
        "import time; time.sleep(100)",
        "import subprocess; subprocess.run(['sleep', '100'])",
    ):
        result = await cells.run("print('seen')\n" + code, timeout=0.5)
        assert (result.status, result.limit, result.state) == ("timeout", "seconds", "kept")
        assert (result.stdout, result.error_name) == ("seen\n", "Timeout")
        assert "KeyboardInterrupt" in result.traceback
    assert (await cells.run("print(x > 1)")).stdout == "True\n"


async def test_interrupt(cells: Session) -> None:
    await cells.interrupt()
    started = asyncio.Event()
    code = "x = 1\ntry:\n    print('on')\n    while True: pass\nfinally: x = 2"
    task = asyncio.create_task(cells.run(code, on_output=lambda _: started.set()))
    await asyncio.wait_for(started.wait(), 20)
    await cells.interrupt()
    result = await asyncio.wait_for(task, 10)
    assert (result.status, result.state, result.stdout) == ("interrupted", "kept", "on\n")
    assert await last_value(cells, "x") == "2"
    task = asyncio.create_task(cells.run("while True: pass"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await cells.interrupt()
    assert (await asyncio.wait_for(task, 10)).status == "interrupted", "also before the kernel has heard of it"
    assert await last_value(cells, "x") == "2"


async def test_leaving_stops_the_cell_and_keeps_the_state(cells: Session) -> None:
    await cells.run("x = 1")
    async with contextlib.aclosing(cells.stream("x = 2\nprint('on')\nwhile True: pass")) as events:
        async for _ in events:
            break
    assert await last_value(cells, "x") == "2"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(cells.run("x = 3\nwhile True: pass"), 0.5)
    assert await last_value(cells, "x") == "3"
    stubborn = "import signal\nsignal.signal(2, signal.SIG_IGN)\nprint('on')\nwhile True: pass"
    async with contextlib.aclosing(cells.stream(stubborn)) as events:
        async for _ in events:
            break
    with pytest.raises(SessionLost):
        await cells.run("x")


async def test_a_lost_kernel_takes_the_state_and_nothing_else(executor: Executor, cells: Session) -> None:
    assert (await executor.run("print(1)")).ok
    await cells.run("x = 1")
    running = asyncio.create_task(cells.run("print('on', flush=True)\nimport time; time.sleep(60)"))
    await asyncio.sleep(0.5)
    assert cells._kernel is not None
    os.kill(cells._kernel.result()._manager.provisioner.process.pid, 9)
    result = await asyncio.wait_for(running, 20)
    assert (result.status, result.stdout, result.error_name, result.state) == ("died", "on\n", "KernelLost", "lost")
    assert (await executor.run("print(2)")).stdout == "2\n"
    with pytest.raises(SessionLost, match="kernel"):
        await cells.run("x")
    await cells.restart()
    assert await last_value(cells, "1 + 1") == "2"
    os.kill(cells._kernel.result()._manager.provisioner.process.pid, 9)
    await asyncio.sleep(0.2)
    with pytest.raises(SessionLost, match="its kernel ended"):
        await cells.run("1")
    assert not cells.alive


# Beside programs


async def test_programs_and_cells_do_not_know_of_each_other(executor: Executor, cells: Session) -> None:
    await cells.run("import os\nx = 1\nopen('mine', 'w').close()")
    program = await executor.run("import os\nprint('x' in globals(), os.listdir('.'))")
    assert program.stdout == "False ['program.py']\n"
    waiting = asyncio.create_task(cells.run("import time\ntime.sleep(1)\nx += 1"))
    during = await executor.run("import os\ntry: os.kill(-1, 9)\nexcept OSError: pass")
    assert not waiting.done()
    assert during.status in ("ok", "died")
    for code in ("import os; os.abort()", "while True: pass"):
        await executor.run(code, timeout=0.3)
    assert (await waiting).ok
    assert await last_value(cells, "x") == "2"
    async with executor.session() as other:
        assert (await other.run("print('x' in globals())")).stdout == "False\n"
        await other.run("import os; os._exit(1)")
    assert await last_value(cells, "x, os.listdir('.')") == "(2, ['mine'])"


async def test_the_spare_kernel_serves_a_session(leak_check: None) -> None:
    async with open_executor(preload=()) as executor:
        await executor.run("pass")
        assert await eventually(lambda: executor._spare is not None and executor._spare.done(), 20)
        before = children()
        async with executor.session() as cells:
            assert await last_value(cells, "1") == "1"
            assert children() > before
            assert (await executor.run("print(2)")).stdout == "2\n"


async def test_limits_of_a_session(executor: Executor) -> None:
    limits = Limits(seconds=5, memory_mb=200, output_bytes=10, processes=20)
    async with executor.session(limits=limits) as cells:
        assert (await cells.run("print('x' * 100)")).cut == {"stdout": 81}
        for _ in range(2):
            assert (await cells.run("held = globals().get('held', []) + [bytearray(60_000_000)]")).ok
        hungry = await cells.run("held.append(bytearray(120_000_000))\nimport time; time.sleep(3)")
        assert (hungry.status, hungry.limit, hungry.state) == ("killed", "memory", "lost")
        await cells.restart()
        with pytest.raises(BadInput):
            await cells.run("pass", timeout=-1)
        assert (await cells.run("pass")).peak_mb > 1
    assert (await executor.run("print('x' * 100)")).cut == {}


async def test_processor_time_is_for_each_cell(executor: Executor) -> None:
    async with executor.session(limits=Limits(seconds=20, cpu_seconds=1)) as cells:
        spin = "import time\nend = time.process_time() + {}\nwhile time.process_time() < end: pass"
        for _ in range(3):
            result = await cells.run(spin.format(0.5))
            assert result.ok
            assert 0.4 < result.cpu_seconds < 0.9
        result = await cells.run(spin.format(20))
        assert (result.status, result.limit, result.state) == ("killed", "cpu", "lost")


# The end


DAEMON = (
    "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(100)\n"
    "    os._exit(0)\nos.wait()"
)
THREAD = "import threading, time\nthreading.Thread(target=time.sleep, args=(100,)).start()"
CHILD = "import subprocess\np = subprocess.Popen(['sleep', '100'])"


@pytest.mark.parametrize("code", [DAEMON, THREAD, CHILD], ids=["daemon", "thread", "child"])
async def test_what_cells_leave_running_ends_with_the_session(executor: Executor, code: str) -> None:
    assert (await executor.run("pass")).ok
    before = children(), len(run_directories())
    async with executor.session() as cells:
        result = await cells.run(code)
        assert (result.status, result.state) == ("ok", "kept")
        running = children()
        assert (await cells.run("1")).ok
        assert children() == running, "it lives on between cells"
        await cells.restart()
        await cells.run(code)
        assert len(children()) == len(running)
    assert children() == before[0]
    assert len(run_directories()) == before[1]
    await cells.close()
    with pytest.raises(ExecutorError, match="session is closed"):
        await cells.run("1")


@pytest.mark.parametrize("tier", ["limits", "landlock", "seccomp", "namespaces", "bubblewrap"])
async def test_a_session_in_every_tier(leak_check: None, tier: str) -> None:
    if probe()[tier]:
        pytest.skip(probe()[tier])
    async with open_executor(preload=(), spare=False, tier=tier) as executor, executor.session() as cells:
        await executor.put("n", 7)
        assert (await cells.run("x = n")).tier == cells.tier
        await executor.put("late", 8)
        assert await last_value(cells, "x, late") == "(7, 8)"
        await cells.run(DAEMON + "\n" + THREAD)
        assert (await cells.run("import time; time.sleep(100)", timeout=0.3)).state == "kept"
        assert (
            await cells.run("import signal; signal.signal(2, print)\nwhile True: pass", timeout=0.3)
        ).state == "lost"
        await cells.restart()
        assert await last_value(cells, "late") == "8"


async def test_closing_the_executor_closes_its_sessions(leak_check: None) -> None:
    async with open_executor(preload=(), spare=False) as executor:
        cells = await executor.session().__aenter__()
        await cells.run(THREAD)
        running = asyncio.create_task(cells.run("while True: pass"))
        await asyncio.sleep(0.3)
    assert (await running).status == "died"
    assert not cells.alive
    with pytest.raises(ExecutorError, match="closed"):
        async with executor.session():
            pass


PARENT = textwrap.dedent(
    """
    import asyncio, sys
    from codesteer_kernel.executor import open_executor

    async def main():
        async with open_executor(preload=()) as executor, executor.session() as cells:
            await executor.run("pass")
            print("ready", flush=True)
            await cells.run(sys.argv[1])
            await cells.run(sys.argv[2], on_output=lambda e: print(e.text, flush=True))
            print("on", flush=True)
            await asyncio.sleep(100)

    asyncio.run(main())
    """
)


@pytest.mark.parametrize("second", ["print('on')\nx = 3 ** (10 ** 9)", "pass"], ids=["in a cell", "between cells"])
@pytest.mark.parametrize("first", [DAEMON, THREAD], ids=["daemon", "thread"])
async def test_no_session_survives_the_death_of_the_user_kernel(first: str, second: str) -> None:
    directories = run_directories()
    words = [sys.executable, "-c", PARENT, first, second]
    parent = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert parent.stdout is not None
    with parent:
        assert await asyncio.to_thread(parent.stdout.readline) == "ready\n"
        assert await asyncio.to_thread(parent.stdout.readline) == "on\n"
        below = children() - {parent.pid}
        parent.send_signal(signal.SIGKILL)
    assert len(below) >= 5

    def gone() -> bool:
        return not any(Path(f"/proc/{pid}").exists() for pid in below)

    assert await eventually(gone)
    assert await eventually(lambda: run_directories() <= directories)


def descriptors() -> int:
    """Open descriptors of this process and of all below it."""
    return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in (os.getpid(), *children()))


async def test_many_cells_leave_nothing(executor: Executor) -> None:
    code = "import os, threading\nif os.fork() == 0: os._exit(0)\nos.wait()\nthreading.Thread(target=int).start()\nopen('f', 'w').close()"
    async with executor.session() as cells:
        for _ in range(5):
            await cells.run(code)
        before = children(), descriptors()
        for _ in range(100):
            result = await cells.run(code)
            assert result.ok, result
        # What is opened once, whenever that is, is not left by a hundred cells: that would be a hundred, or more.
        assert children() == before[0]
        assert descriptors() - before[1] < 20


def test_plain_calls(leak_check: None) -> None:
    with SyncExecutor(limits=Limits(seconds=20, memory_mb=512), preload=(), spare=False) as executor:
        executor.put("n", 20)
        with executor.session(limits=Limits(seconds=5)) as cells:
            seen: list[str] = []
            assert cells.run("x = n + 1\nprint(x)", on_output=lambda event: seen.append(event.text)).stdout == "21\n"
            assert seen == ["21\n"]
            assert cells.get("x") == 21
            cells.run("open('f', 'w').write('left')")
            assert cells.get_file("f") == b"left"
            assert cells.tier == executor.run("pass").tier
            cells.interrupt()
            cells.restart()
            assert cells.run("print('x' in globals())").stdout == "False\n"
            assert cells.run("exit()").state == "lost"
            assert not cells.alive
