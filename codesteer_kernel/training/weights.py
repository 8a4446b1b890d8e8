"""How much each turn of the steerer counts in the loss.

A turn's weight is shared among its tokens. Without that a conversation's one control word (five tokens) would hardly
count beside sixty tokens of guidance, though the control word is what decides how the run ends. With it equal weights
mean: every decision counts the same. That is the default; there is no measurement yet that speaks for another. (That the
published training gave the last two turns double weight is a recollection that no source confirms: codesteer.md,
section 4.2; ``Weights(last=2, last_turns=2)`` is that.)
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from codesteer_kernel.errors import BadInput
from codesteer_kernel.training.rows import Turn

__all__ = ["EQUAL", "Weights", "weighted"]


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """Weights by a turn's place among the steerer's turns: the first, the last ``last_turns``, those between.

    A turn that is both the first and a last one has the larger of the two weights.
    """

    first: float = 1.0
    between: float = 1.0
    last: float = 1.0
    last_turns: int = 1

    def of(self, place: int, count: int) -> float:
        """The weight of turn ``place`` (from 0) of ``count``."""
        found = [self.first] if place == 0 else []
        found += [self.last] if place >= count - self.last_turns else []
        return max(found, default=self.between)


EQUAL = Weights()


def weighted(turns: Sequence[Turn], weights: Weights = EQUAL) -> list[Turn]:
    """The turns, those of the steerer with their weights.

    Raises:
        BadInput: a weight below zero.
    """
    if min(weights.first, weights.between, weights.last) < 0 or weights.last_turns < 0:
        raise BadInput("A turn's weight cannot be below zero.", "0 leaves a turn out of the loss.")
    count = sum(turn.role == "assistant" for turn in turns)
    place = 0
    found = []
    for turn in turns:
        if turn.role == "assistant":
            turn = replace(turn, weight=weights.of(place, count))
            place += 1
        found.append(turn)
    return found
