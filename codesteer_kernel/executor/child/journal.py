"""Text output that costs no system call a line and still survives any death of the program.

The first output of a stream is written at once, line by line, for whoever watches. What comes after is not shown live
any more, so it gathers in memory that the supervisor shares, and goes through the pipe a block at a time. Whatever
ends the program, the supervisor finds the rest there.
"""

from __future__ import annotations

import io
import mmap
import os
import threading
from collections.abc import Callable
from typing import Any

LIVE_BYTES = 64 * 1024
"""Output of one stream that is passed on as it happens: more than anyone reads while a program runs."""
BLOCK = 256 * 1024
"""Size of a journal in bytes."""
_FRONT = 64


def allocate() -> mmap.mmap:
    """Memory for the journal of one stream, to be made before the fork. Zeros are what has not been written."""
    return mmap.mmap(-1, BLOCK)


def rest(journal: mmap.mmap | bytes) -> bytes:
    """What the program left in its journal, once it has ended."""
    return journal[:].rstrip(b"\0") if any(journal[:_FRONT]) else b""


def text(descriptor: int, journal: mmap.mmap) -> io.TextIOWrapper:
    """The text stream of a program that writes to ``descriptor``, line by line and then through ``journal``."""
    buffer = JournalWriter(io.FileIO(descriptor, "w", closefd=False), journal)
    # Lines end the same way everywhere, on Windows too.
    return io.TextIOWrapper(buffer, encoding="utf-8", errors="backslashreplace", newline="\n", line_buffering=True)


class JournalWriter(io.BufferedWriter):
    """The buffer below a text stream that is flushed after each line.

    Every line runs through here, so once the live part is over a line costs one call: ``mmap.write``, which is atomic
    among threads. A child that the program forks writes its own output straight to the pipe.
    """

    def __init__(self, raw: io.FileIO, journal: mmap.mmap) -> None:
        super().__init__(raw)
        self._journal = journal
        self._live = LIVE_BYTES
        # Signal handlers print as well: the same thread must get in again.
        self._guard = threading.RLock()
        put: Callable[[Any], int] = self._live_write

        def write(data: Any, /) -> int:
            try:
                return put(data)
            except ValueError:
                # The journal is full, or all is closed.
                self.finish()
                return super(JournalWriter, self).write(data) if len(data) > BLOCK else put(data)

        def put_by(way: Callable[[Any], int]) -> None:
            nonlocal put
            put = way

        # Found before the method of the class, and cheaper to call than one.
        vars(self)["write"] = write
        self._put_by = put_by
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self.finish, after_in_child=self._in_child)

    def _live_write(self, data: Any) -> int:
        self._live -= len(data)
        done = super().write(data)
        if self._live < 0:
            super().flush()
            self._begin()
        return done

    def _begin(self) -> None:
        self._put_by(self._journal.write)
        # What is in the journal is as safe as in the pipe, so that a flush, which comes with each line, is for nothing.
        vars(self)["flush"] = [].clear

    def finish(self) -> None:
        """Pass on what the journal holds: when it is full, before a fork, and at the end."""
        with self._guard:
            if self.closed or "flush" not in vars(self):
                return
            # Other threads wait here meanwhile.
            self._put_by(self._wait)
            end = self._journal.tell()
            if end:
                super().write(self._journal[:end])
            super().flush()
            self._journal.seek(0)
            self._journal.write(bytes(end))
            self._journal.seek(0)
            self._begin()

    def renew(self) -> None:
        """Pass on what is left; what comes next is written at once again."""
        self.finish()
        with self._guard:
            if not self.closed:
                vars(self).pop("flush", None)
                super().flush()
                self._live = LIVE_BYTES
                self._put_by(self._live_write)

    def _wait(self, data: Any) -> int:
        with self._guard:
            return super().write(data)

    def close(self) -> None:
        """Pass on what is left, then close."""
        self.finish()
        vars(self).pop("flush", None)
        super().close()

    def _in_child(self) -> None:
        vars(self).pop("flush", None)
        self._put_by(super().write)
