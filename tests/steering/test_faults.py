"""Whatever await of a run raises, is cancelled or hangs: the run ends with its last event and leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest

from codesteer_kernel.record import Question, Record, RunConfig, fold
from codesteer_kernel.record import events as ev
from codesteer_kernel.steering import Roles, loop
from codesteer_kernel.steering.loop import Steering
from tests.steering.doubles import Programs, Speaker
from tests.steering.faults import Saboteur, Way

CODE = "```python\nprint({})\n```"
CHECK = "```python\ndef check(answer):\n    return int(answer) == 6 * sum([7]), 'no'\n```"
DECIDE = '{{"decision": "{}", "guidance": "again", "reason": "because"}}'


def two_rounds_and_words() -> Steering:
    """Two rounds of code with a test beside the first answer, a result to bind, and a text round in the end."""
    programs = Programs(["41\n", "42\n"], [(False, "it is 42"), (True, "")])
    programs.values = {"x": 42}
    return Steering(
        Question(prompt="What is 6 * 7?", outputs=["x"]),
        Roles(
            Speaker([CODE.format(41), CODE.format("6 * 7"), "Answer: 42"], name="openai/target"),
            Speaker([DECIDE.format(d) for d in ("code", "refine", "text", "return")], name="openai/steerer"),
            Speaker([CHECK], name="openai/checker"),
        ),
        programs,  # type: ignore[arg-type]
        config=RunConfig(dialect="instruct"),
    )


def samples() -> Steering:
    """Three answers at once, then a decision."""
    return Steering(
        Question(prompt="What is 6 * 7?"),
        Roles(
            Speaker([CODE.format(n) for n in ("6 * 7", "43", "7 * 6")], name="openai/target"),
            Speaker([DECIDE.format(d) for d in ("code", "return")], name="openai/steerer"),
            Speaker([CHECK], name="openai/checker"),
        ),
        Programs(["42\n", "43\n", "42\n"], [(True, ""), (False, ""), (True, "")]),  # type: ignore[arg-type]
        config=RunConfig(dialect="instruct", samples=3),
    )


def published() -> Steering:
    """The published loop: an answer, a test, a guidance, an answer, a test, a stop, the last program once more."""
    return Steering(
        Question(prompt="What is 6 * 7?"),
        Roles(
            Speaker([CODE.format(41), CODE.format("6 * 7")], name="openai/target"),
            Speaker(["<<<Code>>>", "<<<Multiply.>>>", "<<<Return Answer>>>"], name="openai/steerer"),
            Speaker([CODE.format("'wrong'"), CODE.format("'right'")], name="openai/checker"),
        ),
        Programs(["41\n", "wrong\n", "42\n", "right\n", "42\n"]),  # type: ignore[arg-type]
        config=RunConfig(faithful=True),
    )


async def sabotaged(scenario: Callable[[], Steering], way: Way, place: int) -> tuple[Saboteur, Record]:
    """One run in which suspension ``place`` goes wrong; a run that hangs is stopped."""
    running = asyncio.get_running_loop()
    saboteur = Saboteur(way, place)
    steering = scenario()
    events: list[Any] = []

    async def stop_when_it_hangs() -> None:
        await saboteur.done.wait()
        steering.stop.set()

    stopper = asyncio.create_task(stop_when_it_hangs()) if way == "hang" else None
    before = asyncio.all_tasks()
    running.set_task_factory(saboteur.task)
    try:
        async with asyncio.timeout(10):
            async for event in steering.events():
                events.append(event)
    finally:
        running.set_task_factory(None)
        if stopper is not None:
            stopper.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    if way != "hang":
        left = {task for task in asyncio.all_tasks() - before if not task.done()}
        assert not left, f"left running after suspension {place} in {saboteur.where}: {left}"
    assert isinstance(events[-1], ev.RunEnded), f"suspension {place} in {saboteur.where}"
    assert sum(isinstance(event, ev.RunEnded) for event in events) == 1
    assert fold(events) == steering.record
    return saboteur, steering.record


@pytest.mark.parametrize("way", ["raise", "cancel", "hang"])
@pytest.mark.parametrize("scenario", [two_rounds_and_words, samples, published])
async def test_every_await_may_go_wrong(
    scenario: Callable[[], Steering], way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "GRACE_S", 0.02)
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(str(context)))
    _, whole = await sabotaged(scenario, way, 0)
    assert whole.status == "done"
    ends: set[str] = set()
    for place in range(1, 10_000):
        saboteur, record = await sabotaged(scenario, way, place)
        if not saboteur.done.is_set():
            break
        ends.add(record.status)
        assert record.status in ("done", "failed", "stopped", "exhausted")
        assert len(record.rounds) <= len(whole.rounds)
    assert place > 30, "the walk is too short to be one"
    assert ends & {"failed", "stopped"}
    gc.collect()
    assert not complaints
