"""The magics outside a live notebook: IPython in a terminal, notebooks that are executed and saved."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import nbclient
import nbformat
import pytest

from codesteer_kernel.record import decode_record
from tests.magics.notebook import RUN, VIEW
from tests.run.scripts import model, say, script, two_rounds
from tests.scripted import Reply, serving_in_thread
from tests.terminal import interruptible

pytestmark = pytest.mark.kernel
PROMPT = "What is the sum of the squares of 1 to 10?"

# Cells come as JSON on standard input, as if typed one after another.
TERMINAL = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(history_length=0)
for cell in json.load(sys.stdin):
    shell.run_cell(cell, store_history=True)
"""


def terminal(cells: list[str]) -> subprocess.Popen[str]:
    process = interruptible(
        [sys.executable, "-c", TERMINAL],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"NO_COLOR": "1"},
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(cells))
    process.stdin.close()
    process.stdin = None
    return process


def test_in_a_terminal_rounds_are_printed_and_the_run_is_the_cells_value() -> None:
    with serving_in_thread(two_rounds()) as server:
        cells = [
            "%load_ext codesteer",
            f"%%codesteer --target {model(server)} --out nothing\n{PROMPT} {{braces}}",
            "print('value:', _.answer, _.status)",
            "%%time\n%%codesteer\nx",
            "%codesteer runs",
            "%codesteer replay last --speed inf",
        ]
        text, _ = terminal(cells).communicate(timeout=60)
        assert any("{braces}" in request.last_user for request in server.requests)
    for part in ("Round 1", "Round 2", "the sum is 385", "Answer: 385", "value: 385 done", "first line", "RUN"):
        assert part in text
    assert text.index("Round 1") < text.index("Round 2") < text.index("Answer: 385")
    assert text.count("Answer: 385") == 2, "the cell, and its replay"
    assert "Traceback" not in text


def test_ctrl_c_in_a_terminal_stops_the_run_and_the_next_cell_works() -> None:
    with serving_in_thread(script([say("text")], [Reply("one two three", hang_after=2)])) as server:
        cells = [
            "%load_ext codesteer",
            f"%%codesteer --target {model(server)}\nCount.",
            "import codesteer; print('kept:', codesteer.last.status, codesteer.last.rounds[0].answer.text)",
        ]
        process = terminal(cells)
        end = time.monotonic() + 30
        while not (len(server.requests) > 1 and server.requests[-1].pieces_sent == 2):
            assert time.monotonic() < end
            time.sleep(0.05)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        text, _ = process.communicate(timeout=30)
        assert server.requests[-1].disconnected
    assert "kept: stopped one two" in text


def test_an_executed_notebook_reads_without_a_kernel() -> None:
    with serving_in_thread(two_rounds()) as server:
        notebook = nbformat.v4.new_notebook(
            cells=[
                nbformat.v4.new_code_cell("%load_ext codesteer"),
                nbformat.v4.new_code_cell(f"%%codesteer --target {model(server)}\n{PROMPT}"),
                nbformat.v4.new_code_cell("_.answer"),
            ]
        )
        nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    nbformat.validate(notebook)
    saved = nbformat.reads(nbformat.writes(notebook), as_version=4)
    loading, run, value = (cell["outputs"] for cell in saved["cells"])
    assert loading == []
    (output,) = run
    assert output["output_type"] == "display_data"
    assert VIEW not in output["data"]
    assert decode_record(output["data"][RUN]).status == "done"
    assert "385" in output["data"]["text/plain"]
    assert value[0]["data"]["text/plain"] == "'385'"
