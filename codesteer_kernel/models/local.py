"""Models that run on this machine, in a worker process shared by everybody who asks (see :mod:`.hosts`)."""

from __future__ import annotations

import asyncio
import json
import math
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..egress import client
from ..errors import BadInput, ContextOverflow, EndpointUnreachable, ModelError, WeightsMissing
from .catalogue import Entry
from .hosts import Lease, lease, log_path
from .protocol import (
    Abilities,
    ChatRequest,
    Choice,
    Delta,
    Finish,
    Message,
    ReadOut,
    StopReason,
    TokenUsage,
    UsageDelta,
)
from .pull import Progress, downloaded, pull, sources
from .scoring import Branching
from .templates import Shield
from .thinking import ThinkSplitter
from .worker import SLOTS

if TYPE_CHECKING:
    import httpx

__all__ = ["LocalModel"]

READ_SECONDS = 600.0
STOPS: dict[str, StopReason] = {"eos": "end", "word": "stop_string", "limit": "length"}
BOOST = 100.0
"""Added to the logits of the scored tokens, so that they alone are left after the softmax: their probabilities come
back normalised, and as exactly as from a list of the whole vocabulary, which takes 35 times as long."""


class LocalModel:
    """One GGUF file on the shared local runtime.

    Cheap to make: the weights are fetched and loaded by :meth:`ready`, or by the first call. Usable from any event
    loop. The server finds the free lane that knows most of a prompt, and keeps what other lanes knew in memory. No
    request is pinned to a lane, so their ``slot`` says nothing here: a request that is pinned to a busy lane has
    llama.cpp (xllamacpp 2026.10) put another prompt's state into the lane that is at work, which then writes nonsense
    or spins for ever.

    Args:
        source: an entry of the catalogue, or the path of a GGUF file.
        context: tokens per lane, where this call is the one that loads the model.
        slots: lanes, likewise: so many calls are answered at a time.
        prefix_cache: reuse the part of a prompt that its lane has already read. Off, every prompt is read anew: slower
            (3 to 4 times over five steering rounds), but the same request gives the same answer whatever ran before,
            which rounding prevents when a prompt is read in differently sized pieces.
    """

    def __init__(
        self, source: Entry | Path, *, context: int | None = None, slots: int = SLOTS, prefix_cache: bool = True
    ) -> None:
        if isinstance(source, Entry):
            self.name = f"local/{source.name}"
            self._entry: Entry | None = source
            self._path: Path | None = None
            self._context = context or source.context
        else:
            self.name = f"local/{source}"
            self._entry = None
            self._path = source
            self._context = context or 4096
        self.abilities = Abilities(
            prefill=True,
            score=True,
            structured=True,
            seed=True,
            local=True,
            prefix_cache=True,
            opening=self._entry.opening if self._entry is not None else "",
            mends=self._entry.mends if self._entry is not None else True,
        )
        self.context_window: int | None = self._context
        self.slots = slots
        self._prefix_cache = prefix_cache
        self._lease: Lease | None = None
        self._guard = threading.Lock()

    def __repr__(self) -> str:
        return f"<LocalModel {self.name}>"

    @property
    def weights(self) -> str:
        """The SHA-256 that the catalogue pins this model's file to; "" for a file of the user's own."""
        return self._entry.sha256 if self._entry is not None else ""

    @property
    def fetches(self) -> str:
        """Whom the weights would be asked of before the first answer; empty where they are on this machine."""
        return "" if self._entry is None or downloaded(self._entry) else sources(self._entry)

    async def ready(self, progress: Progress | None = None) -> None:
        """Fetch the weights if they are missing and load them if nobody has.

        Args:
            progress: told about the download and the load.

        Raises:
            WeightsMissing, WeightsCorrupt, CacheNotWritable, OutOfMemory, MissingDependency, ModelError.
        """
        await self._leased(progress)

    async def _leased(self, progress: Progress | None = None) -> Lease:
        held = self._lease
        if held is not None and held.alive:
            return held
        path = await self._weights(progress)
        fresh = await lease(path, context=self._context, slots=self.slots, progress=progress)
        with self._guard:
            if self._lease is not None and self._lease is not held:
                fresh.close()  # another call was quicker
                return self._lease
            self._lease = fresh
        if held is not None:
            held.close()
        self.context_window, self.slots = fresh.context, fresh.slots
        return fresh

    async def _weights(self, progress: Progress | None) -> Path:
        if self._entry is not None:
            self._path = await pull(self._entry, progress)
        assert self._path is not None
        if not self._path.is_file():
            raise WeightsMissing(f"There is no weights file at {self._path}.", "Give the path of a .gguf file.")
        return self._path

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        """Generate; see :class:`~codesteer_kernel.models.protocol.ChatModel`.

        Raises:
            ContextOverflow: the prompt does not fit; both counts are named.
            ModelError: the worker died (the next call starts it again), or refused the request.
        """
        request.check(self)
        host = await self._leased()
        async with self._client(host) as client:
            shield = Shield(host.special)
            prompt = await self._prompt(client, request.messages, shield)
            body: dict[str, Any] = {
                "prompt": await self._tokens(client, prompt, shield) if shield.covered(prompt) else prompt,
                "n_predict": request.max_tokens,
                "stop": list(request.stop),
                "cache_prompt": self._prefix_cache,
            }
            if request.temperature is not None:
                body["temperature"] = request.temperature
            if request.top_p is not None:
                body["top_p"] = request.top_p
            if request.top_k is not None:
                body["top_k"] = request.top_k
            if request.seed is not None:
                body["seed"] = request.seed
            if request.json_schema is not None:
                body["json_schema"] = request.json_schema
            splitter = ThinkSplitter(inside=prompt.rstrip().endswith("<think>"))
            async with aclosing(self._complete(client, body)) as events:
                told = False
                async for event in events:
                    if not told and event.get("content") and event.get("tokens_evaluated"):
                        told = True
                        yield UsageDelta(_usage(event))
                    for delta in splitter.feed(event.get("content", "")):
                        yield delta
            for delta in splitter.finish():
                yield delta
            yield Finish(reason=STOPS.get(event.get("stop_type", ""), "end"), usage=_usage(event))

    async def score(
        self,
        messages: Sequence[Message],
        choices: Sequence[str],
        *,
        slot: str = "",
        bias: Mapping[str, float] | None = None,
    ) -> Choice:
        """Probabilities of ``choices`` as the continuation of the last (assistant) message.

        The prompt is tokenised together with each choice, and the tokens at the first place where they differ are
        compared there: one forward pass, plus one for each group of more than two choices that share a token.

        Args:
            messages: the conversation; the last turn is the assistant's, its text is what the choices continue.
            choices: two or more different continuations, none of which begins another.
            slot: not used.
            bias: added to the log-probability of a choice before normalising, to undo a known preference.

        Raises:
            BadInput: the choices cannot be told apart.
            ContextOverflow, ModelError: as for :meth:`stream`.
        """
        branching, _, usage = await self._branched(messages, choices, ())
        return Choice(probabilities=branching.probabilities(bias), usage=usage)

    async def read_out(self, messages: Sequence[Message], choices: Sequence[str], probes: Sequence[int]) -> ReadOut:
        """As :meth:`score`; where the choices first part, the tokens ``probes`` are read in the same pass.

        Args:
            messages: as for :meth:`score`.
            choices: as for :meth:`score`.
            probes: numbers of tokens (:meth:`single_tokens`). Their log-probabilities are relative to all tokens read.

        Raises:
            BadInput, ContextOverflow, ModelError: as for :meth:`score`.
        """
        branching, logs, usage = await self._branched(messages, choices, probes)
        return ReadOut(
            probabilities=branching.probabilities(), probes={token: logs[token] for token in probes}, usage=usage
        )

    async def single_tokens(self, words: Sequence[str]) -> dict[str, int]:
        """Those of ``words`` that are one token each where they begin a text, with its number."""
        host = await self._leased()
        found: dict[str, int] = {}
        async with self._client(host) as client:
            for word in words:
                answer = await self._post(client, "/tokenize", {"content": word, "add_special": False})
                if len(tokens := answer["tokens"]) == 1:
                    found[word] = int(tokens[0])
        return found

    async def _branched(
        self, messages: Sequence[Message], choices: Sequence[str], probes: Sequence[int]
    ) -> tuple[Branching, dict[int, float], TokenUsage]:
        """The choices told apart, with log-probabilities of all that was read at the first place where they part."""
        if not messages or messages[-1].role != "assistant":
            raise BadInput("The last message to score must be an assistant turn.")
        host = await self._leased()
        usage = TokenUsage()
        first: dict[int, float] = {}
        async with self._client(host) as client:
            shield = Shield(host.special)
            prompt = await self._prompt(client, messages, shield)
            branching = Branching({choice: await self._tokens(client, prompt + choice, shield) for choice in choices})
            for shared, candidates in branching.places():
                read = candidates if first else list(dict.fromkeys([*candidates, *probes]))
                odds, spent = await self._next_token(client, shared, read)
                branching.settle(odds)
                usage += spent
                first = first or odds
        return branching, first, usage

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the prompt that ``messages`` become."""
        host = await self._leased()
        async with self._client(host) as client:
            shield = Shield(host.special)
            return len(await self._tokens(client, await self._prompt(client, messages, shield), shield))

    async def next_tokens(self, messages: Sequence[Message], count: int) -> tuple[list[tuple[str, float]], TokenUsage]:
        """The ``count`` likeliest next tokens with their log-probabilities, likeliest first."""
        host = await self._leased()
        async with self._client(host) as client:
            shield = Shield(host.special)
            prompt = await self._tokens(client, await self._prompt(client, messages, shield), shield)
            body = {"prompt": prompt, "n_predict": 1, "n_probs": count, "temperature": 0.0}
            found: list[dict[str, Any]] = []
            async with aclosing(self._complete(client, body | {"cache_prompt": self._prefix_cache})) as events:
                async for event in events:
                    for place in event.get("completion_probabilities", [])[:1]:
                        found = place["top_logprobs"]
        return [(str(top["token"]), float(top["logprob"])) for top in found], _usage(event)

    async def endpoint(self) -> tuple[str, str]:
        """``(base URL, API key)`` of the worker's server, which also speaks the OpenAI and Anthropic protocols.

        The key opens this worker alone and dies with it. Valid while this object holds its lease.
        """
        host = await self._leased()
        return host.url, host.key

    async def aclose(self) -> None:
        """Give the lease back; the worker ends after its grace period if nobody else wants it. Idempotent."""
        with self._guard:
            held, self._lease = self._lease, None
        if held is not None:
            held.close()

    # ------------------------------------------------------------------------------------------------ the wire

    @asynccontextmanager
    async def _client(self, host: Lease) -> AsyncIterator[httpx.AsyncClient]:
        """A client for one call: nothing outlives it, so a call that is closed is a closed connection."""
        import httpx

        try:
            async with client(
                httpx.AsyncClient,
                host.url,
                base_url=host.url,
                headers={"Authorization": f"Bearer {host.key}"},
                timeout=httpx.Timeout(READ_SECONDS, connect=10.0),
                verify=False,
            ) as made:
                yield made
        except httpx.TransportError as fault:
            for _ in range(10):
                if not host.alive:
                    raise ModelError(
                        f"The worker process of {self.name} died during the call.",
                        f"The next call starts it again; if it dies again, see {self._log()}.",
                    ) from None
                await asyncio.sleep(0.05)
            raise EndpointUnreachable(
                f"The worker process of {self.name} does not answer ({type(fault).__name__}).", f"See {self._log()}."
            ) from None

    async def _prompt(self, client: httpx.AsyncClient, messages: Sequence[Message], shield: Shield) -> str:
        """The prompt as text, in which what looks like a control token in somebody's words is covered."""
        turns = [{"role": message.role, "content": shield.cover(message.content)} for message in messages]
        answer = await self._post(client, "/apply-template", {"messages": turns})
        return str(answer["prompt"])

    async def _tokens(self, client: httpx.AsyncClient, text: str, shield: Shield) -> list[int]:
        pieces = shield.split(text) if shield.covered(text) else [(text, True)]
        tokens: list[int] = []
        for place, (piece, control) in enumerate(pieces):
            body = {"content": piece, "add_special": place == 0, "parse_special": control}
            answer = await self._post(client, "/tokenize", body)
            tokens += (int(token) for token in answer["tokens"])
        return tokens

    async def _next_token(
        self, client: httpx.AsyncClient, prompt: list[int], candidates: list[int]
    ) -> tuple[dict[int, float], TokenUsage]:
        """Log-probabilities of ``candidates`` among themselves, as the token after ``prompt``."""
        body: dict[str, Any] = {
            "prompt": prompt,
            "n_predict": 1,
            "n_probs": len(candidates),
            "post_sampling_probs": True,
            "samplers": ["temperature"],
            "temperature": 1.0,
            "logit_bias": [[token, BOOST] for token in candidates],
            "cache_prompt": self._prefix_cache,
        }
        found: dict[int, float] = {}
        async with aclosing(self._complete(client, body)) as events:
            async for event in events:
                for place in event.get("completion_probabilities", [])[:1]:
                    found = {top["id"]: top["prob"] for top in place["top_probs"]}
        if not found:
            raise ModelError(f"{self.name} gave no probabilities.", f"See {self._log()}.")
        odds = {token: math.log(max(found.get(token, 0.0), 1e-30)) for token in candidates}
        return odds, _usage(event)

    async def _complete(self, client: httpx.AsyncClient, body: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """The events of one completion, the last of which has ``stop`` set. Closing this ends it at the server.

        Progress reports are asked for because the server notices a closed connection when it writes: without them, a
        cancelled request went on to the end of its prompt (43 s measured for 3500 tokens; with them 1 s).
        """
        body = body | {"stream": True, "return_progress": True}
        async with client.stream("POST", "/completion", json=body) as response:
            if response.status_code != 200:
                raise self._fault(response.status_code, await response.aread())
            async for line in response.aiter_lines():
                kind, _, data = line.partition(":")
                if kind not in ("data", "error"):
                    continue
                event = json.loads(data)
                if kind == "error" or "error" in event:
                    raise self._fault(500, data.encode())
                yield event
                if event.get("stop"):
                    return
        raise ModelError(f"{self.name} ended its answer without saying so.", f"See {self._log()}.")

    async def _post(self, client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = await client.post(path, json=body)
        if response.status_code != 200:
            raise self._fault(response.status_code, response.content)
        answer: dict[str, Any] = response.json()
        return answer

    def _fault(self, status: int, body: bytes) -> ModelError:
        try:
            error = json.loads(body)
            error = error.get("error", error)
            message = str(error.get("message", ""))
        except (ValueError, AttributeError):
            error, message = {}, body[:200].decode(errors="replace")
        if error.get("type") == "exceed_context_size_error":
            return ContextOverflow(
                f"The prompt has {error['n_prompt_tokens']} tokens and the context window of {self.name} holds "
                f"{error['n_ctx']}.",
                "Shorten the question or its inputs, or use a model with a larger window.",
            )
        return ModelError(f"{self.name} answered {status}: {message}")

    def _log(self) -> Path:
        return log_path(self._path or Path(self.name))


def _usage(event: dict[str, Any]) -> TokenUsage:
    return TokenUsage(
        input_tokens=event.get("tokens_evaluated", 0),
        output_tokens=event.get("tokens_predicted", 0),
        cached_tokens=event.get("timings", {}).get("cache_n", 0),
    )
