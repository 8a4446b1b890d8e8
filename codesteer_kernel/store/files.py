"""Writing files so that a reader, or whoever comes after a crash, finds the whole file or none."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

__all__ = ["BINARY", "PART", "write_all", "write_whole"]

# Without it Windows would change the ends of lines.
BINARY: int = getattr(os, "O_BINARY", 0)
PART = ".part"
"""End of the names of files being written; one that is old was left by a process that died."""


def write_whole(path: Path, data: bytes, *, mode: int = 0o600, replace: bool = True, durable: bool = True) -> None:
    """Write ``data`` aside, then give it its name; ``durable`` waits until both are on the disk.

    Raises:
        FileExistsError: ``replace`` is False and there is such a file; it is left as it is.
        OSError: it cannot be written; nothing is left behind.
    """
    aside = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}{PART}")
    try:
        descriptor = os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | BINARY, mode)
        try:
            write_all(descriptor, data)
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _name(aside, path, replace=replace)
    finally:
        aside.unlink(missing_ok=True)
    if durable:
        _settle(path.parent)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of ``data``, however many calls that takes."""
    while data:
        data = data[os.write(descriptor, data) :]


def _name(aside: Path, path: Path, *, replace: bool) -> None:
    if not replace:
        try:
            # A link, unlike a rename, refuses a name that is taken.
            path.hardlink_to(aside)
        except FileExistsError:
            raise
        except OSError:
            # A file system without links.
            if path.exists():
                raise FileExistsError(path) from None
        else:
            return
    aside.replace(path)


def _settle(folder: Path) -> None:
    """Have the new name on the disk before anything that it replaces goes."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
