"""Our loop with one part left out each: what the part is worth. The record's ``config`` says which loop it was."""

from __future__ import annotations

from codesteer_kernel.evaluation.method import Method

__all__ = ["ABLATIONS"]

ABLATIONS = (
    Method(
        name="codesteer-no-symbolic",
        title="CodeSteer, no symbolic checker",
        about="our loop; nobody rates how much a program computes",
        changes=(("without", ("symbolic",)),),
        needs="steerer",
    ),
    Method(
        name="codesteer-no-self-answer",
        title="CodeSteer, no self-answer checker",
        about="our loop; no program tests the answers",
        changes=(("checker", "none"),),
        needs="steerer",
    ),
    Method(
        name="codesteer-no-choice",
        title="CodeSteer, no choice",
        about="our loop; the first answer is always a program",
        changes=(("start", "code"),),
        needs="steerer",
    ),
    Method(
        name="codesteer-no-head",
        title="CodeSteer, no head",
        about="our loop; a small steerer decides by its own probabilities, without what was trained on top of it",
        changes=(("without", ("head",)),),
        needs="steerer",
    ),
    Method(
        name="codesteer-fixed-rounds",
        title="CodeSteer, fixed rounds",
        about="our loop; every round of the budget is made, and the best-supported answer wins",
        changes=(("without", ("stop",)),),
        needs="steerer",
    ),
)
