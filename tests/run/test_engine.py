"""Whole runs from code: official SDKs against a scripted server, real child kernels, a real journal."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from pathlib import Path
from typing import Any

import codesteer
import jsonschema
import pytest

from codesteer_kernel.config import child_environment
from codesteer_kernel.errors import (
    BadInput,
    CodeSteerError,
    EmptyPrompt,
    MissingKey,
    UnknownModel,
    UnknownName,
)
from codesteer_kernel.record import Usage, fold
from codesteer_kernel.record import events as ev
from codesteer_kernel.record.schema import record_schema
from codesteer_kernel.run import Run, RunFailed, engine, read_run
from codesteer_kernel.store import Store
from tests.run.scripts import WIRES, model, program, say, script, two_rounds
from tests.scripted import Reply, Request, serving_in_thread

PROMPT = "What is the sum of the squares of 1 to 10? Mind {braces}, $dollars and 'quotes'."
pytestmark = pytest.mark.kernel


@pytest.mark.parametrize("wire", WIRES)
def test_two_rounds_from_question_to_tested_answer(wire: str) -> None:
    events: list[Any] = []
    with serving_in_thread(two_rounds()) as server:
        run = codesteer.solve(PROMPT, target=model(server, wire), on_event=lambda event, record: events.append(event))
        requests = list(server.requests)
    record = run.record
    assert run.status == "done"
    assert run.answer == "385"
    assert run.code == "print(sum(n * n for n in range(1, 11)))"
    assert record.support is not None
    assert record.support.level == "verified"
    assert [one.result for one in run.rounds] == ["55", "385"]
    assert [one.self_answer.verdict for one in run.rounds if one.self_answer] == ["fail", "pass"]
    assert run.rounds[0].self_answer is not None
    assert run.rounds[0].self_answer.reason == "the sum is 385"
    assert all(one.execution and one.execution.tier for one in run.rounds)
    # Every call was made in the wire format asked for, streamed, finished, and counted.
    assert {request.wire for request in requests} == {wire}
    assert all(request.body["stream"] and request.finished for request in requests)
    assert record.usage.calls == len(requests) == 6
    assert record.usage.output_tokens == sum(request.pieces_sent for request in requests)
    # The prompt arrives as typed, at the steerer, the target and the writer of the check.
    assert sum(PROMPT in request.last_user for request in requests) == 3
    # What is journalled is what was returned, and what the events say.
    assert read_run("last").record == record == fold(events)
    jsonschema.Draft202012Validator(record_schema()).validate(json.loads(run.to_json()))
    assert record.models.target == model(server, wire)
    assert codesteer.last is run


def test_a_program_that_forgets_to_call_its_function_gives_its_answer_all_the_same() -> None:
    forgets = "def solve():\n    return sum(n * n for n in range(1, 11))"
    with serving_in_thread(script([say("code"), say("return")], [program(forgets)])) as server:
        run = codesteer.solve(PROMPT, target=model(server))
    assert run.answer == "385"
    assert run.record.support is not None
    assert run.record.support.level == "verified"
    # What ran is what is shown; what the target said stays as it was.
    assert run.code.startswith(forgets)
    assert "nothing called it" in run.code
    assert "nothing called it" not in run.rounds[0].answer.text


async def test_asolve_leaves_the_loop_free() -> None:
    beats = 0

    async def heart() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    beating = asyncio.create_task(heart())
    with serving_in_thread(script([say("text"), say("return")], [Reply("Answer: Paris", delay=0.1)])) as server:
        run = await codesteer.asolve("The capital of France?", target=model(server))
    beating.cancel()
    assert run.answer == "Answer: Paris"
    assert beats > 5


async def test_cancelling_asolve_stops_the_run() -> None:
    with serving_in_thread(script([say("text")], [Reply("a b c d", hang_after=2)])) as server:
        task = asyncio.create_task(codesteer.asolve("Say the alphabet.", target=model(server)))
        while not (engine().live and len(server.requests) == 2 and server.requests[1].pieces_sent == 2):
            await asyncio.sleep(0.02)
        live = engine().live[0]
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        run = await live.join()
    assert run.status == "stopped"
    assert server.requests[1].disconnected


def test_stop_from_any_thread_closes_the_stream_and_keeps_the_round() -> None:
    with serving_in_thread(script([say("text")], [Reply("one two three four", hang_after=2)])) as server:
        live = engine().submit("Count.", _settings(target=model(server)))
        _until(lambda: len(server.requests) == 2 and server.requests[1].pieces_sent == 2)
        threading.Timer(0.1, live.stop).start()
        run = live.wait(20)
        _until(lambda: server.requests[1].disconnected)
    assert run.status == "stopped"
    assert run.rounds[0].answer.text.split() == ["one", "two"]
    assert run.answer == ""
    assert read_run(run.id).status == "stopped"


def test_stop_ends_a_program_that_runs() -> None:
    endless = program("print('begun', flush=True)\nwhile True: pass")
    with serving_in_thread(script([say("code")], [endless])) as server:
        live = engine().submit("Loop.", _settings(target=model(server)), on_event=lambda e, r: seen.append(e))
        seen: list[Any] = []
        _until(lambda: any(isinstance(event, ev.StreamAdded) for event in seen))
        live.stop()
        run = live.wait(20)
    assert run.status == "stopped"
    assert run.rounds[0].execution is not None
    assert "begun" in run.rounds[0].execution.stdout
    # The engine is ready for the next run at once.
    with serving_in_thread(two_rounds()) as server:
        assert codesteer.solve(PROMPT, target=model(server)).answer == "385"


@pytest.mark.parametrize("wire", WIRES)
def test_hidden_reasoning_is_asked_of_the_target_only(wire: str) -> None:
    with serving_in_thread(script([say("text"), say("return")], ["Answer: Paris"])) as server:
        run = codesteer.solve("The capital of France?", target=model(server, wire), checker="none", thinking=4000)
        asked = ["thinking" in one.body or "reasoning_effort" in one.body for one in server.requests]
    assert run.answer == "Answer: Paris"
    assert run.record.config.thinking == 4000
    assert asked == [False, True, False]


def test_a_call_that_breaks_off_is_made_again_where_that_was_asked_for() -> None:
    cut = Reply("Answer: it is Lon don", cut_after=3)
    with serving_in_thread(script([say("text"), say("return")], [cut, "Answer: Paris"])) as server:
        run = codesteer.solve("The capital of France?", target=model(server), checker="none", repeat_partial=True)
    assert run.answer == "Answer: Paris"
    assert run.rounds[0].answer.text == "Answer: Paris"
    with serving_in_thread(script([say("text")], [cut])) as server, pytest.raises(RunFailed):
        codesteer.solve("The capital of France?", target=model(server), checker="none")


def test_two_runs_at_once_do_not_mix() -> None:
    with serving_in_thread(two_rounds()) as one, serving_in_thread(two_rounds()) as other:
        lives = [engine().submit(PROMPT, _settings(target=model(server))) for server in (one, other)]
        assert len(engine().live) == 2
        runs = [live.wait(60) for live in lives]
        assert len(one.requests) == len(other.requests) == 6
    assert [run.answer for run in runs] == ["385", "385"]
    assert len({run.id for run in runs}) == 2


# -- values in and out


def test_values_go_in_and_come_back() -> None:
    import pandas as pd

    table = pd.DataFrame({"name": ["a", "b", "c"], "n": [1, 2, 39]})
    source = "total = int(table['n'].sum()) * factor\nbig = table[table['n'] > 1]\nprint(total)"
    with serving_in_thread(script([say("code"), say("return")], [program(source)], "I cannot.")) as server:
        run = codesteer.solve(
            "Sum n, times the factor.",
            target=model(server),
            inputs={"table": table, "factor": 10},
            outputs=("total", "big", "nothing"),
        )
        told = server.requests[1].last_user
    assert run.answer == "420"
    assert run.values["total"] == 420
    assert run.values["big"]["n"].tolist() == [2, 39]
    total, big, nothing = run.bound
    assert (total.type, big.type) == ("int", "DataFrame")
    assert nothing.error
    # Models are told the shape of the data.
    assert "table" in told
    assert "factor" in told
    assert [one.name for one in run.record.question.inputs] == ["table", "factor"]
    assert "DataFrame" in run.record.question.inputs[0].type
    assert "39" in run.record.question.inputs[0].summary, "a few rows tell more than a shape"


def test_inputs_of_one_run_are_gone_in_the_next() -> None:
    look = program("print('secret' in globals())")
    with serving_in_thread(script([say("code"), say("return")] * 2, [look, look], "No.")) as server:
        first = codesteer.solve("?", target=model(server), inputs={"secret": 5}, checker="none")
        second = codesteer.solve("?", target=model(server), checker="none")
    assert (first.answer, second.answer) == ("True", "False")


def test_an_input_that_cannot_be_passed_is_refused_and_leaves_nothing_behind() -> None:
    with serving_in_thread(two_rounds()) as server:
        with pytest.raises(BadInput, match="door"):
            codesteer.solve("?", target=model(server), inputs={"door": threading.Lock()})
        assert not server.requests
        assert Store().rows() == []
        assert codesteer.solve(PROMPT, target=model(server)).answer == "385"


@pytest.mark.parametrize("name", ["a b", "class", "", "1a", "__x", "a-b"])
def test_names_that_no_variable_can_have_are_refused_before_anything_is_asked(name: str) -> None:
    with serving_in_thread([]) as server:
        with pytest.raises(BadInput):
            codesteer.solve("?", target=model(server), outputs=[name])
        with pytest.raises(BadInput):
            codesteer.solve("?", target=model(server), inputs={name: 1})
        assert not server.requests


# -- refused before it starts


@pytest.mark.parametrize("prompt", ["", "  \n\t ", "\u00a0"])
def test_an_empty_prompt_is_refused(prompt: str) -> None:
    with pytest.raises(EmptyPrompt):
        codesteer.solve(prompt)


@pytest.mark.parametrize(
    ("settings", "fault", "words"),
    [
        ({"target": "opneai/gpt"}, UnknownModel, "openai"),
        ({"target": "local/qwen2.5-coder-1.5"}, UnknownModel, "qwen2.5-coder-1.5b"),
        ({"target": "openai/"}, UnknownModel, "openai/MODEL"),
        ({"target": "openai/gpt-5"}, MissingKey, "OPENAI_API_KEY"),
        ({"target": "anthropic/claude"}, MissingKey, "ANTHROPIC_API_KEY"),
        ({"target": "openai/x@ftp://nowhere"}, CodeSteerError, ""),
        ({"rounds": 0}, BadInput, "rounds"),
        ({"rounds": 51}, BadInput, "rounds"),
        ({"seconds": -1}, BadInput, "timeout"),
        ({"seconds": float("nan")}, BadInput, "timeout"),
        ({"tokens": 0}, BadInput, "tokens"),
        ({"cost": -0.1}, BadInput, "cost"),
        ({"code_seconds": float("inf")}, BadInput, "code"),
        ({"memory_mb": 0}, BadInput, "memory"),
        ({"temperature": -1}, BadInput, "temperature"),
        ({"dialect": "minni"}, BadInput, "mini"),
        ({"without": ("symbols",)}, BadInput, "symbolic"),
        ({"without": ("stop",), "faithful": True}, BadInput, "faithful"),
        ({"round": 3}, UnknownName, "rounds"),
    ],
)
def test_settings_that_cannot_work_are_named(settings: dict[str, Any], fault: type[Exception], words: str) -> None:
    with pytest.raises(fault) as caught:
        codesteer.solve("?", **settings)
    assert words in str(caught.value)
    assert Store().rows() == []


def test_a_cost_budget_needs_known_prices() -> None:
    """A budget that nobody can keep is refused, not ignored."""
    with serving_in_thread([]) as server, pytest.raises(BadInput, match="price"):
        codesteer.solve("?", target=model(server), cost=1.0)


# -- faults


@pytest.mark.parametrize("wire", WIRES)
def test_a_model_that_fails_on_the_way_leaves_a_failed_run_with_its_rounds(wire: str) -> None:
    broken = Reply(status=400, error="the model is on holiday")
    replies = script([say("code"), say("refine", "Again.")], [program("print(5)"), broken], "No.")
    with serving_in_thread(replies) as server, pytest.raises(RunFailed) as caught:
        codesteer.solve("?", target=model(server, wire))
    run = caught.value.run
    assert "on holiday" in str(caught.value)
    assert (run.status, len(run.rounds), run.answer) == ("failed", 2, "5")
    assert read_run("last").status == "failed"
    with serving_in_thread(script([say("text")], [Reply(status=400, error="no")])) as server:
        assert codesteer.solve("?", target=model(server, wire), raise_on_failure=False).status == "failed"


def test_a_key_that_is_put_right_is_used_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving_in_thread(two_rounds(), key="right") as server:
        monkeypatch.setenv("CODESTEER_ENDPOINT_KEY", "wrong")
        with pytest.raises(RunFailed, match="CODESTEER_ENDPOINT_KEY"):
            codesteer.solve(PROMPT, target=model(server))
        monkeypatch.setenv("CODESTEER_ENDPOINT_KEY", "right")
        assert codesteer.solve(PROMPT, target=model(server)).answer == "385"


def test_an_alias_is_recorded_as_what_it_stands_for_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.toml"
    monkeypatch.setenv("CODESTEER_CONFIG", str(own))
    for word in ("one", "two"):
        with serving_in_thread(script([say("text"), say("return")], [f"Answer: {word}"])) as server:
            own.write_text(f'[models.box]\nmodel = "openai/scripted"\nbase_url = "{server.url}/v1"')
            run = codesteer.solve("?", target="box")
        assert (run.answer, run.record.models.target) == (f"Answer: {word}", model(server))


def test_a_journal_that_cannot_be_written_does_not_stop_the_run(home: Path) -> None:
    home.mkdir()
    (home / "runs").write_text("a file where the folder should be")
    with serving_in_thread(two_rounds()) as server:
        run = codesteer.solve(PROMPT, target=model(server))
    assert run.answer == "385"
    assert str(home / "runs") in run.record.versions["journal"]


def test_a_journal_that_breaks_on_the_way_does_not_stop_the_run(home: Path) -> None:
    import shutil

    def sabotage(event: ev.Event, record: object) -> None:
        if isinstance(event, ev.RoundEnded):
            shutil.rmtree(home / "runs", ignore_errors=True)

    with serving_in_thread(two_rounds()) as server:
        run = codesteer.solve(PROMPT, target=model(server), on_event=sabotage)
    assert run.answer == "385"
    assert "journal" in run.record.versions


def test_a_listener_that_fails_does_not_leave_a_run_behind() -> None:
    def listener(event: ev.Event, record: object) -> None:
        if isinstance(event, ev.AnswerDelta):
            raise ZeroDivisionError("the listener's own mistake")

    with serving_in_thread(script([say("text")], [Reply("one two three", delay=0.05, hang_after=3)])) as server:
        with pytest.raises(ZeroDivisionError):
            codesteer.solve("Count.", target=model(server), on_event=listener)
        _until(lambda: server.requests[1].disconnected)
        _until(lambda: not engine().live)
    assert Store().rows()[0].status == "lost"


def test_no_journal_when_nobody_wants_one(home: Path) -> None:
    with serving_in_thread(two_rounds()) as server:
        codesteer.solve(PROMPT, target=model(server), journal=False)
    assert not home.exists()


def test_no_checks_when_nobody_wants_them() -> None:
    with serving_in_thread(two_rounds()) as server:
        run = codesteer.solve(PROMPT, target=model(server), checker="none", rounds=1)
        assert not any("function check" in request.last_user for request in server.requests)
    assert run.rounds[0].self_answer is None


@pytest.mark.parametrize("wire", WIRES)
def test_a_hosted_model_can_speak_the_published_dialect_but_not_score(wire: str) -> None:
    replies = [Reply("<<<Text>>>", times=1), Reply("Answer: 4", times=1), Reply("<<<Return Answer>>>", times=None)]
    with serving_in_thread(replies) as server:
        with pytest.raises(BadInput, match="mini"):
            codesteer.solve("2 + 2?", target=model(server, wire), dialect="mini")
        run = codesteer.solve("2 + 2?", target=model(server, wire), dialect="codesteer-v1")
    assert (run.status, run.answer) == ("done", "Answer: 4")


def test_odd_characters_of_programs_do_not_break_the_record() -> None:
    odd = program("print('\\x1b[31m\\x00\\u202e')\nraise ValueError('half \\ud83d')")
    with serving_in_thread(script([say("code"), say("terminate")], [odd], "No.")) as server:
        run = codesteer.solve("?", target=model(server), raise_on_failure=False)
    assert run.record.error is not None
    assert run.record.error.code == "no_answer"
    assert read_run("last").record == run.record


# -- secrets


@pytest.mark.parametrize("wire", WIRES)
def test_no_key_reaches_a_record_a_journal_or_a_program(
    wire: str, monkeypatch: pytest.MonkeyPatch, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    canary = "sk-canary-0123456789"
    for name in ("CODESTEER_ENDPOINT_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "MY_SECRET", "AWS_ACCESS_KEY_ID"):
        monkeypatch.setenv(name, canary)
    spy = "import os\nprint(sorted(os.environ))\nprint([v for v in os.environ.values() if 'canary' in v])"
    spy += "\ntry:\n    print('canary' in open(f'/proc/{os.getppid()}/environ').read())\nexcept OSError:\n    print('shut')"
    echo = Reply(status=400, error=f"bad request of {canary}")
    with serving_in_thread(
        script([say("code"), say("refine", "x")], [program(spy), echo], "No."), key=canary
    ) as server:
        run = codesteer.solve("?", target=model(server, wire), raise_on_failure=False)
        assert len(server.requests) == 7, "the key was accepted"
    assert run.status == "failed"
    assert run.rounds[0].execution is not None
    printed = run.rounds[0].execution.stdout
    assert "[]" in printed
    kept = "".join(path.read_text() for path in home.rglob("*") if path.is_file())
    for text in (run.to_json(), kept, caplog.text, repr(run), str(engine().__dict__), str(RunFailed(run))):
        assert canary not in text
        assert "canary" not in text.replace("'canary' in", "")


def test_our_own_processes_are_started_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["CODESTEER_ENDPOINT_KEY", "OPENAI_API_KEY", "HF_TOKEN", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY", "MY_KEY"]
    for name in names:
        monkeypatch.setenv(name, "canary")
    assert "canary" not in child_environment().values()
    assert "PATH" in child_environment()


# -- what a run says of itself


def test_a_run_shows_itself() -> None:
    with serving_in_thread(two_rounds()) as server:
        run = codesteer.solve(PROMPT, target=model(server))
    assert isinstance(run, Run)
    assert "385" in repr(run)
    assert set(run._repr_mimebundle_()) == {
        "application/vnd.codesteer.run.v1+json",
        "text/html",
        "text/markdown",
        "text/plain",
    }
    assert run.record.versions["python"]
    assert run.record.usage != Usage()


def test_the_engine_can_be_closed_and_used_again() -> None:
    with serving_in_thread(two_rounds()) as server:
        assert codesteer.solve(PROMPT, target=model(server)).answer == "385"
    engine().close()
    engine().close()
    assert not [thread for thread in threading.enumerate() if thread.name == "codesteer-engine"]
    with serving_in_thread(two_rounds()) as server:
        assert codesteer.solve(PROMPT, target=model(server)).answer == "385"


def test_requests_carry_what_the_settings_say() -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Reply | str:
        asked.append(request)
        return say("text") if "You steer" in request.system and len(asked) == 1 else "Answer: 4"

    with serving_in_thread(answer) as server:
        codesteer.solve(
            "?", target=model(server), max_tokens=77, temperature=0.5, seed=11, rounds=1, raise_on_failure=False
        )
    body = asked[1].body
    assert body.get("max_completion_tokens", body.get("max_tokens")) == 77
    assert (body["temperature"], body["seed"]) == (0.5, 11)


def _settings(**fields: Any) -> codesteer.RunSettings:
    return codesteer.RunSettings(**fields)


def _until(condition: Any, seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)
