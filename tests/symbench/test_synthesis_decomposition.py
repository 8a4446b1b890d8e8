"""Synthesis Decomposition: as many amounts as are asked, in a list of any layout."""

from __future__ import annotations

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem
from codesteer_kernel.symbench.proof import marked

TASK = symbench.get("synthesis_decomposition")
ONCE = ", and this can be done only once per cycle."
QUESTION = f"""Xiao Li is a farm owner who grows A, B, and C. He can exchange these crops for agricultural products X and Y.

Method 1: 2 units of crop A and 1 unit of crop B and 1 unit of crop C can be exchanged for 3 units of product X{ONCE}

Method 2: 1 unit of crop A and 1 unit of crop B can be exchanged for 2 units of product C{ONCE}

Method 3: 2 units of crop C and 1 unit of product X can be exchanged for 1 unit of product Y{ONCE}

Method 4: 1 unit of crop A and 2 units of product X can be exchanged for 1 unit of product Y{ONCE}

Initially there are 8 units of crop A, 3 units of crop B, 4 units of crop C.

Then wrap your final answer as a list showing [remaining_A, remaining_B, remaining_C, obtained_X, obtained_Y]."""
PAYLOAD = {
    "initial_state": {"A": 8, "B": 3, "C": 4},
    "solution": {"answer": ["1", "0", "0", "0", "4"]},
    "complexity": 5,
}


def published() -> Problem:
    return TASK.load({"task": TASK.name, "question": QUESTION, "payload": PAYLOAD, "sample_id": "x"})


def test_product_c_is_crop_c() -> None:
    problem = published()
    assert problem.payload["methods"][1] == {"takes": {"A": 1, "B": 1}, "gives": {"C": 2}}
    assert problem.payload["made"] == ["X", "Y"]
    assert problem.reference == "[1, 0, 0, 0, 4]"


def test_small_samples_ask_for_fewer_amounts() -> None:
    question = f"""Method 1: 1 unit of crop A and 1 unit of crop B can be exchanged for 1 unit of product X{ONCE}

Method 2: 3 units of crop A can be exchanged for 2 units of product X{ONCE}

as a list showing [remaining_A, remaining_B, obtained_X]"""
    payload = {
        "initial_state": {"A": 3, "B": 2},
        "solution": {"answer": ["1", "0", "0", "2", "0"]},
        "complexity": 1,
    }
    problem = TASK.load({"task": TASK.name, "question": question, "payload": payload})
    assert problem.reference == "[1, 0, 2]"
    assert TASK.verify(problem, "<<<[1, 0, 0, 2, 0]>>>").code == "wrong_shape"


@pytest.mark.parametrize(
    "layout",
    [
        "[1, 0, 0, 0, 4]",
        "1,0,0,0,4",
        "1 0 0 0 4",
        "remaining_A: 1, remaining_B: 0, remaining_C: 0, obtained_X: 0, obtained_Y: 4",
        '{"A": 1, "B": 0, "C": 0, "X": 0, "Y": 4}',
    ],
)
def test_sensible_layouts_are_read(layout: str) -> None:
    assert TASK.verify(published(), marked(layout)).correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("nothing", "unreadable"),
        ("[1, 0, 0, 4]", "wrong_shape"),
        ("[8, 3, 4, 0, 0]", "not_goal"),
        ("[4, 0, 0, 0, 1]", "not_goal"),
    ],
)
def test_refusals_have_codes(answer: str, code: str) -> None:
    assert TASK.verify(published(), marked(answer)).code == code


def test_another_form_is_refused() -> None:
    for question in (
        "",
        QUESTION.replace("Method 3", "Method 5"),
        QUESTION.replace("2 units of crop C and", "crop C,"),
    ):
        with pytest.raises(ValueError):
            TASK.load({"task": TASK.name, "question": question, "payload": PAYLOAD})
