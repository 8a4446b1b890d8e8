"""The packaged extension in a real VS Code: saved runs drawn, live ones followed and stopped, cells written, runs listed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from codesteer_kernel.record import MIME_TYPE, decode_record
from codesteer_kernel.render import mime_bundle
from tests.browser.vscode.editor import Editor
from tests.browser.vscode.notebooks import QUESTION, live_run, saved_runs, write_notebook
from tests.browser.vscode.webview import ROOT, THEMES
from tests.widgets.page import read_sample

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

SCREENSHOTS = ROOT / "out" / "screenshots" / "vscode"
SCREENSHOTS.mkdir(parents=True, exist_ok=True)


def test_saved_runs_are_drawn_in_the_colours_of_the_theme(vscode: Editor, vscode_page: Any) -> None:
    window = vscode.open(vscode_page, saved_runs(vscode.folder))
    outputs = window.frame(".cs-run")
    outputs.locator(".cs-run").nth(1).wait_for(state="attached")
    assert sorted(outputs.locator(".cs-result").all_inner_texts()) == ["32", "Porto"]
    for name, theme in THEMES.items():
        window.wear(name)
        outputs.locator(f"body[data-vscode-theme-id='{theme['attributes']['data-vscode-theme-id']}']").wait_for(
            state="attached"
        )
        vscode_page.screenshot(path=SCREENSHOTS / f"editor-{name}.png")
        # The page that stands for this one in the renderer's own tests has the same colours, fonts and measures.
        found = outputs.evaluate(
            """names => {
                const { style } = document.documentElement;
                const { className, attributes } = document.body;
                return { class: className, attributes: Object.fromEntries([...attributes]
                        .filter(one => one.name.startsWith('data-')).map(one => [one.name, one.value])),
                    variables: Object.fromEntries(names.map(name => [name, style.getPropertyValue(name)])) };
            }""",
            list(theme["variables"]),
        )
        assert found == theme


def test_a_live_run_is_followed_in_place_and_stopped_from_its_output(vscode: Editor, vscode_page: Any) -> None:
    window = vscode.open(vscode_page, live_run(vscode.folder, ends=False))
    window.execute()
    outputs = window.frame(".cs-run[data-status='running'] [data-round='1']")
    view = outputs.locator(".cs-run")
    outputs.evaluate("window.first = document.querySelector('.cs-run')")
    rows = window.list_runs()
    assert (rows.nth(1).get_attribute("aria-label") or "").startswith("Running · A knight stands on a1")
    # What the reader closes stays closed while the run goes on, and the focus stays where it was put.
    view.locator("[data-round='1'] > summary").click()
    view.get_by_role("button", name="Find", exact=True).focus()
    seen = outputs.evaluate("document.querySelector('.cs-run').textContent")
    outputs.wait_for_function("seen => document.querySelector('.cs-run').textContent !== seen", arg=seen)
    assert view.locator("[data-round='1']").get_attribute("open") is None
    assert outputs.evaluate("document.activeElement.getAttribute('aria-label')") == "Find"
    vscode_page.screenshot(path=SCREENSHOTS / "editor-live.png")
    view.get_by_role("button", name="Stop").click()
    outputs.wait_for_selector(".cs-run[data-status='stopped']")
    assert outputs.evaluate("first === document.querySelector('.cs-run')")
    assert view.get_by_role("button", name="Stop").count() == 0
    vscode_page.locator(".sidebar .pane-body .monaco-list-row[aria-label^='Stopped']").wait_for()


def test_buttons_of_an_output_write_and_run_cells(vscode: Editor, vscode_page: Any) -> None:
    notebook = live_run(vscode.folder, ends=True)
    window = vscode.open(vscode_page, notebook)
    window.execute()
    outputs = window.frame(".cs-run[data-status='done']")
    outputs.locator(".cs-answer").get_by_role("button", name="Insert into a cell").first.click()
    # The kernel is not asked: the program stands in a cell below the run's.
    window.cell(1).locator(".view-lines").get_by_text("moves").first.wait_for()
    # By the keyboard, for the notebook has gone on to the new cell.
    outputs.get_by_role("button", name="Open in an editor").press("Enter")
    whole = window.frame("#page .cs-run")
    whole.locator(".cs-run").wait_for()
    vscode_page.screenshot(path=SCREENSHOTS / "editor-whole-run.png")


def test_the_view_lists_runs_and_leads_to_their_cells(vscode: Editor, vscode_page: Any) -> None:
    window = vscode.open(vscode_page, saved_runs(vscode.folder))
    rows = window.list_runs()
    vscode_page.locator(".sidebar .monaco-list-row[aria-label^='Done · A knight']").wait_for()
    labels = rows.evaluate_all("rows => rows.map(row => row.getAttribute('aria-label'))")
    # The one further down in the notebook is the newer one.
    assert labels[0] == "runs.ipynb"
    assert labels[1].startswith("Done · Which city earns the most?")
    assert labels[2].startswith("Done · A knight stands on a1")
    rows.nth(1).click()
    vscode_page.locator(".notebookOverlay .monaco-list-row[data-index='2'].focused").wait_for()
    vscode_page.screenshot(path=SCREENSHOTS / "editor-runs.png")
    rows.nth(2).click()
    vscode_page.locator(".notebookOverlay .monaco-list-row[data-index='1'].focused").wait_for()

    # The chosen run is exported; VS Code's own dialog proposes the place.
    window.run("CodeSteer: Export the Run", "Markdown")
    vscode_page.locator(".quick-input-widget").get_by_role("button", name="OK").click()
    vscode_page.get_by_text("The run was saved as").first.wait_for()
    (exported,) = vscode.folder.glob("*.md")
    assert QUESTION in exported.read_text(encoding="utf-8")

    # A new cell comes below the chosen one, with the models that the reader picks.
    window.run("CodeSteer: Insert a %%codesteer Cell", "openai/gpt-5-mini")
    vscode_page.get_by_text("New run (2 of 2)").wait_for()
    window.pick("By default")
    window.cell(2).locator(".view-lines").get_by_text("openai/gpt-5-mini").wait_for()

    window.run("CodeSteer: Compare Two Runs", "Which city")
    compared = window.frame("#page table")
    compared.get_by_text("Porto").first.wait_for()
    vscode_page.screenshot(path=SCREENSHOTS / "editor-compared.png")


BAD = {
    "truncated": json.dumps(read_sample("refined"))[:-30],
    "newer": {**read_sample("refined"), "schema": 99},
    "no record": {"hello": "<img src=x onerror=window.pwned=1>"},
}


def test_bad_records_are_shown_by_their_text_and_break_nothing(vscode: Editor, vscode_page: Any) -> None:
    cells = [(f"# {name}", {MIME_TYPE: bad, "text/plain": f"the text of {name}"}) for name, bad in BAD.items()]
    good = mime_bundle(decode_record(read_sample("refined")))
    write_notebook(vscode.folder / "bad.ipynb", [*cells, ("%%codesteer\nq", good)])
    window = vscode.open(vscode_page, "bad.ipynb")
    outputs = window.frame(".cs-run")
    for name in BAD:
        outputs.get_by_text(f"the text of {name}", exact=True).wait_for()
    vscode_page.screenshot(path=SCREENSHOTS / "editor-bad.png")
    assert outputs.locator(".cs-run").count() == 1
    assert outputs.evaluate("window.pwned") is None
