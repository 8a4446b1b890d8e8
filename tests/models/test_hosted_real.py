"""The hosted back ends against a real server of both wire formats: llama.cpp's, with real weights."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from codesteer_kernel.models import ChatRequest, Message, gather, open_model
from codesteer_kernel.models.catalogue import Entry
from codesteer_kernel.models.local import LocalModel

pytestmark = pytest.mark.real
SCHEMA = {
    "type": "object",
    "properties": {"word": {"type": "string"}},
    "required": ["word"],
    "additionalProperties": False,
}


@pytest.fixture
async def address(smollm: Entry, runtime: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """Where the worker's server answers; its key is the one of given addresses."""
    local = LocalModel(smollm, context=2048)
    url, key = await local.endpoint()
    monkeypatch.setenv("CODESTEER_ENDPOINT_KEY", key)
    yield url
    await local.aclose()


@pytest.mark.parametrize("name", ["llamacpp/x@{}/v1", "anthropic/x@{}"])
async def test_a_growing_conversation_is_read_from_the_cache(name: str, address: str) -> None:
    model = open_model(name.format(address))
    talk = [Message("system", "Be brief."), Message("user", "Say hello.")]
    first = await gather(model.stream(ChatRequest(messages=tuple(talk), max_tokens=12)))
    talk += [first.message, Message("user", "Again.")]
    second = await gather(model.stream(ChatRequest(messages=tuple(talk), max_tokens=12)))
    await model.aclose()
    assert first.text
    assert second.text
    assert second.finish is not None
    assert second.finish.reason == "length"
    assert second.usage.cached_tokens >= first.usage.input_tokens - 1
    assert second.usage.input_tokens > second.usage.cached_tokens


async def test_schemas_hold_and_choices_are_scored(address: str) -> None:
    model = open_model(f"llamacpp/x@{address}/v1")
    ask = Message("user", "Name a fruit, as JSON.")
    said = await gather(model.stream(ChatRequest(messages=(ask,), max_tokens=60, json_schema=SCHEMA)))
    choice = await model.score([ask, Message("assistant", "<<<")], ["Code", "Text"])
    await model.aclose()
    assert "".join(said.text.split()).startswith('{"word":"')
    assert sum(choice.probabilities.values()) == pytest.approx(1)
