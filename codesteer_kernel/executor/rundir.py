"""Run directories: private, short enough for socket paths, gone afterwards.

Each executor owns one below a folder of its user. The owner holds a lock on it for as long as it lives, in whatever
process namespace, so that whoever comes later can tell a leftover from a neighbour and sweep it.
"""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from codesteer_kernel.errors import ExecutorError
from codesteer_kernel.executor import locks
from codesteer_kernel.executor.child.space import remove_tree

__all__ = ["RunDirectory"]

_LONGEST = 60
"""Characters for the folder of all runs: a socket path may have about 100 (103 on macOS), and ours add about 35."""


class RunDirectory:
    """A fresh directory of mode 0700, removed by :meth:`remove`, or by the next executor when this process dies.

    Raises:
        ExecutorError: no directory can be made.
    """

    def __init__(self) -> None:
        base = _base()
        try:
            turn = locks.acquire(base / ".lock")
            try:
                _sweep(base)
                self.path = base / secrets.token_hex(4)
                self.path.mkdir(mode=0o700)
                self._lock = locks.try_acquire(self.path / "lock")
            finally:
                os.close(turn)
        except OSError as error:
            raise ExecutorError(
                f"No run directory can be made in {base}: {error.strerror or error}.",
                "Free some space there, or set TMPDIR to a folder that can be written.",
            ) from None

    def folder(self, name: str) -> Path:
        """Make a folder in this directory."""
        path = self.path / name
        path.mkdir(mode=0o700)
        return path

    def remove(self) -> None:
        """Remove everything and give up the lock. Removing twice is no error."""
        lock, self._lock = self._lock, None
        if lock is not None:
            _remove_locked(self.path, lock)


def _remove_locked(path: Path, lock: int) -> None:
    """Remove a directory whose lock is held, so that nobody sweeps it meanwhile, and give the lock up."""
    remove_tree(path)
    os.close(lock)
    # Windows keeps a file as long as it is open: there the lock and its folder go only now.
    remove_tree(path)


def _base() -> Path:
    """The folder of this user's run directories: private, and really this user's."""
    tried = []
    for path in _places():
        try:
            path.mkdir(mode=0o700, exist_ok=True)
            facts = path.lstat()
        except OSError as error:
            tried.append(f"{path}: {error.strerror}")
            continue
        if _is_private(facts):
            return path
        tried.append(f"{path}: belongs to someone else, or is open to others")
    raise ExecutorError(
        f"No private folder for run directories ({'; '.join(tried)}).",
        "Set TMPDIR to a folder with a short path that only you can write.",
    )


def _places() -> Iterator[Path]:
    if not hasattr(os, "getuid"):
        # Windows gives each user a folder for temporary files that is closed to others, and no socket lies there.
        yield Path(tempfile.gettempdir()) / "codesteer-x"
        return
    for place in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 - the folder below is checked to be ours
        path = Path(place) / f"codesteer-x-{os.getuid()}"
        if len(os.fsencode(path)) <= _LONGEST:
            yield path


def _is_private(facts: os.stat_result) -> bool:
    if not stat.S_ISDIR(facts.st_mode):
        return False
    return not hasattr(os, "getuid") or (facts.st_uid == os.getuid() and not facts.st_mode & 0o077)


def _sweep(base: Path) -> None:
    """Remove the directories whose owners are dead."""
    for path in base.iterdir():
        if path.is_dir() and not path.is_symlink():
            lock = locks.try_acquire(path / "lock")
            if lock is not None:
                _remove_locked(path, lock)
