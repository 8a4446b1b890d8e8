"""A run as HTML, Markdown and plain text: everything is there, and nothing of what models and programs wrote runs."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from typing import Any

import mistune
import pytest
from hypothesis import given

from codesteer_kernel.record import (
    MIME_TYPE,
    Answer,
    Bound,
    Budget,
    Decision,
    Execution,
    Failure,
    FinalAnswer,
    Output,
    Question,
    Record,
    Round,
    SelfAnswer,
    Support,
    Symbolic,
    Timing,
    Usage,
    decode_record,
    fold,
)
from codesteer_kernel.render import mime_bundle, round_lines, to_html, to_markdown, to_text
from codesteer_kernel.render.html import STYLES
from codesteer_kernel.render.tables import tables_of
from tests.record.strategies import HOSTILE, hostile_texts, runs

TAGS = {
    *("div", "p", "strong", "em", "small", "blockquote", "br", "h4", "pre", "code", "details", "summary"),
    *("ul", "li", "img", "table", "tr", "td", "th"),
}
PNG = base64.b64encode(b"\x89PNG not really").decode()


def a_run() -> Record:
    """Two rounds: a program that fails its test, then one that passes; with a figure and a bound value."""
    first = Round(
        index=1,
        decision=Decision(kind="code", source="model", confidence=0.9),
        answer=Answer(text="```python\nprint(6 + 7)\n```", code="print(6 + 7)", complete=True),
        execution=Execution(status="ok", tier="limits+landlock", stdout="13\n", seconds=0.2),
        symbolic=Symbolic(score=1.0, methods=["arithmetic"], note="Little computing."),
        self_answer=SelfAnswer(verdict="fail", reason="it is 42"),
        result="13",
        complete=True,
    )
    second = Round(
        index=2,
        decision=Decision(kind="refine", source="rule", guidance="Multiply <b>now</b>.", guidance_source="template"),
        answer=Answer(text="```python\nprint(6 * 7)\n```", code="print(6 * 7)", complete=True),
        execution=Execution(
            status="ok",
            tier="limits+landlock",
            stdout="42\n",
            outputs=[Output(kind="figure", data={"image/png": PNG, "text/plain": "<Figure>"})],
        ),
        symbolic=Symbolic(score=1.0, note="Little computing."),
        self_answer=SelfAnswer(verdict="pass"),
        result="42",
        complete=True,
    )
    return Record(
        id="r",
        status="done",
        question=Question(prompt="What is 6 * 7?\nSay it."),
        rounds=[first, second],
        answer=FinalAnswer(text="42", result="42", round=2, code="print(6 * 7)"),
        support=Support(level="verified", rounds=[2], note="Checked by a program."),
        bound=[Bound(name="total", type="int"), Bound(name="gone", error="not set")],
        usage=Usage(calls=5, input_tokens=1234, output_tokens=56, cost=None),
        timing=Timing(seconds=3.25, split={"answering": 2.0, "executing": 0.5}),
    )


class Reader(HTMLParser):
    """Reads HTML strictly: the tags and attributes seen, the text, and whether every tag was closed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.other = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("br", "img"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.other += data

    handle_decl = handle_pi = unknown_decl = handle_comment


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_all_renderings_hold_question_answer_rounds_and_support() -> None:
    record = a_run()
    for text in (Reader(to_html(record)).text, to_markdown(record), to_text(record)):
        flat = squeezed(text)
        for part in (
            "What is 6 * 7?",
            "42",
            "Checked by a program.",
            "Round 1",
            "Round 2",
            "print(6 + 7)",
            "print(6 * 7)",
            "Multiply <b>now</b>.",
            "it is 42",
            "passed",
            "failed",
            "13",
            "limits+landlock",
            "Little computing.",
            "total is bound (int)",
            "gone could not be bound: not set",
            "5 model calls",
            "1,234 tokens",
            "cost unknown",
        ):
            assert squeezed(part) in flat, part


def test_the_answer_comes_first_in_documents_and_last_in_a_terminal() -> None:
    record = a_run()
    html, markdown, text = to_html(record), to_markdown(record), to_text(record)
    assert html.index("Answer") < html.index("Round 1")
    assert markdown.index("### Answer") < markdown.index("Round 1")
    assert text.index("Answer: 42") > text.index("Round 2")


def test_the_winning_round_is_the_one_that_is_open() -> None:
    opened = [attrs for tag, attrs in Reader(to_html(a_run())).tags if tag == "details"]
    assert [("open" in attrs) for attrs in opened] == [False, True]


def test_figures_are_drawn_from_their_data_alone() -> None:
    images = [attrs for tag, attrs in Reader(to_html(a_run())).tags if tag == "img"]
    assert images == [{"alt": "<Figure>", "src": f"data:image/png;base64,{PNG}"}]


def test_money_is_never_called_zero_when_it_is_unknown() -> None:
    assert "cost unknown" in to_text(a_run())
    assert "$" not in to_text(a_run()).replace("[$]", "")


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (Record(), "Waiting"),
        (Record(status="running"), "starting"),
        (Record(status="stopped"), "kept"),
        (Record(status="lost"), "went away"),
        (Record(status="exhausted", budget=Budget(hit="tokens")), "tokens"),
        (Record(status="failed", error=Failure(code="x", message="It broke.", cure="Mend it.")), "It broke. Mend it."),
        (Record(status="failed"), "Failed"),
    ],
)
def test_every_status_is_told_in_every_rendering(record: Record, words: str) -> None:
    for text in (Reader(to_html(record)).text, to_markdown(record), to_text(record)):
        assert words in text


