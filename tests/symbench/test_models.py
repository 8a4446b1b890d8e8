"""Constraint models agree with the tasks' own solvers and verifiers."""

from __future__ import annotations

import sys

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.errors import MissingDependency
from codesteer_kernel.symbench.models import MODELLED, answers_by_model
from codesteer_kernel.symbench.proof import blind, marked, prove


@pytest.mark.parametrize("name", sorted(MODELLED & set(symbench.tasks())))
def test_a_model_agrees_with_the_task(name: str) -> None:
    pytest.importorskip("ortools", reason="the solvers extra is optional")
    task = symbench.get(name)
    for level in ("1", "2"):
        for seed in range(2):
            problem = task.generate(seed, level)
            answers = answers_by_model(blind(problem))
            assert answers
            assert all(task.verify(problem, marked(answer)).correct for answer in answers)
            assert len(answers) == len(task.solve(blind(problem), 2))


def test_without_the_extra_the_cure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ortools.sat.python", None)
    with pytest.raises(MissingDependency, match="solvers"):
        prove(symbench.get("eight_queens"), 1, models=True)
