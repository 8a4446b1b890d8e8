"""Only Question: the question alone, one call, and what comes back is the answer (codesteer.md, section 5)."""

from __future__ import annotations

from codesteer_kernel.evaluation.method import Method
from codesteer_kernel.models.protocol import ChatRequest, Message
from codesteer_kernel.record import Decision
from codesteer_kernel.record import events as ev
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.extraction import result_of_text
from codesteer_kernel.steering.procedure import Procedure
from codesteer_kernel.steering.support import last

__all__ = ["ONLY_QUESTION"]


async def _only_question(acts: Acts, rounds: int) -> Ending:
    decision = Decision(kind="text", source="rule", reason="The question alone, whatever the reply.")
    acts.emitter.emit(ev.RoundStarted, round=1, decision=decision)
    acts.enter("answering")
    request = ChatRequest(
        messages=(Message(role="user", content=acts.question.prompt),),
        max_tokens=acts.config.max_tokens,
        temperature=acts.config.temperature,
        seed=acts.config.seed,
        slot="target",
    )
    # A program in the reply is part of the reply: this method runs nothing.
    answer = await acts.answer(request, 1, read_code=lambda text: None)
    acts.emitter.emit(ev.RoundEnded, round=1, result=result_of_text(answer.text))
    return Ending("done")


ONLY_QUESTION = Method(
    name="only-question",
    title="Only Question",
    about="the question alone, one call, nothing runs",
    procedure=Procedure("only-question", _only_question, last),
    published="OQ",
)
