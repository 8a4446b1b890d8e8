"""Nothing that was steered is lost: journals, their list, and what is left of a killed process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.errors import BadInput, CacheNotWritable, UnknownName
from codesteer_kernel.record import Record, decode_record, fold
from codesteer_kernel.record import events as ev
from codesteer_kernel.store import Journal, Keeper, Store
from tests.record.strategies import runs


def started(run_id: str, prompt: str = "How many?") -> ev.RunStarted:
    from codesteer_kernel.record import Budget, Models, Question, RunConfig

    return ev.RunStarted(
        seq=1,
        at=0.0,
        id=run_id,
        started="2026-01-01T00:00:00+00:00",
        question=Question(prompt=prompt),
        models=Models(target="t/one", steerer="s", checker="c"),
        config=RunConfig(),
        budget=Budget(),
    )


def ended(seq: int = 2) -> ev.RunEnded:
    from codesteer_kernel.record import FinalAnswer

    return ev.RunEnded(seq=seq, at=1.5, status="done", answer=FinalAnswer(text="42", result="42", round=1))


def write(store: Store, run_id: str, prompt: str = "How many?", *, finish: bool = True) -> Record:
    """Journal one short run."""
    journal = store.open(run_id)
    events: list[Any] = [started(run_id, prompt), ended()]
    for event in events if finish else events[:1]:
        journal.append(event)
    record = fold(events)
    if finish:
        journal.close(record)
    return record


class Tidy(Store):
    """A store whose journals are closed after the test, as the end of their process would."""

    opened: list[Journal]

    def open(self, run_id: str) -> Journal:
        journal = super().open(run_id)
        self.opened.append(journal)
        return journal


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Tidy]:
    tidy = Tidy(tmp_path / "runs")
    tidy.opened = []
    yield tidy
    for journal in tidy.opened:
        journal.abandon()


@given(runs())
def test_a_finished_run_is_read_as_it_was(tmp_path_factory: pytest.TempPathFactory, events: list[Any]) -> None:
    store = Store(tmp_path_factory.mktemp("runs"))
    journal = store.open(events[0].id)
    for event in events:
        journal.append(event)
    record = fold(events)
    assert store.load(events[0].id) == record, "read while its journal is open"
    assert journal.close(record) == record
    assert store.load(events[0].id) == record
    left = {one.name for one in store.folder.iterdir()}
    assert left == {f"{record.id}.json", ".index"}, "the journal went when the record was written"


def test_a_run_that_goes_on_is_shown_as_running(store: Store) -> None:
    write(store, "20260101-000000-aaaaaa", finish=False)
    assert store.load("last").status == "running"
    assert store.rows()[0].status == "running"


def test_every_event_is_on_disk_when_append_returns(store: Store) -> None:
    journal = store.open("a")
    journal.append(started("a"))
    assert len((store.folder / "a.jsonl").read_bytes().splitlines()) == 1
    journal.close(Record(id="a"))


def test_a_record_over_its_bound_is_cut_on_disk(store: Store) -> None:
    journal = store.open("a")
    journal.append(started("a", "x" * 1_000_000))
    record = fold([started("a", "x" * 1_000_000), ended()])
    assert journal.close(record) == record, "what is returned is whole"
    assert (store.folder / "a.json").stat().st_size <= 256_000
    assert store.load("a").cut > 700_000


def test_files_are_for_their_owner_alone(store: Store) -> None:
    write(store, "a", finish=False)
    write(store, "b")
    assert store.folder.stat().st_mode & 0o077 == 0
    assert (store.folder / "a.jsonl").stat().st_mode & 0o077 == 0
    assert (store.folder / "b.json").stat().st_mode & 0o077 == 0


# -- a process that was killed

KILLED = """
import os, sys, time
from codesteer_kernel.store import Store
from codesteer_kernel.record import Decision, Answer
from codesteer_kernel.record import events as ev
from tests.store.test_journal import started

