"""Web of Lies: published questions are judged by what they say, not by their stored answer."""

from __future__ import annotations

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem

TASK = symbench.get("web_of_lies")
QUESTION = "Question: Ana lies. Bob says Ana tells the truth. Cem says Bob lies. Does Cem tell the truth?"


def load(question: str, target: str) -> Problem:
    return TASK.load({"task": TASK.name, "question": question, "payload": {"target": target}, "sample_id": "s"})


@pytest.mark.parametrize(
    "answer", ["Yes", "yes", "YES.", "(Yes)", '"Yes"', "Yes, Cem tells the truth.", "Cem tells the truth"]
)
def test_layouts_are_read(answer: str) -> None:
    assert TASK.verify(load(QUESTION, "Yes"), f"<<<{answer}>>>").correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("No", "not_goal"),
        ("Yes or No", "unreadable"),
        ("Yes, Cem lies", "unreadable"),
        ("Cem lies", "not_goal"),
        ("Yes No", "unreadable"),
        ("Unknown", "unreadable"),
        ("Cem", "unreadable"),
    ],
)
def test_refusals_name_their_code(answer: str, code: str) -> None:
    assert TASK.verify(load(QUESTION, "Yes"), f"<<<{answer}>>>").code == code


def test_a_wrong_stored_answer_does_not_count() -> None:
    problem = load(QUESTION, "No")
    assert problem.reference == "Yes"
    assert not TASK.verify(problem, "<<<No>>>").correct


def test_other_questions_are_refused() -> None:
    for question in ("Who lies?", "Ana lies. Bob nods. Does Bob tell the truth?", "Ana lies. Does Bob tell the truth?"):
        with pytest.raises(ValueError, match=r"."):
            load(question, "Yes")


def test_statements_about_two_people() -> None:
    payload = {
        "people": ["A", "B", "C"],
        "known": [0, False],
        "said": [[1, [0], False], [2, [1, 0], False]],
        "asked": 2,
    }
    problem = Problem(TASK.name, TASK.version, None, {}, TASK.ask(payload), payload, "")
    assert "different kinds" in problem.question
    assert TASK.solve(problem) == ["Yes"]
    assert TASK.verify(problem, "<<<Yes>>>").correct
