"""OpenAI models and the many endpoints that speak its chat-completions protocol, by the official SDK."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from ..errors import BadInput, MissingDependency, ModelError
from .hosted import Adaptation, Clients, Clock, Limits, open_adapted, timed
from .protocol import (
    Abilities,
    ChatRequest,
    Choice,
    Delta,
    Finish,
    Message,
    ReasoningDelta,
    StopReason,
    TextDelta,
    TokenUsage,
)
from .providers import PROVIDERS, Endpoint
from .stopping import StopCutter
from .thinking import ThinkSplitter

__all__ = ["OpenAIModel"]

STOPS: dict[str, StopReason] = {"length": "length", "content_filter": "filtered"}
TOP_LOGPROBS = 20
"""What the protocol allows at most."""


class OpenAIModel:
    """One model of an OpenAI-style endpoint.

    What an endpoint refuses (a temperature, a seed, a system turn, a stop string) is left out, or done here, from then
    on. ``score`` works where the endpoint continues an assistant turn and gives log-probabilities (see the provider
    table); choices that are not among the 20 most likely tokens get the last one's probability.

    Raises:
        MissingDependency: the SDK is not installed.
    """

    def __init__(self, endpoint: Endpoint, limits: Limits | None = None) -> None:
        try:
            import openai  # noqa: F401 - only that it is there
        except ImportError:
            raise MissingDependency(
                f"{endpoint.name} needs the openai package.", "Run: pip install 'codesteer[openai]'"
            ) from None
        preset = PROVIDERS[endpoint.provider]
        self.name = endpoint.name
        self.context_window: int | None = None
        self.abilities = Abilities(
            prefill=preset.prefill, score=preset.prefill, structured=preset.structured, seed=preset.seed
        )
        self._endpoint = endpoint
        self._limits = limits or Limits()
        self._refused: set[str] = set()
        self._clients = Clients(self._client)

    def __repr__(self) -> str:
        return f"<OpenAIModel {self.name}>"

    def _client(self) -> Any:
        import openai

        return openai.AsyncOpenAI(
            api_key=self._endpoint.key or "none",
            base_url=self._endpoint.base_url,
            timeout=openai.Timeout(self._limits.total, connect=self._limits.connect),
            max_retries=0,  # ours know the run's limits
            # A redirect could carry the key to another host. On loopback no proxy has a say.
            http_client=openai.DefaultAsyncHttpxClient(follow_redirects=False, trust_env=not self._endpoint.loopback),
        )

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Generate; see :class:`~codesteer_kernel.models.protocol.ChatModel`."""
        arguments = self._arguments(request.messages, request.max_tokens)
        arguments |= {"stream": True, "stream_options": {"include_usage": True}}
        if request.temperature is not None:
            arguments["temperature"] = request.temperature
        if request.seed is not None:
            arguments["seed"] = request.seed
        if request.stop:
            arguments["stop"] = list(request.stop)
        if request.json_schema is not None and self.abilities.structured:
            form = {"name": "answer", "schema": request.json_schema}
            arguments["response_format"] = {"type": "json_schema", "json_schema": form}

        clock = Clock(self.name, self._limits)
        stream = await self._open(arguments, clock)
        splitter = ThinkSplitter()
        # The endpoint's own stop is the first line; this one holds where the endpoint has none.
        cutter = StopCutter(request.stop if "stop" in self._refused else ())
        usage = TokenUsage()
        reason: StopReason | None = None
        async with aclosing(timed(stream, clock, self._endpoint)) as events:
            async for event in events:
                if event.usage is not None:
                    usage = _usage(event.usage)
                for choice in event.choices[:1]:
                    delta = choice.delta
                    thought = getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None)
                    if isinstance(thought, str) and thought:
                        clock.started = True
                        yield ReasoningDelta(thought)
                    for piece in splitter.feed(delta.content or ""):
                        clock.started = True
                        if isinstance(piece, ReasoningDelta):
                            yield piece
                        elif text := cutter.feed(piece.text):
                            yield TextDelta(text)
                    if choice.finish_reason:
                        reason = STOPS.get(choice.finish_reason, "end")
                if cutter.hit:
                    reason = "stop_string"
                    break
        if reason is None:
            raise ModelError(f"{self.name} broke off its answer.", "Try again.")
        if not cutter.hit:
            for piece in splitter.finish():
                if isinstance(piece, ReasoningDelta):
                    yield piece
                elif text := cutter.feed(piece.text):
                    yield TextDelta(text)
            if rest := cutter.finish():
                yield TextDelta(rest)
        yield Finish(reason=reason, usage=usage)

    async def score(
        self,
        messages: Sequence[Message],
        choices: Sequence[str],
        *,
        slot: str = "",
    ) -> Choice:
        """Probabilities of ``choices`` by the log-probabilities of the next token.

        Raises:
            BadInput: this endpoint cannot, or the choices begin alike.
            ModelError: the endpoint gave no log-probabilities, or none of the choices was near.
        """
        if not self.abilities.score:
            raise BadInput(f"{self.name} cannot score choices.")
        if not messages or messages[-1].role != "assistant":
            raise BadInput("The last message to score must be an assistant turn.")
        arguments = self._arguments(messages, 1)
        arguments |= {"logprobs": True, "top_logprobs": TOP_LOGPROBS, "temperature": 0.0}
        clock = Clock(self.name, self._limits)
        answer = await self._open(arguments, clock)
        logprobs = answer.choices[0].logprobs if answer.choices else None
        if logprobs is None or not logprobs.content:
            raise ModelError(f"{self.name} gave no log-probabilities.", "Use a model or server that does.")
        tops = logprobs.content[0].top_logprobs
        found: dict[str, float] = {}
        unclear = 0.0
        for top in tops:
            begun = [choice for choice in choices if top.token and choice.startswith(top.token)]
            if len(begun) > 1:
                unclear += math.exp(top.logprob)
            elif begun:
                found[begun[0]] = found.get(begun[0], 0.0) + math.exp(top.logprob)
        if unclear > sum(found.values()):
            raise BadInput(f"The choices {', '.join(map(repr, choices))} begin with the same token.")
        if not found:
            raise ModelError(f"None of the choices is among the likely next tokens of {self.name}.")
        least = math.exp(min(top.logprob for top in tops))
        weights = {choice: found.get(choice, least) for choice in choices}
        total = sum(weights.values())
        usage = _usage(answer.usage) if answer.usage is not None else TokenUsage()
        return Choice(probabilities={choice: weight / total for choice, weight in weights.items()}, usage=usage)

    async def aclose(self) -> None:
        """Close the connections of the running event loop. Idempotent."""
        await self._clients.aclose()

    def _arguments(self, messages: Sequence[Message], max_tokens: int) -> dict[str, Any]:
        if not messages:
            raise BadInput("A request needs at least one message.")
        arguments: dict[str, Any] = {
            "model": self._endpoint.model,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            PROVIDERS[self._endpoint.provider].limit: max_tokens,
        }
        if messages[-1].role == "assistant" and self._endpoint.provider == "vllm":
            # llama.cpp continues the last turn by itself; vLLM wants to be told.
            arguments["extra_body"] = {"continue_final_message": True, "add_generation_prompt": False}
        return arguments

    async def _open(self, arguments: dict[str, Any], clock: Clock) -> Any:
        create = self._clients.get().chat.completions.create
        return await open_adapted(create, arguments, ADAPTATIONS, self._refused, clock, self._endpoint)


