"""Tables out of markup that a stranger's program made: the cells' text and nothing else of it."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser

__all__ = ["tables_of"]

_CELLS = ("td", "th")
_SILENT = ("style", "script", "template", "title")
MOST_CELLS = 4_000


def tables_of(markup: str) -> str:
    """The tables of ``markup`` as new markup: rows, cells, their spans and escaped text. Empty when there are none.

    Of tables inside tables the text stays in its outer cell; over 4,000 cells nothing is returned.
    """
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    tables = [rows for rows in reader.tables if any(rows)]
    if not tables or sum(len(row) for rows in tables for row in rows) > MOST_CELLS:
        return ""
    return "".join(f"<table>{''.join(map(_row, rows))}</table>" for rows in tables)


def _row(cells: list[tuple[str, str, str]]) -> str:
    return f"<tr>{''.join(f'<{tag}{spans}>{escape(text.strip())}</{tag}>' for tag, spans, text in cells)}</tr>"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[tuple[str, str, str]]]] = []
        self._depth = 0
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._depth += 1
            if self._depth == 1:
                self.tables.append([])
        elif tag in _SILENT:
            self._silent += 1
        elif self._depth == 1 and tag == "tr":
            self.tables[-1].append([])
        elif self._depth == 1 and tag in _CELLS:
            if not self.tables[-1]:
                self.tables[-1].append([])
            spans = "".join(
                f' {name}="{int(held)}"'
                for name, held in attrs
                if name in ("colspan", "rowspan") and held and held.isascii() and held.isdigit() and len(held) < 4
            )
            self.tables[-1][-1].append((tag, spans, ""))
        elif tag == "br":
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "table" and self._depth:
            self._depth -= 1
        elif tag in _SILENT and self._silent:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if self._depth and not self._silent and self.tables[-1] and self.tables[-1][-1]:
            tag, spans, text = self.tables[-1][-1][-1]
            self.tables[-1][-1][-1] = (tag, spans, text + data)
