"""Jupyter Notebook 7: the same run view under a cell, and the panel in its sidebar."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest

from codesteer_kernel.record import MIME_TYPE, decode_record
from tests.browser.conftest import READY, SCREENSHOTS, Lab
from tests.browser.test_lab import cell, two_rounds
from tests.scripted import serving_in_thread

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def test_a_run_is_drawn_live_and_listed(lab: Lab, browser: Any) -> None:
    with serving_in_thread(two_rounds) as server:
        book = nbformat.v4.new_notebook(
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
            cells=[
                nbformat.v4.new_code_cell("%load_ext codesteer"),
                nbformat.v4.new_code_cell(cell(server.url, "What is 1 + 2 + ... + 10?")),
            ],
        )
        path = lab.folder / "seven.ipynb"
        nbformat.write(book, path)
        page = browser.new_context(viewport={"width": 1280, "height": 1100}).new_page()
        try:
            page.goto(f"{lab.url}/notebooks/seven.ipynb")
            page.wait_for_function(READY, timeout=60_000)
            page.evaluate("async () => { await window.jupyterapp.commands.execute('notebook:run-all-cells') }")
            output = page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea-output")
            output.get_by_text("Round 2").first.wait_for(timeout=60_000)
            output.get_by_role("button", name="Insert into a cell").first.wait_for(timeout=60_000)
            page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save') }")
            page.evaluate("async () => { await window.jupyterapp.commands.execute('codesteer:show-runs') }")
            page.locator("#codesteer-runs [role=option]").get_by_text("What is 1 + 2").first.wait_for(timeout=30_000)
        finally:
            page.screenshot(path=SCREENSHOTS / "notebook7.png")
            page.context.close()
    (shown,) = nbformat.read(path, as_version=4).cells[1].outputs
    assert decode_record(dict(shown.data[MIME_TYPE])).status == "done"
