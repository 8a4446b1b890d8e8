"""``%%codesteer`` in a real kernel: what a cell shows, binds, refuses, and how it is stopped."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import jsonschema
import pytest

from codesteer_kernel.record import decode_record
from codesteer_kernel.record.schema import record_schema
from codesteer_kernel.store import Store
from tests.magics.notebook import RUN, VIEW, Cell, Notebook
from tests.run.scripts import WIRES, model, program, say, script, two_rounds
from tests.scripted import Reply, ScriptedServer, serving_in_thread

pytestmark = pytest.mark.kernel
PROMPT = "What is the sum of the squares of 1 to 10?"


def steered(server: ScriptedServer, options: str = "", prompt: str = PROMPT, wire: str = "openai") -> str:
    return f"%%codesteer --target {model(server, wire)} {options}\n{prompt}"


def until_hanging(notebook: Notebook, cell: Cell, server: ScriptedServer, pieces: int = 2) -> None:
    """Wait until the target has said its first pieces and nothing more comes."""
    notebook.until(cell, lambda: cell.widget and len(server.requests) > 1 and server.requests[-1].pieces_sent == pieces)
    time.sleep(0.2)


@pytest.mark.parametrize("wire", WIRES)
def test_two_rounds_with_a_failed_check_first(notebook: Notebook, wire: str) -> None:
    with serving_in_thread(two_rounds()) as server:
        cell = notebook.run(steered(server, wire=wire))
        assert {request.wire for request in server.requests} == {wire}
        assert len(server.requests) == 6
    assert cell.error is None
    assert (cell.stdout, cell.stderr, cell.result) == ("", "", None)
    # While it ran a widget stood there; now it is the record in every form, and no view that needs a kernel.
    assert VIEW in cell.shown[0]
    assert cell.closed
    (bundle,) = cell.outputs
    assert set(bundle) == {RUN, "text/html", "text/markdown", "text/plain"}
    record = decode_record(cell.run)
    jsonschema.Draft202012Validator(record_schema()).validate(cell.run)
    assert record.status == "done"
    assert record.answer is not None
    assert record.answer.text == "385"
    assert [one.self_answer.verdict for one in record.rounds if one.self_answer] == ["fail", "pass"]
    for form in ("text/html", "text/markdown", "text/plain"):
        for part in (PROMPT, "385", "Round 2", "the sum is 385"):
            assert part in bundle[form]
    # The cell's value and codesteer.last are the run; the journal has it too.
    assert notebook.run("print(_.answer, codesteer.last.answer, codesteer.last is _)").stdout == "385 385 True\n"
    assert Store().load("last") == record


def test_the_widget_shows_the_run_while_it_goes_on(notebook: Notebook) -> None:
    with serving_in_thread(two_rounds()) as server:
        cell = notebook.run(steered(server))
    updates = [
        message["content"]["data"]["state"]
        for message in cell.messages
        if message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == cell.widget
    ]
    records = [state["record"] for state in updates if "record" in state]
    assert len(records) > 5
    seen = [len(record["rounds"]) for record in records]
    assert seen == sorted(seen)
    assert {record["status"] for record in records} >= {"running"}
    assert any("tail" in state and state["tail"] for state in updates), "no text streamed"


def test_values_go_in_and_come_back(notebook: Notebook) -> None:
    notebook.run("import pandas as pd\ntable = pd.DataFrame({'n': [1, 2, 39]})\nfactor = 10\nname = 'x'")
    source = "total = int(table['n'].sum()) * factor\nhalf = table / 2\nprint(total, name)"
    with serving_in_thread(script([say("code"), say("return")], [program(source)], "I cannot.")) as server:
        cell = notebook.run(steered(server, "--in table,factor --in name --out total,half,missing"))
    assert cell.error is None
    looked = notebook.run("print(total, type(half).__name__, half['n'].tolist(), 'missing' in globals())")
    assert looked.stdout == "420 DataFrame [0.5, 1.0, 19.5] False\n"
    bound = {one["name"]: one for one in cell.run["bound"]}
    assert (bound["total"]["type"], bound["half"]["type"]) == ("int", "DataFrame")
    assert bound["missing"]["error"]
    assert "missing could not be bound" in cell.outputs[0]["text/plain"]


def test_quiet_prints_the_answer_alone(notebook: Notebook) -> None:
    with serving_in_thread(two_rounds()) as server:
        cell = notebook.run(steered(server, "--quiet"))
    assert (cell.stdout, cell.outputs, cell.result, cell.error) == ("385\n", [], None, None)


def test_json_prints_the_record(notebook: Notebook) -> None:
    with serving_in_thread(two_rounds()) as server:
        cell = notebook.run(steered(server, "--json"))
    assert cell.outputs == []
    assert decode_record(cell.stdout).answer == Store().load("last").answer
    assert json.loads(cell.stdout)["status"] == "done"


def test_time_says_where_the_time_went(notebook: Notebook) -> None:
    with serving_in_thread(two_rounds()) as server:
        cell = notebook.run(steered(server, "--time"))
    assert re.match(r"Time: [a-z]+ \d+\.\d s", cell.stdout)
    assert cell.run["status"] == "done"


def test_a_prompt_arrives_as_typed(notebook: Notebook) -> None:
    notebook.run("x = 'never'")
    prompt = "Take {x} and {{x}}, $x, %d, \\n, 'single', \"double\", '''three''', é 🙂, !ls and a\ttab.\n\n  Indented?"
    with serving_in_thread(script([say("text"), say("return")], ["Answer: 1"])) as server:
        cell = notebook.run(steered(server, prompt=prompt))
        assert cell.error is None
        assert all(prompt in request.turns[1 - (request.turns[0][0] != "system")][1] for request in server.requests)
    assert cell.run["question"]["prompt"] == prompt


# -- stopped


def test_the_kernel_interrupt_stops_the_run_and_keeps_its_rounds(notebook: Notebook) -> None:
    replies = script([say("code"), say("refine", "Again.")], [program("print(55)"), Reply("a b c d", hang_after=2)])
    with serving_in_thread(replies) as server:
        cell = notebook.start(steered(server))
        notebook.until(cell, lambda: len(server.requests) == 5 and server.requests[-1].pieces_sent == 2)
        time.sleep(0.2)
        notebook.interrupt()
        notebook.finish(cell)
        assert server.requests[-1].disconnected, "the stream stayed open"
        # An error, so that Run All does not go on; short, without our frames.
        assert cell.error is not None
        assert "interrupted" in cell.error
        assert len(cell.error.splitlines()) <= 3
        assert cell.run["status"] == "stopped"
        states = [one["content"]["data"].get("state", {}) for one in cell.messages if one["msg_type"] == "comm_msg"]
        assert any(state.get("stop_requested") for state in states), "no view was told that the run is stopping"
        assert [one["result"] for one in cell.run["rounds"]] == ["55", ""]
        assert cell.run["rounds"][1]["answer"]["text"].split() == ["a", "b"]
        assert cell.closed
    with serving_in_thread(two_rounds()) as server:
        assert notebook.run(steered(server)).run["answer"]["text"] == "385", "the next cell works"


def test_the_stop_button_stops_the_run_while_its_cell_is_awaited(notebook: Notebook) -> None:
    with serving_in_thread(script([say("text")], [Reply("a b c d", hang_after=2)])) as server:
        cell = notebook.start(steered(server))
        until_hanging(notebook, cell, server)
        notebook.press_stop(cell)
        notebook.finish(cell)
        assert server.requests[-1].disconnected
    assert cell.error is None, "stopping a run is no fault"
    assert cell.run["status"] == "stopped"
    assert cell.run["rounds"][0]["answer"]["text"].split() == ["a", "b"]
    assert VIEW not in cell.outputs[0]
    with serving_in_thread(two_rounds()) as server:
        assert notebook.run(steered(server)).run["answer"]["text"] == "385"


def test_a_stopped_program_ends_with_its_run(notebook: Notebook) -> None:
    with serving_in_thread(script([say("code")], [program("print('begun', flush=True)\nwhile True: pass")])) as server:
        cell = notebook.start(steered(server))
        # The word stands in the program too: only what it printed says that it runs.
        notebook.until(cell, lambda: '"stdout": "begun' in json.dumps(cell.messages, default=str))
        notebook.interrupt()
        notebook.finish(cell)
    assert cell.run["status"] == "stopped"
    assert "begun" in cell.run["rounds"][0]["execution"]["stdout"]


# -- front ends that draw no widgets


def test_without_a_widget_manager_text_rounds_take_over(notebook: Notebook) -> None:
    with serving_in_thread(
        script([say("text"), say("return")], [Reply("Answer: " + "one " * 70, delay=0.1)])
    ) as server:
        cell = notebook.run(steered(server))
    assert cell.closed
    texts = [bundle["text/plain"] for bundle in cell.shown if VIEW not in bundle]
    assert len(texts) > 2, "the text did not move while the run went on"
    assert "Round 1" in texts[0]
    assert cell.run["status"] == "done"


def test_a_widget_that_was_drawn_stays_to_the_end(notebook: Notebook) -> None:
    with serving_in_thread(
        script([say("text"), say("return")], [Reply("Answer: " + "one " * 70, delay=0.1)])
    ) as server:
        cell = notebook.start(steered(server))
        notebook.until(cell, lambda: cell.widget)
        notebook.say_drawn(cell)
        notebook.finish(cell)
    assert [VIEW in bundle for bundle in cell.shown] == [True, False], "one view, then the record in its place"


def test_text_rounds_can_be_asked_for(notebook: Notebook) -> None:
    notebook.run("%config CodeSteer.live = 'text'")
    with serving_in_thread(two_rounds()) as server:
        cell = notebook.run(steered(server))
    assert cell.widget is None
    assert not any(VIEW in bundle for bundle in cell.shown)
    assert len(cell.shown) > 4
    assert cell.run["answer"]["text"] == "385"


# -- refused


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("%%codesteer --rouds 3\nx", ["--rouds", "--rounds"]),
        ("%%codesteer --rounds many\nx", ["--rounds", "many"]),
        ("%%codesteer --rounds 0\nx", ["rounds", "1 to 50"]),
        ("%%codesteer --target opneai/gpt\nx", ["opneai", "openai"]),
        ("%%codesteer --target local/qwen2.5-coder-0.5\nx", ["qwen2.5-coder-0.5b"]),
        ("%%codesteer --target openai/gpt-5\nx", ["OPENAI_API_KEY"]),
        ("%%codesteer --target anthropic/claude\nx", ["ANTHROPIC_API_KEY"]),
        ("%%codesteer --in tabel\nx", ["tabel", "table"]),
        ("%%codesteer --out 1x\nx", ["1x", "variable"]),
        ("%%codesteer --target 'open\nx", ["quotation"]),
        ("%%codesteer why\nx", ["why", "below"]),
        ("%%codesteer\n  \n", ["empty"]),
        ("%%codesteer\n", ["empty"]),
        ("%%codesteer", ["empty"]),
        ("%%time\n%%codesteer\nx", ["%%time", "first line"]),
        ("%%time\n\n%%codesteer --rounds 2\nx", ["%%time", "first line"]),
        ("%%capture out\n%%codesteer\nx", ["%%capture", "first line"]),
        ("%codesteer modles", ["modles", "models"]),
        ("%codesteer show nothing", ["nothing"]),
        ("%codesteer runs many", ["many"]),
    ],
)
def test_bad_input_gets_a_short_error_that_says_what_to_do(notebook: Notebook, code: str, words: list[str]) -> None:
    notebook.run("table = 1")
    cell = notebook.run(code)
    told = cell.error or cell.stderr
    for word in words:
        assert word in told
    assert len(told.splitlines()) <= 3, "a traceback of ours"
    assert cell.outputs == []


def test_an_endpoint_that_is_not_there_is_named(notebook: Notebook) -> None:
    cell = notebook.run("%%codesteer --target openai/x@http://127.0.0.1:9/v1\nWho is there?")
    assert cell.error is not None
    assert "http://127.0.0.1:9/v1" in cell.error
    assert len(cell.error.splitlines()) <= 3
    assert (cell.run["status"], cell.run["error"]["code"]) == ("failed", "endpoint_unreachable")


def test_a_failed_run_shows_its_rounds_and_raises(notebook: Notebook) -> None:
    replies = script([say("code"), say("refine")], [program("print(5)"), Reply(status=400, error="on holiday")], "No.")
    with serving_in_thread(replies) as server:
        cell = notebook.run(steered(server))
    assert cell.error is not None
    assert "on holiday" in cell.error
    assert (cell.run["status"], len(cell.run["rounds"])) == ("failed", 2)
    assert notebook.run("print(codesteer.last.status)").stdout == "failed\n"


def test_no_key_reaches_an_output_or_a_program(notebook: Notebook) -> None:
    canary = "sk-canary-9876543210"
    notebook.run(f"os.environ['CODESTEER_ENDPOINT_KEY'] = os.environ['OPENAI_API_KEY'] = '{canary}'")
    spy = program("import os\nprint([v for v in os.environ.values() if v.startswith('sk-')], 'KEY' in str(os.environ))")
    echo = Reply(status=400, error=f"not with {canary}")
    try:
        with serving_in_thread(script([say("code"), say("refine")], [spy, echo], "No."), key=canary) as server:
            cell = notebook.run(steered(server))
            assert len(server.requests) == 7
        told = notebook.run(
            "print(repr(codesteer.last), codesteer.last.to_json())\n%codesteer models\n%codesteer status"
        )
    finally:
        notebook.run("del os.environ['CODESTEER_ENDPOINT_KEY'], os.environ['OPENAI_API_KEY']")
    assert cell.run["rounds"][0]["execution"]["stdout"] == "[] False\n"
    assert canary not in json.dumps([*cell.messages, *told.messages], default=str)
    for path in Store().folder.iterdir():
        assert canary not in path.read_text()


# -- the line magic


def test_commands_print_what_they_know(notebook: Notebook) -> None:
    with serving_in_thread(two_rounds()) as server:
        run_id = notebook.run(steered(server)).run["id"]
    assert "local/qwen2.5-coder-1.5b" in notebook.run("%codesteer models").stdout
    runs = notebook.run("%codesteer runs 3").stdout
    assert run_id in runs
    assert len(runs.splitlines()) <= 4
    assert "Journal of runs" in notebook.run("%codesteer status").stdout
    helped = notebook.run("%codesteer").stdout
    for option in ("--target", "--rounds", "--in", "--out", "--timeout", "--seed", "--quiet", "--json", "--time"):
        assert option in helped
    shown = notebook.run(f"%codesteer show {run_id}")
    assert shown.run["id"] == run_id
    assert notebook.run("_.answer").result == "'385'"


def test_a_run_is_replayed_in_place_exported_pinned_and_forgotten(notebook: Notebook, tmp_path: Path) -> None:
    with serving_in_thread(two_rounds()) as server:
        live = notebook.run(steered(server))
    run_id = live.run["id"]
    again = notebook.run(f"%codesteer replay {run_id} --speed 20")
    statuses = [bundle[RUN]["status"] for bundle in again.shown]
    assert statuses[0] == "queued"
    assert statuses.count("running") > 5
    assert again.run == live.run, "it ends as the cell did"
    assert again.error is None
    assert notebook.run("_.answer").result == "'385'"
    path = tmp_path / "answer.ipynb"
    assert str(path) in notebook.run(f"%codesteer export {run_id} -o {path}").stdout
    assert json.loads(path.read_text())["nbformat"] == 4
    assert "exists" in (notebook.run(f"%codesteer export {run_id} -o {path}").error or "")
    assert "stays" in notebook.run(f"%codesteer pin {run_id}").stdout
    assert "deleted" in notebook.run(f"%codesteer forget {run_id}").stdout
    assert "There is no run" in (notebook.run(f"%codesteer show {run_id}").error or "")


def test_an_interrupt_shows_the_end_of_a_replay(notebook: Notebook) -> None:
    with serving_in_thread(two_rounds()) as server:
        live = notebook.run(steered(server))
    cell = notebook.start(f"%codesteer replay {live.run['id']} --speed 0.001")
    notebook.until(cell, lambda: len(cell.shown) >= 2)
    notebook.interrupt()
    notebook.finish(cell)
    assert cell.error is None
    assert cell.run == live.run


def test_the_doctor_looks_at_everything_from_inside_a_notebook(notebook: Notebook) -> None:
    cell = notebook.run("%codesteer doctor")
    assert cell.error is None
    assert "child kernel: works" in cell.stdout


def test_code_in_the_notebook_can_solve_too(notebook: Notebook) -> None:
    with serving_in_thread(two_rounds()) as server:
        cell = notebook.run(f"run = await codesteer.asolve('Sum?', target='{model(server)}')\nprint(run.answer)")
    assert cell.stdout == "385\n"
    shown = notebook.run("run")
    assert "385" in (shown.result or "")


def test_unloading_takes_the_magics_back_and_loading_brings_them_again(notebook: Notebook) -> None:
    notebook.run("%unload_ext codesteer")
    try:
        gone = notebook.run("%%codesteer\nx")
        assert "not found" in (gone.error or gone.stderr)
    finally:
        again = notebook.run("%load_ext codesteer\n%load_ext codesteer")
    with serving_in_thread(two_rounds()) as server:
        assert notebook.run(steered(server)).run["answer"]["text"] == "385"
    assert again.error is None


def test_a_missing_key_can_be_typed_once_and_is_kept_nowhere(notebook: Notebook, tmp_path: Path) -> None:
    key = "sk-typed-by-hand-0123456789"
    with serving_in_thread([*two_rounds(), *two_rounds()]) as server:
        # An address that is not known to be this machine, and is.
        url = server.url.replace("127.0.0.1", "0.0.0.0") + "/v1"
        notebook.run(f"import os\nos.environ['OPENAI_BASE_URL'] = {url!r}")
        cell = notebook.start(f"%%codesteer --target openai/scripted\n{PROMPT}", answers=True)
        asked = notebook.client.get_stdin_msg(timeout=60)["content"]
        assert asked["password"]
        assert "OPENAI_API_KEY" in asked["prompt"]
        notebook.client.input(key)
        notebook.finish(cell)
        again = notebook.run(f"%%codesteer --target openai/scripted\n{PROMPT}")
        notebook.run("del os.environ['OPENAI_BASE_URL']")
    assert cell.error is None
    assert again.error is None
    assert cell.run["answer"]["text"] == "385"
    assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {key}"}
    assert key not in json.dumps([*cell.shown, *again.shown])
    assert not [path for path in Store().folder.rglob("*") if path.is_file() and key in path.read_text()]


def test_a_missing_key_that_is_not_typed_is_an_error(notebook: Notebook) -> None:
    cell = notebook.start(f"%%codesteer --target anthropic/claude-x\n{PROMPT}", answers=True)
    notebook.client.get_stdin_msg(timeout=60)
    notebook.client.input("")
    notebook.finish(cell)
    assert cell.error is not None
    assert "ANTHROPIC_API_KEY is not set" in cell.error


def test_a_dry_run_prints_what_would_be_sent_and_runs_nothing(notebook: Notebook) -> None:
    with serving_in_thread([]) as server:
        cell = notebook.run(f"%%codesteer --dry-run --target {model(server)}\nWhat is 6 times 7?")
        assert server.requests == []
    assert cell.error is None
    assert f"POST {server.url}/v1/chat/completions" in cell.stdout
    assert "What is 6 times 7?" in cell.stdout
    assert cell.displays == []
