"""All Code + CoT: the question with the request for a plan and a program, which is run once (codesteer.md, section 5)."""

from __future__ import annotations

from codesteer_kernel.evaluation.method import Method
from codesteer_kernel.evaluation.methods.asking import by_program, turn
from codesteer_kernel.record import Decision
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.procedure import Procedure
from codesteer_kernel.steering.support import last

__all__ = ["ALL_CODE_COT"]

_DECISION = Decision(kind="code", source="rule", reason="Always a program.")


async def _all_code(acts: Acts, rounds: int) -> Ending:
    await by_program(acts, [turn(acts, "code")], _DECISION)
    return Ending("done")


ALL_CODE_COT = Method(
    name="all-code-cot",
    title="All Code + CoT",
    about="asked for a plan and one program, which is run once; one call",
    procedure=Procedure("all-code-cot", _all_code, last),
    published="CC",
)
