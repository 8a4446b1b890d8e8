"""GSM-Hard: distinct templates, each right by two methods; whole answers exactly, others rounded with care."""

from __future__ import annotations

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem

TASK = symbench.get("gsm_hard")


def load(target: object) -> Problem:
    question = "How many?\n\nOutput final answer with the format <<<answer>>> such as <<<123.42>>>.\nYour answer: "
    return TASK.load({"task": TASK.name, "question": question, "payload": {"target": target}, "sample_id": "s"})


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        (3431580.0, "3431580"),
        (3431580.0, "3431580.0"),
        (3431580.0, "3,431,580"),
        (3431580.0, "3 431 580"),
        (3431580.0, "$3,431,580"),
        (3431580.0, "3431580 bolts"),
        (3431580.0, "3.43158e6"),
        (3431580.0, "The answer is 3431580."),
        (-7361459.0, "\u22127361459"),
        (1128610.75, "1128610.75"),
        (1457663.3333333333, "1457663.33"),
        (1457663.3333333333, "4372990/3"),
        (10603839.5999999996, "10603839.6"),
        (10603839.5999999996, "10603839.5999999996"),
        (4.2e18, "4200000000000000000"),
    ],
)
def test_published_answers_in_other_notations(target: float, answer: str) -> None:
    assert TASK.verify(load(target), f"<<<{answer}>>>").correct


@pytest.mark.parametrize(
    ("target", "answer", "code"),
    [
        (3431580.0, "3431581", "not_goal"),
        (3431580.0, "3431580.01", "not_goal"),
        (3431580.0, "-3431580", "not_goal"),
        (3431580.0, "34315800", "not_goal"),
        (3431580.0, "1715790", "not_goal"),
        (1128610.75, "1128611", "not_goal"),
        (1128610.75, "1128610.8", "not_goal"),
        (1457663.3333333333, "1457663.34", "not_goal"),
        (0.004, "0.00", "not_goal"),
        (3431580.0, "3431580 or 5", "unreadable"),
        (3431580.0, "3.43158 million", "unreadable"),
        (3431580.0, "3431580, 5", "unreadable"),
        (3431580.0, "many", "unreadable"),
        (5.0, "(5, 6)", "wrong_shape"),
    ],
)
def test_refusals_name_their_code(target: float, answer: str, code: str) -> None:
    assert TASK.verify(load(target), f"<<<{answer}>>>").code == code


def test_what_stands_behind_a_published_question_is_not_part_of_it() -> None:
    problem = load(5)
    assert problem.payload == {"story": "How many?", "target": "5"}
    assert TASK.restate(problem).startswith("How many?\nWrite only the number")


@pytest.mark.parametrize("target", ["many", float("nan"), None])
def test_a_target_that_is_no_number_is_refused(target: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        load(target)
