"""The example notebooks, executed from their first cell to their last: what a reader is told in them is what happens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import nbformat
import pytest

from codesteer_kernel.record import Record
from tests.examples.sessions import EXAMPLES, NAMES, executed, records

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(600)]
Executed = tuple[nbformat.NotebookNode, list[Record]]


@pytest.fixture(scope="module")
def run() -> Callable[[str], Executed]:
    """Executes a notebook, once."""
    kept: dict[str, Executed] = {}

    def once(name: str) -> Executed:
        if name not in kept:
            notebook = executed(name)
            kept[name] = (notebook, records(notebook))
        return kept[name]

    return once


def told(notebook: nbformat.NotebookNode, place: int) -> str:
    """What stands as plain text under the code cell at ``place`` of all."""
    cell = [one for one in notebook.cells if one.cell_type == "code"][place]
    parts = [one.get("text") or one.get("data", {}).get("text/plain", "") for one in cell.outputs]
    return "".join(parts)


def verdicts(record: Record) -> list[str | None]:
    return [one.self_answer.verdict if one.self_answer else None for one in record.rounds]


@pytest.mark.parametrize("name", NAMES)
def test_the_outputs_that_are_kept_are_those_of_the_notebook(name: str, run: Callable[[str], Executed]) -> None:
    kept = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    nbformat.validate(kept)
    fresh = run(name)[1]
    for old, new in zip(records(kept), fresh, strict=True):
        assert (old.question.prompt, old.question.inputs) == (new.question.prompt, new.question.inputs)
        assert (old.answer, old.status) == (new.answer, new.status)
        assert [one.answer for one in old.rounds] == [one.answer for one in new.rounds]
        assert verdicts(old) == verdicts(new)
    assert not [output for cell in kept.cells for output in cell.get("outputs", ()) if output.output_type == "error"]
    # Widgets need a kernel, and nobody's paths belong in a file that is given away.
    text = json.dumps(kept)
    assert "widget-view" not in text
    assert not re.search(r"/home/|/tmp/|/root/|/site-packages/|C:\\\\", text)


def test_two_frames_are_reconciled(run: Callable[[str], Executed]) -> None:
    notebook, (matched, dunning) = run("reconcile")
    assert [one.execution.status for one in matched.rounds if one.execution] == ["error", "ok", "ok"]
    assert verdicts(matched) == [None, "fail", "pass"]
    assert matched.answer is not None
    assert matched.answer.text == "still open: 2,910.60"
    assert [(one.name, one.type) for one in matched.bound] == [("status", "DataFrame"), ("unmatched", "DataFrame")]
    # What was hidden was told to nobody.
    assert "customer (str, values hidden)" in told(notebook, 1)
    assert "Müller GmbH" not in next(one.summary for one in matched.question.inputs if one.name == "invoices")
    assert all(number in told(notebook, 3) for number in ("2026-0109", "2026-0110", "2026-0111"))
    assert "Stadtwerke" in told(notebook, 4)
    assert dunning.question.follows == matched.id
    assert (dunning.answer and dunning.answer.text.splitlines()[0], verdicts(dunning)) == (
        "2026-0109: 25 days",
        ["pass"],
    )
    assert told(notebook, -1) == "open 2,910.60, of which overdue 2,910.60\n"


def test_the_roster_is_the_cheapest(run: Callable[[str], Executed]) -> None:
    notebook, (record,) = run("roster")
    assert verdicts(record) == ["fail", "pass"]
    assert "no roster can cost less than 6874.00" in (
        record.rounds[0].self_answer.reason if record.rounds[0].self_answer else ""
    )
    assert record.answer is not None
    assert record.answer.text.endswith("cost 6874.0")
    assert [(one.name, one.type) for one in record.bound] == [("roster", "DataFrame"), ("fig", "Picture")]
    figure = [one for one in notebook.cells if one.cell_type == "code"][3]
    assert figure.outputs[0]["data"]["image/png"].startswith("iVBOR")
    assert told(notebook, -1) == "6,874.00 for 208 hours; the agency works 0\n"


def test_words_are_right_where_the_count_is_wrong(run: Callable[[str], Executed]) -> None:
    notebook, (steered, checked) = run("treatments")
    first, second = steered.rounds
    assert (first.decision.kind, first.result, verdicts(steered)) == ("code", "B", ["fail", None])
    assert (second.decision.kind, second.answer.code, second.result) == ("text", None, "A")
    assert steered.answer is not None
    assert steered.support is not None
    assert (steered.answer.round, steered.support.level) == (2, "unchecked")
    assert (checked.config.check_only, verdicts(checked)) == (True, ["pass"])
    assert checked.support is not None
    assert checked.support.level == "verified"
    assert re.search(r"as treated\s+0.780\s+0.826", told(notebook, -1))
    assert re.search(r"like with like\s+0.833\s+0.779", told(notebook, -1))
