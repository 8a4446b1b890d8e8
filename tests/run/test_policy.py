"""The administrator's file: every way that a user has is tried to get round it."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from codesteer_kernel.cli import main
from codesteer_kernel.errors import BadConfig, CodeSteerError, ExecutorError, NotAllowed, WeightsMissing
from codesteer_kernel.executor import GatewayExecutor, open_executor
from codesteer_kernel.executor.tiers import FLOOR_VARIABLE, choose
from codesteer_kernel.models import open_model
from codesteer_kernel.models.catalogue import entry
from codesteer_kernel.models.discovery import HOST_URL, Directory
from codesteer_kernel.models.endpoints import ask_models
from codesteer_kernel.models.openai import OpenAIModel
from codesteer_kernel.models.providers import locate
from codesteer_kernel.models.pull import pull_sync
from codesteer_kernel.options import parse_options
from codesteer_kernel.run import RunSettings, engine, preview
from codesteer_kernel.store import Store
from tests.run.scripts import model, say, script, two_rounds
from tests.scripted import serving_in_thread

rules = importlib.import_module("codesteer_kernel.policy")
Write = Callable[[str], Path]


@pytest.fixture
def admin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes the file of the machine; a second one, of the installation, is not there."""
    path = tmp_path / "etc" / "policy.toml"
    path.parent.mkdir()
    monkeypatch.setattr(rules, "FILES", (path, tmp_path / "prefix" / "policy.toml"))

    def write(text: str) -> Path:
        path.write_text(text)
        return path

    return write


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's file of aliases and profiles."""
    path = tmp_path / "own.toml"
    monkeypatch.setenv("CODESTEER_CONFIG", str(path))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
    return path


def submit(**settings: Any) -> None:
    """Try to start a run; whatever starts is stopped."""
    live = engine().submit("What is 6 times 7?", RunSettings(**settings))
    live.stop()
    live.wait(timeout=60)


# -- models


ALLOWED = '[models]\nallow = ["embedded", "openai/gpt-5*"]\n'


@pytest.mark.parametrize(
    "name",
    [
        "openai/gpt-4",
        "anthropic/claude-opus-5",
        "local//tmp/evil.gguf",
        "local/../evil.gguf",
        "hf/evil/model",
        "replay/last",
        "mistral/gpt-5",
        " openai/gpt-4 ",
        # An allowed name at an address of the user's: it would lead anywhere.
        "openai/gpt-5@http://evil.test/v1",
        "openai/gpt-5@http://127.0.0.1:1/v1",
    ],
)
@pytest.mark.parametrize("role", ["target", "steerer", "checker"])
def test_no_role_takes_a_model_that_is_not_allowed(admin: Write, own: Path, name: str, role: str) -> None:
    path = admin(ALLOWED)
    with pytest.raises(NotAllowed) as caught:
        submit(**{"target": "openai/gpt-5"} | {role: name})
    assert str(path) in str(caught.value)
    with pytest.raises(NotAllowed):
        open_model(name)


def test_what_is_allowed_opens(admin: Write, own: Path) -> None:
    admin(ALLOWED)
    for name in ("openai/gpt-5", "openai/gpt-5-mini", "embedded", "local/0.5b", "local/qwen2.5-coder-1.5b"):
        asyncio.run(open_model(name).aclose())
    admin('[models]\nallow = ["local/smollm2-135m"]')
    with pytest.raises(NotAllowed):
        open_model("embedded")


def test_an_alias_and_a_profile_are_what_they_stand_for(admin: Write, own: Path) -> None:
    admin(ALLOWED)
    own.write_text(
        '[models.gpt-5x]\nmodel = "openai/gpt-4"\n'
        '[models.far]\nmodel = "openai/gpt-5"\nbase_url = "http://evil.test/v1"\n'
        '[models.near]\nmodel = "far"\n[profiles.p]\ntarget = "far"\n'
    )
    for name in ("gpt-5x", "far", "near"):
        with pytest.raises(NotAllowed):
            open_model(name)
    with pytest.raises(NotAllowed):
        engine().submit("?", parse_options("--profile p").settings)


def test_a_model_that_was_opened_before_is_refused_now(admin: Write, own: Path) -> None:
    with serving_in_thread(two_rounds()) as server:
        name = model(server)
        submit(target=name)
        admin(ALLOWED)
        with pytest.raises(NotAllowed):
            submit(target=name)


