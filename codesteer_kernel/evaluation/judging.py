"""From a record to a verdict: what of a run is judged, and by which rule. The same for every method; no model judges."""

from __future__ import annotations

from typing import Literal

from codesteer_kernel.record import Record
from codesteer_kernel.symbench import Problem, Verdict, get

__all__ = ["Origin", "judge", "judged_text"]

Origin = Literal["program", "text", "none"]


def judged_text(record: Record) -> tuple[str, Origin]:
    """The words that are judged: what the winning round's program printed, else what that round said.

    The whole output is judged, not the short result that front ends show: a board of nine lines is one answer.
    """
    if record.answer is None:
        return "", "none"
    this = record.rounds[record.answer.round - 1]
    if this.answer.code is not None and this.execution is not None:
        shown = [output.data.get("text/plain", "") for output in this.execution.outputs]
        return this.execution.stdout or "\n".join(filter(None, shown)) or this.result, "program"
    return this.answer.text, "text"


def judge(problem: Problem, record: Record) -> tuple[Verdict, Origin]:
    """Have the problem's own rules judge a run's answer."""
    text, origin = judged_text(record)
    return get(problem.task).verify(problem, text), origin
