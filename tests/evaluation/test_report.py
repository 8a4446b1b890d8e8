"""The report: everything that was measured is in it, published numbers are marked, and it stays small in memory."""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec.structs import replace

from codesteer_kernel.errors import BadInput, CacheNotWritable
from codesteer_kernel.evaluation import published, report
from codesteer_kernel.evaluation.report.words import caveats, findings
from codesteer_kernel.evaluation.results import results
from tests.evaluation.jobs import attempts_of, write_job

LEVELS = [*(("letters", level) for level in ("1", "3", "4")), ("game24", "2"), ("pooling", "1")]
METHODS = ["only-question", "codesteer"]


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = attempts_of(METHODS, LEVELS, n=4, right=lambda method, *_: 0.8 if method == "codesteer" else 0.1)
    settings = {"rounds": 3, "temperature": 0.0, "target": "", "hide": []}
    return write_job(
        tmp_path_factory.mktemp("jobs") / "mine", made, methods=METHODS, settings=settings, commit="abc123"
    )


class Page(HTMLParser):
    """Every tag with its attributes, the text, and the links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def links(self) -> list[str]:
        return [attributes["href"] or "" for tag, attributes in self.tags if tag == "a"]


def test_the_files_of_a_report(job: Path, tmp_path: Path) -> None:
    written = report.write([job], tmp_path / "out")
    assert [path.name for path in written] == [
        "report.html",
        "report.md",
        "cells.csv",
        "attempts.csv",
        "game24.html",
        "pooling.html",
        "letters.html",
    ]
    assert all(path.exists() for path in written)
    assert len(list((tmp_path / "out" / "runs").glob("*.html"))) == 40
    # Again into the same place: the same files.
    assert report.write([job], tmp_path / "out") == written


def test_a_report_without_runs_is_four_files_that_lead_nowhere_else(job: Path, tmp_path: Path) -> None:
    written = report.write([job], tmp_path / "out", runs=False)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(path.name for path in written)
    assert len(written) == 4
    assert all(link.startswith(("#", "http")) for link in Page(written[0].read_text(encoding="utf-8")).links)
    assert "](" not in written[1].read_text(encoding="utf-8")


def test_the_page_loads_nothing_and_every_link_leads_somewhere(job: Path, tmp_path: Path) -> None:
    written = report.write([job], tmp_path)
    pages = [path for path in written if path.suffix == ".html"] + list((tmp_path / "runs").glob("*.html"))
    for path in pages:
        page = Page(path.read_text(encoding="utf-8"))
        assert not {"script", "link", "iframe", "object", "form"} & {tag for tag, _ in page.tags}
        assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
        sources = [attributes["src"] or "" for _, attributes in page.tags if "src" in attributes]
        assert all(source.startswith("data:") for source in sources)
        places = {attributes.get("id") for _, attributes in page.tags}
        for link in page.links:
            if link.startswith("#"):
                assert link[1:] in places
            else:
                assert (path.parent / link).resolve().is_file(), link


def test_every_run_can_be_reached_from_the_page(job: Path, tmp_path: Path) -> None:
    front = Page(report.write([job], tmp_path)[0].read_text(encoding="utf-8"))
    tasks = [link for link in front.links if link.startswith("tasks/")]
    runs = {
        link for task in tasks for link in Page((tmp_path / task).read_text(encoding="utf-8")).links if "runs/" in link
    }
    assert {Path(link).name for link in runs} == {path.name for path in (tmp_path / "runs").iterdir()}


def test_the_page_says_what_was_measured_and_marks_what_was_published(job: Path, tmp_path: Path) -> None:
    page = Page(report.write([job], tmp_path, title="Mine <b>")[0].read_text(encoding="utf-8"))
    assert "Mine <b>" in page.text
    assert "commit" in page.text
    assert "abc123" in page.text
    # Of the settings only what is not the default.
    assert "rounds 3" in page.text
    assert "temperature" not in page.text
    (one,) = [one for one in results([job]).rows if one.way.method == "codesteer"]
    mean = one.mean()
    assert mean
    assert f"{100 * mean.value:.1f}" in page.text
    # Every cell with a published number is marked as one.
    marked = [attributes for tag, attributes in page.tags if "published" in (attributes.get("class") or "").split()]
    assert len(marked) > 13
    assert page.text.count("published") >= 13


def test_ways_of_our_own_stand_beside_no_published_column(tmp_path: Path) -> None:
    job = write_job(tmp_path / "job", attempts_of(["codesteer", "unheard-of"], LEVELS, n=2))
    report.write([job], tmp_path / "out")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "cells.csv").read_text())))
    assert {row["published"] for row in rows if row["method"] == "unheard-of"} == {""}
    shares = {row["task"]: float(row["published"]) for row in rows if row["method"] == "codesteer"}
    assert shares == {task: published.table().column("CS")[task] for task in ("game24", "letters", "pooling")}


def test_markdown_has_the_same_sections(job: Path, tmp_path: Path) -> None:
    page, text, *_ = report.write([job], tmp_path)
    headings = re.findall(r'<h2 id="[^"]*">([^<]*)</h2>', page.read_text(encoding="utf-8"))
    assert re.findall(r"^## (.*)$", text.read_text(encoding="utf-8"), re.MULTILINE) == headings
    # Every row of a table has as many cells as its head.
    for block in text.read_text(encoding="utf-8").split("\n\n"):
        lines = block.splitlines()
        if lines[0].startswith("|"):
            assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


def test_sheets_hold_every_attempt_and_no_formula(tmp_path: Path) -> None:
    made = [
        (replace(one, extracted="=cmd()", reason="+1"), record) for one, record in attempts_of(METHODS, LEVELS, n=2)
    ]
    report.write([write_job(tmp_path / "job", made)], tmp_path / "out")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "attempts.csv").read_text())))
    assert {row["key"] for row in rows} == {one.key for one, _ in made}
    assert {row["extracted"] for row in rows} == {"'=cmd()"}


def test_what_models_say_stays_text(tmp_path: Path) -> None:
    (attempt, record), *_ = attempts_of(["codesteer"], LEVELS[:1], n=1)
    bad = "<script>alert(1)</script><img src=x onerror=y>"
    attempt = replace(
        attempt, extracted=bad, reason=bad, error=bad, status="failed", level=bad, run="../../x", correct=False
    )
    job = write_job(
        tmp_path / "job", [(attempt, replace(record, question=replace(record.question, prompt=bad)))], note=bad
    )
    report.write([job], tmp_path / "out", title=bad)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["job", "out"]
    for path in (tmp_path / "out").rglob("*.html"):
        tags = {
            tag
            for tag, attributes in Page(path.read_text(encoding="utf-8")).tags
            if tag == "script" or "onerror" in attributes
        }
        assert not tags, path


def test_jobs_of_several_targets_share_a_report(tmp_path: Path) -> None:
    first = write_job(tmp_path / "small", attempts_of(METHODS, LEVELS, n=2, targets=["p/small"]))
    second = write_job(tmp_path / "large", attempts_of(METHODS, LEVELS, n=2, targets=["p/large"], steerer="p/small"))
    page = Page(report.write([first, second], tmp_path / "out")[0].read_text(encoding="utf-8"))
    assert "The row against the column, with p/small" in page.text
    assert "The row against the column, with p/large" in page.text
    assert "CodeSteer: the row's target against the column's" not in page.text, "another steerer is another way"
    assert "Only Question: the row's target against the column's" in page.text


def test_what_beats_the_plain_question_is_said_only_where_it_is_told(tmp_path: Path) -> None:
    def told(n: int) -> str:
        made = attempts_of(METHODS, LEVELS, n=n, right=lambda method, *_: method == "codesteer")
        return "\n".join(findings(results([write_job(tmp_path / str(n), made)])))

    assert "CodeSteer is better than Only Question by 100.0 points" in told(4)
    assert "better" not in told(1)
    assert "Cannot be told from Only Question" in told(1)


def test_the_best_are_named_and_ties_share(tmp_path: Path) -> None:
    def told(name: str, *methods: str) -> str:
        made = attempts_of(methods, LEVELS, n=2, right=lambda method, *_: method != "only-question")
        return findings(results([write_job(tmp_path / name, made)]))[0]

    assert told("one", "codesteer").startswith("CodeSteer gets 100.0 % (")
    assert told("two", *METHODS).startswith("CodeSteer has the highest mean over tasks, 100.0 % (")
    assert told("tie", "codesteer", "x").startswith("CodeSteer and x share the highest mean over tasks")


def test_the_limits_of_the_numbers_come_from_the_numbers(tmp_path: Path) -> None:
    pairs = list(attempts_of(["codesteer"], LEVELS, n=2))
    calm = "\n".join(caveats(results([write_job(tmp_path / "calm", pairs)])))
    assert "Cells are small: 2 to 6 problems each" in calm
    assert "3 of 37 tasks were tried (1 unseen)" in calm
    assert "failed" not in calm
    assert "budget" not in calm
    assert "versions" not in calm
    (first, record), (second, _), *rest = pairs
    worse = [
        (replace(first, status="failed", error="overloaded"), record),
        (replace(second, hit="seconds", cost=None), record),
        *rest,
    ]
    told = "\n".join(
        caveats(results([write_job(tmp_path / "a", worse), write_job(tmp_path / "b", pairs, versions={"x": "2"})]))
    )
    assert "1 of 20 runs failed (overloaded 1)" in told
    assert "ended by a budget (seconds 1)" in told
    assert "different versions of software" in told
    assert "price of some calls is not known" in told


def test_a_big_job_is_not_held_in_memory(tmp_path: Path) -> None:
    # 150 attempts whose records have 200 kB each: 30 MB, of which only one record at a time may be held.
    def padded() -> object:
        for attempt, record in attempts_of(["codesteer"], LEVELS, n=30):
            yield attempt, replace(record, question=replace(record.question, prompt="x" * 200_000))

    job = write_job(tmp_path / "job", padded())  # type: ignore[arg-type]
    assert (job / "attempts.jsonl").stat().st_size > 30_000_000
    tracemalloc.start()
    try:
        report.write([job], tmp_path / "out")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 15_000_000


def test_a_report_without_runs_has_no_dead_links(tmp_path: Path) -> None:
    job = write_job(tmp_path / "job", attempts_of(METHODS, LEVELS, n=1))
    lines = (job / "attempts.jsonl").read_text().splitlines()
    # As the ledger keeps runs that could not begin: without a record.
    (job / "attempts.jsonl").write_text("".join(re.sub(r',"record":.*\}$', "}", line) + "\n" for line in lines))
    (job / "job.json").unlink()
    page, *_ = report.write([job], tmp_path / "out")
    assert "job.json" in page.read_text(encoding="utf-8")
    assert not list((tmp_path / "out" / "runs").iterdir())
    for path in (tmp_path / "out" / "tasks").iterdir():
        assert "runs/" not in path.read_text(encoding="utf-8")


def test_bad_places_are_said(job: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No attempt has finished"):
        report.write([tmp_path / "nowhere"], tmp_path / "out")
    (tmp_path / "file").write_text("")
    with pytest.raises(CacheNotWritable, match="cannot be written"):
        report.write([job], tmp_path / "file")
