"""Letters: count and positions, both right, each position once."""

from __future__ import annotations

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem

TASK = symbench.get("letters")


def letters(word: str, letter: str = "a") -> Problem:
    return Problem("letters", "1", None, {}, "", {"word": word, "letter": letter}, "")


@pytest.mark.parametrize(
    "answer",
    [
        "Count: 2, Positions: [1, 3]",
        "count: 2, positions: [1,3]",
        "Count:2,Positions:[1,3,]",
        "Count: 2\nPositions: 1, 3",
        '{"count": 2, "positions": [1, 3]}',
        "Positions: [3, 1], Count: 2",
        "2, [1, 3]",
        "**Count: 2, Positions: [1, 3]**",
    ],
)
def test_right_in_any_layout(answer: str) -> None:
    assert TASK.verify(letters("axa"), f"<<<{answer}>>>").correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("Count: 2, Positions: [1, 1, 3, 3, 3]", "rule:repeated"),
        ("Count: 3, Positions: [1, 3]", "rule:count"),
        ("Count: 2", "rule:count"),
        ("Count: 2, Positions: [0, 2]", "not_goal"),
        ("Count: 0, Positions: []", "not_goal"),
        ("Count: two, Positions: [1, 3]", "unreadable"),
        ("Count: 2, Positions: [1, 3] or [1, 2]", "unreadable"),
        ("Count:, Positions: []", "unreadable"),
        ("1" * 50, "unreadable"),
    ],
)
def test_wrong_and_why(answer: str, code: str) -> None:
    verdict = TASK.verify(letters("axa"), f"<<<{answer}>>>")
    assert (verdict.correct, verdict.code) == (False, code)


def test_no_occurrence_can_be_said() -> None:
    assert TASK.verify(letters("xyz"), "<<<Count: 0, Positions: []>>>").correct
    assert TASK.generate(1, "none").reference == "Count: 0, Positions: []"


def test_a_published_sample_is_data_or_a_question() -> None:
    question = "How many 'o's are in the word 'popoloco' and what are their positions?"
    by_data = TASK.load({"task": "letters", "question": "", "payload": {"word": "popoloco", "letter": "o"}})
    by_question = TASK.load({"task": "letters", "question": question, "payload": {}})
    assert by_data.payload == by_question.payload
    assert by_data.reference == "Count: 4, Positions: [2, 4, 6, 8]"
    with pytest.raises(ValueError, match="no word"):
        TASK.load({"task": "letters", "question": "", "payload": {}})
