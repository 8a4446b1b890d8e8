"""A dry run shows the very requests that a run then sends, and sends none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel.cli import main
from codesteer_kernel.dry_run import KEY, dry_run_json, dry_run_text
from codesteer_kernel.errors import BadInput, EmptyPrompt
from codesteer_kernel.models.discovery import HOST_URL
from codesteer_kernel.models.providers import ENDPOINT_KEY
from codesteer_kernel.run import RunSettings, engine
from codesteer_kernel.steering.rehearsal import Asked
from codesteer_kernel.store import Store
from tests.run.scripts import CHECK, WIRES, model, program, say, script, two_rounds
from tests.scripted import serving_in_thread

PROMPT = "What is the sum of the squares of 1 to 10? Mind {braces} and 'quotes'."
SECRET = "sk-test-0123456789abcdefghij"


def bodies(asked: list[Asked], role: str, when: str = "") -> list[Any]:
    return [json.loads(one.letter.body) for one in asked if one.role == role and one.when == when and one.letter]


@pytest.mark.kernel
@pytest.mark.parametrize("wire", WIRES)
def test_what_is_shown_is_what_is_then_sent(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT_KEY, SECRET)
    with serving_in_thread(two_rounds(), key=SECRET) as server:
        settings = RunSettings(target=model(server, wire))
        asked = engine().rehearse(PROMPT, settings)
        assert server.requests == [], "a dry run sends nothing"
        run = engine().submit(PROMPT, settings).wait(120)
        assert run.status == "done"
        sent = list(server.requests)
    choice, answer, check = sent[0], sent[1], sent[2]
    if "check(answer" in answer.last_user:
        answer, check = check, answer
    assert bodies(asked, "steerer") == [choice.body]
    assert bodies(asked, "target", "code") == [answer.body]
    assert bodies(asked, "checker", "code") == [check.body]
    letters = {one.role: one.letter for one in asked if one.letter and one.when in ("", "code")}
    for role, request in (("steerer", choice), ("target", answer), ("checker", check)):
        letter = letters[role]
        assert letter.url == f"{server.url}{request.path}"
        assert {name: letter.headers[name] for name in ("content-type", "accept")} == {
            name: request.headers[name] for name in ("content-type", "accept")
        }


def test_each_way_that_the_first_decision_may_go_is_shown() -> None:
    with serving_in_thread([]) as server:
        asked = engine().rehearse(PROMPT, RunSettings(target=model(server)))
        # Target and checker are asked at once.
        ways = [("steerer", ""), ("target", "code"), ("checker", "code"), ("target", "text")]
        assert sorted((one.role, one.when) for one in asked) == sorted(ways)
        assert (asked[0].role, asked[-1].when) == ("steerer", "text")
        chosen = engine().rehearse(PROMPT, RunSettings(target=model(server), start="text", samples=2))
        assert [(one.role, one.when) for one in chosen] == [("target", ""), ("target", "")]
        assert server.requests == []


def test_no_key_is_shown_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT_KEY, SECRET)
    with serving_in_thread([]) as server:
        for wire in WIRES:
            asked = engine().rehearse(f"Is {SECRET} a good key?", RunSettings(target=model(server, wire)))
            for shown in (dry_run_text(asked), dry_run_json(asked)):
                assert SECRET not in shown
                assert f"Is {KEY} a good key?" in shown, "it is seen that the question holds one"


def test_inputs_are_shown_as_they_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"salary": [123456, 234567], "town": ["Ghent", "Bruges"]})
    with serving_in_thread([]) as server:
        settings = RunSettings(target=model(server), hide=("salary",))
        shown = dry_run_text(engine().rehearse("Which town?", settings, inputs={"frame": frame}))
        assert ("Ghent" in shown, "123456" in shown) == (True, False)
        assert server.requests == []


def test_models_of_this_machine_are_neither_loaded_nor_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODESTEER_CACHE", str(tmp_path / "cache"))
    shown = dry_run_text(engine().rehearse(PROMPT, RunSettings(target="local/smollm2-135m")))
    assert "answers on this machine" in shown
    assert "fetched first, from https://huggingface.co" in shown
    assert not (tmp_path / "cache").exists()


def test_a_host_of_models_is_not_asked_what_it_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving_in_thread([]) as server:
        monkeypatch.setenv(HOST_URL, f"{server.url}/v1")
        for target in ("local/smollm2-135m", "hosted"):
            asked = engine().rehearse(PROMPT, RunSettings(target=target))
            hosts = [one.letter for one in asked if one.role == "host" and one.letter]
            assert [(one.method, one.url) for one in hosts] == [("GET", f"{server.url}/v1/models")]
        assert server.requests == []


def test_a_check_shows_its_test_alone() -> None:
    with serving_in_thread([]) as server:
        for given in ("It is 385.", program("print(385)")):
            asked = engine().rehearse(PROMPT, RunSettings(target=model(server)), given=given)
            assert [one.role for one in asked] == ["checker"]
        assert server.requests == []


def test_what_a_run_would_refuse_is_refused() -> None:
    with serving_in_thread([]) as server:
        with pytest.raises(EmptyPrompt):
            engine().rehearse("  ", RunSettings(target=model(server)))
        with pytest.raises(BadInput):
            engine().rehearse(PROMPT, RunSettings(target=model(server), rounds=99))
        assert server.requests == []


@pytest.mark.kernel
def test_a_run_goes_as_ever_after_a_dry_one() -> None:
    replies = script([say("text"), say("return")], ["Answer: 42"], CHECK)
    with serving_in_thread(replies) as server:
        settings = RunSettings(target=model(server))
        for _ in range(3):
            engine().rehearse(PROMPT, settings)
        run = engine().submit(PROMPT, settings).wait(120)
    assert (run.status, run.answer) == ("done", "Answer: 42")
    assert [one.id for one in Store().rows()] == [run.id], "dry runs are not kept"


def test_the_command_shows_it_as_text_and_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    with serving_in_thread([]) as server:
        words = ["solve", "--target", model(server), "--dry-run"]
        assert main([*words, PROMPT]) == 0
        text = capsys.readouterr().out
        assert f"POST {server.url}/v1/chat/completions" in text
        assert "nothing was sent" in text
        assert main([*words, "--json", PROMPT]) == 0
        data = json.loads(capsys.readouterr().out)
        assert PROMPT in json.loads(data[0]["letter"]["body"])["messages"][-1]["content"]
        assert main(["check", "--target", model(server), "--dry-run", "--answer", "385", PROMPT]) == 0
        assert "To the checker" in capsys.readouterr().out
        assert server.requests == []
