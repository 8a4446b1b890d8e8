"""The executor without an event loop, and beside one that already runs."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from codesteer_kernel.errors import BadInput, ExecutorError
from codesteer_kernel.executor import Limits, SyncExecutor

pytestmark = pytest.mark.kernel


def opened() -> SyncExecutor:
    return SyncExecutor(limits=Limits(seconds=20, memory_mb=512), preload=())


def test_plain_calls(tmp_path: Path, leak_check: None) -> None:
    threads = threading.active_count()
    (tmp_path / "in").write_text("file")
    seen: list[str] = []
    with opened() as executor:
        assert executor.tier is None
        executor.put("x", 20)
        executor.put("f", lambda n: n + 1, pickle=True)
        executor.put_file(tmp_path / "in")
        result = executor.run(
            "y = f(x)\nprint(open('in').read())\n_ = open('out', 'w').write('left')",
            export=("y",),
            on_output=lambda event: seen.append(event.text),
        )
        assert (result.status, result.stdout, seen) == ("ok", "file\n", ["file\n"])
        assert executor.tier == result.tier
        assert executor.get("y") == 21
        assert executor.get_file("out") == b"left"
        executor.restart()
        assert executor.run("print(x)").stdout == "20\n"
        assert executor.run("while True: pass", timeout=0.5).status == "timeout"
        with pytest.raises(BadInput):
            executor.put("no name", 1)
    executor.close()
    assert threading.active_count() == threads
    with pytest.raises(ExecutorError, match="closed"):
        executor.run("print(1)")
    with pytest.raises(ExecutorError, match="opened before"), executor:
        pass


async def test_inside_a_running_loop(leak_check: None) -> None:
    with opened() as executor:
        assert executor.run("print(41 + 1)").stdout == "42\n"


def test_another_thread_may_interrupt(leak_check: None) -> None:
    with opened() as executor:
        started = threading.Event()
        interrupter = threading.Thread(target=lambda: started.wait(20) and executor.interrupt())
        interrupter.start()
        result = executor.run("print('on')\nwhile True: pass", on_output=lambda event: started.set())
        interrupter.join()
        assert result.status == "interrupted"


@pytest.fixture
def heard() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt, also where the tests run in the background and would ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_stops_the_program(leak_check: None, heard: None) -> None:
    with opened() as executor:
        assert executor.run("print(1)").ok
        main = threading.main_thread().ident
        assert main is not None
        with pytest.raises(KeyboardInterrupt):
            executor.run("print('on')\nwhile True: pass", on_output=lambda _: signal.pthread_kill(main, signal.SIGINT))
        assert executor.run("print(2)").stdout == "2\n"
