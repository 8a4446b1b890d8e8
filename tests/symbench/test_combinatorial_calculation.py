"""Combinatorial Calculation: the order is fixed, and the published verifier's holes are closed."""

from __future__ import annotations

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench import Problem

TASK = symbench.get("combinatorial_calculation")


def game(numbers: list[int], target: int, operators: str = "+-*/") -> Problem:
    payload = {"numbers": numbers, "target": target, "operators": operators}
    return Problem(TASK.name, TASK.version, None, {}, TASK.ask(payload), payload, "")


@pytest.mark.parametrize(
    "answer",
    [
        "[7, -, 1, +, 4]",
        '["7", "-", "1", "+", "4"]',
        "['7','-','1','+','4']",
        "7 - 1 + 4",
        "7-1+4 = 10",
        "[(, 7, -, 1, ), +, 4]",
        "((7-1)+4)",
        "7\u22121+4",
    ],
)
def test_layouts_are_read(answer: str) -> None:
    assert TASK.verify(game([7, 1, 4], 10), f"<<<{answer}>>>").correct


@pytest.mark.parametrize(
    ("numbers", "target", "answer", "code"),
    [
        ([7, 1, 4], 10, "[4, +, 7, -, 1]", "rule:order"),
        ([2, 4, 3, 3], 24, "[2, 4, +, 3, -, 3]", "unreadable"),
        ([5, 2, 1], 25, "[5, *, *, 2, *, 1]", "unreadable"),
        ([5, 2, 1], 25, "5**2*1", "rule:operator"),
        ([5, 2, 8], 10, "5//2+8", "rule:operator"),
        ([7, 1, 4], 10, "[10]", "rule:numbers"),
        ([7, 1, 4], 10, "[7, -, 1, +, 4, *, 1]", "rule:numbers"),
        ([7, 1, 4], 10, "[(, 7, -, 1, +, 4]", "unreadable"),
        ([7, 1, 4], 10, "[7, -, 1, -, 4]", "not_goal"),
        ([7, 1, 4], 10, "[7, -, 1, +, 4] = 11", "unreadable"),
        ([7, 0, 4], 10, "[7, /, 0, +, 4]", "rule:division"),
        ([7, 1, 4], 10, "[]", "unreadable"),
    ],
)
def test_refusals_name_their_code(numbers: list[int], target: int, answer: str, code: str) -> None:
    assert TASK.verify(game(numbers, target), f"<<<{answer}>>>").code == code


def test_an_operator_that_is_not_allowed_is_refused() -> None:
    assert TASK.verify(game([6, 2, 7], 10, "+-"), "<<<6/2+7>>>").code == "rule:operator"
    assert TASK.verify(game([6, 2, 7], 10), "<<<6/2+7>>>").correct


def test_fractions_on_the_way_are_exact() -> None:
    assert TASK.verify(game([2, 5, 1, 4, 8], 78), "<<<(2*5-1/4)*8>>>").correct


def test_the_solver_knows_when_there_is_nothing() -> None:
    assert TASK.solve(game([1, 1, 1], 50)) == []
    assert len(TASK.solve(game([7, 1, 4], 10), 50)) > 1


def test_knobs_that_cannot_go_together_are_refused() -> None:
    with pytest.raises(BadInput):
        TASK.generate(0, {"count": 2, "target": 5000, "operators": "+-"})


def test_published_samples_are_read_from_data_or_question() -> None:
    question = "Now the input numbers are: 1, 4, 6, the target values is: 10\n Your answer:"
    assert TASK.parse(question, {}) == TASK.parse("", {"numbers": [1, 4, 6], "target": 10})
    with pytest.raises(ValueError, match="no numbers"):
        TASK.parse("What is this?", {})


@pytest.mark.parametrize("seed", range(150))
def test_no_reference_divides_by_zero(seed: int) -> None:
    made = TASK.generate(seed, {"count": 5, "target": 69, "high": 12})
    assert TASK.verify(made, made.reference).correct
