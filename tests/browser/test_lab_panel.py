"""The side panel of JupyterLab as a person uses it: see, find, compare, stop, compose; and what becomes of lost runs."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from codesteer_kernel.record import MIME_TYPE, decode_record
from tests.accessibility import assert_accessible, bring_axe
from tests.browser.conftest import Lab, Notebook
from tests.browser.test_lab import OpenNotebook, cell, for_ever, two_rounds
from tests.scripted import serving_in_thread

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "widgets" / "samples"

ACTIVATE = "() => window.jupyterapp.shell.activateById('codesteer-runs')"
EXECUTE = "([id, args]) => { void window.jupyterapp.commands.execute(id, args); }"


class Panel:
    """The side panel of a page."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        self.page = notebook.page
        self.page.evaluate(ACTIVATE)
        self.node = self.page.locator("#codesteer-runs .jp-codesteer")
        self.node.wait_for(timeout=30_000)

    @property
    def rows(self) -> Any:
        return self.node.locator("[role=option]")

    def row(self, text: str) -> Any:
        return self.rows.filter(has_text=text)

    def button(self, name: str) -> Any:
        return self.node.get_by_role("button", name=name, exact=True)

    def width(self, pixels: int) -> None:
        """Give the side bar this width."""
        self.page.evaluate(
            """pixels => {
                const split = document.getElementById('jp-main-split-panel');
                const { width } = split.getBoundingClientRect();
                window.jupyterapp.shell._hsplitPanel.setRelativeSizes([pixels, width - pixels, 0]);
            }""",
            pixels,
        )


