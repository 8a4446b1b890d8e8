"""Boards of different symbols: filling, thinning, solving."""

from __future__ import annotations

from itertools import islice
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.symbench.latin import Board, Layout, filled, fillings, latin, singles, sudoku, thinned


def right(layout: Layout, board: Board) -> bool:
    return all({board[cell] for cell in unit} == set(range(layout.symbols)) for unit in layout.units)


def test_all_squares_of_a_size_are_found() -> None:
    assert sum(1 for _ in fillings(latin(4), [None] * 16)) == 576
    assert sum(1 for _ in fillings(sudoku(2), [None] * 16)) == 288


def test_a_broken_board_has_no_filling() -> None:
    assert list(fillings(latin(3), [0, 0, *[None] * 7])) == []
    assert filled(latin(3), [0, 1, None, None, None, 2, None, None, None], Random(1)) is None
    assert list(fillings(latin(3), [0, 1, None, None, None, 2, None, None, None])) == []


@given(st.integers(0, 10**9), st.sampled_from([latin(5), latin(7), sudoku(2), sudoku(3)]), st.booleans())
def test_thinning_leaves_one_filling(seed: int, layout: Layout, search: bool) -> None:
    rng = Random(seed)
    size = len(layout.within)
    full = filled(layout, [None] * size, rng)
    assert full is not None
    assert right(layout, full)
    board = thinned(layout, full, rng.sample(range(size), size), size * 5 // 8, search)
    assert list(islice(fillings(layout, board), 2)) == [full]
    assert all(cell is None or cell == kept for cell, kept in zip(board, full, strict=True))
    if not search:
        assert singles(layout, board)
    assert board.count(None) <= size * 5 // 8


def test_harder_boards_need_more_than_singles() -> None:
    rng = Random(5)
    full = filled(sudoku(3), [None] * 81, rng)
    assert full is not None
    kept = [thinned(sudoku(3), full, rng.sample(range(81), 81), 56, True) for _ in range(5)]
    assert not all(singles(sudoku(3), board) for board in kept)
