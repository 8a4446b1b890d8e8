"""Small SVG pictures of boards and maps; they stand on a light card so that they read on light and dark pages."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

__all__ = ["COLOURS", "board", "picture"]

COLOURS: Mapping[str, str] = {
    "red": "#d1495b",
    "green": "#3a9d5d",
    "blue": "#3b76c4",
    "yellow": "#e5b93c",
    "orange": "#e8833a",
    "purple": "#8a5bb0",
    "pink": "#e58bb0",
    "ink": "#24292f",
    "pale": "#8c959f",
    "line": "#afb8c1",
    "card": "#ffffff",
    "shade": "#eaeef2",
    "mark": "#fff1c2",
}
_CELL = 34


def picture(width: float, height: float, shapes: Sequence[str]) -> str:
    """An SVG document of the shapes on a card, with a margin of 8."""
    box = f"{-8} {-8} {width + 16:g} {height + 16:g}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{width + 16:g}" height="{height + 16:g}"'
    card = f'<rect x="-8" y="-8" width="{width + 16:g}" height="{height + 16:g}" rx="6" fill="{COLOURS["card"]}"/>'
    return f'{head} font-family="sans-serif" font-size="15">\n{card}\n' + "\n".join(shapes) + "\n</svg>\n"


def board(
    rows: Sequence[Sequence[str]],
    *,
    pale: Sequence[Sequence[bool]] | None = None,
    fill: Sequence[Sequence[str | None]] | None = None,
    box: tuple[int, int] | None = None,
) -> str:
    """A board of texts.

    Args:
        rows: what stands in each square, "" for nothing.
        pale: squares whose text is drawn pale, such as what a solver filled in.
        fill: colours of squares, names of :data:`COLOURS` or any SVG colour; None for none.
        box: height and width of boxes drawn with strong lines, as in a sudoku.
    """
    height, width = len(rows), max(map(len, rows))
    shapes = []
    for y, row in enumerate(rows):
        for x, text in enumerate(row):
            colour = (fill[y][x] if fill else None) or "card"
            place = f'x="{x * _CELL}" y="{y * _CELL}" width="{_CELL}" height="{_CELL}"'
            shapes.append(f'<rect {place} fill="{COLOURS.get(colour, colour)}" stroke="{COLOURS["line"]}"/>')
            if text:
                ink = COLOURS["blue" if pale and pale[y][x] else "ink"]
                middle = f'x="{(x + 0.5) * _CELL:g}" y="{(y + 0.5) * _CELL + 5:g}" text-anchor="middle"'
                shapes.append(f'<text {middle} fill="{ink}">{html.escape(text)}</text>')
    tall, wide = box or (height, width)
    for y in range(0, height, tall):
        for x in range(0, width, wide):
            place = f'x="{x * _CELL}" y="{y * _CELL}" width="{wide * _CELL}" height="{tall * _CELL}"'
            shapes.append(f'<rect {place} fill="none" stroke="{COLOURS["ink"]}" stroke-width="2"/>')
    return picture(width * _CELL, height * _CELL, shapes)
