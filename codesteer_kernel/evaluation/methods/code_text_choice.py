"""Code/Text Choice: the steerer chooses once between code and text, then the target answers once.

The published column of this name (Ch) is a model trained for the one choice, which is not shipped; ours has whatever
steerer the job names, so its rows stand beside no published column.
"""

from __future__ import annotations

from codesteer_kernel.evaluation.method import Method
from codesteer_kernel.evaluation.methods.asking import by_program, in_words, turn
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.procedure import Procedure
from codesteer_kernel.steering.support import last

__all__ = ["CODE_TEXT_CHOICE"]


async def _choice(acts: Acts, rounds: int) -> Ending:
    acts.enter("choosing")
    decision = await acts.dialect().choose()
    if decision.kind == "code":
        await by_program(acts, [turn(acts, "code")], decision)
    else:
        await in_words(acts, [turn(acts, "text")], decision)
    return Ending("done")


CODE_TEXT_CHOICE = Method(
    name="code-text-choice",
    title="Code/Text Choice",
    about="the steerer chooses code or text once (scored where it can score), then one answer that way",
    procedure=Procedure("code-text-choice", _choice, last),
    needs="steerer",
)
