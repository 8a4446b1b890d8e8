"""Only Question: the question alone, one call, and what comes back is the answer (codesteer.md, section 5)."""

from __future__ import annotations

from codesteer_kernel.evaluation.method import Method
from codesteer_kernel.evaluation.methods.asking import in_words
from codesteer_kernel.models.protocol import Message
from codesteer_kernel.record import Decision
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.conversation import told
from codesteer_kernel.steering.procedure import Procedure
from codesteer_kernel.steering.support import last

__all__ = ["ONLY_QUESTION"]

_DECISION = Decision(kind="text", source="rule", reason="The question alone, whatever the reply.")


async def _only_question(acts: Acts, rounds: int) -> Ending:
    await in_words(acts, [Message("user", told(acts.question))], _DECISION)
    return Ending("done")


ONLY_QUESTION = Method(
    name="only-question",
    title="Only Question",
    about="the question alone, one call, nothing runs",
    procedure=Procedure("only-question", _only_question, last),
    published="OQ",
)
