"""A lock between processes that its owner's death frees."""

from __future__ import annotations

import os
from pathlib import Path

from ..locking import take

__all__ = ["FileLock"]


class FileLock:
    """An exclusive lock on ``path``, a file that stays there: removing it would let two owners in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def acquire(self) -> bool:
        """Try to take the lock; False when another process (or another ``FileLock``) has it."""
        if self._fd is not None:
            return True
        # Python's descriptors are not inherited, on any system.
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        if not take(fd):
            os.close(fd)
            return False
        self._fd = fd
        return True

    def release(self) -> None:
        """Give the lock back. Idempotent."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
