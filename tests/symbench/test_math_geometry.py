"""MATH Geometry: distinct templates, each right by two methods; published problems in any notation."""

from __future__ import annotations

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem

TASK = symbench.get("math_geometry")


def load(boxed: str, question: str = "How large is it?") -> Problem:
    solution = f"So it is $\\boxed{{{boxed}}}$, as we \\text{{see}}."
    return TASK.load({"task": TASK.name, "question": question, "payload": {"solution": solution}, "sample_id": "s"})


@pytest.mark.parametrize(
    ("boxed", "answer"),
    [
        (r"\frac{3}{5}", "0.6"),
        (r"\sqrt{39}", "sqrt(39)"),
        (r"64-16\pi", "64 - 16*pi cubic feet"),
        (r"64-16\pi", "16(4-\u03c0)"),
        ("(18, -18)", "(18,-18)"),
        ("(18, -18)", "18, -18"),
        (r"61^\circ", "61 degrees"),
        (r"125\%", "125"),
        ("1624", "1,624"),
        ("17.3", r"\boxed{17.3}"),
        (r"\frac{98}5", "$19.6$"),
        (r"\text{(C)}", "C"),
        ("2x+3", "2x + 3"),
    ],
)
def test_published_answers_in_other_notations(boxed: str, answer: str) -> None:
    assert TASK.verify(load(boxed), f"<<<{answer}>>>").correct


@pytest.mark.parametrize(
    ("boxed", "answer", "code"),
    [
        ("17.5", "18.5", "not_goal"),
        ("17.5", "17.5 or 18.5", "unreadable"),
        (r"12\pi", "37.7", "not_goal"),
        ("(18, -18)", "18", "wrong_shape"),
        ("(18, -18)", "(-18, 18)", "not_goal"),
        ("56", "about 56 or so", "unreadable"),
        ("56", "cannot be determined", "unreadable"),
        (r"\text{(C)}", "D", "not_goal"),
    ],
)
def test_refusals_name_their_code(boxed: str, answer: str, code: str) -> None:
    assert TASK.verify(load(boxed), f"<<<{answer}>>>").code == code


def test_intervals_keep_their_brackets() -> None:
    problem = load("[2, 5)", "For which x? Answer with an interval.")
    assert TASK.verify(problem, "<<<[2,5)>>>").correct
    assert TASK.verify(problem, "<<<(2,5)>>>").code == "not_goal"


def test_what_stands_behind_a_published_question_is_not_part_of_it() -> None:
    problem = load(
        "5", "How many?\n\nOutput final answer with the format <<<answer>>> such as <<<125.0>>>.\nYour answer: "
    )
    assert problem.payload["story"] == "How many?"
    assert "exact answer" in TASK.restate(problem)


@pytest.mark.parametrize("solution", ["no box", r"\boxed{3", ""])
def test_a_solution_without_a_box_is_refused(solution: str) -> None:
    with pytest.raises(ValueError, match="box"):
        TASK.parse("How many?", {"solution": solution})
