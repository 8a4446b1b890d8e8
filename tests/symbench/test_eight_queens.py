"""Eight Queen: any right placement, nothing off the board, given queens stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench import Problem

TASK = symbench.get("eight_queens")


def load(board: list[str], **more: object) -> Problem:
    return TASK.load({"task": TASK.name, "question": "", "payload": {"initial_board": board, **more}, "sample_id": "x"})


HARD = load(
    ["X0000000", "X000000X", "00000000", "00000000", "00000000", "00000000", "00000100", "100X0000"],
    blocked_positions=[[7, 3], [0, 0], [1, 7], [1, 0]],
    placed_queens=[[6, 5], [7, 0]],
)
RIGHT = "0 4, 1 1, 2 3, 3 6, 4 2, 5 7, 6 5, 7 0"


@pytest.mark.parametrize(
    "answer",
    [
        RIGHT,
        "(0 4), (1 1), (2 3), (3 6), (4 2), (5 7), (6 5), (7 0)",
        "[(0, 4), (1, 1), (2, 3), (3, 6), (4, 2), (5, 7), (6, 5), (7, 0)]",
        "[[0,4],[1,1],[2,3],[3,6],[4,2],[5,7],[6,5],[7,0]]",
        ", ".join(f"(row {pair[0]}, column {pair[2]})" for pair in RIGHT.split(", ")),
        "Row: 0, Column: 4; " + RIGHT[5:],
        "7 0\n6 5\n5 7\n4 2\n3 6\n2 3\n1 1\n0 4",
    ],
)
def test_any_layout_and_order_is_read(answer: str) -> None:
    verdict = TASK.verify(HARD, f"<<<{answer}>>>")
    assert verdict.correct
    assert verdict.extracted == RIGHT


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("0 1, 1 3, 2 5, 3 7, 4 2, 5 0, 6 6, 7 4", "rule:given"),
        ("0 4, 1 1, 2 3, 3 6, 4 2, 5 7, 6 5, 7 1", "rule:given"),
        ("0 0, 1 1, 2 3, 3 6, 4 2, 5 7, 6 5, 7 0", "rule:blocked"),
        ("0 4, 1 1, 2 3, 3 6, 4 7, 5 2, 6 5, 7 0", "rule:attack"),
        ("0 4, 1 1, 2 3, 3 6, 4 2, 5 7, 6 5, 11 28", "rule:board"),
        ("1 5, 2 2, 3 4, 4 7, 5 3, 6 8, 7 6, 8 1", "rule:board"),
        ("100 1000, 101 1007, 102 1005, 103 1002, 104 1006, 105 1001, 106 1003, 107 1004", "rule:board"),
        ("-1 4, 1 1, 2 3, 3 6, 4 2, 5 7, 6 5, 7 0", "rule:board"),
        ("0 4, 1 1, 2 3, 3 6, 4 2, 5 7, 6 5", "wrong_shape"),
        (f"{RIGHT}, 7 0", "wrong_shape"),
        (f"{RIGHT} and more", "unreadable"),
        (f"column 0 row 4, {RIGHT[5:]}", "unreadable"),
        ("4 1 3 6 2 7 5 0 1", "wrong_shape"),
        ("", "empty"),
    ],
)
def test_refusals(answer: str, code: str) -> None:
    assert TASK.verify(HARD, f"<<<{answer}>>>").code == code


def test_other_sizes_can_be_scored() -> None:
    """The published scorer knows boards of eight only."""
    ten = load(["0" * 10] * 9 + ["X" + "0" * 9], board_size=10)
    for answer in TASK.solve(ten, 20):
        assert TASK.verify(ten, answer).correct


def test_all_placements_are_listed() -> None:
    assert len(set(TASK.solve(load(["0" * 8] * 8), 1000))) == 92
    assert len(TASK.solve(load(["0" * 6] * 6), 1000)) == 4
    assert TASK.solve(load(["000", "000", "000"]), 5) == []


@pytest.mark.parametrize(
    ("board", "more"),
    [
        (["00", "0"], {}),
        (["00", "0Q"], {}),
        (["00", "00"], {"board_size": 3}),
        (["10", "00"], {"placed_queens": []}),
        (["X0", "00"], {"blocked_positions": [[1, 1]]}),
    ],
)
def test_data_of_another_form_is_refused(board: list[str], more: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        load(board, **more)


@given(st.integers(0, 10**9), st.integers(4, 9))
def test_one_placement_is_left_where_that_is_asked(seed: int, size: int) -> None:
    found = TASK.generate(seed, {"size": size, "given": 0, "blocked": 1, "unique": True})
    assert TASK.solve(found, 2) == [found.reference]


def test_what_cannot_be_placed_is_refused() -> None:
    for level in ({"size": 4, "given": 4}, {"size": 4, "blocked": 13}, {"size": 13, "unique": True}):
        with pytest.raises(BadInput):
            TASK.generate(0, level)


def test_a_picture_shows_queens_and_blocked_squares() -> None:
    assert str(TASK.draw(HARD)).count("\u265b") == 2
    assert str(TASK.draw(HARD, RIGHT)).count("\u265b") == 8
    assert str(TASK.draw(HARD)).count("\u00d7") == 4
