"""The main job as a person sees it: a cell in JupyterLab, rounds live, Stop, save, reopen without a kernel."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import nbformat
import pytest

from codesteer_kernel.record import MIME_TYPE, decode_record
from codesteer_kernel.render import mime_bundle
from codesteer_kernel.store import Store
from tests.browser.conftest import Notebook
from tests.scripted import Reply, Request, serving_in_thread
from tests.widgets.page import SAMPLES, read_sample

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

OpenNotebook = Callable[..., Notebook]

WRONG = "The sum needs a loop.\n\n```python\nprint(sum(range(10)))\n```"
RIGHT = "Up to and with ten.\n\n```python\nprint(sum(range(11)))\n```"
CHECK = "```python\ndef check(answer):\n    return int(answer) == sum(range(1, 11)), 'it misses the last number'\n```"


def decision(kind: str, guidance: str = "", reason: str = "") -> str:
    return f'{{"decision": "{kind}", "guidance": "{guidance}", "reason": "{reason}"}}'


def two_rounds(request: Request) -> Reply | str:
    """A target that errs once, a steerer that sees it: both speak through one server."""
    if "You steer another model" in request.system:
        if "Round 1" in request.last_user:
            return decision("refine", "The range must include ten.", "The test failed.")
        if "Round 2" in request.last_user:
            return decision("return", "", "The test passed.")
        return decision("code", "", "Sums are computed.")
    if "def check" in request.last_user or "check(answer" in request.last_user:
        return CHECK
    slow = 0.15
    return Reply(RIGHT, delay=slow) if "include ten" in request.last_user else Reply(WRONG, delay=slow)


def for_ever(request: Request) -> Reply | str:
    """A target that never comes to an end."""
    if "You steer another model" in request.system:
        return decision("text", "", "Words will do.")
    return Reply("and so on " * 3000, delay=0.02)


def cell(url: str, question: str, options: str = "") -> str:
    return f"%%codesteer --target openai/scripted@{url}/v1 --rounds 3 {options}\n{question}"


def saved(lab: Any, name: str, record: dict[str, Any]) -> None:
    """A notebook file whose only cell holds this run."""
    cell_of_it = nbformat.v4.new_code_cell("%%codesteer\n?", execution_count=1)
    bundle = json.loads(json.dumps(mime_bundle(decode_record(record))))
    cell_of_it.outputs = [nbformat.v4.new_output("display_data", data=bundle)]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell_of_it], metadata={"kernelspec": spec}), lab.folder / name)


def test_rounds_appear_live_and_stay(open_notebook: OpenNotebook) -> None:
    with serving_in_thread(two_rounds) as server:
        notebook = open_notebook("live.ipynb", ["%load_ext codesteer", cell(server.url, "What is 1 + 2 + ... + 10?")])
        notebook.run(0)
        notebook.finished(0)
        notebook.run(1)
        output = notebook.cell(1).locator(".jp-OutputArea-output")
        # The text of round 1 grows token by token before its program has run.
        output.get_by_text("needs a loop").first.wait_for(timeout=30_000)
        lengths = []
        for _ in range(30):
            lengths.append(len(output.first.inner_text()))
            time.sleep(0.1)
        assert len(set(lengths)) > 4, "the answer did not stream"
        output.get_by_text("Round 2").first.wait_for(timeout=30_000)
        notebook.shot("lab-live")
        notebook.finished(1)
        output.get_by_text("55").first.wait_for(timeout=15_000)
        notebook.shot("lab-done")
    saved = notebook.save()
    bundle = saved.cells[1].outputs[0].data
    assert set(bundle) == {MIME_TYPE, "text/html", "text/markdown", "text/plain"}
    record = decode_record(dict(bundle[MIME_TYPE]))
    assert record.status == "done"
    assert [one.self_answer.verdict for one in record.rounds if one.self_answer] == ["fail", "pass"]
    assert record.answer is not None
    assert record.answer.text == "55"
    assert record.answer.round == 2


def test_stop_in_the_widget_ends_the_run_and_keeps_it(open_notebook: OpenNotebook) -> None:
    with serving_in_thread(for_ever) as server:
        notebook = open_notebook(
            "stop.ipynb", ["%load_ext codesteer", cell(server.url, "Tell me a long story."), "print(6 * 7)"]
        )
        notebook.run(0)
        notebook.finished(0)
        notebook.run(1)
        output = notebook.cell(1).locator(".jp-OutputArea-output")
        output.get_by_text("and so on").first.wait_for(timeout=30_000)
        output.get_by_role("button", name="Stop").first.click()
        notebook.finished(1, 20)
        notebook.shot("lab-stopped")
        record = decode_record(dict(notebook.save().cells[1].outputs[0].data[MIME_TYPE]))
        assert record.status == "stopped"
        assert "and so on" in record.rounds[0].answer.text
        assert any(request.disconnected for request in server.requests), "the stream was not closed"
        # The kernel is free again.
        notebook.run(2)
        notebook.finished(2, 20)
        assert "42" in notebook.cell(2).locator(".jp-OutputArea").inner_text()


def test_the_kernels_interrupt_stops_too(open_notebook: OpenNotebook) -> None:
    with serving_in_thread(for_ever) as server:
        notebook = open_notebook(
            "interrupt.ipynb", ["%load_ext codesteer", cell(server.url, "A long story."), "print(6 * 7)"]
        )
        notebook.run(0)
        notebook.finished(0)
        notebook.run(1)
        output = notebook.cell(1).locator(".jp-OutputArea-output")
        output.get_by_text("and so on").first.wait_for(timeout=30_000)
        notebook.page.evaluate("() => window.jupyterapp.commands.execute('notebook:interrupt-kernel')")
        notebook.finished(1, 20)
        outputs = notebook.save().cells[1].outputs
        assert decode_record(dict(outputs[0].data[MIME_TYPE])).status == "stopped"
        assert outputs[1].ename == "RunInterrupted"
        assert len(outputs[1].traceback) == 1, "one sentence, no traceback"
        notebook.run(2)
        notebook.finished(2, 20)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_saved_run_is_drawn_without_a_kernel(open_notebook: OpenNotebook, lab: Any, theme: str) -> None:
    saved(lab, f"saved-{theme}.ipynb", read_sample("refined"))
    notebook = open_notebook(f"saved-{theme}.ipynb", kernel=False, theme=theme)
    output = notebook.cell(0).locator(".jp-OutputArea-output")
    output.get_by_text("32").first.wait_for(timeout=30_000)
    # Our own renderer drew it, not the HTML fall-back, and nothing asks for a widget's model.
    assert output.locator(".cs-run[data-host='lab']").count() == 1
    text = output.first.inner_text()
    assert "model not found" not in text
    assert "Round 1" in text
    notebook.shot(f"lab-saved-{theme}")


def finished_run(open_notebook: OpenNotebook, name: str, url: str, options: str = "") -> Notebook:
    """A notebook in whose second cell a run of two rounds has ended."""
    notebook = open_notebook(name, ["%load_ext codesteer", cell(url, "What is 1 + 2 + ... + 10?", options)])
    notebook.run(0)
    notebook.finished(0)
    notebook.run(1)
    notebook.finished(1)
    notebook.cell(1).locator(".cs-run[data-host='lab'] .cs-result").wait_for(timeout=30_000)
    return notebook


def test_a_program_is_inserted_into_a_cell_and_runs_there(open_notebook: OpenNotebook) -> None:
    with serving_in_thread(two_rounds) as server:
        notebook = finished_run(open_notebook, "insert.ipynb", server.url)
        notebook.cell(1).locator(".cs-answer").get_by_role("button", name="Insert into a cell").first.click()
        notebook.cell(2).get_by_text("sum(range(11))").wait_for(timeout=10_000)
        notebook.run(2)
        notebook.finished(2)
        assert notebook.cell(2).locator(".jp-OutputArea-output").inner_text().strip() == "55"
        assert notebook.save().cells[2].source == "print(sum(range(11)))"


def test_feedback_goes_on_from_the_run_in_a_cell_below(open_notebook: OpenNotebook) -> None:
    with serving_in_thread(two_rounds) as server:
        notebook = finished_run(open_notebook, "feedback.ipynb", server.url, "--seed 3")
        run_id = notebook.save().cells[1].outputs[0].data[MIME_TYPE]["id"]
        field = notebook.cell(1).get_by_role("textbox", name="What should be different?")
        field.fill("Write it as a formula.")
        # By the keyboard alone, as one sends a cell.
        field.press("Control+Enter")
        notebook.finished(2)
        notebook.cell(2).locator(".cs-run[data-host='lab'] .cs-result").wait_for(timeout=30_000)
        saved = notebook.save().cells[2]
        first, words = saved.source.split("\n", 1)
        assert first.startswith("%%codesteer --target openai/scripted@")
        assert first.endswith(f"--rounds 3 --seed 3 --continue {run_id}")
        assert words == "Write it as a formula."
        record = decode_record(dict(saved.outputs[0].data[MIME_TYPE]))
        assert record.question.follows == run_id
        assert record.config.seed == 3
        assert field.input_value() == ""


def test_run_again_asks_the_same_in_the_same_cell(open_notebook: OpenNotebook) -> None:
    with serving_in_thread(two_rounds) as server:
        notebook = finished_run(open_notebook, "rerun.ipynb", server.url)
        before = notebook.save().cells[1].outputs[0].data[MIME_TYPE]["id"]
        notebook.cell(1).get_by_role("button", name="Run again").click()
        notebook.cell(1).get_by_role("button", name="Stop").wait_for(timeout=30_000)
        notebook.finished(1)
        notebook.cell(1).locator(".cs-run[data-host='lab'] .cs-result").wait_for(timeout=30_000)
        after = notebook.save().cells[1].outputs[0].data[MIME_TYPE]
        assert after["id"] != before
        assert after["question"]["prompt"] == "What is 1 + 2 + ... + 10?"


def test_a_rating_is_kept_and_known_again(open_notebook: OpenNotebook) -> None:
    with serving_in_thread(two_rounds) as server:
        notebook = finished_run(open_notebook, "rating.ipynb", server.url)
        run_id = notebook.save().cells[1].outputs[0].data[MIME_TYPE]["id"]
        good = notebook.cell(1).locator("[data-round='2']").get_by_role("button", name="Good steering")
        good.click()
        marks = Store().folder / f"{run_id}.marks"
        for _ in range(200):
            if marks.exists():
                break
            time.sleep(0.1)
        assert Store().marks(run_id).ratings == {2: "good"}
        # Another look at the same run is told what is kept.
        notebook.page.evaluate("() => window.jupyterapp.commands.execute('notebook:insert-cell-below')")
        notebook.cell(2).locator(".cm-content").click()
        notebook.page.keyboard.type(f"%codesteer show {run_id}")
        notebook.run(2)
        notebook.finished(2)
        again = notebook.cell(2).locator("[data-round='2']").get_by_role("button", name="Good steering")
        again.locator("xpath=self::*[@aria-pressed='true']").wait_for(timeout=30_000)
        again.click()
        for _ in range(200):
            if not marks.exists():
                break
            time.sleep(0.1)
        assert Store().marks(run_id).ratings == {}


def test_a_rating_while_the_run_goes_on_is_kept(open_notebook: OpenNotebook) -> None:
    def slow_second(request: Request) -> Reply | str:
        reply = two_rounds(request)
        if isinstance(reply, Reply) and reply.text == RIGHT:
            return Reply("and so on " * 3000, delay=0.02)
        return reply

    with serving_in_thread(slow_second) as server:
        notebook = open_notebook("rating-live.ipynb", ["%load_ext codesteer", cell(server.url, "1 + ... + 10?")])
        notebook.run(0)
        notebook.finished(0)
        notebook.run(1)
        output = notebook.cell(1).locator(".jp-OutputArea-output")
        output.get_by_text("and so on").first.wait_for(timeout=30_000)
        # The keyboard reaches everything in the widget: no shortcut of the notebook's takes Enter away.
        output.locator("[data-round='1'] summary").first.focus()
        notebook.page.keyboard.press("Enter")
        bad = output.locator("[data-round='1']").get_by_role("button", name="Bad steering")
        bad.focus()
        notebook.page.keyboard.press("Enter")
        assert bad.get_attribute("aria-pressed") == "true"
        stop = output.get_by_role("button", name="Stop")
        stop.focus()
        notebook.page.keyboard.press("Enter")
        notebook.finished(1, 20)
        record = decode_record(dict(notebook.save().cells[1].outputs[0].data[MIME_TYPE]))
        assert record.status == "stopped"
        assert Store().marks(record.id).ratings == {1: "bad"}
        pressed = notebook.cell(1).locator("[data-round='1'] [aria-label='Bad steering'][aria-pressed='true']")
        pressed.wait_for(state="attached", timeout=30_000)


def test_formulas_are_drawn_by_jupyterlab(open_notebook: OpenNotebook) -> None:
    def in_formulas(request: Request) -> str:
        if "You steer another model" in request.system:
            done = "Round 1" in request.last_user
            return decision("return" if done else "text", "", "Words will do.")
        return (
            "The sum is $\\sum_{k=1}^{n} k = \\frac{n(n+1)}{2}$, and a coffee costs $3 or $4.\n\n$$e^{i\\pi} = -1$$\n"
        )

    with serving_in_thread(in_formulas) as server:
        notebook = open_notebook(
            "formulas.ipynb", ["%load_ext codesteer", cell(server.url, "The sum?", "--checker none")]
        )
        notebook.run(0)
        notebook.finished(0)
        notebook.run(1)
        notebook.finished(1)
        answer = notebook.cell(1).locator(".cs-run[data-host='lab'] .cs-answer")
        answer.locator(".cs-math mjx-container").nth(1).wait_for(timeout=30_000)
        assert "a coffee costs $3 or $4" in answer.inner_text()
        notebook.shot("lab-formulas")


def test_a_view_made_by_hand_stands_in_a_layout_and_calls_back(open_notebook: OpenNotebook) -> None:
    record = (SAMPLES / "refined.json").read_text(encoding="utf-8")
    made = f"""import json, ipywidgets
