"""What a report says, before it has a form: sections of sentences, grids and figures. HTML and Markdown are drawn from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codesteer_kernel.evaluation.statistics import Estimate

__all__ = [
    "NONE",
    "Cell",
    "Document",
    "Entry",
    "Figure",
    "Fold",
    "Grid",
    "Legend",
    "Lines",
    "Part",
    "Section",
    "percent",
    "span",
]

NONE = "·"
"""Stands where there is nothing to tell."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One place of a grid.

    Attributes:
        text: what stands there.
        note: smaller, below it.
        strip: an interval to draw beside it.
        share: 0 to 1; tints the cell.
        link: where it leads.
        published: it is no measurement of ours.
        extra: shown on demand only.
    """

    text: str
    note: str = ""
    strip: Estimate | None = None
    share: float | None = None
    link: str = ""
    published: bool = False
    extra: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: the first cell of every row names it.

    Attributes:
        caption: what it shows.
        head: the names of its columns; empty where they need none.
        rows: its rows.
        note: stands below it.
        groups: the places of rows that head others.
        sticky: it holds numbers: to the right, on one line, their names in sight while it scrolls.
    """

    caption: str
    head: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    groups: frozenset[int] = frozenset()
    sticky: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing (SVG), what it shows in words, and the numbers behind it for those who cannot see it."""

    svg: str
    caption: str
    grid: Grid | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A series in a legend: its place among the colours (None: published), its name."""

    place: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Legend:
    """Which mark is whose."""

    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Lines:
    """Sentences, as a list."""

    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Fold:
    """Parts that a reader opens."""

    title: str
    parts: Sequence[Part]


Part = Grid | Figure | Legend | Lines | Fold


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report with a heading; figures that follow each other stand side by side."""

    key: str
    title: str
    intro: str = ""
    parts: Sequence[Part] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """The whole report."""

    title: str
    subtitle: str
    sections: Sequence[Section]


def percent(share: float, digits: int = 0) -> str:
    """A share as a number of percent, without the sign."""
    return f"{100 * share:.{digits}f}"


def span(one: Estimate, digits: int = 0) -> str:
    """An interval in percent."""
    return f"{percent(one.low, digits)} to {percent(one.high, digits)}"
