"""The record as the fold of events: valid at every moment, harmless to replay, strict about gaps."""

from __future__ import annotations

import contextlib
import json
import typing
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from codesteer_kernel.errors import BadInput
from codesteer_kernel.record import (
    MIME_TYPE,
    Decision,
    OutOfOrder,
    Record,
    Usage,
    decode_record,
    encode_record,
    fold,
    reduce,
)
from codesteer_kernel.record import events as ev
from codesteer_kernel.record.reducer import _HANDLERS
from codesteer_kernel.record.schema import SCHEMA_FILE, record_schema, schema_text
from tests.record.strategies import runs

VALIDATOR = jsonschema.Draft202012Validator(record_schema())


@given(runs(), st.data())
def test_any_prefix_of_a_run_is_a_valid_record(events: list[Any], data: st.DataObject) -> None:
    record = fold(events[: data.draw(st.integers(0, len(events)))])
    VALIDATOR.validate(json.loads(encode_record(record)))
    assert decode_record(encode_record(record)) == record
    assert decode_record(msgspec.to_builtins(record)) == record


@given(runs())
def test_replaying_events_changes_nothing(events: list[Any]) -> None:
    record = fold(events)
    assert fold(events, record) == record
    assert fold([*events[:4], *events]) == record


@given(runs())
def test_folding_leaves_the_earlier_record_as_it_was(events: list[Any]) -> None:
    before = fold(events[: len(events) // 2])
    kept = encode_record(before)
    fold(events, before)
    assert encode_record(before) == kept


@given(runs(), st.data())
def test_a_missing_event_is_never_overlooked(events: list[Any], data: st.DataObject) -> None:
    gone = data.draw(st.integers(0, len(events) - 2))
    with pytest.raises(OutOfOrder):
        fold([*events[:gone], *events[gone + 1 :]])


@given(runs(), st.data())
def test_folding_in_parts_is_folding_at_once(events: list[Any], data: st.DataObject) -> None:
    # As a journal that is read while it grows: each part begins before the last one ended.
    record, read = Record(), 0
    while read < len(events):
        begin = data.draw(st.integers(0, read))
        read = data.draw(st.integers(read + 1, len(events)))
        record = fold(events[begin:read], record)
    assert record == fold(events)


@given(runs(), st.data())
def test_events_out_of_order_are_refused(events: list[Any], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(events) - 2))
    events[place], events[place + 1] = events[place + 1], events[place]
    with pytest.raises(OutOfOrder):
        fold(events)


def test_the_set_of_events_is_closed() -> None:
    kinds = set(typing.get_args(ev.Event))
    assert {kind.__name__ for kind in kinds} == set(ev.__all__) - {"Event", "decode_event", "encode_event"}
    assert set(_HANDLERS) == kinds
    with pytest.raises(msgspec.ValidationError):
        ev.decode_event('{"type": "rumour", "seq": 1, "at": 0.0}')


def test_made_up_runs_hold_every_kind_of_event() -> None:
    kinds = set(typing.get_args(ev.Event))
    seen = set()

    @settings(max_examples=200, phases=[Phase.generate])
    @given(runs())
    def gather(events: list[Any]) -> None:
        seen.update(map(type, events))

    gather()
    assert seen == kinds


@given(runs())
def test_events_travel_as_lines_of_json(events: list[Any]) -> None:
    lines = [ev.encode_event(event) for event in events]
    assert not any(b"\n" in line for line in lines)
    assert [ev.decode_event(line) for line in lines] == events


@given(runs())
def test_the_record_says_what_the_events_said(events: list[Any]) -> None:
    record = fold(events)
    last = events[-1]
    assert record.seq == len(events)
    assert record.status == last.status
    assert record.answer == last.answer
    assert record.progress is None
    assert [one.index for one in record.rounds] == list(range(1, len(record.rounds) + 1))
    calls = [event.usage for event in events if isinstance(event, ev.CallMade)]
    assert record.usage == sum(calls, Usage())
    assert record.timing.seconds == last.at
    assert sum(record.timing.split.values()) == pytest.approx(last.at - events[1].at)


def test_an_event_of_a_round_that_has_not_begun_is_refused() -> None:
    record = reduce(Record(), _started())
    with pytest.raises(OutOfOrder):
        reduce(record, ev.AnswerDelta(seq=2, at=0.1, round=1, text="x"))
    with pytest.raises(OutOfOrder):
        reduce(record, ev.RoundStarted(seq=2, at=0.1, round=2, decision=Decision(kind="code", source="model")))


def test_the_complete_answer_replaces_what_streamed() -> None:
    from codesteer_kernel.record import Answer

    events = [
        _started(),
        ev.RoundStarted(seq=2, at=0.1, round=1, decision=Decision(kind="text", source="model")),
        ev.AnswerDelta(seq=3, at=0.2, round=1, text="The ans"),
        ev.AnswerDelta(seq=4, at=0.3, round=1, text="wer"),
    ]
    assert fold(events).rounds[0].answer == Answer(text="The answer", complete=False)
    done = ev.Answered(seq=5, at=0.4, round=1, answer=Answer(text="The answer is 5."), first_token=0.1)
    assert fold([*events, done]).rounds[0].answer == Answer(text="The answer is 5.", complete=True)


def test_streamed_text_stays_bounded_while_it_streams() -> None:
    events: list[Any] = [
        _started(),
        ev.RoundStarted(seq=2, at=0.1, round=1, decision=Decision(kind="code", source="model")),
    ]
    events += [ev.StreamAdded(seq=3 + n, at=0.2, round=1, name="stdout", text="x" * 50_000) for n in range(40)]
    execution = fold(events).rounds[0].execution
    assert execution is not None
    assert len(execution.stdout) < 200_000
    assert "cut" in execution.stdout


def test_outputs_stay_bounded_while_they_come() -> None:
    from codesteer_kernel.record import Output

    events: list[Any] = [
        _started(),
        ev.RoundStarted(seq=2, at=0.1, round=1, decision=Decision(kind="code", source="model")),
    ]
    outputs = [Output(kind="display", data={"text/plain": str(n)}) for n in range(1_000)]
    events += [ev.OutputAdded(seq=3 + n, at=0.2, round=1, output=output) for n, output in enumerate(outputs)]
    execution = fold(events).rounds[0].execution
    assert execution is not None
    assert execution.outputs == outputs[-256:]


def test_one_call_of_unknown_price_makes_the_cost_unknown() -> None:
    assert (Usage(calls=1, cost=0.5) + Usage(calls=1, cost=None)).cost is None
    assert (Usage(calls=1, cost=None) + Usage(calls=1, cost=0.5)).cost is None
    assert (Usage(calls=1, cost=0.5) + Usage(calls=1, cost=0.25)).cost == 0.75


def test_the_committed_schema_is_the_one_of_the_types() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), "run python -m codesteer_kernel.record.schema"
    jsonschema.Draft202012Validator.check_schema(record_schema())
    assert record_schema()["$comment"] == MIME_TYPE == "application/vnd.codesteer.run.v1+json"


