"""The packaged extension in a real VS Code: saved runs drawn, live ones followed and stopped, cells written, runs listed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel.record import Record, decode_record, encode_record, reduce, retell
from codesteer_kernel.render import mime_bundle
from tests.browser.vscode.editor import MIME_TYPE, Editor, serve_editor, write_notebook
from tests.browser.vscode.webview import ROOT, THEMES
from tests.widgets.page import read_sample

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

SCREENSHOTS = ROOT / "out" / "screenshots" / "vscode"
QUESTION = read_sample("refined")["question"]["prompt"]


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with serve_editor(tmp_path_factory.mktemp("vscode")) as editor:
        yield editor


@pytest.fixture(scope="module")
def context(browser: Any) -> Iterator[Any]:
    """One for all tests: VS Code's 20 MB of script are loaded once."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    yield context
    context.close()


@pytest.fixture
def editor(serving: Editor, tmp_path: Path) -> Editor:
    """The server with a workspace of the test's own."""
    serving.folder = tmp_path
    serving.set("light")
    return serving


@pytest.fixture
def page(context: Any, picture_of_failure: Callable[[Any], None]) -> Iterator[Any]:
    page = context.new_page()
    picture_of_failure(page)
    yield page
    page.close()


def saved_runs(folder: Path) -> str:
    """A notebook with two runs, as it is after its kernel has gone."""
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


def test_saved_runs_are_drawn_in_the_colours_of_the_theme(editor: Editor, page: Any) -> None:
    editor.set("dark")
    window = editor.open(page, saved_runs(editor.folder))
    outputs = window.frame(".cs-run")
    outputs.locator(".cs-run").nth(1).wait_for(state="attached")
    assert sorted(outputs.locator(".cs-result").all_inner_texts()) == ["32", "Porto"]
    for name, theme in THEMES.items():
        window.wear(name)
        outputs.locator(f"body[data-vscode-theme-id='{theme['attributes']['data-vscode-theme-id']}']").wait_for(
            state="attached"
        )
        page.screenshot(path=SCREENSHOTS / f"editor-{name}.png")
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


def test_a_live_run_is_followed_in_place_and_stopped_from_its_output(editor: Editor, page: Any) -> None:
    window = editor.open(page, live_run(editor.folder, ends=False))
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
    page.screenshot(path=SCREENSHOTS / "editor-live.png")
    view.get_by_role("button", name="Stop").click()
    outputs.wait_for_selector(".cs-run[data-status='stopped']")
    assert outputs.evaluate("first === document.querySelector('.cs-run')")
    assert view.get_by_role("button", name="Stop").count() == 0
    page.locator(".sidebar .pane-body .monaco-list-row[aria-label^='Stopped']").wait_for()


def test_buttons_of_an_output_write_and_run_cells(editor: Editor, page: Any) -> None:
    notebook = live_run(editor.folder, ends=True)
    window = editor.open(page, notebook)
    window.execute()
    outputs = window.frame(".cs-run[data-status='done']")
    outputs.locator(".cs-answer").get_by_role("button", name="Insert into a cell").first.click()
    # The kernel is not asked: the program stands in a cell below the run's.
    window.cell(1).locator(".view-lines").get_by_text("moves").first.wait_for()
    outputs.get_by_role("button", name="Open in an editor").click()
    whole = window.frame("#page .cs-run")
    whole.locator(".cs-run").wait_for()
    page.screenshot(path=SCREENSHOTS / "editor-whole-run.png")


def test_the_view_lists_runs_and_leads_to_their_cells(editor: Editor, page: Any) -> None:
    window = editor.open(page, saved_runs(editor.folder))
    rows = window.list_runs()
    page.locator(".sidebar .monaco-list-row[aria-label^='Done · A knight']").wait_for()
    labels = rows.evaluate_all("rows => rows.map(row => row.getAttribute('aria-label'))")
    # The one further down in the notebook is the newer one.
    assert labels[0] == "runs.ipynb"
    assert labels[1].startswith("Done · Which city earns the most?")
    assert labels[2].startswith("Done · A knight stands on a1")
    rows.nth(1).click()
    page.locator(".notebookOverlay .monaco-list-row[data-index='2'].focused").wait_for()
    page.screenshot(path=SCREENSHOTS / "editor-runs.png")
    rows.nth(2).click()
    page.locator(".notebookOverlay .monaco-list-row[data-index='1'].focused").wait_for()

    # The chosen run is exported; VS Code's own dialog proposes the place.
    window.run("CodeSteer: Export the Run")
    window.pick("Markdown")
    page.locator(".quick-input-widget").get_by_role("button", name="OK").click()
    page.get_by_text("The run was saved as").first.wait_for()
    (exported,) = editor.folder.glob("*.md")
    assert QUESTION in exported.read_text(encoding="utf-8")

    # A new cell comes below the chosen one, with the models that the reader picks.
    window.run("CodeSteer: Insert a %%codesteer Cell")
    window.pick("openai/gpt-5-mini")
    page.get_by_text("New run (2 of 2)").wait_for()
    window.pick("By default")
    window.cell(2).locator(".view-lines").get_by_text("openai/gpt-5-mini").wait_for()

    window.run("CodeSteer: Compare Two Runs")
    window.pick("Which city")
    compared = window.frame("#page table")
    compared.get_by_text("Porto").first.wait_for()
    page.screenshot(path=SCREENSHOTS / "editor-compared.png")


BAD = {
    "truncated": json.dumps(read_sample("refined"))[:-30],
    "newer": {**read_sample("refined"), "schema": 99},
    "no record": {"hello": "<img src=x onerror=window.pwned=1>"},
}


def test_bad_records_are_shown_by_their_text_and_break_nothing(editor: Editor, page: Any) -> None:
    cells = [(f"# {name}", {MIME_TYPE: bad, "text/plain": f"the text of {name}"}) for name, bad in BAD.items()]
    good = mime_bundle(decode_record(read_sample("refined")))
    write_notebook(editor.folder / "bad.ipynb", [*cells, ("%%codesteer\nq", good)])
    window = editor.open(page, "bad.ipynb")
    outputs = window.frame(".cs-run")
    for name in BAD:
        outputs.get_by_text(f"the text of {name}", exact=True).wait_for()
    page.screenshot(path=SCREENSHOTS / "editor-bad.png")
    assert outputs.locator(".cs-run").count() == 1
    assert outputs.evaluate("window.pwned") is None
