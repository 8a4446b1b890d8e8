"""Tables in answers and in pictures."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from codesteer_kernel.symbench.pictures import COLOURS, Picture
from codesteer_kernel.symbench.reading import grid, tokens

__all__ = ["picture", "table"]

_SIZE, _GAP = 36, 40


def table(text: str, height: int, width: int) -> list[list[str]]:
    """A table of ``height`` rows of ``width`` cells in any sensible layout.

    Besides what :func:`~codesteer_kernel.symbench.reading.grid` reads: a cell a line, and single signs in one piece.

    Raises:
        Refused: there are not that many cells, or not in rows of that length.
    """
    found = tokens(text)
    if len(found) == 1 and len(found[0]) == height * width:
        found = list(found[0])
    elif len(found) != height * width or text.count("\n") < len(found) - 1:
        return grid(text, height, width)
    return [found[at : at + width] for at in range(0, len(found), width)]


def picture(
    tables: Sequence[Sequence[Sequence[str]]], title: str, marked: Collection[tuple[int, int]] = frozenset()
) -> str:
    """Tables side by side as an SVG picture, an arrow between them.

    Args:
        tables: rows of cells.
        title: what a screen reader says.
        marked: cells of the first table that are coloured, as (row, column).
    """
    widths = [len(rows[0]) * _SIZE for rows in tables]
    height = max(len(rows) for rows in tables) * _SIZE
    drawn = Picture(sum(widths) + _GAP * (len(tables) - 1), height, title)
    left = 0
    for number, (rows, width) in enumerate(zip(tables, widths, strict=True)):
        top = (height - len(rows) * _SIZE) / 2
        if number:
            drawn.label(left - _GAP / 2, height / 2, "\u2192", 20)
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                x, y = left + column * _SIZE, top + row * _SIZE
                drawn.box(
                    x, y, _SIZE, _SIZE, COLOURS["yellow"] if number == 0 and (row, column) in marked else "#ffffff"
                )
                drawn.label(x + _SIZE / 2, y + _SIZE / 2, cell, min(15, 60 / len(cell)))
        left += width + _GAP
    return drawn.svg()
