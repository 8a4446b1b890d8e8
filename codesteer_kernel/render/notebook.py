"""A run as a Jupyter notebook: the question, every round with its program and what that printed, the answer.

The notebook is plain data of nbformat 4.5; nothing is imported for it. Programs stand in code cells, ready to be run in
the reader's own kernel. Markdown cells count as the reader's own words, and nbconvert passes their HTML through: words
of models and programs that could become a tag, an entity or a script's address stand there verbatim, as code. Of rich
outputs text and pictures are kept, no foreign markup.
"""

from __future__ import annotations

import re
from typing import Any

from codesteer_kernel.record import Execution, Record, Round
from codesteer_kernel.render.markdown import fenced, quoted
from codesteer_kernel.render.pictures import picture
from codesteer_kernel.render.text import printable
from codesteer_kernel.render.words import (
    bound_lines,
    cost_line,
    decision_line,
    execution_line,
    flat,
    status_line,
    verdict_line,
)

__all__ = ["to_notebook"]

_ALIVE = re.compile(r"<[A-Za-z/!?]|&#?\w+;|(?:script|data|file)\s*\\*:", re.IGNORECASE)


def to_notebook(record: Record) -> dict[str, Any]:
    """The notebook as plain data, ready for :func:`json.dumps`."""
    cells = [_words("question", [f"**CodeSteer** · {_line(status_line(record))}", _prose(record.question.prompt)])]
    for place, one in enumerate(record.rounds, 1):
        cells.append(_words(f"round-{place}", _opening(one)))
        if one.answer.code is not None:
            cells.append(_program(f"round-{place}-program", one))
        if checks := _checks(one):
            cells.append(_words(f"round-{place}-checks", checks))
    cells.append(_words("answer", _ending(record)))
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
            "codesteer": {"run": record.id},
        },
        "cells": cells,
    }


def _opening(this: Round) -> list[str]:
    parts = [f"#### Round {this.index}: {decision_line(this.decision)}"]
    if this.decision.guidance:
        parts.append(_prose(this.decision.guidance))
    if this.answer.code is None and this.answer.text:
        parts.append(_prose(this.answer.text))
    return parts


def _checks(this: Round) -> list[str]:
    lines = []
    if ran := execution_line(this):
        lines.append(f"ran: {ran}")
    if this.symbolic is not None:
        lines.append(f"symbolic checker: {this.symbolic.score:g} of 10. {flat(this.symbolic.note)}")
    if this.self_answer is not None:
        lines.append(f"self-answer checker: {verdict_line(this.self_answer)}")
    return [f"- {_line(line)}" for line in lines]


def _ending(record: Record) -> list[str]:
    parts = []
    if record.answer is not None:
        text = record.answer.text
        parts.append(f"### Answer\n\n{fenced(text) if record.answer.code else _prose(text)}")
    if record.support is not None and record.support.note:
        parts.append(_line(flat(record.support.note)))
    parts += [f"- {_line(line)}" for line in bound_lines(record)]
    return [*parts, cost_line(record)]


def _program(name: str, this: Round) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {},
        "execution_count": None,
        "source": printable(this.answer.code or ""),
        "outputs": _outputs(this.execution) if this.execution is not None else [],
    }


def _outputs(run: Execution) -> list[dict[str, Any]]:
    outputs: list[dict[str, Any]] = [
        {"output_type": "stream", "name": name, "text": printable(text)}
        for name, text in (("stdout", run.stdout), ("stderr", run.stderr))
        if text
    ]
    for output in run.outputs:
        data = {"text/plain": printable(output.data["text/plain"])} if "text/plain" in output.data else {}
        if drawn := picture(output):
            data[drawn[0]] = drawn[1]
        if data:
            outputs.append({"output_type": "display_data", "metadata": {}, "data": data})
    if run.error:
        name, _, value = printable(run.error).partition(": ")
        traceback = printable(run.traceback).splitlines()
        outputs.append({"output_type": "error", "ename": name, "evalue": value, "traceback": traceback})
    return outputs


def _words(name: str, parts: list[str]) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": printable("\n\n".join(parts))}


def _prose(text: str) -> str:
    return fenced(text.strip(), "text") if _ALIVE.search(text) else quoted(text)


def _line(text: str) -> str:
    if not _ALIVE.search(text):
        return text
    ticks = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{ticks} {text} {ticks}"
