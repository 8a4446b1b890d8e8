"""A run as text while it happens: what a terminal shows for each event, in pieces that are written one after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from codesteer_kernel.record import Record, reduce
from codesteer_kernel.record import events as ev
from codesteer_kernel.render.text import check_lines, decision_lines, end_lines, execution_lines, printable

__all__ = ["telling"]


def telling(events: Iterable[ev.Event]) -> Iterator[tuple[ev.Event, str]]:
    """Each event with the text that it adds; answers grow as they came, everything else comes when it is whole."""
    record = Record()
    for event in events:
        before, record = record, reduce(record, event)
        yield event, printable(_text(event, before, record))


def _text(event: ev.Event, before: Record, after: Record) -> str:
    match event:
        case ev.RunStarted(question=question):
            return f"Question: {question.prompt.strip()}\n"
        case ev.RoundStarted(round=index, decision=decision):
            return _lines(decision_lines(decision, index))
        case ev.AnswerDelta(text=text):
            return text
        case ev.Answered(round=index, answer=answer):
            so_far = before.rounds[index - 1].answer.text
            rest = answer.text[len(so_far) :] if answer.text.startswith(so_far) else ""
            return f"{rest}\n"
        case ev.Executed(round=index):
            return _lines(execution_lines(after.rounds[index - 1]))
        case ev.RoundEnded(round=index):
            this = after.rounds[index - 1]
            return _lines([*check_lines(this), f"  round took {this.timing.seconds:.1f} s"])
        case ev.RunEnded():
            return _lines(end_lines(after))
    return ""


def _lines(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
