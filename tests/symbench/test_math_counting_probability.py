"""MATH Counting and Probability: distinct templates, each right by two methods; published problems in any notation."""

from __future__ import annotations

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem

TASK = symbench.get("math_counting_probability")


def load(boxed: str, question: str = "How large is it?") -> Problem:
    solution = f"So it is $\\boxed{{{boxed}}}$, as we \\text{{see}}."
    return TASK.load({"task": TASK.name, "question": question, "payload": {"solution": solution}, "sample_id": "s"})


@pytest.mark.parametrize(
    ("boxed", "answer"),
    [
        (r"\frac{7}{33}", "7/33"),
        (r"\dfrac{93}{256}", "93/256"),
        (r"\frac{1}{4}", "25%"),
        (r"\frac{2}{5}", "0.4"),
        ("3628800", "10!"),
        ("4368", r"\binom{16}{5}"),
        ("1000", "1,000 ways"),
        ("1024", "2^{10}"),
    ],
)
def test_published_answers_in_other_notations(boxed: str, answer: str) -> None:
    assert TASK.verify(load(boxed), f"<<<{answer}>>>").correct


@pytest.mark.parametrize(
    ("boxed", "answer", "code"),
    [
        (r"\frac{7}{33}", "8/33", "not_goal"),
        (r"\frac{7}{33}", "33/7", "not_goal"),
        (r"\frac{7}{33}", "0.2121", "not_goal"),
        (r"\frac{1}{4}", "0.25%", "not_goal"),
        ("45", "46.0", "not_goal"),
        ("45", "44, 45", "wrong_shape"),
        ("45", "45 or 46", "unreadable"),
    ],
)
def test_refusals_name_their_code(boxed: str, answer: str, code: str) -> None:
    assert TASK.verify(load(boxed), f"<<<{answer}>>>").code == code
