"""``%%codesteer --check-only`` and ``codesteer.check``: the checkers' word on an answer of the user's."""

from __future__ import annotations

import pytest

from codesteer_kernel.record import decode_record
from codesteer_kernel.render import to_html, to_text
from codesteer_kernel.run import Run
from codesteer_kernel.store import Store
from tests.magics.notebook import Cell, Notebook
from tests.run.scripts import CHECK, model
from tests.scripted import Reply, ScriptedServer, serving_in_thread

pytestmark = pytest.mark.kernel
PROMPT = "What is the sum of the squares of 1 to 10?"


def checking(server: ScriptedServer, given: str, options: str = "") -> str:
    return f"%%codesteer --check-only --target {model(server)} {options}\n{PROMPT}\n{given}"


def test_an_answer_that_is_right_and_one_that_is_wrong(notebook: Notebook) -> None:
    with serving_in_thread([Reply(CHECK, times=None)]) as server:
        right = notebook.run(checking(server, "---\n385"))
        wrong = notebook.run(checking(server, "---\n55"))
        # Only the writer of the test was asked, once a cell: no steerer, no target.
        assert len(server.requests) == 2
        assert all("function check(answer" in one.last_user for one in server.requests)
    assert (right.error, wrong.error) == (None, None)
    assert (right.run["status"], right.run["answer"]["text"], right.run["support"]["level"]) == (
        "done",
        "385",
        "verified",
    )
    assert (wrong.run["status"], wrong.run["support"]["level"]) == ("done", "doubtful")
    assert wrong.run["rounds"][0]["self_answer"]["reason"] == "the sum is 385"
    assert right.run["question"]["prompt"] == PROMPT
    assert "Checked: the test passed." in right.outputs[0]["text/html"]
    assert "Checked: the test failed: the sum is 385." in wrong.outputs[0]["text/plain"]
    assert notebook.run("print(codesteer.last.verdict)").stdout == "fail\n"


def test_a_program_is_rated_run_on_the_inputs_and_tested(notebook: Notebook) -> None:
    notebook.run("numbers = list(range(1, 11))")
    given = "```python\nprint(sum(n * n for n in numbers))\n```"
    with serving_in_thread([Reply(CHECK, times=None)]) as server:
        cell = notebook.run(checking(server, given, "--in numbers --out numbers"))
        assert len(server.requests) == 1
    (round_,) = cell.run["rounds"]
    assert (round_["result"], round_["self_answer"]["verdict"]) == ("385", "pass")
    assert round_["symbolic"]["score"] > 0
    assert cell.run["bound"] == [{"name": "numbers", "type": "list", "error": ""}]


def test_a_program_that_fails_is_a_finding_and_no_failure(notebook: Notebook) -> None:
    with serving_in_thread([Reply(CHECK, times=None)]) as server:
        cell = notebook.run(checking(server, "```python\nprint(numbr)\n```"))
    assert cell.error is None
    assert (cell.run["status"], cell.run["answer"]) == ("done", None)
    assert "NameError" in cell.outputs[0]["text/html"]
    assert "the program did not end well" in cell.outputs[0]["text/plain"]


def test_without_a_test_a_program_is_rated_and_run_alone(notebook: Notebook) -> None:
    with serving_in_thread([]) as server:
        cell = notebook.run(checking(server, "```python\nprint(385)\n```", "--checker none"))
        assert server.requests == []
    assert cell.run["rounds"][0]["symbolic"]["suspicious"]
    assert cell.run["support"]["level"] == "doubtful"


@pytest.mark.parametrize(
    ("given", "options", "part"),
    [("", "", "line of ---"), ("---\n", "", "line of ---"), ("---\n4", "--checker none", "--checker none")],
)
def test_what_cannot_be_checked_is_refused(notebook: Notebook, given: str, options: str, part: str) -> None:
    with serving_in_thread([]) as server:
        cell: Cell = notebook.run(checking(server, given, options))
    assert cell.error is not None
    assert part in cell.error
    assert cell.outputs == []


def test_check_in_python(notebook: Notebook) -> None:
    with serving_in_thread([Reply(CHECK, times=None)]) as server:
        code = (
            f"one = codesteer.check({PROMPT!r}, '385', target={model(server)!r})\n"
            f"two = await codesteer.acheck({PROMPT!r}, '```python\\nprint(55)\\n```', target={model(server)!r})\n"
            "print(one.verdict, one.answer, two.verdict, two.rounds[0].symbolic.suspicious, codesteer.last is two)"
        )
        assert notebook.run(code).stdout == "pass 385 fail True True\n"


def test_the_record_of_a_check_reads_like_every_other(notebook: Notebook) -> None:
    record = Store().load("last")
    assert record.config.check_only
    # The record is like every other: shown, exported and read again.
    assert decode_record(Run(record).to_json()) == record
    assert "Checked:" in to_text(record)
    assert "Checked:" in to_html(record)