def _without(name: str) -> Adaptation:
    def leave_out(arguments: dict[str, Any]) -> None:
        arguments.pop(name, None)

    return leave_out


def _other_limit(arguments: dict[str, Any]) -> None:
    """Name the token limit the other way: newer models refuse the old name, older servers the new one."""
    for one, other in (("max_tokens", "max_completion_tokens"), ("max_completion_tokens", "max_tokens")):
        if one in arguments:
            arguments[other] = arguments.pop(one)
            return


def _without_system(arguments: dict[str, Any]) -> None:
    """Say the system's text at the head of the first user turn."""
    system = "\n\n".join(turn["content"] for turn in arguments["messages"] if turn["role"] == "system")
    turns = [dict(turn) for turn in arguments["messages"] if turn["role"] != "system"]
    if system:
        for turn in turns:
            if turn["role"] == "user":
                turn["content"] = f"{system}\n\n{turn['content']}"
                break
        else:
            turns.insert(0, {"role": "user", "content": system})
    arguments["messages"] = turns


ADAPTATIONS: dict[str, Adaptation] = {
    "max_tokens": _other_limit,
    "max_completion_tokens": _other_limit,
    "temperature": _without("temperature"),
    "stream_options": _without("stream_options"),
    "response_format": _without("response_format"),
    "seed": _without("seed"),
    "stop": _without("stop"),
    "system": _without_system,
}


def _usage(usage: Any) -> TokenUsage:
    details = getattr(usage, "prompt_tokens_details", None)
    cached = getattr(details, "cached_tokens", None) or getattr(usage, "prompt_cache_hit_tokens", None) or 0
    return TokenUsage(
        input_tokens=usage.prompt_tokens or 0, output_tokens=usage.completion_tokens or 0, cached_tokens=cached
    )
