"""Pooling: a window slides over a table of numbers; each place gives one number."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import accumulate
from random import Random
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.decimals import agrees, shown
from codesteer_kernel.symbench.knobs import option, whole
from codesteer_kernel.symbench.pictures import beside
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.reading import grid
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_KINDS = {"max": "the greatest number", "min": "the least number", "average": "the average of the numbers"}
_GATHER: dict[str, Callable[[list[int]], int]] = {"max": max, "min": min, "average": sum}
_PLACES = 2


class Pooling(Task):
    """A square table, a square window with its stride, zeros around the table where padding says so."""

    name = "pooling"
    paper_name = "Pooling"
    split = "seen"
    version = "1"
    about = "Slide a window over a table of numbers and write down its maximum, minimum or average."
    rule = "Every number of the resulting table agrees, row by row; averages may be fractions or rounded to two places or more."
    knobs = {
        "size": whole(5, 2, 16, "rows and columns of the table"),
        "window": whole(2, 1, 6, "rows and columns of the window"),
        "kind": option("average", tuple(_KINDS), "what the window gives"),
        "stride": whole(1, 1, 6, "cells that the window moves at a time"),
        "padding": whole(0, 0, 3, "rings of zeros around the table"),
        "low": whole(-10, -1000, 1000, "least number of the table"),
        "high": whole(20, -1000, 1000, "greatest number of the table"),
    }
    levels = {
        "1": {"size": 3, "window": 2, "kind": "max"},
        "2": {"size": 4, "window": 2},
        "3": {"size": 6, "window": 3, "kind": "max"},
        "4": {"size": 8, "window": 3, "stride": 2, "padding": 1},
        "5": {"size": 12, "window": 5, "stride": 3, "padding": 2},
        "min": {"size": 7, "window": 3, "kind": "min", "stride": 2},
        "paper-max-3": {"size": 3, "window": 2, "kind": "max"},
        "paper-max-4": {"size": 4, "window": 2, "kind": "max"},
        "paper-max-5": {"size": 5, "window": 3, "kind": "max"},
        "paper-average-4": {"size": 4, "window": 2},
        "paper-average-5": {"size": 5, "window": 3},
        "paper-average-6": {"size": 6, "window": 3},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """Numbers by chance; then window by window."""
        size, window, padding = level["size"], level["window"], level["padding"]
        if window > size + 2 * padding or padding >= window:
            raise BadInput("The window does not fit these knobs.", "Let it be wider than padding, not than the table.")
        low, high = sorted((level["low"], level["high"]))
        payload = {
            "matrix": [[rng.randint(low, high) for _ in range(size)] for _ in range(size)],
            "window": window,
            "kind": level["kind"],
            "stride": level["stride"],
            "padding": padding,
        }
        return Draft(payload, _written(payload, _pooled(payload)), {"unique": True})

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Table, window, stride, edge, and how to write the result."""
        rows = "\n".join(", ".join(map(str, row)) for row in payload["matrix"])
        window, stride, padding = payload["window"], payload["stride"], payload["padding"]
        height, width = _shape(payload)
        edge = (
            f"Around the table lie {padding} ring{'s' * (padding > 1)} of zeros, which belong to it and count like all other "
            "cells. "
            if padding
            else ""
        )
        rounded = (
            f" Averages may be written as fractions (such as 7/3) or as decimals, rounded to at least {_PLACES} places where "
            "they do not end."
            if payload["kind"] == "average"
            else ""
        )
        return (
            f"Here is a table of numbers, a row a line:\n\n{rows}\n\n"
            f"{edge}A window of {window} by {window} cells starts at the top left corner and moves {stride} "
            f"cell{'s' * (stride > 1)} at a time to the right, and after each row of places {stride} "
            f"cell{'s' * (stride > 1)} down; only places where it lies wholly inside are used. Each place gives "
            f"{_KINDS[payload['kind']]} in the window. These form a new table of {height} rows and {width} columns.\n"
            "Write its numbers between <<< and >>>, parted by commas, the first row from left to right, then the second row, "
            f"and so on, for example <<<4,0,-2,7>>> for a table of 2 rows and 2 columns.{rounded}"
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """Every number in its place, with tolerance for rounded averages."""
        right = _pooled(payload)
        found = grid(text, len(right), len(right[0]))
        over = _over(payload)
        wrong = sum(
            not agrees(token, value, _PLACES, over)
            for line, values in zip(found, right, strict=True)
            for token, value in zip(line, values, strict=True)
        )
        if wrong:
            raise Refused("not_goal", f"{wrong} numbers are wrong.")
        return ",".join(f"{value / over:.6g}" for row in right for value in row)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """By one direction after the other: along the rows, then down the columns."""
        payload = problem.payload
        window, stride, kind = payload["window"], payload["stride"], payload["kind"]
        edge = payload["padding"]
        width = len(payload["matrix"][0]) + 2 * edge
        rows = [[0] * width] * edge
        rows += [[0] * edge + row + [0] * edge for row in payload["matrix"]] + [[0] * width] * edge

        def slide(line: list[int]) -> list[int]:
            if kind == "average":
                sums = [0, *accumulate(line)]
                return [after - before for before, after in zip(sums, sums[window:], strict=False)][::stride]
            best = min if kind == "min" else max
            shifted = [line[at:] for at in range(window)]
            return [best(cells) for cells in zip(*shifted, strict=False)][::stride]

        columns = [slide(list(column)) for column in zip(*(slide(row) for row in rows), strict=True)]
        return [_written(payload, [list(row) for row in zip(*columns, strict=True)])][:limit]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Numbers changed, lost, swapped; the other kind and the other stride."""
        payload, cells = problem.payload, answer.split(",")
        values = [value for row in _pooled(payload) for value in row]
        at = rng.randrange(len(cells))
        yield (
            "one number off",
            ",".join([*cells[:at], shown(Fraction(values[at], _over(payload)) + 1, 4), *cells[at + 1 :]]),
        )
        yield "number missing", ",".join(cells[:-1])
        yield "number added", ",".join([*cells, cells[0]])
        yield "no numbers", ",".join("x" for _ in cells)
        if len(cells) > 1 and values[0] != values[-1]:
            yield "two swapped", ",".join([cells[-1], *cells[1:-1], cells[0]])
        others = {
            "other kind": {**payload, "kind": "average" if payload["kind"] == "max" else "max"},
            "stride as wide as the window": {**payload, "stride": payload["window"]},
            "stride of one": {**payload, "stride": 1},
        }
        for kind, other in others.items():
            written = _written(other, _pooled(other))
            if written != answer:
                yield kind, written

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """All from the data; the published answers move the window by one cell and know no padding."""
        matrix = [[int(cell) for cell in row] for row in published["matrix"]]
        window, kind = int(published["window_size"]), str(published["pooling_type"])
        said = re.search(r"perform (max|average) pooling on the following matrix by using a ([0-9]+)\*", question)
        if said is None or (said[1], int(said[2])) != (kind, window) or {len(row) for row in matrix} != {len(matrix)}:
            raise ValueError("The question and the data do not ask for one kind of pooling of a square table.")
        return {"matrix": matrix, "window": window, "kind": kind, "stride": 1, "padding": 0}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's solution, row by row."""
        solution = published.get("solution")
        return None if solution is None else ",".join(f"{float(cell):.17g}" for row in solution for cell in row)

    def effort(self, problem: Problem) -> float:
        """Numbers to look at; averages take a sum and a division."""
        height, width = _shape(problem.payload)
        factor = 2 if problem.payload["kind"] == "average" else 1
        return float(height * width * problem.payload["window"] ** 2 * factor)

    def draw(self, problem: Problem, answer: str | None = None) -> str | None:
        """The table with its first window, and the resulting table where an answer is given."""
        payload = problem.payload
        inside = range(max(0, payload["window"] - payload["padding"]))
        marked = {(row, column) for row in inside for column in inside}
        tables = [[[str(cell) for cell in row] for row in payload["matrix"]]]
        if answer is not None:
            tables.append(grid(answer, *_shape(payload)))
        return beside("The table, its first window marked, and what it gives", tables, marked).svg()

    def space(self, level: Level) -> float:
        """Tables."""
        numbers = abs(int(level["high"]) - int(level["low"])) + 1
        return float(numbers) ** min(100, int(level["size"]) ** 2)


def _shape(payload: Mapping[str, Any]) -> tuple[int, int]:
    """Rows and columns of the result."""
    room = 2 * payload["padding"] - payload["window"]
    height, width = len(payload["matrix"]), len(payload["matrix"][0])
    return (height + room) // payload["stride"] + 1, (width + room) // payload["stride"] + 1


def _over(payload: Mapping[str, Any]) -> int:
    """What the numbers of :func:`_pooled` are divided by."""
    return int(payload["window"]) ** 2 if payload["kind"] == "average" else 1


def _pooled(payload: Mapping[str, Any]) -> list[list[int]]:
    """The result, window by window; sums where averages are asked."""
    edge, window, stride = payload["padding"], payload["window"], payload["stride"]
    rows = payload["matrix"]
    if edge:
        beside, above = [0] * edge, [[0] * (len(rows[0]) + 2 * edge) for _ in range(edge)]
        rows = [*above, *([*beside, *row, *beside] for row in rows), *above]
    gather = _GATHER[payload["kind"]]
    result = []
    for top in range(0, len(rows) - window + 1, stride):
        band = rows[top : top + window]
        line = []
        for left in range(0, len(rows[0]) - window + 1, stride):
            cells = [cell for row in band for cell in row[left : left + window]]
            line.append(gather(cells))
        result.append(line)
    return result


def _written(payload: Mapping[str, Any], rows: list[list[int]]) -> str:
    over = _over(payload)
    return ",".join(shown(Fraction(value, over), 4) if over > 1 else str(value) for row in rows for value in row)


TASK = Pooling()