def test_a_missing_answer_is_no_answer() -> None:
    record = Record(status="failed", error=Failure(code="no_answer", message="No answer."))
    assert "Answer" not in to_html(record)
    assert "### Answer" not in to_markdown(record)


# -- hostile records


@given(runs(words=hostile_texts))
def test_html_holds_our_tags_and_nothing_that_runs(events: list[Any]) -> None:
    record = fold(events)
    html = to_html(record)
    read = Reader(html)
    assert not read.other, "a comment or declaration got through"
    for tag, attributes in read.tags:
        assert tag in TAGS
        assert set(attributes) <= {"class", "open", "alt", "src", "style"}
        assert attributes.get("style") in {None, *STYLES}
        if "src" in attributes:
            assert re.fullmatch(r"data:image/(png|jpeg|svg\+xml);base64,[A-Za-z0-9+/=]+", attributes["src"] or "")
    assert squeezed(record.question.prompt) in squeezed(read.text)
    assert sum(tag == "blockquote" for tag, _ in read.tags) == 1 + sum(
        bool(one.decision.guidance) for one in record.rounds
    )
    for this in record.rounds:
        assert squeezed(this.answer.code if this.answer.code is not None else this.answer.text) in squeezed(read.text)


def blocks(markdown: str) -> list[dict[str, Any]]:
    """The top-level blocks of a Markdown document."""
    parsed = mistune.create_markdown(renderer=None)(markdown)
    assert isinstance(parsed, list)
    return [block for block in parsed if block["type"] != "blank_line"]


def words_of(block: dict[str, Any]) -> str:
    return str(block.get("raw", "")) + "".join(words_of(child) for child in block.get("children", []))


@given(runs(words=hostile_texts))
def test_markdown_keeps_its_own_shape_whatever_it_holds(events: list[Any]) -> None:
    record = fold(events)
    found = blocks(to_markdown(record))
    headings = [words_of(block) for block in found if block["type"] == "heading"]
    expected = [*(["Answer"] if record.answer else []), *(f"Round {one.index}" for one in record.rounds)]
    assert [heading.partition(":")[0] for heading in headings] == expected
    assert found[-2]["type"] == "thematic_break"
    assert "model calls" in words_of(found[-1])
    programs = [one.answer.code for one in record.rounds if one.answer.code is not None]
    fenced = [words_of(block) for block in found if block["type"] == "block_code"]
    for program in programs:
        assert any(squeezed(program) == squeezed(code) for code in fenced)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_field_of_a_record_can_break_the_markdown(text: str) -> None:
    execution = Execution(status="error", tier=text, stdout=text, error=text, traceback=text, limit=text)
    decision = Decision(kind="text", source="model", guidance=text, reason=text)
    one = Round(
        index=1,
        decision=decision,
        answer=Answer(text=text, complete=True),
        execution=execution,
        symbolic=Symbolic(score=1.0, note=text),
        self_answer=SelfAnswer(verdict="fail", reason=text),
    )
    record = Record(
        status="failed",
        question=Question(prompt=text),
        rounds=[one, one],
        answer=FinalAnswer(text=text),
        support=Support(level="none", note=text),
        bound=[Bound(name=text, type=text), Bound(name=text, error=text)],
        error=Failure(code=text, message=text, cure=text),
    )
    found = blocks(to_markdown(record))
    headings = [words_of(block).partition(":")[0] for block in found if block["type"] == "heading"]
    assert headings == ["Answer", "Round 1", "Round 1"]
    assert "model calls" in words_of(found[-1])


