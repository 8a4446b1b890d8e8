"""The list of runs is quick because of its index, and right in spite of it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.record import Failure, FinalAnswer, Models, Question, Record, Timing, encode_record
from codesteer_kernel.store import RunRow, Store
from codesteer_kernel.store.index import Index

ROOT = Path(__file__).parents[2]


def name(number: int) -> str:
    return f"20260101-{number:06d}-abcdef"


def finished(store: Store, number: int, prompt: str = "How many?") -> None:
    """A finished run of another process, of which the index knows nothing yet."""
    record = Record(
        id=name(number),
        status="done",
        question=Question(prompt=prompt),
        models=Models(target="t/one", steerer="s", checker="c"),
        answer=FinalAnswer(text=f"It is {number}.", result=str(number), round=1),
        timing=Timing(started="2026-01-01T00:00:00+00:00", seconds=1.5),
    )
    store.folder.mkdir(parents=True, exist_ok=True)
    (store.folder / f"{name(number)}.json").write_bytes(encode_record(record))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "runs")
    for number in range(6):
        finished(store, number)
    return store


def true(store: Store) -> list[RunRow]:
    """The list without an index."""
    (store.folder / ".index").unlink(missing_ok=True)
    return Store(store.folder).rows()


def index_of(store: Store) -> str:
    return (store.folder / ".index").read_text()


def test_the_index_changes_nothing_but_the_time(store: Store) -> None:
    first = store.rows()
    assert [row.answer for row in first] == ["5", "4", "3", "2", "1", "0"]
    assert Store(store.folder).rows() == first
    assert store.rows(2) == first[:2]
    assert len(index_of(store).splitlines()) == 7, "every line was written once"


def test_a_file_that_changes_is_read_again(store: Store) -> None:
    store.rows()
    finished(store, 3, "Why?")
    assert [row.prompt for row in store.rows()] == [
        "How many?",
        "How many?",
        "Why?",
        "How many?",
        "How many?",
        "How many?",
    ]
    (store.folder / f"{name(4)}.json").unlink()
    finished(store, 7)
    assert [row.answer for row in store.rows()] == ["7", "5", "3", "2", "1", "0"]
    assert store.rows() == true(store)


def test_only_what_is_shown_is_read(store: Store) -> None:
    store.rows(2)
    assert len(index_of(store).splitlines()) == 3


@given(st.data())
def test_a_damaged_index_never_tells_a_lie(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    store = Store(tmp_path_factory.mktemp("runs"))
    for number in range(4):
        finished(store, number)
    rows = store.rows()
    path = store.folder / ".index"
    good = path.read_bytes()
    begin = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(begin, len(good)))
    path.write_bytes(good[:begin] + data.draw(st.binary(max_size=20)) + good[end:])
    for _ in range(3):
        assert store.rows() == rows


def test_a_row_has_the_code_of_what_its_run_failed_of(store: Store) -> None:
    failed = Record(id=name(9), status="failed", error=Failure(code="missing_key", message="There is no key."))
    (store.folder / f"{name(9)}.json").write_bytes(encode_record(failed))
    for _ in range(2):  # from its file, then from the index
        assert [row.error for row in store.rows()[:2]] == ["missing_key", ""]


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"{}", b'{"codesteer index":1}\n', b"\xff" * 99, b'{"codesteer index":2}\n[1]\n{}\n\n']
)
def test_an_index_that_is_no_index_is_made_again(store: Store, content: bytes) -> None:
    rows = true(store)
    (store.folder / ".index").write_bytes(content)
    assert store.rows() == rows
    assert index_of(store).startswith('{"codesteer index":2}\n')
    assert set(Index(store.folder).read()) == {row.id for row in rows}


def test_a_line_that_a_crash_cut_off_costs_itself_alone(store: Store) -> None:
    rows = store.rows()
    path = store.folder / ".index"
    path.write_bytes(path.read_bytes()[:-9])
    finished(store, 8)
    assert store.rows()[1:] == rows
    assert len(Index(store.folder).read()) == 7


def test_lines_that_count_no_longer_are_cleared_away(store: Store) -> None:
    chance = random.Random(3)
    for _ in range(400):
        finished(store, 3, f"Question {chance.random()}?")
        store.rows()
    assert len(index_of(store).splitlines()) < 250
    assert store.rows() == true(store)


def test_an_index_that_cannot_be_written_is_done_without(store: Store) -> None:
    (store.folder / ".index").mkdir()
    assert [row.answer for row in store.rows()] == ["5", "4", "3", "2", "1", "0"]
    store.open("a").close(Record(id="a"))
    assert len(store.rows()) == 7


OPENS = """
import os, sys
from pathlib import Path
from codesteer_kernel.store import Store

