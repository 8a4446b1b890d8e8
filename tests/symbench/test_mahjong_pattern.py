"""Mahjong: runs are sought among letters, not among neighbours in the sorted hand; no text is a crash."""

from __future__ import annotations

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem
from codesteer_kernel.symbench.proof import marked

TASK = symbench.get("mahjong_pattern")
PLAIN = 'the result is determined as "Peng," represented by the number 1.'
WITH_CHI = f'{PLAIN} the result is determined as "Chi," represented by the number 2.'


def published(hand: str, rounds: list[tuple[str, str]], question: str = WITH_CHI, solution: int = 0) -> Problem:
    turns = [{"add": card, "remove": gone} for card, gone in rounds]
    payload = {"initial_cards": hand, "rounds": turns, "solution": solution, "complexity": 5}
    return TASK.load({"task": TASK.name, "question": question, "payload": payload})


@pytest.mark.parametrize(
    ("hand", "rounds", "verdict"),
    [
        ("AABBCDXYZ", [("C", "A")], "2"),  # a doubled card hides the run from the published generator
        ("ABBCCDXXZ", [("B", "A")], "1"),  # Peng goes first
        ("AACEGIKMO", [("B", "A")], "2"),
        ("AADDGGJJM", [("B", "A")], "0"),
        ("YZAABDFHJ", [("A", "B")], "1"),
        ("YZBDFHJLN", [("A", "B")], "0"),  # the alphabet does not start again after Z
        ("ABDFHJLNP", [("C", "A"), ("D", "B")], "2"),  # B and C are there when D comes
        ("ABEFHJLNP", [("C", "B"), ("D", "A")], "2"),  # C and E are
        ("ABFFHJLNP", [("C", "B"), ("D", "A")], "0"),  # B is gone
    ],
)
def test_verdicts(hand: str, rounds: list[tuple[str, str]], verdict: str) -> None:
    problem = published(hand, rounds)
    assert TASK.verify(problem, marked(verdict)).correct, problem.reference
    assert TASK.solve(problem) == [verdict]


def test_without_the_rule_there_is_no_chi() -> None:
    problem = published("AACEGIKMO", [("B", "A")], PLAIN, 2)
    assert problem.reference == "0"
    assert TASK.verify(problem, "<<<2>>>").code == "rule:verdict"


def test_the_card_put_away_in_the_last_round_does_not_matter() -> None:
    assert published("AACEGIKMO", [("A", "A")]).reference == "1"


def test_signs_beyond_z_follow_it() -> None:
    problem = published("YY[ACEGIK", [("Z", "A")])
    assert problem.reference == "2"
    assert "after Z come [" in TASK.restate(problem)
    assert "after Z nothing follows" in TASK.generate(0).question


@pytest.mark.parametrize("layout", ["1", " 1 ", "Peng", "peng", "1 (Peng)", "[1]", '"1"', "1.0"])
def test_sensible_layouts_are_read(layout: str) -> None:
    assert TASK.verify(published("AACEGIKMO", [("A", "C")]), marked(layout)).correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("Kong", "unreadable"),
        ("0.5", "unreadable"),
        ("1 2", "wrong_shape"),
        ("3", "rule:verdict"),
        ("-1", "rule:verdict"),
    ],
)
def test_refusals_have_codes(answer: str, code: str) -> None:
    assert TASK.verify(published("AACEGIKMO", [("A", "C")]), marked(answer)).code == code


def test_a_question_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError):
        published("AB", [("C", "A")], "What is the capital of France?")
