"""Pages beside the report: one for each task, with its problems and who solved them, and one for each run."""

from __future__ import annotations

from collections.abc import Hashable
from html import escape
from pathlib import Path

from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.ledger import read_records
from codesteer_kernel.evaluation.report.cells import file_name, paper_name, row_head
from codesteer_kernel.evaluation.report.document import NONE, Cell, Grid
from codesteer_kernel.evaluation.report.html import frame, table
from codesteer_kernel.evaluation.results import UNFINISHED, Results, Way, problem_of
from codesteer_kernel.record import Record
from codesteer_kernel.render import to_html
from codesteer_kernel.symbench import tasks

__all__ = ["write_runs"]

Pages = dict[tuple[str, str], str]
"""The page of a run, by the row's source ("" for any) and the attempt's key."""


def write_runs(results: Results, out: Path) -> list[Path]:
    """Write ``runs/`` and ``tasks/``; returns the pages of tasks. One record is in memory at a time.

    Raises:
        OSError: a page cannot be written.
        BadInput: a ledger cannot be read.
    """
    for name in ("runs", "tasks"):
        (out / name).mkdir(parents=True, exist_ok=True)
    pages: Pages = {}
    for source in results.sources:
        for attempt, record in read_records(source.path):
            if attempt.status not in UNFINISHED:
                name = file_name(attempt.run or f"{source.name}-{attempt.key}")
                pages[source.name, attempt.key] = pages["", attempt.key] = name
                _write(out / "runs" / name, _run_page(attempt, record))
    written = []
    for task in results.tasks:
        written.append(out / "tasks" / file_name(task))
        _write(written[-1], _task_page(results, task, pages))
    return written


def _write(path: Path, text: str) -> None:
    # Models may have written what no UTF-8 holds.
    path.write_text(text, encoding="utf-8", errors="replace")


def _verdict(attempt: Attempt) -> str:
    return "✓ right" if attempt.correct else f"✗ {attempt.error or attempt.code or attempt.status}"


def _knobs(attempt: Attempt) -> str:
    knobs = ", ".join(f"{name} {value}" for name, value in attempt.knobs.items())
    return f"level {attempt.level}: {knobs}" if attempt.level else knobs


def _run_page(attempt: Attempt, record: Record) -> str:
    steered = f", steered by {attempt.steerer}" if attempt.steerer else ""
    lines = [
        f"{attempt.target}{steered}",
        f"{_verdict(attempt)}: {attempt.reason}" if attempt.reason else _verdict(attempt),
        f"Read as: {attempt.extracted}" if attempt.extracted else "",
        f"Seed {attempt.seed}, {_knobs(attempt)}",
    ]
    lead = f"<p>{'<br>'.join(escape(line) for line in lines if line)}</p>"
    paper = paper_name(attempt.task)
    back = f'<p class="back"><a href="../tasks/{file_name(attempt.task)}">All problems of {escape(paper)}</a></p>'
    title = Way(attempt.method, attempt.target).title
    return frame(f"{paper}: {title}", lead, f"{back}{to_html(record)}")


def _task_page(results: Results, task: str, pages: Pages) -> str:
    rows = [one for one in results.rows if task in one.cells]
    tried: dict[Hashable, dict[Way, Attempt]] = {}
    for one in rows:
        for attempt in one.attempts:
            if attempt.task == task:
                tried.setdefault(problem_of(attempt), {})[one.way] = attempt
    lines = []
    for by_way in tried.values():
        problem = next(iter(by_way.values()))
        cells = [_found(by_way.get(one.way), one.way.source, pages) for one in rows]
        lines.append([Cell(f"seed {problem.seed}", _knobs(problem)), *cells])
    titles = [Cell("problem"), *(row_head(results, one) for one in rows)]
    grid = Grid(f"{paper_name(task)}: problems and runs", titles, lines, "Each verdict leads to its run.", sticky=True)
    lead = f"<p>{escape(tasks()[task].about)}<br>Right: {escape(tasks()[task].rule)}</p>" if task in tasks() else ""
    back = '<p class="back"><a href="../report.html">The report</a></p>'
    return frame(paper_name(task), lead, f"{back}{table(grid)}")


def _found(attempt: Attempt | None, source: str, pages: Pages) -> Cell:
    if attempt is None:
        return Cell(NONE)
    page = pages.get((source, attempt.key))
    count = len(attempt.decisions)
    spent = f"{count} round{'' if count == 1 else 's'}, {attempt.seconds:.1f} s"
    return Cell(_verdict(attempt), spent, link=f"../runs/{page}" if page else "", share=float(attempt.correct))
