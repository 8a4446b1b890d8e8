"""A model that a host serves (see :mod:`.discovery`), and what takes its place when the host is gone."""

from __future__ import annotations

import asyncio
import json
import math
import random
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from ..egress import client
from ..errors import (
    AuthenticationFailed,
    BadInput,
    CodeSteerError,
    ContextOverflow,
    EndpointUnreachable,
    ModelError,
    RateLimited,
)
from .discovery import HOST_URL, Directory, Host, is_hosted
from .protocol import (
    ChatModel,
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
from .pull import Progress, ProgressEvent

if TYPE_CHECKING:
    import httpx

__all__ = ["HostClient", "ServedModel", "served_or_opened"]

CONNECT_SECONDS = 5.0
READ_SECONDS = 600.0
"""Between two bytes: a host that is asked to score says nothing until its slots are free and the prompt is read."""
QUEUE_SECONDS = 180.0
"""So long a full queue is asked again, as its Retry-After says."""
MOST_CHOICES = 20
"""What the protocol tells log-probabilities of."""
STOPS: dict[str, StopReason] = {"length": "length", "content_filter": "filtered"}
CLIENT = secrets.token_hex(8)
"""What this process calls itself, so that a host can be fair between notebooks. A random word, new each time."""


def served_or_opened(name: str, opened: Callable[[str], ChatModel], directory: Directory) -> ChatModel:
    """The model called ``name``: a host's where one serves it, else ``opened(name)``.

    Hosts are asked for models that would be loaded here, for served names, and for ``hosted``.

    Raises:
        EndpointUnreachable: ``hosted`` was asked for and no host is there.
        CodeSteerError: what ``opened`` raises, where no host serves ``name`` either.
    """
    if is_hosted(name):
        if host := directory.find({name}):
            return ServedModel(host)
        raise directory.fault or EndpointUnreachable(
            f"No host serves {name}.", f"Start one (codesteer serve --steerer NAME), or set {HOST_URL}."
        )
    try:
        model = opened(name)
    except CodeSteerError:
        if host := directory.find({name}):
            return ServedModel(host)
        raise
    host = directory.find({name, model.name}) if model.abilities.local else None
    return ServedModel(host, lambda: opened(name)) if host else model


class ServedModel:
    """A host's model. When the host is gone, ``fallback`` is opened and answers instead, from then on.

    ``moved`` says so afterwards; the progress that :meth:`ready` was given hears it at once.

    Args:
        host: where the model is.
        fallback: opens the model here; None where it can be had from the host alone.
    """

    def __init__(self, host: Host, fallback: Callable[[], ChatModel] | None = None) -> None:
        self.host = host
        self.name = f"{host.model}+{host.adapter}" if host.adapter else host.model
        self.abilities = host.abilities
        self.context_window = host.context
        self.dialect = host.dialect
        self.moved = ""
        self._fallback = fallback
        self._model: ChatModel | None = None
        self._progress: Progress | None = None
        self._moving = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<ServedModel {self.name} at {self.host.address}>"

    @property
    def note(self) -> str:
        """Who answers, for people and the run's record."""
        return self.moved or f"{self.name} is served by the host at {self.host.address}."

    async def ready(self, progress: Progress | None = None) -> None:
        """See that the host answers, or load the model here.

        Raises:
            EndpointUnreachable: the host is gone and nothing can take its place.
            ModelError: or one of its kin, as the model here raises them.
        """
        self._progress = progress
        if self._model is None and not await _answers(self.host):
            await self._move()
        elif self.moved:
            await self._load()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Generate; see :class:`~codesteer_kernel.models.protocol.ChatModel`. Moves only while nothing has come yet."""
        begun = False
        try:
            async with aclosing((await self._current()).stream(request)) as deltas:  # type: ignore[type-var]
                async for delta in deltas:
                    begun = True
                    yield delta
        except EndpointUnreachable:
            if begun or self.moved:
                raise
            await self._move()
            async with aclosing((await self._current()).stream(request)) as deltas:  # type: ignore[type-var]
                async for delta in deltas:
                    yield delta

    async def score(self, messages: Sequence[Message], choices: Sequence[str], *, slot: str = "") -> Choice:
        """Probabilities of ``choices``; see :class:`~codesteer_kernel.models.protocol.ChatModel`."""
        try:
            return await (await self._current()).score(messages, choices, slot=slot)
        except EndpointUnreachable:
            if self.moved:
                raise
            await self._move()
            return await (await self._current()).score(messages, choices, slot=slot)

    async def aclose(self) -> None:
        """Let go of the host. A model that took its place belongs to whoever opened it. Idempotent."""
        if self._model is not None and not self.moved:
            await self._model.aclose()

    async def _current(self) -> ChatModel:
        if not self.moved and not self.host.alive:
            await self._move()
        if self._model is None:
            self._model = _remote(self.host)
        return self._model

    async def _move(self) -> None:
        """Put the model here in the host's place, once.

        Raises:
            EndpointUnreachable: there is none.
        """
        async with self._moving:
            if self.moved:
                return
            host = self.host
            gone = f"The host of {host.name} at {host.address} is gone"
            if self._fallback is None:
                raise EndpointUnreachable(f"{gone}.", f"Start it again: codesteer serve --steerer {host.model}")
            await self.aclose()
            self._model = self._fallback()
            self.abilities, self.context_window = self._model.abilities, self._model.context_window
            self.moved = f"{gone}; {self._model.name} is loaded here instead."
            if self._progress is not None:
                self._progress(ProgressEvent(done=0, total=0, source="load", note=self.moved))
            await self._load()

    async def _load(self) -> None:
        ready = getattr(self._model, "ready", None)
        if ready is not None:
            await ready(self._progress)


def _remote(host: Host) -> ChatModel:
    if host.engine == "codesteer":
        return HostClient(host)
    from .openai import OpenAIModel
    from .providers import resolve

    endpoint = resolve("vllm", host.adapter or host.name, base_url=host.url)
    return OpenAIModel(msgspec.structs.replace(endpoint, key=host.token()))


async def _answers(host: Host) -> bool:
    import httpx

    if not host.alive:
        return False
    try:
        async with _connected(host, CONNECT_SECONDS) as asking:
            return (await asking.get(f"{host.url.removesuffix('/v1')}/health")).status_code < 500
    except httpx.HTTPError:
        return False


@asynccontextmanager
async def _connected(host: Host, read: float) -> AsyncIterator[httpx.AsyncClient]:
    import httpx

    token = host.token()
    async with client(
        httpx.AsyncClient,
        host.url,
        headers={"Authorization": f"Bearer {token}"} if token else {},
        timeout=httpx.Timeout(read, connect=CONNECT_SECONDS),
        transport=httpx.AsyncHTTPTransport(uds=host.socket) if host.socket else None,
        verify=host.url.startswith("https:"),
    ) as made:
        yield made


class HostClient:
    """Speaks with our own host, over TCP or its Unix socket. A call that is closed is a closed connection.

    A full queue is asked again when it says; ``score`` is the host's own, as exact as it would be here.
    """

    def __init__(self, host: Host) -> None:
        self.name, self.abilities, self.context_window = host.model, host.abilities, host.context
        self._host = host

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Generate; see :class:`~codesteer_kernel.models.protocol.ChatModel`.

        Raises:
            EndpointUnreachable: the host is not there, or stops, and nothing was said yet.
            RateLimited: its queue stayed full.
            ContextOverflow, AuthenticationFailed, ModelError: as it says.
        """
        request.check(self)
        body: dict[str, Any] = {
            "messages": _turns(request.messages),
            "max_tokens": request.max_tokens,
            "stop": list(request.stop),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.top_p is not None:
            body["top_p"] = request.top_p
        if request.top_k is not None:
            body["top_k"] = request.top_k
        if request.seed is not None:
            body["seed"] = request.seed
        if request.json_schema is not None and self.abilities.structured:
            form = {"name": "answer", "schema": request.json_schema}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        reason: StopReason | None = None
        usage = TokenUsage()
        async with self._asked("chat/completions", body, request.slot) as answer:
            async for line in answer.aiter_lines():
                kind, _, data = line.partition(": ")
                if kind != "data" or data == "[DONE]":
                    continue
                event = json.loads(data)
                if "error" in event:
                    raise self._fault(500, event)
                for choice in event["choices"]:
                    delta = choice["delta"]
                    if thought := delta.get("reasoning_content"):
                        yield ReasoningDelta(thought)
                    if text := delta.get("content"):
                        yield TextDelta(text)
                    if said := choice["finish_reason"]:
                        reason = STOPS.get(said, "end")
                if event.get("usage"):
                    usage = _usage(event["usage"])
        if reason is None:
            raise ModelError(f"The host of {self.name} broke off its answer.", "Try again.")
        yield Finish(reason=reason, usage=usage)

    async def score(self, messages: Sequence[Message], choices: Sequence[str], *, slot: str = "") -> Choice:
        """Probabilities of ``choices`` as the continuation of the last (assistant) message.

        Raises:
            EndpointUnreachable, RateLimited, ContextOverflow, AuthenticationFailed, ModelError: as for :meth:`stream`.
            BadInput: the choices cannot be told apart, are too many, or the last turn is not the assistant's.
        """
        if not messages or messages[-1].role != "assistant":
            raise BadInput("The last message to score must be an assistant turn.")
        if not 0 < len(choices) <= MOST_CHOICES:
            raise BadInput(f"A host scores 1 to {MOST_CHOICES} choices.")
        body = {"messages": _turns(messages), "max_tokens": 1, "temperature": 0, "logprobs": True}
        body |= {"top_logprobs": MOST_CHOICES, "structured_outputs": {"choice": list(choices)}}
        async with self._asked("chat/completions", body, slot) as answer:
            told = json.loads(await answer.aread())
        tops = told["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        shares = {top["token"]: math.exp(top["logprob"]) for top in tops}
        return Choice(probabilities={choice: shares[choice] for choice in choices}, usage=_usage(told["usage"]))

    async def aclose(self) -> None:
        """Nothing: no connection outlives its call."""

    @asynccontextmanager
    async def _asked(self, path: str, body: dict[str, Any], slot: str) -> AsyncIterator[httpx.Response]:
        """The host's answer to ``body``, once it takes it."""
        import httpx

        host = self._host
        body |= {"model": host.name, "user": CLIENT, "prompt_cache_key": f"{CLIENT}-{slot}"}
        until = time.monotonic() + QUEUE_SECONDS
        try:
            async with _connected(host, READ_SECONDS) as asking:
                while True:
                    async with asking.stream("POST", f"{host.url}/{path}", json=body) as answer:
                        if answer.status_code == 200:
                            yield answer
                            return
                        fault = self._fault(answer.status_code, _read(await answer.aread()))
                        pause = float(answer.headers.get("Retry-After", 1)) * random.uniform(1, 1.25)  # noqa: S311
                    if not isinstance(fault, RateLimited) or time.monotonic() + pause > until:
                        raise fault
                    await asyncio.sleep(pause)
        except httpx.TransportError as fault:
            raise EndpointUnreachable(
                f"The host of {host.name} at {host.address} does not answer ({type(fault).__name__}).",
                "See codesteer serve status.",
            ) from None

    def _fault(self, status: int, body: dict[str, Any]) -> ModelError | BadInput:
        error = body.get("error") or {}
        message, code = str(error.get("message", f"status {status}")), error.get("code")
        said = f"The host of {self.name}: {message}"
        if code == "stopping":
            return EndpointUnreachable(said, "Start it again, or load the model here.")
        if code == "context_length_exceeded":
            return ContextOverflow(said)
        if status in (401, 403):
            return AuthenticationFailed(said, "See codesteer serve status.")
        if status == 429:
            return RateLimited(said)
        if status == 400:
            return BadInput(said)
        return ModelError(said)


def _turns(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": turn.role, "content": turn.content} for turn in messages]


def _read(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _usage(told: dict[str, Any]) -> TokenUsage:
    return TokenUsage(
        input_tokens=told["prompt_tokens"],
        output_tokens=told["completion_tokens"],
        cached_tokens=(told.get("prompt_tokens_details") or {}).get("cached_tokens") or 0,
    )
