"""Code + Text + Sum: an answer in words, one by a program, then the target sums the two up (codesteer.md, section 5)."""

from __future__ import annotations

from codesteer_kernel.evaluation.method import Method
from codesteer_kernel.evaluation.methods.asking import by_program, in_words, outcome, turn
from codesteer_kernel.record import Decision, cut_middle
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.evidence import SHOWN_CHARS
from codesteer_kernel.steering.procedure import Procedure
from codesteer_kernel.steering.support import last

__all__ = ["CODE_TEXT_SUM"]

_WORDS = Decision(kind="text", source="rule", reason="First in words.")
_PROGRAM = Decision(kind="code", source="rule", reason="Then by a program.")
_SUM = Decision(kind="text", source="rule", reason="The two are summed up.")


async def _sum(acts: Acts, rounds: int) -> Ending:
    words = await in_words(acts, [turn(acts, "text")], _WORDS)
    program = await by_program(acts, [turn(acts, "code")], _PROGRAM)
    run = acts.record.rounds[-1].execution
    ran = f"\n\n{outcome(run)}" if run is not None else ""
    told = turn(
        acts,
        "sum",
        words=cut_middle(words.text.strip(), SHOWN_CHARS),
        program=cut_middle(program.text.strip(), SHOWN_CHARS) + ran,
    )
    await in_words(acts, [told], _SUM)
    return Ending("done")


CODE_TEXT_SUM = Method(
    name="code-text-sum",
    title="Code + Text + Sum.",
    about="answers in words, answers by a program that is run, then sums the two up; three calls",
    procedure=Procedure("code-text-sum", _sum, last),
    published="S1",
)
