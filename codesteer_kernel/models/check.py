"""Does a model answer? One tiny request through its real backend, and the reason where it does not."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any

import msgspec

from ..errors import BadInput, BrokenPlugin, CodeSteerError, MissingDependency, MissingKey
from .aliases import expand
from .card import card
from .diagnosis import Finding, diagnose, found, on_the_way
from .hosted import Limits
from .plugins import BUILT_IN
from .prices import cost
from .protocol import (
    Abilities,
    ChatModel,
    ChatRequest,
    Finish,
    Message,
    ReasoningDelta,
    Restarted,
    TextDelta,
    TokenUsage,
    UsageDelta,
)
from .providers import Endpoint
from .registry import endpoint_of, open_model
from .replay import ReplayModel

__all__ = ["Checkup", "check"]

SECONDS = 30.0
QUESTION = "Reply with the word ok."
HOSTED_TOKENS = 16
LOCAL_TOKENS = 32


class Checkup(msgspec.Struct, frozen=True, kw_only=True):
    """How it went; ``fault`` is None where the model answered.

    ``load_seconds`` is what loading took (local models), ``first_token`` and ``seconds`` count from the request.
    ``tokens_per_second`` is of decoding, None where too little came to tell. ``cost`` is in US dollars, None where the
    price is unknown. ``abilities`` are those its backend offers, ``seen`` what this one request showed.
    """

    name: str
    fault: Finding | None = None
    text: str = ""
    load_seconds: float | None = None
    first_token: float | None = None
    seconds: float | None = None
    usage: TokenUsage | None = None
    tokens_per_second: float | None = None
    cost: float | None = None
    abilities: Abilities | None = None
    seen: tuple[str, ...] = ()


async def check(name: str, *, seconds: float = SECONDS) -> Checkup:
    """Ask the model called ``name`` for one word.

    No weights are downloaded: that they are not here is a finding. A local model that is not loaded yet is loaded.

    Args:
        name: what :func:`~.registry.open_model` takes.
        seconds: how long the answer may take, loading excluded.

    Raises:
        UnknownModel, BadConfig, BadInput: the name means nothing; there is nobody to ask.
    """
    if not 0 < seconds < math.inf:
        raise BadInput(f"The time-out is {seconds}.", "Give a number of seconds above zero.")
    endpoint = endpoint_of(expand(name))
    options: dict[str, Any] = {}
    if endpoint is not None:
        # Our own clock is the first to end: it knows what to do then.
        options["limits"] = Limits(connect=10.0, first_token=2 * seconds, total=2 * seconds, retries=0)
    try:
        model = open_model(name, **options)
    except (MissingKey, MissingDependency, BrokenPlugin) as fault:
        return Checkup(name=name, fault=found(fault))
    try:
        if isinstance(model, ReplayModel):
            return Checkup(
                name=model.name, abilities=model.abilities, cost=0.0, seen=("a record that can be replayed",)
            )
        if missing := _not_here(name, model):
            return Checkup(name=model.name, fault=missing)
        return await _ask(model, endpoint, seconds)
    finally:
        await model.aclose()


def _not_here(name: str, model: ChatModel) -> Finding | None:
    """What keeps a local model from being loaded, before it is tried."""
    weights = card(name).weights
    if weights is None or weights.worker is not None:
        return None
    if weights.verified is False or weights.size is None:
        size = "" if weights.size is None else f" ({weights.size / 1e6:,.0f} MB)"
        pull = f"Run: codesteer models pull {model.name}" if weights.sha256 else "Give the path of a .gguf file."
        return Finding(cause="not_downloaded", message=f"There are no weights at {weights.file}{size}.", cure=pull)
    free, need = weights.memory_free, weights.memory_needed
    if free is not None and need is not None and free < need:
        message = f"Loading {model.name} takes {need / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB is free."
        return Finding(cause="memory", message=message, cure="Close other programs, or choose a smaller model.")
    return None


async def _ask(model: ChatModel, endpoint: Endpoint | None, seconds: float) -> Checkup:
    """Load where that is needed, ask, and explain what goes wrong."""
    ready = getattr(model, "ready", None)
    loaded = None
    try:
        if ready is not None:
            began = time.monotonic()
            await ready()
            loaded = round(time.monotonic() - began, 3)
        async with asyncio.timeout(seconds):
            return await _answered(model, loaded)
    except TimeoutError:
        fault = Finding(
            cause="timeout", message=f"{model.name} did not answer in {seconds:g} seconds.", cure="Give it more time."
        )
        if endpoint is not None:
            fault = await on_the_way(endpoint, fault) or fault
    except CodeSteerError as problem:
        fault = found(problem) if endpoint is None else await diagnose(endpoint, problem)
        if fault.cause == "model" and ready is not None and loaded is None:
            fault = msgspec.structs.replace(fault, cause="load")
    except ImportError as problem:
        # The HTTP client says so when it is made: SOCKS proxies need a package of their own.
        fault = Finding(cause="proxy", message=f"The proxy of the environment cannot be used: {problem}")
    except Exception as problem:
        if model.name.partition("/")[0] in BUILT_IN:
            raise
        fault = Finding(cause="plugin", message=f"{model.name} failed ({type(problem).__name__}: {problem}).")
    return Checkup(name=model.name, fault=fault)


async def _answered(model: ChatModel, loaded: float | None) -> Checkup:
    tokens = LOCAL_TOKENS if model.abilities.local else HOSTED_TOKENS
    began = time.monotonic()
    first: float | None = None
    text: list[str] = []
    pieces, reasoned, usage = 0, False, TokenUsage()
    async for delta in model.stream(ChatRequest(messages=(Message("user", QUESTION),), max_tokens=tokens)):
        if isinstance(delta, Finish | UsageDelta):
            usage = delta.usage
            continue
        if isinstance(delta, Restarted):
            text.clear()
            continue
        first = time.monotonic() - began if first is None else first
        pieces += 1
        reasoned = reasoned or isinstance(delta, ReasoningDelta)
        if isinstance(delta, TextDelta):
            text.append(delta.text)
    whole = time.monotonic() - began
    decoding = whole - (first or 0.0)
    seen = {
        "streaming": pieces > 1,
        "reasoning": reasoned,
        "usage": usage.output_tokens > 0,
        "prefix cache": usage.cached_tokens > 0,
    }
    return Checkup(
        name=model.name,
        text="".join(text).strip(),
        load_seconds=loaded,
        first_token=None if first is None else round(first, 3),
        seconds=round(whole, 3),
        usage=usage,
        tokens_per_second=round((usage.output_tokens - 1) / decoding, 1)
        if min(usage.output_tokens, pieces) > 2
        else None,
        cost=cost(model.name, usage),
        abilities=model.abilities,
        seen=tuple(sign for sign, shown in seen.items() if shown),
    )
