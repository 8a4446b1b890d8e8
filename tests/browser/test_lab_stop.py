"""Stop at every phase of a run, in every way that JupyterLab has: seen as stopping, ended, and kept as far as it came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from codesteer_kernel.record import MIME_TYPE, Record, decode_record
from tests.browser.test_lab import OpenNotebook, cell
from tests.browser.test_lab_panel import EXECUTE, Panel
from tests.scripted import ScriptedServer, serving_in_thread
from tests.scripted.holding import PHASES, Phase, holding

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# Notes every word that the panel says of the run's status, in order.
WATCH = """row => {
    const status = row.querySelector('.jp-codesteer-status');
    window.said = [status.textContent];
    new MutationObserver(() => {
        if (window.said.at(-1) !== status.textContent) window.said.push(status.textContent);
    }).observe(status, { childList: true, characterData: true, subtree: true });
}"""


def by_panel(panel: Panel, row: Any, _index: int) -> None:
    row.click()
    panel.button("Stop").click()


def by_cell(panel: Panel, _row: Any, index: int) -> None:
    panel.notebook.cell(index).get_by_role("button", name="Stop").click()


def by_keys(panel: Panel, row: Any, _index: int) -> None:
    row.click()
    panel.page.keyboard.press("Control+Alt+q")


def by_interrupt(panel: Panel, _row: Any, _index: int) -> None:
    panel.page.evaluate(EXECUTE, ["notebook:interrupt-kernel", {}])


WAYS: dict[str, Callable[[Panel, Any, int], None]] = {
    "panel": by_panel,
    "cell": by_cell,
    "keys": by_keys,
    "interrupt": by_interrupt,
}


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.name.replace(" ", "-"))
def test_a_run_is_stopped_in_every_way(open_notebook: OpenNotebook, phase: Phase) -> None:
    with serving_in_thread(holding(phase)) as server:
        sources = [cell(server.url, f"Question by {way}: 1 + ... + 10?") for way in WAYS]
        notebook = open_notebook(f"stop-{PHASES.index(phase)}.ipynb", ["%load_ext codesteer", *sources, "print(6 * 7)"])
        notebook.run(0)
        notebook.finished(0)
        panel = Panel(notebook)
        for index, (way, stop) in enumerate(WAYS.items(), 1):
            server.requests.clear()
            notebook.run(index)
            row = reached(panel, server, phase, way, index)
            row.evaluate(WATCH)
            stop(panel, row, index)
            notebook.finished(index, 60)
            row.filter(has_text="Stopped").wait_for()
            said = panel.page.evaluate("said")
            assert (said[0], said[-1]) == ("Running", "Stopped")
            assert said[1:-1] in ([], ["Stopping…"])
            # A wish that was made in the page is shown there before the kernel has heard of it.
            assert way == "cell" or len(said) == 3
            if phase.calls:
                until(panel, lambda: any(one.disconnected for one in server.requests), "the stream was left open")
        notebook.run(len(WAYS) + 1)
        notebook.finished(len(WAYS) + 1)
        outputs = [one.outputs for one in notebook.save().cells]
        assert outputs[-1][0].text == "42\n", "the kernel is free again"
        for way, (shown, *more) in zip(WAYS, outputs[1:-1], strict=True):
            assert set(shown.data) == {MIME_TYPE, "text/html", "text/markdown", "text/plain"}
            assert_kept(decode_record(dict(shown.data[MIME_TYPE])), phase)
            # Run All must not go on after an interrupt; a run that was stopped is no fault.
            assert [one.ename for one in more] == (["RunInterrupted"] if way == "interrupt" else [])


def reached(panel: Panel, server: ScriptedServer, phase: Phase, way: str, index: int) -> Any:
    """The row of a run that is held in the phase."""
    row = panel.row(f"Question by {way}")
    row.filter(has_text="Running").wait_for(timeout=60_000)
    panel.notebook.cell(index).locator(".cs-run").get_by_text(phase.shows).first.wait_for(timeout=60_000)
    until(panel, lambda: len(server.requests) >= phase.asks, "the models were not asked")
    return row


def until(panel: Panel, holds: Callable[[], bool], fault: str) -> None:
    for _ in range(600):
        if holds():
            return
        panel.page.wait_for_timeout(50)
    raise AssertionError(fault)


def assert_kept(record: Record, phase: Phase) -> None:
    """The record holds what there was when the run was stopped."""
    assert record.status == "stopped"
    assert len(record.rounds) == (0 if phase.name == "choosing" else 1)
    for one in record.rounds:
        if phase.name in ("prefill", "stream"):
            assert one.answer.text.startswith("and so on") == (phase.name == "stream")
            assert not one.answer.complete
            assert one.execution is None
        else:
            assert one.execution is not None
            assert one.execution.stdout == ("begun\n" if phase.name == "execution" else "55\n")
            assert (one.self_answer is not None) == (phase.name == "steering")
