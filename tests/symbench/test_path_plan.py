"""Path Plan: exact geometry, order of visits, layouts, published scenes and their instructions."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench import Problem
from codesteer_kernel.symbench.tasks import path_plan

TASK = symbench.get("path_plan")
WALLS = [[-1.5, -1.4, -1.5, 1.5], [1.4, 1.5, -1.5, 1.5], [-1.5, 1.5, -1.5, -1.4], [-1.5, 1.5, 1.4, 1.5]]
BOXES = {"red": [-0.5, -0.1, -0.5, -0.1], "green": [0.3, 0.7, 0.3, 0.7], "blue": [-0.9, -0.6, 0.2, 0.6]}


def load(instruction: str, **changed: object) -> Problem:
    payload = {"boxes": BOXES, "walls": WALLS, "start": [-1.3, -1.3], "end": [1.3, 1.3], "instruction": instruction}
    return TASK.load({"task": TASK.name, "question": "", "payload": {**payload, **changed}, "sample_id": "x"})


ROUTE = load("Navigate into the red room and go on to the green room; do not enter the blue room.")
RIGHT = "[(-1.3, -1.3), (1.3, 1.3)]"


@pytest.mark.parametrize(
    "answer",
    [
        RIGHT,
        "[[-1.3, -1.3], [1.3, 1.3]]",
        "(-1.3, -1.3), (1.3, 1.3)",
        "(-1.3, -1.3)\n(1.3, 1.3)",
        "(-1.3, -1.3) -> (1.3, 1.3)",
        "-1.3 -1.3, 1.3 1.3",
        "[(-1.30000001, -1.3), (1.3, 1.3000001)]",
        "[(-1.3, -1.3), (1/3, 1/3), (1.3, 1.3)]",
        "[(\u22121.3, \u22121.3), (1.3, 1.3)]",
        "[(-1.30, -1.3), (1.3, 13e-1)]",
    ],
)
def test_any_layout_is_read(answer: str) -> None:
    verdict = TASK.verify(ROUTE, f"<<<{answer}>>>")
    assert verdict.correct, verdict


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("[(1.3, 1.3), (-1.3, -1.3)]", "rule:start"),
        ("[(-1.3, -1.3), (1.3, 1.2)]", "rule:end"),
        ("[(-1.3, -1.3), (-1.4, 0), (1.3, 1.3)]", "rule:wall"),
        ("[(-1.3, -1.3), (2, 2), (1.3, 1.3)]", "rule:wall"),
        ("[(-1.3, -1.3), (-0.3, -0.3), (-0.75, 0.4), (1.3, 1.3)]", "rule:avoid"),
        ("[(-1.3, -1.3), (-0.3, -0.3), (-0.6, 0), (-0.6, 0.8), (1.3, 1.3)]", "rule:avoid"),
        ("[(-1.3, -1.3), (-0.3, -0.3), (-0.6, 0.6), (0.5, 0.5), (1.3, 1.3)]", "rule:avoid"),
        ("[(-1.3, -1.3), (1.3, -1.3), (1.3, 1.3)]", "rule:visit"),
        ("[(-1.3, -1.3), (0, -1.3), (0.5, 0.5), (-0.3, -0.3), (1, 0), (1.3, 1.3)]", "rule:order"),
        ("[(-1.3, -1.3)]", "wrong_shape"),
        ("[]", "unreadable"),
        ("[(-1.3, -1.3), (1.3)]", "wrong_shape"),
        ("straight ahead", "unreadable"),
        (f"[{'(-1.3, -1.3), ' * 1001}(1.3, 1.3)]", "too_long"),
        (f"[(-1.3, -1.3), (0.{'3' * 1500}, 0), (1.3, 1.3)]", "too_long"),
        ("", "empty"),
    ],
)
def test_refusals(answer: str, code: str) -> None:
    assert TASK.verify(ROUTE, f"<<<{answer}>>>").code == code


def test_a_leg_within_a_box_is_in_it() -> None:
    """The published scorer looks for crossings of edges only."""
    away = load("Visit green and never enter any of the other colored boxes.", start=[-0.4, -0.4], end=[-0.2, -0.2])
    assert TASK.verify(away, "<<<[(-0.4, -0.4), (-0.2, -0.2)]>>>").code == "rule:avoid"
    inside = load("Visit the red area.", start=[-0.4, -0.4], end=[-0.2, -0.2])
    assert TASK.verify(inside, "<<<[(-0.4, -0.4), (-0.2, -0.2)]>>>").correct


def test_a_corner_or_an_edge_is_part_of_a_box() -> None:
    touch = load("Visit the green area.", start=[0, 0], end=[0, 1])
    assert TASK.verify(touch, "<<<[(0, 0), (0.3, 0.3), (0, 1)]>>>").correct
    assert TASK.verify(touch, "<<<[(0, 0), (0.3, 0), (0.3, 0.3), (0, 1)]>>>").correct
    assert TASK.verify(touch, "<<<[(0, 0), (0.299999, 0.3), (0, 1)]>>>").code == "rule:visit"


def test_a_box_may_be_entered_before_its_turn() -> None:
    early = "[(-1.3, -1.3), (0, -1.3), (0.5, 0.5), (-0.3, -0.3), (0.5, 0.5), (1.3, 1.3)]"
    assert TASK.verify(ROUTE, early).correct


def test_visits_without_an_order_are_free() -> None:
    free = load("At some point go to the red box, and at some point go to the green box.")
    assert TASK.verify(free, "[(-1.3, -1.3), (0, -1.3), (0.5, 0.5), (-0.3, -0.3), (1, 0), (1.3, 1.3)]").correct


@pytest.mark.parametrize(
    ("instruction", "visit", "avoid", "ordered"),
    [
        ("Navigate into the red room and go to the green room.", ["red", "green"], [], True),
        (
            "Navigate into the green room, go to the red room, and mind: you must not enter the blue one.",
            ["green", "red"],
            ["blue"],
            True,
        ),
        (
            "Visit the blue region on your way and never enter any of the other colored boxes.",
            ["blue"],
            ["red", "green"],
            False,
        ),
        (
            "At some point enter the red box and the green one; do not enter the blue one.",
            ["red", "green"],
            ["blue"],
            False,
        ),
        ("Go to the green box, then to the red box.", ["green", "red"], [], True),
    ],
)
def test_instructions_are_understood(instruction: str, visit: list[str], avoid: list[str], ordered: bool) -> None:
    payload = load(instruction).payload
    assert (payload["visit"], payload["avoid"], payload["ordered"]) == (visit, avoid, ordered)


def test_a_scene_stands_in_the_question_too() -> None:
    walls = ", ".join(str(tuple(wall)) for wall in WALLS)
    boxes = ";".join(f" a {name} colored box {tuple(box)}" for name, box in BOXES.items())
    question = (
        f"First, there are four black colored walls with position {walls}. Then the boxes are:{boxes}.\nThe starting position "
        "of the car is (-1.3, -1.3), the ending position of the car is (1.3, 1.3).\nThe instruction is 'Navigate into the "
        "red room and go on to the green room; do not enter the blue room.'. Go."
    )
    told = TASK.load({"task": TASK.name, "question": question, "payload": {}, "sample_id": "x"})
    assert told.payload == ROUTE.payload


@pytest.mark.parametrize(
    "changed",
    [
        {"visit": ["pink"]},
        {"visit": ["red"], "avoid": ["red"]},
        {"visit": [], "avoid": []},
        {"start": [0]},
        {"walls": []},
        {"boxes": {"red": [1, 0, 0, 1]}},
    ],
)
def test_data_of_another_form_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        load("Visit the red area.", **changed)


def test_what_cannot_be_reached_has_no_path() -> None:
    fenced = {"red": [-0.2, 0.2, -0.2, 0.2], "blue": [-1.4, 1.4, 0.5, 0.6]}
    assert TASK.solve(load("Visit red, but never enter blue.", boxes=fenced)) == []


def test_clearance_widens_what_is_barred() -> None:
    found = TASK.generate(4, "5")
    assert found.payload["clearance"] == 0.04
    x0, _, y0, y1 = found.payload["boxes"][found.payload["avoid"][0]]
    start, rest = found.reference[1:-1].split("), ", 1)
    near = f"[{start}), ({x0 - 0.035:.3f}, {(y0 + y1) / 2:.4f}), {start}), {rest}]"
    assert TASK.verify(found, near).code == "rule:avoid"


coordinates = st.integers(-6, 6)
spots = st.tuples(coordinates, coordinates)


@given(spots, spots, st.tuples(coordinates, coordinates, coordinates, coordinates))
def test_touching_agrees_with_clipping(one: tuple[int, int], other: tuple[int, int], sides: tuple[int, ...]) -> None:
    box = (*sorted(sides[:2]), *sorted(sides[2:]))
    times = path_plan._times((one, other), box)
    assert path_plan._touches((one, other), box) == (times is not None)
    if times is not None:
        for time in times:
            x, y = (a + time * (b - a) for a, b in zip(one, other, strict=True))
            assert box[0] <= x <= box[1]
            assert box[2] <= y <= box[3]
            assert isinstance(time, Fraction)


@given(st.integers(0, 10**9))
def test_both_planners_keep_the_rules(seed: int) -> None:
    found = TASK.generate(seed, {"rooms": 6, "visits": 3, "avoids": 2, "ordered": seed % 2 == 0})
    assert TASK.verify(found, found.reference).correct
    for answer in TASK.solve(found, 2):
        assert TASK.verify(found, answer).correct


def test_boxes_must_fit_into_the_room() -> None:
    with pytest.raises(BadInput):
        TASK.generate(0, {"rooms": 10, "clearance": 0.1, "avoids": 8})


def test_a_picture_shows_boxes_and_the_path() -> None:
    assert str(TASK.draw(ROUTE)).count("<polyline") == 2
    assert str(TASK.draw(ROUTE, RIGHT)).count("<polyline") == 4
    assert "green 2" in str(TASK.draw(ROUTE))
