"""Lines that are whole are kept, a line that was cut is not, and nothing else is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.errors import BadInput, CacheNotWritable
from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.ledger import ATTEMPTS, Ledger, Row, read_attempts, read_records
from codesteer_kernel.record import Question, Record
from codesteer_kernel.store import lines
from codesteer_kernel.store.lines import LineFile, read_lines


def row(key: str, reason: str = "", prompt: str | None = None) -> Row:
    attempt = Attempt(key=key, method="m", target="t", task="letters", version="1", seed=1, reason=reason)
    return Row(attempt=attempt, record=Record(id=key, question=Question(prompt=prompt)) if prompt is not None else None)


ROWS = st.lists(st.tuples(st.sampled_from("abcdef"), st.text(), st.none() | st.text()), max_size=8)


@given(ROWS, st.data())
def test_whatever_is_cut_off_the_end_only_that_line_is_lost(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str | None]], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("job")
    with Ledger(folder) as book:
        for one in rows:
            book.append(row(*one))
    path = folder / ATTEMPTS
    written = path.read_bytes()
    assert written.count(b"\n") == len(rows), "a line each, whatever texts hold"
    cut = data.draw(st.integers(0, len(written)))
    path.write_bytes(written[:cut])
    left = written[:cut].count(b"\n")
    expected = {key: row(key, reason, prompt) for key, reason, prompt in rows[:left]}
    assert {one.key: one for one in read_attempts(folder)} == {key: one.attempt for key, one in expected.items()}
    found = {attempt.key: record for attempt, record in read_records(folder)}
    assert found == {key: one.record for key, one in expected.items() if one.record is not None}
    with Ledger(folder) as book:
        assert book.attempts == {key: one.attempt for key, one in expected.items()}
        book.append(row("z", "after the crash"))
    assert [whole for _, whole in read_lines(path)] == [True] * (left + 1)
    assert {one.key for one in read_attempts(folder)} == {*expected, "z"}


def test_an_attempt_made_again_counts_once(tmp_path: Path) -> None:
    with Ledger(tmp_path) as book:
        book.append(row("a", "first", "q1"))
        book.append(row("b"))
        book.append(row("a", "second", "q2"))
    assert [(one.key, one.reason) for one in read_attempts(tmp_path)] == [("a", "second"), ("b", "")]
    assert [record.question.prompt for _, record in read_records(tmp_path)] == ["q2"]


def test_a_line_is_an_attempt_and_its_record_in_one_object(tmp_path: Path) -> None:
    with Ledger(tmp_path) as book:
        book.append(row("a", "r", "q"))
    line = json.loads((tmp_path / ATTEMPTS).read_text())
    assert line["key"] == "a"
    assert line["record"]["question"]["prompt"] == "q"


def test_keys_are_kept_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "verysecret-0123456789")
    with Ledger(tmp_path) as book:
        book.append(row("a", "", "my key is verysecret-0123456789"))
    assert b"verysecret" not in (tmp_path / ATTEMPTS).read_bytes()


def test_a_damaged_line_in_the_middle_is_told_and_nothing_changed(tmp_path: Path) -> None:
    path = tmp_path / ATTEMPTS
    text = '{"key":"a","method":"m","target":"t","task":"x","version":"1","seed":1}\nnot a line\n{"key":"half'
    path.write_text(text)
    with pytest.raises(BadInput, match="Line 2 of"):
        read_attempts(tmp_path)
    with pytest.raises(BadInput, match="Line 2 of"), Ledger(tmp_path):
        pass


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with Ledger(tmp_path), pytest.raises(BadInput, match="Another process"), Ledger(tmp_path):
        pass
    with Ledger(tmp_path):
        pass


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lines"
    with LineFile(path) as file:
        file.append(b"one")

        def full(descriptor: int, data: bytes) -> None:
            with path.open("ab") as other:
                other.write(data[:2])
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(lines, "write_all", full)
        with pytest.raises(CacheNotWritable, match="No space left"):
            file.append(b"two")
        monkeypatch.undo()
        file.append(b"three")
    assert path.read_bytes() == b"one\nthree\n"


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CacheNotWritable, match="cannot be written"), Ledger(tmp_path / "file"):
        pass
