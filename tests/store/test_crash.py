"""A writer is killed at every call that it makes to the system, and in the middle of every write: nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel.errors import UnknownName
from codesteer_kernel.record import fold
from codesteer_kernel.store import Store
from codesteer_kernel.store.files import PART
from tests.store.dying import EVENTS, RUN

ROOT = Path(__file__).parents[2]
DONE = fold(EVENTS)


@pytest.fixture(scope="module")
def dead(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What every one of the killed writers left."""
    base = tmp_path_factory.mktemp("dead")
    subprocess.run([sys.executable, "-m", "tests.store.dying", str(base)], check=True, cwd=ROOT, timeout=200)
    return sorted(base.iterdir())


def test_the_writer_is_killed_everywhere(dead: list[Path]) -> None:
    seen = [int((folder / "seen").read_text().split()[0]) for folder in dead]
    # Before the first event, after each, and several times while the journal becomes the record.
    assert set(seen) == set(range(len(EVENTS) + 1))
    assert seen.count(len(EVENTS)) > 12
    names = {path.suffix for folder in dead for path in (folder / "runs").glob("*")}
    assert names >= {".json", ".jsonl", PART}


def test_what_was_journalled_is_read_whatever_the_moment(dead: list[Path]) -> None:
    lost = done = 0
    for folder in dead:
        store = Store(folder / "runs")
        seen = int((folder / "seen").read_text().split()[0])
        if not list(store.folder.glob("*.json*")):
            assert seen == 0, folder.name
            assert store.rows() == []
            with pytest.raises(UnknownName):
                store.load("last")
            continue
        record = store.load("last")
        # The line that was being written may be there or not; nothing before it is missing.
        assert seen <= max(record.seq, 0) <= seen + 1, folder.name
        so_far = fold(EVENTS[: record.seq])
        if record.seq == len(EVENTS):
            done += 1
            assert record == so_far == DONE
        else:
            lost += 1
            assert record.status == "lost"
            assert (record.question, record.rounds, record.answer) == (so_far.question, so_far.rounds, None)
        # The list says the same, now and from its index.
        for _ in range(2):
            (row,) = store.rows()
            assert (row.id, row.status, row.rounds) == (RUN, record.status, len(record.rounds)), folder.name
        assert [event.seq for event in store.events(RUN)][: record.seq] == list(range(1, record.seq + 1))
    assert lost > 15
    assert done > 10


def test_the_next_run_is_kept_as_if_nothing_had_been(dead: list[Path]) -> None:
    for folder in dead:
        store = Store(folder / "runs")
        before = [row.id for row in store.rows()]
        journal = store.open("20260102-000000-abcdef")
        for event in EVENTS:
            journal.append(event)
        journal.close(DONE)
        assert [row.id for row in store.rows()] == ["20260102-000000-abcdef", *before]
        assert store.load("20260102") == DONE


def test_what_was_half_written_goes_in_time(dead: list[Path]) -> None:
    found = 0
    for folder in dead:
        for part in (folder / "runs").glob(f".*{PART}"):
            found += 1
            Store(folder / "runs").make_room()
            assert part.exists(), "somebody may still be writing it"
            os.utime(part, (0, 0))
            Store(folder / "runs").make_room()
            assert not part.exists()
    assert found


def test_the_record_is_on_the_disk_before_its_journal_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "runs")
    journal = store.open(RUN)
    for event in EVENTS:
        journal.append(event)
    calls: list[str] = []

    def noting(name: str, call: Any) -> Any:
        def noted(first: Any, *rest: Any) -> Any:
            path = Path(f"/proc/self/fd/{first}").readlink() if name == "fsync" else Path(first)
            calls.append(f"{name} {'folder' if path.is_dir() else path.suffix}")
            return call(first, *rest)

        return noted

    for name in ("fsync", "replace", "unlink"):
        monkeypatch.setattr(os, name, noting(name, getattr(os, name)))
    journal.close(DONE)
    calls = [call for call in calls if call != "unlink .part"]
    assert calls == ["fsync .part", "replace .part", "fsync folder", "unlink .jsonl"]


# -- processes of the user's own

FORKED = """
import os, sys, time
from codesteer_kernel.store import Store
from tests.store.dying import EVENTS

journal = Store().open("a")
journal.append(EVENTS[0])
if os.fork() == 0:
    print(os.getpid(), flush=True)
time.sleep(60)
"""


def test_a_child_forked_by_the_users_code_does_not_keep_a_lost_run_going(home: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", FORKED], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        assert Store().load("a").status == "running"
        parent.kill()
        parent.wait(10)
        os.kill(child, 0)
        assert Store().load("a").status == "lost"
    finally:
        os.kill(child, signal.SIGKILL)
        parent.stdout.close()
