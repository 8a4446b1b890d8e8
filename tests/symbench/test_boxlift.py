"""BoxLift: every lift is done as written; layouts; plans that are provably the shortest."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem

TASK = symbench.get("boxlift")


def load(boxes: list[int], lifters: list[int], steps: int, question: str = "") -> Problem:
    payload = {"boxes": boxes, "lifters": lifters, "max_steps": steps}
    return TASK.load({"task": TASK.name, "question": question, "payload": payload, "sample_id": "x"})


SMALL = load([70, 50, 30, 30], [40, 30, 30], 2)
PLAN = [[(70, [0, 1]), (30, [2])], [(50, [1, 2]), (30, [0])]]
RIGHT = "\n".join(f"Step {at}: {step}" for at, step in enumerate(PLAN, 1))


@pytest.mark.parametrize(
    "answer",
    [
        RIGHT,
        RIGHT.lower(),
        RIGHT.replace(" ", ""),
        f"Here are the Steps:\n{RIGHT}",
        f"A plan of 2 steps.\n\n{RIGHT}",
        RIGHT.replace("Step 1:", "**Step 1:**").replace("Step 2:", "**Step 2:**"),
        RIGHT.replace("\n", "; "),
        "\n".join(map(str, PLAN)),
        str(PLAN),
        json.dumps(PLAN),
        json.dumps(PLAN, indent=1),
        json.dumps({"Step 1": PLAN[0], "Step 2": PLAN[1]}),
        RIGHT.replace("70", "70.0"),
    ],
)
def test_any_layout_is_read(answer: str) -> None:
    verdict = TASK.verify(SMALL, f"<<<{answer}>>>")
    assert verdict.correct, verdict


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("Step 1: [(70, [0, 0])]", "rule:lifter_twice"),
        ("Step 1: [(70, [0, 1]), (30, [0])]", "rule:lifter_twice"),
        ("Step 1: [(70, [0, -2])]", "unreadable"),
        ("Step 1: [(70, [0, 3])]", "rule:lifter"),
        ("Step 1: [(70, [1, 2])]", "rule:strength"),
        ("Step 1: [(70, [])]", "rule:strength"),
        ("Step 1: [(777, [0]), (50, [0])]", "rule:box"),
        (RIGHT.replace("(50, [1, 2]), ", ""), "not_goal"),
        (f"{RIGHT}\nStep 3: [(30, [0])]", "rule:box"),
        (f"{RIGHT}\nStep 3: []", "rule:steps"),
        (RIGHT.replace("Step 2", "Step 3"), "wrong_shape"),
        (f"(30, [0])\n{RIGHT}", "unreadable"),
        (f"{RIGHT}\nand so on", "unreadable"),
        ("lift everything in two steps", "unreadable"),
        ("Step 1:", "unreadable"),
        ("", "empty"),
    ],
)
def test_refusals(answer: str, code: str) -> None:
    assert TASK.verify(SMALL, f"<<<{answer}>>>").code == code


def test_one_lifter_lifts_once() -> None:
    """The published scorer adds one lifter's strength as often as it is listed."""
    heavy = load([100], [40, 30, 30], 1)
    assert not TASK.verify(heavy, "<<<Step 1: [(100, [0, 0, 0])]>>>").correct
    assert TASK.verify(heavy, "<<<Step 1: [(100, [0, 1, 2])]>>>").correct


def test_what_cannot_be_lifted_has_no_plan() -> None:
    assert TASK.solve(load([100], [40, 30], 5), 1) == []
    assert TASK.solve(load([40, 40], [40, 30], 1), 1) == []
    assert load([40, 40], [40, 30], 1).reference == ""


@pytest.mark.parametrize(
    ("boxes", "lifters", "steps", "question"),
    [
        ([], [1], 1, ""),
        ([1], [], 1, ""),
        ([1], [1], 0, ""),
        ([0], [1], 1, ""),
        ([1], [1], 1, "in less than or equal to 2 steps"),
    ],
)
def test_data_of_another_form_is_refused(boxes: list[int], lifters: list[int], steps: int, question: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        load(boxes, lifters, steps, question)


@given(st.integers(0, 10**9), st.integers(1, 9), st.integers(2, 4))
def test_an_anchored_plan_cannot_be_beaten(seed: int, boxes: int, lifters: int) -> None:
    found = TASK.generate(seed, {"boxes": boxes, "lifters": lifters})
    optimum = found.facts["optimum"]
    assert found.payload["max_steps"] == optimum
    shorter = {**found.payload, "max_steps": optimum - 1}
    assert TASK.solve(Problem(TASK.name, "1", None, {}, "", shorter, ""), 1) == []
    assert TASK.solve(found)


@given(st.integers(0, 10**9))
def test_the_search_finds_plans_without_slack(seed: int) -> None:
    found = TASK.generate(seed, {"boxes": 16, "lifters": 4, "anchored": False})
    assert TASK.verify(found, TASK.solve(found)[0]).correct


def test_a_picture_shows_weights_and_a_plan() -> None:
    assert str(TASK.draw(SMALL)).count("<rect") == 1 + 7
    assert str(TASK.draw(SMALL, RIGHT)).count("<rect") == 1 + 2 * 4