def test_no_variable_makes_another_model_of_a_name(admin: Write, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    admin('[models]\nallow = ["local/qwen2.5-coder-0.5b", "openai/gpt-5"]\n')
    monkeypatch.setenv("CODESTEER_EMBEDDED", "smollm2-135m")
    with pytest.raises(NotAllowed, match="embedded"):
        open_model("embedded")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://evil.test/v1")
    with pytest.raises(NotAllowed, match=r"evil\.test"):
        open_model("openai/gpt-5")


# -- hosts


HOSTS = '[hosts]\nallow = ["api.openai.com", "*.example.org"]\n'


@pytest.mark.parametrize(
    "name",
    [
        "openai/x@http://evil.test/v1",
        "openai/x@http://api.openai.com.evil.test/v1",
        "openai/x@https://evil.test/api.openai.com/v1",
        "openai/x@http://127.0.0.1:8000/v1",
        "openai/x@http://[::1]:8000/v1",
        "ollama/llama",
        "anthropic/claude-opus-5",
        "hf/org/name",
    ],
)
def test_no_name_leads_to_a_host_that_is_not_allowed(
    admin: Write, own: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-test-0123456789abcdef")
    admin(HOSTS)
    with pytest.raises(NotAllowed, match=r"api\.openai\.com"):
        open_model(name)


@pytest.mark.parametrize(
    "url", ["", "@https://API.OpenAI.com/v1", "@https://api.openai.com./v1", "@http://eu.example.org/v1"]
)
def test_an_allowed_host_is_reached_in_any_spelling(admin: Write, own: Path, url: str) -> None:
    admin(HOSTS)
    asyncio.run(open_model(f"openai/x{url}").aclose())


def test_this_machine_is_localhost_in_any_spelling(admin: Write) -> None:
    admin('[hosts]\nallow = ["127.0.0.1"]\n')
    for host in ("127.0.0.1", "localhost", "127.0.0.2", "[::1]"):
        asyncio.run(open_model(f"openai/x@http://{host}:9/v1").aclose())
    with pytest.raises(NotAllowed):
        open_model("openai/x@http://127.0.0.1.evil.test/v1")


def test_no_class_function_or_command_goes_round(admin: Write, own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    admin(HOSTS)
    with serving_in_thread([]) as server:
        endpoint = locate("openai", f"x@{server.url}/v1")
        with pytest.raises(NotAllowed):
            OpenAIModel(endpoint)
        with pytest.raises(NotAllowed):
            asyncio.run(ask_models(endpoint))
        assert main(["models", "check", model(server)]) == 2
        assert "not allowed" in capsys.readouterr().err
        own.write_text(f'[models.mine]\nmodel = "openai/x"\nbase_url = "{server.url}/v1"\n')
        assert main(["models", "--endpoints"]) == 0
        assert server.requests == []
    assert "not allowed" in capsys.readouterr().out
    admin(ALLOWED)
    assert main(["serve", "--steerer", "hf/evil/model"]) == 2
    assert main(["serve", "--steerer", "hf/evil/model", "--vllm", "/bin/true"]) == 2
    assert "not allowed" in capsys.readouterr().err


def test_no_host_of_models_that_is_not_allowed_is_asked(
    admin: Write, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in (HOSTS, ALLOWED):
        admin(text)
        with pytest.raises(NotAllowed):
            Directory("http://evil.test:8000/v1").find({"local/qwen2.5-coder-0.5b"})
        monkeypatch.setenv(HOST_URL, "http://evil.test:8000/v1")
        with pytest.raises(NotAllowed):
            submit(target="hosted")
        monkeypatch.delenv(HOST_URL)
        with pytest.raises(NotAllowed):
            submit(target="hosted", host="http://evil.test:8000/v1")


def test_weights_come_from_no_other_hub(admin: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    admin(HOSTS)
    monkeypatch.setenv("HF_ENDPOINT", "http://evil.test")
    monkeypatch.setenv("CODESTEER_CACHE", str(tmp_path / "cache"))
    known = msgspec.structs.replace(entry("smollm2-135m"), mirror=None)
    with pytest.raises(WeightsMissing, match=r"evil\.test is not allowed"):
        pull_sync(known)


def test_programs_go_through_no_gateway(admin: Write) -> None:
    admin(HOSTS)
    with pytest.raises(NotAllowed):
        GatewayExecutor("http://evil.test:8888")
    admin('[limits]\nisolation = "landlock"')
    with pytest.raises(NotAllowed, match="gateway"):
        GatewayExecutor("http://127.0.0.1:8888")


# -- limits


LIMITS = "[limits]\nrounds = 3\ntimeout = 60\ntokens = 1000\nsamples = 2\nmemory = 512\nmax-tokens = 100\nin-max = 10\n"


@pytest.mark.parametrize(
    ("settings", "option"),
    [
        ({"rounds": 4}, "--rounds"),
        ({"seconds": 61.0}, "--timeout"),
        ({"tokens": 1001}, "--tokens"),
        ({"samples": 3}, "--samples"),
        ({"memory_mb": 513}, "--memory"),
        ({"max_tokens": 101}, "--max-tokens"),
        ({"input_mb": 11}, "--in-max"),
    ],
)
def test_no_run_may_ask_for_more(admin: Write, settings: dict[str, Any], option: str) -> None:
    path = admin(LIMITS)
    with serving_in_thread([]) as server, pytest.raises(NotAllowed) as caught:
        submit(target=model(server), **settings)
    assert option in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.kernel
def test_what_was_not_chosen_is_limited(admin: Write) -> None:
    admin(LIMITS + "[runs]\njournal = true\n")
    with serving_in_thread(script([say("text"), say("return")], ["Answer: 42"])) as server:
        run = engine().submit("6 * 7?", RunSettings(target=model(server), checker="none", journal=False)).wait(60)
    budget, config = run.record.budget, run.record.config
    assert (budget.rounds, budget.seconds, budget.tokens) == (3, 60, 1000)
    assert (config.memory_mb, config.max_tokens, config.samples) == (512, 100, 1)
    assert Store().load("last").id == run.id, "--no-journal keeps it nevertheless"


def test_a_budget_of_money_needs_a_price(admin: Write) -> None:
    admin("[limits]\ncost = 0.5")
    with serving_in_thread([]) as server, pytest.raises(CodeSteerError, match="price"):
        submit(target=model(server))
    with pytest.raises(NotAllowed, match="--cost"):
        submit(cost=2.0)


# -- isolation


def test_no_caller_and_no_variable_lowers_the_isolation(admin: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    admin('[limits]\nisolation = "landlock"')
    monkeypatch.setenv(FLOOR_VARIABLE, "limits")
    with pytest.raises(ExecutorError, match="weaker"):
        choose("limits", None, sys.executable)
    with pytest.raises(ExecutorError, match="weaker"):
        choose("limits", "limits", sys.executable)
    assert "landlock" in choose(None, "limits", sys.executable).demanded
    assert "landlock" in choose(None, None, sys.executable, spawned=True).demanded


@pytest.mark.kernel
async def test_an_executor_below_the_floor_runs_nothing(admin: Write) -> None:
    admin('[limits]\nisolation = "landlock"')
    async with open_executor(tier="limits", floor="limits", spare=False) as executor:
        with pytest.raises(ExecutorError, match="weaker"):
            await executor.run("print(1)", timeout=10)


# -- data


def test_models_are_told_no_more_than_is_allowed(admin: Write) -> None:
    import pandas as pd

    frame = pd.DataFrame({"base_salary": [123456, 2], "town": ["Ghent", "Bruges"]})
    admin('[data]\nhide = ["*salary*"]\n')
    told = preview({"frame": frame}, RunSettings())
    assert ("123456" in told, "Ghent" in told) == (False, True)
    admin("[data]\nschema-only = true\n")
    told = preview({"frame": frame}, RunSettings(schema_only=False))
    assert ("123456" in told, "Ghent" in told, "town" in told) == (False, False, True)


# -- the files


@pytest.mark.parametrize(
    "text",
    [
        "[models",
        "[model]\nallow = []",
        "[models]\nalow = ['x']",
        "[models]\nallow = 'openai/*'",
        "[hosts]\nallow = [3]",
        "[limits]\nrounds = 'few'",
        "[limits]\nrounds = true",
        "[limits]\nrounds = 0",
        "[limits]\nseed = 3",
        "[limits]\nisolation = 3",
        "[runs]\njournal = 'yes'",
        "limits = 3",
    ],
)
def test_a_file_that_means_nothing_lets_nothing_run(admin: Write, text: str) -> None:
    path = admin(text)
    for act in (submit, lambda: open_model("openai/x@http://127.0.0.1:9/v1"), lambda: preview({"x": 1})):
        with pytest.raises(BadConfig) as caught:
            act()
        assert str(path) in str(caught.value)


def test_a_file_that_cannot_be_read_lets_nothing_run(admin: Write) -> None:
    admin("").unlink()
    rules.FILES[0].mkdir()
    with pytest.raises(BadConfig, match="nothing may run"):
        submit()


def test_an_unknown_tier_lets_no_program_run(admin: Write) -> None:
    import sys

    admin('[limits]\nisolation = "fortress"')
    with pytest.raises(CodeSteerError, match="fortress"):
        choose(None, None, sys.executable)


def test_two_files_hold_both(admin: Write, own: Path) -> None:
    admin(
        '[models]\nallow = ["openai/*", "local/*"]\n[limits]\nrounds = 3\ntokens = 50\n[hosts]\nallow=["api.openai.com"]'
    )
    other = rules.FILES[1]
    other.parent.mkdir()
    other.write_text('[models]\nallow = ["openai/gpt-5"]\n[limits]\nrounds = 9\ntimeout = 7\n')
    found = rules.policy()
    assert found.limits == {"rounds": 3, "tokens": 50, "seconds": 7}
    asyncio.run(open_model("openai/gpt-5").aclose())
    for name in ("openai/gpt-4", "local/0.5b"):
        with pytest.raises(NotAllowed):
            open_model(name)


def test_the_files_are_those_of_the_machine_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "CODESTEER_CONFIG",
        "CODESTEER_HOME",
        "XDG_CONFIG_HOME",
        "HOME",
        "JUPYTER_CONFIG_DIR",
        "CODESTEER_POLICY",
    ):
        monkeypatch.setenv(name, "/nowhere")
    again = importlib.util.module_from_spec(importlib.util.find_spec("codesteer_kernel.policy"))  # type: ignore[arg-type]
    again.__spec__.loader.exec_module(again)  # type: ignore[union-attr]
    assert again.FILES == rules.FILES
    assert not any("nowhere" in str(path) for path in again.FILES)


def test_an_empty_list_allows_nothing(admin: Write, own: Path) -> None:
    admin("[models]\nallow = []")
    with pytest.raises(NotAllowed):
        open_model("embedded")


# -- what takes its values elsewhere


def test_no_profile_file_or_notebook_setting_raises_a_limit(
    admin: Write, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    from traitlets.config import Config

    from codesteer_kernel.configuring import CodeSteer, configured

    admin(LIMITS)
    with serving_in_thread([]) as server:
        own.write_text(f'[profiles.p]\ntarget = "{model(server)}"\nrounds = 4\n')
        monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
        (tmp_path / "codesteer_config.json").write_text(
            json.dumps({"CodeSteer": {"rounds": 4, "target": model(server)}})
        )
        ways = [
            parse_options("--profile p").settings,
            parse_options(f"--target {model(server)} --rounds=4").settings,
            configured().settings(),
            CodeSteer(config=Config({"CodeSteer": {"rounds": 4, "target": model(server)}})).settings(),
        ]
        for settings in ways:
            for act in (engine().submit, engine().check, engine().rehearse):
                with pytest.raises(NotAllowed, match="--rounds"):
                    act(*(() if act == engine().check else ("?",)), settings)  # type: ignore[operator]
        assert server.requests == []


def test_money_and_hosts_hold_for_batches_checks_and_jobs_too(admin: Write, own: Path, tmp_path: Path) -> None:
    import codesteer

    admin(ALLOWED + "[limits]\nrounds = 3\n")
    for settings in ({"target": "openai/gpt-4"}, {"target": "openai/gpt-5", "rounds": 4}):
        with pytest.raises(NotAllowed):
            codesteer.solve("?", **settings)
        with pytest.raises(NotAllowed):
            codesteer.check("?", "42", **settings)
        with pytest.raises(NotAllowed):
            codesteer.map(["?"], progress=False, **settings)
    assert main(["bench", "run", "--tasks", "game24", "--target", "openai/gpt-4", "--dry-run"]) == 2


def test_the_isolation_holds_for_commands_and_sessions(
    admin: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    admin('[limits]\nisolation = "fortress"')
    program = tmp_path / "p.py"
    program.write_text("print('it ran')")
    monkeypatch.setenv(FLOOR_VARIABLE, "limits")
    for words in (["exec", str(program)], ["exec", "--cells", str(program)]):
        assert main(words) == 2
        told = capsys.readouterr()
        assert "fortress" in told.err
        assert "it ran" not in told.out
