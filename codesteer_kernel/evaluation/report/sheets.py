"""The report's numbers as CSV: a line for each cell of the table, a line for each attempt."""

from __future__ import annotations

import csv
import io

import msgspec

from codesteer_kernel.evaluation import published
from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.results import Results, split_of

__all__ = ["attempts_sheet", "cells_sheet"]

_FORMULA = tuple("=+-@\t\r")


def cells_sheet(results: Results) -> str:
    """Rows by tasks: shares with intervals (0 to 1), and the published share where the method restates a published one."""
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\n")
    sheet.writerow(
        ["method", "target", "steerer", "job", "task", "split", "n", "right", "share", "low", "high", "published"]
    )
    known = {column.key for column in published.table().columns}
    for measured in results.rows:
        way = measured.way
        beside = published.table().column(way.published) if way.published in known else {}
        for task, one in measured.cells.items():
            there = beside.get(task)
            words = [way.method, way.target, way.steerer, way.source, task, split_of(task)]
            numbers = [one.n, one.right, f"{one.value:.4f}", f"{one.low:.4f}", f"{one.high:.4f}"]
            sheet.writerow([*map(_tame, words), *numbers, "" if there is None else f"{there:.2f}"])
    return out.getvalue()


def attempts_sheet(results: Results) -> str:
    """All attempts, with every field of theirs; lists and dictionaries as JSON."""
    names = Attempt.__struct_fields__
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\n")
    sheet.writerow(names)
    for one in results.attempts:
        sheet.writerow([_told(getattr(one, name)) for name in names])
    return out.getvalue()


def _told(value: object) -> object:
    if isinstance(value, list | dict):
        return msgspec.json.encode(value).decode()
    return _tame(value) if isinstance(value, str) else "" if value is None else value


def _tame(text: str) -> str:
    """Models' words must not become formulas of a spreadsheet."""
    return f"'{text}" if text.startswith(_FORMULA) else text
