"""What is printed is all there and in order, however it is printed and whatever ends the program."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesteer_kernel.executor import Executor, Limits
from codesteer_kernel.executor.child import journal

ROOM = 8 * journal.BLOCK
FLOOD = "for n in range(60_000): print('line', n)\n"
"""Enough that nobody looks at each line any more, with the last block not passed on yet."""
WHOLE = "".join(f"line {n}\n" for n in range(60_000))

steps = st.lists(
    st.tuples(
        st.sampled_from(["lines", "text", "bytes", "flush", "finish", "renew"]),
        st.sampled_from([1, 10, 300, 9_000]),
        st.sampled_from(["x", "ä", "\ud800", "x\0", "x\r", "long " * 40]),
    ),
    max_size=12,
)


def take(step: tuple[str, int, str], stream: io.TextIOWrapper) -> str:
    """Take one step; returns what it has written."""
    kind, count, text = step
    if kind == "lines":
        for number in range(count):
            print(number, text, file=stream)
        return "".join(f"{number} {text}\n" for number in range(count))
    if kind == "text":
        assert stream.write(text * count) == len(text) * count
        return text * count
    if kind == "bytes":
        stream.flush()
        data = text.encode("utf-8", "backslashreplace") * count
        assert stream.buffer.write(data) == len(data)
        return data.decode()
    assert stream.flush() is None  # type: ignore[func-returns-value]
    act: dict[str, Callable[[Any], Any]] = {
        "flush": lambda buffer: None,
        "finish": journal.JournalWriter.finish,
        "renew": journal.JournalWriter.renew,
    }
    act[kind](stream.buffer)
    return ""


@settings(deadline=None, max_examples=60)
@given(steps=steps, room=st.sampled_from([journal.BLOCK, ROOM]))
def test_what_is_not_in_the_pipe_is_in_the_journal(steps: list[tuple[str, int, str]], room: int) -> None:
    kept = journal.allocate(room)
    with tempfile.TemporaryFile() as file:
        stream = journal.text(file.fileno(), kept)
        written = "".join(take(step, stream) for step in steps)
        # Flushed, not closed: as a program leaves it that is killed.
        stream.flush()
        file.seek(0)
        found = file.read() + b"".join(journal.rest(kept))
        assert found.rstrip(b"\0") == written.encode("utf-8", "backslashreplace").rstrip(b"\0")
        stream.close()
        assert stream.closed
        with pytest.raises(ValueError, match="closed"):
            print("more", file=stream)
        file.seek(0)
        assert file.read() == written.encode("utf-8", "backslashreplace")


@pytest.mark.parametrize("room", [journal.BLOCK, ROOM])
def test_a_journal_is_passed_on_when_a_block_is_full(room: int) -> None:
    kept = journal.allocate(room)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - only its descriptor is used
        stream = journal.text(nowhere.fileno(), kept)
        most = 0
        for number in range(100_000):
            print(number, file=stream)
            most = max(most, kept.tell())
        stream.close()
    assert journal.BLOCK // 2 < most < 2 * journal.BLOCK


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("import os; os._exit(0)", "ok"),
        ("import os; os.kill(os.getpid(), 9)", "died"),
        ("import ctypes; ctypes.string_at(0)", "died"),
        ("import os; os.execv('/bin/true', ['true'])", "ok"),
        ("raise SystemExit(0)", "ok"),
        ("import sys; sys.stdout.close()", "ok"),
        ("while True:\n    try:\n        while True: pass\n    except KeyboardInterrupt: pass", "timeout"),
    ],
)
async def test_no_line_is_lost_whatever_ends_the_program(executor: Executor, end: str, status: str) -> None:
    result = await executor.run(FLOOD + end, timeout=8, limits=Limits(output_bytes=1 << 20))
    assert (result.status, result.stdout) == (status, WHOLE)


async def test_children_write_after_what_was_printed_before_them(executor: Executor) -> None:
    code = (
        "import os\n" + FLOOD + "if os.fork() == 0:\n    print('child')\n    os._exit(0)\n"
        "os.wait()\nprint('parent')\nif os.fork() == 0:\n    print('second')\n    os.kill(os.getpid(), 9)\nos.wait()\n"
        "print('end')\nos._exit(0)"
    )
    result = await executor.run(code, limits=Limits(output_bytes=1 << 20))
    assert result.stdout == WHOLE + "child\nparent\nsecond\nend\n"


async def test_lines_of_threads_stay_whole(executor: Executor) -> None:
    code = (
        "import threading\ndef work(name):\n    for n in range(15_000): print(f'{name} {n}\\n', end='')\n"
        "threads = [threading.Thread(target=work, args=(name,)) for name in 'abcd']\n"
        "for one in threads: one.start()\nfor one in threads: one.join()\n"
    )
    result = await executor.run(code, limits=Limits(output_bytes=1 << 20))
    lines = result.stdout.splitlines()
    for name in "abcd":
        assert [line for line in lines if line.startswith(name)] == [f"{name} {n}" for n in range(15_000)]
    assert len(lines) == 60_000


async def test_what_signal_handlers_print_comes_between(executor: Executor) -> None:
    # Not in the live part, where Python's own buffer refuses a second call within the first.
    code = (
        "import itertools, signal\nnumbers = itertools.count()\ndef tick(*_):\n    print(f'tick {next(numbers)}\\n', end='')\n"
        + FLOOD
        + "signal.signal(signal.SIGALRM, tick)\nsignal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)\n"
        "for n in range(60_000): print(f'more {n}\\n', end='')\nsignal.setitimer(signal.ITIMER_REAL, 0)\n"
        "print('ticks', next(numbers))"
    )
    result = await executor.run(code, limits=Limits(output_bytes=2 << 20))
    assert result.ok, result.traceback
    *lines, last = result.stdout[len(WHOLE) :].splitlines()
    ticks = [line for line in lines if line.startswith("tick")]
    assert [line for line in lines if line.startswith("more")] == [f"more {n}" for n in range(60_000)]
    # One may come between the number and the print of another.
    assert sorted(ticks) == sorted(f"tick {n}" for n in range(len(ticks)))
    assert (last, len(lines)) == (f"ticks {len(ticks)}", 60_000 + len(ticks))


async def test_long_lines_and_none_at_all_take_no_memory(executor: Executor) -> None:
    endless = "import sys\nfor _ in range(3_000): sys.stdout.write('x' * 100_000)\nprint('end')"
    lines = "for _ in range(300): print('x' * 1_000_000)\nprint('end')"
    for code in (endless, lines):
        result = await executor.run(code, limits=Limits(memory_mb=200))
        assert result.ok
        assert result.stdout.endswith("end\n")
        assert result.cut["stdout"] > 290_000_000
        assert result.peak_mb < 200


def test_what_a_handler_prints_in_the_middle_of_a_flush_comes_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two signals while a block is passed on: one as it is sent, one as what the first has printed is flushed."""

    class Raw(io.FileIO):
        def write(self, data: Any, /) -> int:
            if buffer.write == buffer._wait and late:
                buffer.write(late.pop())
            return super().write(data)

    early, late = [b"first\n"], [b"second\n"]

    def send(descriptor: int, data: Any) -> int:
        if early:
            buffer.write(early.pop())
        return os.write(descriptor, data)

    with tempfile.TemporaryFile() as file:
        buffer = journal.JournalWriter(Raw(file.fileno(), "w", closefd=False), journal.allocate())
        buffer.write(b"-" * (journal.LIVE_BYTES + 1))
        buffer.write(b"kept\n")
        monkeypatch.setattr(journal, "_send", send)
        buffer.finish()
        file.seek(journal.LIVE_BYTES + 1)
        assert file.read() == b"kept\nfirst\nsecond\n"
        buffer.close()