def record_of(name: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return record


def saved(lab: Lab, name: str, records: list[dict[str, Any]]) -> None:
    """A notebook whose cells show these records."""
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": spec})
    for number, record in enumerate(records):
        bundle = {MIME_TYPE: record, "text/markdown": "A run", "text/plain": "A run"}
        shown = nbformat.v4.new_code_cell(f"%%codesteer\nQuestion {number}")
        shown.outputs = [nbformat.v4.new_output("display_data", bundle)]
        notebook.cells.append(shown)
    nbformat.write(notebook, lab.folder / name)


def without_kernel(open_notebook: OpenNotebook, name: str, **options: Any) -> Notebook:
    """A saved notebook, and nothing that JupyterLab asks of its reader."""
    notebook = open_notebook(name, kernel=False, **options)
    notebook.page.locator(".jp-Dialog").get_by_role("button", name="No Kernel").click(timeout=30_000)
    return notebook


def many(number: int) -> list[dict[str, Any]]:
    """Different runs, made of the samples."""
    kinds = ["refined", "rich", "stopped", "exhausted", "failed"]
    made = []
    for place in range(number):
        record = copy.deepcopy(record_of(kinds[place % len(kinds)]))
        record["id"] = f"run-{place}"
        record["question"]["prompt"] = f"Question {place}: {record['question']['prompt']}"
        made.append(record)
    return made


def test_saved_runs_are_listed_filtered_and_compared(open_notebook: OpenNotebook, lab: Lab) -> None:
    saved(lab, "few.ipynb", many(5))
    notebook = without_kernel(open_notebook, "few.ipynb")
    panel = Panel(notebook)
    panel.rows.nth(4).wait_for(timeout=30_000)
    assert panel.rows.first.inner_text().startswith("Question 4"), "the newest run comes first"
    assert "missing_key" in panel.rows.first.inner_text()
    notebook.shot("lab-panel-light")
    # Find by text, by status; nothing found is said, not blank.
    search = panel.node.get_by_role("searchbox", name="Search runs")
    search.fill("CITY question")
    panel.node.get_by_text("1 of 5 runs").wait_for()
    assert panel.rows.count() == 1
    search.fill("no such words")
    panel.node.get_by_text("No run fits.").wait_for()
    search.fill("")
    panel.node.get_by_label("Status").select_option("failed")
    panel.node.get_by_text("1 of 5 runs").wait_for()
    panel.node.get_by_label("Status").select_option("")
    # Choosing one shows its cell, and marks it.
    panel.row("Question 2").click()
    notebook.page.locator(".jp-CodeCell.jp-mod-active").filter(has_text="Question 2").wait_for()
    # A kernel that is not there cannot run anything; what needs none is offered.
    assert panel.button("Run again").count() == 0
    assert panel.button("Insert the code below").count() == 1
    panel.row("Question 0").click()
    panel.row("Question 1").click(modifiers=["Control"])
    panel.button("Compare").click()
    compared = panel.node.get_by_role("region", name="Two runs compared")
    compared.get_by_role("row", name="Answer").wait_for()
    assert compared.locator("ins").count() > 0
    assert compared.locator("del").count() > 0
    notebook.shot("lab-panel-compare")
    assert_clean(panel)
    panel.width(620)
    notebook.shot("lab-panel-compare-wide")


def test_two_hundred_runs_are_a_bounded_number_of_nodes(open_notebook: OpenNotebook, lab: Lab) -> None:
    saved(lab, "many.ipynb", many(200))
    notebook = without_kernel(open_notebook, "many.ipynb")
    panel = Panel(notebook)
    panel.node.get_by_text("200 runs").wait_for(timeout=60_000)
    count = "node => node.querySelectorAll('*').length"
    at_first = panel.node.evaluate(count)
    assert panel.rows.count() < 40
    # The last one is reached with the keyboard alone.
    panel.node.get_by_role("listbox").focus()
    notebook.page.keyboard.press("End")
    panel.row("Question 0:").wait_for()
    assert panel.node.evaluate(count) < 1.5 * at_first


def test_a_run_that_failed_shows_what_its_error_code_means(open_notebook: OpenNotebook, lab: Lab) -> None:
    saved(lab, "failed.ipynb", [record_of("failed")])
    notebook = without_kernel(open_notebook, "failed.ipynb")
    panel = Panel(notebook)
    panel.rows.first.click()
    panel.button("Show the rounds").click()
    meaning = "the provider wants an API key"
    panel.node.locator(".cs-trouble summary").press("Enter")
    panel.node.get_by_text(meaning).wait_for()
    notebook.cell(0).locator(".cs-trouble summary").click()
    notebook.cell(0).get_by_text(meaning).wait_for()
    notebook.shot("lab-panel-failed")
    assert_clean(panel)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_panel_is_walked_by_keyboard_and_clean(open_notebook: OpenNotebook, lab: Lab, theme: str) -> None:
    saved(lab, f"walk-{theme}.ipynb", many(4))
    notebook = without_kernel(open_notebook, f"walk-{theme}.ipynb", theme=theme)
    panel = Panel(notebook)
    page = notebook.page
    panel.rows.nth(3).wait_for(timeout=30_000)
    panel.node.get_by_role("searchbox").focus()
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "listbox"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    panel.node.locator("[role=option][aria-selected=true]").filter(has_text="Question 2").wait_for()
    panel.node.get_by_role("listbox").focus()
    page.keyboard.press("ArrowRight")
    detail = panel.node.get_by_role("region", name="Rounds of the run")
    detail.get_by_text("Round 1").first.wait_for()
    notebook.shot(f"lab-panel-rounds-{theme}")
    assert_clean(panel)
    page.keyboard.press("Escape")
    detail.wait_for(state="detached")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "listbox"
    panel.button("New run").click()
    panel.node.get_by_role("form", name="New run").wait_for()
    notebook.shot(f"lab-panel-composer-{theme}")
    assert_clean(panel)
    page.keyboard.press("Escape")
    panel.width(250)
    notebook.shot(f"lab-panel-narrow-{theme}")


def assert_clean(panel: Panel) -> None:
    """No fault that axe finds in the panel."""
    # JupyterLab's body has no height, and axe takes what lies outside of it for invisible.
    panel.page.add_style_tag(content="body { height: 100vh !important; }")
    bring_axe(panel.page)
    assert_accessible(panel.page, "#codesteer-runs")


def started(open_notebook: OpenNotebook, name: str, source: str, *more: str) -> tuple[Notebook, Panel]:
    """A notebook with a loaded kernel, its panel shown, and a run begun in its second cell."""
    notebook = open_notebook(name, ["%load_ext codesteer", source, *more])
    notebook.run(0)
    notebook.finished(0)
    panel = Panel(notebook)
    panel.node.get_by_text("No runs yet.").wait_for()
    notebook.run(1)
    return notebook, panel


def test_a_live_run_is_seen_in_cell_and_panel_and_its_code_inserted(open_notebook: OpenNotebook) -> None:
    with serving_in_thread(two_rounds) as server:
        notebook, panel = started(open_notebook, "both.ipynb", cell(server.url, "What is 1 + 2 + ... + 10?"))
        row = panel.row("What is 1 + 2")
        row.filter(has_text="Running").wait_for(timeout=30_000)
        notebook.cell(1).get_by_text("Running").first.wait_for(timeout=30_000)
        notebook.page.locator(".jp-codesteer-statusitem").get_by_text("1 run").wait_for()
        notebook.shot("lab-panel-live")
        row.filter(has_text="Done").wait_for(timeout=60_000)
        notebook.page.locator(".jp-codesteer-statusitem").wait_for(state="hidden")
        row.click()
        panel.button("Insert the code below").click()
        notebook.page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.source.includes('range(11)')"
        )


