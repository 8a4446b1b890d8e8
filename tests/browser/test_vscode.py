"""The packaged extension in a real VS Code: saved runs drawn, live ones followed and stopped, cells written, runs listed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
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
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    scratch = tmp_path_factory.mktemp("vscode")
    folder = scratch / "notebooks"
    folder.mkdir()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with serve_editor(folder, scratch) as serving:
        yield serving


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    yield context.new_page()
    context.close()


def saved_runs(folder: Path) -> str:
    """A notebook with two runs, as it is after its kernel has gone."""
    cells: list[tuple[str, dict[str, Any] | None]] = [("%load_ext codesteer", None)]
    for name in ("refined", "rich"):
        record = read_sample(name)
        cells.append((f"%%codesteer\n{record['question']['prompt']}", mime_bundle(decode_record(record))))
    write_notebook(folder / "runs.ipynb", cells)
    return "runs.ipynb"


def live_run(folder: Path, step: int = 1) -> str:
    """A notebook with a cell, and what the stand-in kernel plays when it is executed: every record of a run as it grew."""
    records, record = [], Record()
    for event in retell(decode_record(read_sample("refined"))):
        record = reduce(record, event)
        records.append(json.loads(encode_record(record)))
    (folder / "live.json").write_text(json.dumps([*records[::step], records[-1]]), encoding="utf-8")
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
    editor.set("light")
    window = editor.open(page, live_run(editor.folder))
    window.cell(0).locator(".codicon-notebook-execute").first.click()
    outputs = window.frame(".cs-run[data-status='running']")
    view = outputs.locator(".cs-run")
    outputs.evaluate("window.first = document.querySelector('.cs-run')")
    view.locator("[data-round='2']").wait_for(timeout=120_000)
    # What the reader opens stays open while the run goes on.
    view.locator("[data-round='1'] > summary").click()
    before = view.locator("[data-round='2'] .cs-row-content").nth(1).inner_text()
    outputs.wait_for_function(
        "before => document.querySelectorAll('[data-round=\"2\"] .cs-row-content')[1].innerText !== before", arg=before
    )
    page.screenshot(path=SCREENSHOTS / "editor-live.png")
    view.get_by_role("button", name="Stop").click()
    outputs.wait_for_selector(".cs-run[data-status='stopped']", timeout=120_000)
    assert view.locator("[data-round='1']").get_attribute("open") is not None
    assert outputs.evaluate("first === document.querySelector('.cs-run')")
    assert view.get_by_role("button", name="Stop").count() == 0


def test_a_run_is_asked_again_and_gone_on_with_from_its_output(editor: Editor, page: Any) -> None:
    live_run(editor.folder, step=60)
    window = editor.open(page, saved_runs(editor.folder))
    outputs = window.frame(".cs-run")
    outputs.get_by_text(QUESTION).first.wait_for()
    first = outputs.locator(".cs-run", has_text=QUESTION)
    first.get_by_role("button", name="Insert into a cell").first.click()
    inserted = window.cell(2).locator(".view-lines")
    inserted.get_by_text("def").first.wait_for(timeout=60_000)


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


def sources(path: Path) -> list[str]:
    """The cells of a notebook as it is on disk."""
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]
