"""MATH Counting and Probability: distinct templates, each right by two methods; published problems in any notation."""

from __future__ import annotations

from random import Random

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem
from codesteer_kernel.symbench.templates import Template
from codesteer_kernel.symbench.templates.counting import TEMPLATES

TASK = symbench.get("math_counting_probability")
every_template = pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)


def load(boxed: str, question: str = "How large is it?") -> Problem:
    solution = f"So it is $\\boxed{{{boxed}}}$, as we \\text{{see}}."
    return TASK.load({"task": TASK.name, "question": question, "payload": {"solution": solution}, "sample_id": "s"})


def test_there_are_enough_kinds_of_problems() -> None:
    assert len(TEMPLATES) >= 25
    assert {template.steps for template in TEMPLATES.values()} == {1, 2, 3, 4, 5}


@every_template
@pytest.mark.parametrize("size", [6, 30, 60])
def test_both_methods_agree(template: Template, size: int) -> None:
    for seed in range(25):
        numbers = template.draw(Random(seed), size)
        assert TASK.written(template.answer(numbers)) == TASK.written(template.again(numbers)), numbers


@every_template
def test_every_kind_can_be_asked_for(template: Template) -> None:
    problem = TASK.generate(3, {"template": template.name})
    assert problem.payload["template"] == template.name
    assert "  " not in problem.question
    assert TASK.verify(problem, f"<<<{problem.reference}>>>").correct
    assert not TASK.verify(problem, f"<<<{problem.reference}+1>>>").correct


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
