"""Logical Puzzle: choose different numbers from a grid so that every row and column keeps a rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, islice, product
from math import prod
from random import Random
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.knobs import flag, option, whole
from codesteer_kernel.symbench.pictures import beside
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.reading import pairs
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_Cell = tuple[int, int]
_TRIES = 2000


class LogicPuzzle(Task):
    """A square grid; some different numbers, the one at the top right among them, with sums or products bounded by line."""

    name = "logic_puzzle"
    paper_name = "Logical Puzzle"
    split = "seen"
    version = "1"
    about = "Choose different numbers from a grid so that rows and columns keep a rule."
    rule = "As many cells as asked, all different and with different numbers, the top right one among them; every line keeps the rule."
    longest = 4000
    knobs = {
        "size": whole(5, 2, 12, "rows and columns of the grid"),
        "picks": whole(8, 2, 40, "numbers to choose"),
        "rule": option("product", ("sum", "product"), "lines: sum at most a limit, or product above zero"),
        "high": whole(10, 2, 60, "greatest number; with products, also how far below zero numbers go"),
        "limit": whole(0, 0, 200, "greatest sum of a line; 0 for as low as the hidden choice allows"),
        "scarce": flag(True, "products: there are too few positive numbers to do without negative ones"),
    }
    levels = {
        "1": {"size": 3, "picks": 4, "rule": "sum", "high": 6},
        "2": {"size": 4, "picks": 6, "high": 8},
        "3": {"size": 5, "picks": 9, "high": 10},
        "4": {"size": 6, "picks": 13, "high": 14},
        "5": {"size": 8, "picks": 20, "high": 18},
        "sum": {"size": 5, "picks": 8, "rule": "sum", "high": 12},
        "paper-1": {"size": 2, "picks": 3, "rule": "sum", "high": 3, "limit": 4},
        "paper-2": {"size": 3, "picks": 4, "rule": "sum", "high": 4, "limit": 4},
        "paper-3": {"size": 4, "picks": 6, "high": 8, "scarce": False},
        "paper-5": {"size": 5, "picks": 10, "high": 10, "scarce": False},
        "paper-7": {"size": 7, "picks": 16, "high": 14, "scarce": False},
        "paper-10": {"size": 10, "picks": 25, "high": 20, "scarce": False},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """A choice that keeps the rule first, then other numbers around it."""
        size, picks, high = level["size"], level["picks"], level["high"]
        if picks > size * size or picks > (high if level["rule"] == "sum" else 2 * high):
            raise BadInput("So many different numbers do not fit.", "Lower picks, or raise size or high.")
        first = (0, size - 1)
        others = [(row, column) for row in range(size) for column in range(size) if (row, column) != first]
        for _ in range(_TRIES):
            chosen = [first, *rng.sample(others, picks - 1)]
            signs = dict.fromkeys(chosen, 1) if level["rule"] == "sum" else _even_signs(rng, chosen)
            positive = [cell for cell in chosen if signs[cell] > 0]
            enough = level["rule"] == "sum" or not level["scarce"] or len(positive) < picks
            if max(len(positive), picks - len(positive)) > high or not enough:
                continue
            values = dict(zip(positive, rng.sample(range(1, high + 1), len(positive)), strict=True))
            negative = [cell for cell in chosen if signs[cell] < 0]
            values |= {
                cell: -size for cell, size in zip(negative, rng.sample(range(1, high + 1), len(negative)), strict=True)
            }
            if level["rule"] == "product":
                rest = sorted(values[cell] for cell in positive) if level["scarce"] else range(1, high + 1)
                for cell in others:
                    if cell not in values:
                        up = rest and rng.random() < 0.7
                        values[cell] = rng.choice(rest) if up else -rng.randint(1, high)
                limit = 0
            else:
                limit = level["limit"] or max(_lines(values, chosen, sum))
                if max(_lines(values, chosen, sum)) > limit:
                    continue
                values |= {cell: rng.randint(1, high) for cell in others if cell not in values}
            grid = [[values[row, column] for column in range(size)] for row in range(size)]
            payload = {"grid": grid, "picks": picks, "rule": level["rule"], "limit": limit}
            return Draft(payload, _spelled(chosen), {"unique": None})
        raise BadInput("No puzzle with these knobs was found.", "Raise limit, size or high, or lower picks.")

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Grid, rule, what different means, how cells are named."""
        size = len(payload["grid"])
        rows = "\n".join(", ".join(map(str, row)) for row in payload["grid"])
        rule = (
            f"In each row and in each column, the sum of the chosen numbers is at most {payload['limit']}."
            if payload["rule"] == "sum"
            else "In each row and in each column from which at least one number is chosen, the product of the chosen numbers is "
            "greater than 0."
        )
        return (
            f"Here is a grid of {size} rows and {size} columns:\n\n{rows}\n\n"
            f"Choose {payload['picks']} cells so that all of this holds:\n"
            f"- The cell at the top right, 0 {size - 1}, is among them.\n"
            "- No cell is chosen twice, and no two chosen cells hold equal numbers.\n"
            f"- {rule}\n\n"
            "A cell is named by its row and its column, both counted from 0 at the top left. Any choice that keeps the rules is "
            "right, in any order.\n"
            f"Write the cells between <<< and >>>, parted by commas, for example <<<0 {size - 1}, 1 0>>> for the cell at the "
            "top right and the first one of the second row."
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """Number and place of the cells, then their numbers, then the lines."""
        grid = payload["grid"]
        cells = pairs(text)
        if len(cells) != payload["picks"]:
            raise Refused("wrong_shape", f"{payload['picks']} cells were expected, {len(cells)} found.")
        for row, column in cells:
            if not (0 <= row < len(grid) and 0 <= column < len(grid[0])):
                raise Refused("rule:outside", f"The grid has no cell {row} {column}.")
        if len(set(cells)) != len(cells):
            raise Refused("rule:repeated", "A cell is chosen twice.")
        if (0, len(grid[0]) - 1) not in cells:
            raise Refused("rule:first", "The cell at the top right is not chosen.")
        values = {(row, column): grid[row][column] for row, column in cells}
        if len(set(values.values())) != len(cells):
            raise Refused("rule:equal", "Two chosen cells hold equal numbers.")
        if payload["rule"] == "sum":
            if max(_lines(values, cells, sum)) > payload["limit"]:
                raise Refused("rule:sum", "The sum of a row or a column is too great.")
        elif min(_lines(values, cells, prod)) <= 0:
            raise Refused("rule:product", "The product of a row or a column is not greater than 0.")
        return _spelled(cells)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """Row by row: sums by adding up; products by the negative cells alone, an even number in each line."""
        payload = problem.payload
        ways = _by_sums(payload) if payload["rule"] == "sum" else _by_signs(payload)
        return [_spelled(cells) for cells in islice(ways, limit)]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Cells lost, repeated, counted from 1, left out where due, of equal numbers, in broken lines."""
        payload, cells = problem.payload, pairs(answer)
        grid, size = payload["grid"], len(payload["grid"])
        first = (0, size - 1)
        kept = [cell for cell in cells if cell != first]
        free = [(row, column) for row in range(size) for column in range(size) if (row, column) not in cells]
        yield "cell missing", _listed(cells[:-1])
        yield "cell chosen twice", _listed([first, *kept[:-1], first])
        yield "counted from one", _listed([(row + 1, column + 1) for row, column in cells])
        yield "outside the grid", _listed([first, *kept[:-1], (size, size)])
        yield "no cells", "none"
        if free:
            yield "first cell left out", _listed([*kept, rng.choice(free)])
        values = {grid[row][column] for row, column in [first, *kept[:-1]]}
        for cell in free:
            if grid[cell[0]][cell[1]] in values:
                yield "equal numbers", _listed([first, *kept[:-1], cell])
                break
        rng.shuffle(free)
        gone = rng.choice(kept)
        for row, column in free:
            swapped = [cell if cell != gone else (row, column) for cell in cells]
            line = [grid[at][other] for at, other in swapped if at == row]
            if sum(line) > payload["limit"] if payload["rule"] == "sum" else prod(line) < 0:
                yield "broken line", _listed(swapped)
                break

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """Grid and rule from the data, the number of cells from the question."""
        asked = re.search(r"you must select ([0-9]+) different numbers", question)
        grid = [[int(cell) for cell in row] for row in published["grid"]]
        kind = str(published["constraints"]["type"])
        shown = "\n".join(", ".join(map(str, row)) for row in grid)
        if asked is None or shown not in question or {len(row) for row in grid} != {len(grid)}:
            raise ValueError("The question asks for no selection from the grid of the data.")
        if kind == "sum_le_4" and "less than or equal to 4" in question:
            return {"grid": grid, "picks": int(asked[1]), "rule": "sum", "limit": 4}
        if kind == "product_gt_0" and "must be greater than 0" in question:
            return {"grid": grid, "picks": int(asked[1]), "rule": "product", "limit": 0}
        raise ValueError(f"{kind!r} is no rule of this question.")

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's solution, which often breaks the rules."""
        solution = published.get("solution")
        return None if solution is None else _listed([(int(row), int(column)) for row, column in solution])

    def effort(self, problem: Problem) -> float:
        """Cells to choose, and cells to choose from."""
        return float(problem.payload["picks"] * len(problem.payload["grid"]) ** 2)

    def draw(self, problem: Problem, answer: str | None = None) -> str | None:
        """The grid, the chosen cells coloured; without an answer the one at the top right."""
        grid = problem.payload["grid"]
        marked = {(0, len(grid) - 1)} if answer is None else set(pairs(answer))
        return beside("The grid, chosen cells coloured", [grid], marked).svg()

    def space(self, level: Level) -> float:
        """Grids."""
        numbers = int(level["high"]) * (2 if level["rule"] == "product" else 1)
        return float(numbers ** min(60, int(level["size"]) ** 2)) / 2


def _lines(values: Mapping[_Cell, int], cells: Iterable[_Cell], gather: Any) -> list[int]:
    """Sum or product of the chosen numbers in every row and column that has any."""
    lines: dict[tuple[str, int], list[int]] = {}
    for row, column in cells:
        lines.setdefault(("row", row), []).append(values[row, column])
        lines.setdefault(("column", column), []).append(values[row, column])
    return [gather(line) for line in lines.values()]


def _even_signs(rng: Random, cells: Sequence[_Cell]) -> dict[_Cell, int]:
    """Signs by chance with an even number of minuses in every row and column.

    Rows and columns are nodes, cells join them; the cells of a spanning forest are set last, from the leaves on.
    """
    joined: dict[str, list[tuple[str, _Cell]]] = {}
    for cell in cells:
        row, column = f"row {cell[0]}", f"column {cell[1]}"
        joined.setdefault(row, []).append((column, cell))
        joined.setdefault(column, []).append((row, cell))
    signs = {cell: -1 if rng.random() < 0.5 else 1 for cell in cells}
    above: dict[str, tuple[str, _Cell] | None] = {}
    order: list[str] = []
    for root in joined:
        if root in above:
            continue
        above[root] = None
        waiting = [root]
        while waiting:
            node = waiting.pop()
            order.append(node)
            for other, cell in joined[node]:
                if other not in above:
                    above[other] = (node, cell)
                    waiting.append(other)
    for node in reversed(order):
        way_up = above[node]
        if way_up is not None and prod(signs[cell] for _, cell in joined[node]) < 0:
            signs[way_up[1]] *= -1
    return signs


def _by_sums(payload: Mapping[str, Any]) -> Iterator[list[_Cell]]:
    """Choices under a greatest sum of positive numbers: rows from top to bottom, full ones first."""
    grid, picks, limit = payload["grid"], payload["picks"], payload["limit"]
    size = len(grid)
    choices: list[list[tuple[int, ...]]] = []
    for row in grid:
        fitting = [
            columns
            for count in range(size, -1, -1)
            for columns in combinations(range(size), count)
            if sum(row[column] for column in columns) <= limit and len({row[column] for column in columns}) == count
        ]
        choices.append(fitting)
    choices[0] = [columns for columns in choices[0] if size - 1 in columns]
    most = [max((len(columns) for columns in fitting), default=0) for fitting in choices]

    def down(row: int, chosen: list[_Cell], used: frozenset[int], sums: tuple[int, ...]) -> Iterator[list[_Cell]]:
        if len(chosen) == picks and row > 0:
            yield chosen
            return
        if row == size or len(chosen) + sum(most[row:]) < picks:
            return
        for columns in choices[row]:
            numbers = {grid[row][column] for column in columns}
            if len(chosen) + len(columns) > picks or numbers & used:
                continue
            after = [*sums]
            for column in columns:
                after[column] += grid[row][column]
            if max(after) <= limit:
                yield from down(
                    row + 1, [*chosen, *((row, column) for column in columns)], used | numbers, tuple(after)
                )

    # A choice may be complete before the last row; it comes up once, as nothing is added to it then.
    yield from down(0, [], frozenset(), (0,) * size)


def _by_signs(payload: Mapping[str, Any]) -> Iterator[list[_Cell]]:
    """Choices with positive products: first negative cells, even in number in every line, then any positive ones."""
    grid, picks = payload["grid"], payload["picks"]
    first = (0, len(grid) - 1)
    start = grid[0][-1]
    if start == 0:
        return
    places: dict[int, list[_Cell]] = {}
    for row, cells in enumerate(grid):
        for column, number in enumerate(cells):
            if number > 0:
                places.setdefault(number, []).append((row, column))
    if start > 0:
        places[start] = [first]
    most = picks - 1 if start > 0 else picks
    for count in range(max(0, picks - len(places)), most + 1):
        for negative in _even_cells(grid, count, first if start < 0 else None):
            for numbers in combinations(sorted(places), picks - count):
                if start < 0 or start in numbers:
                    for positive in product(*(places[number] for number in numbers)):
                        yield [*negative, *positive]


def _even_cells(grid: Sequence[Sequence[int]], count: int, due: _Cell | None) -> Iterator[list[_Cell]]:
    """Sets of ``count`` negative cells with different numbers, an even number in each line; ``due`` is among them."""
    rows: list[list[tuple[int, frozenset[int], list[_Cell]]]] = []
    for row, numbers in enumerate(grid):
        below = [column for column, number in enumerate(numbers) if number < 0]
        sets = []
        for size in range(0, len(below) + 1, 2):
            for columns in combinations(below, size):
                values = frozenset(numbers[column] for column in columns)
                if len(values) == size and (due is None or row or due[1] in columns):
                    sets.append((sum(1 << column for column in columns), values, [(row, column) for column in columns]))
        rows.append(sets)
    # What the rows below can still give: cells at most, columns at all.
    most, reach = [0], [0]
    for sets in reversed(rows):
        most.append(most[-1] + max((len(cells) for _, _, cells in sets), default=0))
        reach.append(reach[-1] | sum({1 << cell[1]: 0 for _, _, cells in sets for cell in cells}))
    most.reverse()
    reach.reverse()

    def down(row: int, odd: int, used: frozenset[int], chosen: list[_Cell]) -> Iterator[list[_Cell]]:
        if odd & ~reach[row] or len(chosen) + most[row] < count:
            return
        if row == len(rows):
            if len(chosen) == count:
                yield chosen
            return
        for columns, values, cells in rows[row]:
            if len(chosen) + len(cells) <= count and not values & used:
                yield from down(row + 1, odd ^ columns, used | values, chosen + cells)

    yield from down(0, 0, frozenset(), [])


def _listed(cells: Iterable[_Cell]) -> str:
    return ", ".join(f"{row} {column}" for row, column in cells)


def _spelled(cells: Iterable[_Cell]) -> str:
    return _listed(sorted(cells))


TASK = LogicPuzzle()
