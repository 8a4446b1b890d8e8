"""Claude models, and whatever else speaks the Anthropic Messages protocol, by the official SDK."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, NoReturn

from ..errors import BadInput, MissingDependency, ModelError
from .hosted import Adaptation, Clients, Clock, Limits, open_adapted, timed
from .protocol import (
    Abilities,
    ChatRequest,
    Delta,
    Finish,
    Message,
    ReasoningDelta,
    StopReason,
    TextDelta,
    TokenUsage,
)
from .providers import Endpoint

__all__ = ["AnthropicModel"]

STOPS: dict[str, StopReason] = {
    "end_turn": "end",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "stop_sequence": "stop_string",
    "refusal": "filtered",
}


class AnthropicModel:
    """One model of an Anthropic-style endpoint.

    Prompt caching is asked for on every call: a run's history only grows, so each round reads most of it from the
    cache. What a model refuses (a temperature, a schema) is left out from then on.

    Raises:
        MissingDependency: the SDK is not installed.
    """

    abilities = Abilities(structured=True)

    def __init__(self, endpoint: Endpoint, limits: Limits | None = None) -> None:
        try:
            import anthropic  # noqa: F401 - only that it is there
        except ImportError:
            raise MissingDependency(
                f"{endpoint.name} needs the anthropic package.", "Run: pip install 'codesteer[anthropic]'"
            ) from None
        self.name = endpoint.name
        self.context_window: int | None = None
        self._endpoint = endpoint
        self._limits = limits or Limits()
        self._refused: set[str] = set()
        self._clients = Clients(self._client)

    def __repr__(self) -> str:
        return f"<AnthropicModel {self.name}>"

    def _client(self) -> Any:
        import anthropic

        return anthropic.AsyncAnthropic(
            api_key=self._endpoint.key or "none",
            base_url=self._endpoint.base_url,
            timeout=anthropic.Timeout(self._limits.total, connect=self._limits.connect),
            max_retries=0,  # ours know the run's limits
            # A redirect could carry the key to another host. On loopback no proxy has a say.
            http_client=anthropic.DefaultAsyncHttpxClient(
                follow_redirects=False, trust_env=not self._endpoint.loopback
            ),
        )

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Generate; see :class:`~codesteer_kernel.models.protocol.ChatModel`."""
        turns = [message for message in request.messages if message.role != "system"]
        if not turns:
            raise BadInput("A request needs at least one message that is not the system's.")
        arguments: dict[str, Any] = {
            "model": self._endpoint.model,
            "max_tokens": request.max_tokens,
            "messages": [{"role": message.role, "content": message.content} for message in turns],
            "cache_control": {"type": "ephemeral"},
            "stream": True,
            "extra_body": {},
        }
        system = "\n\n".join(message.content for message in request.messages if message.role == "system")
        if system:
            arguments["system"] = system
        if request.stop:
            arguments["stop_sequences"] = list(request.stop)
        if request.temperature is not None:
            # Not an argument of the SDK any more, still one of the models that take it.
            arguments["extra_body"]["temperature"] = request.temperature
        if request.json_schema is not None:
            arguments["output_config"] = {"format": {"type": "json_schema", "schema": _closed(request.json_schema)}}

        clock = Clock(self.name, self._limits)
        create = self._clients.get().messages.create
        stream = await open_adapted(create, arguments, ADAPTATIONS, self._refused, clock, self._endpoint)
        fresh = cached = written = 0
        reason: StopReason | None = None
        async with aclosing(timed(stream, clock, self._endpoint)) as events:
            async for event in events:
                if event.type == "message_start":
                    usage = event.message.usage
                    cached = usage.cache_read_input_tokens or 0
                    fresh = (usage.input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
                    written = usage.output_tokens or 0
                elif event.type == "content_block_delta":
                    if event.delta.type == "text_delta" and event.delta.text:
                        clock.started = True
                        yield TextDelta(event.delta.text)
                    elif event.delta.type == "thinking_delta" and event.delta.thinking:
                        clock.started = True
                        yield ReasoningDelta(event.delta.thinking)
                elif event.type == "message_delta":
                    written = event.usage.output_tokens or written
                    if event.delta.stop_reason:
                        reason = STOPS.get(event.delta.stop_reason, "end")
        if reason is None:
            raise ModelError(f"{self.name} broke off its answer.", "Try again.")
        usage = TokenUsage(input_tokens=fresh + cached, output_tokens=written, cached_tokens=cached)
        yield Finish(reason=reason, usage=usage)

    async def score(  # the protocol's signature
        self,
        messages: Sequence[Message],
        choices: Sequence[str],
        *,
        slot: str = "",
    ) -> NoReturn:
        """Not offered by this protocol: ``abilities.score`` is False."""
        raise BadInput(f"{self.name} cannot score choices.")

    async def aclose(self) -> None:
        """Close the connections of the running event loop. Idempotent."""
        await self._clients.aclose()


def _without(name: str) -> Adaptation:
    def leave_out(arguments: dict[str, Any]) -> None:
        arguments.pop(name, None)
        arguments["extra_body"].pop(name, None)

    return leave_out


ADAPTATIONS: dict[str, Adaptation] = {
    "temperature": _without("temperature"),
    "output_config": _without("output_config"),
    "output format": _without("output_config"),
    "cache_control": _without("cache_control"),
}


def _closed(schema: Any) -> Any:
    """``schema`` with every object closed to unnamed properties, which the API asks for."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(part) for name, part in schema.items()}
    if closed.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed
