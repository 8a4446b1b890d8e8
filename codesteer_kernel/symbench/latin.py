"""Boards whose rows, columns and blocks hold every symbol once: filled by chance, thinned out, and solved.

Two methods that share nothing but the :class:`Layout`: :func:`filled` and :func:`thinned` go cell by cell with masks of
symbols, :func:`fillings` goes symbol by symbol with masks of cells. A board is a flat list, row after row, of symbols
from 0, None for a blank.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

__all__ = ["Board", "Layout", "filled", "fillings", "latin", "singles", "sudoku", "thinned"]

Board = list[int | None]
_MANY = 1 << 30


@dataclass(frozen=True, slots=True)
class Layout:
    """Which cells must differ.

    Attributes:
        symbols: how many there are; every unit has that many cells.
        units: the cells of each row, column, block.
        within: for each cell, the units that it is in.
    """

    symbols: int
    units: tuple[tuple[int, ...], ...]
    within: tuple[tuple[int, ...], ...]


@cache
def latin(order: int) -> Layout:
    """Rows and columns of a square of that side."""
    rows = [tuple(range(order * row, order * row + order)) for row in range(order)]
    columns = [tuple(range(column, order * order, order)) for column in range(order)]
    return _layout(order, [*rows, *columns])


@cache
def sudoku(box: int) -> Layout:
    """Rows, columns and blocks of ``box`` by ``box`` cells, ``box`` of them side by side."""
    order = box * box
    blocks = [
        tuple((top + row) * order + left + column for row in range(box) for column in range(box))
        for top in range(0, order, box)
        for left in range(0, order, box)
    ]
    return _layout(order, [*latin(order).units, *blocks])


def _layout(symbols: int, units: list[tuple[int, ...]]) -> Layout:
    cells = symbols * symbols
    within = tuple(tuple(at for at, unit in enumerate(units) if cell in unit) for cell in range(cells))
    return Layout(symbols, tuple(units), within)


def filled(layout: Layout, board: Sequence[int | None], rng: Random) -> Board | None:
    """The board with all blanks filled, by chance; None where that cannot be done."""
    masks = _completed(layout, _masks(board), rng)
    return None if masks is None else [mask.bit_length() - 1 for mask in masks]


def thinned(layout: Layout, board: Board, order: Sequence[int], blanks: int, search: bool) -> Board:
    """The board with up to ``blanks`` cells blanked, still with one filling only.

    A cell may go if what is left forces its symbol: because nothing else fits there, or because the symbol fits nowhere
    else in one of its units. With ``search`` it may also go if a search finds no filling with another symbol there.
    Without, the result can be solved by such single steps.

    Args:
        layout: which cells must differ.
        board: the full board, or one with blanks that has one filling.
        order: the cells to try, in this order.
        blanks: how many to blank at most.
        search: try harder.
    """
    masks = _masks(board)
    used = _used(layout, masks)
    gone = 0
    for cell in order:
        if gone == blanks:
            break
        value = masks[cell]
        masks[cell] = 0
        for unit in layout.within[cell]:
            used[unit] ^= value
        if _forced(layout, masks, used, cell, value) or (
            search and _completed(layout, masks, barred=(cell, value)) is None
        ):
            gone += 1
            continue
        masks[cell] = value
        for unit in layout.within[cell]:
            used[unit] ^= value
    return [mask.bit_length() - 1 if mask else None for mask in masks]


def singles(layout: Layout, board: Sequence[int | None]) -> bool:
    """Whether the board can be filled by steps in which one cell or one symbol has only one way left."""
    masks = _masks(board)
    used = _used(layout, masks)
    full = (1 << layout.symbols) - 1
    moved = True
    while moved and not all(masks):
        moved = False
        for cell in [cell for cell, mask in enumerate(masks) if not mask]:
            free = full
            for unit in layout.within[cell]:
                free &= ~used[unit]
            for symbol in range(layout.symbols):
                value = 1 << symbol
                if free & value and _forced(layout, masks, used, cell, value):
                    masks[cell] = value
                    for unit in layout.within[cell]:
                        used[unit] |= value
                    moved = True
                    break
    return all(masks)


def _masks(board: Sequence[int | None]) -> list[int]:
    return [0 if symbol is None else 1 << symbol for symbol in board]


def _used(layout: Layout, masks: list[int]) -> list[int]:
    used = [0] * len(layout.units)
    for cell, mask in enumerate(masks):
        for unit in layout.within[cell]:
            used[unit] |= mask
    return used


def _forced(layout: Layout, masks: list[int], used: list[int], cell: int, value: int) -> bool:
    """Whether the blank ``cell`` can only be ``value``, or a unit of it has no other place for ``value``."""
    taken = 0
    for unit in layout.within[cell]:
        taken |= used[unit]
    if taken | value == (1 << layout.symbols) - 1:
        return True
    for unit in layout.within[cell]:
        for other in layout.units[unit]:
            if not masks[other] and other != cell:
                for crossing in layout.within[other]:
                    if used[crossing] & value:
                        break
                else:
                    break  # the value fits here too
        else:
            return True
    return False


def _completed(
    layout: Layout, masks: list[int], rng: Random | None = None, barred: tuple[int, int] = (-1, 0)
) -> list[int] | None:
    """A filling, or None: the cell with the fewest symbols left goes first, the barred one before all."""
    full = (1 << layout.symbols) - 1
    within = layout.within
    masks = masks[:]
    used = _used(layout, masks)
    blank = [cell for cell, mask in enumerate(masks) if not mask]

    def go(first: int, banned: int) -> bool:
        fewest, at, choices = _MANY, -1, 0
        for cell in (first,) if first >= 0 else blank:
            if masks[cell]:
                continue
            free = full
            for unit in within[cell]:
                free &= ~used[unit]
            count = free.bit_count()
            if count < fewest:
                fewest, at, choices = count, cell, free
                if count < 2:
                    break
        if at < 0:
            return True
        choices &= ~banned
        bits = [1 << symbol for symbol in range(layout.symbols) if choices >> symbol & 1]
        if rng is not None:
            rng.shuffle(bits)
        for bit in bits:
            masks[at] = bit
            for unit in within[at]:
                used[unit] ^= bit
            if go(-1, 0):
                return True
            for unit in within[at]:
                used[unit] ^= bit
        masks[at] = 0
        return False

    return masks if go(*barred) else None


def fillings(layout: Layout, board: Sequence[int | None]) -> Iterator[list[int]]:
    """Every way to fill the blanks, as an exact cover: each symbol finds a place in each unit.

    The symbol and unit with the fewest places left go first. A board that breaks the rule has none.
    """
    units = [sum(1 << cell for cell in unit) for unit in layout.units]
    reach = [0] * len(layout.within)
    for cell, within in enumerate(layout.within):
        for unit in within:
            reach[cell] |= units[unit]
    everywhere = (1 << len(reach)) - 1
    places = [everywhere] * layout.symbols

    def put(places: list[int], symbol: int, cell: int) -> bool:
        """Give the cell to the symbol; False where another one needs it."""
        bit = 1 << cell
        if not places[symbol] & bit:
            return False
        for other in range(layout.symbols):
            places[other] &= ~bit
        places[symbol] = places[symbol] & ~reach[cell] | bit
        return True

    def go(places: list[int], waiting: list[tuple[int, int]]) -> Iterator[list[int]]:
        moved = True
        while moved:
            moved, fewest, narrow, left = False, _MANY, (0, 0), []
            for symbol, unit in waiting:
                spots = places[symbol] & unit
                count = spots.bit_count()
                if count > 1:
                    left.append((symbol, unit))
                    if count < fewest:
                        fewest, narrow = count, (symbol, spots)
                elif count == 1 and put(places, symbol, spots.bit_length() - 1):
                    moved = True
                else:
                    return
            waiting = left
        if not waiting:
            yield [next(s for s in range(layout.symbols) if places[s] >> cell & 1) for cell in range(len(reach))]
            return
        symbol, spots = narrow
        while spots:
            cell = (spots & -spots).bit_length() - 1
            spots &= spots - 1
            tried = places[:]
            if put(tried, symbol, cell):
                yield from go(tried, waiting)

    for cell, symbol in enumerate(board):
        if symbol is not None and not put(places, symbol, cell):
            return
    yield from go(places, [(symbol, unit) for symbol in range(layout.symbols) for unit in units])
