"""OpenAI models and the many endpoints that speak its chat-completions protocol, by the official SDK."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from typing import Any

from ..errors import BadInput, ModelError, Overloaded
from .faults import Fault, broken
from .gate import Quota
from .hosted import HostedModel, count
from .limits import Clock, Limits
from .openai_body import ADAPTATIONS, body, choice_body
from .protocol import (
    Abilities,
    ChatRequest,
    Choice,
    Delta,
    Finish,
    Message,
    ReasoningDelta,
    Restarted,
    StopReason,
    TextDelta,
    Thought,
    TokenUsage,
    UsageDelta,
)
from .providers import PROVIDERS, Endpoint
from .retrying import Retries
from .stopping import StopCutter
from .thinking import Piece
from .tools import CallAssembler

__all__ = ["OpenAIModel"]

STOPS: dict[str, StopReason] = {
    "length": "length",
    "model_length": "length",
    "content_filter": "filtered",
    "safety": "filtered",
    "recitation": "filtered",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}
BROKEN_STOPS = {"abort", "error", "insufficient_system_resource"}
"""Reasons to end that are the server's trouble, not an end."""


class OpenAIModel(HostedModel):
    """One model of an OpenAI-style endpoint.

    ``score`` works where the endpoint continues an assistant turn and gives log-probabilities (see the provider table).
    They are those of the 20 likeliest tokens and of the likeliest choice; of another choice it is known that it is less
    likely than all of these, and half the least is assumed.
    """

    package = "openai"
    client = "AsyncOpenAI"
    adaptations = ADAPTATIONS

    def __init__(self, endpoint: Endpoint, limits: Limits | None = None, quota: Quota | None = None) -> None:
        super().__init__(endpoint, limits, quota)
        preset = self._preset = PROVIDERS[endpoint.provider]
        self.abilities = Abilities(
            prefill=preset.prefill,
            score=preset.prefill,
            structured=preset.structured,
            seed=bool(preset.seed),
            tools=preset.tools,
            thinking=bool(preset.thinking),
            prefix_cache=preset.prefix_cache,
        )

    def _arguments(self, request: ChatRequest) -> dict[str, Any]:
        return body(self._preset, self._endpoint.model, request)

    def _create(self, client: Any) -> Callable[..., Awaitable[Any]]:
        create: Callable[..., Awaitable[Any]] = client.chat.completions.create
        return create

    async def _read(self, events: AsyncGenerator[Any, None], request: ChatRequest) -> AsyncGenerator[Delta, None]:
        splitter = self._splitter(request)
        calls = CallAssembler(request.tools)
        # The endpoint's own stop is the first line; this one holds where the endpoint has none.
        cutter = StopCutter(request.stop if "stop" in self._refused else ())
        thoughts: list[str] = []
        usage = TokenUsage()
        reason: StopReason | None = None
        refused = False

        def sort(pieces: list[Piece]) -> Iterator[Delta]:
            for piece in pieces:
                if isinstance(piece, Restarted):
                    cutter.finish()
                if not isinstance(piece, TextDelta):
                    yield piece
                elif text := cutter.feed(piece.text):
                    yield TextDelta(text)

        try:
            async for event in events:
                if event.usage is not None:
                    usage = _usage(event.usage)
                    yield UsageDelta(usage)
                for choice in (event.choices or [])[:1]:
                    thought, text, refusal = _said(choice.delta)
                    if thought:
                        thoughts.append(thought)
                        for delta in sort(splitter.outside()):
                            yield delta
                        yield ReasoningDelta(thought)
                    for delta in sort(splitter.feed(text + refusal)):
                        yield delta
                    for call in getattr(choice.delta, "tool_calls", None) or []:
                        yield calls.add(
                            call.index,
                            id=call.id or "",
                            name=(call.function.name if call.function else "") or "",
                            arguments=(call.function.arguments if call.function else "") or "",
                            seal=_seal(call),
                        )
                    if choice.finish_reason in BROKEN_STOPS:
                        raise self._gave_up(choice.finish_reason)
                    if choice.finish_reason:
                        reason = STOPS.get(choice.finish_reason.lower(), "end")
                    refused = refused or bool(refusal)
                if cutter.hit:
                    reason = "stop_string"
                    break
        except Fault:
            # The answer is whole all the same once it is said why it ended.
            if reason is None:
                raise
        if reason is None:
            return
        self._closes_bare = self._closes_bare or splitter.seen_bare
        if not cutter.hit:
            for delta in sort(splitter.finish()):
                yield delta
            if rest := cutter.finish():
                yield TextDelta(rest)
        finished = calls.finish()
        for finished_call in finished:
            yield finished_call
        if reason == "end" and (refused or finished):
            reason = "filtered" if refused else "tool_calls"
        kept = (Thought(text="".join(thoughts)),) if thoughts and self._preset.echo else ()
        yield Finish(reason=reason, usage=usage, thoughts=kept)

    def _gave_up(self, reason: str) -> Fault:
        return Fault(Overloaded(f"{self.name} gave up in the middle ({reason}).", "Try again."), passing=True)

    async def score(self, messages: Sequence[Message], choices: Sequence[str], *, slot: str = "") -> Choice:
        """Probabilities of ``choices`` by the log-probabilities of the next token.

        Raises:
            BadInput: this endpoint cannot, or the choices begin alike.
            ModelError: the endpoint gave no log-probabilities, or none of the choices was near.
        """
        if not self.abilities.score:
            raise BadInput(f"{self.name} cannot score choices.")
        if not messages or messages[-1].role != "assistant":
            raise BadInput("The last message to score must be an assistant turn.")
        tops, usage = await self._next_token(messages, choices)
        found: dict[str, float] = {}
        unclear = 0.0
        for token, logprob in tops.items():
            begun = [choice for choice in choices if token and choice.startswith(token)]
            if len(begun) > 1:
                unclear += math.exp(logprob)
            elif begun:
                found[begun[0]] = found.get(begun[0], 0.0) + math.exp(logprob)
        if unclear > sum(found.values()):
            raise BadInput(f"The choices {', '.join(map(repr, choices))} begin with the same token.")
        if not found:
            raise ModelError(
                f"None of the choices is among the likely next tokens of {self.name}.",
                "Let it generate instead, or use a model that knows the format.",
            )
        unseen = math.exp(min(tops.values())) / 2
        weights = {choice: found.get(choice, unseen) for choice in choices}
        total = sum(weights.values())
        return Choice(probabilities={choice: weight / total for choice, weight in weights.items()}, usage=usage)

    async def _next_token(
        self, messages: Sequence[Message], choices: Sequence[str]
    ) -> tuple[dict[str, float], TokenUsage]:
        """Log-probabilities of the likeliest next tokens, and of the one that was taken."""
        clock = Clock(self.name, self._limits)
        retries = Retries(clock, self._gate)
        length = sum(len(message.content) for message in messages) // 4
        while True:
            arguments = choice_body(self._preset, self._endpoint.model, messages, choices)
            try:
                async with self._place(length, clock, again=retries.done > 0):
                    answer = await self._opened(arguments, clock)
                break
            except Fault as caught:
                fault = caught
            await retries.after(fault)
        try:
            logprobs = answer.choices[0].logprobs
            taken = logprobs.content[:1] if logprobs and logprobs.content else []
            tops = {one.token: float(one.logprob) for first in taken for one in (first, *first.top_logprobs)}
            usage = _usage(answer.usage) if answer.usage is not None else TokenUsage()
        except (AttributeError, IndexError, TypeError, ValueError):
            unreadable = broken(self._endpoint, "it cannot be read")
        else:
            if not tops:
                raise ModelError(f"{self.name} gave no log-probabilities.", "Use a model or server that does.")
            return tops, usage
        raise unreadable.error


