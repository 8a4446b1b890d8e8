"""What can be done with a run in JupyterLab, from the panel, menus, toolbar and keys; and what is told of runs elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from codesteer_kernel.errors import UnknownName
from codesteer_kernel.record import MIME_TYPE, decode_record
from codesteer_kernel.render import mime_bundle
from codesteer_kernel.store import Store
from tests.browser.conftest import Lab, Notebook
from tests.browser.test_lab import OpenNotebook, cell, finished_run, for_ever, two_rounds
from tests.browser.test_lab_panel import EXECUTE, SET, Panel, record_of, started, without_kernel
from tests.scripted import serving_in_thread

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PROGRAM = "print(sum(range(11)))"


def kept(lab: Lab, name: str, *samples: str) -> None:
    """A saved notebook: a cell without a run, then one for each of these."""
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": spec})
    notebook.cells.append(nbformat.v4.new_code_cell("print('no run')"))
    for sample in samples:
        record = record_of(sample)
        shown = nbformat.v4.new_code_cell(f"%%codesteer\n{record['question']['prompt']}")
        shown.outputs = [
            nbformat.v4.new_output("display_data", json.loads(json.dumps(mime_bundle(decode_record(record)))))
        ]
        notebook.cells.append(shown)
    nbformat.write(notebook, lab.folder / name)


# -- from the panel


def test_a_run_is_copied_and_exported(open_notebook: OpenNotebook, lab: Lab, tmp_path: Path) -> None:
    kept(lab, "take-away.ipynb", "refined")
    notebook = without_kernel(open_notebook, "take-away.ipynb")
    panel = Panel(notebook)
    page = notebook.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    record = decode_record(record_of("refined"))
    assert record.answer is not None
    panel.rows.first.click()
    panel.button("Copy the answer").click()
    page.wait_for_function("async answer => (await navigator.clipboard.readText()) === answer", arg=record.answer.text)

    def exported(label: str, name: str) -> str:
        panel.button("Export").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=label).click()
        assert download.value.suggested_filename == f"{record.id}.{name}"
        path = tmp_path / name
        download.value.save_as(path)
        return path.read_text(encoding="utf-8")

    assert decode_record(exported("Record (JSON)", "codesteer.json")) == record
    bundle = mime_bundle(record)
    assert exported("Markdown", "md") == bundle["text/markdown"]
    assert exported("HTML", "html") == bundle["text/html"]
    assert exported("Python program", "py") == record.answer.code


def test_a_run_goes_on_is_repeated_and_deleted_from_the_panel(open_notebook: OpenNotebook) -> None:
    with serving_in_thread(two_rounds) as server:
        notebook = finished_run(open_notebook, "go-on.ipynb", server.url)
        page = notebook.page
        panel = Panel(notebook)
        panel.rows.first.filter(has_text="Done").click()
        panel.button("Insert the code below").click()
        notebook.cell(2).get_by_text("sum(range(11))").wait_for()
        first = run_in(notebook, 1)
        # Where words are needed the panel asks for them.
        panel.button("Continue with feedback").click()
        field = panel.node.get_by_role("textbox", name="What should be different?")
        page.wait_for_function("field => field === document.activeElement", arg=field.element_handle())
        page.keyboard.type("Write it as a formula.")
        page.keyboard.press("Control+Enter")
        panel.row("Write it as a formula").filter(has_text="Done").wait_for(timeout=60_000)
        second = run_in(notebook, 2)
        assert decode_record(second).question.follows == first["id"]
        # The same question again, in the same cell.
        panel.row("What is 1 + 2").click()
        assert field.input_value() == "", "what is written of one run is not meant for another"
        panel.node.get_by_role("toolbar").get_by_role("button", name="Run again").click()
        notebook.cell(1).get_by_role("button", name="Stop").wait_for(timeout=30_000)
        panel.row("What is 1 + 2").filter(has_text="Done").wait_for(timeout=60_000)
        again = run_in(notebook, 1)
        assert again["id"] not in (first["id"], second["id"])
        assert again["question"] == first["question"]
        # Deleted is what was confirmed, in the notebook and in the history.
        panel.row("Write it as a formula").click()
        panel.button("Delete").click()
        page.locator(".jp-Dialog").get_by_role("button", name="Cancel").click()
        assert panel.rows.count() == 2
        panel.button("Delete").click()
        page.locator(".jp-Dialog").get_by_role("button", name="Delete").click()
        panel.row("Write it as a formula").wait_for(state="detached")
        assert notebook.save().cells[2].outputs == []
        until(page, lambda: is_forgotten(second["id"]))
        assert Store().load(again["id"]).status == "done"


def run_in(notebook: Notebook, index: int) -> dict[str, Any]:
    """The saved record of a cell."""
    record: dict[str, Any] = notebook.save().cells[index].outputs[0].data[MIME_TYPE]
    return record


def is_forgotten(run: str) -> bool:
    try:
        Store().load(run)
    except UnknownName:
        return True
    return False


def until(page: Any, holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come to hold")


# -- menus, toolbar, keys


def test_menus_and_toolbar_offer_what_can_be_done(open_notebook: OpenNotebook, lab: Lab) -> None:
    kept(lab, "menus.ipynb", "refined")
    notebook = without_kernel(open_notebook, "menus.ipynb")
    page = notebook.page
    item = page.locator(".lm-Menu-item")
    notebook.cell(1).locator(".cs-run").wait_for(timeout=30_000)
    notebook.cell(1).locator(".cm-content").click()
    # The menu bar: without a kernel nothing can be run or stopped, the rest is there.
    page.locator("#jp-MainMenu").get_by_text("Run", exact=True).click()
    item.filter(has_text="CodeSteer").hover()
    item.filter(has_text="Insert the Code of the Run Below").wait_for()
    entries = page.locator(".lm-Menu").last.locator(".lm-Menu-item[data-type=command]")
    offered = {
        one.locator(".lm-Menu-itemLabel").inner_text(): one.get_attribute("aria-disabled") for one in entries.all()
    }
    assert {name for name, disabled in offered.items() if disabled == "true"} == {
        *("Stop the Run", "Stop All CodeSteer Runs", "Run Again", "Continue the Run with Feedback…")
    }
    assert {"New CodeSteer Run…", "Show CodeSteer Runs", "Delete the Run…"} < set(offered)
    assert {f"Export the Run: {name}" for name in ("Record (JSON)", "Markdown", "HTML", "Python program")} < set(
        offered
    )
    item.filter(has_text="Insert the Code of the Run Below").click()
    notebook.cell(2).get_by_text("for dx, dy in moves").wait_for()
    # The menu of a cell has them where the cell shows a run, and only there.
    notebook.cell(0).locator(".cm-content").click(button="right")
    item.filter(has_text="Cut Cell").wait_for()
    assert item.filter(has_text="CodeSteer").count() == 0
    page.keyboard.press("Escape")
    notebook.cell(1).locator(".cm-content").click(button="right")
    item.filter(has_text="CodeSteer").hover()
    item.filter(has_text="Show the Rounds of the Run").click()
    panel = Panel(notebook)
    panel.node.get_by_role("region", name="Rounds of the run").get_by_text("Round 2").first.wait_for()
    # The toolbar begins a new one.
    page.locator(".jp-NotebookPanel-toolbar").get_by_role("button", name="codesteer cell").click()
    panel.node.get_by_role("form", name="New run").wait_for()


REBIND = """async shortcuts => {
    const registry = window.jupyterapp.pluginRegistry._plugins.get('@jupyterlab/apputils-extension:settings').service;
    const name = '@jupyterlab/shortcuts-extension:shortcuts';
    if (shortcuts) await registry.set(name, 'shortcuts', shortcuts);
    else await registry.remove(name, 'shortcuts');
}"""
# A key is heard of by the registry before the page is: what is asked for next comes after it.
COUNT = """() => {
    window.given = [];
    window.jupyterapp.commands.commandExecuted.connect((_, { id }) => {
        if (id.startsWith('codesteer:') || id === 'application:toggle-left-area') window.given.push(id);
    });
}"""


@pytest.fixture
def rebind(open_notebook: OpenNotebook) -> Iterator[Callable[[Notebook, list[dict[str, Any]]], None]]:
    """Set keyboard shortcuts as the settings do; taken back at the end, for they are the server's."""
    changed: list[Notebook] = []

    def set_keys(notebook: Notebook, shortcuts: list[dict[str, Any]]) -> None:
        changed.append(notebook)
        notebook.page.evaluate(REBIND, shortcuts)

    yield set_keys
    for notebook in changed:
        notebook.page.evaluate(REBIND, None)


