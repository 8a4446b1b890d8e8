"""What calls cost, where we are sure of it: a table of list prices, each with the day it was read.

Prices change, so a cost is an estimate. A price that depends on more than the length of the prompt (on the hour, on a
contract) is not in the table: unknown is better than wrong.
"""

from __future__ import annotations

import re

import msgspec

from .protocol import TokenUsage

__all__ = ["Price", "cost", "price"]


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """USD per million tokens: fresh input, output, input read from the provider's cache, input written to it.

    ``read_on`` is the day the list was read. ``up_to``, where it is not 0, is the longest prompt (in tokens) that is
    charged so; what longer ones cost is not known here.
    """

    input: float
    output: float
    cached: float
    cache_write: float
    read_on: str
    up_to: int = 0


FREE = Price(input=0.0, output=0.0, cached=0.0, cache_write=0.0, read_on="")


def _claude(input: float, output: float, *, cached: float = 0.1, up_to: int = 0) -> Price:  # noqa: A002
    """Anthropic's list: a cache is written for five minutes at 1.25 times fresh input, read at ``cached`` times."""
    return Price(
        input=input,
        output=output,
        cached=input * cached,
        cache_write=input * 1.25,
        read_on="2026-10-24",
        up_to=up_to,
    )


def _gpt(input: float, output: float, cached: float, *, read_on: str = "2025-12-01", up_to: int = 0) -> Price:  # noqa: A002
    """OpenAI's list, of the models for which writing to the cache costs what fresh input does."""
    return Price(input=input, output=output, cached=cached, cache_write=input, read_on=read_on, up_to=up_to)


PRICES: dict[str, Price] = {
    "anthropic/claude-opus-5-5": _claude(4.0, 20.0, cached=0.05),
    "anthropic/claude-sonnet-5-5": _claude(2.0, 10.0, cached=0.05),
    "anthropic/claude-haiku-5-5": _claude(0.1, 0.5, up_to=100_000),
    "anthropic/claude-opus-5": _claude(5.0, 25.0),
    "anthropic/claude-sonnet-5": _claude(2.0, 10.0),
    "anthropic/claude-opus-4-8": _claude(5.0, 25.0),
    "anthropic/claude-opus-4-7": _claude(5.0, 25.0),
    "anthropic/claude-opus-4-6": _claude(5.0, 25.0),
    "anthropic/claude-sonnet-4-6": _claude(3.0, 15.0),
    "anthropic/claude-opus-4-5": _claude(5.0, 25.0),
    "anthropic/claude-sonnet-4-5": _claude(3.0, 15.0),
    "anthropic/claude-haiku-4-5": _claude(1.0, 5.0),
    "openai/gpt-5.5": _gpt(5.0, 30.0, 0.5, read_on="2026-06-28", up_to=272_000),
    "openai/gpt-5.4": _gpt(2.5, 15.0, 0.25, read_on="2026-06-28", up_to=272_000),
    "openai/gpt-5": _gpt(1.25, 10.0, 0.125),
    "openai/gpt-5-mini": _gpt(0.25, 2.0, 0.025),
    "openai/gpt-5-nano": _gpt(0.05, 0.4, 0.005),
    "openai/gpt-4.1": _gpt(2.0, 8.0, 0.5),
    "openai/gpt-4.1-mini": _gpt(0.4, 1.6, 0.1),
    "openai/gpt-4.1-nano": _gpt(0.1, 0.4, 0.025),
    "openai/gpt-4o": _gpt(2.5, 10.0, 1.25),
    "openai/gpt-4o-mini": _gpt(0.15, 0.6, 0.075),
}

LOCAL = ("embedded", "local", "hf", "replay", "ollama", "vllm", "llamacpp", "lmstudio")


def price(name: str) -> Price | None:
    """The price of the model called ``name``; free where it runs on the user's own machines; None where unknown.

    A dated snapshot (``...-2025-04-14``, ``...-20250929``) costs what its model costs.
    """
    if "@" in name:
        return None
    if name.partition("/")[0] in LOCAL:
        return FREE
    return PRICES.get(name) or PRICES.get(re.sub(r"-(\d{8}|\d{4}-\d{2}-\d{2})$", "", name))


def cost(name: str, usage: TokenUsage) -> float | None:
    """USD for ``usage`` of the model called ``name``, of one call; None where its price is unknown."""
    known = price(name)
    if known is None or 0 < known.up_to < usage.input_tokens:
        return None
    fresh = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens
    input_cost = fresh * known.input + usage.cached_tokens * known.cached + usage.cache_write_tokens * known.cache_write
    return (input_cost + usage.output_tokens * known.output) / 1e6
