"""Pattern Recognition: find the largest square of one letter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from random import Random
from string import ascii_uppercase
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.knobs import whole
from codesteer_kernel.symbench.pictures import COLOURS, PAPER, board
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.reading import integers
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_SMALLEST = 3
_TRIES = 200
_RUN = re.compile(r"(.)\1{2,}")
_MATRIX = re.compile(r"If the matrix is\s*\n((?:[A-Z](?: [A-Z])*[ \t]*\n)+)")
_NAMED = re.compile(r"(?i)\W*(row|column|col)\b\W*([0-9]{1,6})\W*?(row|column|col)\b\W*([0-9]{1,6})\W*")


class PatternRecognition(Task):
    """A matrix of letters with one largest square of equal letters; its lower right corner is asked."""

    name = "pattern_recognition"
    paper_name = "Pattern Recognition"
    split = "seen"
    version = "1"
    about = "Find the largest square of one letter in a matrix of letters."
    rule = "Row and column, from 0, are those of the lower right corner of a largest square of equal letters."
    knobs = {
        "rows": whole(10, 4, 40, "rows of the matrix"),
        "columns": whole(12, 4, 40, "columns of the matrix"),
        "side": whole(4, 3, 12, "side of the square, at most half of the shorter side of the matrix or 3"),
        "decoys": whole(0, 0, 12, "broken squares and bars of one letter beside it"),
    }
    levels = {
        "1": {"rows": 7, "columns": 7, "side": 3},
        "2": {"rows": 10, "columns": 12, "side": 4, "decoys": 1},
        "3": {"rows": 15, "columns": 15, "side": 4, "decoys": 4},
        "4": {"rows": 22, "columns": 24, "side": 5, "decoys": 7},
        "5": {"rows": 34, "columns": 36, "side": 6, "decoys": 12},
        "paper-1": {"rows": 8, "columns": 8, "side": 3},
        "paper-2": {"rows": 11, "columns": 12, "side": 4},
        "paper-3": {"rows": 14, "columns": 15, "side": 6},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """Letters by chance, decoys, then the square; made anew where a second square of its size came about."""
        rows, columns, side = level["rows"], level["columns"], level["side"]
        if side > max(_SMALLEST, min(rows, columns) // 2):
            raise BadInput("The square is too large for the matrix.", "Take a smaller side or a larger matrix.")
        for _ in range(_TRIES):
            matrix = [rng.choices(ascii_uppercase, k=columns) for _ in range(rows)]
            for _ in range(level["decoys"]):
                _decoy(rng, matrix, side)
            row, column = rng.randint(side - 1, rows - 1), rng.randint(side - 1, columns - 1)
            letter = rng.choice(ascii_uppercase)
            for at in range(row - side + 1, row + 1):
                matrix[at][column - side + 1 : column + 1] = letter * side
            payload = {"rows": ["".join(line) for line in matrix]}
            if _largest(payload["rows"]) == (side, {(row, column)}):
                return Draft(payload, f"[{row}, {column}]", {"unique": True})
        raise BadInput("No matrix with one largest square was found.", "Ask for fewer decoys or a larger matrix.")

    def ask(self, payload: Mapping[str, Any]) -> str:
        """The matrix, what a square is, and from where is counted."""
        rows = "\n".join(" ".join(row) for row in payload["rows"])
        return (
            f"In this matrix of letters, a block of k rows and k columns next to each other that holds one letter only is a "
            f"square of side k.\n\n{rows}\n\n"
            f"There is exactly one square of the largest side that occurs, and that side is at least {_SMALLEST}. Smaller "
            "squares, such as those inside it, do not count. Where is the lower right corner of the largest square? Count "
            "rows from the top and columns from the left, both from 0.\n"
            "Write row and column between <<< and >>> in this form: <<<[row, column]>>>, for example <<<[4, 7]>>>."
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """Row and column in that order, unless they are named."""
        row, column = _read(text)
        rows = payload["rows"]
        if not 0 <= row < len(rows) or not 0 <= column < len(rows[0]):
            raise Refused("rule:outside", "This place lies outside the matrix.")
        if (row, column) not in _largest(rows)[1]:
            raise Refused("not_goal", "This is not the lower right corner of the largest square.")
        return f"[{row}, {column}]"

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """Cell by cell: the side of the square that ends there follows from its three neighbours'."""
        rows = problem.payload["rows"]
        best = _SMALLEST
        found: list[str] = []
        above: list[int] = [0] * len(rows[0])
        for i, line in enumerate(rows):
            here: list[int] = []
            for j, letter in enumerate(line):
                side = 1
                if i and j and letter == line[j - 1] == rows[i - 1][j] == rows[i - 1][j - 1]:
                    side += min(here[j - 1], above[j], above[j - 1])
                here.append(side)
                if side > best:
                    best, found = side, []
                if side == best:
                    found.append(f"[{i}, {j}]")
            above = here
        return found[:limit]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Counting from 1, another corner, a smaller square inside."""
        row, column = integers(answer)
        side = _largest(problem.payload["rows"])[0]
        yield "counted from 1", f"[{row + 1}, {column + 1}]"
        yield "upper left corner", f"[{row - side + 1}, {column - side + 1}]"
        yield "column missing", f"[{row}]"
        yield "one row off", f"[{row - 1}, {column}]"
        yield "one column off", f"[{row}, {column - 1}]"
        yield "side added", f"[{row}, {column}, {side}]"
        if row != column:
            yield "row and column swapped", f"[{column}, {row}]"

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """The matrix is in the question only: a row a line, letters parted by blanks."""
        match = _MATRIX.search(f"{question}\n")
        if match is None:
            raise ValueError("The question holds no matrix.")
        rows = [line.replace(" ", "") for line in match[1].split("\n") if line.strip()]
        if len(rows) < 2 or len({len(row) for row in rows}) != 1:
            raise ValueError("The matrix has rows of different lengths.")
        return {"rows": rows}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """Row and column, as they are stored."""
        return f"[{published['row']}, {published['column']}]" if "row" in published else None

    def effort(self, problem: Problem) -> float:
        """Letters to look at, and runs of equal ones that could be a square's."""
        rows = problem.payload["rows"]
        return sum(len(row) + 10 * len(_RUN.findall(row)) for row in rows)

    def draw(self, problem: Problem, answer: str | None = None) -> str:
        """The matrix; the square in colour where an answer is given."""
        rows = problem.payload["rows"]
        if answer is None:
            return board("A matrix of letters", rows).svg()
        row, column = _read(answer)
        side = _largest(rows)[0]

        def fill(i: int, j: int) -> str:
            return COLOURS["yellow"] if row - side < i <= row and column - side < j <= column else PAPER

        return board("The largest square of one letter", rows, fill).svg()

    def space(self, level: Level) -> float:
        """Choices of the letters."""
        return float(26 ** min(100, int(level["rows"]) * int(level["columns"]) - int(level["side"]) ** 2))


