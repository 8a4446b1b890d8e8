"""The report of jobs: one HTML page that loads nothing, Markdown, tables as CSV, and a page for each run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from codesteer_kernel.errors import CacheNotWritable
from codesteer_kernel.evaluation.report.content import document
from codesteer_kernel.evaluation.report.html import page
from codesteer_kernel.evaluation.report.markdown import markdown
from codesteer_kernel.evaluation.report.runs import write_runs
from codesteer_kernel.evaluation.report.sheets import attempts_sheet, cells_sheet
from codesteer_kernel.evaluation.results import results

__all__ = ["write"]


def write(folders: Sequence[Path], out: Path, *, title: str = "", runs: bool = True) -> list[Path]:
    """Report jobs into the folder ``out``: ``report.html``, ``report.md``, ``cells.csv``, ``attempts.csv``, and pages of runs.

    Records are read one at a time: the report of a big job needs no big memory.

    Args:
        folders: of jobs; all go into one report.
        out: is made where it does not exist; files of an earlier report in it are written over.
        title: of the report; default: the jobs' names.
        runs: with the pages of tasks and runs, by far the most of it; without them the report is a small one to keep.

    Returns:
        The four files and the pages of tasks, the page first.

    Raises:
        BadInput: no job, or one that cannot be read.
        CacheNotWritable: ``out`` cannot be written.
    """
    found = results(folders)
    told = document(found, title or f"Evaluation: {', '.join(job.name for job in found.sources)}", linked=runs)
    try:
        out.mkdir(parents=True, exist_ok=True)
        pages = write_runs(found, out) if runs else []
        files = {
            "report.html": page(told),
            "report.md": markdown(told),
            "cells.csv": cells_sheet(found),
            "attempts.csv": attempts_sheet(found),
        }
        for name, text in files.items():
            (out / name).write_text(text, encoding="utf-8", errors="replace", newline="")
    except OSError as fault:
        raise CacheNotWritable(
            f"The report cannot be written to {out}: {fault.strerror}.", "Name another folder with -o."
        ) from None
    return [*(out / name for name in files), *pages]
