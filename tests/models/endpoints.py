"""Hosted models at scripted endpoints, and what tests ask of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from codesteer_kernel.models import ChatModel, ChatRequest, Delta, Message, TextDelta, Turn, gather
from codesteer_kernel.models.anthropic import AnthropicModel
from codesteer_kernel.models.limits import Limits
from codesteer_kernel.models.openai import OpenAIModel
from codesteer_kernel.models.providers import resolve
from tests.scripted import Reply, ScriptedServer

WIRES = ["openai", "anthropic"]
QUICK = Limits(connect=2.0, first_token=5.0, silence=5.0, total=10.0, retries=2, wait=1.0)
ASK = (Message("system", "Be brief."), Message("user", "Say something."))
SOON = {"Retry-After": "0.01"}


def model_at(url: str, wire: str, limits: Limits = QUICK, **options: Any) -> OpenAIModel | AnthropicModel:
    """A model of the endpoint at ``url``; ``options`` are the model's, and ``provider``."""
    provider = options.pop("provider", wire)
    if wire == "anthropic":
        return AnthropicModel(resolve(provider, "claude-test", base_url=url), limits, **options)
    return OpenAIModel(resolve(provider, "gpt-test", base_url=f"{url}/v1"), limits, **options)


@asynccontextmanager
async def serving(
    script: Sequence[Reply | str] | Any, wire: str, limits: Limits = QUICK, **options: Any
) -> AsyncIterator[tuple[ScriptedServer, OpenAIModel | AnthropicModel]]:
    """A scripted server and a model of it."""
    async with ScriptedServer(script) as server:
        model = model_at(server.url, wire, limits, **options)
        try:
            yield server, model
        finally:
            await model.aclose()


def request(*messages: Message, **options: Any) -> ChatRequest:
    """A request with these messages, or some."""
    return ChatRequest(messages=messages or ASK, **options)


async def ask(model: ChatModel, *messages: Message, **options: Any) -> list[Delta]:
    """Every delta of the answer."""
    return [delta async for delta in model.stream(request(*messages, **options))]


async def turn(model: OpenAIModel | AnthropicModel, *messages: Message, **options: Any) -> Turn:
    """The answer, folded."""
    return await gather(model.stream(request(*messages, **options)))


def text(deltas: list[Delta]) -> str:
    """All text deltas, void ones too."""
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


def sse(*events: str) -> Reply:
    """A stream of these events, as they are."""
    return Reply(raw="".join(f"{event}\n\n" for event in events))


def openai_chunk(**content: Any) -> str:
    """One event of an OpenAI stream."""
    head = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m"}
    return "data: " + json.dumps({**head, **content})


def choice(delta: Any, finish: str | None = None) -> dict[str, Any]:
    """Its content: a delta, and perhaps the reason of the end."""
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
