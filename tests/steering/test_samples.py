"""Self-consistency: independent first answers, the best-supported of which is steered on."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec.structs import replace

from codesteer_kernel.errors import RateLimited
from codesteer_kernel.models.protocol import ChatRequest
from codesteer_kernel.record import Budget, RunConfig
from codesteer_kernel.steering.conversation import SAMPLE_TEMPERATURE
from tests.steering.doubles import Hang, Programs, Speaker
from tests.steering.running import CODE, Run, say

THREE = RunConfig(dialect="instruct", samples=3, seed=7)
UNTESTED_THREE = replace(THREE, without=["self-answer"])


async def test_the_answer_that_most_samples_give_wins() -> None:
    run = Run(
        [CODE.format("6 * 7"), CODE.format("6 + 7"), CODE.format("7 * 6")],
        [say("code"), say("return")],
        Programs(["42\n", "13\n", "42\n"]),
        config=UNTESTED_THREE,
    )
    record = await run.finish()
    assert record.status == "done"
    assert record.answer is not None
    assert record.support is not None
    assert record.answer.text == "42"
    assert (record.support.level, record.support.rounds) == ("agreed", [1, 3])
    assert [one.decision.reason.split(".")[0] for one in record.rounds] == [f"Sample {n} of 3" for n in (1, 2, 3)]


async def test_samples_are_independent_of_each_other() -> None:
    run = Run(["Answer: 4", "Answer: 5", "Answer: 4"], [say("text"), say("return")], config=THREE)
    await run.finish()
    asked: list[ChatRequest] = run.target.requests
    assert [len(request.messages) for request in asked] == [1, 1, 1], "none sees another's answer"
    assert [request.seed for request in asked] == [7, 8, 9]
    assert {request.temperature for request in asked} == {SAMPLE_TEMPERATURE}


async def test_hosted_samples_are_asked_for_at_once_and_stop_ends_them_all() -> None:
    hangs = [Hang("so") for _ in range(3)]
    run = Run(hangs, [say("text")], config=THREE)
    reading = asyncio.create_task(run.finish())
    for hang in hangs:
        await asyncio.wait_for(hang.reached.wait(), 5)
    run.steering.stop.set()
    record = await reading
    assert record.status == "stopped"
    assert all(hang.closed for hang in hangs)


async def test_a_local_target_answers_one_after_another() -> None:
    open_now = most = 0

    class Local(Speaker):
        async def stream(self, request: ChatRequest) -> Any:
            nonlocal open_now, most
            open_now += 1
            most = max(most, open_now)
            async for delta in super().stream(request):
                yield delta
            open_now -= 1

    target = Local(["Answer: 4", "Answer: 4", "Answer: 5"], name="local/small", local=True)
    record = await Run(target, [say("text"), say("return")], config=THREE).finish()
    assert most == 1
    assert record.answer is not None
    assert record.answer.round in (1, 2)


async def test_the_best_sample_is_the_one_that_is_reviewed_and_goes_on() -> None:
    run = Run(
        [CODE.format("6 * 7"), CODE.format("bad("), CODE.format("also bad("), CODE.format("42")],
        [say("code"), say("refine", "Say why."), say("return")],
        Programs(["42\n", "", "", "42\n"]),
        config=UNTESTED_THREE,
    )
    record = await run.finish()
    assert len(record.rounds) == 4
    assert "It printed:\n42" in run.steerer.requests[1].messages[-1].content
    history = run.target.requests[3].messages
    assert "6 * 7" in history[1].content, "the conversation of the first sample"
    assert [message.role for message in history] == ["user", "assistant", "user"]


async def test_a_sample_that_fails_fails_the_run_with_its_words() -> None:
    run = Run(["Answer: 4", RateLimited("Slow down."), Hang()], [say("text")], config=THREE)
    record = await run.finish()
    assert record.error is not None
    assert (record.status, record.error.message) == ("failed", "Slow down.")


async def test_a_budget_ends_samples_too() -> None:
    run = Run([Hang("a"), Hang("b"), Hang("c")], [say("text")], config=THREE, budget=Budget(seconds=0.3))
    record = await run.finish()
    assert (record.status, record.budget.hit) == ("exhausted", "seconds")