@pytest.mark.parametrize("inside", ["```", "````\n```", "~~~", "`" * 50, "```python\nprint(1)\n```\n"])
def test_a_fence_cannot_be_broken_out_of(inside: str) -> None:
    program = f"x = '''\n{inside}\n# not a heading\n'''"
    one = Round(
        index=1,
        decision=Decision(kind="code", source="model"),
        answer=Answer(text=program, code=program, complete=True),
        execution=Execution(status="error", stdout=program, traceback=program, error=program),
    )
    record = Record(status="done", rounds=[one], answer=FinalAnswer(text=program, code=program, round=1))
    found = blocks(to_markdown(record))
    assert [words_of(block) for block in found if block["type"] == "heading"] == [
        "Answer",
        "Round 1: code, decided by the steerer's model",
    ]
    assert sum(block["type"] == "block_code" for block in found) == 4


@given(runs(words=hostile_texts))
def test_plain_text_cannot_drive_a_terminal(events: list[Any]) -> None:
    record = fold(events)
    lines = [line for one in record.rounds for line in round_lines(one)]
    for text in (to_text(record), *lines):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)


# -- the bundle of a finished cell


@given(runs(words=hostile_texts))
def test_the_bundle_holds_the_record_and_three_renderings_and_no_widget(events: list[Any]) -> None:
    record = fold(events)
    bundle = mime_bundle(record)
    assert list(bundle) == [MIME_TYPE, "text/html", "text/markdown", "text/plain"]
    assert decode_record(bundle[MIME_TYPE]) == record


def test_the_bundle_of_a_huge_record_is_bounded_in_all_its_parts() -> None:
    record = fold([])
    record = Record(
        status="done",
        question=Question(prompt="x" * 2_000_000),
        answer=FinalAnswer(text="y" * 2_000_000, round=1),
        cut=record.cut,
    )
    bundle = mime_bundle(record)
    assert all(len(str(part)) < 300_000 for part in bundle.values())


def test_tables_keep_their_text_and_nothing_else() -> None:
    frame = (
        "<div><style>td {color: red}</style><table border='1' onclick='x()' class='dataframe'><thead><tr><th></th>"
        "<th colspan='2' rowspan='1e9'>a &lt;b&gt;</th></tr></thead><tbody><tr><td style='x'>1<br>2"
        "<script>alert(1)</script><img src=x onerror=y></td><td>3</td></tr></tbody></table><p>2 rows</p></div>"
    )
    assert tables_of(frame) == (
        '<table><tr><th></th><th colspan="2">a &lt;b&gt;</th></tr><tr><td>1 2</td><td>3</td></tr></table>'
    )
    assert tables_of("<p>no table</p><table></table>") == ""
    assert tables_of("<table>" + "<tr><td>1" * 5_000) == ""
    assert Reader(tables_of("<table><tr><td>1<table><tr><td>2</table>3")).text == "123"


@given(text=hostile_texts)
def test_no_markup_comes_through_a_table(text: str) -> None:
    Reader(tables_of(f"<table><tr><td>{text}"))
    assert {tag for tag, _ in Reader(tables_of(f"<table><tr><td>{text}")).tags} <= {"table", "tr", "td", "th"}


def test_drawings_and_tables_of_programs_are_shown() -> None:
    outputs = [
        Output(kind="display", data={"image/svg+xml": "<svg><script>alert(1)</script></svg>", "text/plain": "s"}),
        Output(kind="result", data={"text/html": "<table><tr><td>7</td></tr></table>", "text/plain": "   7"}),
    ]
    run = Execution(status="ok", outputs=outputs)
    html = to_html(Record(rounds=[Round(index=1, decision=Decision(kind="code", source="rule"), execution=run)]))
    assert "<script" not in html
    assert "data:image/svg+xml;base64," in html
    assert "<table><tr><td>7</td></tr></table>" in html
