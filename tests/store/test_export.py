"""A kept run as a file: whole or not at all, never over another one unasked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from msgspec.structs import replace

from codesteer_kernel import history
from codesteer_kernel.errors import BadInput, UnknownName
from codesteer_kernel.history import Replay, export_text, forget_text, paced, parse_replay, pin_text
from codesteer_kernel.record import Record, decode_record, fold
from codesteer_kernel.record import events as ev
from codesteer_kernel.store import Store
from codesteer_kernel.store.export import FORMATS, export_run, exported
from codesteer_kernel.store.files import PART, write_whole

SAMPLES = Path(__file__).parents[1] / "record" / "samples" / "v1"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """The sample runs, and the journal of one that was lost."""
    store = Store(tmp_path / "runs")
    store.folder.mkdir()
    for path in SAMPLES.glob("*.json"):
        (store.folder / f"20261125-000000-{path.stem.replace('_', '')}.json").write_bytes(path.read_bytes())
    (store.folder / "20261126-000000-lost.jsonl").write_bytes((SAMPLES / "journal.jsonl").read_bytes())
    return store


DONE = "20261125-000000-done"
LOST = "20261126-000000-lost"


def whole(folder: Path) -> None:
    """Nothing half-written is left."""
    assert not [path for path in folder.iterdir() if path.name.endswith(PART)]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_written_and_can_be_read(store: Store, tmp_path: Path, form: str) -> None:
    path = export_run(store, DONE, form, tmp_path / f"run.{form}")
    text = path.read_text(encoding="utf-8")
    record = store.load(DONE)
    match form:
        case "json":
            assert decode_record(text) == record
        case "jsonl":
            again = fold(ev.decode_event(line) for line in text.splitlines())
            assert (again.rounds[1].answer, again.answer, again.status) == (
                record.rounds[1].answer,
                record.answer,
                "done",
            )
        case "ipynb":
            nbformat.validate(nbformat.reads(text, as_version=4))
        case "py":
            done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=60, check=True)
            assert done.stdout == "385\n"
        case _:
            assert "385" in text
            assert "sum of the squares" in text
    whole(tmp_path)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
@pytest.mark.parametrize("form", FORMATS)
def test_every_kind_of_run_can_be_exported(store: Store, form: str, path: Path) -> None:
    run_id = f"20261125-000000-{path.stem.replace('_', '')}"
    answer = store.load(run_id).answer
    if form == "py" and (answer is None or answer.code is None):
        with pytest.raises(BadInput, match="No program"):
            exported(store, run_id, form)
    else:
        assert exported(store, run_id, form)


def test_a_lost_run_is_exported_as_far_as_it_came(store: Store) -> None:
    assert decode_record(exported(store, LOST, "json")).status == "lost"
    kept = (SAMPLES / "journal.jsonl").read_bytes().splitlines()
    assert [ev.decode_event(line) for line in exported(store, LOST, "jsonl").splitlines()] == list(
        map(ev.decode_event, kept)
    )


def test_a_file_that_is_there_is_not_replaced_unasked(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "mine.md"
    path.write_text("mine")
    with pytest.raises(BadInput, match=r"mine\.md exists") as caught:
        export_run(store, DONE, "md", path)
    assert "--force" in caught.value.cure
    assert path.read_text() == "mine"
    export_run(store, DONE, "md", path, force=True)
    assert "385" in path.read_text()
    whole(tmp_path)


def test_a_file_system_without_links_still_refuses(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: Any, **__: Any) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    path = export_run(store, DONE, "md", tmp_path / "mine.md")
    before = path.read_text()
    with pytest.raises(BadInput, match="exists"):
        export_run(store, DONE, "html", path)
    assert path.read_text() == before
    whole(tmp_path)


def test_a_disk_that_fails_leaves_what_was_there(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.md"
    path.write_text("mine")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadInput, match="No space left"):
        export_run(store, DONE, "md", path, force=True)
    assert path.read_text() == "mine"
    whole(tmp_path)


def test_an_exported_file_has_the_users_own_mode(store: Store, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        path = export_run(store, DONE, "md", tmp_path / "mine.md")
        assert path.stat().st_mode & 0o777 == 0o640
        write_whole(tmp_path / "ours", b"x")
        assert (tmp_path / "ours").stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)


def test_a_place_that_cannot_be_written_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nowhere"):
        export_run(store, DONE, "md", tmp_path / "nowhere" / "mine.md")
    with pytest.raises(UnknownName, match="ipynb"):
        exported(store, DONE, "ipynbb")


# -- the words of the command


@pytest.mark.parametrize(
    ("words", "name", "begins"),
    [
        ([], f"codesteer-{LOST}.md", "**CodeSteer**"),
        ([DONE], f"codesteer-{DONE}.md", "**CodeSteer**"),
        ([DONE, "--format", "py"], f"codesteer-{DONE}.py", "# -*-"),
        ([DONE, "-o", "run.html"], "run.html", "<!doctype"),
        ([DONE, "-o", "run.txt"], "run.txt", "**CodeSteer**"),
        ([DONE, "-f", "json", "-o", "run.txt"], "run.txt", "{"),
        (["20261125-000000-do", "-o", "run.ipynb"], "run.ipynb", "{"),
    ],
)
def test_the_format_is_the_files_ending_and_the_file_is_named_after_the_run(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], name: str, begins: str
) -> None:
    monkeypatch.chdir(tmp_path)
    said = export_text(words, store)
    assert name in said
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)


def test_a_dash_prints_the_run(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert json.loads(export_text([DONE, "-f", "json", "-o", "-"], store))["status"] == "done"
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (export_text, ["a", "b"]),
        (export_text, ["--formt", "md"]),
        (export_text, ["nothing"]),
        (export_text, [DONE, "-f", "pdf"]),
        (forget_text, []),
        (forget_text, ["--all"]),
        (forget_text, ["nothing"]),
        (pin_text, ["nothing"]),
        (pin_text, ["--of"]),
        (lambda words, _: parse_replay(words), ["--speed", "0"]),
        (lambda words, _: parse_replay(words), ["--speed", "-1"]),
        (lambda words, _: parse_replay(words), ["--speed", "nan"]),
        (lambda words, _: parse_replay(words), ["--speed", "fast"]),
    ],
)
def test_what_cannot_be_understood_does_nothing(store: Store, command: Any, words: list[str]) -> None:
    before = [row.id for row in store.rows()]
    with pytest.raises(BadInput):
        command(words, store)
    assert [row.id for row in store.rows()] == before


def test_pinning_and_forgetting_say_what_they_did(store: Store) -> None:
    assert pin_text([DONE], store).startswith(f"{DONE} stays")
    assert store.marks(DONE).pinned
    pin_text([DONE, "--off"], store)
    assert not store.marks(DONE).pinned
    assert forget_text([DONE, LOST], store) == f"{DONE} was deleted.\n{LOST} was deleted."
    assert len(store.rows()) == 5


# -- replay


def played(store: Store, words: list[str]) -> tuple[str, list[float]]:
    parts: list[str] = []
    pauses: list[float] = []
    history.replay(parse_replay(words), parts.append, store, pauses.append)
    return "".join(parts), pauses


def test_a_run_is_shown_again_in_the_time_it_took(store: Store) -> None:
    text, pauses = played(store, [DONE])
    record: Record = store.load(DONE)
    assert sum(pauses) == pytest.approx(record.timing.seconds, abs=0.01)
    for part in ("Question: What is the sum", "Round 1", "Round 2", "Answer: 385"):
        assert part in text
    again, faster = played(store, [DONE, "--speed", "10"])
    assert again == text
    assert sum(faster) == pytest.approx(record.timing.seconds / 10, abs=0.01)
    assert played(store, [DONE, "--speed", "inf"]) == (text, [])


def test_a_lost_run_is_shown_from_its_own_events(store: Store) -> None:
    text, pauses = played(store, ["last"])
    assert "| 385" in text
    assert "Answer: 385" not in text
    events = [ev.decode_event(line) for line in (SAMPLES / "journal.jsonl").read_bytes().splitlines()]
    assert sum(pauses) == pytest.approx(events[-1].at, abs=1e-6)


def test_nobody_waits_for_long_pauses(store: Store) -> None:
    pauses: list[float] = []
    slow = [replace(event, at=500.0) for event in list(store.events(DONE))[:1]]
    assert list(paced(iter(slow), 1.0, pauses.append)) == slow
    assert pauses == [2.0]
    assert parse_replay([]) == Replay("last", 1.0)
