"""What a run leads to, in a real kernel: insert, rerun, continue, diff, fix, explain."""

from __future__ import annotations

import pytest

from tests.magics.notebook import RUN, Cell, Notebook
from tests.run.scripts import model, program, say, script, two_rounds
from tests.scripted import ScriptedServer, serving_in_thread

pytestmark = pytest.mark.kernel
PROMPT = "What is the sum of the squares of 1 to 10?"


def next_cell(cell: Cell, notebook: Notebook) -> str:
    """The text of the cell that was put below."""
    return notebook.run("print(get_ipython().rl_next_input or get_ipython()._codesteer_next, end='')").stdout


@pytest.fixture(autouse=True)
def _next_input_is_kept(notebook: Notebook) -> None:
    notebook.run(
        "get_ipython()._codesteer_next = ''\n"
        "get_ipython().set_next_input = lambda text, replace=False: setattr(get_ipython(), '_codesteer_next', text)\n"
        "get_ipython().rl_next_input = None"
    )


def told_target(server: ScriptedServer) -> list[str]:
    return [request.last_user for request in server.requests if "You steer another model" not in request.system]


def test_a_runs_program_becomes_a_cell(notebook: Notebook) -> None:
    with serving_in_thread(two_rounds()) as server:
        notebook.run(f"%%codesteer --target {model(server)}\n{PROMPT}")
    cell = notebook.run("%codesteer insert")
    assert cell.error is None
    assert next_cell(cell, notebook) == f"# {PROMPT}\nprint(sum(n * n for n in range(1, 11)))\n"


def test_rerun_asks_the_same_with_the_same_settings(notebook: Notebook) -> None:
    replies = [*two_rounds(), *two_rounds()]
    with serving_in_thread(replies) as server:
        first = notebook.run(f"%%codesteer --target {model(server)} --rounds 4 --seed 3\n{PROMPT}")
        again = notebook.run("%codesteer rerun last --rounds 6")
    assert again.error is None
    assert again.run["question"] == first.run["question"]
    assert again.run["id"] != first.run["id"]
    assert again.run["config"]["seed"] == 3
    assert (first.run["budget"]["rounds"], again.run["budget"]["rounds"]) == (4, 6)
    assert set(again.outputs[0]) >= {RUN, "text/html"}
    told = notebook.run(f"%codesteer diff {first.run['id']} {again.run['id']}").stdout
    assert first.run["id"] in told
    assert "code refine" in told


def test_a_question_that_goes_on_is_told_what_was_before(notebook: Notebook) -> None:
    check = "```python\ndef check(answer):\n    return int(answer) == sum(range(3)) + 17, 'no'\n```"
    replies = [*two_rounds(), *script([say("code"), say("return")], [program("print(20)")], check)]
    with serving_in_thread(replies) as server:
        first = notebook.run(f"%%codesteer --target {model(server)}\n{PROMPT}")
        cell = notebook.run(
            f"%%codesteer --target {model(server)} --checker none --continue last\nAnd of the odd ones?"
        )
        told = told_target(server)[-1]
    assert cell.error is None
    assert cell.run["question"]["prompt"] == "And of the odd ones?"
    assert cell.run["question"]["follows"] == first.run["id"]
    assert told.index(PROMPT) < told.index("385") < told.index("And of the odd ones?")
    assert "sum(n * n for n in range(1, 11))" in told
    missing = notebook.run(f"%%codesteer --target {model(server)} --continue nothing\nx")
    assert "There is no run 'nothing'" in (missing.error or "")


def test_a_failed_cell_is_mended_with_its_own_data_and_put_below(notebook: Notebook) -> None:
    notebook.run("prices = [3, 4, 5]\nlabel = 'euro'")
    failed = notebook.run("total = sum(prices) + label\nprint(total)")
    assert "TypeError" in (failed.error or "")
    mended = "total = sum(prices)\nprint(total, label)"
    with serving_in_thread([program(mended), say("return")]) as server:
        notebook.run(f"%config CodeSteer.target = '{model(server)}'")
        cell = notebook.run(f"%codesteer fix --target {model(server)} --checker none")
        (told, *_) = told_target(server)
    assert cell.error is None, cell.error
    assert "total = sum(prices) + label" in told
    assert "TypeError" in told
    assert "In line 1" in told
    assert cell.run["rounds"][0]["execution"]["stdout"] == "12 euro\n", "it was tried with the cell's own data"
    assert next_cell(cell, notebook) == mended + "\n"
    notebook.run("%config CodeSteer.target = 'embedded'")


def test_a_program_is_explained_in_words(notebook: Notebook) -> None:
    with serving_in_thread([*two_rounds(), "It adds the squares. It could be off by one.", say("return")]) as server:
        notebook.run(f"%%codesteer --target {model(server)}\n{PROMPT}")
        cell = notebook.run("x = 1\n%codesteer explain")
        told = told_target(server)[-1]
    assert cell.error is None, cell.error
    assert "sum(n * n for n in range(1, 11))" in told
    assert [one["decision"]["kind"] for one in cell.run["rounds"]] == ["text"]
    assert cell.run["answer"]["text"].startswith("It adds the squares.")


def test_what_cannot_be_done_is_told_without_a_traceback(notebook: Notebook) -> None:
    for line, words in (
        ("%codesteer insert nothing", "There is no run"),
        ("%codesteer diff last", "Two runs are compared"),
        ("%codesteer rerun last --bad", "There is no option --bad"),
    ):
        cell = notebook.run(line)
        assert words in (cell.error or ""), line
        assert "Traceback" not in (cell.error or "")
