"""A third opinion on search puzzles: the same questions as constraint models for OR-tools (the ``solvers`` extra).

Used by ``codesteer symbench prove --solvers`` only; nothing else needs the package. A model is written from the question's
data alone and shares nothing with a task's generator, verifier or solver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from string import ascii_uppercase
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


_MODELS: dict[str, _Build] = {
    "eight_queens": _eight_queens,
    "logical_equation": _logical_equation,
    "permutations_and_combinations": _permutations,
}
MODELLED = frozenset(_MODELS)
"""The tasks that have a model."""
