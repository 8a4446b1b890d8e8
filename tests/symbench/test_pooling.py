"""Pooling: fractions are right answers, the stride is stated, the layout is free."""

from __future__ import annotations

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench import Problem
from codesteer_kernel.symbench.pictures import COLOURS
from codesteer_kernel.symbench.proof import marked

TASK = symbench.get("pooling")


def published(kind: str, window: int, matrix: list[list[int]], solution: object = None) -> Problem:
    question = (
        f"Now, please perform {kind} pooling on the following matrix by using a {window}*{window} sliding window:"
    )
    payload = {"matrix": matrix, "window_size": window, "pooling_type": kind}
    return TASK.load(
        {
            "task": TASK.name,
            "question": question,
            "payload": payload if solution is None else {**payload, "solution": solution},
        }
    )


AVERAGES = [[1, 2, 4], [3, 8, 0], [-2, 5, 6]]
THIRDS = [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize(
    "layout",
    [
        "3.5,3.5,3.5,4.75",
        "[3.5, 3.5, 3.5, 4.75]",
        "[[3.5, 3.5], [3.5, 4.75]]",
        "3.5 3.5\n3.5 4.75",
        "7/2, 7/2, 7/2, 19/4",
        "3.50, 3.50, 3.50, 4.75",
        "3.5\n3.5\n3.5\n4.75",
    ],
)
def test_averages_are_read_in_any_layout(layout: str) -> None:
    """The published scorer refuses each of its own averages that is no whole number."""
    problem = published("average", 2, AVERAGES, [[3.5, 3.5], [3.5, 4.75]])
    assert TASK.verify(problem, marked(layout)).correct


@pytest.mark.parametrize(
    ("answer", "correct"),
    [
        ("0.2222222222222222, 0.1111111111111111, 1/9, 1/9", True),
        ("0.22, 0.11, 0.11, 0.11", True),
        ("0.222, 0.111, 0.1111, 0.11111", True),
        ("0.2, 0.1, 0.1, 0.1", False),
        ("0.23, 0.11, 0.11, 0.11", False),
        ("0.222, 0.111, 0.112, 0.111", False),
    ],
)
def test_rounding_must_be_right(answer: str, correct: bool) -> None:
    assert TASK.verify(published("average", 3, THIRDS), marked(answer)).correct is correct


def test_published_samples_move_by_one_cell() -> None:
    problem = published("max", 2, AVERAGES)
    assert TASK.verify(problem, "<<<8,8,8,8>>>").correct
    assert TASK.verify(problem, "<<<8>>>").code == "wrong_shape"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("8,8,8", "wrong_shape"),
        ("8,8,8,8,8", "wrong_shape"),
        ("8,8,9,8", "not_goal"),
        ("8,8,eight,8", "unreadable"),
        ("8,8,nan,8", "unreadable"),
        ("8,8,1e999,8", "not_goal"),
    ],
)
def test_refusals_have_codes(answer: str, code: str) -> None:
    assert TASK.verify(published("max", 2, AVERAGES), marked(answer)).code == code


def test_padding_and_stride_are_said() -> None:
    question = TASK.generate(0, "4").question
    assert "1 ring of zeros" in question
    assert "moves 2 cells at a time" in question


def test_knobs_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadInput):
        TASK.generate(0, {"size": 2, "window": 5})


def test_a_question_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError):
        published("median", 2, AVERAGES)
    with pytest.raises(ValueError):
        published("max", 2, [[1, 2, 3], [4, 5, 6]])


def test_the_picture_marks_the_first_window() -> None:
    problem = TASK.generate(1, "3")
    picture = TASK.draw(problem, problem.reference)
    assert picture is not None
    assert picture.count(COLOURS["yellow"]) == 9
