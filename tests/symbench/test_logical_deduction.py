"""Logical Deduction: published paragraphs are judged by their clues, letter and text must agree."""

from __future__ import annotations

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem

TASK = symbench.get("logical_deduction")
HEAD = (
    "The following paragraphs each describe a set of seven objects arranged in a fixed order. "
    "The statements are logically consistent within each paragraph. "
)
BIRDS = (
    "On a branch, there are three birds: an owl, a blue jay, and a robin. The owl is to the right of the blue jay. "
    "The robin is the leftmost.\nOptions:\n(A) The owl is the second from the left\n"
    "(B) The blue jay is the second from the left\n(C) The robin is the second from the left"
)
FRUITS = (
    "A fruit stand sells three fruits: plums, kiwis, and pears. The pears are less expensive than the kiwis. "
    "The plums are the second-most expensive.\nOptions:\n(A) The plums are the cheapest\n"
    "(B) The kiwis are the cheapest\n(C) The pears are the cheapest"
)
GOLF = (
    "In a golf tournament, there were three golfers: Eli, Ada, and Amy. Ada finished above Amy. Eli finished last."
    "\nOptions:\n(A) Eli finished second\n(B) Ada finished second\n(C) Amy finished second-to-last"
)
CARS = (
    "In an antique car show, there are three vehicles: a truck, a station wagon, and a bus. The bus is the oldest. "
    "The truck is newer than the station wagon.\nOptions:\n(A) The truck is the second-newest\n"
    "(B) The station wagon is the second-newest\n(C) The bus is the second-newest"
)


def load(text: str, target: str) -> Problem:
    return TASK.load({"task": TASK.name, "question": HEAD + text, "payload": {"target": target}, "sample_id": "s"})


@pytest.mark.parametrize(
    ("text", "right"),
    [(BIRDS, "(B)"), (FRUITS, "(C)"), (GOLF, "(C)"), (CARS, "(B)")],
    ids=["birds", "fruits", "golf", "cars"],
)
def test_published_paragraphs_are_solved(text: str, right: str) -> None:
    problem = load(text, "(A)")
    assert problem.reference == right
    assert not TASK.verify(problem, "<<<(A)>>>").correct
    assert TASK.restate(problem).endswith("for example <<<(A)>>>.")


@pytest.mark.parametrize(
    "answer",
    [
        "(B)",
        "B",
        "b.",
        "B)",
        "Option B",
        "(B)The blue jay is the second from the left",
        "(B) The blue jay is the second from the left",
        "The blue jay is the second from the left.",
    ],
)
def test_layouts_are_read(answer: str) -> None:
    assert TASK.verify(load(BIRDS, "(B)"), f"<<<{answer}>>>").correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("(A)", "not_goal"),
        ("(Z)", "rule:option"),
        ("(A) The blue jay is the second from the left", "rule:option"),
        ("(B) The robin is the second from the left", "rule:option"),
        ("A, B, C", "unreadable"),
        ("(B) or (C)", "unreadable"),
        ("the middle one", "unreadable"),
    ],
)
def test_refusals_name_their_code(answer: str, code: str) -> None:
    assert TASK.verify(load(BIRDS, "(B)"), f"<<<{answer}>>>").code == code


def test_other_paragraphs_are_refused() -> None:
    for text in ("Nothing.", BIRDS.replace("is the leftmost", "sings"), BIRDS.replace("(C)", "(D)")):
        with pytest.raises(ValueError, match=r"."):
            load(text, "(A)")