journal = Store().open("20260101-000000-abcdef")
journal.append(started("20260101-000000-abcdef"))
journal.append(ev.RoundStarted(seq=2, at=0.1, round=1, decision=Decision(kind="text", source="model")))
journal.append(ev.Answered(seq=3, at=0.2, round=1, answer=Answer(text="Answer: 42")))
print("written", flush=True)
time.sleep(60)
"""


def test_a_run_whose_process_was_killed_is_lost_but_not_its_rounds(home: Path) -> None:
    root = Path(__file__).parents[2]
    child = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True, cwd=root)
    assert child.stdout is not None
    assert child.stdout.readline() == "written\n"
    assert Store().load("last").status == "running"
    os.kill(child.pid, signal.SIGKILL)
    child.wait(10)
    child.stdout.close()
    record = Store().load("last")
    assert record.status == "lost"
    assert [one.answer.text for one in record.rounds] == ["Answer: 42"]
    row = Store().rows()[0]
    assert (row.status, row.rounds, row.prompt) == ("lost", 1, "How many?")


@pytest.mark.parametrize("tail", [b'{"type":"phase","se', b"\xff\xfe\n", b"\n", b"not json\n" * 3, b"{}\n"])
def test_a_journal_with_a_damaged_end_is_read_up_to_there(store: Tidy, tail: bytes) -> None:
    write(store, "a", finish=False)
    with (store.folder / "a.jsonl").open("ab") as file:
        file.write(tail)
    store.opened[0].abandon()
    record = store.load("a")
    assert (record.status, record.seq, record.question.prompt) == ("lost", 1, "How many?")


def test_a_journal_with_a_gap_is_read_up_to_the_gap(store: Store) -> None:
    journal = store.open("a")
    journal.append(started("a"))
    journal.append(ended(seq=5))
    journal.abandon()
    assert store.load("a").seq == 1
    assert [row.id for row in store.rows()] == ["a"]


def test_an_empty_journal_is_a_lost_run(store: Store) -> None:
    store.open("a").abandon()
    assert store.load("a").status == "lost"


# -- the list


def test_runs_are_listed_newest_first(store: Store) -> None:
    ids = ["20260101-000000-aaaaaa", "20260102-000000-bbbbbb", "20251231-235959-cccccc"]
    for run_id in ids:
        write(store, run_id, prompt=f"Question\nof {run_id}")
    rows = store.rows()
    assert [row.id for row in rows] == sorted(ids, reverse=True)
    assert [row.id for row in store.rows(limit=2)] == sorted(ids, reverse=True)[:2]
    row = rows[0]
    assert (row.status, row.target, row.answer, row.seconds) == ("done", "t/one", "42", 1.5)
    assert row.prompt == f"Question of {row.id}"


def test_no_folder_is_no_runs(tmp_path: Path) -> None:
    assert Store(tmp_path / "nowhere").rows() == []
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"[]", b'{"schema": 99}', b'{"schema": 1, "status": "flying"}']
)
def test_a_damaged_file_does_not_hide_the_others(store: Store, content: bytes) -> None:
    write(store, "a")
    write(store, "c")
    (store.folder / "b.json").write_bytes(content)
    (store.folder / "notes.txt").write_text("mine")
    (store.folder / "d.json").mkdir()
    assert [row.id for row in store.rows()] == ["c", "a"]
    with pytest.raises(BadInput):
        store.load("b")


# -- names


def test_a_unique_beginning_is_enough(store: Store) -> None:
    for run_id in ("20260101-000000-aaaaaa", "20260101-000000-bbbbbb", "20260102-000000-cccccc"):
        write(store, run_id)
    assert store.load("20260102").id == "20260102-000000-cccccc"
    assert store.load("20260101-000000-b").id == "20260101-000000-bbbbbb"
    assert store.load("last").id == "20260102-000000-cccccc"


def test_a_beginning_of_several_runs_is_told_apart(store: Store) -> None:
    for run_id in ("20260101-000000-aaaaaa", "20260101-000000-bbbbbb"):
        write(store, run_id)
    with pytest.raises(UnknownName) as caught:
        store.load("20260101")
    assert "2 runs" in str(caught.value)


def test_a_misspelt_run_suggests_the_nearest(store: Store) -> None:
    write(store, "20260101-000000-aaaaaa")
    with pytest.raises(UnknownName) as caught:
        store.load("20260101-000000-aaaaab")
    assert "20260101-000000-aaaaaa" in caught.value.cure


@pytest.mark.parametrize("name", ["", "last", "x", "../secret", "/etc/passwd", "a" * 500, "a\0b", "*"])
def test_a_name_that_is_no_run_is_refused(store: Store, name: str) -> None:
    store.folder.parent.joinpath("secret.json").write_text('{"schema": 1}')
    with pytest.raises(UnknownName):
        store.load(name)


@given(st.text(max_size=30))
def test_no_name_leads_out_of_the_folder(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    store = Store(tmp_path_factory.getbasetemp() / "empty" / "runs")
    with pytest.raises(UnknownName):
        store.load(name)


def test_the_same_run_is_not_journalled_twice(store: Store) -> None:
    write(store, "a", finish=False)
    with pytest.raises(CacheNotWritable):
        store.open("a")
    assert store.load("a").seq == 1


# -- a folder that cannot be written


def test_a_folder_that_cannot_be_made_is_named_with_a_cure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CacheNotWritable) as caught:
        Store(tmp_path / "file" / "runs").open("a")
    assert str(tmp_path / "file" / "runs") in caught.value.message
    assert "CODESTEER_HOME" in caught.value.cure


def test_a_folder_of_somebody_else_is_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    write(store, "a")

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    works: list[Callable[[], object]] = [
        store.rows,
        lambda: store.forget("a"),
        lambda: store.mark("a", pinned=True),
        lambda: store.open("b"),
    ]
    with monkeypatch.context() as patch:
        # Permissions themselves refuse root nothing.
        for name in ("scandir", "unlink", "open"):
            patch.setattr(os, name, refused)
        for work in works:
            with pytest.raises(CacheNotWritable, match="Permission denied") as caught:
                work()
            assert str(store.folder) in caught.value.message
        assert "Permission denied" in Keeper(store, "b", wanted=True).note["journal"]
    assert [row.id for row in store.rows()] == ["a"]


def test_the_default_folder_is_under_codesteer_home(home: Path) -> None:
    assert Store().folder == home / "runs"
    write(Store(), "a")
    assert decode_record((home / "runs" / "a.json").read_bytes()).id == "a"
