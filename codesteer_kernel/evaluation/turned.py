"""Knobs that were turned: the share of right answers at each value, for every row that tried it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from codesteer_kernel.evaluation import published
from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.results import Results, Way
from codesteer_kernel.evaluation.statistics import Estimate, wilson

__all__ = ["Turned", "turned_knobs", "turned_published"]


@dataclass(frozen=True)
class Turned:
    """A curve a row.

    Attributes:
        axis: what was turned.
        labels: the places on the axis, rising.
        points: the share right at each place, None where the row tried nothing there.
        also: other knobs that changed along with this one, so that the curve is not of this one alone.
    """

    axis: str
    labels: Sequence[str]
    points: dict[Way, list[Estimate | None]]
    also: Sequence[str] = ()


def turned_knobs(results: Results, task: str) -> list[Turned]:
    """Every knob of a task that had more than one value."""
    attempts = [one for one in results.attempts if one.task == task]
    found = []
    for name in dict.fromkeys(knob for one in attempts for knob in one.knobs):
        values = {one.knobs[name] for one in attempts if name in one.knobs}
        if len(values) > 1:
            labels = [_plain(value) for value in sorted(values, key=lambda value: (isinstance(value, str), value))]
            found.append(_turned(results, task, name, labels, partial(_value, name)))
    names = [one.axis for one in found]
    return [
        replace(one, also=[name for name in names if name != one.axis and _together(attempts, one.axis, name)])
        for one in found
    ]


def turned_published(results: Results, task: str) -> Turned | None:
    """A task at the places of its published curves; None where it has none, or nothing was tried at any."""
    curves = published.complexity().tasks.get(task)
    if curves is None:
        return None

    def place(one: Attempt) -> str:
        return next((setting.label for setting in curves.settings if setting.holds(one.knobs)), "")

    found = _turned(results, task, curves.axis, [setting.label for setting in curves.settings], place)
    return found if found.points else None


def _turned(results: Results, task: str, axis: str, labels: Sequence[str], place: Callable[[Attempt], str]) -> Turned:
    points = {}
    for measured in results.rows:
        right: Counter[str] = Counter()
        count: Counter[str] = Counter()
        for one in measured.attempts:
            if one.task == task:
                right[place(one)] += one.correct
                count[place(one)] += 1
        if any(count[label] for label in labels):
            points[measured.way] = [wilson(right[label], count[label]) if count[label] else None for label in labels]
    return Turned(axis, labels, points)


def _together(attempts: Sequence[Attempt], first: str, second: str) -> bool:
    """Whether ``second`` takes other values at one value of ``first`` than at another: the curve is then of both."""
    groups: dict[str, set[str]] = {}
    for one in attempts:
        groups.setdefault(_value(first, one), set()).add(_value(second, one))
    return len({frozenset(group) for group in groups.values()}) > 1


def _value(knob: str, one: Attempt) -> str:
    return _plain(one.knobs.get(knob, ""))


def _plain(value: object) -> str:
    return (
        {True: "yes", False: "no"}[value]
        if isinstance(value, bool)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )
