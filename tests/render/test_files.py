"""A run as a notebook, a program, a page and a tale: whole, valid, and harmless whatever models and programs wrote."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tokenize
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from nbconvert import HTMLExporter

from codesteer_kernel.record import (
    Answer,
    Decision,
    Execution,
    FinalAnswer,
    InputSummary,
    Output,
    Question,
    Record,
    Round,
    Support,
    fold,
    retell,
)
from codesteer_kernel.record import events as ev
from codesteer_kernel.render import telling, to_notebook, to_page, to_program, to_text
from tests.record.strategies import HOSTILE, hostile_texts, runs, texts
from tests.render.test_render import PNG, Reader, a_run


def notebook_of(record: Record) -> Any:
    """The notebook as Jupyter reads it, valid or refused."""
    notebook = nbformat.reads(json.dumps(to_notebook(record)), as_version=4)
    nbformat.validate(notebook, relax_add_props=False)
    return notebook


# -- the notebook


def test_the_notebook_holds_question_rounds_programs_outputs_and_answer() -> None:
    cells = notebook_of(a_run()).cells
    assert [cell.cell_type for cell in cells] == [
        "markdown",
        *("markdown", "code", "markdown"),
        *("markdown", "code", "markdown"),
        "markdown",
    ]
    assert "What is 6 * 7?" in cells[0].source
    assert [cell.source for cell in cells if cell.cell_type == "code"] == ["print(6 + 7)", "print(6 * 7)"]
    assert "Multiply" in cells[4].source
    assert [output.output_type for output in cells[5].outputs] == ["stream", "display_data"]
    assert cells[5].outputs[0].text == "42\n"
    assert cells[5].outputs[1].data == {"text/plain": "<Figure>", "image/png": PNG}
    assert "it is 42" in cells[3].source
    for part in ("### Answer", "42", "Checked by a program.", "total is bound", "model calls"):
        assert part in cells[-1].source


def test_a_program_that_failed_shows_its_error() -> None:
    execution = Execution(status="error", error="NameError: no: x", traceback="Traceback\n  x\nNameError: no: x")
    one = Round(index=1, decision=Decision(kind="code", source="model"), answer=Answer(code="x"), execution=execution)
    (output,) = notebook_of(Record(rounds=[one])).cells[2].outputs
    assert (output.ename, output.evalue, len(output.traceback)) == ("NameError", "no: x", 3)


@given(runs(words=texts | hostile_texts), st.data())
def test_every_notebook_is_valid_and_nothing_in_it_runs(events: list[Any], data: st.DataObject) -> None:
    record = fold(events[: data.draw(st.integers(0, len(events)))])
    notebook = notebook_of(record)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert set(output.get("data", {})) <= {"text/plain", "image/png", "image/jpeg"}


@pytest.mark.parametrize(
    "text",
    [
        *HOSTILE,
        "[click](javascript:alert(1))",
        "[click](JaVaScRiPt\\:alert(1))",
        "[click](javascript&colon;alert(1))",
        "[click](&#106;avascript:alert(1))",
        "[x]: data:text/html,<script>alert(1)</script>\n[x]",
        "<https://example.org> and `<b>`",
        "``` <script>alert(1)</script>",
    ],
)
def test_an_exported_notebook_that_becomes_a_page_runs_nothing(text: str) -> None:
    # nbconvert hands the HTML of Markdown cells and of outputs through as it is.
    outputs = [Output(kind="display", data={"text/html": text, "image/svg+xml": text, "image/png": text})]
    execution = Execution(status="error", stdout=text, stderr=text, error=text, traceback=text, outputs=outputs)
    decision = Decision(kind="code", source="model", guidance=text, reason=text)
    words = Round(index=1, decision=decision, answer=Answer(text=text, complete=True), execution=execution)
    code = replace(words, index=2, answer=Answer(text=text, code=text, complete=True))
    record = Record(
        status="done",
        question=Question(prompt=text),
        rounds=[words, code],
        answer=FinalAnswer(text=text, round=1),
        support=Support(level="unchecked", note=text),
    )
    notebook = notebook_of(record)
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    read = Page(page)
    assert not {tag for tag, _ in read.tags} & {"script", "svg", "img", "iframe", "b"}
    for _, attributes in read.tags:
        assert not [name for name in attributes if name.startswith("on")]
        for address in (attributes.get("href"), attributes.get("src")):
            assert not address or address.startswith(("#", "https://"))
    assert "alert(1)" not in text or "alert(1)" in read.text


class Page(HTMLParser):
    """The tags of a page, and its text, as a browser reads them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


# -- the program


def run_program(source: str, folder: Path) -> str:
    path = folder / "program.py"
    path.write_text(source, encoding="utf-8")
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def answered(code: str, prompt: str = "How many?", *, shown: bool = False) -> Record:
    """A run whose answer came from ``code``; ``shown`` if the value of its last line did."""
    outputs = [Output(kind="result", data={"text/plain": "42"})] if shown else []
    one = Round(
        index=1,
        decision=Decision(kind="code", source="model"),
        answer=Answer(text=code, code=code, complete=True),
        execution=Execution(status="ok", outputs=outputs),
    )
    return Record(
        id="r",
        status="done",
        question=Question(prompt=prompt, inputs=[InputSummary(name="df", type="DataFrame", shape="3 x 4")]),
        rounds=[one],
        answer=FinalAnswer(text="42", result="42", round=1, code=code),
    )


