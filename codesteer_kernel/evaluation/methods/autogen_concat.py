"""AutoGen Conca.: a general assistant's instruction in front of the question, as the user's words; one turn.

Nothing runs in between; at the end the Python blocks of the reply run as one program, from the first to the last
(codesteer.md, section 5; the published scoring ran the first one only).
"""

from __future__ import annotations

from codesteer_kernel.evaluation.method import Method
from codesteer_kernel.evaluation.methods.asking import by_program, turn
from codesteer_kernel.record import Decision
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.extraction import code_blocks
from codesteer_kernel.steering.procedure import Procedure
from codesteer_kernel.steering.support import last

__all__ = ["AUTOGEN_CONCAT"]

_DECISION = Decision(kind="code", source="rule", reason="Code or words, as the assistant likes.")


def _all_blocks(text: str) -> str | None:
    return "\n\n".join(code_blocks(text)) or None


async def _autogen(acts: Acts, rounds: int) -> Ending:
    await by_program(acts, [turn(acts, "assistant")], _DECISION, read_code=_all_blocks)
    return Ending("done")


AUTOGEN_CONCAT = Method(
    name="autogen-concat",
    title="AutoGen Conca.",
    about="a general assistant's instruction in front of the question; one call, its blocks run at the end",
    procedure=Procedure("autogen-concat", _autogen, last),
    published="AG",
)
