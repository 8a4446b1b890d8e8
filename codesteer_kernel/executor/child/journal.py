"""Text output that costs no system call a line and still survives any death of the program.

The first output of a stream is written at once, line by line, for whoever watches. What comes after is not shown live
any more, so it gathers in memory that the supervisor shares, and goes through the pipe a block at a time. Whatever
ends the program, the supervisor finds the rest there.
"""

from __future__ import annotations

import io
import itertools
import mmap
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

LIVE_BYTES = 64 * 1024
"""Output of one stream that is passed on as it happens: more than anyone reads while a program runs."""
BLOCK = 256 * 1024
"""Bytes that gather in a journal before they are passed on."""
_FRONT = 64
_LINES = 128
"""Lines from one look at a journal to the next."""
_LINE = 1024
"""Mean length of lines, in bytes, up to which nobody looks in between."""
_send = os.write
"""Kept from programs that replace it."""


def allocate(room: int = BLOCK) -> mmap.mmap:
    """Memory for the journal of one stream, to be made before the fork. Zeros are what has not been written.

    Args:
        room: its size in bytes. With more than a block, small lines cost less, see :class:`JournalWriter`; what is not
            written to takes no memory. Where so much is not to be had, it is a block.
    """
    try:
        return mmap.mmap(-1, max(room, BLOCK))
    except OSError:
        return mmap.mmap(-1, BLOCK)


def rest(journal: mmap.mmap | bytes) -> Iterator[bytes]:
    """What the program left in its journal, once it has ended, piece by piece."""
    if not any(journal[:_FRONT]):
        return
    zeros = 0
    for start in range(0, len(journal), BLOCK):
        piece = journal[start : start + BLOCK]
        text = piece.rstrip(b"\0")
        if not text:
            return
        yield bytes(zeros) + text
        zeros = len(piece) - len(text)


def text(descriptor: int, journal: mmap.mmap) -> io.TextIOWrapper:
    """The text stream of a program that writes to ``descriptor``, line by line and then through ``journal``."""
    buffer = JournalWriter(io.FileIO(descriptor, "w", closefd=False), journal)
    # Lines end the same way everywhere, on Windows too.
    stream = io.TextIOWrapper(buffer, encoding="utf-8", errors="backslashreplace", newline="\n", line_buffering=True)
    # Found before the method of the class, which would be bound anew for each call.
    vars(stream)["write"] = stream.write
    return stream


class JournalWriter(io.BufferedWriter):
    """The buffer below a text stream that is flushed after each line.

    Every line runs through here: once the live part is over, it is a call of ``write`` and one of ``flush``. The first
    is ``mmap.write``, which is atomic among threads, or for what is not small lines a method that watches how full the
    journal is. The second has nothing to do, since what is in the journal is as safe as in the pipe; so one of 128 has a
    look at the journal. A child that the program forks writes its own output straight to the pipe.

    While nobody looks, 128 small lines may after all become more than a block. The journal has room for them; what is
    written there is memory that the program takes, and counts as such.
    """

    # Slots are found before the methods of the class, and faster than those.
    __slots__ = ("_between", "_guard", "_journal", "_keeps", "_live", "_mark", "closed", "flush", "write")
    closed: bool
    flush: Callable[[], None]
    write: Callable[[Any], int]

    def __init__(self, raw: io.FileIO, journal: mmap.mmap) -> None:
        self.closed = False
        super().__init__(raw)
        self._journal = journal
        self._mark = 0
        self._between: list[bytes] = []
        # Signal handlers print as well: the same thread must get in again.
        self._guard = threading.RLock()
        self._show()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self.finish, after_in_child=self._leave)

    # What is shown live

    def _show(self) -> None:
        self._live = LIVE_BYTES
        self._leave()
        self.write = self._live_write

    def _live_write(self, data: Any) -> int:
        done = super().write(data)
        self._live -= done
        if self._live < 0:
            with self._guard:
                super().flush()
                if not self._keeps:
                    self._begin()
        return done

    def _begin(self) -> None:
        self._keeps = True
        self.write = self._keep
        turns: list[Any] = [_Asked(self._look), *[None] * _LINES]
        self.flush = itertools.filterfalse(None, itertools.cycle(turns)).__next__

    def _leave(self) -> None:
        """Write to the pipe, not to the journal."""
        self._keeps = False
        self.flush, self.write = super().flush, super().write

    # What is kept

    def _keep(self, data: Any) -> int:
        if not self._keeps:
            return self._wait(data)
        # No other thread comes between the question and the write.
        try:
            done = self._journal.write(data)
        except ValueError:
            # It does not fit.
            self.finish()
            return self._pass(data) if memoryview(data).nbytes > len(self._journal) else self.write(data)
        if self._journal.tell() > BLOCK:
            self.finish()
        return done

    def _pass(self, data: Any) -> int:
        with self._guard:
            done = super().write(data)
            super().flush()
            return done

    def _look(self) -> None:
        with self._guard:
            if self._keeps:
                end = self._journal.tell()
                small = end - self._mark <= _LINES * _LINE
                self._mark = end
                self.write = self._journal.write if small and len(self._journal) > BLOCK else self._keep
                if end > BLOCK:
                    self.finish()

    def finish(self) -> None:
        """Pass on what the journal holds: when it is full, before a fork, and at the end."""
        with self._guard:
            if not self._keeps:
                return
            write, self.write, self._keeps = self.write, self._wait, False
            try:
                self._drain()
                super().flush()
                while self._between:
                    super().write(self._between.pop(0))
                    super().flush()
            finally:
                self.write, self._keeps = write, True

    def _drain(self) -> None:
        journal, end, sent = self._journal, self._journal.tell(), 0
        try:
            with memoryview(journal) as held:
                while sent < end:
                    sent += _send(self.fileno(), held[sent:end])
        finally:
            # An interrupt leaves the rest.
            left = end - sent
            journal.move(0, sent, left)
            if end > 2 * BLOCK and not left and hasattr(mmap, "MADV_REMOVE"):
                journal.madvise(mmap.MADV_REMOVE)
            else:
                for start in range(left, end, BLOCK):
                    journal[start : min(start + BLOCK, end)] = bytes(min(BLOCK, end - start))
            journal.seek(left)
            self._mark = left

    def _wait(self, data: Any) -> int:
        """Where other threads wait while the journal is passed on, and signal handlers of the same one do not."""
        with self._guard:
            if self._keeps:
                return self.write(data)
            try:
                return super().write(data)
            except RuntimeError:
                # A handler of a signal that came in the middle of a flush, which Python's buffer takes nothing during.
                self._between.append(bytes(data))
                return memoryview(data).nbytes

    def renew(self) -> None:
        """Pass on what is left; what comes next is written at once again."""
        self.finish()
        with self._guard:
            if not self.closed:
                super().flush()
                self._show()

    def close(self) -> None:
        """Pass on what is left, then close."""
        self.finish()
        with self._guard:
            self._leave()
            try:
                super().close()
            finally:
                self.closed = True


class _Asked:
    """What calls when it is asked whether it is true, which it is: ``filterfalse`` passes over it to the next item."""

    def __init__(self, told: Callable[[], None]) -> None:
        self._told = told

    def __bool__(self) -> bool:
        self._told()
        return True
