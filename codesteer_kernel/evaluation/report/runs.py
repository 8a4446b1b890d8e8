"""Pages beside the report: one for each task, with its problems and who solved them, and one for each run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable
from html import escape
from pathlib import Path

from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.ledger import read_records
from codesteer_kernel.evaluation.report.document import NONE, Cell, Grid
from codesteer_kernel.evaluation.report.html import frame, table
from codesteer_kernel.evaluation.results import UNFINISHED, Results, problem_of
from codesteer_kernel.record import Record
from codesteer_kernel.render import to_html
from codesteer_kernel.symbench import tasks

__all__ = ["write_runs"]

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def write_runs(results: Results, out: Path) -> list[Path]:
    """Write ``runs/`` and ``tasks/``; returns the pages of tasks. One record is in memory at a time.

    Raises:
        OSError: a page cannot be written.
        BadInput: a ledger cannot be read.
    """
    for name in ("runs", "tasks"):
        (out / name).mkdir(parents=True, exist_ok=True)
    names: dict[tuple[str, str], str] = {}
    for job in results.sources:
        for attempt, record in read_records(job.path):
            if attempt.status in UNFINISHED:
                continue
            name = names[job.name, attempt.key] = _name(job.name, attempt)
            text = _run_page(attempt, record)
            (out / "runs" / f"{name}.html").write_text(text, encoding="utf-8", errors="replace")
    by_key = {key: name for (_, key), name in names.items()}
    pages = []
    for task in results.tasks:
        path = out / "tasks" / f"{_safe(task)}.html"
        path.write_text(_task_page(results, task, names, by_key), encoding="utf-8", errors="replace")
        pages.append(path)
    return pages


def _safe(name: str) -> str:
    return name if _SAFE.fullmatch(name) else hashlib.sha256(name.encode()).hexdigest()[:16]


def _name(job: str, attempt: Attempt) -> str:
    """A run's file; runs of different jobs may have been given the same id by whoever copied a folder."""
    return _safe(attempt.run) if attempt.run else _safe(f"{job}-{attempt.key}")


def _verdict(attempt: Attempt) -> str:
    return "✓ right" if attempt.correct else f"✗ {attempt.error or attempt.code or attempt.status}"


def _run_page(attempt: Attempt, record: Record) -> str:
    paper = tasks()[attempt.task].paper_name if attempt.task in tasks() else attempt.task
    steered = f", steered by {attempt.steerer}" if attempt.steerer else ""
    knobs = ", ".join(f"{name} {value}" for name, value in attempt.knobs.items())
    lines = [
        f"{attempt.method} with {attempt.target}{steered}",
        f"{_verdict(attempt)}: {attempt.reason}" if attempt.reason else _verdict(attempt),
        f"read as: {attempt.extracted}" if attempt.extracted else "",
        f"seed {attempt.seed}, level {attempt.level or NONE}; {knobs}",
    ]
    lead = "".join(f"<p>{escape(line)}</p>" for line in lines if line)
    back = f'<p class="back"><a href="../tasks/{_safe(attempt.task)}.html">All problems of {escape(paper)}</a></p>'
    return frame(f"{paper}: {attempt.method}", lead, f"{back}{to_html(record)}")


def _task_page(results: Results, task: str, names: dict[tuple[str, str], str], by_key: dict[str, str]) -> str:
    paper = tasks()[task].paper_name if task in tasks() else task
    rows = [one for one in results.rows if task in one.cells]
    tried: dict[Hashable, dict[int, Attempt]] = {}
    for place, one in enumerate(rows):
        for attempt in one.attempts:
            if attempt.task == task:
                tried.setdefault(problem_of(attempt), {})[place] = attempt
    lines = []
    for by_row in tried.values():
        any_ = next(iter(by_row.values()))
        line = [
            Cell(
                f"seed {any_.seed}", f"{any_.level or 'knobs'}: {', '.join(f'{k} {v}' for k, v in any_.knobs.items())}"
            )
        ]
        for place, one in enumerate(rows):
            found = by_row.get(place)
            if found is None:
                line.append(Cell(NONE))
                continue
            name = names.get((one.way.source, found.key)) or by_key.get(found.key)
            spent = f"{len(found.decisions)} rounds, {found.seconds:.1f} s"
            line.append(
                Cell(_verdict(found), spent, link=f"../runs/{name}.html" if name else "", share=float(found.correct))
            )
        lines.append(line)
    head = [Cell("problem"), *(Cell(*results.label(one.way)) for one in rows)]
    grid = Grid(f"{paper}: problems and runs", head, lines, "Each verdict leads to its run.", sticky=True)
    about = tasks()[task].about if task in tasks() else ""
    rule = tasks()[task].rule if task in tasks() else ""
    lead = f"<p>{escape(about)}</p><p>Right is: {escape(rule)}</p>" if about else ""
    return frame(paper, lead, f'<p class="back"><a href="../report.html">The report</a></p>{table(grid)}')
