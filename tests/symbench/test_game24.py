"""Game 24: exact arithmetic, each number once, nothing but + - * /."""

from __future__ import annotations

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench import Problem

TASK = symbench.get("game24")


def game(*numbers: int, target: int = 24) -> Problem:
    return Problem("game24", "1", None, {}, "", {"numbers": list(numbers), "target": target}, "")


@pytest.mark.parametrize(
    ("numbers", "answer"),
    [
        ((3, 3, 8, 8), "8/(3-8/3)"),
        ((1, 4, 5, 6), "4/(1-5/6)"),
        ((1, 1, 4, 6), "4\u00d76\u00d71\u00d71"),
        ((1, 1, 4, 6), "Answer: 4*6*1*1"),
        ((1, 1, 4, 6), "4*6*1*1 = 24"),
        ((1, 1, 4, 6), "24 = 4*6*1*1"),
        ((1, 1, 4, 6), "$4 \\times 6 \\div 1 \\cdot 1$"),
        ((1, 1, 4, 6), "[4 x 6] x {1 x 1}"),
    ],
)
def test_right_in_any_layout(numbers: tuple[int, ...], answer: str) -> None:
    assert TASK.verify(game(*numbers), f"<<<{answer}>>>").correct


@pytest.mark.parametrize(
    ("numbers", "answer", "code"),
    [
        ((1, 2, 2, 10), "1.2*2*10", "unreadable"),
        ((1, 2, 3, 3), "2**3*3*1", "rule:operator"),
        ((1, 1, 1, 23), "-~23*1*1*1", "unreadable"),
        ((1, 1, 4, 6), "4*6 # 1 1", "unreadable"),
        ((1, 1, 2, 12), "12*2 or 1/1", "unreadable"),
        ((1, 1, 4, 6), "4*6*1*1 = __import__('os').getpid() or 24", "unreadable"),
        ((1, 1, 4, 6), "4*6*1*1 = 25", "unreadable"),
        ((1, 1, 4, 6), "4*6*1", "rule:numbers"),
        ((1, 1, 4, 6), "46-11*2", "rule:numbers"),
        ((1, 1, 4, 6), "4*6/(1-1)", "rule:division"),
        ((1, 1, 4, 6), "4+6+1+1", "not_goal"),
        # Near 24, as far as floating point can tell.
        ((1, 3, 10**9, 24), "24+1/(3*1000000000)", "not_goal"),
        ((1, 1, 4, 6), "4*6*1*1" + "+1" * 2000, "too_long"),
    ],
)
def test_wrong_and_why(numbers: tuple[int, ...], answer: str, code: str) -> None:
    verdict = TASK.verify(game(*numbers), f"<<<{answer}>>>")
    assert (verdict.correct, verdict.code) == (False, code)


def test_a_search_without_result_is_a_proof() -> None:
    assert TASK.solve(game(1, 1, 1, 1)) == []
    assert TASK.solve(game(3, 3, 8, 8), 10)


def test_fractions_are_needed_where_they_are_asked_for() -> None:
    problem = TASK.generate(3, "fractions")
    assert "/" in problem.reference
    with pytest.raises(BadInput, match="3 to 5 numbers"):
        TASK.generate(0, {"needs_fractions": True, "count": 7})


def test_a_range_without_games_is_told() -> None:
    with pytest.raises(BadInput, match="No game"):
        TASK.generate(0, {"count": 2, "low": 1, "high": 2, "target": 99_991})


def test_the_last_input_of_a_published_question_is_meant() -> None:
    question = "to obtain 24. ... Input: 9 10 11 13, Answer: ((10-9)*(11+13)) = 24 Input: 1 1 2 12 Answer:"
    assert TASK.load({"task": "game24", "question": question, "payload": {}}).payload["numbers"] == [1, 1, 2, 12]
    with pytest.raises(ValueError, match="no numbers"):
        TASK.load({"task": "game24", "question": "Make 24.", "payload": {}})
