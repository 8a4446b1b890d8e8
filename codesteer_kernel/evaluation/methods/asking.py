"""What the methods have in common: how a model is asked, and what a round of words or of a program is."""

from __future__ import annotations

from collections.abc import Sequence

from codesteer_kernel.models.protocol import ChatRequest, Message
from codesteer_kernel.record import Answer, Decision
from codesteer_kernel.record import events as ev
from codesteer_kernel.steering.acts import Acts
from codesteer_kernel.steering.conversation import told
from codesteer_kernel.steering.extraction import code_block, result_of_text
from codesteer_kernel.steering.prompts import load_prompts

__all__ = ["answered", "by_program", "in_words", "request", "turn"]


def turn(acts: Acts, key: str, **values: str) -> Message:
    """The user turn ``key`` of ``prompts/methods.toml`` about the run's question."""
    return Message("user", load_prompts("methods").text(key, question=told(acts.question), **values))


def answered(answer: Answer) -> Message:
    """The target's turn as its conversation keeps it: no server takes an empty one."""
    return Message("assistant", answer.text or "(nothing)")


def request(acts: Acts, messages: Sequence[Message], *, slot: str = "target") -> ChatRequest:
    """A request under the run's settings."""
    return ChatRequest(
        messages=tuple(messages),
        max_tokens=acts.config.max_tokens,
        thinking=acts.config.thinking,
        repeat_partial=acts.config.repeat_partial,
        temperature=acts.config.temperature,
        seed=acts.config.seed,
        slot=slot,
    )


async def in_words(acts: Acts, messages: Sequence[Message], decision: Decision) -> Answer:
    """The next round: the target replies and its words are the answer; a program in them is a part of them, and not run."""
    index = _begin(acts, decision)
    answer = await acts.answer(request(acts, messages), index, read_code=lambda text: None)
    acts.emitter.emit(ev.RoundEnded, round=index, result=result_of_text(answer.text))
    return answer


async def by_program(acts: Acts, messages: Sequence[Message], decision: Decision) -> Answer:
    """The next round: the target replies and the program in its reply, if there is one, is run once."""
    index = _begin(acts, decision)
    answer = await acts.answer(request(acts, messages), index, read_code=code_block)
    result = ""
    if answer.code is not None:
        _, result = await acts.execute(answer.code, index)
    acts.emitter.emit(ev.RoundEnded, round=index, result=result or result_of_text(answer.text))
    return answer


def _begin(acts: Acts, decision: Decision) -> int:
    index = len(acts.record.rounds) + 1
    acts.emitter.emit(ev.RoundStarted, round=index, decision=decision)
    acts.enter("answering")
    return index
