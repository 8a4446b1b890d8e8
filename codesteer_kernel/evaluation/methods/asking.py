"""What the methods have in common: how a model is asked, and what a round of words or of a program is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from codesteer_kernel.models.protocol import ChatRequest, Message, Tool
from codesteer_kernel.record import Answer, Decision, Execution, cut_middle
from codesteer_kernel.record import events as ev
from codesteer_kernel.steering.acts import Acts
from codesteer_kernel.steering.conversation import told
from codesteer_kernel.steering.evidence import SHOWN_CHARS
from codesteer_kernel.steering.extraction import code_block, result_of_text
from codesteer_kernel.steering.prompts import load_prompts
from codesteer_kernel.steering.repetition import UNFINISHED

__all__ = ["answered", "begin", "by_program", "in_words", "outcome", "request", "turn"]


def turn(acts: Acts, key: str, **values: str) -> Message:
    """The user's turn ``key`` of ``prompts/methods.toml`` about the run's question."""
    return Message("user", load_prompts("methods").text(key, question=told(acts.question), **values))


def answered(answer: Answer) -> Message:
    """The target's turn as its conversation keeps it: no server takes an empty one."""
    return Message("assistant", answer.text or "(nothing)")


def request(
    acts: Acts, messages: Sequence[Message], *, tools: tuple[Tool, ...] = (), max_tokens: int | None = None
) -> ChatRequest:
    """A request to the target under the run's settings; ``max_tokens`` lowers theirs."""
    return ChatRequest(
        messages=tuple(messages),
        max_tokens=min(max_tokens or acts.config.max_tokens, acts.config.max_tokens),
        thinking=acts.config.thinking,
        repeat_partial=acts.config.repeat_partial,
        temperature=acts.config.temperature,
        seed=acts.config.seed,
        tools=tools,
        slot="target",
    )


def begin(acts: Acts, decision: Decision) -> int:
    """Begin the next round; returns its number."""
    index = len(acts.record.rounds) + 1
    acts.emitter.emit(ev.RoundStarted, round=index, decision=decision)
    acts.enter("answering")
    return index


async def in_words(acts: Acts, messages: Sequence[Message], decision: Decision) -> Answer:
    """The next round: the target replies and its words are the answer; a program in them is a part of them, and not run."""
    index = begin(acts, decision)
    answer = await acts.answer(request(acts, messages), index, read_code=lambda text: None)
    acts.emitter.emit(ev.RoundEnded, round=index, result=result_of_text(answer.text))
    return answer


async def by_program(
    acts: Acts,
    messages: Sequence[Message],
    decision: Decision,
    *,
    read_code: Callable[[str], str | None] = code_block,
    rated: bool = False,
) -> Answer:
    """The next round: the target replies and the program in its reply, if there is one, is run once.

    ``rated``: the symbolic checker looks at the program.
    """
    index = begin(acts, decision)
    answer = await acts.answer(request(acts, messages), index, read_code=read_code)
    result = ""
    if answer.code is not None:
        if rated:
            await acts.rate(answer.code, index, cut=answer.stop in UNFINISHED)
        _, result = await acts.execute(answer.code, index)
    acts.emitter.emit(ev.RoundEnded, round=index, result=result or result_of_text(answer.text))
    return answer


def outcome(execution: Execution) -> str:
    """What a model is told of its program's run; bounded."""
    prompts = load_prompts("methods")
    shown = [output.data.get("text/plain", "") for output in execution.outputs]
    output = cut_middle("\n".join(filter(None, (execution.stdout.strip(), *shown))), SHOWN_CHARS)
    if execution.status != "ok":
        error = cut_middle(execution.traceback.strip() or execution.error or execution.limit, SHOWN_CHARS)
        hint = load_prompts("target").hint(execution.error)
        return prompts.text("failed", error=error, hint=hint, output=output or "(nothing)")
    return prompts.text("ran", output=output) if output else prompts.text("silent")
