"""Answers that are boards: :func:`~codesteer_kernel.symbench.reading.grid` and the other ways in which people write them."""

from __future__ import annotations

from codesteer_kernel.symbench.reading import grid, tokens

__all__ = ["cells", "spelled"]

_RULER = frozenset("-+=|: \t")


def cells(text: str, height: int, width: int) -> list[list[str]]:
    """The tokens of a board, ``height`` rows of ``width``.

    Besides what ``grid`` reads: rulers between rows, a cell a line, and for boards of single signs the whole board as
    one word.

    Raises:
        Refused: it is not that many rows and columns.
    """
    if "--" in text:
        text = "\n".join(line for line in text.splitlines() if not ("--" in line and _RULER.issuperset(line)))
    found = tokens(text)
    if len(found) == 1 and len(found[0]) == height * width:
        found = list(found[0])
    elif len(found) != height * width or sum(map(bool, map(str.strip, text.splitlines()))) != len(found):
        return grid(text, height, width)
    return [found[at : at + width] for at in range(0, len(found), width)]


def spelled(rows: list[list[str]]) -> str:
    """A board as text: a row a line, commas between the cells."""
    return "\n".join(",".join(row) for row in rows)
