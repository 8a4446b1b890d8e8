"""Replies that go round in circles are cut off early, told once, and never taken for an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from codesteer_kernel.models import ChatRequest, Message
from codesteer_kernel.steering.repetition import circle, without_circles
from codesteer_kernel.steering.support import best
from tests.models.endpoints import serving
from tests.steering.doubles import Programs, calls_of
from tests.steering.rounds import text_round
from tests.steering.running import CODE, UNTESTED, Run, say

LINE = "# The correct answer is (C) 03/06/1926.\n"
REQUEST = ChatRequest(messages=(Message("user", "Which date is it?"),), max_tokens=4_000)


@given(begin=st.text(max_size=200), piece=st.text(alphabet="abcdefgh ijk\n", min_size=60, max_size=200))
def test_a_piece_said_over_and_over_is_told_once(begin: str, piece: str) -> None:
    period = circle(begin + piece * 15)
    if period is None:  # only where the piece itself is made of too short or wordless pieces
        assert sum(map(str.isalpha, piece)) < 8 or any(piece == piece[:n] * (60 // n) for n in range(1, 13))
        return
    once = without_circles(begin + piece * 15)
    assert (begin + piece * 15).startswith(once)
    assert len(once) <= len(begin) + 2 * len(piece)
    assert circle(once) is None


@given(st.text(max_size=3_000))
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert without_circles(text) == text or circle(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        LINE * 3,
        "[0, 0, 0, 0, 0, 0, 0, 0, 0, 0],\n" * 60,
        "1" * 4_000,
        "y" * 4_000,
        "\n" * 4_000,
        "| 12 | 34 | 56 | 78 | 90 |\n" * 80,
        "".join(f"numbers.append({number})  # the {number}th number\n" for number in range(200)),
        "".join(f"Step {number}: move the disk to the next free rod.\n" for number in range(100)),
    ],
    ids=["empty", "thrice", "grid", "digits", "letter", "lines", "table", "counting", "steps"],
)
def test_grids_tables_and_steps_are_no_circles(text: str) -> None:
    assert circle(text) is None


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
async def test_a_stream_in_circles_is_ended_early_and_booked(kind: str) -> None:
    calls = calls_of()
    async with serving(["I think so. " + LINE * 400], kind) as (_, model):
        reply = await calls.stream(model, REQUEST, role="target", purpose="answer")
    assert reply.stop == "repetition"
    assert len(reply.text) < 1_500
    assert calls.meter.usage.output_tokens > 50
    assert calls.meter.usage.input_tokens > 0


async def test_a_program_in_circles_is_started_afresh_in_fewer_words() -> None:
    run = Run(
        ["```python\n" + LINE * 60, CODE.format(42)],
        [say("code"), say("refine", "Shorter."), say("return")],
        Programs(["42"]),
        config=UNTESTED,
    )
    record = await run.finish()
    assert [one.answer.stop for one in record.rounds] == ["repetition", "end"]
    assert record.rounds[0].execution is None
    shown = run.target.requests[1].messages
    assert shown[1].content.count(LINE.strip()) == 1
    assert record.answer is not None
    assert record.answer.result == "42"


async def test_words_in_circles_are_no_answer() -> None:
    said = "I did not understand the question, so I thought about it again. "
    run = Run([said * 30], [say("text"), say("terminate")], config=UNTESTED)
    record = await run.finish()
    assert record.answer is None
    assert record.error is not None
    assert record.error.code == "no_answer"


def test_a_marked_answer_before_the_circles_still_counts() -> None:
    one = text_round(1, "42", text="Answer: 42\n" + "and so I said again and again\n" * 30)
    one = replace(one, answer=replace(one.answer, stop="repetition"))
    found, _ = best([one])
    assert found is not None
    assert found.result == "42"
