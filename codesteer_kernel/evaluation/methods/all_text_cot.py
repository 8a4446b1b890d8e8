"""All Text + CoT: the question with the request to reason in words; one call, nothing runs (codesteer.md, section 5)."""

from __future__ import annotations

from codesteer_kernel.evaluation.method import Method
from codesteer_kernel.evaluation.methods.asking import in_words, turn
from codesteer_kernel.record import Decision
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.procedure import Procedure
from codesteer_kernel.steering.support import last

__all__ = ["ALL_TEXT_COT"]

_DECISION = Decision(kind="text", source="rule", reason="Always in words.")


async def _all_text(acts: Acts, rounds: int) -> Ending:
    await in_words(acts, [turn(acts, "text")], _DECISION)
    return Ending("done")


ALL_TEXT_COT = Method(
    name="all-text-cot",
    title="All Text + CoT",
    about="asked to reason step by step in words; one call, nothing runs",
    procedure=Procedure("all-text-cot", _all_text, last),
    published="TC",
)
