"""Matrix Transformation: any layout of the table, signs that look like formatting among them."""

from __future__ import annotations

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem
from codesteer_kernel.symbench.proof import marked

TASK = symbench.get("matrix_transformation")


def published(*rows: str) -> Problem:
    payload = {"matrix": [row.split() for row in rows]}
    return TASK.load({"task": TASK.name, "question": "rotate this matrix 90 degrees clockwise", "payload": payload})


@pytest.mark.parametrize(
    "layout",
    ["Y,V,E,C", "[Y,V,E,C]", "[[Y,V],[E,C]]", '[["Y", "V"], ["E", "C"]]', "Y V\nE C", "YV\nEC", "YVEC", "Y\nV\nE\nC"],
)
def test_sensible_layouts_are_read(layout: str) -> None:
    assert TASK.verify(published("V C", "Y E"), marked(layout)).correct


def test_rows_and_columns_change_places() -> None:
    problem = published("1 2 3", "4 5 6")
    for layout in ("4,1,5,2,6,3", "4 1\n5 2\n6 3", "[4,1],[5,2],[6,3]"):
        assert TASK.verify(problem, marked(layout)).correct
    assert TASK.verify(problem, "<<<4 1 5\n2 6 3>>>").code == "wrong_shape"


def test_signs_of_formatting_are_signs() -> None:
    problem = published("@ $", "$ #")
    for layout in ("$,@,#,$", "$ @ # $", "[[$,@],[#,$]]", "$@\n#$"):
        assert TASK.verify(problem, marked(layout)).correct, layout
    assert TASK.verify(problem, "<<<$,#,@,$>>>").code == "not_goal"
    stars = published("* *", "* &")
    assert TASK.verify(stars, "<<<*,*,&,*>>>").correct
    assert TASK.verify(stars, "<<<* *\n& *>>>").correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("Y,V,E", "wrong_shape"),
        ("Y,V,E,C,Y", "wrong_shape"),
        ("V,C,Y,E", "not_goal"),
        ("C,E,V,Y", "not_goal"),
        ("V,Y,C,E", "not_goal"),
        ("y,v,e,c", "not_goal"),
    ],
)
def test_refusals_have_codes(answer: str, code: str) -> None:
    assert TASK.verify(published("V C", "Y E"), marked(answer)).code == code


def test_a_question_of_another_form_is_refused() -> None:
    record = {"task": TASK.name, "question": "transpose this", "payload": {"matrix": [["A"]]}}
    with pytest.raises(ValueError):
        TASK.load(record)


def test_the_picture_shows_both_tables() -> None:
    problem = TASK.generate(1, "3")
    picture = TASK.draw(problem, problem.reference)
    assert picture is not None
    assert picture.startswith("<svg")
    assert picture.count("<rect") == 1 + 2 * 20
    signs = TASK.draw(TASK.generate(1, "paper-4x4"))
    assert signs is not None
    assert "&amp;" in signs or "&" not in signs


def test_the_steps_change_something() -> None:
    for seed in range(60):
        problem = TASK.generate(seed, {"steps": 2, "rows": 3, "columns": 3})
        assert problem.reference != ",".join(cell for row in problem.payload["matrix"] for cell in row)
