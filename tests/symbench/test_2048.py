"""2048: one step a move, layouts, refusals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench import Problem

TASK = symbench.get("2048")


def problem(grid: list[list[int]], start: list[int], moves: str) -> Problem:
    payload = {"grid": grid, "start_pos": start, "moves": moves}
    return TASK.load({"task": "2048", "question": "", "payload": payload, "sample_id": "x"})


SMALL = problem([[8, 32], [8, 32]], [0, 0], "du")


@pytest.mark.parametrize(
    "answer",
    [
        "16, 32\n0, 32",
        "16,32,0,32",
        "16 32\n0 32",
        "[[16, 32], [0, 32]]",
        "[16, 32]\n[0, 32]",
        "| 16 | 32 |\n| 0 | 32 |",
        '[["16","32"],["0","32"]]',
        "16\n32\n0\n32",
    ],
)
def test_any_layout_is_read(answer: str) -> None:
    """The published scorer refuses its own stored rows."""
    assert TASK.verify(SMALL, f"<<<{answer}>>>").correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("16, 64\n0, 0", "not_goal"),
        ("8, 32\n8, 32", "not_goal"),
        ("16, 32, 0", "wrong_shape"),
        ("16, 32, 0, 32, 16", "wrong_shape"),
        ("16, 32\n0, x", "unreadable"),
        ("16, 32\n0, -32", "unreadable"),
        ("", "empty"),
    ],
)
def test_refusals(answer: str, code: str) -> None:
    assert TASK.verify(SMALL, f"<<<{answer}>>>").code == code


@pytest.mark.parametrize(
    ("grid", "start", "moves", "after"),
    [
        ([[2, 0, 0], [0, 0, 0], [0, 0, 0]], [0, 0], "r", "0,2,0\n0,0,0\n0,0,0"),
        ([[2, 4, 0], [0, 0, 0], [0, 0, 0]], [0, 0], "r", "2,4,0\n0,0,0\n0,0,0"),
        ([[2, 2, 4], [0, 0, 0], [0, 0, 0]], [0, 0], "rr", "0,0,8\n0,0,0\n0,0,0"),
        ([[0, 0, 4], [0, 0, 0], [0, 0, 0]], [0, 0], "rd", "0,0,4\n0,0,0\n0,0,0"),
        ([[4, 4], [0, 8]], [0, 1], "du", "4,4\n0,8"),
    ],
)
def test_one_square_a_move(grid: list[list[int]], start: list[int], moves: str, after: str) -> None:
    found = problem(grid, start, moves)
    assert TASK.verify(found, f"<<<{after}>>>").correct
    assert TASK.solve(found) == [after]


@pytest.mark.parametrize(
    ("grid", "start", "moves"),
    [([[3, 0], [0, 0]], [0, 0], "u"), ([[2, 0]], [0, 0], "u"), ([[2, 0], [0, 0]], [2, 0], "u"), ([[2]], [0, 0], "x")],
)
def test_data_of_another_form_is_refused(grid: list[list[int]], start: list[int], moves: str) -> None:
    with pytest.raises(ValueError):
        problem(grid, start, moves)


@given(st.integers(0, 10**9), st.integers(0, 4))
def test_the_tile_is_there_and_merges_as_often_as_asked(seed: int, merges: int) -> None:
    found = TASK.generate(seed, {"size": 4, "moves": 7, "merges": merges})
    row, column = found.payload["start"]
    tile = found.payload["grid"][row - 1][column - 1]
    assert tile > 0
    before = sum(map(sum, found.payload["grid"]))
    after = [int(cell) for line in found.reference.splitlines() for cell in line.split(",")]
    assert sum(after) == before, "merging keeps the sum"
    assert max(after) >= tile * 2**merges


def test_more_merges_than_moves_are_refused() -> None:
    with pytest.raises(BadInput):
        TASK.generate(0, {"moves": 2, "merges": 3})


def test_a_picture_shows_tiles_only() -> None:
    assert str(TASK.draw(SMALL)).count("<text") == 4
    assert str(TASK.draw(SMALL, "16,32\n0,32")).count("<text") == 3
