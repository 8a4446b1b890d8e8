"""JupyterLab wherever it is used: runs on disk, notebooks that cannot be written or trusted, themes, other kernels."""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

from codesteer_kernel.record import MIME_TYPE, Failure, FinalAnswer, Models, Question, Record, Timing, encode_record
from codesteer_kernel.store import Store
from tests.accessibility import assert_accessible
from tests.browser.conftest import Lab, Notebook
from tests.browser.test_lab import OpenNotebook, cell, two_rounds
from tests.browser.test_lab_panel import EXECUTE, Panel, assert_clean, many, record_of, saved, without_kernel
from tests.scripted import serving_in_thread

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# What is said of a command: whether it can be given, and why not.
COMMAND = """id => {
    const { commands } = window.jupyterapp;
    return [commands.isEnabled(id), commands.caption(id)];
}"""


def kept_runs(folder: Path, number: int) -> None:
    """So many runs on disk, the newest two of them with rounds; names begin with the day, as those of runs do."""
    folder.mkdir(parents=True)
    for place in range(number):
        has_failed = place % 7 == 3
        record = Record(
            id=f"20260102-{place:06}",
            status="failed" if has_failed else "done",
            question=Question(prompt=f"Old question {place}: how many apples?"),
            models=Models(target="local/smollm2-135m", steerer="", checker=""),
            answer=None if has_failed else FinalAnswer(text=f"{place} apples"),
            error=Failure(code="rate_limited", message="The endpoint asked to slow down.") if has_failed else None,
            timing=Timing(started="2026-01-02T03:04:05Z", seconds=4.2),
        )
        (folder / f"{record.id}.json").write_bytes(encode_record(record))
    for place, name in enumerate(("refined", "rich")):
        record_file = {**record_of(name), "id": f"20260102-{number + place:06}"}
        (folder / f"{record_file['id']}.json").write_text(json.dumps(record_file), encoding="utf-8")


def kept_panel(notebook: Notebook) -> Panel:
    panel = Panel(notebook)
    panel.node.get_by_label("Runs of").select_option("kept")
    return panel


