"""A file of lines that only grows, and of which a crash takes at most the line that was being written."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from codesteer_kernel.config import writable
from codesteer_kernel.errors import BadInput, CacheNotWritable
from codesteer_kernel.locking import take
from codesteer_kernel.store.files import BINARY, write_all

__all__ = ["LineFile", "read_lines"]


def read_lines(path: Path) -> Iterator[tuple[bytes, bool]]:
    """Each line without its end, and whether it is whole: the last one may have been cut off. No file has no lines.

    Raises:
        BadInput: the file is there and cannot be read.
    """
    try:
        with path.open("rb") as file:
            for line in file:
                yield line.removesuffix(b"\n"), line.endswith(b"\n")
    except FileNotFoundError:
        return
    except OSError as fault:
        raise BadInput(f"{path} cannot be read ({fault.strerror}).") from None


class LineFile:
    """Appends lines to a file, for one process at a time; a context.

    A line is one write: when :meth:`append` returns, the system has it, and a killed process loses nothing of it;
    ``durable`` waits until it is on the disk, so that neither does a power cut. What a killed writer left of a last line is
    cut off when the file is opened, lest it become the beginning of the next.

    Raises:
        BadInput: another process is writing it.
        CacheNotWritable: it cannot be written.
    """

    def __init__(self, path: Path, *, durable: bool = False) -> None:
        self._path, self._durable = path, durable
        writable(path.absolute().parent)
        try:
            self._file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND | BINARY, 0o644)
        except OSError as fault:
            raise self._unwritable(fault) from None
        if not take(self._file):
            os.close(self._file)
            raise BadInput(f"Another process is writing {path}.", "Wait for its end, or stop it.")
        os.ftruncate(self._file, sum(len(line) + 1 for line, whole in read_lines(path) if whole))

    def append(self, line: bytes) -> None:
        """Write one line, given without its end.

        Raises:
            CacheNotWritable: the disk is full, say; nothing of the line is left.
        """
        before = os.fstat(self._file).st_size
        try:
            # One call, unless the disk is full: then the second one says so.
            write_all(self._file, line + b"\n")
            if self._durable:
                os.fsync(self._file)
        except OSError as fault:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, before)
            raise self._unwritable(fault) from None

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _unwritable(self, fault: OSError) -> CacheNotWritable:
        return CacheNotWritable(
            f"{self._path} cannot be written ({fault.strerror or fault}).", "Make room, or give another place."
        )
