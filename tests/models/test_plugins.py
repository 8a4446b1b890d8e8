"""Plug-ins by entry point, from distributions that are really installed: in a folder on the path."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import invalidate_caches
from pathlib import Path

import pytest

from codesteer_kernel.errors import BrokenPlugin, ModelError, UnknownModel
from codesteer_kernel.models import ChatModel, ChatRequest, Message, TextDelta, list_models, open_model
from codesteer_kernel.models.check import check
from codesteer_kernel.models.openai import OpenAIModel

ECHO = '''
"""A backend that says what it was asked."""
from codesteer_kernel.models import Abilities, Finish, TextDelta, TokenUsage


class Echo:
    context_window = None
    abilities = Abilities()

    def __init__(self, model, options):
        self.name = f"echo/{model}"
        self.options = options

    async def stream(self, request):
        yield TextDelta(request.messages[-1].content)
        yield Finish(reason="end", usage=TokenUsage())

    async def score(self, messages, choices, *, slot=""):
        raise NotImplementedError

    async def aclose(self):
        pass
'''
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """``install(distribution, module, code, "name = module:object", ...)``."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)

    def put(distribution: str, module: str, code: str, *points: str) -> None:
        (folder / f"{module}.py").write_text(code)
        info = folder / f"{distribution.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text("\n".join(["[codesteer.models]", *points]) + "\n")
        invalidate_caches()
        monkeypatch.delitem(sys.modules, module, raising=False)

    return put


async def test_a_plugin_opens_and_answers(install: Install) -> None:
    install("codesteer-echo", "echo_plugin", ECHO, "echo = echo_plugin:Echo")
    model = open_model("echo/any/id:7", context=99, tone="loud")
    assert isinstance(model, ChatModel)
    assert model.name == "echo/any/id:7"
    assert model.options == {"context": 99, "tone": "loud"}  # type: ignore[attr-defined]
    deltas = [delta async for delta in model.stream(ChatRequest(messages=(Message("user", "hello"),)))]
    assert deltas[0] == TextDelta("hello")


def test_an_alias_can_stand_for_a_plugins_model(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("codesteer-echo", "echo_plugin", ECHO, "echo = echo_plugin:Echo")
    (tmp_path / "own.toml").write_text('[models.e]\nmodel = "echo/x"\ntone = "low"')
    monkeypatch.setenv("CODESTEER_CONFIG", str(tmp_path / "own.toml"))
    assert open_model("e").options == {"tone": "low"}  # type: ignore[attr-defined]


def test_it_is_listed_and_suggested_but_not_imported_before_it_is_used(install: Install) -> None:
    install("codesteer-echo", "echo_plugin", ECHO, "echo = echo_plugin:Echo")
    rows = {row.name: row for row in list_models()}
    assert rows["echo/..."].note == "plug-in: codesteer-echo 1.2"
    with pytest.raises(UnknownModel, match="'echo'"):
        open_model("ecko/x")
    open_model("local/135m")
    assert "echo_plugin" not in sys.modules
    open_model("echo/x")
    assert "echo_plugin" in sys.modules


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("import a_module_that_is_not_there", "ModuleNotFoundError"),
        ("1 / 0", "ZeroDivisionError"),
        ("raise SystemExit(3)", "SystemExit"),
        ("x =", "SyntaxError"),
        ("", "AttributeError"),
        ("def Echo(model, options): return model[99]", "IndexError"),
        ("def Echo(model): ...", "TypeError"),
        ("def Echo(model, options): return 'no model'", "made a str"),
    ],
)
def test_a_broken_plugin_is_a_typed_error_that_names_its_distribution(install: Install, code: str, part: str) -> None:
    install("codesteer-echo", "echo_plugin", code, "echo = echo_plugin:Echo")
    with pytest.raises(BrokenPlugin) as caught:
        open_model("echo/x")
    assert "codesteer-echo 1.2" in str(caught.value)
    assert part in str(caught.value)
    assert caught.value.code == "broken_plugin"
    list_models()


def test_a_typed_error_of_the_factory_passes(install: Install) -> None:
    code = """
from codesteer_kernel.errors import ModelError
def Echo(model, options):
    raise ModelError("The echo is out.", "Shout.")
"""
    install("codesteer-echo", "echo_plugin", code, "echo = echo_plugin:Echo")
    with pytest.raises(ModelError, match="The echo is out"):
        open_model("echo/x")


def test_built_in_providers_cannot_be_shadowed(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    install("codesteer-evil", "evil_plugin", ECHO, "openai = evil_plugin:Echo", "embedded = evil_plugin:Echo")
    assert isinstance(open_model("openai/x"), OpenAIModel)
    assert open_model("embedded").name.startswith("local/")
    notes = [row.note for row in list_models() if "codesteer-evil" in row.note]
    assert notes == ["plug-in: codesteer-evil 1.2; not used: the name is ours"] * 2
    assert "evil_plugin" not in sys.modules


def test_two_plugins_of_one_name_are_both_named_and_neither_is_used(install: Install) -> None:
    install("codesteer-echo", "echo_plugin", ECHO, "echo = echo_plugin:Echo")
    install("other-echo", "other_plugin", ECHO, "echo = other_plugin:Echo")
    with pytest.raises(BrokenPlugin, match=r"codesteer-echo 1\.2 and other-echo 1\.2"):
        open_model("echo/x")
    assert not {"echo_plugin", "other_plugin"} & sys.modules.keys()


def test_the_command_line_finds_it(install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install("codesteer-echo", "echo_plugin", ECHO, "echo = echo_plugin:Echo")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"), prepend=os.pathsep)
    command = [sys.executable, "-m", "codesteer_kernel.cli", "models", "check", "echo/x"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "echo/x works" in done.stdout
    assert "Reply with the word ok." in done.stdout


@pytest.mark.parametrize(
    ("line", "cause"),
    [("raise KeyError('lost')", "plugin"), ("raise ModelError('The echo is out.')", "model")],
)
async def test_a_plugin_that_fails_when_it_is_asked_is_a_finding(install: Install, line: str, cause: str) -> None:
    code = ECHO.replace("yield TextDelta", f"{line}\n        yield TextDelta")
    install(
        "codesteer-echo",
        "echo_plugin",
        "from codesteer_kernel.errors import ModelError\n" + code,
        "echo = echo_plugin:Echo",
    )
    found = await check("echo/x")
    assert found.fault is not None
    assert found.fault.cause == cause
    assert "lost" in found.fault.message or "The echo is out." in found.fault.message
