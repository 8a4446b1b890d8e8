"""The runs stay within a size, and what a person wants gone is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from codesteer_kernel.config import runs_bytes
from codesteer_kernel.errors import BadInput, UnknownName
from codesteer_kernel.record import fold
from codesteer_kernel.store import Keeper, Marks, Store
from tests.store.test_index import finished, name
from tests.store.test_journal import ended, started


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Ten runs of 100 kB and a bit."""
    store = Store(tmp_path / "runs")
    for number in range(10):
        finished(store, number, "x" * 100_000)
    return store


def left(store: Store) -> list[int]:
    return sorted(int(row.id.split("-")[1]) for row in store.rows())


def test_the_oldest_runs_go_when_there_are_too_many_bytes(store: Store) -> None:
    assert store.make_room(2_000_000) == []
    count, size = store.size()
    assert count == 10
    assert 1_000_000 < size < 1_050_000
    gone = store.make_room(600_000)
    # Down to nine tenths of the limit, so that the next run finds room.
    assert gone == [name(number) for number in range(5)]
    assert left(store) == [5, 6, 7, 8, 9]
    assert store.size()[1] < 540_000
    assert store.make_room(600_000) == []


def test_the_newest_runs_go_too_when_they_alone_are_too_large(store: Store) -> None:
    assert len(store.make_room(1)) == 10
    assert store.rows() == []


def test_what_is_pinned_rated_or_going_on_stays(store: Store) -> None:
    store.mark(name(0), pinned=True)
    store.mark(name(1), ratings={1: "good", 2: "bad"})
    journal = store.open("20251231-000000-going0")
    journal.append(started("20251231-000000-going0", "x" * 10_000))
    store.open("20251231-000000-lost00").abandon()
    gone = store.make_room(1)
    assert gone[0] == "20251231-000000-lost00"
    assert {row.id for row in store.rows()} == {"20251231-000000-going0", name(0), name(1)}
    assert store.load(name(0)).status == "done"
    journal.append(ended())
    journal.close(fold([started("20251231-000000-going0"), ended()]))
    assert store.load("20251231").status == "done"


def test_room_is_made_when_a_run_begins_and_the_run_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODESTEER_RUNS_MB", "0.6")
    keeper = Keeper(store, "20260102-000000-aaaaaa", wanted=True)
    keeper.abandon()
    note = keeper.note["journal"]
    assert left(store) == [0, 5, 6, 7, 8, 9], "and the new one, which is number 0 of its day"
    for part in ("5 runs", name(0), name(4), str(store.folder), "CODESTEER_RUNS_MB"):
        assert part in note
    again = Keeper(store, "20260102-000001-aaaaaa", wanted=True)
    again.abandon()
    assert again.note == {}


def test_nothing_goes_for_a_run_that_is_not_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODESTEER_RUNS_MB", "0.001")
    Keeper(store, "20260102-000000-aaaaaa", wanted=False)
    assert len(store.rows()) == 10


@pytest.mark.parametrize("wish", ["", "many", "0", "-5", "nan", "inf"])
def test_a_size_that_is_none_is_named_and_the_run_is_kept(
    store: Store, monkeypatch: pytest.MonkeyPatch, wish: str
) -> None:
    monkeypatch.setenv("CODESTEER_RUNS_MB", wish)
    with pytest.raises(BadInput, match="CODESTEER_RUNS_MB"):
        runs_bytes()
    keeper = Keeper(store, "20260102-000000-aaaaaa", wanted=True)
    keeper.append(started("20260102-000000-aaaaaa"))
    record = keeper.close(fold([started("20260102-000000-aaaaaa"), ended()]))
    assert "CODESTEER_RUNS_MB" in record.versions["journal"]
    assert len(store.rows()) == 11


def test_the_size_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CODESTEER_RUNS_MB", raising=False)
    assert runs_bytes() == 500_000_000
    monkeypatch.setenv("CODESTEER_RUNS_MB", "1.5")
    assert runs_bytes() == 1_500_000


# -- marks


def test_marks_are_kept_beside_the_run(store: Store) -> None:
    assert store.marks("last") == Marks()
    store.mark("last", pinned=True)
    store.mark("last", ratings={2: "good"})
    assert Store(store.folder).marks(name(9)) == Marks(pinned=True, ratings={2: "good"})
    assert [row.kept for row in store.rows()] == [True] + [False] * 9
    store.mark("last", pinned=False, ratings={})
    assert [path.name for path in store.folder.iterdir() if path.suffix == ".marks"] == []
    assert not any(row.kept for row in store.rows())
    with pytest.raises(UnknownName):
        store.mark("nobody", pinned=True)


def test_marks_that_cannot_be_read_still_keep_the_run(store: Store) -> None:
    (store.folder / f"{name(0)}.marks").write_text("{")
    assert store.marks(name(0)) == Marks()
    store.make_room(1)
    assert left(store) == [0]


# -- forgetting


def test_a_forgotten_run_is_gone(store: Store) -> None:
    store.mark(name(3), pinned=True)
    assert store.forget(name(3), "20260101-000004", name(3)) == [name(3), name(4)]
    assert left(store) == [0, 1, 2, 5, 6, 7, 8, 9]
    with pytest.raises(UnknownName):
        store.load(name(3))


def test_one_wrong_name_forgets_nothing(store: Store) -> None:
    with pytest.raises(UnknownName):
        store.forget(name(3), "nobody")
    with pytest.raises(UnknownName, match="10 runs"):
        store.forget("20260101")
    assert len(store.rows()) == 10


def test_a_run_that_goes_on_is_not_forgotten(store: Store) -> None:
    journal = store.open("20260102-000000-going0")
    with pytest.raises(BadInput, match="goes on"):
        store.forget(name(1), "last")
    assert len(store.rows()) == 11
    journal.abandon()
    store.forget("last")
    assert len(store.rows()) == 10
