"""New Operator: the order of operators is stated, fractions are right answers, published values are computed anew."""

from __future__ import annotations

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem
from codesteer_kernel.symbench.proof import marked

TASK = symbench.get("new_operator")


def published(expression: str, solution: float, **formulas: str) -> Problem:
    names = {"tilde": "~", "amp": "&", "at": "@", "hash": "#", "percent": "%", "dollar": "$"}
    operators = {names[name]: formula for name, formula in formulas.items()}
    lines = [f"Let a and b be numbers. Define a{sign}b to be {formula}." for sign, formula in operators.items()]
    question = "\n".join([*lines, f"Calculate {expression}.", "Return your answer with format <<<list>>>"])
    payload = {"solution": solution, "operator_definitions": operators}
    return TASK.load({"task": TASK.name, "question": question, "payload": payload})


def test_every_operator_counts() -> None:
    """The published evaluator stopped after the first operator that it met."""
    problem = published("(3~4)&5@6", 90.0, tilde="1*a*b", amp="5*a+5*b", at="3*a*b")
    assert problem.reference == "1530"
    assert TASK.verify(problem, "<<<90>>>").code == "not_goal"
    assert TASK.verify(problem, "<<<1530>>>").correct


@pytest.mark.parametrize("layout", ["60", "60.0", "[60.0]", "(9@4)@4 = 60", "**60**", "120/2", "60.0000"])
def test_sensible_layouts_are_read(layout: str) -> None:
    assert TASK.verify(published("(9@4)@4", 60.0, at="2*a+2*b"), marked(layout)).correct


@pytest.mark.parametrize(
    ("answer", "correct"),
    [
        ("4/3", True),
        ("1.3333333333333333", True),
        ("1.3333333", True),
        ("1.3333", True),
        ("1.333", False),
        ("1.3334", False),
        ("1.33343333", False),
        ("8/6", True),
        (r"\frac{4}{3}", True),
        ("\u2248 1.3333", True),
    ],
)
def test_fractions_may_be_rounded_to_four_places(answer: str, correct: bool) -> None:
    problem = published("(2%2)%6", 4 / 3, percent="(a + b)/b")
    assert problem.payload["operators"] == [["%", "(a + b)/b"]]
    assert TASK.verify(problem, marked(answer)).correct is correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [("sixty", "unreadable"), ("60 61", "unreadable"), ("1/0", "unreadable"), ("()", "unreadable"), ("61", "not_goal")],
)
def test_refusals_have_codes(answer: str, code: str) -> None:
    assert TASK.verify(published("(9@4)@4", 60.0, at="2*a+2*b"), marked(answer)).code == code


@pytest.mark.parametrize(("order", "value"), [("left", "6"), ("right", "-3"), ("ranked", "-3")])
def test_orders_differ(order: str, value: str) -> None:
    payload = {"operators": [["@", "1*a*b"], ["#", "1*a-2*b"]], "expression": "9 # 3 @ 2", "order": order}
    problem = Problem(TASK.name, "1", None, {}, TASK.ask(payload), payload, "")
    assert TASK.solve(problem) == [value]
    assert TASK.verify(problem, marked(value)).correct


def test_huge_values_are_compared_exactly() -> None:
    payload = {"operators": [["@", "1*a*b"]], "expression": "99999999999 @ 99999999999", "order": "left"}
    problem = Problem(TASK.name, "1", None, {}, "", payload, "")
    assert TASK.verify(problem, marked(str(99999999999**2))).correct
    assert not TASK.verify(problem, marked(str(99999999999**2 + 1))).correct


@pytest.mark.parametrize("expression", ["", "3 +4", "(3@4", "3@4)", "3@@4", "@3", "3#4", "3@"])
def test_expressions_that_are_none_are_refused(expression: str) -> None:
    with pytest.raises(ValueError):
        published(expression, 0, at="2*a+2*b")