def test_keys_work_and_are_changed_in_the_settings(
    open_notebook: OpenNotebook, lab: Lab, rebind: Callable[[Notebook, list[dict[str, Any]]], None]
) -> None:
    kept(lab, "keys.ipynb", "refined")
    notebook = without_kernel(open_notebook, "keys.ipynb")
    page = notebook.page
    page.evaluate(COUNT)
    page.keyboard.press("Control+Alt+s")
    page.locator("#codesteer-runs").get_by_role("searchbox", name="Search runs").wait_for(timeout=30_000)
    page.wait_for_function("() => document.activeElement?.type === 'search'")
    page.keyboard.press("Control+Alt+n")
    page.locator("#codesteer-runs").get_by_role("form", name="New run").wait_for()
    page.wait_for_function("() => document.activeElement?.id === 'jp-codesteer-prompt'")
    assert page.evaluate("given") == ["codesteer:show-runs", "codesteer:compose-run"]
    show = {"command": "codesteer:show-runs", "selector": "body", "args": {}}
    rebind(notebook, [{**show, "keys": ["Accel Alt S"], "disabled": True}, {**show, "keys": ["Accel Alt R"]}])
    keys = "() => window.jupyterapp.commands.keyBindings.filter(one => one.command === 'codesteer:show-runs')"
    page.wait_for_function(f"() => ({keys})().map(one => one.keys.join()).join() === 'Ctrl Alt R'")
    page.keyboard.press("Control+Alt+s")
    page.keyboard.press("Control+Alt+r")
    page.wait_for_function("() => given.length === 3")
    assert page.evaluate("given").count("codesteer:show-runs") == 2


