"""Number Multiply: one number, every digit and the sign."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem

TASK = symbench.get("number_multiply")


def product(*factors: int) -> Problem:
    return Problem("number_multiply", "1", None, {}, "", {"factors": list(factors)}, "")


@pytest.mark.parametrize(
    "answer", ["1234567", "1,234,567", "1 234 567", "1_234_567", "1234567.", "127 * 9721 = 1234567", "+1234567"]
)
def test_right_in_any_layout(answer: str) -> None:
    assert TASK.verify(product(127, 9721), f"<<<{answer}>>>").correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("1840", "not_goal"),
        ("-84", "not_goal"),
        ("184", "not_goal"),
        ("8.4e1", "unreadable"),
        ("84 or 85", "unreadable"),
        ("eighty-four", "unreadable"),
        ("9" * 3000, "too_long"),
    ],
)
def test_wrong_and_why(answer: str, code: str) -> None:
    verdict = TASK.verify(product(2, 42), f"<<<{answer}>>>")
    assert (verdict.correct, verdict.code) == (False, code)


def test_zero_has_no_sign() -> None:
    assert TASK.verify(product(0, 42), "<<<0>>>").correct
    assert TASK.verify(product(0, 42), "<<<-0>>>").correct


def test_a_wrong_sign_is_named() -> None:
    assert "sign" in TASK.verify(product(2, 42), "<<<-84>>>").reason


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=5))
def test_multiplying_by_hand_agrees(factors: list[int]) -> None:
    assert TASK.solve(product(*factors)) == [str(math.prod(factors))]


@pytest.mark.parametrize("question", ["What is the result of 2+3?", "What is the result of 2**3?", "", "What is 2*3?"])
def test_another_question_is_refused(question: str) -> None:
    with pytest.raises(ValueError, match="no product"):
        TASK.load({"task": "number_multiply", "question": question, "payload": {}})