def test_stop_in_the_panel_ends_the_run_and_keeps_it(open_notebook: OpenNotebook) -> None:
    with serving_in_thread(for_ever) as server:
        notebook, panel = started(open_notebook, "stop-panel.ipynb", cell(server.url, "A long story."), "print(6 * 7)")
        row = panel.row("A long story")
        row.filter(has_text="Running").wait_for(timeout=30_000)
        notebook.cell(1).get_by_text("and so on").first.wait_for(timeout=30_000)
        row.click()
        panel.button("Stop").click()
        row.filter(has_text="Stopp").wait_for()
        notebook.finished(1, 30)
        row.filter(has_text="Stopped").wait_for()
        record = decode_record(dict(notebook.save().cells[1].outputs[0].data[MIME_TYPE]))
        assert record.status == "stopped"
        assert "and so on" in record.rounds[0].answer.text
        notebook.run(2)
        notebook.finished(2, 30)


def test_a_run_is_composed(open_notebook: OpenNotebook) -> None:
    with serving_in_thread(two_rounds) as server:
        notebook = open_notebook("compose.ipynb", ["prices = [3, 5, 8]", ""])
        notebook.run(0)
        notebook.finished(0)
        panel = Panel(notebook)
        panel.button("New run").click()
        form = panel.node.get_by_role("form", name="New run")
        variable = form.get_by_role("checkbox", name="prices")
        variable.wait_for(timeout=60_000)
        assert form.locator("label").filter(has_text="prices").inner_text().split() == ["prices", "list", "3"]
        assert panel.button("Insert and run").is_disabled(), "there is no question yet"
        form.get_by_label("Question").fill("What is 1 + 2 + ... + 10?")
        form.get_by_label("Target").fill(f"openai/scripted@{server.url}/v1")
        variable.check()
        form.get_by_label("Rounds").fill("3")
        written = (
            f"%%codesteer --target openai/scripted@{server.url}/v1 --in prices --rounds 3\nWhat is 1 + 2 + ... + 10?"
        )
        assert form.get_by_label("The cell").inner_text() == written
        notebook.shot("lab-panel-composer")
        panel.button("Insert and run").click()
        panel.row("What is 1 + 2").filter(has_text="Done").wait_for(timeout=90_000)
        sources = [one.source for one in notebook.save().cells]
        assert "%load_ext codesteer" in sources, "the magics were not loaded, so a cell loads them"
        assert written in sources