def test_the_schema_has_the_names_of_the_design() -> None:
    names = set(record_schema()["$defs"]["Record"]["properties"])
    designed = "schema id status question models config rounds answer support bound budget usage timing versions error"
    assert set(designed.split()) <= names


def test_unknown_fields_are_accepted_at_every_depth() -> None:
    plain = msgspec.to_builtins(fold([_started()]))
    plain["mood"] = "good"
    plain["question"]["language"] = "en"
    plain["usage"]["joules"] = 3
    VALIDATOR.validate(plain)
    assert decode_record(json.dumps(plain)) == fold([_started()])


def test_a_record_with_fewer_fields_is_read_with_defaults() -> None:
    record = decode_record(b'{"schema": 1, "id": "a", "status": "done", "question": {"prompt": "p"}}')
    assert (record.id, record.rounds, record.usage) == ("a", [], Usage())


def test_a_rating_from_before_loops_were_counted_is_read() -> None:
    rating = {"score": 3.5, "methods": ["iteration"], "suspicious": False, "note": "n"}
    plain = {"schema": 1, "rounds": [{"index": 1, "decision": {"kind": "code", "source": "rule"}, "symbolic": rating}]}
    found = (
        decode_record(json.dumps({"id": "a", "status": "done", "question": {"prompt": "p"}, **plain}))
        .rounds[0]
        .symbolic
    )
    assert found is not None
    assert (found.score, found.loops, found.complexity, found.endless, found.partial) == (3.5, [], 0, [], False)


@pytest.mark.parametrize(
    "text",
    ['{"schema": 2, "id": "a"}', '{"schema": 9, "status": "dreaming", "rounds": {"first": 1}}'],
    ids=["same fields", "other fields"],
)
def test_a_newer_schema_version_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadInput, match=r"schema version [29]") as caught:
        decode_record(text)
    assert "Upgrade" in caught.value.cure


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"null",
        b"\xff\xfe",
        '{"schema": 1, "status": "flying"}',
        {"rounds": 3},
        {"nbformat": 4},
        b"[" * 100_000,
    ],
)
def test_what_is_no_record_is_refused(data: Any) -> None:
    with pytest.raises(BadInput, match="not a CodeSteer run record"):
        decode_record(data)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_reading_rubbish_raises_nothing_but_our_error(data: bytes | str) -> None:
    with contextlib.suppress(BadInput):
        decode_record(data)


def _started() -> ev.RunStarted:
    from codesteer_kernel.record import Budget, Models, Question, RunConfig

    return ev.RunStarted(
        seq=1,
        at=0.0,
        id="r",
        started="2026-01-01T00:00:00+00:00",
        question=Question(prompt="How many?"),
        models=Models(target="t", steerer="s", checker="c"),
        config=RunConfig(),
        budget=Budget(),
    )
