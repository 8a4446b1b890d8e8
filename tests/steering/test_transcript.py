"""A run told as its steerer's conversation is the conversation that the steerer had."""

from __future__ import annotations

import pytest

from codesteer_kernel.errors import BadInput
from codesteer_kernel.models.protocol import Message
from codesteer_kernel.record import Budget, RunConfig
from codesteer_kernel.record import events as ev
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.dialects.transcript import decisions_of, transcript
from codesteer_kernel.steering.procedure import Procedure
from codesteer_kernel.steering.steered import steered
from tests.steering.doubles import Programs, Speaker
from tests.steering.rounds import program_round, text_round
from tests.steering.running import CODE, QUESTION, Run, say


def untested(dialect: str) -> RunConfig:
    return RunConfig(dialect=dialect, without=["self-answer"])


def heard(model: Speaker) -> list[Message]:
    """All turns up to the last reply, as the model met them."""
    return list(model.requests[-1].messages)


def said(messages: list[Message]) -> list[str]:
    return [one.content for one in messages if one.role == "assistant"]


async def test_codesteer_v1_hears_what_the_transcript_says() -> None:
    steerer = ["<<<Code>>>", "<<<Use braces.>>>", "<<<Text>>>", "<<<Return Answer>>>"]
    run = Run(
        [CODE.format(41), CODE.format(42), "It is 42."],
        steerer,
        Programs(["41\n", "42\n"]),
        config=untested("codesteer-v1"),
    )
    record = await run.finish()
    told = transcript("codesteer-v1", record.question, record.rounds, decisions_of(record))
    assert told[:-1] == heard(run.steerer)
    assert said(told) == steerer


async def test_instruct_hears_what_the_transcript_says() -> None:
    steerer = [say("code"), say("refine", "Use braces."), say("return")]
    run = Run([CODE.format(41), CODE.format(42)], steerer, Programs(["41\n", "42\n"]), config=untested("instruct"))
    record = await run.finish()
    told = transcript("instruct", record.question, record.rounds, decisions_of(record))
    asked = [[one.content for one in turns if one.role != "assistant"] for turns in (told, heard(run.steerer))]
    assert asked[0] == asked[1]
    assert len(said(told)) == 3


async def test_mini_is_asked_only_what_the_rules_leave_open() -> None:
    scores: list[dict[str, float]] = [{"Code>>>": 0.9, "Text>>>": 0.1}, {"Return>>>": 0.9, "Refine>>>": 0.1}]
    steerer = Speaker([], scores=scores, score=True, local=True)
    programs = Programs(["42\n"])
    run = Run(["nothing", CODE.format(42)], steerer, programs, config=untested("mini"))
    record = await run.finish()
    assert [one.kind for one in decisions_of(record)] == ["code", "refine", "return"]
    told = transcript("mini", record.question, record.rounds, decisions_of(record))
    scored = steerer.scored[-1]
    assert told[: len(scored) - 1] == list(scored[:-1])
    assert said(told)[-2:] == ["<<<Code>>>", "<<<Return>>>"]


def test_more_decisions_than_rounds_to_take_them_on_are_refused() -> None:
    with pytest.raises(BadInput, match="3 decisions"):
        transcript("mini", QUESTION, [text_round(1)], [text_round(1).decision] * 3)
    with pytest.raises(BadInput, match="Known: mini"):
        transcript("maxi", QUESTION, [], [])


async def test_a_run_goes_on_behind_rounds_of_an_earlier_one() -> None:
    before = [program_round(1, "41", verdict="fail", reason="too small"), text_round(2, "40")]

    async def go_on(acts: Acts, rounds: int) -> Ending:
        return await steered(acts, rounds, before=before)

    run = Run(
        [CODE.format(42)],
        [say("code", "Write a program again."), say("return")],
        Programs(["42\n"]),
        config=untested("instruct"),
        procedure=Procedure("go-on", go_on),
        budget=Budget(rounds=4),
    )
    record = await run.finish()
    assert [one.result for one in record.rounds] == ["41", "40", "42"]
    assert [one.answer for one in record.rounds[:2]] == [one.answer for one in before]
    assert [one.self_answer for one in record.rounds[:2]] == [one.self_answer for one in before]
    # The target remembers both, though it was asked once.
    assert len(run.target.requests) == 1
    turns = [one.content for one in run.target.requests[0].messages if one.role == "assistant"]
    assert turns[:2] == [one.answer.text for one in before]
    assert record.config.method == "go-on"
    assert sum(isinstance(event, ev.CallMade) for event in run.events) == 3
