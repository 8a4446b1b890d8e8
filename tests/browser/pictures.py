"""The pictures of ``docs``, taken anew: ``make screenshots``. JupyterLab and VS Code draw saved runs; nothing steers.

Not a test by its name, so that no test run changes the documentation.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import nbformat
import pytest

from codesteer_kernel.record import decode_record
from codesteer_kernel.render import mime_bundle
from tests.browser.vscode.editor import Editor
from tests.browser.vscode.notebooks import saved_runs
from tests.widgets.page import ROOT, dress, open_page, read_sample, show

pytestmark = pytest.mark.browser

DOCS = ROOT / "docs"
# The cell alone: no toolbar, no other cell, no frame of the browser.
ALONE = """() => {
  document.querySelectorAll('.jp-Collapser, .jp-Notebook-footer, .jp-cell-toolbar').forEach(one => one.remove());
  const style = document.createElement('style');
  style.textContent = '.jp-Cell { border: 0 !important; box-shadow: none !important; outline: 0 !important }';
  document.head.append(style);
}"""


@pytest.mark.parametrize(
    ("name", "theme", "picture"),
    [("refined", "light", "run"), ("refined", "dark", "run-dark"), ("rich", "light", "run-data")],
)
def test_take(open_notebook: Callable[..., Any], lab: Any, name: str, theme: str, picture: str) -> None:
    record = read_sample(name)
    options = " --out by_city,best,chart" if name == "rich" else ""
    cell = nbformat.v4.new_code_cell(f"%%codesteer{options}\n{record['question']['prompt']}", execution_count=2)
    bundle = json.loads(json.dumps(mime_bundle(decode_record(record))))
    cell.outputs = [nbformat.v4.new_output("display_data", data=bundle)]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": spec})
    nbformat.write(notebook, lab.folder / f"{picture}.ipynb")
    opened = open_notebook(f"{picture}.ipynb", theme=theme)
    opened.page.set_viewport_size({"width": 1320, "height": 2400})
    opened.cell(0).locator(".cs-run[data-host='lab']").wait_for(timeout=30_000)
    opened.page.evaluate(ALONE)
    opened.cell(0).screenshot(path=DOCS / f"{picture}.png")


def test_take_narrow(page: Any) -> None:
    open_page(page)
    page.set_viewport_size({"width": 400, "height": 900})
    dress(page, "lab-light")
    show(page, read_sample("refined"), actions=["insert", "feedback", "rerun", "rate"])
    page.screenshot(path=DOCS / "run-narrow.png", full_page=True)


@pytest.mark.parametrize(("theme", "picture"), [("light", "vscode"), ("dark", "vscode-dark")])
def test_take_vscode(vscode: Editor, vscode_page: Any, theme: str, picture: str) -> None:
    vscode.set(theme, window__commandCenter=False, workbench__layoutControl__enabled=False)
    vscode_page.set_viewport_size({"width": 1280, "height": 860})
    window = vscode.open(vscode_page, saved_runs(vscode.folder))
    outputs = window.frame(".cs-run")
    window.list_runs().nth(2).click()
    # The extension has answered, and the view has all its buttons.
    outputs.locator(".cs-answer", has_text="32").get_by_role("button", name="Insert into a cell").first.wait_for()
    vscode_page.mouse.move(0, 0)
    vscode_page.wait_for_timeout(1_000)
    vscode_page.screenshot(path=DOCS / f"{picture}.png")


@pytest.fixture
def page(browser: Any) -> Any:
    context = browser.new_context()
    yield context.new_page()
    context.close()