def test_the_program_runs_and_says_what_was_asked(tmp_path: Path) -> None:
    source = to_program(answered("print(6 * 7)", "How many?\nExactly, ünd 🙂."))
    assert source is not None
    assert run_program(source, tmp_path) == "42\n"
    for line in ("# Question: How many?", "#   Exactly, ünd 🙂.", "# Needs: df (DataFrame 3 x 4)", "# Answer: 42"):
        assert line in source


def test_there_is_no_program_where_none_gave_the_answer() -> None:
    assert to_program(Record()) is None
    assert to_program(Record(answer=FinalAnswer(text="Paris"))) is None


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        ("6 * 7", "42"),
        ("x = 6\nx * 7  # the answer", "42"),
        ("é = 6; (é *\n 7)", "42"),
        ("'é'; 6 * 7;", "42"),
        ("6, 7", "(6, 7)"),
        ("(n for n in [1])\nsorted(\n  [3, 1]\n)", "[1, 3]"),
        ("x = 42\nprint(x)", "42"),
    ],
)
def test_a_value_that_a_notebook_would_show_is_printed(code: str, printed: str, tmp_path: Path) -> None:
    source = to_program(answered(code, shown=not code.endswith("print(x)")))
    assert source is not None
    assert run_program(source, tmp_path) == f"{printed}\n"


def test_a_program_that_shows_no_value_is_left_as_it_is(tmp_path: Path) -> None:
    source = to_program(answered("def f():\n    print(42)\nf()"))
    assert source is not None
    assert source.endswith("\n\ndef f():\n    print(42)\nf()\n")
    assert run_program(source, tmp_path) == "42\n"


@pytest.mark.parametrize(
    "prompt",
    [
        "Huffman coding: explain it",
        "-*- coding: utf-7 -*-",
        "x\ncoding=latin-1",
        "first\rimport os\x0bimport os\x0cimport os\x1cimport os\x85import os\u2028import os\u2029import os",
        "'''\n\"\"\"\n\\",
        "\x00\x1b[2J",
        "",
    ],
)
def test_no_question_breaks_out_of_its_comment(prompt: str, tmp_path: Path) -> None:
    source = to_program(answered("print(6 * 7)", prompt))
    assert source is not None
    assert run_program(source, tmp_path) == "42\n"
    tokens = list(tokenize.tokenize(io.BytesIO(source.encode()).readline))
    assert tokens[0].string == "utf-8"
    assert [token.string for token in tokens if token.type == tokenize.NAME] == ["print"]


@given(runs(words=texts | hostile_texts))
def test_any_run_gives_a_program_or_none(events: list[Any]) -> None:
    record = fold(events)
    source = to_program(record)
    assert (source is None) == (record.answer is None or not record.answer.code)
    if source is not None:
        source.encode()
        tokens = tokenize.tokenize(io.BytesIO(source.partition("\n\n")[0].encode()).readline)
        kinds = {token.type for token in tokens}
        assert kinds <= {tokenize.ENCODING, tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER, tokenize.NEWLINE}


# -- the page


def test_the_page_stands_alone_and_forbids_everything_foreign() -> None:
    page = to_page(a_run())
    assert page.startswith("<!doctype html>")
    assert "default-src 'none'" in page
    assert "<title>What is 6 * 7? Say it.</title>" in page
    assert "script" not in page
    assert page.count("<details") == 2


@pytest.mark.parametrize("text", HOSTILE)
def test_no_question_breaks_out_of_the_title(text: str) -> None:
    page = to_page(Record(question=Question(prompt=text)))
    body = page.partition("<title>")[2]
    assert "<" not in body.partition("</title>")[0]
    assert Reader(body.partition("<body")[2].partition(">")[2].partition("</body>")[0]).tags


# -- the tale


def told(events: list[Any]) -> str:
    return "".join(text for _, text in telling(events))


def test_a_run_is_told_as_it_happened() -> None:
    events = retell(a_run())
    text = told(events)
    places = [
        text.index(part)
        for part in (
            "Question: What is 6 * 7?",
            "Round 1: code",
            "print(6 + 7)",
            "| 13",
            "it is 42",
            "Round 2: refine",
            "Multiply",
            "print(6 * 7)",
            "| 42",
            "Done in 2 rounds.",
            "Answer: 42",
        )
    ]
    assert places == sorted(places)
    assert len(list(telling(events))) == len(events)


def test_an_answer_is_told_once_whether_it_streamed_or_not() -> None:
    decision = Decision(kind="text", source="model")
    began = [
        ev.RunStarted(
            seq=1,
            at=0.0,
            id="r",
            started="",
            question=Question(prompt="?"),
            models=Record().models,
            config=Record().config,
            budget=Record().budget,
        ),
        ev.RoundStarted(seq=2, at=0.0, round=1, decision=decision),
    ]
    whole = [*began, ev.Answered(seq=3, at=0.1, round=1, answer=Answer(text="It is 42."))]
    parts = [
        *began,
        ev.AnswerDelta(seq=3, at=0.1, round=1, text="It "),
        ev.AnswerDelta(seq=4, at=0.1, round=1, text="is"),
        ev.Answered(seq=5, at=0.1, round=1, answer=Answer(text="It is 42.")),
    ]
    assert told(whole) == told(parts)
    assert told(parts).count("It is 42.") == 1


@given(runs(words=hostile_texts))
def test_a_tale_cannot_drive_a_terminal_and_ends_as_the_text_does(events: list[Any]) -> None:
    text = told(events)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)
    last = to_text(fold(events)).splitlines()[-1]
    assert text.splitlines()[-1] == last
