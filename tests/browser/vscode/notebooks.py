"""Notebooks with runs, saved ones and one that goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat

from codesteer_kernel.record import Record, decode_record, encode_record, reduce, retell
from codesteer_kernel.render import mime_bundle
from tests.widgets.page import read_sample

__all__ = ["QUESTION", "live_run", "saved_runs", "write_notebook"]

QUESTION: str = read_sample("refined")["question"]["prompt"]
"""What the first of the saved runs was asked, and the one that goes on."""


def write_notebook(path: Path, cells: list[tuple[str, dict[str, Any] | None]]) -> None:
    """Write a notebook of sources and, where a cell has one, the MIME bundle of its output."""
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": spec, "language_info": {"name": "python"}})
    for number, (source, bundle) in enumerate(cells, start=1):
        cell = nbformat.v4.new_code_cell(source, execution_count=number if bundle else None)
        if bundle:
            cell.outputs = [nbformat.v4.new_output("display_data", data=json.loads(json.dumps(bundle)))]
        notebook.cells.append(cell)
    nbformat.write(notebook, path)


def saved_runs(folder: Path) -> str:
    """A notebook with two runs, as it is after its kernel has gone; returns its name."""
    cells: list[tuple[str, dict[str, Any] | None]] = [("%load_ext codesteer", None)]
    for name in ("refined", "rich"):
        record = read_sample(name)
        cells.append((f"%%codesteer\n{record['question']['prompt']}", mime_bundle(decode_record(record))))
    write_notebook(folder / "runs.ipynb", cells)
    return "runs.ipynb"


def live_run(folder: Path, *, ends: bool) -> str:
    """A notebook with a cell, and what the stand-in kernel plays when it is executed: the records of a run as it grew."""
    events = retell(decode_record(read_sample("refined")))
    records, record = [], Record()
    for event in events if ends else events[: len(events) // 2]:
        record = reduce(record, event)
        records.append(json.loads(encode_record(record)))
    # Of a run that ends a few moments are enough.
    shown = records[:: len(records) // 10] if ends else records
    (folder / "live.json").write_text(json.dumps([*shown, records[-1]]), encoding="utf-8")
    write_notebook(folder / "live.ipynb", [(f"%%codesteer\n{QUESTION}", None)])
    return "live.ipynb"
