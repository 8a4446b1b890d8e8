"""A finished cell where our view is absent: nbconvert's HTML and Markdown, GitHub's sanitiser, a terminal.

What GitHub keeps of HTML is public; the lists below hold the part of it that a run could need.
"""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter, MarkdownExporter

from codesteer_kernel.record import MIME_TYPE, Record, decode_record
from codesteer_kernel.render import mime_bundle, to_html, to_text

SAMPLES = sorted((Path(__file__).parents[1] / "widgets" / "samples").glob("*.json"))
FINISHED = [path for path in SAMPLES if path.stem not in ("streaming", "queued")]
KEPT_TAGS = {
    *("a", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4"),
    *("hr", "i", "img", "ins", "li", "ol", "p", "pre", "small", "span", "strong", "sub", "summary", "sup", "table"),
    *("tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
}
KEPT_ATTRIBUTES = {"alt", "colspan", "href", "open", "rowspan", "src", "title"}


def load(path: Path) -> Record:
    return decode_record(json.loads(path.read_text(encoding="utf-8")))


def notebook(record: Record) -> Any:
    cell = nbformat.v4.new_code_cell("%%codesteer\n?", execution_count=1)
    cell.outputs = [nbformat.v4.new_output("display_data", data=mime_bundle(record))]
    return nbformat.v4.new_notebook(cells=[cell])


class Sanitiser(HTMLParser):
    """What is left of HTML when only known tags and attributes stay; the text of unknown ones stays too."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.gone: list[str] = []
        self.shown = ""
        self.folds = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.folds += tag == "details"
        if tag not in KEPT_TAGS:
            self.gone.append(tag)
        # Classes and styles are looks: nothing may depend on them.
        self.gone += [name for name, _ in attrs if name not in KEPT_ATTRIBUTES | {"class", "style"}]

    def handle_data(self, data: str) -> None:
        self.shown += data


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_nothing_of_the_html_is_lost_to_a_sanitiser(path: Path) -> None:
    record = load(path)
    left = Sanitiser(to_html(record))
    assert left.gone == []
    assert left.folds >= len(record.rounds)
    for one in record.rounds:
        assert f"Round {one.index}" in left.shown


@pytest.mark.parametrize("path", FINISHED, ids=lambda path: path.stem)
def test_nbconvert_shows_the_run_in_html_without_any_script_of_ours(path: Path) -> None:
    record = load(path)
    page, _ = HTMLExporter(exclude_input=True).from_notebook_node(notebook(record))
    output = page[page.index('class="codesteer-run"') : page.index("</main>")]
    assert "<script" not in output
    assert "widget-view" not in output
    assert " on" not in " ".join(re.findall(r"<[a-z]+[^>]*>", output)).replace(" open", "")
    for one in record.rounds:
        assert f"Round {one.index}" in output


def test_nbconvert_markdown_holds_the_run_and_ours_reads_well() -> None:
    record = load(next(path for path in SAMPLES if path.stem == "refined"))
    exported, _ = MarkdownExporter().from_notebook_node(notebook(record))
    # It prefers the HTML part, which Markdown lets through: folds and all.
    assert "<details" in exported
    assert "Checked by a program." in exported
    text = mime_bundle(record)["text/markdown"]
    assert text.index("### Answer") < text.index("#### Round 1") < text.index("#### Round 2")
    assert "```python\nmoves = [" in text
    assert (
        "The steerer ended the run: return (88%), decided by the steerer's model. A test of the answer passed." in text
    )


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_terminal_gets_lines_that_fit_and_drive_nothing(path: Path) -> None:
    text = to_text(load(path))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)
    assert len(text.splitlines()) < 400


@pytest.mark.parametrize("path", FINISHED, ids=lambda path: path.stem)
def test_a_finished_output_has_no_widget_view(path: Path) -> None:
    assert list(mime_bundle(load(path))) == [MIME_TYPE, "text/html", "text/markdown", "text/plain"]
