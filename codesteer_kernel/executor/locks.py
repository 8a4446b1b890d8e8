"""File locks that the system takes back when their holder dies: ``flock``, or a locked byte on Windows."""

from __future__ import annotations

import os
import time
from pathlib import Path

try:
    from fcntl import LOCK_EX, LOCK_NB, flock
except ImportError:
    from msvcrt import LK_NBLCK, locking  # type: ignore[attr-defined]

    def _lock(descriptor: int) -> None:
        locking(descriptor, LK_NBLCK, 1)

else:

    def _lock(descriptor: int) -> None:
        flock(descriptor, LOCK_EX | LOCK_NB)


__all__ = ["acquire", "try_acquire"]

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
_POLL_S = 0.01


def try_acquire(path: Path) -> int | None:
    """A descriptor that holds the lock until it is closed; None while someone else holds it."""
    descriptor = os.open(path, _FLAGS, 0o600)
    try:
        _lock(descriptor)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def acquire(path: Path) -> int:
    """As :func:`try_acquire`, but waits for whoever holds it."""
    while (descriptor := try_acquire(path)) is None:
        time.sleep(_POLL_S)
    return descriptor
