"""Locks on open files that the system frees when their owner ends, however it ends."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

__all__ = ["held", "take"]

# File systems that have no locks say so by one of these.
_NONE_HERE = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)

try:
    import fcntl
except ImportError:
    import msvcrt

    # A lock keeps others from the bytes it covers: this one covers a byte that no file reaches.
    _FAR = 1 << 40

    def _lock(descriptor: int, *, shared: bool) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError as fault:
            if fault.errno in (errno.EACCES, errno.EDEADLK):
                raise BlockingIOError from None
            raise
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)

else:

    def _lock(descriptor: int, *, shared: bool) -> None:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


def take(descriptor: int, patience: float = 0.0) -> bool:
    """Lock an open file until it is closed; False when somebody else has it for longer than ``patience`` seconds.

    On a file system without locks nobody ever has it.
    """
    end = time.monotonic() + patience
    while True:
        try:
            _lock(descriptor, shared=False)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.002)
        except OSError as fault:
            if fault.errno not in _NONE_HERE:
                raise
            return True
        else:
            return True


def held(path: Path) -> bool:
    """Whether somebody has locked a file; where there are no locks, it counts as locked. A missing file is not."""
    try:
        with path.open("rb") as file:
            _lock(file.fileno(), shared=True)
    except FileNotFoundError:
        return False
    except OSError as fault:
        return isinstance(fault, BlockingIOError) or fault.errno in _NONE_HERE
    return False
