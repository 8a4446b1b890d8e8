"""What was published, as data: success rates, cost and complexity curves, each with its source and how exact it was read.

Facts to stand beside measurements, never mixed with them: whatever is shown of it is marked as published. The columns of
the table are also the frozen set against which normalised means are taken. ``source`` and ``place`` say where the numbers
stand, ``accuracy`` how they were read.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from statistics import fmean

import msgspec

__all__ = ["Column", "Complexity", "Cost", "Curves", "Point", "Setting", "Table", "complexity", "cost", "table"]


class Column(msgspec.Struct, frozen=True):
    """A method of the table: its short key, its title, its family there, the model that answered."""

    key: str
    title: str
    family: str
    model: str


class Distribution(msgspec.Struct, frozen=True):
    """How many tasks had a normalised score in each bin of ``width``, by column."""

    width: float
    counts: dict[str, list[int]]


class Table(msgspec.Struct, frozen=True):
    """The main table: success rates in %, by task (our names, in the paper's order), a number a column.

    ``averages`` are the printed normalised means over the ``seen`` tasks, the ``unseen`` ones and all (``total``), in %.
    """

    name: str
    source: str
    place: str
    accuracy: str
    columns: list[Column]
    averages: dict[str, list[float]]
    scores: dict[str, list[float]]
    distribution: Distribution

    def column(self, key: str) -> dict[str, float]:
        """A column's shares (0 to 1) by task.

        Raises:
            KeyError: there is no such column.
        """
        place = {one.key: place for place, one in enumerate(self.columns)}[key]
        return {task: row[place] / 100 for task, row in self.scores.items()}

    def mean(self, key: str, names: Iterable[str], *, normalised: bool = False) -> float | None:
        """The mean of a column over some tasks, each divided by its best share where ``normalised``; None over none.

        Raises:
            KeyError: there is no such column.
        """
        best = self.best
        shares = {task: share for task, share in self.column(key).items() if task in set(names)}
        return fmean(share / (best[task] if normalised else 1) for task, share in shares.items()) if shares else None

    @property
    def best(self) -> dict[str, float]:
        """The best share (0 to 1) of any column, by task: what normalised means divide by."""
        return {task: max(row) / 100 for task, row in self.scores.items()}


class Point(msgspec.Struct, frozen=True):
    """A column's normalised score (%), tokens and seconds a sample; None: not plotted."""

    column: str
    note: str
    score: float
    tokens: float | None
    seconds: float


class Cost(msgspec.Struct, frozen=True):
    """Score against what it costs."""

    source: str
    place: str
    accuracy: str
    points: list[Point]


class Setting(msgspec.Struct, frozen=True):
    """One place on the axis of complexity: problems whose knobs all lie within these inclusive bounds."""

    label: str
    knobs: dict[str, tuple[float, float]]

    def holds(self, knobs: dict[str, bool | int | float | str]) -> bool:
        """Whether a problem with these knobs stands at this place."""
        values = ((knobs.get(name), low, high) for name, (low, high) in self.knobs.items())
        return all(isinstance(value, int | float) and low <= value <= high for value, low, high in values)


class Curves(msgspec.Struct, frozen=True):
    """A task's success rates (%) at rising settings, by column."""

    axis: str
    settings: list[Setting]
    curves: dict[str, list[float]]


class Complexity(msgspec.Struct, frozen=True):
    """Success against complexity, by task."""

    source: str
    place: str
    accuracy: str
    tasks: dict[str, Curves]


def _read(name: str) -> bytes:
    return (Path(__file__).parent / f"{name}.json").read_bytes()


@cache
def table() -> Table:
    """The published table."""
    return msgspec.json.decode(_read("table"), type=Table)


@cache
def cost() -> Cost:
    """The published cost figure."""
    return msgspec.json.decode(_read("cost"), type=Cost)


@cache
def complexity() -> Complexity:
    """The published complexity curves."""
    return msgspec.json.decode(_read("complexity"), type=Complexity)
