"""The pure fold of events into a record.

Rules: an event already folded in (``seq`` not above the record's) changes nothing, so replays are harmless; a gap is
an :class:`OutOfOrder` error, so nothing is lost unnoticed. Any prefix of a run's events folds to a valid record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from msgspec.structs import replace

from codesteer_kernel.record import events as ev
from codesteer_kernel.record.bounds import cut_middle
from codesteer_kernel.record.document import Answer, Execution, Progress, Record, Round, Timing

__all__ = ["OutOfOrder", "fold", "reduce"]

# A streamed text longer than this is shortened while it streams; the final event brings its own, bounded text.
STREAM_CHARS = 64_000
# Of what a running program displays, so many outputs are kept, the newest; the final event brings its own. With this
# bound and the one above an event costs the same however many came before it.
STREAM_OUTPUTS = 256

E = TypeVar("E")


class OutOfOrder(ValueError):
    """An event does not follow the record's last one, or speaks of a round that has not begun."""


def fold(events: Iterable[ev.Event], record: Record | None = None) -> Record:
    """Fold events, in order, into ``record`` (a fresh one by default)."""
    record = record or Record()
    for event in events:
        record = reduce(record, event)
    return record


def reduce(record: Record, event: ev.Event) -> Record:
    """Return the record after one more event; the given record is left as it is.

    Raises:
        OutOfOrder: events between the record's last and this one are missing, or the event's round is unknown.
    """
    if event.seq <= record.seq:
        return record
    if event.seq != record.seq + 1:
        raise OutOfOrder(f"event {event.seq} after {record.seq}")
    handler: Callable[[Record, Any], Record] = _HANDLERS[type(event)]
    record = handler(record, event)
    return replace(record, seq=event.seq, timing=replace(record.timing, seconds=max(record.timing.seconds, event.at)))


def _with_round(record: Record, index: int, change: Callable[[Round], Round]) -> Record:
    if not 1 <= index <= len(record.rounds):
        raise OutOfOrder(f"round {index} has not begun")
    rounds = record.rounds.copy()
    rounds[index - 1] = change(rounds[index - 1])
    return replace(record, rounds=rounds)


def _run_started(record: Record, event: ev.RunStarted) -> Record:
    return replace(
        record,
        id=event.id,
        status="running",
        question=event.question,
        models=event.models,
        config=event.config,
        budget=event.budget,
        versions=event.versions,
        timing=Timing(started=event.started),
    )


def _book(record: Record, now: float) -> Record:
    """Book the time since the current phase began on that phase, in the run and in its open round."""
    progress = record.progress
    if progress is None:
        return record
    spent = max(0.0, now - progress.began)

    def booked(timing: Timing) -> Timing:
        return replace(timing, split={**timing.split, progress.phase: timing.split.get(progress.phase, 0.0) + spent})

    record = replace(record, timing=booked(record.timing))
    if record.rounds and not record.rounds[-1].complete:
        record = _with_round(record, len(record.rounds), lambda r: replace(r, timing=booked(r.timing)))
    return record


def _phase(record: Record, event: ev.PhaseEntered) -> Record:
    progress = record.progress
    if progress is not None and progress.phase == event.phase:
        return replace(record, progress=replace(progress, note=event.note))
    record = _book(record, event.at)
    return replace(record, progress=Progress(phase=event.phase, note=event.note, began=event.at))


def _round_started(record: Record, event: ev.RoundStarted) -> Record:
    if event.round != len(record.rounds) + 1:
        raise OutOfOrder(f"round {event.round} after {len(record.rounds)}")
    opened = Round(index=event.round, decision=event.decision, timing=Timing(began=event.at))
    return replace(record, rounds=[*record.rounds, opened])


def _answer_delta(record: Record, event: ev.AnswerDelta) -> Record:
    def change(r: Round) -> Round:
        return replace(r, answer=replace(r.answer, text=_grown(r.answer.text, event.text)))

    return _with_round(record, event.round, change)


def _answered(record: Record, event: ev.Answered) -> Record:
    answer: Answer = replace(event.answer, complete=True)

    def change(r: Round) -> Round:
        return replace(r, answer=answer, timing=replace(r.timing, first_token=event.first_token))

    return _with_round(record, event.round, change)


def _stream_added(record: Record, event: ev.StreamAdded) -> Record:
    def change(r: Round) -> Round:
        execution = r.execution or Execution()
        if event.name == "stderr":
            execution = replace(execution, stderr=_grown(execution.stderr, event.text))
        else:
            execution = replace(execution, stdout=_grown(execution.stdout, event.text))
        return replace(r, execution=execution)

    return _with_round(record, event.round, change)


def _output_added(record: Record, event: ev.OutputAdded) -> Record:
    def change(r: Round) -> Round:
        execution = r.execution or Execution()
        return replace(
            r, execution=replace(execution, outputs=[*execution.outputs[1 - STREAM_OUTPUTS :], event.output])
        )

    return _with_round(record, event.round, change)


def _executed(record: Record, event: ev.Executed) -> Record:
    return _with_round(record, event.round, lambda r: replace(r, execution=event.execution, result=event.result))


def _checked_symbolic(record: Record, event: ev.CheckedSymbolic) -> Record:
    return _with_round(record, event.round, lambda r: replace(r, symbolic=event.symbolic))


def _checked_self_answer(record: Record, event: ev.CheckedSelfAnswer) -> Record:
    return _with_round(record, event.round, lambda r: replace(r, self_answer=event.self_answer))


def _call_made(record: Record, event: ev.CallMade) -> Record:
    if event.round:
        record = _with_round(record, event.round, lambda r: replace(r, usage=r.usage + event.usage))
    return replace(record, usage=record.usage + event.usage)


def _round_ended(record: Record, event: ev.RoundEnded) -> Record:
    record = _book(record, event.at)
    if record.progress is not None:
        record = replace(record, progress=replace(record.progress, began=event.at))

    def change(r: Round) -> Round:
        timing = replace(r.timing, seconds=max(0.0, event.at - r.timing.began))
        return replace(r, result=event.result or r.result, timing=timing, complete=True)

    return _with_round(record, event.round, change)


def _results_bound(record: Record, event: ev.ResultsBound) -> Record:
    return replace(record, bound=event.bound)


def _run_ended(record: Record, event: ev.RunEnded) -> Record:
    record = _book(record, event.at)
    budget = replace(record.budget, hit=event.hit) if event.hit else record.budget
    return replace(
        record,
        status=event.status,
        answer=event.answer,
        support=event.support,
        budget=budget,
        error=event.error,
        progress=None,
    )


def _grown(text: str, more: str) -> str:
    text += more
    return text if len(text) <= 2 * STREAM_CHARS else cut_middle(text, STREAM_CHARS)


_HANDLERS: dict[type[Any], Callable[[Record, Any], Record]] = {
    ev.RunStarted: _run_started,
    ev.PhaseEntered: _phase,
    ev.RoundStarted: _round_started,
    ev.AnswerDelta: _answer_delta,
    ev.Answered: _answered,
    ev.StreamAdded: _stream_added,
    ev.OutputAdded: _output_added,
    ev.Executed: _executed,
    ev.CheckedSymbolic: _checked_symbolic,
    ev.CheckedSelfAnswer: _checked_self_answer,
    ev.CallMade: _call_made,
    ev.RoundEnded: _round_ended,
    ev.ResultsBound: _results_bound,
    ev.RunEnded: _run_ended,
}
