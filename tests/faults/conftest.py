"""What goes wrong in the middle of a run, and a home of each test's own to see what was kept."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel.run import engine
from codesteer_kernel.store import Store


@pytest.fixture(autouse=True)
def _own_home(home: Path) -> None:
    """Every test journals into a folder of its own."""


@pytest.fixture(scope="module", autouse=True)
def _closed() -> Iterator[None]:
    yield
    engine().close()


@pytest.fixture
def kept() -> Callable[[], Any]:
    """The newest run as the disk has it."""
    return lambda: Store().load("last")


@pytest.fixture
def full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on a disk of 96 kB: a real one where one may be mounted, else writes fail as a full disk's do."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(folder)]
    with contextlib.suppress(OSError):
        if subprocess.run(mount, capture_output=True).returncode == 0:
            try:
                yield folder
            finally:
                subprocess.run(["umount", "--lazy", str(folder)], check=True)
            return
    _inject(folder, 96_000, monkeypatch)
    yield folder


def _inject(folder: Path, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    write, left = os.write, [room]

    def guarded(descriptor: int, data: Any) -> int:
        try:
            path = str(Path(f"/proc/self/fd/{descriptor}").readlink())
        except OSError:
            path = ""
        if path.startswith(str(folder)):
            if left[0] < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            left[0] -= len(data)
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", guarded)
