"""Plain text: for terminals, logs and front ends that draw nothing else."""

from __future__ import annotations

import re
import textwrap

from codesteer_kernel.record import Decision, Record, Round, cut_middle
from codesteer_kernel.render.words import (
    bound_lines,
    cost_line,
    decision_line,
    execution_line,
    split_line,
    status_line,
    verdict_line,
)

__all__ = ["check_lines", "decision_lines", "end_lines", "execution_lines", "printable", "round_lines", "to_text"]

_SHOWN = 2_000
# What would move a terminal's cursor, set its title or worse: escape sequences and all control characters but two.
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def round_lines(this: Round) -> list[str]:
    """The lines of one round, without a trailing newline."""
    lines = decision_lines(this.decision, this.index)
    if this.answer.code is not None:
        lines.append(_block("program", this.answer.code))
    elif this.answer.text:
        lines.append(_block("answer", this.answer.text))
    lines += [*execution_lines(this), *check_lines(this)]
    if this.complete:
        lines.append(f"  round took {this.timing.seconds:.1f} s")
    return [printable(line) for line in lines]


def decision_lines(decision: Decision, index: int) -> list[str]:
    """How round ``index`` was opened."""
    lines = [f"Round {index}: {decision_line(decision)}"]
    return [*lines, _block("guidance", decision.guidance)] if decision.guidance else lines


def execution_lines(this: Round) -> list[str]:
    """How the round's program went; none while it runs."""
    run = this.execution
    if run is None or run.status is None:
        return []
    lines = [f"  ran: {execution_line(this)}"]
    if run.stdout.strip():
        lines.append(_block("printed", run.stdout.rstrip()))
    if run.stderr.strip() and run.status != "ok":
        lines.append(_block("errors", run.stderr.rstrip()))
    return lines


def check_lines(this: Round) -> list[str]:
    """What the checkers said."""
    lines = []
    if this.symbolic is not None:
        lines.append(f"  symbolic checker: {this.symbolic.score:g} of 10. {this.symbolic.note}")
    if this.self_answer is not None:
        lines.append(f"  self-answer checker: {verdict_line(this.self_answer)}")
    return lines


def to_text(record: Record) -> str:
    """The whole run as plain text, the answer last, where a terminal's reader looks first."""
    lines = [f"Question: {record.question.prompt.strip()}"]
    for one in record.rounds:
        lines += round_lines(one)
    return printable("\n".join([*lines, *end_lines(record)]))


def end_lines(record: Record) -> list[str]:
    """Where the run stands, its answer, what that rests on, what it cost."""
    lines = [status_line(record)]
    if record.answer is not None:
        lines.append(f"Answer: {record.answer.text}")
    if record.support is not None and record.support.note:
        lines.append(f"Support: {record.support.note}")
    lines += bound_lines(record)
    lines.append(cost_line(record))
    if record.timing.split:
        lines.append(f"Time: {split_line(record)}")
    return lines


def printable(text: str) -> str:
    """``text`` without what would drive a terminal: models and programs wrote it."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _block(label: str, text: str) -> str:
    return f"  {label}:\n" + textwrap.indent(cut_middle(text.rstrip(), _SHOWN), "    | ", lambda _: True)