# -- what is shown of runs elsewhere


def test_a_chosen_run_flashes_in_its_notebook(open_notebook: OpenNotebook, lab: Lab) -> None:
    kept(lab, "flash.ipynb", "refined", "stopped", "rich", "exhausted")
    notebook = without_kernel(open_notebook, "flash.ipynb")
    panel = Panel(notebook)
    last = notebook.cell(4)
    panel.rows.nth(3).wait_for(timeout=30_000)
    panel.page.evaluate(
        """() => {
            window.flashed = [];
            for (const name of ['animationstart', 'animationend']) {
                document.addEventListener(name, event => {
                    if (event.animationName === 'jp-codesteer-flash') {
                        window.flashed.push([name, event.target.classList.contains('jp-mod-active')]);
                    }
                });
            }
        }"""
    )
    panel.rows.first.click()
    panel.page.wait_for_function("() => flashed.length === 2")
    assert panel.page.evaluate("flashed") == [["animationstart", True], ["animationend", True]]
    panel.page.wait_for_function("cell => !cell.classList.contains('jp-codesteer-flash')", arg=last.element_handle())
    box = last.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 1100, "the cell is in sight"
    # The same run again flashes again.
    panel.rows.first.click()
    panel.page.wait_for_function("() => flashed.length === 4")


def test_a_notice_comes_only_of_a_run_that_ends_elsewhere(open_notebook: OpenNotebook, lab: Lab) -> None:
    (lab.folder / "other.codesteer.json").write_text(json.dumps(record_of("stopped")), encoding="utf-8")
    with serving_in_thread(two_rounds) as server:
        asked = [cell(server.url, f"{name}: 1 + 2 + ... + 10?") for name in ("In sight", "Silent", "Elsewhere")]
        notebook, panel = started(open_notebook, "notices.ipynb", *asked)
        page = notebook.page
        toasts = page.locator(".Toastify__toast").filter(has_text="CodeSteer")
        panel.row("In sight").filter(has_text="Done").wait_for(timeout=60_000)
        page.evaluate(SET, ["allNotebooks", True])
        try:
            page.evaluate(SET, ["notify", False])
            for index, name in ((2, "Silent"), (3, "Elsewhere")):
                page.evaluate(EXECUTE, ["docmanager:open", {"path": "notices.ipynb"}])
                notebook.cell(index).locator(".cm-content").wait_for()
                notebook.run(index)
                panel.row(name).filter(has_text="Running").wait_for(timeout=60_000)
                page.evaluate(EXECUTE, ["docmanager:open", {"path": "other.codesteer.json"}])
                page.locator(".jp-MimeDocument:not(.lm-mod-hidden)").wait_for(timeout=30_000)
                panel.row(name).filter(has_text="Done").wait_for(timeout=60_000)
                page.evaluate(SET, ["notify", True])
        finally:
            page.evaluate(SET, ["notify", True])
            page.evaluate(SET, ["allNotebooks", False])
        toasts.first.wait_for(timeout=60_000)
        assert [one.split("\n")[0] for one in toasts.all_inner_texts()] == [
            "CodeSteer: Done. Elsewhere: 1 + 2 + ... + 10?"
        ]


