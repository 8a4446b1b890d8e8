"""Locks: between processes, on file systems that have none, and where the system is not POSIX."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from codesteer_kernel import locking
from codesteer_kernel.record import Record
from codesteer_kernel.store import Store

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.touch()
    return path


def test_a_lock_is_one_owners_until_it_closes_the_file(path: Path) -> None:
    mine, theirs = (os.open(path, os.O_RDWR) for _ in range(2))
    assert not locking.held(path)
    assert locking.take(mine)
    assert locking.held(path)
    assert not locking.take(theirs)
    assert not locking.take(theirs, patience=0.02)
    assert locking.held(path), "asking takes nothing away"
    os.close(mine)
    assert not locking.held(path)
    assert locking.take(theirs)
    os.close(theirs)
    assert not locking.held(path.with_name("missing"))


def test_where_there_are_no_locks_a_run_counts_as_going_on(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_here(descriptor: int, *, shared: bool) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locking, "_lock", none_here)
    with path.open() as file:
        assert locking.take(file.fileno())
    assert locking.held(path)
    store = Store(tmp_path / "runs")
    store.open("a").abandon()
    assert store.load("a").status == "queued"
    store.open("b").close(Record(id="b", status="done"))
    assert [row.id for row in store.rows()] == ["b", "a"]


# What Windows has in the place of fcntl, made of fcntl: a lock on some bytes, that raises what its C library does.
ELSEWHERE = """
import errno, fcntl, os, subprocess, sys, types
from pathlib import Path

def locking(descriptor, mode, size):
    assert mode == 2 and size == 1 and os.lseek(descriptor, 0, os.SEEK_CUR) == 1 << 40
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OSError(errno.EACCES, "Permission denied") from None

source = Path("codesteer_kernel/locking.py").read_text()
ours = types.ModuleType("codesteer_kernel.locking")
sys.modules |= {"msvcrt": types.SimpleNamespace(locking=locking, LK_NBLCK=2), "fcntl": None}
sys.platform = "win32"
exec(source, vars(ours))
sys.platform = "linux"
sys.modules |= {"codesteer_kernel.locking": ours, "fcntl": fcntl}
for name in ("O_CLOEXEC", "pread", "pwrite", "fork"):
    delattr(os, name)

from codesteer_kernel.record import fold
from codesteer_kernel.store import Store
from tests.store.dying import EVENTS

store = Store(Path(sys.argv[1]))
journal = store.open("a")
for event in EVENTS[:-1]:
    journal.append(event)
print(store.load("a").status, store.rows()[0].status)
journal.abandon()
print(store.load("a").status, store.rows()[0].status)
journal = store.open("b")
for event in EVENTS:
    journal.append(event)
journal.close(fold(EVENTS))
print([row.status for row in store.rows()], store.make_room(1), store.rows())
"""


def test_it_works_with_what_windows_has(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ELSEWHERE, str(tmp_path / "runs")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert done.stdout.splitlines() == [
        "running running",
        "lost lost",
        "['done', 'lost'] ['a', 'b'] []",
    ], done.stderr
