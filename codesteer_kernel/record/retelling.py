"""A record told again as events: what replays a finished run, whose own events are gone.

The events fold to the record they came from, but for ``seq``, ``cut`` and the last digits of times and costs: the calls
of a round are told as one, texts in even pieces, and the phases of a round in the order in which they first came.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from codesteer_kernel.record import events as ev
from codesteer_kernel.record.document import Record, Round, Usage

__all__ = ["retell"]

# Pieces of text a second, and at most so many of one text.
_PACE = 20
_PIECES = 400
# Where the run's own time goes: before the first round, or after the last.
_FIRST = ("loading", "choosing")

_Told = tuple[type[Any], float, dict[str, Any]]


def retell(record: Record) -> list[ev.Event]:
    """Return events that fold to ``record``: none for a queued run, and no end for one that still goes on."""
    events: list[ev.Event] = []
    now = 0.0
    for kind, at, fields in _story(record) if record.status != "queued" else ():
        now = max(now, at)
        events.append(kind(seq=len(events) + 1, at=now, **fields))
    return events


def _story(record: Record) -> Iterator[_Told]:
    end = record.timing.seconds
    ended = record.status != "running"
    yield (
        ev.RunStarted,
        0.0,
        {
            "id": record.id,
            "started": record.timing.started,
            "question": record.question,
            "models": record.models,
            "config": record.config,
            "budget": replace(record.budget, hit=None),
            "versions": record.versions,
        },
    )
    own = _own_seconds(record)
    first = [(phase, seconds) for phase, seconds in own if phase in _FIRST]
    last = [(phase, seconds) for phase, seconds in own if phase not in _FIRST]
    # What goes on now is booked when it ends.
    booked = end if record.progress is None else record.progress.began
    spans = [_span(one, booked) for one in record.rounds]
    at = (spans[0][0] if spans else booked) - sum(seconds for _, seconds in first)
    for phase, seconds in first:
        yield ev.PhaseEntered, at, {"phase": phase}
        at += seconds
    rest = _rest(record)
    if rest != Usage():
        yield _call(record, rest, 0, max(0.0, at))
    for one, (start, stop) in zip(record.rounds, spans, strict=True):
        yield from _round(record, one, start, stop)
    at = booked - sum(seconds for _, seconds in last)
    for phase, seconds in last:
        yield ev.PhaseEntered, at, {"phase": phase}
        at += seconds
    if record.bound or (record.progress is None and not ended):
        # Without bounds it only says how late it is.
        yield ev.ResultsBound, booked, {"bound": record.bound}
    if record.progress is not None:
        now = {"phase": record.progress.phase, "note": record.progress.note}
        yield ev.PhaseEntered, record.progress.began, now
        yield ev.PhaseEntered, end, now
    if ended:
        yield (
            ev.RunEnded,
            end,
            {
                "status": record.status,
                "answer": record.answer,
                "support": record.support,
                "hit": record.budget.hit,
                "error": record.error,
            },
        )


def _span(one: Round, booked: float) -> tuple[float, float]:
    """When the round's first phase began, the decision that opened it, and when the round ended."""
    stop = one.timing.began + one.timing.seconds if one.complete else booked
    return min(one.timing.began, stop - sum(one.timing.split.values())), stop


def _round(record: Record, one: Round, at: float, stop: float) -> Iterator[_Told]:
    parts = {"answering": _answer, "executing": _execution, "checking": _checks}
    opening: _Told | None = (ev.RoundStarted, one.timing.began, {"round": one.index, "decision": one.decision})
    phases = list(one.timing.split.items())
    if not one.complete and record.progress is not None:
        phases.append((record.progress.phase, record.timing.seconds - record.progress.began))
    for phase, seconds in phases:
        yield ev.PhaseEntered, at, {"phase": phase}
        if opening is not None:
            yield opening
            opening = None
        if phase in parts:
            yield from parts.pop(phase)(record, one, at, at + seconds)
        at += seconds
    if opening is not None:
        yield opening
    # What came in no phase of its own.
    for part in parts.values():
        yield from part(record, one, at, stop)
    if one.complete:
        yield ev.RoundEnded, stop, {"round": one.index, "result": one.result}


def _answer(record: Record, one: Round, at: float, stop: float) -> Iterator[_Told]:
    text = one.answer.text
    start = min(at + (one.timing.first_token or 0.0), stop)
    count = max(1, min(int((stop - start) * _PACE), _PIECES, len(text)))
    size = -(-len(text) // count)
    for place in range(count) if text else ():
        piece = {"round": one.index, "text": text[place * size : (place + 1) * size]}
        yield ev.AnswerDelta, start + (stop - start) * (place + 1) / count, piece
    if one.usage != Usage():
        yield _call(record, one.usage, one.index, stop)
    if one.answer.complete:
        fields = {"round": one.index, "answer": one.answer, "first_token": one.timing.first_token}
        yield ev.Answered, stop, fields
    if one.symbolic is not None:
        yield ev.CheckedSymbolic, stop, {"round": one.index, "symbolic": one.symbolic}


def _execution(_: Record, one: Round, at: float, stop: float) -> Iterator[_Told]:
    run = one.execution
    if run is None:
        return
    done = run.status is not None
    streams = [("stdout", run.stdout), ("stderr", run.stderr)]
    # The first piece, even an empty one, opens the execution.
    for name, text in [(name, text) for name, text in streams if text] or ([] if done else streams[:1]):
        yield ev.StreamAdded, stop, {"round": one.index, "name": name, "text": text}
    for output in run.outputs:
        yield ev.OutputAdded, stop, {"round": one.index, "output": output}
    if done:
        yield ev.Executed, stop, {"round": one.index, "execution": run, "result": one.result}


def _checks(_: Record, one: Round, at: float, stop: float) -> Iterator[_Told]:
    if one.self_answer is not None:
        yield ev.CheckedSelfAnswer, stop, {"round": one.index, "self_answer": one.self_answer}


def _call(record: Record, usage: Usage, index: int, at: float) -> _Told:
    call = {"role": "target", "model": record.models.target, "purpose": "all calls", "seconds": 0.0}
    return ev.CallMade, at, {**call, "usage": usage, "round": index}


def _own_seconds(record: Record) -> list[tuple[str, float]]:
    """Seconds by phase that no round has."""
    own = dict(record.timing.split)
    for one in record.rounds:
        for phase, seconds in one.timing.split.items():
            own[phase] = own.get(phase, 0.0) - seconds
    return [(phase, seconds) for phase, seconds in own.items() if seconds > 1e-9]


def _rest(record: Record) -> Usage:
    """The use that no round has."""
    rounds = sum((one.usage for one in record.rounds), Usage())
    whole = record.usage
    cost: float | None = 0.0
    if whole.cost is None:
        cost = None if rounds.cost is not None else 0.0
    elif rounds.cost is not None:
        cost = max(0.0, whole.cost - rounds.cost)
    return Usage(
        calls=whole.calls - rounds.calls,
        input_tokens=whole.input_tokens - rounds.input_tokens,
        cached_tokens=whole.cached_tokens - rounds.cached_tokens,
        output_tokens=whole.output_tokens - rounds.output_tokens,
        cost=cost,
    )
