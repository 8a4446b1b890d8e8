"""Logical Puzzle: cells lie in the grid, are different, hold different numbers, and the one at the top right is due."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench import Problem
from codesteer_kernel.symbench.pictures import COLOURS
from codesteer_kernel.symbench.proof import marked

TASK = symbench.get("logic_puzzle")
RULES = {"sum_le_4": "should be less than or equal to 4", "product_gt_0": "must be greater than 0"}


def published(grid: list[list[int]], picks: int, kind: str = "sum_le_4", **more: object) -> Problem:
    rows = "\n".join(", ".join(map(str, row)) for row in grid)
    question = f"you must select {picks} different numbers from these cells. It {RULES.get(kind, '')}.\n{rows}\n"
    payload = {"grid": grid, "constraints": {"type": kind}, **more}
    return TASK.load({"task": TASK.name, "question": question, "payload": payload})


SMALL = [[1, 2], [3, 3]]


@pytest.mark.parametrize(
    "layout",
    [
        "0 1, 1 0, 0 0",
        "(0,1), (1,0), (0,0)",
        "[[0, 1], [1, 0], [0, 0]]",
        "1 0, 0 0, 0 1",
        "0 1\n1 0\n0 0",
        "0,1; 1,0; 0,0",
    ],
)
def test_sensible_layouts_are_read(layout: str) -> None:
    assert TASK.verify(published(SMALL, 3), marked(layout)).correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("99 99, 98 98, 97 97", "rule:outside"),
        ("1 2, 2 1, 1 1", "rule:outside"),
        ("-1 1, 1 0, 0 0", "rule:outside"),
        ("0 0, 0 0, 0 0", "rule:repeated"),
        ("0 1, 1 0, 0 1", "rule:repeated"),
        ("1 1, 1 0, 0 0", "rule:first"),
        ("0 1, 1 0, 1 1", "rule:equal"),
        ("0 1, 1 0", "wrong_shape"),
        ("0 1, 1 0, 0 0, 1", "wrong_shape"),
        ("the corners", "unreadable"),
    ],
)
def test_refusals_have_codes(answer: str, code: str) -> None:
    assert TASK.verify(published(SMALL, 3), marked(answer)).code == code


def test_lines_are_checked() -> None:
    problem = published([[1, 4, 2], [3, 1, 5], [2, 2, 1]], 3)
    assert TASK.verify(problem, "<<<0 2, 1 0, 2 2>>>").correct
    assert TASK.verify(problem, "<<<0 2, 0 1, 2 2>>>").code == "rule:sum"
    signs = published([[-1, 2, -3], [4, -5, 6], [-7, 8, -9]], 4, "product_gt_0")
    assert TASK.verify(signs, "<<<0 0, 0 2, 2 0, 2 2>>>").correct
    assert TASK.verify(signs, "<<<0 2, 0 1, 1 0, 1 2>>>").code == "rule:product"


@pytest.mark.parametrize("kind", ["sum_le_4", "product_gt_0"])
def test_the_solver_finds_all_answers_or_none(kind: str) -> None:
    rng = Random(kind)
    none = 0
    for _ in range(60):
        numbers = [1, 1, 2, 2, 3, 4] if kind == "sum_le_4" else [-3, -2, -1, 0, 1, 2, 3]
        problem = published([[rng.choice(numbers) for _ in range(3)] for _ in range(3)], rng.randint(2, 5), kind)
        cells = [(row, column) for row in range(3) for column in range(3)]
        texts = (
            ", ".join(f"{row} {column}" for row, column in choice)
            for choice in combinations(cells, problem.payload["picks"])
        )
        right = {text for text in texts if TASK.verify(problem, marked(text)).correct}
        found = TASK.solve(problem, 1000)
        assert len(found) == len(set(found))
        assert set(found) == right
        none += not right
    assert 0 < none < 60


def test_scarce_puzzles_need_negative_numbers() -> None:
    for seed in range(10):
        problem = TASK.generate(seed, "3")
        positive = {cell for row in problem.payload["grid"] for cell in row if cell > 0}
        assert len(positive) < problem.payload["picks"]


def test_knobs_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadInput):
        TASK.generate(0, {"size": 2, "picks": 5})
    with pytest.raises(BadInput):
        TASK.generate(0, {"rule": "sum", "limit": 1})


def test_a_question_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError):
        published(SMALL, 3, "median")
    record = {"task": TASK.name, "question": "x", "payload": {"grid": SMALL, "constraints": {"type": "sum_le_4"}}}
    with pytest.raises(ValueError):
        TASK.load(record)


def test_a_wrong_published_solution_is_replaced() -> None:
    assert published(SMALL, 3, solution=[[0, 1], [1, 0], [1, 1]]).reference == "0 0, 0 1, 1 0"


def test_the_picture_colours_the_chosen_cells() -> None:
    problem = TASK.generate(2, "3")
    picture = TASK.draw(problem, problem.reference)
    assert picture is not None
    assert picture.count(COLOURS["yellow"]) == problem.payload["picks"]
