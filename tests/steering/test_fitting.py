"""A conversation that outgrew its model goes on, smaller, with the question and the newest turns."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.errors import ContextOverflow
from codesteer_kernel.models.protocol import ChatRequest, Message
from codesteer_kernel.record import Budget, RunConfig
from codesteer_kernel.steering.fitting import condensed
from tests.steering.doubles import Programs, Speaker
from tests.steering.running import CODE, UNTESTED, Run, say


class Narrow(Speaker):
    """A model whose window holds ``window`` characters."""

    window = 0

    async def stream(self, request: ChatRequest) -> Any:
        size = sum(len(message.content) for message in request.messages)
        if size > self.window:
            raise ContextOverflow(f"The prompt has {size} of {self.window}.")
        async for delta in super().stream(request):
            yield delta


def talk(turns: int, length: int) -> list[Message]:
    roles = ["user", "assistant"]
    return [Message("system", "s"), *(Message(roles[n % 2], f"{n} " + "x" * length) for n in range(turns))]  # type: ignore[arg-type]


@given(st.integers(0, 12), st.integers(0, 3_000), st.booleans())
def test_every_step_is_smaller_and_keeps_the_ends(turns: int, length: int, prefill: bool) -> None:
    messages = tuple(talk(2 * turns + 1, length)) + ((Message("assistant", "```"),) if prefill else ())
    for _ in range(60):
        smaller = condensed(messages)
        if smaller is None:
            break
        assert sum(len(one.content) for one in smaller) < sum(len(one.content) for one in messages)
        roles = [one.role for one in smaller if one.role != "system"]
        assert all(one != other for one, other in itertools.pairwise(roles))
        assert smaller[0] == messages[0]
        assert smaller[1].content.startswith("0 ")
        assert smaller[-1].role == messages[-1].role
        messages = smaller
    else:
        raise AssertionError("it does not end")


async def test_a_long_run_goes_on_when_the_window_is_full() -> None:
    decisions = [say("code"), *[say("refine", "More. " + "why " * 200)] * 6, say("return")]
    steerer = Narrow(decisions, name="openai/steerer")
    steerer.window = 7_000
    target = Narrow([CODE.format(f"{n} * 7  # {'y' * 1_000}") for n in range(7)], name="openai/target")
    target.window = 4_500
    printed = [f"{7 * n}\n" for n in range(7)]
    run = Run(target, steerer, Programs(printed), config=UNTESTED, budget=Budget(rounds=7))
    record = await run.finish()
    assert record.status == "done", record.error
    assert len(record.rounds) == 7
    last = run.target.requests[-1].messages
    assert "What is 6 * 7?" in last[0].content
    assert "More." in last[-1].content
    assert len(last) < 13, "earlier rounds were left out"


async def test_a_question_that_never_fits_is_told_with_its_numbers() -> None:
    target = Narrow([], name="openai/target")
    run = Run(target, [say("text")], config=RunConfig(dialect="instruct"))
    async for event in run.steering.events():
        run.events.append(event)
    record = run.steering.record
    assert record.error is not None
    assert record.error.code == ContextOverflow.code
    assert "of 0" in record.error.message