# -- a kernel that goes away

SESSION = "window.jupyterapp.shell.currentWidget.sessionContext"


@pytest.mark.parametrize(
    "leave",
    [f"() => {SESSION}.shutdown()", f"() => {SESSION}.changeKernel({{ name: 'python3' }})"],
    ids=["shutdown", "change"],
)
def test_a_kernel_that_leaves_in_the_middle_of_a_run_leaves_it_lost(open_notebook: OpenNotebook, leave: str) -> None:
    with serving_in_thread(for_ever) as server:
        notebook, panel = started(open_notebook, "leaves.ipynb", cell(server.url, "A story."), "print(6 * 7)")
        row = panel.row("A story")
        notebook.cell(1).get_by_text("and so on").first.wait_for(timeout=60_000)
        row.filter(has_text="Running").click()
        notebook.page.evaluate(leave)
        row.filter(has_text="Lost").wait_for(timeout=60_000)
        assert panel.button("Stop").count() == 0
        notebook.cell(1).locator(".cs-run[data-status='lost']").wait_for(timeout=30_000)
        notebook.page.locator(".jp-codesteer-statusitem").wait_for(state="hidden")
        record = decode_record(run_in(notebook, 1))
        assert record.status == "lost"
        assert "and so on" in record.rounds[0].answer.text
        # The notebook works on with another kernel, and so does what is beside it.
        notebook.page.evaluate(f"() => {SESSION}.changeKernel({{ name: 'python3' }})")
        notebook.run(2)
        notebook.finished(2)
        panel.button("New run").click()
        panel.node.get_by_role("form", name="New run").get_by_text("The notebook has no variables yet.").wait_for(
            timeout=60_000
        )


# -- without a mouse


def test_a_run_is_begun_read_stopped_and_deleted_with_keys_alone(open_notebook: OpenNotebook) -> None:
    with serving_in_thread(for_ever) as server:
        notebook = open_notebook("by-keys.ipynb", ["%load_ext codesteer"])
        page = notebook.page
        press, type_ = page.keyboard.press, page.keyboard.type
        role = "document.activeElement.getAttribute('role')"
        text = "document.activeElement.textContent"

        def tab_to(label: str) -> None:
            for _ in range(20):
                press("Tab")
                if page.evaluate("document.activeElement.getAttribute('aria-label')") == label:
                    return
            raise AssertionError(f"{label} is not reached")

        press("Control+Enter")
        notebook.finished(0)
        press("Control+Alt+n")
        page.wait_for_function("() => document.activeElement?.id === 'jp-codesteer-prompt'")
        type_("A story with keys.")
        press("Tab")
        type_(f"openai/scripted@{server.url}/v1")
        press("Control+Enter")
        row = page.locator("#codesteer-runs [role=option]")
        row.filter(has_text="Running").wait_for(timeout=60_000)
        notebook.cell(1).get_by_text("and so on").first.wait_for(timeout=60_000)
        # The form has gone, and its button has the focus again.
        assert page.evaluate(text) == "New run"
        tab_to("Runs")
        press("ArrowRight")
        detail = page.get_by_role("region", name="Rounds of the run")
        detail.get_by_text("and so on").first.wait_for()
        press("Escape")
        detail.wait_for(state="detached")
        tab_to("Stop")
        press("Enter")
        row.filter(has_text="Stopped").wait_for(timeout=60_000)
        # The button is gone; whoever pressed it is where the run is.
        assert page.evaluate(role) == "listbox"
        tab_to("Delete")
        press("Enter")
        page.locator(".jp-Dialog").wait_for()
        press("Enter")
        page.locator("#codesteer-runs").get_by_text("No runs yet.").wait_for(timeout=30_000)
        assert page.evaluate("document.activeElement.closest('#codesteer-runs') !== null"), "the focus was lost"
        assert notebook.save().cells[1].outputs == []
