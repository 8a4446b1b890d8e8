"""Pictures of boards and maps: a few shapes, written as SVG text that stands on light and on dark pages alike."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from html import escape

__all__ = ["COLOURS", "Picture", "beside", "board"]

INK = "#1f2430"
PAPER = "#ffffff"
COLOURS = {
    "black": "#2b303b",
    "blue": "#3f7fd1",
    "green": "#3f9e5a",
    "grey": "#d9dde5",
    "orange": "#e8883a",
    "pink": "#e58fb5",
    "purple": "#8b62c4",
    "red": "#d2504e",
    "white": "#fbfbfd",
    "yellow": "#e6c23c",
}
"""Named colours, told apart on white also with weak colour vision; every shape that uses one carries its name too."""

_EDGE = 12
_SIZE = 36


@dataclass(slots=True)
class Picture:
    """Shapes on white paper; units are pixels, y grows downwards, (0, 0) is the paper's corner inside its margin.

    Attributes:
        width, height: of the paper without its margin.
        title: what a screen reader says.
    """

    width: float
    height: float
    title: str
    parts: list[str] = field(default_factory=list)

    def box(self, x: float, y: float, width: float, height: float, fill: str, edge: str = "#8b93a3") -> None:
        """A rectangle with its corner at (x, y)."""
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}" stroke="{edge}"/>'
        )

    def disc(self, x: float, y: float, radius: float, fill: str, edge: str = INK) -> None:
        """A filled circle around (x, y)."""
        self.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill}" stroke="{edge}"/>')

    def label(self, x: float, y: float, text: str, size: float = 15, fill: str = INK, weight: int = 400) -> None:
        """Text with its middle at (x, y)."""
        self.parts.append(
            f'<text x="{x:g}" y="{y + size * 0.35:g}" font-size="{size:g}" fill="{fill}" font-weight="{weight}" '
            f'text-anchor="middle">{escape(text)}</text>'
        )

    def line(self, points: Sequence[tuple[float, float]], edge: str = INK, width: float = 2) -> None:
        """Straight strokes from point to point."""
        places = " ".join(f"{x:g},{y:g}" for x, y in points)
        self.parts.append(
            f'<polyline points="{places}" fill="none" stroke="{edge}" stroke-width="{width:g}" stroke-linejoin="round"/>'
        )

    def svg(self) -> str:
        """The picture as one SVG element."""
        width, height = self.width + 2 * _EDGE, self.height + 2 * _EDGE
        title = escape(self.title)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-_EDGE} {-_EDGE} {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}" role="img" aria-label="{title}" font-family="sans-serif">'
            f'<title>{title}</title><rect x="{-_EDGE}" y="{-_EDGE}" width="{width:g}" height="{height:g}" '
            f'rx="6" fill="{PAPER}"/>{"".join(self.parts)}</svg>'
        )


def board(
    title: str,
    cells: Sequence[Sequence[object]],
    fill: Callable[[int, int], str] = lambda row, column: PAPER,
    ink: Callable[[int, int], str] = lambda row, column: INK,
) -> Picture:
    """A board of squares, each with its text; ``fill`` and ``ink`` colour square and text by row and column from 0."""
    picture = Picture(_SIZE * len(cells[0]), _SIZE * len(cells), title)
    for row, values in enumerate(cells):
        for column, value in enumerate(values):
            picture.box(column * _SIZE, row * _SIZE, _SIZE, _SIZE, fill(row, column))
            if str(value):
                x, y = (column + 0.5) * _SIZE, (row + 0.5) * _SIZE
                picture.label(x, y, str(value), 15 if len(str(value)) < 4 else 11, ink(row, column))
    return picture


def beside(
    title: str, tables: Sequence[Sequence[Sequence[object]]], marked: Collection[tuple[int, int]] = frozenset()
) -> Picture:
    """Boards side by side, an arrow between them; ``marked`` squares of the first, as (row, column), are coloured."""
    boards = [board(title, tables[0], lambda row, column: COLOURS["yellow"] if (row, column) in marked else PAPER)]
    boards += [board(title, cells) for cells in tables[1:]]
    tallest = max(one.height for one in boards)
    picture = Picture(sum(one.width for one in boards) + _SIZE * (len(boards) - 1), tallest, title)
    left = 0.0
    for number, one in enumerate(boards):
        if number:
            picture.label(left - _SIZE / 2, tallest / 2, "\u2192", 20)
        moved = f'<g transform="translate({left:g} {(tallest - one.height) / 2:g})">'
        picture.parts.append(f"{moved}{''.join(one.parts)}</g>")
        left += one.width + _SIZE
    return picture
