"""What calls cost: known, free, or unknown."""

from __future__ import annotations

from datetime import date

import pytest

from codesteer_kernel.models import TokenUsage
from codesteer_kernel.models.prices import PRICES, cost, price
from codesteer_kernel.models.providers import PROVIDERS


def test_every_price_has_the_day_it_was_read() -> None:
    for name, known in PRICES.items():
        assert name.partition("/")[0] in PROVIDERS
        assert date.fromisoformat(known.read_on)
        assert 0 < known.cached <= known.input <= known.cache_write < known.output


def test_a_dated_snapshot_costs_what_its_model_costs() -> None:
    assert price("anthropic/claude-haiku-4-5-20251001") == price("anthropic/claude-haiku-4-5") is not None
    assert price("openai/gpt-4.1-nano-2025-04-14") == price("openai/gpt-4.1-nano")


@pytest.mark.parametrize(
    "name", ["openai/gpt-5-9-20270101", "openai/gpt-5-pro", "mistral/any", "openai/gpt-5@http://x/v1"]
)
def test_what_is_not_in_the_table_is_unknown(name: str) -> None:
    assert price(name) is None
    assert cost(name, TokenUsage(input_tokens=1)) is None


def test_models_on_the_users_machines_are_free() -> None:
    for name in ("embedded", "local/x", "hf/a/b", "ollama/x", "vllm/x"):
        assert cost(name, TokenUsage(input_tokens=10**6, output_tokens=10**6)) == 0


def test_reading_a_cache_is_cheaper_and_writing_one_dearer() -> None:
    million = 1_000_000
    fresh, cached, written = (
        cost("anthropic/claude-sonnet-4-5", TokenUsage(input_tokens=million, **{kind: million} if kind else {}))
        for kind in ("", "cached_tokens", "cache_write_tokens")
    )
    assert (fresh, cached, written) == (pytest.approx(3.0), pytest.approx(0.3), pytest.approx(3.75))


def test_prompts_beyond_what_a_price_holds_for_cost_nobody_knows_what() -> None:
    assert cost("anthropic/claude-haiku-5-5", TokenUsage(input_tokens=100_000)) == pytest.approx(0.01)
    assert cost("anthropic/claude-haiku-5-5", TokenUsage(input_tokens=100_001)) is None
