"""Conversations as tokens, labels and weights: the loss falls on the steerer's turns alone.

A turn of the steerer is what stands between the prompt that asks for it and its end tag, the tag included: the model has to
learn to stop. Where it begins and ends is found by rendering the conversation up to it, so that any chat template will
do that writes one turn behind the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec

from codesteer_kernel.errors import BadInput
from codesteer_kernel.training.rows import Conversation, Turn

__all__ = ["IGNORED", "Encoded", "encode", "turns_in"]

IGNORED = -100
"""The label that torch's loss passes over."""


class Encoded(msgspec.Struct, frozen=True):
    """One conversation of n tokens: their ids, their labels (``IGNORED`` where nothing is learned), their weights."""

    input_ids: list[int]
    labels: list[int]
    weights: list[float]


def encode(row: Conversation, tokenizer: Any, max_tokens: int, place: str) -> Encoded:
    """Encode a conversation; a turn's weight is shared among its tokens.

    Args:
        row: the conversation.
        tokenizer: a fast tokenizer of transformers with a chat template.
        max_tokens: the most tokens a row may have.
        place: names the row in errors.

    Raises:
        BadInput: the row is too long, its template cannot be followed, or a turn of the steerer has no tokens.
    """
    text, spans = turns_in(row.messages, tokenizer, place)
    read = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ids, places = list(read["input_ids"]), read["offset_mapping"]
    if len(ids) > max_tokens:
        raise BadInput(
            f"{place} has {len(ids):,} tokens, and {max_tokens:,} fit.",
            "Raise max_tokens, or leave long rows out with too_long: drop.",
        )
    labels, weights = [IGNORED] * len(ids), [0.0] * len(ids)
    for (start, end), turn in spans:
        inside = [index for index, (first, last) in enumerate(places) if start <= first < last <= end]
        if not inside:
            raise BadInput(f"{place} has a turn of the steerer without a token of its own.", "Look at the template.")
        for index in inside:
            labels[index] = ids[index]
            weights[index] = turn.weight / len(inside)
    return Encoded(ids, labels, weights)


def turns_in(turns: Sequence[Turn], tokenizer: Any, place: str) -> tuple[str, list[tuple[tuple[int, int], Turn]]]:
    """The conversation as text, and where in it the steerer's weighted turns stand.

    Raises:
        BadInput: the template changes what it wrote before when a turn is added.
    """
    plain = [{"role": turn.role, "content": turn.content} for turn in turns]

    def rendered(count: int, *, ask: bool = False) -> str:
        return str(tokenizer.apply_chat_template(plain[:count], tokenize=False, add_generation_prompt=ask))

    text = rendered(len(turns))
    spans: list[tuple[tuple[int, int], Turn]] = []
    for index, turn in enumerate(turns):
        if turn.role != "assistant" or not turn.weight:
            continue
        before, after = rendered(index, ask=True), rendered(index + 1)
        if not (text.startswith(after) and after.startswith(before)):
            raise BadInput(
                f"{place}: the chat template does not write turn {index + 1} behind the ones before it.",
                "Use a model whose template appends turns.",
            )
        # The line break behind an end tag is the next turn's beginning, and nothing that is generated.
        spans.append(((len(before), len(after.rstrip("\n"))), turn))
    assert all(one[0][1] <= other[0][0] for one, other in pairwise(spans))
    return text, spans
