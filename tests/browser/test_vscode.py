"""The packaged extension in a real VS Code: saved runs drawn, live ones followed and stopped, cells written, runs listed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel.record import decode_record
from codesteer_kernel.render import mime_bundle
from tests.browser.vscode.editor import Editor, Window, serve_editor, write_notebook
from tests.browser.vscode.webview import ROOT, THEMES
from tests.widgets.page import read_sample

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

SCREENSHOTS = ROOT / "out" / "screenshots" / "vscode"


def bundle(name: str) -> dict[str, Any]:
    """What a finished cell holds."""
    return mime_bundle(decode_record(read_sample(name)))


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
    cells = [(f"%%codesteer\n{read_sample(name)['question']['prompt']}", bundle(name)) for name in ("refined", "rich")]
    write_notebook(folder / "runs.ipynb", [("%load_ext codesteer", None), *cells])
    return "runs.ipynb"


@pytest.mark.parametrize("theme", THEMES)
def test_saved_runs_are_drawn_in_the_colours_of_the_theme(editor: Editor, page: Any, theme: str) -> None:
    editor.set(theme)
    window = editor.open(page, saved_runs(editor.folder))
    outputs = window.frame(".cs-run")
    outputs.locator(".cs-run").nth(1).wait_for(state="attached")
    assert sorted(outputs.locator(".cs-result").all_inner_texts()) == ["32", "Porto"]
    page.screenshot(path=SCREENSHOTS / f"editor-{theme}.png")
    # The page that stands for this one in the renderer's own tests has the same colours, fonts and measures.
    found = outputs.evaluate(
        """names => {
            const { style } = document.documentElement;
            const { className, attributes } = document.body;
            return { class: className, variables: Object.fromEntries(names.map(name => [name, style.getPropertyValue(name)])),
                attributes: Object.fromEntries([...attributes].filter(one => one.name.startsWith('data-'))
                    .map(one => [one.name, one.value])) };
        }""",
        list(THEMES[theme]["variables"]),
    )
    assert found == THEMES[theme]
