"""Two people in one notebook (jupyter-collaboration): a run is seen live by both, stopped and used by either, kept once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from codesteer_kernel.record import MIME_TYPE, decode_record
from tests.browser.conftest import READY, SCREENSHOTS, Lab, Notebook, serving_lab, write_notebook
from tests.browser.test_lab import cell, for_ever, two_rounds
from tests.browser.test_lab_panel import Panel
from tests.scripted import serving_in_thread

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SHARED = "() => window.jupyterapp.shell.currentWidget.context.model.collaborative"
OUTPUTS = """index => {
    const { outputs } = window.jupyterapp.shell.currentWidget.content.model.cells.get(index);
    return Array.from({ length: outputs.length }, (_, place) => Object.keys(outputs.get(place).data).sort());
}"""

KEPT = sorted([MIME_TYPE, "text/html", "text/markdown", "text/plain"])
# Longer than the turns of both pages together: what is to be written was written then.
TURNS = 22_000


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A server where notebooks are shared documents; the other tests' server is not."""
    folder = tmp_path_factory.mktemp("together")
    with serving_lab(folder, folder.with_suffix(".config"), collaborative=True) as lab:
        yield lab


@contextlib.contextmanager
def two_readers(lab: Lab, browser: Any, path: Path) -> Iterator[tuple[Notebook, Notebook]]:
    """The same notebook, in two browsers that know nothing of each other."""
    contexts = [browser.new_context(viewport={"width": 1280, "height": 1000}) for _ in range(2)]
    faults: list[str] = []
    readers = []
    try:
        for number, context in enumerate(contexts):
            page = context.new_page()
            page.on("pageerror", lambda fault: faults.append(str(fault)))
            # On a slow machine JupyterLab asks whether to wait for a shared notebook.
            page.add_locator_handler(page.get_by_role("button", name="Continue waiting"), lambda wait: wait.click())
            page.goto(f"{lab.url}/lab/workspaces/reader-{number}/tree/{path.name}?reset")
            page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
            page.wait_for_function(READY, timeout=60_000)
            assert page.evaluate(SHARED) is True
            readers.append(Notebook(page, path))
        yield readers[0], readers[1]
    finally:
        for number, context in enumerate(contexts):
            context.pages[0].screenshot(path=SCREENSHOTS / f"{path.stem}-{number}.png")
            context.close()
    assert [fault for fault in faults if "codesteer" in fault.lower()] == []


def test_a_run_is_seen_by_both_and_kept_once(together: Lab, browser: Any) -> None:
    path = together.folder / "seen-by-both.ipynb"
    with serving_in_thread(two_rounds) as server:
        write_notebook(path, ["%load_ext codesteer", cell(server.url, "What is 1 + 2 + ... + 10?")])
        with two_readers(together, browser, path) as (first, second):
            first.run(0)
            first.finished(0)
            panels = [Panel(first), Panel(second)]
            first.run(1)
            for panel in panels:
                panel.row("What is 1 + 2").filter(has_text="Running").wait_for(timeout=60_000)
            second.cell(1).locator(".cs-run").get_by_text("Round 1").first.wait_for(timeout=60_000)
            for panel in panels:
                panel.row("What is 1 + 2").filter(has_text="Done").wait_for(timeout=90_000)
            for reader in (first, second):
                reader.cell(1).locator(".cs-run[data-host='lab'] .cs-result").wait_for(timeout=30_000)
            # Whoever did not start the cell uses its program.
            panels[1].row("What is 1 + 2").click()
            panels[1].button("Insert the code below").click()
            for reader in (first, second):
                reader.cell(2).get_by_text("sum(range(11))").wait_for(timeout=30_000)
            # Neither page wrote the record a second time.
            second.page.wait_for_timeout(TURNS)
            for reader in (first, second):
                assert reader.page.evaluate(OUTPUTS, 1) == [KEPT]
            for panel in panels:
                assert panel.rows.count() == 1


def test_either_stops_a_run_and_whoever_comes_later_sees_it(together: Lab, browser: Any) -> None:
    path = together.folder / "stopped-by-other.ipynb"
    with serving_in_thread(for_ever) as server:
        write_notebook(path, ["%load_ext codesteer", cell(server.url, "A long story.")])
        with two_readers(together, browser, path) as (first, second):
            first.run(0)
            first.finished(0)
            first.run(1)
            first.cell(1).get_by_text("and so on").first.wait_for(timeout=60_000)
            # The second page is opened anew in the middle of the run.
            second.page.reload()
            second.page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
            panels = [Panel(first), Panel(second)]
            row = panels[1].row("A long story")
            row.filter(has_text="Running").wait_for(timeout=60_000)
            row.click()
            panels[1].button("Stop").click()
            for panel in panels:
                panel.row("A long story").filter(has_text="Stopped").wait_for(timeout=60_000)
            for reader in (first, second):
                reader.page.wait_for_function(f"index => ({OUTPUTS})(index)[0].length === {len(KEPT)}", arg=1)
                assert reader.page.evaluate(OUTPUTS, 1)[0] == KEPT
            # The server writes shared notebooks down by itself.
            for _ in range(600):
                outputs = nbformat.read(path, as_version=4).cells[1].outputs
                kept = [one.data[MIME_TYPE] for one in outputs if MIME_TYPE in one.get("data", {})]
                if kept:
                    break
                time.sleep(0.1)
            assert [decode_record(dict(one)).status for one in kept] == ["stopped"]
