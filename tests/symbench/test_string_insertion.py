"""String Insertion: quotes are free, overlapping occurrences count, inserted letters do not."""

from __future__ import annotations

from random import Random

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench import Problem
from codesteer_kernel.symbench.proof import marked

TASK = symbench.get("string_insertion")
RULES = {"ABCD": "A", "BCDE": "B", "CDEA": "C", "DEAB": "D", "EABC": "E"}
LINES = "\n".join(
    f"{at}. If there is a substring {pattern} in the string, insert the character {letter} after that substring."
    for at, (pattern, letter) in enumerate(RULES.items(), 1)
)


def published(text: str, asked: str = "") -> Problem:
    question = f"{LINES}\n\nQuestion: Given the string {asked or text}, what will the string be after one operation T?"
    payload = {"original_string": text, "modified_string": "?"}
    return TASK.load({"task": TASK.name, "question": question, "payload": payload})


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("DEABDBCDEEDEAB", "DEABDDBCDEBEDEABD"),
        ("ABCDE", "ABCDAEB"),
        ("ABC", "ABC"),
        ("ABCDEABC", "ABCDAEBACBDCE"),
        ("EABCD", "EABCEDA"),
    ],
)
def test_occurrences_are_found_in_the_original(text: str, result: str) -> None:
    problem = published(text)
    assert TASK.solve(problem) == [result]
    assert TASK.verify(problem, marked(result)).correct


@pytest.mark.parametrize(
    "layout",
    ["ABCDAEB", '"ABCDAEB"', "'ABCDAEB'", "[ABCDAEB]", "A B C D A E B", '["A","B","C","D","A","E","B"]', "`ABCDAEB`"],
)
def test_sensible_layouts_are_read(layout: str) -> None:
    assert TASK.verify(published("ABCDE"), marked(layout)).correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("ABCDE", "not_goal"),
        ("ABCDAE", "not_goal"),
        ("AABCDBE", "not_goal"),
        ("abcdaeb", "not_goal"),
        ("ABCDAEB or ABCDE", "wrong_shape"),
        ("[]", "unreadable"),
    ],
)
def test_refusals_have_codes(answer: str, code: str) -> None:
    assert TASK.verify(published("ABCDE"), marked(answer)).code == code


def test_a_string_without_patterns_stays() -> None:
    problem = TASK.generate(4, "none")
    assert problem.reference == problem.payload["text"]
    assert TASK.verify(problem, marked(problem.reference)).correct


def test_as_many_insertions_as_the_knob_says() -> None:
    for seed in range(20):
        for level in ("1", "4", "paper-1"):
            problem = TASK.generate(seed, level)
            assert len(problem.reference) - len(problem.payload["text"]) == problem.level["insertions"]


def test_overlaps_come_where_they_are_asked() -> None:
    apart = TASK.generate(1, {"overlap": False, "insertions": 6})
    assert "overlapping ones skipped" not in dict(TASK.mutate(apart, apart.reference, Random(0)))
    close = TASK.generate(1, {"overlap": True, "insertions": 6})
    assert "overlapping ones skipped" in dict(TASK.mutate(close, close.reference, Random(0)))


def test_knobs_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadInput):
        TASK.generate(0, {"letters": 4, "window": 4})


def test_a_question_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError):
        published("ABCDE", "ABCDD")
