"""Logical Equation: one-to-one, from the list, every relation."""

from __future__ import annotations

from itertools import permutations

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem

TASK = symbench.get("logical_equation")
QUESTION = (
    "Calculate the number for each letter based on the range and set of inequalities that the given letter represents. "
    "There are 4 letters A, B, C, D, each representing one of the numbers 2, 5, 8, 20. "
    "The system of inequalities is satisfied as follows:\n1. A + B = 28\n2. C - D = -3\n3. A = 2.5B\n4. D > C\n\n"
    "Return the answers in alphabetical order starting with A"
)


def problem() -> Problem:
    return TASK.load(
        {"task": TASK.name, "question": QUESTION, "payload": {"solution": [20, 8, 2, 5]}, "sample_id": "s"}
    )


@pytest.mark.parametrize(
    "answer",
    [
        "[20, 8, 2, 5]",
        "20, 8, 2, 5",
        "20 8 2 5",
        "[20.0, 8, 2, 5]",
        "A=20, B=8, C=2, D=5",
        '{"D": 5, "A": 20, "B": 8, "C": 2}',
    ],
)
def test_layouts_are_read(answer: str) -> None:
    assert TASK.verify(problem(), f"<<<{answer}>>>").correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("[8, 20, 2, 5]", "rule:relation"),
        ("[20, 8, 2, 2]", "rule:distinct"),
        ("[20, 8, 2, 6]", "rule:value"),
        ("[20, 8, 2, 5.5]", "rule:value"),
        ("[20, 8, 2]", "wrong_shape"),
        ("[20, 8, 2, 5, 5]", "wrong_shape"),
        ("5", "wrong_shape"),
        ("['a', 'b', 'c', 'd']", "unreadable"),
        ("A=20, B=8, C=2, D=5, or else", "unreadable"),
    ],
)
def test_refusals_name_their_code(answer: str, code: str) -> None:
    assert TASK.verify(problem(), f"<<<{answer}>>>").code == code


def test_the_published_form_is_read_strictly() -> None:
    payload = problem().payload
    assert payload["values"] == [2, 5, 8, 20]
    assert payload["relations"] == [
        ["sum", 0, 1, 28],
        ["difference", 2, 3, -3],
        ["ratio", 0, 1, "2.5"],
        ["greater", 3, 2, 0],
    ]
    long = TASK.parse(QUESTION.replace("2.5B", "0.6666666666666666B"), {})
    assert long["relations"][2] == ["ratio", 0, 1, "2/3"]
    with pytest.raises(ValueError, match="no known relation"):
        TASK.parse(QUESTION.replace("D > C", "D >> C"), {})
    with pytest.raises(ValueError, match="no letters"):
        TASK.parse("What is this?", {})


@pytest.mark.parametrize("seed", range(6))
def test_the_solver_finds_what_trying_everything_finds(seed: int) -> None:
    made = TASK.generate(seed, {"letters": 5, "relations": 3, "high": 20, "spare": 1})
    right = {
        str(list(values))
        for values in permutations(made.payload["values"], 5)
        if TASK.verify(made, str(list(values))).correct
    }
    assert set(TASK.solve(made, 10_000)) == right