from codesteer_widgets import RunWidget
view, told = RunWidget(json.loads({record!r})), ipywidgets.Label()
view.on_feedback(lambda text: setattr(told, "value", f"heard: {{text}}"))
view.observe(lambda change: setattr(told, "value", f"chosen: {{change['new']}}"), names="selected")
ipywidgets.VBox([told, ipywidgets.HBox([view])])"""
    notebook = open_notebook("by-hand.ipynb", [made, "view.selected = 2; view.on_rerun(lambda: None)"])
    notebook.run(0)
    notebook.finished(0)
    output = notebook.cell(0).locator(".jp-OutputArea-output")
    output.locator(".cs-chip").first.click()
    output.get_by_text("chosen: 1").wait_for(timeout=20_000)
    assert output.get_by_role("button", name="Run again").count() == 0
    output.get_by_role("textbox", name="What should be different?").fill("shorter")
    output.get_by_role("button", name="Continue").click()
    output.get_by_text("heard: shorter").wait_for(timeout=20_000)
    notebook.run(1)
    output.get_by_text("chosen: 2").wait_for(timeout=20_000)
    output.get_by_role("button", name="Run again").wait_for(timeout=20_000)


def test_a_chart_is_drawn_in_its_round(open_notebook: OpenNotebook, lab: Any) -> None:
    record = read_sample("rich")
    chart = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "mark": "bar",
        "data": {"values": [{"city": "Lyon", "nights": 3}, {"city": "Oslo", "nights": 5}]},
        "encoding": {"x": {"field": "city", "type": "nominal"}, "y": {"field": "nights", "type": "quantitative"}},
    }
    loading = {**chart, "data": {"url": "http://127.0.0.1:9/data.json"}}
    kind = "application/vnd.vegalite.v5+json"
    record["rounds"][1]["execution"]["outputs"] = [
        {"kind": "display", "data": {kind: json.dumps(one), "text/plain": "alt.Chart(...)"}} for one in (chart, loading)
    ]
    saved(lab, "chart.ipynb", record)
    notebook = open_notebook("chart.ipynb", kernel=False)
    outputs = notebook.cell(0).locator(".cs-run[data-host='lab'] [data-round='2'] .cs-output")
    outputs.nth(0).locator("canvas, svg.marks").first.wait_for(timeout=60_000)
    assert outputs.nth(1).inner_text() == "Chart (vegalite.v5) · alt.Chart(...)"
    # Cells can be made without a kernel; runs cannot.
    view = notebook.cell(0).locator(".cs-run")
    assert view.get_by_role("button", name="Insert into a cell").first.is_visible()
    for name in ("Continue", "Run again", "Good steering", "Stop"):
        assert view.get_by_role("button", name=name).count() == 0


def test_without_our_extension_a_run_is_live_and_then_html(open_notebook: OpenNotebook) -> None:
    with serving_in_thread(two_rounds) as server:
        notebook = open_notebook(
            "plain.ipynb", ["%load_ext codesteer", cell(server.url, "What is 1 + 2 + ... + 10?")], extension=False
        )
        notebook.run(0)
        notebook.finished(0)
        notebook.run(1)
        output = notebook.cell(1).locator(".jp-OutputArea-output")
        output.locator(".cs-run[data-host='widget']").wait_for(timeout=30_000)
        notebook.finished(1)
        output.locator(".codesteer-run").wait_for(timeout=30_000)
        assert output.locator(".cs-run").count() == 0
        assert "Round 2" in output.first.inner_text()
        assert output.locator("details").count() >= 2
        notebook.shot("lab-without-extension")