def test_a_page_reloaded_in_the_middle_of_a_run_finds_it_again(open_notebook: OpenNotebook) -> None:
    with serving_in_thread(for_ever) as server:
        notebook, panel = started(open_notebook, "reload.ipynb", cell(server.url, "A story to come back to."))
        panel.row("A story").filter(has_text="Running").wait_for(timeout=30_000)
        notebook.save()
        notebook.page.reload()
        notebook.page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
        panel = Panel(notebook)
        row = panel.row("A story").filter(has_text="Running")
        row.wait_for(timeout=60_000)
        row.click()
        panel.button("Stop").click()
        panel.row("A story").filter(has_text="Stopped").wait_for(timeout=60_000)
        # The cell holds the run, though JupyterLab did not know that the kernel's last word belongs there.
        record = decode_record(dict(notebook.save().cells[1].outputs[0].data[MIME_TYPE]))
        assert record.status == "stopped"


def test_a_kernel_restarted_in_the_middle_of_a_run_leaves_it_lost(open_notebook: OpenNotebook) -> None:
    with serving_in_thread(for_ever) as server:
        notebook, panel = started(open_notebook, "restart.ipynb", cell(server.url, "A story without an end."))
        panel.row("A story").filter(has_text="Running").wait_for(timeout=30_000)
        notebook.cell(1).get_by_text("and so on").first.wait_for(timeout=30_000)
        notebook.page.evaluate(
            "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }"
        )
        panel.row("A story").filter(has_text="Lost").wait_for(timeout=60_000)
        notebook.cell(1).locator(".cs-run[data-status='lost']").wait_for(timeout=30_000)
        notebook.shot("lab-panel-lost")
        record = decode_record(dict(notebook.save().cells[1].outputs[0].data[MIME_TYPE]))
        assert record.status == "lost"
        assert "and so on" in record.rounds[0].answer.text, "the words that came last are kept"


SET = """async ([name, value]) => {
    const registry = window.jupyterapp.pluginRegistry._plugins.get('@jupyterlab/apputils-extension:settings').service;
    await registry.set('@codesteer/lab:preferences', name, value);
}"""


def test_a_record_opens_as_a_document_and_a_run_that_ends_elsewhere_is_told(
    open_notebook: OpenNotebook, lab: Lab
) -> None:
    (lab.folder / "kept.codesteer.json").write_text(json.dumps(record_of("refined")), encoding="utf-8")
    with serving_in_thread(two_rounds) as server:
        notebook, panel = started(open_notebook, "elsewhere.ipynb", cell(server.url, "What is 1 + 2 + ... + 10?"))
        panel.row("What is 1 + 2").filter(has_text="Running").wait_for(timeout=30_000)
        page = notebook.page
        page.evaluate(EXECUTE, ["docmanager:open", {"path": "kept.codesteer.json"}])
        page.locator(".jp-MimeDocument .cs-run[data-status='done']").get_by_text("Round 2").first.wait_for(
            timeout=30_000
        )
        toast = page.locator(".Toastify__toast").filter(has_text="What is 1 + 2")
        toast.wait_for(timeout=60_000)
        toast.get_by_role("button", name="Show").click()
        notebook.cell(1).and_(page.locator(".jp-mod-active")).wait_for()


def test_settings_and_all_notebooks_apply_at_once(open_notebook: OpenNotebook, lab: Lab) -> None:
    saved(lab, "first.ipynb", many(2))
    saved(lab, "second.ipynb", many(3))
    notebook = without_kernel(open_notebook, "first.ipynb")
    panel = Panel(notebook)
    panel.node.get_by_text("2 runs").wait_for()
    page = notebook.page
    page.evaluate(EXECUTE, ["docmanager:open", {"path": "second.ipynb"}])
    # As when the first one was opened: no kernel could be started, and none is chosen.
    page.locator(".jp-Dialog .jp-mod-accept").click(timeout=60_000)
    page.locator(".jp-Dialog").get_by_role("button", name="No Kernel").click(timeout=60_000)
    panel.node.get_by_text("3 runs", exact=True).wait_for(timeout=30_000)
    page.evaluate(SET, ["allNotebooks", True])
    panel.node.get_by_text("5 runs").wait_for()
    page.evaluate(SET, ["side", "right"])
    page.locator("#jp-right-stack #codesteer-runs").wait_for(state="attached")
    page.evaluate(SET, ["side", "left"])
    page.evaluate(SET, ["allNotebooks", False])
    page.locator("#jp-left-stack #codesteer-runs").wait_for(state="attached")
