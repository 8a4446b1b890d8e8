"""The report as Markdown: the same sections; of a figure its numbers."""

from __future__ import annotations

from codesteer_kernel.evaluation.report.document import Cell, Document, Figure, Fold, Grid, Legend, Lines, Part

__all__ = ["markdown"]


def markdown(document: Document) -> str:
    """The whole report."""
    blocks = [f"# {_flat(document.title)}", _flat(document.subtitle)]
    for section in document.sections:
        blocks.append(f"## {section.title}")
        if section.intro:
            blocks.append(_flat(section.intro))
        for part in section.parts:
            blocks += _part(part)
    return "\n\n".join(blocks) + "\n"


def _part(part: Part) -> list[str]:
    match part:
        case Grid():
            return _grid(part)
        case Figure():
            return [f"*{_flat(part.caption)}*", *(_grid(part.grid)[1:] if part.grid else [])]
        case Lines():
            return ["\n".join(f"- {_flat(line)}" for line in part.lines)]
        case Fold():
            return [f"### {_flat(part.title)}", *(block for one in part.parts for block in _part(one))]
        case Legend():
            return []


def _grid(grid: Grid) -> list[str]:
    head = grid.head or [Cell("")] * max(map(len, grid.rows), default=1)
    kept = [place for place, cell in enumerate(head) if not cell.extra]
    lines = ["| " + " | ".join(_cell(head[place], heading=True) for place in kept) + " |", "|" + " --- |" * len(kept)]
    for number, row in enumerate(grid.rows):
        words = [_cell(row[place], heading=place == 0) if place < len(row) else "" for place in kept]
        lines.append("| " + " | ".join([f"**{words[0]}**", *words[1:]] if number in grid.groups else words) + " |")
    return [f"**{_flat(grid.caption)}**", "\n".join(lines), *([_flat(grid.note)] if grid.note else [])]


def _cell(cell: Cell, *, heading: bool = False) -> str:
    text = _flat(cell.text) + (f" ({_flat(cell.note)})" if cell.note else "")
    text += " (published)" if cell.published and heading else ""
    return f"[{text}]({cell.link})" if cell.link else text


def _flat(text: str) -> str:
    """On one line, and nothing in it means anything to Markdown but what we write."""
    flat = " ".join(text.split())
    for sign in "\\`*_[]<>|#":
        flat = flat.replace(sign, f"\\{sign}")
    return flat
