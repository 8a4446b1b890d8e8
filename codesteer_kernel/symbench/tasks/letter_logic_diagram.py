"""Letter Logic Diagram: a square of letters, each once in every row and column, one letter along the minor diagonal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from random import Random
from string import ascii_lowercase
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.knobs import flag, whole
from codesteer_kernel.symbench.latin import Board, filled, fillings, latin, thinned
from codesteer_kernel.symbench.pictures import COLOURS, INK, PAPER, board
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.reading import grid, spelled
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_TRIES = 60


class LetterLogicDiagram(Task):
    """A Latin square with blanks and one letter along its minor diagonal; any filling that keeps the rules is right."""

    name = "letter_logic_diagram"
    paper_name = "Letter Logic Diagram"
    split = "seen"
    version = "1"
    about = "Fill a square so that rows and columns hold each letter once and the minor diagonal one letter only."
    rule = (
        "Given letters stay, every row and column holds each letter once, and the minor diagonal is all of one letter."
    )
    knobs = {
        "order": whole(7, 4, 9, "rows, columns and letters"),
        "blanks": whole(26, 1, 60, "blank cells"),
        "unique": flag(True, "exactly one filling is right"),
    }
    levels = {
        "1": {"order": 4, "blanks": 8},
        "2": {"order": 5, "blanks": 14},
        "3": {"order": 6, "blanks": 22},
        "4": {"order": 7, "blanks": 31},
        "5": {"order": 9, "blanks": 48},
        "several": {"order": 7, "blanks": 40, "unique": False},
        "paper-1": {"order": 7, "blanks": 15, "unique": False},
        "paper-2": {"order": 7, "blanks": 20, "unique": False},
        "paper-3": {"order": 7, "blanks": 25, "unique": False},
        "paper-4": {"order": 7, "blanks": 30, "unique": False},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """A square filled by chance around its diagonal, then thinned out; of the diagonal one letter stays."""
        order, blanks = level["order"], level["blanks"]
        if blanks > order * order - order:
            raise BadInput(f"{blanks} blanks are too many for a square of side {order}.", "Ask for fewer.")
        layout, size = latin(order), order * order
        diagonal = _diagonal(order)
        for _ in range(_TRIES):
            start: Board = [None] * size
            letter = rng.randrange(order)
            for at in diagonal:
                start[at] = letter
            full = filled(layout, start, rng)
            assert full is not None, "a square with one letter along its diagonal can be filled"
            places = rng.sample(range(size), size)
            if level["unique"]:
                # The rule fills the diagonal from one letter: its other cells may always go.
                shown = rng.choice(diagonal)
                along = [at for at in places[:blanks] if at in diagonal and at != shown]
                off = [at for at in places if at not in diagonal]
                puzzle = thinned(layout, full, off, blanks - len(along), search=True)
            else:
                along, puzzle = places[:blanks], full[:]
            for at in along:
                puzzle[at] = None
            if puzzle.count(None) == blanks:
                payload = {"grid": _rows(puzzle, order)}
                return Draft(payload, spelled(_rows(full, order)), {"unique": True if level["unique"] else None})
        raise BadInput(f"No square of side {order} with {blanks} blanks was found.", "Ask for fewer blanks.")

    def ask(self, payload: Mapping[str, Any]) -> str:
        """The square, a dot for a blank, and the rules."""
        grid = payload["grid"]
        order = len(grid)
        rows = "\n".join(",".join(cell or "." for cell in row) for row in grid)
        return (
            f"Fill this square of {order} rows and {order} columns with the letters {ascii_lowercase[0]} to "
            f"{ascii_lowercase[order - 1]}; a dot is a blank cell.\n\n{rows}\n\n"
            "Every row and every column must hold each of these letters exactly once, and all cells of the diagonal from the "
            "upper right corner to the lower left corner must hold the same letter. The given letters stay where they are. "
            "If several fillings keep these rules, any of them is right.\n"
            f"Write the full square, {order} rows, a row a line and a comma between the letters, between <<< and >>>, for "
            "example for 2 rows:\n<<<\na,b\nb,a\n>>>"
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """Given letters, rows, columns, diagonal."""
        puzzle = payload["grid"]
        order = len(puzzle)
        letters = set(ascii_lowercase[:order])
        found = [[cell.lower() for cell in row] for row in grid(text, order, order)]
        for at, (row, given) in enumerate(zip(found, puzzle, strict=True), 1):
            for cell in row:
                if cell not in letters:
                    raise Refused("unreadable", f"{cell[:20]!r} is not one of the letters.")
            if any(cell not in (None, letter) for letter, cell in zip(row, given, strict=True)):
                raise Refused("rule:given", f"A given letter of row {at} is changed.")
            if len(set(row)) < order:
                raise Refused("rule:row", f"Row {at} holds a letter twice.")
        for at, column in enumerate(zip(*found, strict=True), 1):
            if len(set(column)) < order:
                raise Refused("rule:column", f"Column {at} holds a letter twice.")
        if len({row[order - 1 - at] for at, row in enumerate(found)}) > 1:
            raise Refused("rule:diagonal", "The minor diagonal holds different letters.")
        return spelled(found)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """One letter after the other along the diagonal, each as an exact cover."""
        grid = problem.payload["grid"]
        order = len(grid)
        start: Board = [None if cell is None else ascii_lowercase.index(cell) for row in grid for cell in row]
        found: list[str] = []
        for letter in range(order):
            board_ = start[:]
            for at in _diagonal(order):
                board_[at] = letter
            if all(cell in (None, board_[at]) for at, cell in enumerate(start)):
                ways = islice(fillings(latin(order), board_), limit - len(found))
                found += [spelled(_rows(way, order)) for way in ways]
        return found

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Letters off, rows moved, blanks left, letters renamed."""
        grid = problem.payload["grid"]
        order = len(grid)
        right = [line.split(",") for line in answer.splitlines()]
        row, column = rng.randrange(order), rng.randrange(order)
        off = [line[:] for line in right]
        off[row][column] = right[row][column - 1]
        yield "letter twice", spelled(off)
        yield "rows swapped", spelled([right[1], right[0], *right[2:]])
        yield "columns shifted", spelled([[*line[1:], line[0]] for line in right])
        yield "blanks left", "\n".join(",".join(cell or "" for cell in line) for line in grid)
        yield "row missing", spelled(right[:-1])
        yield "row added", spelled([*right, right[0]])
        yield "one letter only", spelled([["a"] * order] * order)
        if any(cell is not None for line in grid for cell in line):
            names = dict(zip(ascii_lowercase[:order], ascii_lowercase[1:order] + "a", strict=True))
            yield "letters renamed", spelled([[names[cell] for cell in line] for line in right])

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """The square is in the sample's data, null for a blank."""
        grid = [[None if cell in (None, "") else str(cell) for cell in row] for row in published["grid"]]
        order = len(grid)
        letters = {None, *ascii_lowercase[:order]}
        if not 2 <= order <= 26 or any(len(row) != order or not set(row) <= letters for row in grid):
            raise ValueError("The data holds no square of letters.")
        return {"grid": grid}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The stored square."""
        return spelled(published["solution"]) if "solution" in published else None

    def effort(self, problem: Problem) -> float:
        """Letters that fit into the blanks as the given ones stand, over all blanks."""
        grid = problem.payload["grid"]
        columns = [set(column) for column in zip(*grid, strict=True)]
        return float(
            sum(
                len(grid) - len((set(row) | columns[at]) - {None})
                for row in grid
                for at, cell in enumerate(row)
                if cell is None
            )
        )

    def draw(self, problem: Problem, answer: str | None = None) -> str:
        """The square, its diagonal tinted; with an answer, the filled letters in blue."""
        grid = problem.payload["grid"]
        order = len(grid)
        shown = grid if answer is None else [line.split(",") for line in answer.splitlines()]
        return board(
            "A square of letters" if answer is None else "The filled square",
            [[cell or "" for cell in row] for row in shown],
            lambda row, column: COLOURS["grey"] if row + column == order - 1 else PAPER,
            lambda row, column: INK if grid[row][column] else COLOURS["blue"],
        ).svg()

    def space(self, level: Level) -> float:
        """A few squares of side 4 with one diagonal, and choices of blanks; endless for larger ones."""
        order = int(level["order"])
        if order > 5:
            return float("inf")
        choices = 1.0
        for at in range(int(level["blanks"])):
            choices *= (order * order - at) / (at + 1)
        return {4: 96.0, 5: 5760.0}[order] * choices * 0.1


def _diagonal(order: int) -> list[int]:
    """The cells of the minor diagonal."""
    return [row * order + order - 1 - row for row in range(order)]


def _rows(flat: Board | list[int], order: int) -> list[list[Any]]:
    """Rows of letters, None for a blank."""
    letters = [None if cell is None else ascii_lowercase[cell] for cell in flat]
    return [letters[at : at + order] for at in range(0, order * order, order)]


TASK = LetterLogicDiagram()
