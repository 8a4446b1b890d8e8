"""The process tree without ``/proc``: what ``ps`` says, who descends from whom, and who has left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codesteer_kernel.executor.child import census, processes
from codesteer_kernel.executor.child.census import Row, Watch, below, parse

# As macOS 14 prints it: launchd, a shell, the interpreter, its child, a zombie.
MACOS = """\
    1     0   20688 Ss   Tue Nov  4 08:12:01 2025
  611     1    5312 S+   Tue Nov  4 08:13:44 2025
 1203   611   88704 S+   Tue Nov  4 09:00:02 2025
 1204  1203  101312 R    Tue Nov  4 09:00:03 2025
99998  1204    1024 SN   Tue Nov  4 09:00:03 2025
99999  1204       0 Z    Tue Nov  4 09:00:03 2025
"""
PS = pytest.mark.skipif(not Path(census.PS[0]).exists(), reason="this machine has no ps")


@pytest.fixture(params=["proc", pytest.param("ps", marks=PS)])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Both ways to look, each on its own."""
    if request.param == "proc" and not census.HAS_PROC:
        pytest.skip("this system has no /proc")
    monkeypatch.setattr(census, "HAS_PROC", request.param == "proc")
    return request.param


def program(code: str) -> subprocess.Popen[str]:
    """A process that has printed a line."""
    words = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    process = subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, start_new_session=True)
    assert process.stdout is not None
    process.told = process.stdout.readline()  # type: ignore[attr-defined]
    return process


def soon(holds: Callable[[], bool]) -> bool:
    """Whether ``holds()`` within ten seconds."""
    until = time.monotonic() + 10
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    return holds()


def test_what_ps_says() -> None:
    found = parse(MACOS)
    assert found[1203] == Row(611, 88704 * 1024, "Tue Nov  4 09:00:02 2025")
    assert len(found) == 5, "the dead are left out"
    assert parse("PID PPID\nx y z w v\n1 2\n") == {}, "what is of another form is no process"


def test_who_descends_from_whom() -> None:
    found = parse(MACOS)
    assert list(below(found, [1203])) == [1204, 99998]
    assert list(below(found, [611])) == [1203, 1204, 99998], "parents before children"
    assert below(found, [4]) == {}
    assert list(below({5: Row(6, 0, ""), 6: Row(5, 0, "")}, [5])) == [6], "a circle, as two looks at once might show"


def test_the_machine_is_seen(way: str) -> None:
    found = census.rows()
    mine = found[os.getpid()]
    assert mine.parent == os.getppid()
    assert mine.resident > 5_000_000
    assert mine.started
    assert not any(
        row.parent == os.getpid() and pid not in processes.descendants(os.getpid()) for pid, row in found.items()
    )


def test_a_daemon_that_was_seen_is_killed(way: str) -> None:
    code = (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(100)\n"
        "    os.read(0, 1)\n    os._exit(0)\nprint('on', flush=True)\nos.wait()\nprint('gone', flush=True)\ntime.sleep(100)"
    )
    process = program(code)
    assert process.stdin is not None
    assert process.stdout is not None
    watch = Watch(process.pid)
    with process:
        assert soon(lambda: len(watch.look()) == 2)
        process.stdin.write("x")
        process.stdin.flush()
        assert process.stdout.readline() == "gone\n"
        (daemon,) = watch.look()
        assert census.rows()[daemon].parent != process.pid
        watch.kill()
        process.kill()
    assert soon(lambda: daemon not in watch.look())


def test_a_number_used_again_is_another_process(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table = {10: Row(1, 0, "a"), 11: Row(10, 0, "b")}
    monkeypatch.setattr(census, "rows", lambda: table)
    watch = Watch(10)
    assert list(watch.look()) == [11]
    table[11] = Row(1, 0, "b")
    assert list(watch.look()) == [11], "it has left the tree, and is known still"
    table[11] = Row(1, 0, "c")
    assert watch.look() == {}


def test_another_process_looks_instead() -> None:
    here, there = socket.socketpair()
    process = program("import time; print('on', flush=True); time.sleep(100)")
    watch = Watch(os.getpid())
    server = threading.Thread(target=lambda: [None for _ in iter(lambda: census.answer(there, watch), False)])
    server.start()
    with process:
        assert census.ask(here)[process.pid] == pytest.approx(census.rows()[process.pid])
        process.kill()
    here.close()
    server.join(10)
    assert not server.is_alive(), "it ends with whoever asks"
    assert census.ask(here) == {}
    there.close()


def test_memory_is_weighed_by_a_census(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_look", Watch(os.getpid()).look)
    base = processes.proportional([os.getpid()])
    process = program("x = bytearray(80_000_000); print('on', flush=True); import time; time.sleep(100)")
    with process:
        tree = processes.descendants(os.getpid())
        assert process.pid in tree
        assert processes.resident([process.pid]) > 80_000_000
        assert processes.proportional([os.getpid(), process.pid]) - base >= 0
        processes.kill_all()
        assert process.wait(10) == -signal.SIGKILL
    assert process.pid not in processes.descendants(os.getpid())
