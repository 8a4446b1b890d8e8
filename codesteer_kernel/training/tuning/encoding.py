"""Rows as tokens, each with its weight in the loss: nothing but the steerer's turns is learned.

A turn of the steerer is what stands between the prompt that asks for it and its end tag, the tag included: the model has
to learn to stop. Where it begins and ends is found by rendering the conversation up to it, so that any chat template
will do that writes one turn behind the other. What people and models wrote cannot pose as control tokens, as it cannot
when the steerer is used (:class:`~codesteer_kernel.models.templates.Shield`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from codesteer_kernel.errors import BadInput
from codesteer_kernel.models.templates import Shield
from codesteer_kernel.training.rows import Conversation, Pair, Turn

__all__ = ["Encoded", "EncodedPair", "Encoder"]


class Encoded(msgspec.Struct, frozen=True):
    """A conversation of n tokens and their n weights in the loss: 0 for what is read and not learned."""

    input_ids: list[int]
    weights: list[float]

    def __len__(self) -> int:
        """How many tokens."""
        return len(self.input_ids)


class EncodedPair(msgspec.Struct, frozen=True):
    """A prompt and two replies to it, end tags included, as tokens."""

    prompt_ids: list[int]
    chosen_ids: list[int]
    rejected_ids: list[int]

    def __len__(self) -> int:
        """Tokens of the longer of the two conversations."""
        return len(self.prompt_ids) + max(len(self.chosen_ids), len(self.rejected_ids))


class Encoder:
    """Encodes rows for one model.

    Args:
        tokenizer: of transformers, a fast one, with a chat template.

    Raises:
        BadInput: the tokenizer does not tell where its tokens stand, or has no chat template.
    """

    def __init__(self, tokenizer: Any) -> None:
        if not tokenizer.is_fast:
            raise BadInput(f"{type(tokenizer).__name__} does not tell where tokens stand.", "Use a fast tokenizer.")
        if not tokenizer.chat_template:
            raise BadInput("The model's tokenizer has no chat template.", "Tune a chat model.")
        self._tokenizer = tokenizer
        self._shield = Shield(token.content for token in tokenizer.added_tokens_decoder.values() if token.special)

    def conversation(self, row: Conversation, place: str) -> Encoded:
        """Encode a conversation; a turn's weight is shared among its tokens. ``place`` names the row in errors.

        Raises:
            BadInput: the template rewrites earlier turns, or a turn of the steerer has no tokens of its own.
        """
        return self._encode(row.messages, place)

    def pair(self, row: Pair, place: str) -> EncodedPair:
        """Encode a preference pair; raises as :meth:`conversation`."""
        prompt = [replace(turn, weight=0.0) for turn in row.prompt]
        sides = []
        for said in (row.chosen, row.rejected):
            encoded = self._encode([*prompt, Turn(role="assistant", content=said, weight=1.0)], place)
            learned = [index for index, weight in enumerate(encoded.weights) if weight]
            sides.append((encoded.input_ids[: learned[-1] + 1], learned[0]))
        (chosen, begin), (rejected, other) = sides
        # Where a token straddles the end of the prompt the two may part earlier.
        shared = min(begin, other)
        while chosen[:shared] != rejected[:shared]:
            shared -= 1
        return EncodedPair(chosen[:shared], chosen[shared:], rejected[shared:])

    def continued(self, turns: Sequence[Turn], place: str) -> list[int]:
        """The tokens of ``turns``, the last of which is the steerer's, to its end tag; raises as :meth:`conversation`."""
        last = replace(turns[-1], weight=1.0)
        encoded = self._encode([*(replace(turn, weight=0.0) for turn in turns[:-1]), last], place)
        return encoded.input_ids[: max(index for index, weight in enumerate(encoded.weights) if weight) + 1]

    def turns_of(self, row: Conversation, place: str) -> Iterator[tuple[int, range]]:
        """Each learned turn's number among all turns, and the places of its tokens."""
        text, spans = self._spans(row.messages, place)
        _, places = self._read(text)
        for number, start, end in spans:
            inside = [index for index, (first, last) in enumerate(places) if start <= first < last <= end]
            yield number, range(inside[0], inside[-1] + 1)

    def _encode(self, turns: Sequence[Turn], place: str) -> Encoded:
        text, spans = self._spans(turns, place)
        ids, places = self._read(text)
        weights = [0.0] * len(ids)
        for number, start, end in spans:
            # A token that straddles the border to the prompt is left out rather than any of the prompt let in.
            inside = [index for index, (first, last) in enumerate(places) if start <= first < last <= end]
            if not inside:
                raise BadInput(f"{place}: turn {number + 1} has no token of its own.", "Look at the chat template.")
            for index in inside:
                weights[index] = turns[number].weight / len(inside)
        return Encoded(ids, weights)

    def _spans(self, turns: Sequence[Turn], place: str) -> tuple[str, list[tuple[int, int, int]]]:
        """The conversation as covered text; and of each turn with a weight its number, and its begin and end.

        Begin and end count the characters of the text without the shield's marks.
        """
        said = [{"role": turn.role, "content": self._shield.cover(turn.content)} for turn in turns]

        def rendered(count: int, *, ask: bool = False) -> str:
            return str(self._tokenizer.apply_chat_template(said[:count], tokenize=False, add_generation_prompt=ask))

        text = rendered(len(said))
        spans = []
        for number, turn in enumerate(turns):
            if not turn.weight:
                continue
            before, after = rendered(number, ask=True), rendered(number + 1)
            if not (text.startswith(after) and after.startswith(before)):
                raise BadInput(
                    f"{place}: the chat template does not write turn {number + 1} behind the ones before it.",
                    "Use a model whose template appends turns.",
                )
            # The line break behind an end tag is the next turn's beginning, and nothing that is generated.
            begin, end = (len(self._shield.plain(one)) for one in (before, after.rstrip("\n")))
            spans.append((number, begin, end))
        return text, spans

    def _read(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """The tokens of covered text, as a running model reads it, and where each begins and ends in the plain text."""
        covered = self._shield.covered(text)
        ids: list[int] = []
        places: list[tuple[int, int]] = []
        begin = 0
        for piece, control in self._shield.split(text) if covered else [(text, True)]:
            read = self._tokenizer(
                piece, add_special_tokens=False, split_special_tokens=not control, return_offsets_mapping=True
            )
            ids += read["input_ids"]
            places += [(begin + first, begin + last) for first, last in read["offset_mapping"]]
            begin += len(piece)
        return ids, places
