"""Disk and shared memory that a program takes: weigh it, free it.

A program can nest folders deeper than any path is long, so that what lies below has no name: that is neither to hide it nor
to keep it from being removed.
"""

# The child works with descriptors and with paths that came as text.
# ruff: noqa: PTH101, PTH108, PTH112, PTH114, PTH116, PTH118, PTH120, PTH208

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Iterable

_BLOCK = 512
_ENTRY = 4096
"""What a file without content counts: a million of them are not nothing."""
_LOOK_S = 1.0
"""Processor time for a look, so that a machine that is busy with other things sees as much."""
_LONGEST = 1024
"""Characters of a path below a program's folder, beyond which nobody needs one."""


def taken(folders: Iterable[str], pids: Iterable[int]) -> int:
    """Bytes held below ``folders``, with files that have been removed and are still open in one of ``pids``.

    Stops looking after a second: whoever makes so many files that this is not enough is found out the next time. A
    folder so deep that its path becomes too long counts as more than any limit.
    """
    until = time.thread_time() + _LOOK_S
    seen: set[tuple[int, int]] = set()
    total = 0

    def weigh(facts: os.stat_result) -> int:
        # Windows does not tell which file it is, nor how many blocks it has.
        if facts.st_ino and (facts.st_dev, facts.st_ino) in seen:
            return 0
        seen.add((facts.st_dev, facts.st_ino))
        return max(facts.st_blocks * _BLOCK if hasattr(facts, "st_blocks") else facts.st_size, _ENTRY)

    front = list(folders)
    longest = max(map(len, front), default=0) + _LONGEST
    while front and time.thread_time() < until:
        folder = front.pop()
        if len(folder) > longest:
            return sys.maxsize
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
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
                remove_tree(path)
            else:
                with contextlib.suppress(OSError):
                    os.unlink(path)


def remove_tree(path: str | os.PathLike[str]) -> None:
    """Remove a folder that a program may have made unreadable, or too deep; links are removed, never followed.

    What cannot be removed stays, and is no error. No program may be at work in it.
    """
    with contextlib.suppress(RecursionError):
        shutil.rmtree(path, onerror=_open_up)
    if os.path.isdir(path) and not os.path.islink(path) and os.rename in os.supports_dir_fd:
        with contextlib.suppress(OSError):
            _flatten(path)
        shutil.rmtree(path, ignore_errors=True)


def _open_up(_function: object, failed: str, _error: object) -> None:
    with contextlib.suppress(OSError):
        os.chmod(os.path.dirname(failed), 0o700)
        if os.path.isdir(failed) and not os.path.islink(failed):
            os.chmod(failed, 0o700)
            shutil.rmtree(failed, ignore_errors=True)
        else:
            os.unlink(failed)


def _flatten(path: str | os.PathLike[str]) -> None:
    """Move each folder below into this one, so that there are none in it that have any."""
    kind = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    mark, count = secrets.token_hex(4), 0
    top = os.open(path, kind)
    try:
        front = _folders(top)
        while front:
            inner = os.open(front.pop(), kind, dir_fd=top)
            try:
                for name in _folders(inner):
                    count += 1
                    os.rename(name, f"{mark}{count}", src_dir_fd=inner, dst_dir_fd=top)
                    front.append(f"{mark}{count}")
            finally:
                os.close(inner)
    finally:
        os.close(top)


def _folders(descriptor: int) -> list[str]:
    """Names of the folders in an open one, which can be entered and moved from now on."""
    with os.scandir(descriptor) as entries:
        names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    for name in names:
        os.chmod(name, 0o700, dir_fd=descriptor)
    return names
