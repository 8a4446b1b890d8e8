"""Standard Sudoku: fill the grid, every number once in each row, column and box."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from random import Random
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.knobs import option, whole
from codesteer_kernel.symbench.latin import Board, filled, fillings, singles, sudoku, thinned
from codesteer_kernel.symbench.pictures import COLOURS, INK, board
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.reading import grid
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_TRIES = 400
_MOST = {2: 11, 3: 57, 4: 120}
_Grid = list[list[int]]


class StandardSudoku(Task):
    """A grid with blanks; every generated one has exactly one filling."""

    name = "standard_sudoku"
    paper_name = "Standard Sudoku"
    split = "seen"
    version = "1"
    about = "Fill a sudoku."
    rule = "All given numbers stay, and every row, column and box holds each number exactly once."
    knobs = {
        "box": whole(3, 2, 4, "side of a box; the grid has its square of rows and columns"),
        "blanks": whole(51, 1, 120, "blank cells: up to 11, 57 or 120 for boxes of side 2, 3 or 4"),
        "technique": option(
            "any",
            ("any", "singles", "search"),
            "what it takes: cells or numbers with one place left (singles), more than that (search), or either",
        ),
    }
    levels = {
        "1": {"box": 2, "blanks": 8},
        "2": {"blanks": 34, "technique": "singles"},
        "3": {"blanks": 44, "technique": "singles"},
        "4": {"blanks": 51},
        "5": {"blanks": 52, "technique": "search"},
        "large": {"box": 4, "blanks": 110, "technique": "singles"},
        "paper-5": {"blanks": 51},
        "paper-6": {"blanks": 53},
        "paper-7": {"blanks": 55},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """A full grid by chance, thinned out as long as one filling is left."""
        box, blanks, technique = level["box"], level["blanks"], level["technique"]
        if blanks > _MOST[box]:
            raise BadInput(f"{blanks} blanks are too many for boxes of side {box}.", f"Ask for up to {_MOST[box]}.")
        layout, order = sudoku(box), box * box
        for _ in range(_TRIES):
            full = _shuffled(box, rng) if box > 3 else filled(layout, [None] * order**2, rng)
            assert full is not None, "an empty grid can be filled"
            places = rng.sample(range(order**2), order**2)
            puzzle = thinned(layout, full, places, blanks, search=technique != "singles" and box < 4)
            if puzzle.count(None) == blanks and (technique != "search" or not singles(layout, puzzle)):
                payload = {"box": box, "puzzle": _rows([0 if cell is None else cell + 1 for cell in puzzle])}
                return Draft(
                    payload, _written(_rows([cell + 1 for cell in full if cell is not None])), {"unique": True}
                )
        raise BadInput(f"No grid with {blanks} blanks was found.", "Ask for fewer, or for another technique.")

    def ask(self, payload: Mapping[str, Any]) -> str:
        """The grid, 0 for a blank, and the three rules."""
        box = payload["box"]
        order = box * box
        rows = "\n".join(",".join(map(str, row)) for row in payload["puzzle"])
        return (
            f"Fill this sudoku of {order} rows and {order} columns; 0 is a blank cell.\n\n{rows}\n\n"
            f"Every row, every column and every one of the {order} boxes ({box} rows by {box} columns, side by side from the "
            f"top left) must hold each of the numbers 1 to {order} exactly once. The given numbers stay where they are.\n"
            f"Write the full grid, {order} rows, a row a line and a comma between the numbers, between <<< and >>>, for "
            "example for 2 rows:\n<<<\n1,2\n2,1\n>>>"
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """Given numbers, rows, columns, boxes."""
        box, puzzle = payload["box"], payload["puzzle"]
        order = box * box
        right = {str(number) for number in range(1, order + 1)}
        found = grid(text, order, order)
        for row in found:
            for cell in row:
                if cell not in right:
                    if not (cell.isascii() and cell.isdigit()):
                        raise Refused("unreadable", f"{cell[:20]!r} is no number.")
                    raise Refused("rule:number", f"There are cells that hold no number from 1 to {order}.")
        filled = [[int(cell) for cell in row] for row in found]
        for at, (numbers, given) in enumerate(zip(filled, puzzle, strict=True), 1):
            if any(number not in (0, cell) for cell, number in zip(numbers, given, strict=True)):
                raise Refused("rule:given", f"A given number of row {at} is changed.")
            if len(set(numbers)) < order:
                raise Refused("rule:row", f"Row {at} holds a number twice.")
        for at in range(1, order + 1):
            if len({row[at - 1] for row in filled}) < order:
                raise Refused("rule:column", f"Column {at} holds a number twice.")
        for top in range(0, order, box):
            for left in range(0, order, box):
                if len({cell for row in filled[top : top + box] for cell in row[left : left + box]}) < order:
                    raise Refused("rule:box", f"The box at row {top + 1}, column {left + 1} holds a number twice.")
        return _written(filled)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """As an exact cover, number by number."""
        board: Board = [cell - 1 if cell else None for row in problem.payload["puzzle"] for cell in row]
        found = islice(fillings(sudoku(problem.payload["box"]), board), limit)
        return [_written(_rows([cell + 1 for cell in filling])) for filling in found]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Cells off, swapped, blanks left, other sudokus' rows, a row or column too many or too few."""
        puzzle = problem.payload["puzzle"]
        right = [[int(cell) for cell in line.split(",")] for line in answer.splitlines()]
        order = len(right)
        row = rng.choice([at for at, given in enumerate(puzzle) if 0 in given])
        column = rng.choice([at for at, cell in enumerate(puzzle[row]) if not cell])
        other = rng.choice([at for at in range(order) if at != column])
        off, swapped = [line[:] for line in right], [line[:] for line in right]
        off[row][column] = off[row][column] % order + 1
        swapped[row][column], swapped[row][other] = swapped[row][other], swapped[row][column]
        yield "one cell off", _written(off)
        yield "two cells swapped", _written(swapped)
        yield "blanks left", _written(puzzle)
        yield "row missing", _written(right[:-1])
        yield "column added", _written([[*line, 1] for line in right])
        yield "row added", _written([*right, right[0]])
        yield "rows swapped", _written([right[1], right[0], *right[2:]])
        if any(map(any, puzzle)):
            yield "numbers renamed", _written([[cell % order + 1 for cell in line] for line in right])

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """The grid is in the sample's data, 0 for a blank."""
        puzzle = [[int(cell) for cell in row] for row in published["puzzle"]]
        order = len(puzzle)
        box = next((box for box in _MOST if box * box == order), 0)
        if not box or any(len(row) != order or not all(0 <= cell <= order for cell in row) for row in puzzle):
            raise ValueError("The data holds no sudoku.")
        return {"box": box, "puzzle": puzzle}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The stored grid."""
        return _written(published["solution"]) if "solution" in published else None

    def effort(self, problem: Problem) -> float:
        """Numbers that fit into the blanks as the given ones stand, over all blanks."""
        puzzle, box = problem.payload["puzzle"], problem.payload["box"]
        order, total = box * box, 0
        for i in range(order):
            for j in range(order):
                if not puzzle[i][j]:
                    top, left = i - i % box, j - j % box
                    seen = {*puzzle[i], *(row[j] for row in puzzle)}
                    seen.update(cell for row in puzzle[top : top + box] for cell in row[left : left + box])
                    total += order - len(seen - {0})
        return float(total)

    def draw(self, problem: Problem, answer: str | None = None) -> str:
        """The grid with its boxes; with an answer, the filled numbers in blue."""
        puzzle, box = problem.payload["puzzle"], problem.payload["box"]
        shown = puzzle if answer is None else [line.split(",") for line in answer.splitlines()]
        picture = board(
            "A sudoku" if answer is None else "The filled sudoku",
            [[cell or "" for cell in row] for row in shown],
            ink=lambda row, column: INK if puzzle[row][column] else COLOURS["blue"],
        )
        for at in range(box + 1):
            along = at * picture.width / box
            picture.line([(along, 0), (along, picture.height)])
            picture.line([(0, along), (picture.width, along)])
        return picture.svg()

    def space(self, level: Level) -> float:
        """288 grids of boxes of side 2 and some choices of blanks; endless for larger ones."""
        if int(level["box"]) > 2:
            return float("inf")
        choices = 1.0
        for at in range(int(level["blanks"])):
            choices *= (16 - at) / (at + 1)
        return 288 * choices * 0.3


def _shuffled(box: int, rng: Random) -> Board:
    """A full grid from the plain pattern: numbers, bands, stacks, rows and columns in another order."""
    order = box * box
    numbers = rng.sample(range(order), order)
    rows = [band * box + row for band in rng.sample(range(box), box) for row in rng.sample(range(box), box)]
    columns = [stack * box + column for stack in rng.sample(range(box), box) for column in rng.sample(range(box), box)]
    return [numbers[(box * (row % box) + row // box + column) % order] for row in rows for column in columns]


def _rows(flat: list[int]) -> _Grid:
    order = int(len(flat) ** 0.5)
    return [flat[at : at + order] for at in range(0, len(flat), order)]


def _written(grid: _Grid) -> str:
    return "\n".join(",".join(map(str, row)) for row in grid)


TASK = StandardSudoku()