opened = []
sys.addaudithook(lambda event, arguments: opened.append(str(arguments[0])) if event == "open" else None)
store = Store(Path(sys.argv[1]))
for limit in (20, None, None, 20):
    opened.clear()
    rows = store.rows(limit)
    print(len(rows), len([name for name in opened if name.startswith(sys.argv[1])]))
"""


def test_listing_opens_few_files(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    for number in range(300):
        finished(store, number)
    (store.folder / "20260102-000000-broken.json").write_text("{")
    for number in (1, 2):
        store.open(f"20260102-{number:06d}-lost00").abandon()
    going = store.open("20260103-000000-going0")
    command = [sys.executable, "-c", OPENS, str(store.folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=True)
    counts = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    going.abandon()
    # 20 rows read 21 files (one is broken); then all the others once; then what is known is not opened again: the index
    # to be read, and the one run that goes on, twice.
    assert [rows for rows, _ in counts] == [20, 303, 303, 20]
    assert counts[0][1] <= 30
    assert 280 <= counts[1][1] <= 300
    assert counts[2][1] <= 6
    assert counts[3][1] <= 6


WRITING = """
import sys
from pathlib import Path
from codesteer_kernel.record import Record, Question
from codesteer_kernel.store import Store

store = Store(Path(sys.argv[1]))
for number in range(60):
    name = f"202601{int(sys.argv[2]):02d}-{number:06d}-abcdef"
    journal = store.open(name)
    journal.close(Record(id=name, status="done", question=Question(prompt=f"{number} " * 40)))
    if number % 20 == 7:
        store.rows()
    if number % 20 == 13:
        store.forget(name)
"""


def test_many_processes_write_one_index(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    command = [sys.executable, "-c", WRITING, str(folder)]
    writers = [subprocess.Popen([*command, str(number)], cwd=ROOT) for number in range(1, 5)]
    store = Store(folder)
    while any(writer.poll() is None for writer in writers):
        store.rows(5)
    assert [writer.returncode for writer in writers] == [0, 0, 0, 0]
    rows = store.rows()
    assert len(rows) == 4 * 57
    assert rows == true(store)
    store.rows()
    lines = index_of(store).splitlines()
    assert all(json.loads(line[9:]) for line in lines[1:])
    assert not [path for path in folder.iterdir() if path.name.endswith(".part")]


def test_nothing_of_a_forgotten_run_stays(store: Store) -> None:
    finished(store, 9, "My secret question?")
    store.mark(name(9), pinned=True)
    store.rows()
    assert "secret" in index_of(store)
    store.forget(name(9))
    assert not [path for path in store.folder.iterdir() if "secret" in path.read_text() or name(9) in path.name]
    assert len(store.rows()) == 6


def test_a_forgotten_run_does_not_come_back_through_somebody_elses_list(store: Store) -> None:
    other = Index(store.folder)
    store.rows()
    entries = list(other.read().values())
    store.forget(name(0))
    other.add(entries)
    assert name(0) not in index_of(store)
    assert name(1) in index_of(store)


def test_the_index_is_its_owners_alone(store: Store) -> None:
    store.rows()
    assert (store.folder / ".index").stat().st_mode & 0o077 == 0
