"""BoxNet: every action is done as written, steps at once; layouts; limits that can be kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench import Problem

TASK = symbench.get("boxnet")


def load(cells: list[list[list[str]]]) -> Problem:
    named = {f"{i}.5_{j}.5": things for i, row in enumerate(cells) for j, things in enumerate(row)}
    payload = {"rows": len(cells), "cols": len(cells[0]), "cells": named}
    return TASK.load({"task": TASK.name, "question": "", "payload": payload, "sample_id": "x"})


SMALL = load([[["box_red"], ["target_red", "box_blue"]], [["target_blue"], []]])
PLAN = [
    {"Agent[0.5, 0.5]": "move(box_red, square[0.5, 1.5])", "Agent[0.5, 1.5]": "move(box_blue, square[1.5, 1.5])"},
    {"Agent[0.5, 1.5]": "move(box_red, target_red)", "Agent[1.5, 1.5]": "move(box_blue, square[1.5, 0.5])"},
    {"Agent[1.5, 0.5]": "move(box_blue, target_blue)"},
]
RIGHT = json.dumps(PLAN)


@pytest.mark.parametrize(
    "answer",
    [
        RIGHT,
        json.dumps(PLAN, indent=2),
        RIGHT.replace('"', "'"),
        RIGHT.replace(", ", ","),
        RIGHT.replace('": "', '":"'),
        "\n".join(map(json.dumps, PLAN)),
        "\n".join(f"Step {at}: {json.dumps(step)}" for at, step in enumerate(PLAN, 1)),
        "\n".join(f"Step {at}: {json.dumps(step)[1:-1]}" for at, step in enumerate(PLAN, 1)).replace('"', ""),
        json.dumps({f"Step {at}": step for at, step in enumerate(PLAN, 1)}),
        f"```json\n{RIGHT}\n```",
        RIGHT.replace("move(", "Move( "),
    ],
)
def test_any_layout_is_read(answer: str) -> None:
    verdict = TASK.verify(SMALL, f"<<<{answer}>>>")
    assert verdict.correct, verdict
    assert verdict.extracted == RIGHT


def step(*actions: str) -> str:
    return f"[{{{', '.join(actions)}}}]"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (json.dumps(PLAN[:-1]), "not_goal"),
        ("[]", "not_goal"),
        ("[{}]", "not_goal"),
        (step('"Agent[9.5, 0.5]": "move(box_red, target_red)"'), "rule:agent"),
        (step('"Agent[-0.5, 0.5]": "move(box_red, target_red)"'), "rule:agent"),
        (step('"Agent[0, 0]": "move(box_red, target_red)"'), "rule:agent"),
        (step('"Agent[0.5, 0.5]": "move(box_red, square[0.5, 2.5])"'), "rule:square"),
        (step('"Agent[0.5, 0.5]": "move(box_red, square[1.5, 1.5])"'), "rule:square"),
        (step('"Agent[0.5, 0.5]": "move(box_red, square[0.5, 0.5])"'), "rule:square"),
        (step('"Agent[0.5, 0.5]": "move(box_red, square[0.5, -1.5])"'), "rule:square"),
        (step('"Agent[0.5, 0.5]": "move(box_red, target_red)"'), "rule:target"),
        (step('"Agent[0.5, 1.5]": "move(box_blue, target_red)"'), "rule:target"),
        (step('"Agent[0.5, 0.5]": "move(box_blue, square[0.5, 1.5])"'), "rule:box"),
        (step('"Agent[0.5, 0.5]": "teleport"'), "unreadable"),
        (step(*['"Agent[0.5, 1.5]": "move(box_blue, square[1.5, 1.5])"'] * 2), "rule:agent_twice"),
        ("move every box to its target", "unreadable"),
        (f"First {RIGHT}", "unreadable"),
        ("", "empty"),
    ],
)
def test_refusals(answer: str, code: str) -> None:
    assert TASK.verify(SMALL, f"<<<{answer}>>>").code == code


def test_a_box_moves_once_in_a_step() -> None:
    """The published scorer lets several agents pass one box on in the same step."""
    row = load([[["box_red"], [], ["target_red"]]])
    passed_on = step(
        '"Agent[0.5, 0.5]": "move(box_red, square[0.5, 1.5])"', '"Agent[0.5, 1.5]": "move(box_red, square[0.5, 2.5])"'
    )
    assert TASK.verify(row, passed_on).code == "rule:box"


def test_one_target_takes_one_box() -> None:
    two = load([[["box_red", "box_red", "target_red"], ["target_red"]]])
    home = '{"Agent[0.5, 0.5]": "move(box_red, target_red)"}'
    assert TASK.verify(two, f"[{home}, {home}]").code == "rule:target"


@pytest.mark.parametrize(
    "cells", [[[["box_red"], []]], [[["box_red", "stone"], ["target_red"]]], [[["box_red", "box_red"], ["target_red"]]]]
)
def test_data_of_another_form_is_refused(cells: list[list[list[str]]]) -> None:
    with pytest.raises(ValueError):
        load(cells)


def test_squares_must_be_those_of_the_grid() -> None:
    payload = {"rows": 1, "cols": 2, "cells": {"0.5_0.5": []}}
    with pytest.raises(ValueError):
        TASK.load({"task": TASK.name, "question": "", "payload": payload, "sample_id": "x"})


@given(st.integers(0, 10**9), st.integers(1, 4), st.integers(2, 5))
def test_limits_can_be_kept(seed: int, rows: int, columns: int) -> None:
    found = TASK.generate(seed, {"rows": rows, "columns": columns, "bounded": True})
    assert len(TASK.solve(found)) == 1
    late = f"[{'{}, ' * found.payload['max_steps']}{found.reference[1:]}"
    assert TASK.verify(found, late).code == "rule:steps"


def test_a_grid_of_one_square_is_refused() -> None:
    with pytest.raises(BadInput):
        TASK.generate(0, {"rows": 1, "columns": 1})


def test_a_picture_shows_boxes_and_targets() -> None:
    picture = str(TASK.draw(SMALL))
    assert picture.count("<circle") == 2 * 2
    assert picture.count("<rect") == 1 + 4 + 2
