"""Voila: a run drawn by hand in a dashboard, beside other widgets, with a callback in the kernel."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.browser.conftest import SCREENSHOTS
from tests.browser.server import free_port, serving
from tests.widgets.page import SAMPLES

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

DASHBOARD = """
import json
from pathlib import Path
import ipywidgets
from codesteer_widgets import RunWidget
said = ipywidgets.Label("nothing inserted")
run = RunWidget(json.loads(Path({path!r}).read_text(encoding="utf-8")))
run.on_insert(lambda *told: setattr(said, "value", "inserted"))
ipywidgets.VBox([ipywidgets.Label("A dashboard of ours"), run, said])
"""


@pytest.fixture
def dashboard(tmp_path: Path) -> Iterator[str]:
    cell = nbformat.v4.new_code_cell(DASHBOARD.format(path=str(SAMPLES / "refined.json")))
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": spec}), tmp_path / "board.ipynb")
    port = free_port()
    command = [sys.executable, "-m", "voila", "board.ipynb", f"--port={port}", "--no-browser", "--Voila.ip=127.0.0.1"]
    address = f"http://127.0.0.1:{port}/"
    with serving(command, f"{address}voila/static/main.js", log=tmp_path / "log", folder=tmp_path):
        yield address


def test_a_run_stands_in_a_layout_and_answers(dashboard: str, browser: Any) -> None:
    page = browser.new_context(viewport={"width": 1000, "height": 1000}).new_page()
    try:
        page.goto(dashboard, timeout=120_000)
        page.get_by_text("A dashboard of ours").wait_for(timeout=120_000)
        view = page.locator(".cs-run[data-status='done']")
        view.get_by_text("Round 2").first.wait_for(timeout=60_000)
        page.get_by_text("nothing inserted").wait_for()
        assert view.evaluate("run => run.offsetHeight <= run.parentElement.clientHeight"), "it is cut off"
        view.get_by_role("button", name="Insert into a cell").first.click()
        page.get_by_text("inserted", exact=True).wait_for(timeout=30_000)
    finally:
        page.screenshot(path=SCREENSHOTS / "voila.png")
        page.context.close()
