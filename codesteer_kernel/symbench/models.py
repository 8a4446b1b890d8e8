"""A third opinion on search puzzles: the same questions as constraint models for OR-tools (the ``solvers`` extra).

Used by ``codesteer symbench prove --solvers`` only; nothing else needs the package. A model is written from the question's
data alone and shares nothing with a task's generator, verifier or solver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from codesteer_kernel.errors import MissingDependency
from codesteer_kernel.symbench.problem import Problem

__all__ = ["MODELLED", "answers_by_model"]

_Spell = Callable[[Sequence[int]], str]
# A model's cells, in the order of its answer, and how their values are written.
_Build = Callable[[Any, Mapping[str, Any]], tuple[list[Any], _Spell]]


def answers_by_model(problem: Problem, limit: int = 2) -> list[str]:
    """Up to ``limit`` different right answers; fewer mean that there are no more.

    Raises:
        KeyError: the task has no model.
        MissingDependency: OR-tools is not installed.
    """
    try:
        from ortools.sat.python import cp_model
    except ImportError:
        raise MissingDependency("OR-tools is not installed.", "pip install 'codesteer[solvers]'") from None
    model = cp_model.CpModel()
    cells, spell = _MODELS[problem.task](model, problem.payload)
    found: list[str] = []
    while len(found) < limit:
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        if solver.Solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            break
        values = [solver.Value(cell) for cell in cells]
        found.append(spell(values))
        model.AddForbiddenAssignments(cells, [values])
    return found


def _logical_equation(model: Any, payload: Mapping[str, Any]) -> tuple[list[Any], _Spell]:
    from ortools.sat.python import cp_model

    domain = cp_model.Domain.FromValues(payload["values"])
    letters = [model.NewIntVarFromDomain(domain, f"letter {at}") for at in range(payload["letters"])]
    model.AddAllDifferent(letters)
    for kind, first, second, value in payload["relations"]:
        x, y = letters[first], letters[second]
        if kind == "sum":
            model.Add(x + y == value)
        elif kind == "difference":
            model.Add(x - y == value)
        elif kind == "ratio":
            ratio = Fraction(value)
            model.Add(x * ratio.denominator == y * ratio.numerator)
        else:
            model.Add(x > y)
    return letters, lambda values: str(list(values))


def _permutations(model: Any, payload: Mapping[str, Any]) -> tuple[list[Any], _Spell]:
    count = payload["books"]
    places = [model.NewIntVar(0, count - 1, f"book {at}") for at in range(count)]
    model.AddAllDifferent(places)
    for kind, book, other in payload["rules"]:
        if kind == "at":
            model.Add(places[book] == other)
        elif kind == "not_at":
            model.Add(places[book] != other)
        elif kind in ("before", "after"):
            first, second = (book, other) if kind == "before" else (other, book)
            model.Add(places[first] < places[second])
        else:
            gap = model.NewIntVar(0, count, "gap")
            model.AddAbsEquality(gap, places[book] - places[other])
            model.Add(gap == 1 if kind == "next" else gap != 1)
    return places, lambda values: str([ascii_uppercase[book] for book in sorted(range(count), key=values.__getitem__)])


def _eight_queens(model: Any, payload: Mapping[str, Any]) -> tuple[list[Any], _Spell]:
    size = payload["size"]
    columns = [model.NewIntVar(0, size - 1, f"row {row}") for row in range(size)]
    model.AddAllDifferent(columns)
    model.AddAllDifferent([column + row for row, column in enumerate(columns)])
    model.AddAllDifferent([column - row for row, column in enumerate(columns)])
    for row, column in payload["given"]:
        model.Add(columns[row] == column)
    for row, column in payload["blocked"]:
        model.Add(columns[row] != column)
    return columns, lambda values: ", ".join(f"{row} {column}" for row, column in enumerate(values))


def _square(model: Any, size: int, given: Sequence[Sequence[int | None]]) -> list[list[Any]]:
    """A Latin square of 0 to size - 1 with some cells given."""
    cells = [[model.NewIntVar(0, size - 1, f"cell {row} {column}") for column in range(size)] for row in range(size)]
    for line in [*cells, *map(list, zip(*cells, strict=True))]:
        model.AddAllDifferent(line)
    for row, values in enumerate(given):
        for column, value in enumerate(values):
            if value is not None:
                model.Add(cells[row][column] == value)
    return cells


def _sudoku(model: Any, payload: Mapping[str, Any]) -> tuple[list[Any], _Spell]:
    box = payload["box"]
    size = box * box
    cells = _square(model, size, [[value - 1 if value else None for value in row] for row in payload["puzzle"]])
    for top in range(0, size, box):
        for left in range(0, size, box):
            model.AddAllDifferent([cells[top + at // box][left + at % box] for at in range(size)])
    return [cell for row in cells for cell in row], lambda values: _lines([value + 1 for value in values], size)


def _letter_logic(model: Any, payload: Mapping[str, Any]) -> tuple[list[Any], _Spell]:
    grid = payload["grid"]
    size = len(grid)
    cells = _square(model, size, [[ascii_lowercase.index(cell) if cell else None for cell in row] for row in grid])
    for row in range(1, size):
        model.Add(cells[row][size - 1 - row] == cells[0][size - 1])
    flat = [cell for row in cells for cell in row]
    return flat, lambda values: _lines([ascii_lowercase[value] for value in values], size)


def _lines(cells: Sequence[object], width: int) -> str:
    return "\n".join(",".join(map(str, cells[at : at + width])) for at in range(0, len(cells), width))


_MODELS: dict[str, _Build] = {
    "eight_queens": _eight_queens,
    "letter_logic_diagram": _letter_logic,
    "standard_sudoku": _sudoku,
    "logical_equation": _logical_equation,
    "permutations_and_combinations": _permutations,
}
MODELLED = frozenset(_MODELS)
"""The tasks that have a model."""