def _said(delta: Any) -> tuple[str, str, str]:
    """``(reasoning, text, refusal)`` of a delta. Mistral's reasoning models send content in parts of several kinds."""
    if delta is None:
        return "", "", ""
    thought = getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None)
    thought = thought if isinstance(thought, str) else ""
    content = getattr(delta, "content", None) or ""
    refusal = getattr(delta, "refusal", None) or ""
    if isinstance(content, str):
        return thought, content, refusal
    text = ""
    for part in content:
        if part.get("type") == "thinking":
            thought += "".join(piece.get("text", "") for piece in part.get("thinking", ()))
        else:
            text += part.get("text", "")
    return thought, text, refusal


def _seal(call: Any) -> str:
    """Gemini's signature of the thought behind a call, which it wants back with the call."""
    extra = getattr(call, "extra_content", None)
    google = extra.get("google") if isinstance(extra, dict) else None
    return str(google.get("thought_signature") or "") if isinstance(google, dict) else ""


def _usage(told: Any) -> TokenUsage:
    details = getattr(told, "prompt_tokens_details", None)
    read = count(getattr(details, "cached_tokens", None)) or count(getattr(told, "prompt_cache_hit_tokens", None))
    read_and_fresh = count(told.prompt_tokens)
    return TokenUsage(
        input_tokens=read_and_fresh,
        output_tokens=count(told.completion_tokens),
        cached_tokens=min(read, read_and_fresh),
        cache_write_tokens=min(count(getattr(details, "cache_write_tokens", None)), read_and_fresh - read),
    )
