"""Tables in answers and in pictures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape

from codesteer_kernel.symbench.reading import grid, tokens

__all__ = ["picture", "table"]

_CELL, _GAP, _EDGE = 34, 40, 8


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
    tables: Sequence[Sequence[Sequence[str]]], label: str, marked: Collection[tuple[int, int]] = frozenset()
) -> str:
    """Tables side by side as an SVG picture, an arrow between them.

    Args:
        tables: rows of cells.
        label: what a screen reader says.
        marked: cells of the first table that are coloured, as (row, column).
    """
    tallest = max(len(rows) for rows in tables) * _CELL + 2 * _EDGE
    parts: list[str] = []
    left = _EDGE
    for number, rows in enumerate(tables):
        top = (tallest - len(rows) * _CELL) / 2
        if number:
            parts.append(f'<text x="{left - _GAP / 2}" y="{tallest / 2 + 6}" font-size="20">\u2192</text>')
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                x, y = left + column * _CELL, top + row * _CELL
                fill = "#ffd866" if number == 0 and (row, column) in marked else "#ffffff"
                size = 16 if len(cell) < 4 else 50 // len(cell)
                parts.append(
                    f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" fill="{fill}" stroke="#8c959f"/>'
                    f'<text x="{x + _CELL / 2}" y="{y + _CELL / 2 + 6}" font-size="{size}">{escape(cell)}</text>'
                )
        left += max(len(row) for row in rows) * _CELL + _GAP
    wide = left - _GAP + _EDGE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {tallest}" width="{wide}" height="{tallest}" '
        f'role="img" aria-label="{escape(label)}" font-family="sans-serif" text-anchor="middle" fill="#1f2328">'
        f'<rect width="{wide}" height="{tallest}" rx="6" fill="#f6f8fa"/>{"".join(parts)}</svg>'
    )
