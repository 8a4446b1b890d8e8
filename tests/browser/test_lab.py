"""The main job as a person sees it: a cell in JupyterLab, rounds live, Stop, save, reopen without a kernel."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from codesteer_kernel.record import MIME_TYPE, decode_record
from tests.browser.conftest import Notebook
from tests.scripted import Reply, Request, serving_in_thread

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
    if not (lab.folder / "live.ipynb").exists():
        test_rounds_appear_live_and_stay(open_notebook)
    notebook = open_notebook("live.ipynb", kernel=False, theme=theme)
    output = notebook.cell(1).locator(".jp-OutputArea-output")
    output.get_by_text("55").first.wait_for(timeout=30_000)
    # Our own renderer drew it, not the HTML fall-back, and nothing asks for a widget's model.
    assert output.locator(".cs-run[data-host='lab']").count() == 1
    text = output.first.inner_text()
    assert "model not found" not in text
    assert "Round 1" in text
    notebook.shot(f"lab-saved-{theme}")
