"""Constrained Linear Arrangement: the printed rules and nothing else decide, for both players' cards alike."""

from __future__ import annotations

from itertools import permutations

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench import Problem
from codesteer_kernel.symbench.proof import blind, marked

TASK = symbench.get("constrained_linear_arrangement")


def published(game: str, mine: str, results: str, solution: str = "A") -> Problem:
    names = {"w": "win", "l": "loss", "d": "draw"}
    told = [names[result] for result in results]
    rounds = "\n".join(
        f"Round {at}: {card}, {result}." for at, (card, result) in enumerate(zip(mine, told, strict=True), 1)
    )
    payload = {"game_type": game, "player_moves": [*mine], "results": told, "solution": [*solution]}
    return TASK.load({"task": TASK.name, "question": f"Rounds:\n{rounds}\n", "payload": payload})


@pytest.mark.parametrize(
    ("game", "mine", "results", "answer", "correct"),
    [
        ("elements", "BCA", "ldd", "E,C,A", True),  # refused by the published scorer
        ("elements", "BCA", "ldd", "C,B,E", False),  # the published solution of that sample
        ("animal", "H", "w", "A", True),
        ("animal", "A", "l", "H", True),
        ("animal", "H", "l", "A", False),
        ("animal", "A", "w", "H", False),  # accepted by the published scorer
        ("stick_game", "ABCD", "dddd", "A,B,C,D", True),
        ("stick_game", "ABCD", "dddd", "C,D,A,B", True),
        ("stick_game", "AB", "wl", "B,A", True),
    ],
)
def test_the_printed_rules_decide(game: str, mine: str, results: str, answer: str, correct: bool) -> None:
    assert TASK.verify(published(game, mine, results), marked(answer)).correct is correct


def test_the_solver_lists_all_and_only_the_right_sequences() -> None:
    for level in ("1", "2", "3", "paper-stick-4"):
        for seed in range(6):
            problem = TASK.generate(seed, level)
            cards = "ABCDEFGH"[: {"1": 4, "2": 5, "3": 8, "paper-stick-4": 4}[level]]
            right = {
                ",".join(order)
                for order in permutations(cards, len(problem.payload["mine"]))
                if TASK.verify(problem, marked(",".join(order))).correct
            }
            assert set(TASK.solve(blind(problem), 10_000)) == right


def test_a_sample_without_an_answer_has_none() -> None:
    problem = published("elements", "AA", "dd", "AA")
    assert problem.reference == ""
    assert TASK.solve(problem) == []


@pytest.mark.parametrize(
    "layout",
    [
        "E,C,A",
        "[E, C, A]",
        "E C A",
        '["E","C","A"]',
        "Water, Earth, Wood",
        "E (Water), C (Earth), A (Wood)",
        "e, c, a",
        "Round 1: E\nRound 2: C\nRound 3: A",
    ],
)
def test_sensible_layouts_are_read(layout: str) -> None:
    assert TASK.verify(published("elements", "BCA", "ldd"), marked(layout)).correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("C, banana, Z", "unreadable"),
        ("E,C", "wrong_shape"),
        ("E,C,A,B", "wrong_shape"),
        ("C,C,A", "rule:once"),
        ("D,C,A", "rule:result"),
        ("[]", "unreadable"),
    ],
)
def test_refusals_have_codes(answer: str, code: str) -> None:
    assert TASK.verify(published("elements", "BCA", "ldd"), marked(answer)).code == code


def test_one_explanation_where_it_is_asked() -> None:
    for seed in range(5):
        problem = TASK.generate(seed, {"game": "elements", "rounds": 4, "unique": True})
        assert TASK.solve(problem, 3) == [problem.reference]


def test_too_many_rounds_are_refused() -> None:
    with pytest.raises(BadInput):
        TASK.generate(0, {"game": "stick_game", "rounds": 6})


def test_data_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError):
        published("poker", "AB", "wl")
    with pytest.raises(ValueError):
        published("stick_game", "AE", "wl")
    record = {
        "task": TASK.name,
        "question": "Round 1: A, win.",
        "payload": {"game_type": "animal", "player_moves": ["B"], "results": ["win"]},
    }
    with pytest.raises(ValueError):
        TASK.load(record)
