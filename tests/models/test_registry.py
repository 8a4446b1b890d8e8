from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from codesteer_kernel.errors import BadInput, MissingDependency, MissingKey, UnknownModel
from codesteer_kernel.models import ChatModel, TokenUsage, keys, list_models, open_model
from codesteer_kernel.models.catalogue import CATALOGUE, GIB, Mirror, default_model, entry
from codesteer_kernel.models.prices import cost, price


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "MISTRAL_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.mark.parametrize(
    ("name", "opened"),
    [
        ("local/smollm2-135m", "local/smollm2-135m"),
        ("local/0.5B", "local/qwen2.5-coder-0.5b"),
        ("local//models/mine.gguf", "local//models/mine.gguf"),
        ("hf/Org/Name", "hf/Org/Name"),
        ("ollama/llama3:8b", "ollama/llama3:8b"),
        ("vllm/Org/Name@http://127.0.0.1:9/v1", "vllm/Org/Name@http://127.0.0.1:9/v1"),
        ("openai/any-id@https://e.example/v1/", "openai/any-id@https://e.example/v1"),
    ],
)
def test_names_open_without_network(name: str, opened: str) -> None:
    model = open_model(name)
    assert model.name == opened
    assert isinstance(model, ChatModel)


def test_the_embedded_default_is_the_first_that_fits() -> None:
    assert default_model(free=8 * GIB) == (entry("1.5b"), "")
    small, why = default_model(free=2 * GIB)
    assert small.name == "qwen2.5-coder-0.5b"
    assert "2.0 GiB" in why
    assert open_model().name.startswith("local/qwen2.5-coder-")
    assert open_model("embedded").abilities.score


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("antropic/claude", "'anthropic'"),
        ("local/qwen2.5-coder-1b", "qwen2.5-coder-1.5b"),
        ("qwen2.5-coder-0.5b", "local/qwen2.5-coder-0.5b"),
        ("embeded", "'embedded'"),
        ("openai", "openai/MODEL"),
        ("openai/", "openai/MODEL"),
        ("", "provider/model"),
        ("zzz", "provider/model"),
    ],
)
def test_unknown_names_get_the_nearest_suggested(wrong: str, hint: str) -> None:
    with pytest.raises(UnknownModel) as caught:
        open_model(wrong)
    assert hint in str(caught.value)


def test_a_missing_key_names_its_variable() -> None:
    for name, variable in (("anthropic/claude-x", "ANTHROPIC_API_KEY"), ("mistral/x", "MISTRAL_API_KEY")):
        with pytest.raises(MissingKey, match=variable):
            open_model(name)


def test_keys_come_from_the_environment_then_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring

    stored = {(keys.KEYRING_SERVICE, "OPENAI_API_KEY"): "from-ring"}
    monkeypatch.setattr(keyring, "get_password", lambda service, name: stored.get((service, name)))
    assert keys.require_key("OPENAI_API_KEY", "openai") == "from-ring"
    monkeypatch.setenv("OPENAI_API_KEY", " from-env \n")
    assert keys.find_key("OPENAI_API_KEY") == "from-env"
    assert not keys.has_key("MISTRAL_API_KEY")

    def broken(*_: object) -> None:
        raise RuntimeError("no session bus")

    monkeypatch.setattr(keyring, "get_password", broken)
    assert keys.find_key("MISTRAL_API_KEY") is None


@pytest.mark.parametrize(
    ("module", "name", "extra"),
    [("anthropic", "anthropic/x", "codesteer[anthropic]"), ("openai", "ollama/x", "codesteer[openai]")],
)
def test_a_missing_package_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, module: str, name: str, extra: str
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "x")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependency) as caught:
        open_model(name)
    assert extra in caught.value.cure


def test_options_that_make_no_sense_are_refused() -> None:
    with pytest.raises(BadInput):
        open_model("local/0.5b", base_url="http://127.0.0.1:1/v1")
    with pytest.raises(BadInput, match="not the address"):
        open_model("openai/x", base_url="localhost:8000")
    with pytest.raises(BadInput, match="password"):
        open_model("openai/x", base_url="http://me:pw@host/v1")


def test_the_list_shows_every_way_and_no_key(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hush")
    rows = {row.name: row for row in list_models()}
    assert {f"local/{known.name}" for known in CATALOGUE} <= rows.keys()
    assert [row.downloaded for row in rows.values() if row.size] == [False] * len(CATALOGUE)
    assert sum(row.default for row in rows.values()) == 1
    assert "plumbing only" in rows["local/smollm2-135m"].note
    assert (rows["openai/..."].key_variable, rows["openai/..."].key_present) == ("OPENAI_API_KEY", True)
    assert not rows["anthropic/..."].key_present
    assert rows["ollama/..."].key_variable == ""
    assert "sk-hush" not in repr(rows)


def test_parts_are_joined_in_number_order() -> None:
    packages = Mirror(package="x-part{part}", version="1", parts=11).packages()
    assert packages[1] == "x-part2==1"
    assert packages[-1] == "x-part11==1"


def test_importing_and_opening_load_nothing_heavy() -> None:
    code = """
import sys
import codesteer_kernel.models as models
models.open_model("embedded"); models.open_model("local/x.gguf"); models.list_models
heavy = {"openai", "anthropic", "torch", "transformers", "numpy", "httpx", "httpx2", "keyring", "xllamacpp", "pydantic"}
print(sorted(heavy & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_prices_are_known_free_or_unknown() -> None:
    usage = TokenUsage(input_tokens=1_000_000, output_tokens=100_000, cached_tokens=400_000)
    assert cost("local/qwen2.5-coder-1.5b", usage) == 0
    assert cost("openai/gpt-4.1", usage) == pytest.approx(0.6 * 2 + 0.4 * 0.5 + 0.1 * 8)
    assert price("anthropic/claude-sonnet-4-5-20250929") == price("anthropic/claude-sonnet-4-5")
    assert price("openai/gpt-4.1-nano-2025-04-14") == price("openai/gpt-4.1-nano") != price("openai/gpt-4.1")
    assert cost("openai/gpt-99", usage) is None
    assert price("openai/gpt-4.1@http://elsewhere/v1") is None
