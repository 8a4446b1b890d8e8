"""String Synthesis: the schedule is stated, counts of two digits exist, nothing is joined that has two readings."""

from __future__ import annotations

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem
from codesteer_kernel.symbench.proof import marked
from codesteer_kernel.symbench.recipes import SCHEDULES, exchanged, rewritten

TASK = symbench.get("string_synthesis")
METHODS = """There are nine different blocks [A], [B], [C], {A}, {B}, {C}, (A), (B), (C) that satisfy:
1. One [A], one [B], and one [C] can be combined to form one {A}.
2. One [A] and one [B] can be combined to form one {C}.
3. One [B] and one [C] can be combined to form one {B}.
4. Two [C] can be combined to form one {C}.
5. One {A} and one {C} can be combined to form one (A) and one (B).
6. Two {B} can be combined to form one (C).
"""


def published(a: int, b: int, c: int, final: str) -> Problem:
    payload = {"A_count": a, "B_count": b, "C_count": c, "final_counts": [int(one) for one in final.split()]}
    return TASK.load({"task": TASK.name, "question": METHODS, "payload": payload, "sample_id": "x"})


def test_the_published_answers_exhaust_each_method() -> None:
    problem = published(4, 7, 7, "0 0 0 4 1 0 0 0 1")
    assert problem.payload["schedule"] == "exhaust"
    assert TASK.verify(problem, marked("0 0 0 4 1 0 0 0 1")).correct
    assert problem.reference == "0 0 0 4 1 0 0 0 1"


def test_the_question_states_the_schedule() -> None:
    said = {schedule: TASK.generate(1, {"schedule": schedule}).question for schedule in SCHEDULES}
    assert len(set(said.values())) == len(SCHEDULES)


def test_counts_of_two_digits_are_read() -> None:
    problem = published(30, 1, 1, "29 0 0 1 0 0 0 0 0")
    assert TASK.verify(problem, "<<<[29, 0, 0, 1, 0, 0, 0, 0, 0]>>>").correct
    assert TASK.verify(problem, "<<<2 9 0 0 1 0 0 0 0 0>>>").code == "wrong_shape"
    assert TASK.verify(problem, "<<<2900100000>>>").code == "wrong_shape"


@pytest.mark.parametrize(
    "layout",
    [
        "0 0 0 4 1 0 0 0 1",
        "000410001",
        '["0","0","0","4","1","0","0","0","1"]',
        "0\n0\n0\n4\n1\n0\n0\n0\n1",
        "0, 0, 0; 4, 1, 0; 0, 0, 1",
        "[A]: 0, [B]: 0, [C]: 0, {A}: 4, {B}: 1, {C}: 0, (A): 0, (B): 0, (C): 1",
        "[0.0, 0, 0, 4, 1, 0, 0, 0, 1]",
    ],
)
def test_sensible_layouts_are_read(layout: str) -> None:
    assert TASK.verify(published(4, 7, 7, "0 0 0 4 1 0 0 0 1"), marked(layout)).correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("", "empty"),
        ("none", "unreadable"),
        ("0 0 0 4 1 0 0 0 -1", "unreadable"),
        ("0 0 0 4 1 0 0 0", "wrong_shape"),
        ("4 7 7 0 0 0 0 0 0", "not_goal"),
        ("B 0 A 0 C 0 A 4 B 1 C 0 A 0 B 0 C 1", "unreadable"),
    ],
)
def test_refusals_have_codes(answer: str, code: str) -> None:
    assert TASK.verify(published(4, 7, 7, "0 0 0 4 1 0 0 0 1"), marked(answer)).code == code


def test_a_question_of_another_form_is_refused() -> None:
    for question in ("", METHODS.replace("Two {B}", "Some {B}")):
        record = {"task": TASK.name, "question": question, "payload": {"A_count": 1, "B_count": 1, "C_count": 1}}
        with pytest.raises(ValueError):
            TASK.load(record)


def test_stepping_and_rewriting_agree_under_every_schedule() -> None:
    for seed in range(40):
        payload = TASK.generate(seed).payload
        parts = payload["start"], payload["made"], payload["methods"]
        for schedule in SCHEDULES:
            assert exchanged(*parts, schedule)[0] == rewritten(*parts, schedule)
