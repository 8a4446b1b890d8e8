"""Disk and shared memory that a program takes: weigh it, free it."""

# The child works with descriptors and with paths that came as text.
# ruff: noqa: PTH108, PTH112, PTH114, PTH116, PTH118, PTH208

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import time
from collections.abc import Iterable

_BLOCK = 512
_ENTRY = 4096
"""What a file without content counts: a million of them are not nothing."""
_LOOK_S = 1.0


def taken(folders: Iterable[str], pids: Iterable[int]) -> int:
    """Bytes held below ``folders``, with files that have been removed and are still open in one of ``pids``.

    Stops looking after a second: whoever makes so many files that this is not enough is found out the next time.
    """
    until = time.monotonic() + _LOOK_S
    seen: set[tuple[int, int]] = set()
    total = 0

    def weigh(facts: os.stat_result) -> int:
        # Windows does not tell which file it is, nor how many blocks it has.
        if facts.st_ino and (facts.st_dev, facts.st_ino) in seen:
            return 0
        seen.add((facts.st_dev, facts.st_ino))
        return max(facts.st_blocks * _BLOCK if hasattr(facts, "st_blocks") else facts.st_size, _ENTRY)

    front = list(folders)
    while front and time.monotonic() < until:
        with contextlib.suppress(OSError), os.scandir(front.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    total += weigh(entry.stat(follow_symlinks=False))
                    if entry.is_dir(follow_symlinks=False):
                        front.append(entry.path)
    for pid in pids:
        with contextlib.suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    facts = os.stat(f"/proc/{pid}/fd/{name}")
                    if stat.S_ISREG(facts.st_mode) and facts.st_nlink == 0:
                        total += weigh(facts)
    return total


def largest(folders: Iterable[str]) -> int:
    """Bytes of the longest file below ``folders``; for systems that do not limit it themselves."""
    found = 0
    front = list(folders)
    until = time.monotonic() + _LOOK_S
    while front and time.monotonic() < until:
        with contextlib.suppress(OSError), os.scandir(front.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        front.append(entry.path)
                    else:
                        found = max(found, entry.stat(follow_symlinks=False).st_size)
    return found


def empty(folder: str) -> None:
    """Remove everything in a folder that belongs to this kernel alone."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    os.unlink(path)
