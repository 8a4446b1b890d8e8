"""Markdown: for front ends without HTML, for exports and for people's notes."""

from __future__ import annotations

import re

from codesteer_kernel.record import Record, Round
from codesteer_kernel.render.words import (
    bound_lines,
    cost_line,
    decision_line,
    ending_line,
    execution_line,
    flat,
    status_line,
    verdict_line,
)

__all__ = ["fenced", "quoted", "to_markdown"]


def to_markdown(record: Record) -> str:
    """The run as Markdown: answer first, then every round."""
    parts = [f"**CodeSteer** · {status_line(record)}", quoted(record.question.prompt)]
    if record.answer is not None:
        shown = fenced if record.answer.code else quoted
        parts.append(f"### Answer\n\n{shown(record.answer.text)}")
    if record.support is not None and record.support.note:
        parts.append(f"*{flat(record.support.note)}*")
    parts += [f"- {line}" for line in bound_lines(record)]
    parts += [_round(one) for one in record.rounds]
    if ended := ending_line(record):
        parts.append(ended)
    parts.append(f"---\n{cost_line(record)}")
    return "\n\n".join(parts) + "\n"


def _round(this: Round) -> str:
    parts = [f"#### Round {this.index}: {decision_line(this.decision)}"]
    if this.decision.guidance:
        parts.append(quoted(this.decision.guidance))
    if this.answer.code is not None:
        parts.append(fenced(this.answer.code, "python"))
    elif this.answer.text:
        parts.append(quoted(this.answer.text))
    run = this.execution
    if run is not None and run.status is not None:
        parts.append(f"Ran: {execution_line(this)}.")
        parts += [fenced(text) for text in (run.stdout.rstrip(), run.traceback.rstrip()) if text]
    if this.symbolic is not None:
        parts.append(f"- symbolic checker: {this.symbolic.score:g} of 10. {flat(this.symbolic.note)}")
    if this.self_answer is not None:
        parts.append(f"- self-answer checker: {verdict_line(this.self_answer)}")
    return "\n\n".join(parts)


def fenced(text: str, tag: str = "") -> str:
    """Fence ``text`` with more backticks than any run inside it, so that nothing can break out."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{tag}\n{text}\n{fence}"


def quoted(text: str) -> str:
    """Quote foreign prose: whatever it leaves open (a fence, a comment) ends with the quotation."""
    return "\n".join(f"> {line}" for line in text.strip().splitlines())
