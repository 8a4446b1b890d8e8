"""Navigate: every style is replayed; published walks are judged by their steps."""

from __future__ import annotations

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem

TASK = symbench.get("navigate")
HEAD = "If you follow these instructions, do you return to the starting point? "
TAIL = "\nOptions:\n- Yes\n- No"


def load(walk: str, target: str = "Yes") -> Problem:
    return TASK.load(
        {"task": TASK.name, "question": HEAD + walk + TAIL, "payload": {"target": target}, "sample_id": "s"}
    )


@pytest.mark.parametrize(
    ("walk", "right"),
    [
        ("Always face forward. Take 2 steps right. Take 2 steps right. Take 4 steps left.", "Yes"),
        ("Always face forward. Take 1 step backward. Take 2 steps forward.", "No"),
        ("Take 4 steps. Turn around. Take 4 steps. Turn around. Turn right.", "Yes"),
        ("Take 1 step. Turn left. Take 1 step. Turn left. Take 1 step. Turn left. Take 1 step.", "Yes"),
        ("Take 1 step. Turn left. Take 1 step. Turn right. Turn around. Take 1 step.", "No"),
    ],
)
def test_published_walks_are_replayed(walk: str, right: str) -> None:
    wrong = "No" if right == "Yes" else "Yes"
    problem = load(walk, wrong)
    assert problem.reference == right
    assert TASK.verify(problem, f"<<<{right.lower()}>>>").correct
    assert TASK.verify(problem, f"<<<- {right}>>>").correct
    assert TASK.verify(problem, f"<<<{wrong}>>>").code == "not_goal"
    assert TASK.verify(problem, "<<<Yes or No>>>").code == "unreadable"


def test_other_instructions_are_refused() -> None:
    for walk in ("Fly 3 steps.", "", "Take some steps."):
        with pytest.raises(ValueError, match="instruction"):
            load(walk)


@pytest.mark.parametrize("style", ["facing", "turning", "compass", "mixed"])
def test_both_answers_occur_in_every_style(style: str) -> None:
    answers = {TASK.generate(seed, {"style": style}).reference for seed in range(20)}
    assert answers == {"Yes", "No"}


def test_the_walk_is_drawn() -> None:
    picture = TASK.draw(TASK.generate(1, "3"))
    assert picture is not None
    assert picture.startswith("<svg")
