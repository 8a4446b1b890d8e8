"""What came of known cases says what to expect of one that is like them. Plain Python: a decision compares some hundred."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Self

import msgspec

from codesteer_kernel.errors import BadInput

__all__ = ["FAR", "KNOWN", "Likeness", "mixed", "sigmoid"]

FAR = 4.0
"""Standard deviations: a fact further from what training saw counts as this far, so that no single one decides."""

KNOWN = 0.5
"""So like a known case counts as known: of 197 answers of training, each judged by a head that had not seen its problem, as
many are told rightly as with the head alone (79 and 80 %), more of the right ones among them."""


class Likeness(msgspec.Struct, frozen=True, kw_only=True):
    """Log-odds of a yes: ``bias`` + the sum of weight x likeness to each known case, which is 1 for an equal one.

    Likeness falls with distance as a Gaussian bell of ``width`` does, so what is unlike everything known gets the ``bias``
    alone: how often yes was right at all. A line through the same facts would be surest where it knows least.

    Attributes:
        names: of the facts; one that is not given counts as its mean.
        mean, scale: of each fact in training.
        shares: what each fact counts in the squared distance; their sum is 1.
        width: of the bell, in standard deviations of a fact.
        known: the known cases, each with its standardised facts.
        weights: of each known case.
        bias: log-odds far from all of them.
    """

    names: list[str]
    mean: list[float]
    scale: list[float]
    shares: list[float]
    width: float
    known: list[list[float]]
    weights: list[float]
    bias: float = 0.0

    def checked(self) -> Self:
        """The same, known to be sound; raises :class:`BadInput`."""
        columns = (self.mean, self.scale, self.shares, *self.known)
        if any(len(one) != len(self.names) for one in columns) or len(self.known) != len(self.weights):
            raise BadInput("Its facts, means, scales, shares, known cases and weights are not equally many.")
        if len(set(self.names)) < len(self.names):
            raise BadInput("It names a fact twice.")
        if not all(
            math.isfinite(one) for column in (*columns, self.weights, [self.bias, self.width]) for one in column
        ):
            raise BadInput("One of its numbers is not finite.")
        if any(scale <= 0 for scale in (*self.scale, self.width)) or any(share < 0 for share in self.shares):
            raise BadInput("One of its scales is not above 0.")
        return self

    def log_odds(self, facts: Mapping[str, float]) -> float:
        """The log-odds that ``facts`` speak for."""
        return self._weighed(self._bells(facts))

    def nearness(self, facts: Mapping[str, float]) -> float:
        """Whether something like ``facts`` is known: 0, nothing of the kind, to 1, from a likeness of a half on."""
        return _nearness(self._bells(facts))

    def decided(self, facts: Mapping[str, float], untuned: float) -> float:
        """The probability of a yes where the untuned choice gives it ``untuned``; see :func:`mixed`."""
        bells = self._bells(facts)
        return mixed(sigmoid(self._weighed(bells)), _nearness(bells), untuned)

    def _weighed(self, bells: Sequence[float]) -> float:
        return self.bias + sum(weight * bell for weight, bell in zip(self.weights, bells, strict=True))

    def _bells(self, facts: Mapping[str, float]) -> list[float]:
        """The likeness to each known case."""
        here = [
            max(-FAR, min(FAR, (facts.get(name, mean) - mean) / scale))
            for name, mean, scale in zip(self.names, self.mean, self.scale, strict=True)
        ]
        squares = (
            sum(share * (a - b) ** 2 for share, a, b in zip(self.shares, here, there, strict=True))
            for there in self.known
        )
        return [math.exp(-squared / (2 * self.width**2)) for squared in squares]

    def probability(self, facts: Mapping[str, float]) -> float:
        """The probability that ``facts`` speak for, strictly between 0 and 1."""
        return sigmoid(self.log_odds(facts))


def _nearness(bells: Sequence[float]) -> float:
    return min(1.0, max(bells, default=0.0) / KNOWN)


def mixed(head: float, near: float, untuned: float) -> float:
    """The probability of a decision: a head's as far as it knows something ``near``, else the untuned choice's."""
    return near * head + (1 - near) * untuned


def sigmoid(log_odds: float) -> float:
    """The probability of these log-odds, kept off 0 and 1."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, log_odds))))
