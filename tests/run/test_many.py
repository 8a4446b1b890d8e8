"""Hundreds of runs in one process: none mixes with another, kernels are shared, stop ends them all."""

from __future__ import annotations

import asyncio
import re
import threading
import time

import pytest

from codesteer_kernel.config import default_threads
from codesteer_kernel.run import RunSettings, engine
from tests.executor.leaks import children
from tests.run.scripts import CHECK, model, program, say
from tests.scripted import Reply, Request, serving_in_thread

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(250)]
MANY = 200


def answer(request: Request) -> Reply:
    """Play every part, from what the question says: text for even numbers, a program for odd ones."""
    number = re.findall(r"number (\d+)", " ".join(text for _, text in request.turns))[0]
    odd = int(number) % 2
    if "You steer another model" in request.system:
        told = [text for role, text in request.turns if role == "assistant"]
        return Reply(say("return") if told else say("code" if odd else "text"))
    if "function check(answer" in request.last_user:
        return Reply(CHECK.replace("sum(n * n for n in range(1, 11))", f"{number} * sum([3])"))
    return Reply(program(f"print({number} * 3)") if odd else f"Answer: {int(number) * 3}")


async def test_hundreds_of_runs_go_on_at_once() -> None:
    with serving_in_thread(answer) as server:
        settings = RunSettings(target=model(server))
        threads = threading.active_count()
        lives = [engine().submit(f"Three times number {n}?", settings) for n in range(MANY)]
        assert len(engine().live) > MANY // 2
        runs = await asyncio.gather(*(live.join() for live in lives))
    assert [run.status for run in runs] == ["done"] * MANY
    assert [run.answer.removeprefix("Answer: ") for run in runs] == [str(3 * n) for n in range(MANY)]
    assert {run.record.support.level for run in runs[1::2] if run.record.support} == {"verified"}
    assert len({run.id for run in runs}) == MANY
    assert not engine().live
    # As many kernels as cores (each a warden and a supervisor, with what bubblewrap needs), not one for each run.
    assert len(children()) < 8 * (default_threads() + 2)
    assert threading.active_count() - threads < 20


def test_stop_ends_every_run() -> None:
    with serving_in_thread(lambda _: Reply("words without end " * 50, delay=0.2)) as server:
        settings = RunSettings(target=model(server), dialect="codesteer-v1")
        lives = [engine().submit(f"number {n}", settings) for n in range(50)]
        time.sleep(1)
        engine().stop_all()
        assert {live.wait(20).status for live in lives} == {"stopped"}
