"""The report as one HTML page: no script, nothing loaded, light and dark by the reader's wish or by a switch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path

from codesteer_kernel.evaluation.report.document import Cell, Document, Figure, Fold, Grid, Legend, Lines, Part
from codesteer_kernel.evaluation.report.plots import mark, strip

__all__ = ["frame", "page", "table"]

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

_OF_COLUMN = 'scope="col"'
_OF_ROW = 'scope="row"'


def page(document: Document) -> str:
    """The whole report."""
    links = "".join(f'<a href="#{one.key}">{escape(one.title)}</a>' for one in document.sections)
    parts = [f'<nav aria-label="Sections">{links}</nav>']
    for section in document.sections:
        intro = f"<p>{escape(section.intro)}</p>" if section.intro else ""
        parts.append(
            f'<section id="{section.key}" aria-labelledby="{section.key}-title">'
            f'<h2 id="{section.key}-title">{escape(section.title)}</h2>{intro}{_parts(section.parts)}</section>'
        )
    return frame(document.title, f"<p>{escape(document.subtitle)}</p>", "".join(parts))


def frame(title: str, lead: str, body: str) -> str:
    """A page of ours around ``body``."""
    themes = "".join(
        f'<label><input type="radio" name="theme" id="theme-{name}"{" checked" if name == "auto" else ""}>{name}</label>'
        for name in ("auto", "light", "dark")
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_style()}</style>\n</head>\n<body>\n"
        f'<header><div><h1>{escape(title)}</h1>{lead}</div><fieldset class="themes"><legend>Colours</legend>{themes}</fieldset></header>\n'
        f"<main>{body}</main>\n<footer>Made by codesteer. This page loads nothing and runs nothing.</footer>\n</body>\n</html>\n"
    )


@cache
def _style() -> str:
    return Path(__file__).with_name("style.css").read_text(encoding="utf-8")


def _parts(parts: Sequence[Part]) -> str:
    titled = sum(isinstance(part, Grid) for part in parts) > 1
    out = []
    for figures, group in groupby(parts, lambda part: isinstance(part, Figure)):
        if figures:
            drawn = [one for one in group if isinstance(one, Figure)]
            small = " small" if all(one.grid is None for one in drawn) else ""
            out.append(f'<div class="figures{small}">{"".join(map(_part, drawn))}</div>')
        else:
            out += [table(one, titled=titled) if isinstance(one, Grid) else _part(one) for one in group]
    return "".join(out)


def _part(part: Part) -> str:
    match part:
        case Grid():
            return table(part)
        case Lines():
            return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in part.lines)}</ul>"
        case Legend():
            return f'<ul class="legend">{"".join(_entry(one.place, one.name) for one in part.entries)}</ul>'
        case Fold():
            return f"<details><summary>{escape(part.title)}</summary>{_parts(part.parts)}</details>"
        case Figure():
            numbers = f"<details><summary>The numbers</summary>{table(part.grid)}</details>" if part.grid else ""
            return f"<figure>{part.svg}<figcaption>{escape(part.caption)}</figcaption>{numbers}</figure>"


def _entry(place: int | None, name: str) -> str:
    return (
        f'<li><svg class="sign" viewBox="0 0 16 16" aria-hidden="true">{mark(place, 8, 8, 5)}</svg>{escape(name)}</li>'
    )


def table(grid: Grid, *, titled: bool = False) -> str:
    """A table that scrolls by itself where the page is narrow; ``titled`` shows its caption above it."""
    head = f"<thead><tr>{''.join(_cell(one, 'th', _OF_COLUMN) for one in grid.head)}</tr></thead>" if grid.head else ""
    rows = []
    for number, row in enumerate(grid.rows):
        if number in grid.groups:
            rows.append(
                f'<tr class="group"><th scope="colgroup" colspan="{len(grid.head)}">{escape(row[0].text)}</th></tr>'
            )
        else:
            rows.append(f"<tr>{_cell(row[0], 'th', _OF_ROW)}{''.join(_cell(one, 'td') for one in row[1:])}</tr>")
    more = ""
    if any(one.extra for one in grid.head):
        more = '<label class="more"><input type="checkbox">Show all published columns</label>'
    title = f"<h3>{escape(grid.caption)}</h3>" if titled else ""
    note = f'<p class="note">{escape(grid.note)}</p>' if grid.note else ""
    kind = "grid sticky" if grid.sticky else "grid"
    return (
        f'<div class="table">{title}{more}<div class="scroll" role="group" aria-label="{escape(grid.caption, quote=True)}" tabindex="0">'
        f'<table class="{kind}"><caption>{escape(grid.caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>{note}</div>"
    )


def _cell(cell: Cell, tag: str, more: str = "") -> str:
    kinds = [
        name
        for name, on in (("published", cell.published), ("extra", cell.extra), ("tint", cell.share is not None))
        if on
    ]
    told = f' class="{" ".join(kinds)}"' if kinds else ""
    style = f' style="--v:{100 * cell.share:.0f}"' if cell.share is not None else ""
    text = escape(cell.text)
    if cell.link:
        text = f'<a href="{escape(cell.link, quote=True)}">{text}</a>'
    if cell.strip is not None:
        text += strip(cell.strip)
    if cell.note:
        text += f"<small>{escape(cell.note)}</small>"
    if cell.published and tag == "th":
        text += "<small>published</small>"
    if not text:
        # An empty corner is no heading.
        return f"<td{told}{style}></td>"
    return f"<{tag}{f' {more}' if more else ''}{told}{style}>{text}</{tag}>"
