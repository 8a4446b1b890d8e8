"""What recurs in a report's tables: the name of a row, an estimate with its interval, a share of attempts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from statistics import fmean

from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.report.document import NONE, Cell, Entry, Legend, percent, span
from codesteer_kernel.evaluation.results import Measured, Results
from codesteer_kernel.evaluation.statistics import Estimate
from codesteer_kernel.symbench import tasks

__all__ = ["NEVER", "estimate", "file_name", "head", "legend", "paper_name", "row_head", "share_right"]

NEVER = Cell(NONE)
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def row_head(results: Results, one: Measured, among: Sequence[Measured] = ()) -> Cell:
    """Who answered, as far as it must be told from ``among`` (default: all rows)."""
    return Cell(*results.label(one.way, among))


def head(*words: str) -> list[Cell]:
    """A row of headings."""
    return [Cell(word) for word in words]


def estimate(one: Estimate | None, digits: int = 1, *, strip: bool = False, note: str = "") -> Cell:
    """A share in percent, its interval (or ``note``) below it."""
    if one is None:
        return NEVER
    return Cell(percent(one.value, digits), note or span(one), strip=one if strip else None)


def share_right(attempts: Iterable[Attempt]) -> str:
    """How many of some attempts are right; empty where there are none."""
    right = [one.correct for one in attempts]
    return f"{percent(fmean(right))} % right" if right else ""


def legend(results: Results, *, with_published: bool = False) -> Legend:
    """Which colour and shape is whose."""
    entries = [Entry(place, results.name(one.way)) for place, one in enumerate(results.rows)]
    return Legend([*entries, *([Entry(None, "published, not measured here")] if with_published else [])])


def paper_name(task: str) -> str:
    """A task's name in the published table; its own where this version does not have it."""
    return tasks()[task].paper_name if task in tasks() else task


def file_name(name: str) -> str:
    """The name of a page: that of a task or a run, or a hash of it where it is no name for a file."""
    return f"{name if _SAFE.fullmatch(name) else hashlib.sha256(name.encode()).hexdigest()[:16]}.html"
