"""Statistical Counting: runs, not letters and not pairs; text that is no number is refused, not a crash."""

from __future__ import annotations

from dataclasses import replace

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem
from codesteer_kernel.symbench.proof import marked

TASK = symbench.get("statistical_counting")


def published(text: str, letters: str = "ABC") -> Problem:
    rules = [{"letter": letter, "score": at, "min_consecutive": 2} for at, letter in enumerate(letters, 1)]
    return TASK.load({"task": TASK.name, "question": "x", "payload": {"sequence": text, "rules": rules}})


@pytest.mark.parametrize(
    ("text", "points"),
    [("BBAAB", 3), ("AAAA", 1), ("ABCABC", 0), ("AABAA", 2), ("CCCBBBAAA", 6), ("A", 0)],
)
def test_a_run_scores_once(text: str, points: int) -> None:
    problem = published(text)
    assert problem.reference == str(points)
    assert TASK.verify(problem, marked(str(points))).correct


def test_overlapping_places_score_where_the_question_says_so() -> None:
    problem = TASK.generate(3, "overlap")
    assert "overlap" in problem.question
    once = replace(problem, payload={**problem.payload, "overlap": False})
    assert TASK.solve(once) != [problem.reference]
    assert not TASK.verify(once, marked(problem.reference)).correct


def test_no_answer_is_not_zero() -> None:
    """The published extraction wrote 0 where it found nothing, which is right for one sample."""
    problem = published("ABCABC")
    assert TASK.verify(problem, "<<<No answer found>>>").code == "unreadable"
    assert TASK.verify(problem, "").code == "empty"


@pytest.mark.parametrize(
    "layout", ["3", " 3 ", "3.0", "score: 3", "The total score is 3", "3 points", "1+2 = 3", "**3**"]
)
def test_sensible_layouts_are_read(layout: str) -> None:
    assert TASK.verify(published("BBAAB"), marked(layout)).correct


@pytest.mark.parametrize(
    ("answer", "code"), [("Peng", "unreadable"), ("3.5", "unreadable"), ("3 or 4", "unreadable"), ("-3", "not_goal")]
)
def test_refusals_have_codes(answer: str, code: str) -> None:
    assert TASK.verify(published("BBAAB"), marked(answer)).code == code


def test_data_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError):
        published("ABCD")
    with pytest.raises(ValueError):
        published("AB", "")
