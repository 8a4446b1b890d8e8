"""The loss falls on the steerer's turns alone: looked at token by token."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.errors import BadInput
from codesteer_kernel.models.templates import LLAMA3
from codesteer_kernel.training.rows import Conversation, Turn
from codesteer_kernel.training.tuning.encoding import IGNORED, Encoded, encode
from codesteer_kernel.training.weights import Weights, weighted
from tests.models import tiny_llama

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TOKENIZERS: dict[str, Any] = {
    "llama3": tiny_llama.tokenizer(template=LLAMA3),
    "chatml": tiny_llama.tokenizer(("<|im_start|>", "<|im_end|>"), CHATML, "<|im_end|>"),
}
ENDS = {"llama3": "<|eot_id|>", "chatml": "<|im_end|>"}


def row(*contents: str, weights: Weights | None = None, system: str = "") -> Conversation:
    turns = [Turn(role="system", content=system)] if system else []
    turns += [Turn(role="assistant" if place % 2 else "user", content=text) for place, text in enumerate(contents)]
    return Conversation(messages=weighted(turns, weights or Weights()), dialect="codesteer-v1")


def learned(tokenizer: Any, encoded: Encoded) -> list[str]:
    """The runs of labelled tokens, as text."""
    runs: list[list[int]] = [[]]
    for label in encoded.labels:
        if label == IGNORED:
            runs.append([])
        else:
            runs[-1].append(label)
    return [tokenizer.decode(run) for run in runs if run]


@pytest.mark.parametrize("name", TOKENIZERS)
def test_every_turn_of_the_steerer_with_its_end_is_learned_and_nothing_else(name: str) -> None:
    tokenizer = TOKENIZERS[name]
    talk = row("Code or Text?", "<<<Code>>>", "It printed: 385.", "<<<Return Answer>>>", system="You steer.")
    encoded = encode(talk, tokenizer, 4_000, "Row 1")
    end = ENDS[name]
    assert learned(tokenizer, encoded) == [f"<<<Code>>>{end}", f"<<<Return Answer>>>{end}"]
    for token, label, weight in zip(encoded.input_ids, encoded.labels, encoded.weights, strict=True):
        assert label in (IGNORED, token)
        assert (weight > 0) == (label != IGNORED)
    # What the model reads is the template's text, to the last token.
    text = tokenizer.apply_chat_template(
        [{"role": turn.role, "content": turn.content} for turn in talk.messages], tokenize=False
    )
    assert tokenizer.decode(encoded.input_ids) == text


def test_a_turn_without_weight_is_read() -> None:
    talk = row("Q", "<<<Code>>>", "It printed: 3.", "<<<Return Answer>>>", weights=Weights(first=0))
    encoded = encode(talk, TOKENIZERS["chatml"], 4_000, "Row 1")
    assert learned(TOKENIZERS["chatml"], encoded) == ["<<<Return Answer>>><|im_end|>"]


def test_a_turns_weight_is_shared_among_its_tokens() -> None:
    talk = row("Q", "<<<Code>>>", "3", "Check every condition of the question again.", weights=Weights(last=2))
    encoded = encode(talk, TOKENIZERS["chatml"], 4_000, "Row 1")
    kinds = sorted({weight for weight in encoded.weights if weight})
    assert len(kinds) == 2
    assert sum(encoded.weights) == pytest.approx(3.0)
    first = [weight for weight in encoded.weights if weight][: len(tokens("<<<Code>>><|im_end|>"))]
    assert sum(first) == pytest.approx(1.0)


def tokens(text: str) -> list[int]:
    return list(TOKENIZERS["chatml"](text, add_special_tokens=False)["input_ids"])


def test_a_row_that_is_too_long_is_named_with_both_numbers() -> None:
    with pytest.raises(BadInput, match=r"Row 9 has [\d,]+ tokens, and 20 fit"):
        encode(row("word " * 50, "<<<Code>>>"), TOKENIZERS["llama3"], 20, "Row 9")


def test_a_template_that_rewrites_the_past_is_refused() -> None:
    rewriting = tiny_llama.tokenizer(
        ("<|im_start|>", "<|im_end|>"), "{{ messages | length }}" + CHATML, "<|im_end|>"
    )
    with pytest.raises(BadInput, match="Row 2: the chat template"):
        encode(row("Q", "A"), rewriting, 100, "Row 2")


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(str.strip)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=5), st.sampled_from(sorted(TOKENIZERS)))
def test_whatever_the_words_what_is_learned_is_what_the_steerer_said(talk: list[tuple[str, str]], name: str) -> None:
    tokenizer = TOKENIZERS[name]
    encoded = encode(row(*(text for pair in talk for text in pair)), tokenizer, 100_000, "Row 1")
    said = [tokenizer.decode(tokens_of(tokenizer, reply)) + ENDS[name] for _, reply in talk]
    found = learned(tokenizer, encoded)
    # A token may straddle the border to the prompt; then that one is left out, never one of the prompt let in.
    assert len(found) == len(said)
    assert all(whole.endswith(part) for whole, part in zip(said, found, strict=True))
    assert sum(encoded.weights) == pytest.approx(len(talk))


def tokens_of(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])
