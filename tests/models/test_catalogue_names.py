"""The user's own names: aliases and profiles from one file, whose faults are named and whose keys are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from codesteer_kernel.errors import BadConfig, BadInput, UnknownModel
from codesteer_kernel.models import list_models, open_model
from codesteer_kernel.models.aliases import expand, own_names
from codesteer_kernel.models.hosted import Limits
from codesteer_kernel.models.local import LocalModel
from codesteer_kernel.models.openai import OpenAIModel
from codesteer_kernel.options import parse_options


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's file, not there yet."""
    path = tmp_path / "own.toml"
    monkeypatch.setenv("CODESTEER_CONFIG", str(path))
    return path


def test_no_file_defines_nothing(own: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert own_names().models == own_names().profiles == {}
    monkeypatch.delenv("CODESTEER_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    (tmp_path / "xdg" / "codesteer").mkdir(parents=True)
    (tmp_path / "xdg" / "codesteer" / "config.toml").write_text('[models.tiny]\nmodel = "local/135m"')
    assert open_model("tiny").name == "local/smollm2-135m"


def test_an_alias_opens_with_its_options(own: Path) -> None:
    own.write_text(
        """
        [models.big]
        model = "openai/gpt-test"
        base_url = "http://127.0.0.1:9/v1"
        context = 9000
        limits = { first_token = 3 }

        [models.cold]
        model = "local/135m"
        prefix_cache = false
        """
    )
    big = open_model("big")
    assert isinstance(big, OpenAIModel)
    assert (big.name, big.context_window) == ("openai/gpt-test@http://127.0.0.1:9/v1", 9000)
    assert big._limits == Limits(first_token=3.0)
    cold = open_model(" cold ", context=512)
    assert isinstance(cold, LocalModel)
    assert (cold.context_window, cold._prefix_cache) == (512, False)


def test_aliases_of_aliases_join_their_options_and_the_outer_one_wins(own: Path) -> None:
    own.write_text(
        """
        [models]
        outer = { model = "inner", context = 2 }
        inner = { model = "openai/x", context = 1, base_url = "http://127.0.0.1:9/v1" }
        """
    )
    named = expand("outer")
    assert (named.name, named.via) == ("openai/x", ("outer", "inner"))
    assert named.options == {"context": 2, "base_url": "http://127.0.0.1:9/v1"}
    assert expand("outer", {"context": 3}).options["context"] == 3


def test_a_key_goes_only_where_it_is_said(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    monkeypatch.setenv("MINE_KEY", "mine")
    own.write_text(
        """
        [models.foreign]
        model = "openai/x"
        base_url = "https://elsewhere.example/v1"
        [models.mine]
        model = "openai/x"
        base_url = "https://elsewhere.example/v1"
        key_variable = "MINE_KEY"
        """
    )
    foreign, mine = open_model("foreign"), open_model("mine")
    assert isinstance(foreign, OpenAIModel)
    assert isinstance(mine, OpenAIModel)
    assert (foreign._endpoint.key, mine._endpoint.key) == ("", "mine")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('[models.a]\nmodel = "b"\n[models.b]\nmodel = "a"', ["a -> b -> a", "circle"]),
        ('[models.a]\nmodel = "a"', ["a -> a"]),
        ('[models.a]\nmodel = "nosuch"', ["[models.a]", "'nosuch'", "provider/model"]),
        ('[models.a]\nmodl = "openai/x"', ["[models.a]", "Did you mean 'model'?"]),
        ("[models.a]\ncontext = 5", ["[models.a]", 'model = "provider/model"']),
        ('[models.a]\nmodel = "openai/x"\ncontext = "many"', ["[models.a] context", "whole number"]),
        ('[models.a]\nmodel = "openai/x"\ncontext = true', ["[models.a] context", "whole number"]),
        ("[models.a]\nmodel = 3", ["[models.a] model", "text"]),
        ('[models]\na = "openai/x"', ["models.a is not a table", "[models.a]"]),
        ("models = 3", ["models is not a table"]),
        ('[models.openai]\nmodel = "local/135m"', ["[models.openai]", "already means something"]),
        ('[models.none]\nmodel = "local/135m"', ["[models.none]", "already means something"]),
        ('[models."a/b"]\nmodel = "local/135m"', ["'a/b'", "cannot be a name"]),
        ('[model.a]\nmodel = "openai/x"', ["'model'", "Did you mean 'models'?"]),
        ("[models.a\n", ["line 1", "TOML"]),
        ('[models.a]\nmodel = "openai/x"\nbase_url = "https://me:pw@host/v1"', ["base_url", "more than an address"]),
        ('[models.a]\nmodel = "openai/x"\nbase_url = "https://host/v1?k=v"', ["base_url", "more than an address"]),
    ],
)
def test_a_fault_names_the_file_and_the_place(own: Path, text: str, parts: list[str]) -> None:
    own.write_text(text)
    with pytest.raises(BadConfig) as caught:
        open_model("a")
    for part in [str(own), *parts]:
        assert part in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(own: Path) -> None:
    own.write_bytes(b"\xff")
    with pytest.raises(BadConfig, match="UTF-8"):
        own_names()
    own.unlink()
    own.mkdir()
    with pytest.raises(BadConfig, match="cannot be read"):
        own_names()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('model = "openai/x"\nprefix_cach = true', ["'prefix_cach'", "limits"]),
        ('model = "local/135m"\nprefix_cach = true', ["'prefix_cach'", "Did you mean 'prefix_cache'?"]),
        ('model = "local/135m"\nprefix_cache = "no"', ["prefix_cache", "bool"]),
        ('model = "openai/x"\nbase_url = "http://127.0.0.1:9"\nlimits = { first_token = "x" }', ["limits", "float"]),
    ],
)
def test_an_option_that_the_backend_does_not_take_is_named_with_its_place(
    own: Path, text: str, parts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    own.write_text(f"[models.a]\n{text}")
    with pytest.raises(BadInput) as caught:
        open_model("a")
    for part in [str(own), "[models.a]", *parts]:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("field", "secret"),
    [
        ("key_variable", "sk-proj-abcdefghijklmnop0123456789"),
        ("key_variable", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
        ("key_variable", "hush-hush"),
        ("api_key", "hush-hush"),
        ("token", "hush-hush"),
        ("headers.Authorization", "hush-hush"),
        ("note", "gsk_abcdefghijklmnop0123"),
        ("note", "Bearer hush-hush"),
        ("note", "AIzaSyA0123456789abcdefghijklmnop"),
        ("note", "3f2a9c81d04e4b7fa6215d7e90c4b8aa"),
    ],
)
def test_what_looks_like_a_key_is_refused_and_never_repeated(own: Path, field: str, secret: str) -> None:
    own.write_text(f'[models.a]\nmodel = "openai/x"\n{field} = "{secret}"')
    with pytest.raises(BadConfig) as caught:
        open_model("a")
    assert f"[models.a] {field}" in str(caught.value)
    assert "variable" in str(caught.value)
    assert secret not in str(caught.value)


@pytest.mark.parametrize(
    "model",
    [
        "anthropic/claude-sonnet-4-5-20250929",
        "hf/meta-llama/Meta-Llama-3.1-8B-Instruct",
        "local//cache/1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32/weights.gguf",
        "ollama/qwen2.5-coder:1.5b-instruct-q4_K_M",
    ],
)
def test_names_of_models_do_not_look_like_keys(own: Path, model: str) -> None:
    own.write_text(f'[models.a]\nmodel = "{model}"')
    assert expand("a").name == model


def test_aliases_are_listed_and_suggested(own: Path) -> None:
    own.write_text(
        '[models.haiku]\nmodel = "anthropic/claude-haiku-4-5"\n[models.box]\nmodel = "vllm/x"\nbase_url = "http://10.0.0.5/v1"'
    )
    rows = {row.name: row for row in list_models()}
    assert (rows["haiku"].key_variable, rows["haiku"].key_present) == ("ANTHROPIC_API_KEY", False)
    assert rows["haiku"].price == rows["anthropic/claude-haiku-4-5"].price is not None
    assert "anthropic/claude-haiku-4-5" in rows["haiku"].note
    assert rows["box"].price is None
    assert rows["box"].key_variable == ""
    assert "http://10.0.0.5/v1" in rows["box"].note
    with pytest.raises(UnknownModel, match="'haiku'"):
        open_model("haikuu")


def test_the_example_of_the_manual_works(own: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    own.write_text(page.partition("```toml\n")[2].partition("```")[0])
    box, patient = open_model("box"), open_model("patient")
    assert box.name == patient.name == "vllm/Qwen/Qwen3-Coder-30B@http://gpu-box:8000/v1"
    assert box.context_window == 32768
    assert isinstance(patient, OpenAIModel)
    assert patient._limits.first_token == 600
    assert expand("demo").options == {"speed": 300}
    assert own_names().profiles.keys() == {"thrifty"}
    assert parse_options("--profile thrifty").settings.code_seconds == 60
