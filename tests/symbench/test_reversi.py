"""Reversi: what a move turns over, layouts, and the published boards that already hold their moves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench import Problem

TASK = symbench.get("reversi")


def load(board: str, moves: list[list[int]], size: int = 4) -> Problem:
    question = (
        f"Given: n={size}, you play black chess.\n\nThe previous round of the game was: \n{board}\n\nRound 1: here"
    )
    payload = {"board_size": size, "moves": moves}
    return TASK.load({"task": "reversi", "question": question, "payload": payload, "sample_id": "x"})


SHOWN = load("*0**\n*00*\n*01*\n****", [[1, 2]])


@pytest.mark.parametrize(
    "answer",
    [
        "*,0,*,*,*,0,0,*,*,0,1,*,*,*,*,*",
        "*, 0, *, *, *, 0, 0, *, *, 0, 1, *, *, *, *, *",
        "*,0,*,*\n*,0,0,*\n*,0,1,*\n*,*,*,*",
        "*0**\n*00*\n*01*\n****",
        "* 0 * *\n* 0 0 *\n* 0 1 *\n* * * *",
        "[['*','0','*','*'],['*','0','0','*'],['*','0','1','*'],['*','*','*','*']]",
        "\n```\n*0**\n*00*\n*01*\n****\n```\n",
    ],
)
def test_any_layout_is_read(answer: str) -> None:
    assert TASK.verify(SHOWN, f"<<<{answer}>>>").correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("*,*,*,*,*,1,0,*,*,0,1,*,*,*,*,*", "not_goal"),
        ("*,1,*,*,*,1,1,*,*,1,0,*,*,*,*,*", "not_goal"),
        ("*,0,*,*,*,0,0,*,*,0,1,*,*,*,*", "wrong_shape"),
        ("*,0,*,*,*,0,0,*,*,0,1,*,*,*,*,*,*", "wrong_shape"),
        ("*,0,*,*,*,0,0,*,*,0,1,*,*,*,*,B", "unreadable"),
        ("", "empty"),
    ],
)
def test_refusals(answer: str, code: str) -> None:
    assert TASK.verify(SHOWN, f"<<<{answer}>>>").code == code


def test_a_published_board_with_its_moves_on_it_starts_at_the_opening() -> None:
    assert SHOWN.payload["board"] == ["****", "*10*", "*01*", "****"]
    restated = TASK.restate(SHOWN)
    assert "*10*" in restated
    assert "black (1,2)" in restated


def test_replaying_on_the_published_board_would_end_elsewhere() -> None:
    """In 16 published samples the moves, played once more on the board that holds them, turn over further discs."""
    shown = "****\n*10*\n*10*\n*10*"
    found = load(shown, [[4, 3], [4, 2]])
    assert TASK.verify(found, f"<<<{shown}>>>").correct


def test_a_board_without_its_moves_is_played_on() -> None:
    found = load("****\n*10*\n*01*\n****", [[1, 2]])
    assert TASK.verify(found, "<<<*0**\n*00*\n*01*\n****>>>").correct


def test_lines_need_an_end_and_no_gap_and_turn_all_at_once() -> None:
    problem = Problem("reversi", "1", None, {}, "", {"board": [""], "first": "0", "moves": [[1, 1]]}, "")
    board = ["*110*1", "1*1***", "1*1***", "011*0*", "******", "*****0"]
    problem.payload["board"][:] = board  # type: ignore[index]
    # Right: 11 up to 0. Down: 11 up to 0. Diagonal: a gap at once.
    after = ["0000*1", "0*1***", "0*1***", "011*0*", "******", "*****0"]
    assert TASK.verify(problem, "\n".join(after)).correct
    assert TASK.solve(problem) == ["\n".join(",".join(row) for row in after)]


@pytest.mark.parametrize(
    ("board", "moves", "size"),
    [
        ("*0**", [[1, 2]], 4),
        ("*0**\n*00*\n*01*\n****", [[2, 2]], 4),
        ("*" * 4, [[1, 1]], 1),
        ("**\n**", [[3, 1]], 2),
        ("**\n**", [], 2),
    ],
)
def test_samples_of_another_form_are_refused(board: str, moves: list[list[int]], size: int) -> None:
    with pytest.raises(ValueError):
        load(board, moves, size)


def test_sizes_and_moves_must_fit() -> None:
    for level in ({"size": 5}, {"size": 4, "moves": 9, "before": 9}):
        with pytest.raises(BadInput):
            TASK.generate(0, level)


@given(st.integers(0, 10**9))
def test_every_generated_move_turns_a_disc_over(seed: int) -> None:
    found = TASK.generate(seed, "3")
    rows = "".join(found.payload["board"])
    after = found.reference.replace(",", "").replace("\n", "")
    assert after.count("*") == rows.count("*") - len(found.payload["moves"])
    assert after != rows


def test_a_picture_shows_discs_and_numbers_the_moves() -> None:
    picture = str(TASK.draw(SHOWN))
    assert picture.count("<circle") == 4
    assert picture.count("<text") == 1
    assert str(TASK.draw(SHOWN, "*,0,*,*\n*,0,0,*\n*,0,1,*\n*,*,*,*")).count("<circle") == 5
