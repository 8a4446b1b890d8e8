"""Records stay small enough to travel in notebooks, and say what was left out."""

from __future__ import annotations

import json
import random
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.record import (
    Answer,
    Decision,
    Execution,
    FinalAnswer,
    InputSummary,
    Output,
    Question,
    Record,
    Round,
    SelfAnswer,
    Symbolic,
    bounded,
    bounds,
    cut_middle,
    decode_record,
    encode_record,
    fold,
)
from codesteer_kernel.record.bounds import RECORD_BYTES
from codesteer_kernel.record.schema import record_schema
from tests.record.strategies import runs

VALIDATOR = jsonschema.Draft202012Validator(record_schema())


def a_round(index: int, text: str, outputs: list[Output]) -> Round:
    execution = Execution(status="ok", stdout=text, stderr=text, outputs=outputs, error=text, traceback=text)
    return Round(
        index=index,
        decision=Decision(kind="code", source="model", guidance=text, reason=text, raw=text),
        answer=Answer(text=text, code=text, complete=True),
        execution=execution,
        symbolic=Symbolic(score=3.0, note=text),
        self_answer=SelfAnswer(verdict="fail", reason=text, program=text, execution=execution),
        result=text,
    )


def a_record(rounds: int, text: str, outputs: list[Output] | None = None) -> Record:
    return Record(
        id="20260101-000000-abcdef",
        status="done",
        question=Question(prompt=text, inputs=[InputSummary(name="x", type="list", summary=text)]),
        rounds=[a_round(index, text, outputs or []) for index in range(1, rounds + 1)],
        answer=FinalAnswer(text=text, result=text, round=rounds, code=text),
    )


IMAGE = Output(kind="figure", data={"image/png": "iVBORw0KGgo" * 30_000, "text/plain": "<Figure>"})
PIECES = [Output(kind="display", data={"text/plain": f"row {n} " + "x" * 300}) for n in range(64)]


@pytest.mark.parametrize(
    ("rounds", "text", "outputs"),
    [
        (1, "a" * 1_000_000, []),
        (5, "line\n" * 40_000, []),
        (50, "word " * 2_000, []),
        (50, "\x00\x01" * 5_000, []),
        (50, "🙂é" * 5_000, []),
        (3, "short", [IMAGE, IMAGE]),
        (50, "short", [IMAGE]),
        (50, "x" * 500, PIECES),
    ],
    ids=["one text", "five rounds", "fifty rounds", "escapes", "emoji", "images", "image each", "outputs each"],
)
def test_huge_records_are_cut_to_the_limit(rounds: int, text: str, outputs: list[Output]) -> None:
    record = a_record(rounds, text, outputs)
    whole = len(encode_record(record))
    small = bounded(record)
    size = len(encode_record(small))
    assert size <= RECORD_BYTES
    assert small.cut == pytest.approx(whole - size, abs=64)
    VALIDATOR.validate(json.loads(encode_record(small)))
    assert decode_record(encode_record(small)) == small
    # Cutting takes text, never facts.
    assert (small.id, small.status, len(small.rounds)) == (record.id, record.status, rounds)
    assert [one.self_answer.verdict for one in small.rounds if one.self_answer] == ["fail"] * rounds
    assert bounded(small) == small


def test_bounding_tries_few_forms_of_a_huge_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work is a handful of passes over the record, however many rounds and outputs it has."""
    sizes: list[int] = []

    def counting(value: Any) -> int:
        sizes.append(len(msgspec.json.encode(value)))
        return sizes[-1]

    monkeypatch.setattr(bounds, "_bytes", counting)
    record = a_record(2_000, "x" * 300, PIECES[:4])
    whole = len(encode_record(record))
    assert len(encode_record(bounded(record))) < whole // 4
    assert whole > 15_000_000
    assert sum(sizes) < 8 * whole, [size for size in sizes if size > 10**6]


def test_small_records_are_left_alone() -> None:
    record = a_record(3, "short")
    assert bounded(record) is record


def test_an_image_is_whole_or_absent_and_its_absence_is_told() -> None:
    record = a_record(1, "short", [IMAGE])
    small = bounded(record, 100_000)
    assert small.rounds[0].execution is not None
    data = small.rounds[0].execution.outputs[0].data
    assert not data.get("image/png")
    assert "left out" in data["text/plain"]
    assert "<Figure>" in data["text/plain"]


def test_an_image_that_fits_stays_whole() -> None:
    image = Output(kind="figure", data={"image/png": "iVBORw0KGgo" * 1_000})
    record = a_record(1, "word " * 60_000, [image])
    small = bounded(record)
    assert small.rounds[0].execution is not None
    assert small.rounds[0].execution.outputs == [image]


@given(runs(), st.integers(2_000, 20_000))
def test_bounding_never_breaks_the_schema(events: list[object], limit: int) -> None:
    small = bounded(fold(events), limit)  # type: ignore[arg-type]
    VALIDATOR.validate(json.loads(encode_record(small)))


@given(st.text(max_size=500), st.integers(1, 600))
def test_cut_text_keeps_its_ends_and_counts_the_rest(text: str, limit: int) -> None:
    cut = cut_middle(text, limit)
    if len(text) <= limit:
        assert cut == text
        return
    head, note, tail = cut.partition("\n[... ")[0], cut.partition("\n[... ")[2], cut.rpartition(" cut ...]\n")[2]
    if "[..." not in text and "cut ...]" not in text:
        assert text.startswith(head)
        assert text.endswith(tail)
        counted = int(note.partition(" ")[0].replace(",", ""))
        assert counted + len(head) + len(tail) == len(text)


def test_the_limit_holds_for_any_mixture() -> None:
    chance = random.Random(7)
    for _ in range(5):
        text = "".join(chance.choice('ab\n\\"é🙂\x07') for _ in range(chance.randrange(100, 20_000)))
        assert len(encode_record(bounded(a_record(chance.randrange(1, 50), text)))) <= RECORD_BYTES


def test_half_a_chart_is_none() -> None:
    mime = "application/vnd.plotly.v1+json"
    charts = [
        Output(kind="figure", data={mime: "{" + "1" * size + "}", "text/plain": "chart"}) for size in (90_000, 70_000)
    ]
    run = Execution(status="ok", outputs=charts, stdout="x" * 300_000)
    this = Round(index=1, decision=Decision(kind="code", source="rule"), execution=run)
    kept = bounded(Record(rounds=[this])).rounds[0].execution
    assert kept is not None
    first, second = (output.data for output in kept.outputs)
    assert mime not in first
    assert "left out" in first["text/plain"]
    assert second[mime] == charts[1].data[mime]
