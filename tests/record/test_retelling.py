"""A record told again as events folds to itself, and takes its time as the run did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from codesteer_kernel.record import Decision, Record, Round, bounded, decode_record, encode_record, fold, retell
from codesteer_kernel.record import events as ev
from tests.record.strategies import runs

SAMPLES = sorted(Path(__file__).parent.glob("samples/*/*.json"))


def told(record: Record) -> dict[str, Any]:
    """A record without what a retelling does not keep: counts of events and cut bytes, last digits, phases' order."""
    plain = msgspec.to_builtins(record)
    del plain["seq"], plain["cut"]
    for part in (plain, *plain["rounds"]):
        del part["timing"]["split"]
        part["timing"]["seconds"] = pytest.approx(part["timing"]["seconds"], abs=1e-6)
        part["timing"]["began"] = pytest.approx(part["timing"]["began"], abs=1e-6)
        if part["usage"]["cost"] is not None:
            part["usage"]["cost"] = pytest.approx(part["usage"]["cost"], abs=1e-9)
    if plain["progress"] is not None:
        # A round may open within a phase; told again the phase begins with it.
        del plain["progress"]["began"]
    return plain


@given(runs(), st.data())
def test_any_record_folds_from_what_it_is_told_as(events: list[Any], data: st.DataObject) -> None:
    record = fold(events[: data.draw(st.integers(0, len(events)))])
    again = retell(record)
    assert told(fold(again)) == told(record)
    assert [event.seq for event in again] == list(range(1, len(again) + 1))
    assert [event.at for event in again] == sorted(event.at for event in again)
    assert [ev.decode_event(ev.encode_event(event)) for event in again] == again


def test_the_made_up_runs_fill_every_field() -> None:
    """What is added to the record has to be made up too, and so to be told."""
    plain = {Record: Record(), Round: Round(index=0, decision=Decision(kind="text", source="model"))}
    filled: set[tuple[type[Any], str]] = set()

    @settings(max_examples=60, phases=[Phase.generate])
    @given(runs())
    def collect(events: list[Any]) -> None:
        for record in (fold(events), fold(events[:-1])):
            for part in (record, *record.rounds):
                values = (
                    (name, getattr(part, name), getattr(plain[type(part)], name)) for name in part.__struct_fields__
                )
                filled.update((type(part), name) for name, value, default in values if value != default)

    collect()
    never = {(Record, "schema"), (Record, "cut")}
    assert filled == {(kind, name) for kind in plain for name in kind.__struct_fields__} - never


@given(runs(), st.integers(2_000, 20_000))
def test_a_record_that_was_cut_is_told_as_it_is(events: list[Any], limit: int) -> None:
    small = bounded(fold(events), limit)
    assert told(fold(retell(small))) == told(small)


def test_a_lost_run_ends_lost() -> None:
    record = Record(id="a", status="lost", seq=3)
    assert fold(retell(record)).status == "lost"
    assert retell(Record(id="a")) == []


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_time_of_a_real_run_goes_where_it_went(path: Path) -> None:
    record = decode_record(path.read_bytes())
    again = fold(retell(record))
    assert told(again) == told(record)
    for one, other in zip((record, *record.rounds), (again, *again.rounds), strict=True):
        assert other.timing.split == pytest.approx(one.timing.split, abs=1e-3)


def test_long_texts_come_in_pieces_over_the_time_they_took() -> None:
    record = decode_record(encode_record(fold(retell(decode_record(SAMPLES[0].read_bytes())))))
    assert record.status == "done"
    pieces = [event for event in retell(record) if isinstance(event, ev.AnswerDelta) and event.round == 1]
    assert "".join(piece.text for piece in pieces) == record.rounds[0].answer.text
    ended = next(event.at for event in retell(record) if isinstance(event, ev.Answered))
    assert all(piece.at <= ended for piece in pieces)
