"""The first round of our loop alone, by either way: whether code or text is right, which a steerer has to foresee.

The target is asked as the loop asks it first; nothing is tested, and nobody steers.
"""

from __future__ import annotations

from functools import partial

from codesteer_kernel.evaluation.method import Method
from codesteer_kernel.record import Decision
from codesteer_kernel.record.document import DecisionKind
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.policies import Forced
from codesteer_kernel.steering.procedure import Procedure
from codesteer_kernel.steering.steered import steered

__all__ = ["FIRST_ANSWERS"]


async def _first(acts: Acts, rounds: int, kind: DecisionKind) -> Ending:
    decision = Decision(kind=kind, source="rule", reason="The first round alone.")
    return await steered(acts, 1, dialect=Forced(decision))


def _method(kind: DecisionKind, about: str) -> Method:
    name = f"first-{kind}"
    return Method(
        name=name,
        title=f"First round, {kind}",
        about=about,
        procedure=Procedure(name, partial(_first, kind=kind)),
        changes=(("start", None), ("samples", 1), ("checker", "none")),
    )


FIRST_ANSWERS = (
    _method("code", "the first round of our loop, always a program; it runs, nothing tests it"),
    _method("text", "the first round of our loop, always words"),
)
