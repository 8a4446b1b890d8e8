"""Symbolic agent, of our own design: the published column of that name (SA) is nowhere described, so this stands beside none.

The target states the problem formally (unknowns with their domains, givens, conditions, what is wanted), then writes a
program over that statement. Rules alone judge the program: as long as it is cut off, crashes, is slow or silent, or the
symbolic checker finds that it only prints what it was written with, the target is told so and writes it again. There is
no steerer and no testing program: what it measures is how far formal statement and rules go by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

from codesteer_kernel.evaluation.method import Method
from codesteer_kernel.evaluation.methods.asking import answered, by_program, in_words, turn
from codesteer_kernel.models.protocol import Message
from codesteer_kernel.record import Decision, FinalAnswer, Round, Support
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.evidence import assess, guidance_for
from codesteer_kernel.steering.procedure import Procedure
from codesteer_kernel.steering.prompts import load_prompts
from codesteer_kernel.steering.support import best

__all__ = ["SYMBOLIC_AGENT"]

_STATE = Decision(kind="text", source="rule", reason="The problem is stated formally first.")
_SOLVE = Decision(kind="code", source="rule", reason="A program over the formal statement.")


async def _agent(acts: Acts, rounds: int) -> Ending:
    messages = [turn(acts, "formalise")]
    stated = await in_words(acts, messages, _STATE)
    messages += [answered(stated), Message("user", load_prompts("methods").text("solve"))]
    decision = _SOLVE
    for _ in range(rounds - 1):
        answer = await by_program(acts, messages, decision, rated=True)
        situation = assess(acts.record.rounds)
        if max(situation.allowed, key=lambda kind: situation.allowed[kind]) != "refine":
            return Ending("done")
        guidance = guidance_for("refine", situation, acts.record.rounds[-1])
        decision = Decision(
            kind="refine", source="rule", guidance=guidance, guidance_source="template", reason=situation.reason
        )
        again = load_prompts("target").text("guided_code", guidance=guidance)
        messages += [answered(answer), Message("user", again)]
    return Ending("exhausted")


def _best_program(rounds: Sequence[Round]) -> tuple[FinalAnswer | None, Support]:
    """The best-supported answer of a program: the statement in the first round is none."""
    return best(rounds[1:] or rounds)


SYMBOLIC_AGENT = Method(
    name="symbolic-agent",
    title="Symbolic agent (ours)",
    about="states the problem formally, then a program over the statement, written again while rules find fault with it",
    procedure=Procedure("symbolic-agent", _agent, _best_program),
)