def _decoy(rng: Random, matrix: list[list[str]], side: int) -> None:
    """A block of one letter: a bar that is too flat, or a square with a hole."""
    height, width = len(matrix), len(matrix[0])
    letter = rng.choice(ascii_uppercase)
    tall, wide = rng.choice(((2, side + 1), (side + 1, 2), (side, side), (side, side)))
    tall, wide = min(tall, height), min(wide, width)
    top, left = rng.randint(0, height - tall), rng.randint(0, width - wide)
    for row in range(top, top + tall):
        matrix[row][left : left + wide] = letter * wide
    if tall == wide:
        hole = rng.choice([other for other in ascii_uppercase if other != letter])
        matrix[top + rng.randrange(tall)][left + rng.randrange(wide)] = hole


def _largest(rows: list[str]) -> tuple[int, set[tuple[int, int]]]:
    """The largest side from 3 on and the lower right corners of the squares that have it, from the rows' runs."""
    best = _SMALLEST
    corners: set[tuple[int, int]] = set()
    runs = [[(run.start(), run.end()) for run in _RUN.finditer(row)] for row in rows]
    for top, here in enumerate(runs):
        for start, end in here:
            letter = rows[top][start]
            # Every stretch of this run that all rows down to ``row`` share.
            stretches = [(start, end)]
            for row in range(top, len(rows)):
                stretches = [
                    (max(left, first), min(right, last))
                    for left, right in stretches
                    for first, last in runs[row]
                    if rows[row][first] == letter and min(right, last) - max(left, first) >= best
                ]
                if not stretches:
                    break
                tall = row - top + 1
                for left, right in stretches:
                    if tall > best and right - left >= tall:
                        best, corners = tall, set()
                    if tall == best and right - left >= tall:
                        corners |= {(row, column) for column in range(left + tall - 1, right)}
    return best, corners


def _read(text: str) -> tuple[int, int]:
    """Row and column."""
    named = _NAMED.fullmatch(text[:200]) if len(text) <= 200 else None
    if named is not None:
        first, second = int(named[2]), int(named[4])
        if (named[1][0] + named[3][0]).lower() == "rc":
            return first, second
        if (named[1][0] + named[3][0]).lower() == "cr":
            return second, first
    row, column = integers(text, 2)
    return row, column


TASK = PatternRecognition()
