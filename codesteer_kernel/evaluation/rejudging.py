"""Judge kept runs again: rules get better, and a run that cost hours need not be made again for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.judging import judge
from codesteer_kernel.evaluation.ledger import Ledger, Row, read_records
from codesteer_kernel.symbench import get

__all__ = ["Rejudged", "rejudge"]


class Rejudged(msgspec.Struct, frozen=True):
    """What judging a folder again came to.

    ``judged`` attempts were looked at, ``outdated`` ones left alone because their task makes other problems by now;
    ``changed`` holds ``(before, after)`` of every row that is another one now.
    """

    judged: int = 0
    outdated: int = 0
    changed: tuple[tuple[Attempt, Attempt], ...] = ()


def rejudge(folder: Path) -> Rejudged:
    """Judge every kept run of a job's folder by today's rules; rows that change are added, the old lines stay.

    Args:
        folder: of a job; nobody else may be working on it.

    Raises:
        BadInput: another process works on the job, or a line is none of a ledger.
        CacheNotWritable: the folder cannot be written.
    """
    judged = outdated = 0
    changed: list[tuple[Attempt, Attempt]] = []
    with Ledger(folder) as ledger:
        for row in _judged(folder):
            if row is None:
                outdated += 1
                continue
            judged += 1
            before = ledger.attempts[row.attempt.key]
            if row.attempt != before:
                changed.append((before, row.attempt))
                ledger.append(row)
    return Rejudged(judged, outdated, tuple(changed))


def _judged(folder: Path) -> Iterator[Row | None]:
    """Every kept run with its row as it is now; None for one whose problem cannot be made again."""
    for attempt, record in read_records(folder):
        task = get(attempt.task)
        if task.version != attempt.version:
            yield None
            continue
        verdict, origin = judge(task.generate(attempt.seed, attempt.knobs), record)
        now = replace(
            attempt,
            correct=verdict.correct,
            code=verdict.code,
            reason=verdict.reason,
            extracted=verdict.extracted or "",
            marked=verdict.marked,
            origin=origin,
        )
        yield Row(attempt=now, record=record)
