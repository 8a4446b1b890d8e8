"""The pictures of ``docs``, taken anew: ``make screenshots``. JupyterLab and VS Code draw saved runs; nothing steers.

Not a test by its name, so that no test run changes the documentation.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from codesteer_kernel.record import decode_record
from codesteer_kernel.render import mime_bundle
from tests.browser.test_lab_panel import EXECUTE, Panel
from tests.browser.test_lab_reach import kept_panel, kept_runs
from tests.browser.vscode.editor import Editor
from tests.browser.vscode.notebooks import saved_runs
from tests.widgets.page import ROOT, dress, open_page, read_sample, show

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

DOCS = ROOT / "docs"
# After the flash of a chosen cell, and whatever else moves.
SETTLED_MS = 2000
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
    write(lab.folder / f"{picture}.ipynb", [name])
    opened = open_notebook(f"{picture}.ipynb", theme=theme)
    opened.page.set_viewport_size({"width": 1320, "height": 2400})
    opened.cell(0).locator(".cs-run[data-host='lab']").wait_for(timeout=30_000)
    opened.page.evaluate(ALONE)
    opened.cell(0).screenshot(path=DOCS / f"{picture}.png")


def write(path: Path, names: list[str]) -> None:
    """A notebook that was run: the magics loaded, then a cell for each of these runs."""
    cells = []
    for count, name in enumerate(names, 2):
        record = read_sample(name)
        options = " --out by_city,best,chart" if name == "rich" else ""
        cell = nbformat.v4.new_code_cell(f"%%codesteer{options}\n{record['question']['prompt']}", execution_count=count)
        bundle = json.loads(json.dumps(mime_bundle(decode_record(record))))
        cell.outputs = [nbformat.v4.new_output("display_data", data=bundle)]
        cells.append(cell)
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}), path)


@pytest.mark.parametrize(("theme", "picture"), [("light", "panel"), ("dark", "panel-dark")])
def test_take_the_panel(open_notebook: Callable[..., Any], lab: Any, theme: str, picture: str) -> None:
    panel = with_panel(open_notebook, lab, theme, 340)
    panel.rows.nth(1).click()
    panel.button("Show the rounds").click()
    panel.page.wait_for_timeout(SETTLED_MS)
    panel.page.screenshot(path=DOCS / f"{picture}.png")


def test_take_the_comparison(open_notebook: Callable[..., Any], lab: Any) -> None:
    panel = with_panel(open_notebook, lab, "light", 620)
    panel.page.set_viewport_size({"width": 1400, "height": 1250})
    panel.row("knight").nth(1).click()
    panel.row("knight").nth(0).click(modifiers=["Control"])
    panel.button("Compare").click()
    panel.page.wait_for_timeout(SETTLED_MS)
    panel.node.screenshot(path=DOCS / "panel-compare.png")


def test_take_the_form(open_notebook: Callable[..., Any], lab: Any) -> None:
    panel = with_panel(open_notebook, lab, "light", 420)
    panel.page.evaluate(EXECUTE, ["notebook:insert-cell-above", {}])
    panel.notebook.cell(0).locator(".cm-content").click()
    panel.page.keyboard.type(
        "import pandas as pd; orders = pd.DataFrame({'city': ['Oslo'] * 400, 'price': 9.5}); rate = 0.25"
    )
    panel.notebook.run(0)
    panel.notebook.finished(0)
    panel.button("New run").click()
    form = panel.node.get_by_role("form", name="New run")
    panel.page.set_viewport_size({"width": 1400, "height": 770})
    for name in ("orders", "rate"):
        form.get_by_role("checkbox", name=name).check(timeout=60_000)
    form.get_by_label("Question").fill("What would the takings be if every price rose by the rate?")
    form.get_by_label("Rounds").fill("3")
    panel.page.wait_for_timeout(SETTLED_MS)
    panel.node.screenshot(path=DOCS / "panel-form.png")


def test_take_the_kept(open_notebook: Callable[..., Any], tmp_path: Path) -> None:
    kept_runs(tmp_path / "runs", 10_000)
    elsewhere = f"import os; os.environ['CODESTEER_HOME'] = {str(tmp_path)!r}"
    notebook = open_notebook("Kept.ipynb", [elsewhere])
    notebook.page.set_viewport_size({"width": 1400, "height": 700})
    notebook.run(0)
    notebook.finished(0)
    panel = kept_panel(notebook)
    panel.width(340)
    panel.node.get_by_text("10002 runs").wait_for(timeout=120_000)
    panel.rows.first.click()
    panel.page.wait_for_timeout(SETTLED_MS)
    panel.node.screenshot(path=DOCS / "panel-kept.png")


def with_panel(open_notebook: Callable[..., Any], lab: Any, theme: str, width: int) -> Panel:
    """A notebook with four runs, and the panel beside it."""
    write(lab.folder / "Questions.ipynb", ["exhausted", "stopped", "rich", "refined"])
    opened = open_notebook("Questions.ipynb", theme=theme)
    opened.page.set_viewport_size({"width": 1400, "height": 1000})
    panel = Panel(opened)
    panel.width(width)
    panel.rows.nth(3).wait_for(timeout=30_000)
    return panel


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
