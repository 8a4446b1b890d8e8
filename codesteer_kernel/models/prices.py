"""What calls cost, where we are sure of it."""

from __future__ import annotations

import msgspec

from .protocol import TokenUsage

__all__ = ["DATE", "Price", "cost", "price"]

DATE = "2025-12-01"
"""The public list prices of this day. Prices change: a cost is an estimate."""


class Price(msgspec.Struct, frozen=True):
    """USD per million tokens: fresh input, output, input read from the provider's cache; the day the list was read."""

    input: float
    output: float
    cached: float
    read_on: str = DATE


FREE = Price(0.0, 0.0, 0.0)

PRICES: dict[str, Price] = {
    "anthropic/claude-opus-4-5": Price(5.0, 25.0, 0.5),
    "anthropic/claude-sonnet-4-5": Price(3.0, 15.0, 0.3),
    "anthropic/claude-haiku-4-5": Price(1.0, 5.0, 0.1),
    "openai/gpt-5": Price(1.25, 10.0, 0.125),
    "openai/gpt-5-mini": Price(0.25, 2.0, 0.025),
    "openai/gpt-5-nano": Price(0.05, 0.4, 0.005),
    "openai/gpt-4.1": Price(2.0, 8.0, 0.5),
    "openai/gpt-4.1-mini": Price(0.4, 1.6, 0.1),
    "openai/gpt-4.1-nano": Price(0.1, 0.4, 0.025),
    "openai/gpt-4o": Price(2.5, 10.0, 1.25),
    "openai/gpt-4o-mini": Price(0.15, 0.6, 0.075),
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
    known = PRICES.get(name)
    if known is None:
        for base, found in PRICES.items():
            date = name.removeprefix(f"{base}-")
            if date != name and date.replace("-", "").isdecimal() and len(date) >= 8:
                return found
    return known


def cost(name: str, usage: TokenUsage) -> float | None:
    """USD for ``usage`` of the model called ``name``; None where its price is unknown."""
    known = price(name)
    if known is None:
        return None
    fresh = usage.input_tokens - usage.cached_tokens
    return (fresh * known.input + usage.cached_tokens * known.cached + usage.output_tokens * known.output) / 1e6
