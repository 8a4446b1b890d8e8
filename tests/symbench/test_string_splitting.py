"""String Splitting: counts are a list, never joined; every published wording of a method is understood."""

from __future__ import annotations

from itertools import product

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem
from codesteer_kernel.symbench.proof import marked

TASK = symbench.get("string_splitting")
WORDINGS = [
    [
        "One unit of machine A can be dismantled into two units of part X and one unit of part Y per round.",
        "Dismantling a single machine A yields two part X and one part Y each cycle.",
        "Each round, one machine A breaks down into two part X and one part Y.",
    ],
    [
        "Two units of machine B can be dismantled into one unit of part X per round.",
        "Dismantling two machine B units produces one part X each cycle.",
        "Every round, dismantling two machines B results in one part X.",
    ],
    [
        "Two units of machine C can be dismantled into one unit of part Y per round.",
        "Dismantling two machine C units yields one part Y each cycle.",
        "Each round, two machines C break down into one part Y.",
    ],
    [
        "One unit of machine B and one unit of machine C can be combined into one unit of machine A per round.",
        "Combining one machine B and one machine C results in one machine A each cycle.",
        "Every round, merging one machine B with one machine C creates one machine A.",
    ],
    [
        "One unit of part X and one unit of part Y can be combined into one unit of part Z per round.",
        "Combining one part X with one part Y produces one part Z each cycle.",
        "Each round, one part X and one part Y merge to form one part Z.",
    ],
]


def asked(methods: list[str], a: int, b: int, c: int) -> str:
    listed = "\n".join(f"Method {at}: {method}" for at, method in enumerate(methods, 1))
    return (
        f"{listed}\n\nInitially, there are {a} units of Machine A, {b} units of Machine B, and {c} units of Machine C. "
    )


def published(a: int, b: int, c: int, answer: list[str]) -> Problem:
    question = asked([wordings[0] for wordings in WORDINGS], a, b, c)
    return TASK.load({"task": TASK.name, "question": question, "payload": {"expected_answer": answer}})


def test_every_published_wording_says_the_same() -> None:
    methods = TASK.generate(0, "paper-1").payload["methods"]
    for choice in product(range(3), repeat=5):
        question = asked([wordings[at] for at, wordings in zip(choice, WORDINGS, strict=True)], 2, 2, 3)
        assert TASK.parse(question, {})["methods"] == methods


def test_an_unknown_wording_is_refused() -> None:
    methods = [wordings[0] for wordings in WORDINGS]
    methods[1] = "Three or more units of machine B can be dismantled into one unit of part X per round."
    with pytest.raises(ValueError):
        TASK.parse(asked(methods, 1, 1, 1), {})
    with pytest.raises(ValueError):
        TASK.parse("no methods at all", {})


def test_a_published_sample_is_judged_once_a_round() -> None:
    problem = published(2, 2, 3, ["0", "0", "1", "2", "0", "3"])
    assert problem.payload["schedule"] == "once"
    assert problem.reference == "[0, 0, 1, 2, 0, 3]"


def test_other_counts_with_the_same_digits_are_wrong() -> None:
    """The published scorer joined the counts, so 1, 12 was 11, 2."""
    problem = published(10, 10, 10, [])
    right = problem.reference.strip("[]").split(", ")
    assert any(len(count) == 2 for count in right), right
    at = next(at for at, count in enumerate(right) if len(count) == 2)
    moved = [*right]
    moved[at - 1], moved[at] = right[at - 1] + right[at][0], right[at][1]
    assert "".join(moved) == "".join(right)
    assert TASK.verify(problem, marked(", ".join(right))).correct
    assert TASK.verify(problem, marked(", ".join(moved))).code == "not_goal"
    assert TASK.verify(problem, marked("".join(right))).code == "wrong_shape"


@pytest.mark.parametrize(
    "layout",
    [
        '["0", "0", "1", "2", "0", "3"]',
        "['0','0','1','2','0','3']",
        "0 0 1 2 0 3",
        '{"X": 2, "Y": 0, "Z": 3, "A": 0, "B": 0, "C": 1}',
        "A=0, B=0, C=1, X=2, Y=0, Z=3",
        "Machine A: 0, Machine B: 0, Machine C: 1, Part X: 2, Part Y: 0, Part Z: 3",
        "(0, 0, 1, 2, 0, 3)",
    ],
)
def test_sensible_layouts_are_read(layout: str) -> None:
    assert TASK.verify(published(2, 2, 3, []), marked(layout)).correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("Z", "unreadable"),
        ("[0, 0, 1, 2, 0]", "wrong_shape"),
        ("[0, 0, 1, 2, 0, 3, 0]", "wrong_shape"),
        ("[3, 0, 2, 1, 0, 0]", "not_goal"),
        ("[2, 2, 3, 0, 0, 0]", "not_goal"),
        ("[0, 0, 1, 2.5, 0, 3]", "unreadable"),
    ],
)
def test_refusals_have_codes(answer: str, code: str) -> None:
    assert TASK.verify(published(2, 2, 3, []), marked(answer)).code == code
