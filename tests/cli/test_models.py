"""``codesteer models ...`` in a shell, and the same words in a notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel.cli import main
from codesteer_kernel.models import catalogue, listing
from codesteer_kernel.models.catalogue import weights_path
from tests.models.sources import DATA, TINY
from tests.scripted import Reply, serving_in_thread

Output = pytest.CaptureFixture[str]


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own and a catalogue with one more entry, whose weights lie there to be verified."""
    monkeypatch.setenv("CODESTEER_CACHE", str(tmp_path / "cache"))
    more = (*catalogue.CATALOGUE, TINY)
    for module in (catalogue, listing):
        monkeypatch.setattr(module, "CATALOGUE", more)
    path = weights_path(TINY)
    path.parent.mkdir(parents=True)
    path.write_bytes(DATA)
    return path


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's file of names."""
    path = tmp_path / "own.toml"
    monkeypatch.setenv("CODESTEER_CONFIG", str(path))
    return path


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["push"], "pull"),
        (["lst"], "list"),
        (["--jsn"], "--json"),
        (["list", "x"], "no model"),
        (["show"], "one model"),
        (["show", "a/b", "c/d"], "one model"),
        (["show", "opneai/x"], "openai"),
        (["check"], "one model"),
        (["check", "opneai/x"], "openai"),
        (["check", "openai/x", "--timeout"], "number of seconds"),
        (["check", "openai/x", "--timeout", "soon"], "number of seconds"),
        (["check", "--tmeout=3", "openai/x"], "--timeout"),
        (["rm"], "rm NAME"),
        (["rm", "openai/gpt-5"], "no weights of ours"),
        (["rm", "local//mine/x.gguf"], "no weights of ours"),
        (["rm", "smollm2-135"], "smollm2-135m"),
        (["pull", "qwen2.5-coder-0.5"], "qwen2.5-coder-0.5b"),
        (["pull", "hf/a/b"], "no weights of ours"),
    ],
)
def test_words_that_mean_nothing_are_one_line_on_stderr(words: list[str], part: str, capsys: Output) -> None:
    assert main(["models", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert part in err
    assert len(err.splitlines()) == 1


def test_the_list_shows_prices_aliases_and_what_is_here(capsys: Output, tiny: Path, own: Path) -> None:
    own.write_text('[models.quick]\nmodel = "openai/gpt-4.1-nano"')
    assert main(["models", "list"]) == 0
    text = capsys.readouterr().out
    lines = {line.split()[0]: line for line in text.splitlines() if line}
    assert "your name for openai/gpt-4.1-nano" in lines["quick"]
    assert "0.1 / 0.4" in lines["quick"]
    assert "free" in lines["local/tiny"]
    assert " no " in lines["local/tiny"]
    main(["models"])
    assert capsys.readouterr().out == text


def test_the_list_as_json(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    assert main(["models", "--json"]) == 0
    out = capsys.readouterr().out
    found = json.loads(out)
    rows = {row["name"]: row for row in found["models"]}
    assert rows["openai/..."]["key_present"] is True
    assert (rows["openai/gpt-4.1"]["price"]["input"], rows["openai/gpt-4.1"]["price"]["output"]) == (2.0, 8.0)
    assert "endpoints" not in found
    assert "canary" not in out


def test_what_endpoints_report(capsys: Output, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for provider in ("OLLAMA", "VLLM", "LLAMACPP", "LMSTUDIO"):
        monkeypatch.setenv(f"{provider}_BASE_URL", "http://127.0.0.1:9/v1")
    with serving_in_thread([]) as server:
        own.write_text(f'[models.box]\nmodel = "vllm/x"\nbase_url = "{server.url}/v1"')
        assert main(["models", "--endpoints"]) == 0
        text = capsys.readouterr().out
        assert main(["models", "list", "--endpoints", "--json"]) == 0
    lines = [line.split() for line in text.partition("ENDPOINT")[2].splitlines()[1:]]
    assert ["box", f"{server.url}/v1", "scripted"] in lines
    assert ["ollama", "http://127.0.0.1:9/v1", "nothing", "answers", "(ConnectError)"] in lines
    reports = {one["name"]: one for one in json.loads(capsys.readouterr().out)["endpoints"]}
    assert reports["box"]["models"] == [{"id": "scripted", "context": None}]


def test_show_says_what_is_known(capsys: Output, tiny: Path) -> None:
    assert main(["models", "show", "local/tiny"]) == 0
    text = capsys.readouterr().out
    for part in (str(tiny), "3,000,000 bytes", "not verified", TINY.sha256, "Org/Tiny-GGUF", "free", "loaded", "no"):
        assert part in text
    assert main(["models", "show", "openai/gpt-5"]) == 0
    text = capsys.readouterr().out
    for part in (
        "https://api.openai.com/v1",
        "OPENAI_API_KEY (missing)",
        "1.25 / 10 US dollars per million tokens, 20",
        "fault",
    ):
        assert part in text
    assert main(["models", "show", "openai/gpt-99", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["price"] is None


def test_pull_several_and_remove_them(capsys: Output, tiny: Path, own: Path) -> None:
    own.write_text('[models.small]\nmodel = "local/tiny"')
    assert main(["models", "pull", "tiny", "local/tiny", "small"]) == 0
    out, err = capsys.readouterr()
    assert out == f"tiny is at {tiny}\n" * 3
    assert "checking tiny.gguf" in err
    assert main(["models", "rm", "small"]) == 0
    assert capsys.readouterr().out == "tiny: 3 MB freed\n"
    assert not tiny.exists()
    assert main(["models", "rm", "tiny"]) == 0
    assert capsys.readouterr().out == "tiny was not here\n"


def test_check_says_how_it_went_and_exits_so(capsys: Output) -> None:
    with serving_in_thread([Reply("ok \x1b[31mred"), Reply("ok"), Reply(status=400, error="on holiday")]) as server:
        name = f"openai/scripted@{server.url}/v1"
        assert main(["models", "check", name]) == 0
        text = capsys.readouterr().out
        assert main(["models", "check", name, "--json", "--timeout", "20"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert main(["models", "check", "--timeout", "20", name]) == 1
        failed = capsys.readouterr().out
    for part in (f"{name} works.", "first token after", "5 read", "cost", "not known", "streaming", "red"):
        assert part in text
    assert "\x1b" not in text
    assert (found["fault"], found["text"]) == (None, "ok")
    assert f"{name} does not work (model)." in failed
    assert "on holiday" in failed
    assert main(["models", "check", "openai/gpt-5", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["fault"]["cause"] == "key_missing"


async def test_the_same_words_in_a_notebook_whose_loop_runs(capsys: Output, own: Path) -> None:
    from codesteer.line import run_line

    with serving_in_thread(["ok"]) as server:
        own.write_text(f'[models.box]\nmodel = "vllm/scripted"\nbase_url = "{server.url}/v1"')
        magics: Any = None  # not asked
        run_line(magics, "models check box")
        run_line(magics, "models --endpoints")
        run_line(magics, "models show box")
    text = capsys.readouterr().out
    for part in ("works.", "ENDPOINT", f"{server.url}/v1", "your name"):
        assert part in text
