"""What a reader needs to do a job again: what was asked, with what, where, how long it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.report.document import Cell, Fold, Grid, Part
from codesteer_kernel.evaluation.results import Results, Source
from codesteer_kernel.run import RunSettings

__all__ = ["facts", "wall"]

_OWN = frozenset({"settings", "versions", "hardware", "sessions"})


def facts(results: Results) -> list[Part]:
    """A table a job; several are folded."""
    grids = [_grid(results, job) for job in results.sources]
    return (
        [grids[0]]
        if len(grids) == 1
        else [Fold(job.name, [grid]) for job, grid in zip(results.sources, grids, strict=True)]
    )


def _grid(results: Results, job: Source) -> Grid:
    rows: list[tuple[str, str]] = []
    rows += [
        (name.replace("_", " "), _told(value)) for name, value in job.facts.items() if name not in _OWN and _said(value)
    ]
    rows += [("settings", _settings(job.facts.get("settings")))]
    for name in ("versions", "hardware"):
        rows += [(name, _told(job.facts[name]))] if job.facts.get(name) else []
    sessions = job.facts.get("sessions")
    if isinstance(sessions, list) and sessions:
        rows.append(
            (
                "worked on",
                f"{len(sessions)} {'time' if len(sessions) == 1 else 'times'}: " + "; ".join(map(_session, sessions)),
            )
        )
    if not job.facts:
        rows.append(("job.json", "is missing: what was asked is not known"))
    if len(results.sources) == 1:
        rows += _times(results.attempts)
    return Grid(job.name, [], [[Cell(name), Cell(value)] for name, value in rows])


def _times(attempts: Sequence[Attempt]) -> list[tuple[str, str]]:
    rows = [("time in runs", _long(sum(one.seconds for one in attempts)))]
    if (seconds := wall(attempts)) is not None:
        rows.append(("from the first start to the last end", _long(seconds)))
    return rows


def wall(attempts: Sequence[Attempt]) -> float | None:
    """Seconds from the first start to the last end, pauses included; None where the starts are not known."""
    ends = []
    for one in attempts:
        try:
            began = datetime.fromisoformat(one.started)
        except ValueError:
            continue
        ends.append((began, began + timedelta(seconds=one.seconds)))
    return (max(end for _, end in ends) - min(began for began, _ in ends)).total_seconds() if ends else None


def _settings(told: object) -> str:
    """What differs from the defaults; all else is as the documentation says."""
    usual = msgspec.to_builtins(RunSettings())
    given = told.items() if isinstance(told, Mapping) else ()
    changed = {name: value for name, value in given if usual.get(name) != value and _said(value)}
    return _told(changed) if changed else "the defaults"


def _session(told: Mapping[str, Any]) -> str:
    why = f" ({told['why']})" if told.get("why") else ""
    return (
        f"{told.get('started', '?')} to {told.get('ended') or 'its killing'}{why}, {told.get('concurrency', 1)} at once"
    )


def _said(value: object) -> bool:
    return value is not None and value not in ("", [], {}, [""])


def _told(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_told(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_told(one) or "the target itself" for one in value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _long(seconds: float) -> str:
    return (
        f"{seconds:.0f} s"
        if seconds < 120
        else f"{seconds / 60:.0f} min"
        if seconds < 7200
        else f"{seconds / 3600:.1f} h"
    )
