"""Pattern Recognition: the largest square counts, whatever lies inside and beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench import Problem

TASK = symbench.get("pattern_recognition")
ROWS = ["ABCDEFG", "HQQQQKL", "MQQQQNO", "PQQQQRS", "TQQQQUV", "WXXXYZA"]


def problem(rows: list[str]) -> Problem:
    matrix = "\n".join(" ".join(row) for row in rows)
    question = f"Given a matrix.\n\nIf the matrix is\n\n{matrix}\n\nPlease provide the corner."
    return TASK.load({"task": TASK.name, "question": question, "payload": {}, "sample_id": "x"})


@pytest.mark.parametrize(
    "answer",
    ["[4, 4]", "4, 4", "4 4", "(4,4)", "row 4, column 4", "Column: 4, Row: 4", '{"row": 4, "column": 4}', "[[4, 4]]"],
)
def test_any_layout_is_read(answer: str) -> None:
    """The published scorer refuses the form that its question asks for."""
    assert TASK.verify(problem(ROWS), f"<<<{answer}>>>").correct


def test_names_decide_over_the_order() -> None:
    wide = problem(["ABCDEFG", "HIJQQQL", "MNOQQQP", "RSTQQQU"])
    assert TASK.verify(wide, "<<<[3, 5]>>>").correct
    assert TASK.verify(wide, "<<<column 5, row 3>>>").correct
    assert not TASK.verify(wide, "<<<row 5, column 3>>>").correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("[5, 5]", "not_goal"),
        ("[4, 3]", "not_goal"),
        ("[3, 4]", "not_goal"),
        ("[1, 1]", "not_goal"),
        ("[6, 7]", "rule:outside"),
        ("[-1, 4]", "rule:outside"),
        ("[4]", "wrong_shape"),
        ("4, 4, 99, x", "unreadable"),
        ("4, 4, 99", "wrong_shape"),
        ("row 4, row 4", "unreadable"),
        ("", "empty"),
    ],
)
def test_refusals(answer: str, code: str) -> None:
    assert TASK.verify(problem(ROWS), f"<<<{answer}>>>").code == code


def test_squares_inside_the_largest_do_not_count() -> None:
    """39 published matrices hold a square of side 4 or more, and so smaller ones with other corners."""
    assert TASK.solve(problem(ROWS), 5) == ["[4, 4]"]


def test_equal_squares_are_all_right() -> None:
    two = problem(["AAABCCC", "AAADCCC", "AAAECCC"])
    assert TASK.solve(two, 5) == ["[2, 2]", "[2, 6]"]
    assert TASK.verify(two, "<<<[2, 2]>>>").correct
    assert TASK.verify(two, "<<<[2, 6]>>>").correct


@pytest.mark.parametrize("question", ["", "If the matrix is\n\nnothing", "If the matrix is\n\nA B\nA B C\n"])
def test_questions_of_another_form_are_refused(question: str) -> None:
    with pytest.raises(ValueError):
        TASK.load({"task": TASK.name, "question": question, "payload": {}, "sample_id": "x"})


@given(st.lists(st.text("AB", min_size=6, max_size=6), min_size=3, max_size=7))
def test_both_ways_to_look_agree(rows: list[str]) -> None:
    found = problem(rows)
    right = {TASK.verify(found, answer).extracted for answer in TASK.solve(found, 99)}
    for row in range(len(rows)):
        for column in range(6):
            verdict = TASK.verify(found, f"[{row}, {column}]")
            assert verdict.correct == (f"[{row}, {column}]" in right)


def test_a_square_that_does_not_fit_is_refused() -> None:
    with pytest.raises(BadInput):
        TASK.generate(0, {"rows": 8, "columns": 8, "side": 6})


def test_a_picture_marks_the_square() -> None:
    found = problem(ROWS)
    assert str(TASK.draw(found, "[4, 4]")).count('fill="#e6c23c"') == 16
    assert '#e6c23c"' not in str(TASK.draw(found))
