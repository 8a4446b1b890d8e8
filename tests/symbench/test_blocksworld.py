"""Blocksworld: plans are done move by move; layouts; the start that is the goal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench import Problem

TASK = symbench.get("blocksworld")


def load(initial: list[str], goal: list[str]) -> Problem:
    payload = {
        side: {f"stack{at}": list(stack) for at, stack in enumerate(stacks, 1)}
        for side, stacks in (("initial", initial), ("goal", goal))
    }
    return TASK.load({"task": TASK.name, "question": "", "payload": payload, "sample_id": "x"})


SWAP = load(["", "BA", ""], ["", "AB"])
MOVES = ["Move A from 2 to 1", "Move B from 2 to 3", "Move A from 1 to 2", "Move B from 3 to 2"]


@pytest.mark.parametrize(
    "answer",
    [
        "\n".join(MOVES),
        "\n\n".join(MOVES),
        "\n".join(f"{at}. {move}." for at, move in enumerate(MOVES, 1)),
        "\n".join(f"- {move}" for move in MOVES),
        "\n".join(f"Step {at}: {move}" for at, move in enumerate(MOVES, 1)),
        "\n".join(MOVES).lower(),
        "; ".join(MOVES),
        ", ".join(MOVES),
        str(MOVES),
        "\n".join(MOVES).replace("from ", "from stack").replace("to ", "to stack"),
        "\n".join(MOVES).replace("from ", "from stack ").replace("to ", "to Stack "),
        "\n".join(MOVES).replace("Move ", "Move block "),
        "\r\n".join(MOVES),
    ],
)
def test_any_layout_is_read(answer: str) -> None:
    assert TASK.verify(SWAP, f"<<<{answer}>>>").correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("\n".join(MOVES[:-1]), "not_goal"),
        ("\n".join([*MOVES, "Move B from 2 to 3"]), "not_goal"),
        ("Move B from 2 to 1\n" + "\n".join(MOVES), "rule:top"),
        ("Move A from 1 to 2", "rule:top"),
        ("\n".join([*MOVES[:-1], "Move B from 3 to table"]), "rule:stack"),
        ("\n".join([*MOVES[:-1], "Move B from 3 to 9"]), "rule:stack"),
        ("\n".join([*MOVES[:-1], "Move B from 3 to 0"]), "rule:stack"),
        ("\n".join([*MOVES, "Move Z from 1 to 2"]), "rule:block"),
        ("\n".join([*MOVES, "Move B from 2 to 2"]), "rule:same_stack"),
        ("\n".join(["First", *MOVES]), "unreadable"),
        ("Move A and B from 2 to 1", "unreadable"),
        ("none", "not_goal"),
        ("", "empty"),
    ],
)
def test_refusals(answer: str, code: str) -> None:
    assert TASK.verify(SWAP, f"<<<{answer}>>>").code == code


def test_detours_are_right() -> None:
    assert TASK.verify(SWAP, "\n".join(["Move A from 2 to 3", "Move A from 3 to 2", *MOVES])).correct


def test_a_start_that_is_the_goal_needs_no_move() -> None:
    """One published sample is of this kind, and the published scorer refuses the plan without moves."""
    solved = load(["", "BA", ""], ["", "BA"])
    for answer in ("<<<>>>", "<<<none>>>", "<<<No moves needed.>>>", "<<<Move A from 2 to 1\nMove A from 1 to 2>>>"):
        assert TASK.verify(solved, answer).correct, answer
    assert TASK.verify(solved, "").code == "empty"
    assert solved.reference == "none"


def test_stacks_that_the_goal_does_not_name_end_empty() -> None:
    two = load(["A", "B", ""], ["A", "B"])
    assert TASK.verify(two, "<<<none>>>").correct
    assert TASK.verify(two, "<<<Move B from 2 to 3>>>").code == "not_goal"


@pytest.mark.parametrize(
    ("initial", "goal"), [(["A"], ["B"]), (["A", ""], ["", "", "A"]), (["AA"], ["AA"]), ([""], [""]), (["AB"], ["A"])]
)
def test_data_of_another_form_is_refused(initial: list[str], goal: list[str]) -> None:
    with pytest.raises(ValueError):
        load(initial, goal)


def test_a_limit_is_the_shortest_plan() -> None:
    found = TASK.generate(2, "shortest")
    assert found.facts["optimum"] == found.payload["limit"] == 8
    longer = "\n".join(["Move A from stack1 to stack2"] * 9)
    assert TASK.verify(found, longer).code == "rule:limit"
    assert all(len(plan.split("\n")) == 8 for plan in TASK.solve(found, 3))


@given(st.integers(0, 10**9), st.integers(3, 9), st.integers(3, 5))
def test_the_guided_search_finds_a_plan(seed: int, blocks: int, stacks: int) -> None:
    found = TASK.generate(seed, {"blocks": blocks, "stacks": stacks})
    assert TASK.verify(found, found.reference).correct
    assert TASK.verify(found, TASK.solve(found)[0]).correct


def test_shortest_plans_of_many_blocks_are_refused() -> None:
    for level in ({"blocks": 6, "plan": 3}, {"blocks": 2, "plan": 14}):
        with pytest.raises(BadInput):
            TASK.generate(0, level)


def test_a_picture_shows_both_sides() -> None:
    picture = str(TASK.draw(SWAP, SWAP.reference))
    assert picture.count("<text") == 2 + 6 + 4 + SWAP.reference.count("\n") + 1
