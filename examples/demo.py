"""The main job, headless: executes ``quickstart.ipynb`` on the embedded models and prints the rounds as they come.

    python examples/demo.py [--model qwen2.5-coder-0.5b] [--out out]

Writes the executed notebook and an HTML page, and says where they are.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from codesteer_kernel.record import MIME_TYPE, Record, decode_record
from codesteer_kernel.render import round_lines
from codesteer_kernel.render.words import cost_line, split_line, status_line

HERE = Path(__file__).parent


class Printer:
    """Prints each run once: the question, every round when it is complete, the end."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self._rounds: dict[str, int] = {}

    def show(self, record: Record) -> None:
        """Print what is new in ``record``."""
        if record.id not in self._rounds:
            self._rounds[record.id] = 0
            print(f"\n{'=' * 100}\n{record.question.prompt.strip()}\n{'-' * 100}", flush=True)
        done = [one for one in record.rounds if one.complete]
        for one in done[self._rounds[record.id] :]:
            print("\n".join(round_lines(one)), flush=True)
        self._rounds[record.id] = len(done)
        ended = record.status not in ("queued", "running")
        if ended and record.id not in self.records:
            self.records[record.id] = record
            print(status_line(record))
            if record.answer is not None:
                print(f"ANSWER: {record.answer.text}")
            if record.support is not None:
                print(f"support: {record.support.note}")
            print(f"cost: {cost_line(record)}\ntime: {split_line(record)}", flush=True)


class Client(NotebookClient):
    """A notebook client that shows what the cells display while they run."""

    printer: Printer

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Pass on one message of the kernel, after showing the run in it."""
        bundle = msg["content"].get("data") if msg["msg_type"] in ("display_data", "update_display_data") else None
        if bundle and MIME_TYPE in bundle:
            self.printer.show(decode_record(bundle[MIME_TYPE]))
        elif msg["msg_type"] == "error":
            print(f"{msg['content']['ename']}: {msg['content']['evalue']}", flush=True)
        return super().process_message(msg, cell, cell_index)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="embedded model, e.g. qwen2.5-coder-0.5b (default: what this machine can hold)")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder of the results")
    options = parser.parse_args()
    # No browser looks at this notebook: show runs as text rounds.
    os.environ["CODESTEER_LIVE"] = "text"
    if options.model:
        os.environ["CODESTEER_EMBEDDED"] = options.model
    notebook = nbformat.read(HERE / "quickstart.ipynb", as_version=4)
    printer = Printer()
    client = Client(notebook, timeout=1200, resources={"metadata": {"path": str(HERE)}}, allow_errors=True)
    client.printer = printer
    started = time.monotonic()
    client.execute()
    seconds = time.monotonic() - started
    options.out.mkdir(parents=True, exist_ok=True)
    executed, page = options.out / "quickstart.ipynb", options.out / "quickstart.html"
    nbformat.write(notebook, executed)
    page.write_text(HTMLExporter().from_notebook_node(notebook)[0], encoding="utf-8")
    _summary(printer, seconds)
    print(f"\nExecuted notebook: {executed.resolve()}\nHTML page:         {page.resolve()}")
    failed = [one for one in printer.records.values() if one.status == "failed"]
    errors = any(output.output_type == "error" for cell in notebook.cells for output in cell.get("outputs", ()))
    return 1 if failed or errors or not printer.records else 0


def _summary(printer: Printer, seconds: float) -> None:
    """Print where all the time went."""
    split: dict[str, float] = {}
    for record in printer.records.values():
        for phase, spent in record.timing.split.items():
            split[phase] = split.get(phase, 0.0) + spent
    parts = ", ".join(f"{phase} {spent:.1f} s" for phase, spent in sorted(split.items(), key=lambda one: -one[1]))
    rounds = sum(len(record.rounds) for record in printer.records.values())
    print(f"\n{len(printer.records)} questions, {rounds} rounds in {seconds:.1f} s: {parts}")


if __name__ == "__main__":
    sys.exit(main())
