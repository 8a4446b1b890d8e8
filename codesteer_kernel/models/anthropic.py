"""Claude models, and whatever else speaks the Anthropic Messages protocol, by the official SDK."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from msgspec.structs import replace

from .anthropic_body import ADAPTATIONS, body
from .faults import Fault
from .hosted import HostedModel, count
from .protocol import (
    Abilities,
    ChatRequest,
    Delta,
    Finish,
    ReasoningDelta,
    StopReason,
    TextDelta,
    Thought,
    TokenUsage,
    UsageDelta,
)
from .tools import CallAssembler

__all__ = ["AnthropicModel"]

STOPS: dict[str, StopReason] = {
    "end_turn": "end",
    "pause_turn": "end",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "stop_sequence": "stop_string",
    "tool_use": "tool_calls",
    "refusal": "filtered",
}


class AnthropicModel(HostedModel):
    """One model of an Anthropic-style endpoint.

    The prompt is marked for caching on every call: a run's history only grows, so each round reads most of it from the
    cache. ``thinking`` becomes a budget of reasoning tokens, or a level of effort on models that know no budget.
    """

    package = "anthropic"
    client = "AsyncAnthropic"
    adaptations = ADAPTATIONS
    abilities = Abilities(structured=True, tools=True, thinking=True, prefix_cache=True)

    def _arguments(self, request: ChatRequest) -> dict[str, Any]:
        return body(self._endpoint.model, request)

    def _create(self, client: Any) -> Callable[..., Awaitable[Any]]:
        create: Callable[..., Awaitable[Any]] = client.messages.create
        return create

    async def _read(self, events: AsyncGenerator[Any, None], request: ChatRequest) -> AsyncGenerator[Delta, None]:
        # The API itself sends reasoning apart; other servers of its protocol may not.
        splitter = None if self._endpoint.own else self._splitter(request)
        calls = CallAssembler(request.tools)
        thoughts: list[Thought] = []
        usage = TokenUsage()
        reason: StopReason | None = None
        try:
            async for event in events:
                match event.type:
                    case "message_start":
                        usage = _usage(event.message.usage, usage)
                        yield UsageDelta(usage)
                    case "content_block_start":
                        block = event.content_block
                        match block.type:
                            case "tool_use":
                                yield calls.add(event.index, id=block.id, name=block.name)
                            case "thinking":
                                thoughts.append(Thought(text=block.thinking or "", signature=block.signature or ""))
                            case "redacted_thinking":
                                thoughts.append(Thought(sealed=block.data))
                            case "text" if block.text:
                                for piece in splitter.feed(block.text) if splitter else [TextDelta(block.text)]:
                                    yield piece
                    case "content_block_delta":
                        delta = event.delta
                        match delta.type:
                            case "text_delta" if delta.text:
                                for piece in splitter.feed(delta.text) if splitter else [TextDelta(delta.text)]:
                                    yield piece
                            case "thinking_delta" if delta.thinking:
                                for piece in splitter.outside() if splitter else ():
                                    yield piece
                                thoughts[-1] = replace(thoughts[-1], text=thoughts[-1].text + delta.thinking)
                                yield ReasoningDelta(delta.thinking)
                            case "signature_delta":
                                thoughts[-1] = replace(thoughts[-1], signature=delta.signature)
                            case "input_json_delta":
                                yield calls.add(event.index, arguments=delta.partial_json)
                    case "message_delta":
                        usage = _usage(event.usage, usage)
                        if event.delta.stop_reason:
                            reason = STOPS.get(event.delta.stop_reason, "end")
        except Fault:
            # The answer is whole all the same once it is said why it ended.
            if reason is None:
                raise
        if reason is None:
            return
        if splitter:
            self._closes_bare = self._closes_bare or splitter.seen_bare
            for piece in splitter.finish():
                yield piece
        for call in calls.finish():
            yield call
        yield Finish(reason=reason, usage=usage, thoughts=tuple(thoughts))


def _usage(told: Any, before: TokenUsage) -> TokenUsage:
    """What an event tells of usage; where it is silent, what the one ``before`` told."""
    read = count(told.cache_read_input_tokens) or before.cached_tokens
    written = count(told.cache_creation_input_tokens) or before.cache_write_tokens
    fresh = count(told.input_tokens) or before.input_tokens - before.cached_tokens - before.cache_write_tokens
    return TokenUsage(
        input_tokens=fresh + read + written,
        output_tokens=count(told.output_tokens) or before.output_tokens,
        cached_tokens=read,
        cache_write_tokens=written,
    )