def test_runs_on_disk_are_listed_searched_compared_used_and_deleted(
    open_notebook: OpenNotebook, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    kept_runs(home / "runs", 10_000)
    with serving_in_thread(two_rounds) as server:
        # The magics are not loaded: the panel has the kernel answer nevertheless.
        elsewhere = f"import os; os.environ['CODESTEER_HOME'] = {str(home)!r}"
        question = cell(server.url, "What is 1 + 2 + ... + 10?")
        notebook = open_notebook("kept.ipynb", [elsewhere, "%load_ext codesteer", question])
        notebook.run(0)
        notebook.finished(0)
        panel = kept_panel(notebook)
        page = notebook.page
        panel.node.get_by_text("10002 runs").wait_for(timeout=60_000)
        assert panel.rows.count() < 40
        assert panel.rows.first.get_attribute("aria-setsize") == "10002"
        # The list goes on where its reader goes.
        box = panel.node.get_by_role("listbox")
        box.focus()
        page.keyboard.press("End")
        page.wait_for_function("box => box.scrollHeight > 25000", arg=box.element_handle())
        assert panel.rows.count() < 40
        page.keyboard.press("Home")
        # Searched by the kernel, page by page.
        search = panel.node.get_by_role("searchbox", name="Search runs")
        search.fill("apples QUESTION 4077:")
        panel.row("Old question 4077:").wait_for()
        panel.node.get_by_text("1 of 10002 runs", exact=True).wait_for()
        search.fill("no such words")
        panel.node.get_by_text("No run fits.").wait_for()
        search.fill("")
        panel.node.get_by_label("Status").select_option("failed")
        panel.node.get_by_text("1429 of 10002 runs").wait_for()
        assert "rate_limited" in panel.rows.first.inner_text()
        panel.node.get_by_label("Status").select_option("")
        panel.node.get_by_text("10002 runs", exact=True).wait_for()
        # One is opened; the buttons do what can be done with it, and say what cannot.
        panel.rows.first.click()
        panel.button("Copy the answer").wait_for()
        notebook.shot("lab-kept-light")
        where = panel.button("Show its cell")
        assert where.get_attribute("aria-disabled") == "true"
        assert "kept on disk" in where.get_attribute("title")
        assert page.evaluate(COMMAND, "codesteer:go-to-run")[0] is False
        assert panel.button("Stop").count() == 0
        panel.button("Show the rounds").click()
        detail = panel.node.get_by_role("region", name="Rounds of the run")
        detail.get_by_text("Round 1").first.wait_for()
        page.keyboard.press("Escape")
        panel.rows.nth(1).click()
        panel.button("Insert the code below").click()
        inserted = "() => window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.source"
        page.wait_for_function(f"() => ({inserted})().includes('squares')")
        for form, beginning in (("Record (JSON)", "{"), ("Markdown", "**codesteer**"), ("HTML", "<!")):
            panel.button("Export").click()
            with page.expect_download() as told:
                page.locator(".lm-Menu").get_by_text(form, exact=True).click()
            assert Path(told.value.path()).read_text(encoding="utf-8").lower().startswith(beginning)
        panel.rows.nth(0).click()
        panel.rows.nth(1).click(modifiers=["Control"])
        panel.button("Compare").click()
        compared = panel.node.get_by_role("region", name="Two runs compared")
        compared.get_by_role("row", name="Answer").wait_for()
        assert compared.locator("ins").count() > 0
        notebook.shot("lab-kept-compare")
        page.keyboard.press("Escape")
        panel.rows.nth(2).click()
        panel.button("Delete").click()
        page.locator(".jp-Dialog").get_by_role("button", name="Delete").click()
        panel.node.get_by_text("10001 runs").wait_for()
        assert not (home / "runs" / "20260102-009999.json").exists()
        # A run that ends here is one more.
        page.evaluate("async () => { await window.jupyterapp.commands.execute('notebook:run-all-cells') }")
        panel.node.get_by_text("10002 runs").wait_for(timeout=90_000)
        assert panel.rows.first.inner_text().startswith("What is 1 + 2")
    newest = Store(home / "runs").rows(1)[0]
    assert newest.prompt == "What is 1 + 2 + ... + 10?"


def test_the_history_says_what_it_needs(open_notebook: OpenNotebook, lab: Lab) -> None:
    saved(lab, "no-kernel.ipynb", many(1))
    notebook = without_kernel(open_notebook, "no-kernel.ipynb")
    panel = kept_panel(notebook)
    panel.node.get_by_text("The kernel reads the runs on disk: start one.").wait_for()
    notebook.shot("lab-kept-no-kernel")
    notebook.page.evaluate(EXECUTE, ["application:close-all", {}])
    notebook.page.locator(".jp-Dialog").get_by_role("button", name="Discard").click()
    panel.node.get_by_text("A notebook's kernel reads the runs on disk: open one.").wait_for()
    assert_clean(panel)


# A kernel whose Python has no package of ours, wherever its path leads.
BARE = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("codesteer", "codesteer_kernel", "codesteer_widgets"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Hidden())
from ipykernel.kernelapp import launch_new_instance
launch_new_instance()
"""


def test_a_kernel_without_codesteer_is_told_apart(open_notebook: OpenNotebook, lab: Lab) -> None:
    spec = lab.share / "kernels" / "bare"
    spec.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", BARE, "-f", "{connection_file}"]
    described = {"argv": command, "display_name": "Bare", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(described), encoding="utf-8")
    notebook = open_notebook("bare.ipynb", ["%load_ext codesteer", "x = 1"], spec="bare")
    notebook.run(0)
    notebook.cell(0).get_by_text("No module named 'codesteer'").first.wait_for(timeout=60_000)
    panel = kept_panel(notebook)
    panel.node.get_by_text("CodeSteer is not installed in this kernel's environment.").wait_for(timeout=60_000)
    panel.node.get_by_text("Run there: pip install codesteer").wait_for()
    assert_clean(panel)
    notebook.shot("lab-bare-kept")
    # Once it is installed, one tries again; here it still is not.
    panel.button("Try again").click()
    panel.node.get_by_text("CodeSteer is not installed in this kernel's environment.").wait_for()
    panel.button("New run").click()
    panel.node.get_by_role("form").get_by_text("CodeSteer is not installed").wait_for(timeout=60_000)
    notebook.shot("lab-bare-composer")
    # Everything else in the notebook goes on.
    notebook.run(1)
    notebook.finished(1)


def read_only(name: str) -> Any:
    """Prepares a page whose server may not write this file. An administrator may write any: there the answer is changed."""

    def prepare(page: Any) -> None:
        def answer(route: Any) -> None:
            reply = route.fetch()
            route.fulfill(response=reply, json={**reply.json(), "writable": False})

        if os.geteuid() == 0:
            page.route(
                f"**/api/contents/{name}?*", lambda route: answer(route) if is_read(route) else route.continue_()
            )

    return prepare


def is_read(route: Any) -> bool:
    return bool(route.request.method == "GET")


def test_a_read_only_notebook_shows_runs_and_takes_no_cells(open_notebook: OpenNotebook, lab: Lab) -> None:
    saved(lab, "locked.ipynb", many(2))
    (lab.folder / "locked.ipynb").chmod(stat.S_IRUSR)
    notebook = open_notebook("locked.ipynb", prepare=read_only("locked.ipynb"))
    page = notebook.page
    panel = Panel(notebook)
    panel.rows.nth(1).wait_for(timeout=30_000)
    panel.row("Question 0").click()
    for name in ("Run again", "Continue with feedback", "Insert the code below", "Delete"):
        button = panel.button(name)
        assert button.get_attribute("aria-disabled") == "true", name
        assert button.get_attribute("title") == f"{name}: This notebook is read-only."
        button.click(force=True)
    assert panel.button("Copy the answer").get_attribute("aria-disabled") is None
    assert page.locator(".jp-Dialog").count() == 0
    for command in ("run-again", "continue-run", "insert-code", "delete-run"):
        assert page.evaluate(COMMAND, f"codesteer:{command}") == [False, "This notebook is read-only."]
    panel.button("Show the rounds").click()
    detail = panel.node.get_by_role("region", name="Rounds of the run")
    detail.get_by_text("Round 1").first.wait_for()
    assert_clean(panel)
    notebook.shot("lab-read-only")
    for view in (detail, notebook.cell(0)):
        for name in ("Insert into a cell", "Run again", "Continue"):
            assert view.get_by_role("button", name=name, exact=True).count() == 0
    panel.button("New run").click()
    form = panel.node.get_by_role("form", name="New run")
    form.get_by_text("This notebook is read-only").wait_for()
    form.get_by_label("Question").fill("What is 6 x 7?")
    assert panel.button("Insert cell").is_disabled()
    assert panel.button("Insert and run").is_disabled()
    assert page.locator(".jp-NotebookPanel .jp-CodeCell").count() == 2
    # The runs on disk are listed all the same, for the kernel is there.
    page.keyboard.press("Escape")
    panel.node.get_by_label("Runs of").select_option("kept")
    panel.node.get_by_text("Reading").wait_for(state="hidden")


def test_a_read_only_cell_keeps_its_run_and_its_text(open_notebook: OpenNotebook, lab: Lab) -> None:
    saved(lab, "fixed.ipynb", many(1))
    book = nbformat.read(lab.folder / "fixed.ipynb", as_version=4)
    book.cells[0].metadata["editable"] = False
    blank = nbformat.v4.new_code_cell("", metadata={"editable": False})
    book.cells.append(blank)
    nbformat.write(book, lab.folder / "fixed.ipynb")
    notebook = open_notebook("fixed.ipynb")
    page = notebook.page
    panel = Panel(notebook)
    panel.row("Question 0").click()
    delete = panel.button("Delete")
    assert delete.get_attribute("title") == "Delete: This cell is read-only."
    # Beside it a cell may stand.
    panel.button("Insert the code below").click()
    page.wait_for_function("() => document.querySelectorAll('.jp-NotebookPanel .jp-CodeCell').length === 3")
    # An empty cell is taken for a new run, but not one that must stay as it is.
    page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 2 }")
    panel.button("New run").click()
    panel.node.get_by_role("form", name="New run").get_by_label("Question").fill("What is 6 x 7?")
    panel.button("Insert cell").click()
    notebook.cell(3).get_by_text("What is 6 x 7?").wait_for()
    sources = [one.source for one in notebook.save().cells]
    assert sources[2] == ""
    assert sources[3].endswith("What is 6 x 7?")


def test_strangers_html_stays_text_in_an_untrusted_notebook(open_notebook: OpenNotebook, lab: Lab) -> None:
    record = json.dumps(record_of("refined"))
    evil = "<img src=x onerror='window.pwned=1'><script>window.pwned=1</script>"
    hostile = json.loads(record)
    hostile["question"]["prompt"] = f"{evil} How many?"
    hostile["answer"]["text"] = evil
    for one in hostile["rounds"]:
        one["answer"]["text"] = f"{evil}\n\n```python\nprint(1)\n```"
        one["decision"]["guidance"] = evil
        if one["execution"]:
            bundle = {
                "text/html": evil,
                "image/svg+xml": f"<svg onload='window.pwned=1'>{evil}</svg>",
                "text/plain": "x",
            }
            one["execution"]["outputs"] = [{"kind": "display", "data": bundle}]
            one["execution"]["stdout"] = evil
    shown = nbformat.v4.new_code_cell("%%codesteer\n?")
    both = {MIME_TYPE: hostile, "text/html": evil, "text/plain": "A run"}
    shown.outputs = [
        nbformat.v4.new_output("display_data", both),
        nbformat.v4.new_output("display_data", {"text/html": f"<p>mere html</p>{evil}", "text/plain": "mere text"}),
    ]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=[shown], metadata={"kernelspec": spec}), lab.folder / "evil.ipynb")
    notebook = open_notebook("evil.ipynb")
    page = notebook.page
    trusted = "() => window.jupyterapp.shell.currentWidget.content.model.cells.get(0).trusted"
    assert page.evaluate(trusted) is False
    output = notebook.cell(0).locator(".cs-run[data-host='lab']")
    output.get_by_text("Round 1").first.wait_for(timeout=30_000)
    panel = Panel(notebook)
    row = panel.row("How many?")
    row.click()
    panel.button("Show the rounds").click()
    detail = panel.node.get_by_role("region", name="Rounds of the run")
    for view in (output, detail):
        view.get_by_role("button", name="Open all rounds").click()
        view.get_by_text("onerror").first.wait_for()
    notebook.shot("lab-untrusted")
    assert page.locator("img[onerror], .cs-run script, #codesteer-runs script, svg[onload]").count() == 0
    assert page.evaluate("window.pwned") is None


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_every_part_is_right_in_this_theme(open_notebook: OpenNotebook, lab: Lab, theme: str) -> None:
    saved(lab, f"theme-{theme}.ipynb", many(5))
    notebook = without_kernel(open_notebook, f"theme-{theme}.ipynb", theme=theme)
    page = notebook.page
    panel = Panel(notebook)
    panel.rows.nth(4).wait_for(timeout=30_000)
    panel.row("Question 1").click()
    for width in (250, 420, 900):
        panel.width(width)
        assert panel.node.evaluate("node => node.scrollWidth <= node.clientWidth")
        notebook.shot(f"lab-{theme}-list-{width}")
    panel.width(420)
    assert_clean(panel)
    panel.button("Show the rounds").click()
    panel.node.get_by_role("region", name="Rounds of the run").get_by_text("Round 1").first.wait_for()
    assert_clean(panel)
    notebook.shot(f"lab-{theme}-rounds")
    page.keyboard.press("Escape")
    panel.row("Question 0").click(modifiers=["Control"])
    panel.button("Compare").click()
    panel.node.get_by_role("region", name="Two runs compared").wait_for()
    for width in (250, 620):
        panel.width(width)
        assert_clean(panel)
        notebook.shot(f"lab-{theme}-compare-{width}")
    panel.button("New run").click()
    for width in (250, 620):
        panel.width(width)
        assert_clean(panel)
        notebook.shot(f"lab-{theme}-composer-{width}")
    assert_view_clean(notebook)


def assert_view_clean(notebook: Notebook) -> None:
    """No fault that axe finds in the first run below a cell; JupyterLab's own frame is not ours to judge."""
    notebook.cell(0).locator(".cs-run").scroll_into_view_if_needed()
    assert_accessible(notebook.page, ".jp-NotebookPanel .cs-run")


def test_the_settings_editor_draws_our_settings_and_applies_them(open_notebook: OpenNotebook, lab: Lab) -> None:
    saved(lab, "settings.ipynb", many(1))
    notebook = without_kernel(open_notebook, "settings.ipynb")
    page = notebook.page
    Panel(notebook)
    page.locator("#jp-left-stack #codesteer-runs").wait_for(state="attached")
    page.evaluate(EXECUTE, ["settingeditor:open", {"query": "CodeSteer"}])
    field = "[id^='jp-SettingsEditor-@codesteer/lab:preferences_'][id$='_{}']"
    side = page.locator(f"select{field.format('side')}")
    side.wait_for(timeout=60_000)
    for name in ("allNotebooks", "statusBar", "notify"):
        assert page.locator(f"input{field.format(name)}").is_visible(), name
    errors = page.locator(".jp-SettingsPanel .validationErrors")
    assert [one for one in errors.all_inner_texts() if one.strip()] == []
    notebook.shot("lab-settings")
    side.select_option(label="right")
    page.locator("#jp-right-stack #codesteer-runs").wait_for(state="attached")
    side.select_option(label="left")
    page.locator("#jp-left-stack #codesteer-runs").wait_for(state="attached")
    # What is written there is kept for the next time.
    settings = Path(os.environ["JUPYTER_CONFIG_DIR"]) / "lab" / "user-settings" / "@codesteer" / "lab"
    notices = page.locator(f"input{field.format('notify')}")
    for is_on in (False, True):
        notices.set_checked(is_on)
        for _ in range(300):
            written = settings / "preferences.jupyterlab-settings"
            kept = written.read_text(encoding="utf-8") if written.exists() else ""
            if ('"notify": false' in kept) is not is_on:
                break
            time.sleep(0.1)
        assert ('"notify": false' in kept) is not is_on
