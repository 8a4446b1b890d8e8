"""Letter Logic Diagram: every right filling passes, in every layout."""

from __future__ import annotations

import json

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench import Problem

TASK = symbench.get("letter_logic_diagram")


def load(rows: list[str]) -> Problem:
    grid = [[None if cell == "." else cell for cell in row] for row in rows]
    return TASK.load({"task": TASK.name, "question": "", "payload": {"grid": grid}, "sample_id": "x"})


SMALL = load(["...a", "b.a.", ".ab.", "a..."])


def right() -> list[str]:
    return SMALL.reference.replace(",", "").split("\n")


@pytest.mark.parametrize(
    "spell",
    [
        lambda rows: "\n".join(",".join(row) for row in rows),
        lambda rows: "\n".join(" ".join(row) for row in rows),
        lambda rows: "\n".join(rows),
        lambda rows: "\n".join(", ".join(row).upper() for row in rows),
        lambda rows: json.dumps([list(row) for row in rows]),
        lambda rows: json.dumps([list(row) for row in rows], indent=1),
        lambda rows: str([list(row) for row in rows]).replace("'", ""),
        lambda rows: ",".join(cell for row in rows for cell in row),
        lambda rows: "[" + "],[".join(",".join(row) for row in rows) + "]",
    ],
)
def test_any_layout_is_read(spell) -> None:  # type: ignore[no-untyped-def]
    """The published scorer reads one of these only, and not the one that it asks for."""
    assert TASK.verify(SMALL, f"<<<\n{spell(right())}\n>>>").correct


def test_every_filling_is_right_where_there_are_several() -> None:
    """The published scorer knows one of them; 84 of 200 published squares have more."""
    empty = load(["...."] * 4)
    answers = TASK.solve(empty, 500)
    assert len(set(answers)) == len(answers) > 20
    assert all(TASK.verify(empty, answer).correct for answer in answers)
    assert not empty.facts.get("unique")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("a,b\nb,a", "wrong_shape"),
        ("a,b,c,d\nb,c,d,a\nc,d,a,b", "wrong_shape"),
        (",,,a\nb,,a,\n,a,b,\na,,,", "wrong_shape"),
        ("b,c,d,a\nb,d,a,x\nd,a,b,c\na,b,c,d", "unreadable"),
        ("b,c,d,a\nc,d,a,b\nd,a,b,c\na,b,c,d", "rule:given"),
        ("c,b,d,a\nb,b,a,d\nd,a,b,c\na,d,c,b", "rule:row"),
        ("b,c,d,a\nb,d,a,c\nd,a,b,c\na,c,d,b", "rule:column"),
        ("", "empty"),
    ],
)
def test_refusals(answer: str, code: str) -> None:
    assert TASK.verify(SMALL, f"<<<{answer}>>>").code == code


def test_the_diagonal_must_be_of_one_letter() -> None:
    empty = load(["...."] * 4)
    assert TASK.verify(empty, "<<<abcd\nbadc\ncdab\ndcba>>>").correct
    assert TASK.verify(empty, "<<<badc\nabcd\ncdab\ndcba>>>").code == "rule:diagonal"


@pytest.mark.parametrize("grid", [[["a"]], [["a", "b"]], [["a", "c"], [None, None]]])
def test_data_of_another_form_is_refused(grid: list[list[str]]) -> None:
    with pytest.raises(ValueError):
        TASK.load({"task": TASK.name, "question": "", "payload": {"grid": grid}, "sample_id": "x"})


def test_generated_squares_are_not_all_cyclic() -> None:
    """All published ones are: each row is the one above, shifted."""
    rows = TASK.generate(0, "4").reference.replace(",", "").split("\n")
    assert any(rows[at + 1] not in rows[at] * 2 for at in range(6))


def test_too_many_blanks_are_refused() -> None:
    with pytest.raises(BadInput):
        TASK.generate(0, {"order": 4, "blanks": 13})


def test_a_picture_shows_given_and_filled_letters() -> None:
    assert str(TASK.draw(SMALL)).count("<text") == 6
    assert str(TASK.draw(SMALL, SMALL.reference)).count("<text") == 16
