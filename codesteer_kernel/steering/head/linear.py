"""A weighted sum of named facts, as log-odds. Plain Python: a decision sums a hundred numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Self

import msgspec

from codesteer_kernel.errors import BadInput

__all__ = ["FAR", "Linear", "sigmoid"]

FAR = 4.0
"""Standard deviations: a fact further from what training saw counts as this far, so that no single one outvotes all."""


class Linear(msgspec.Struct, frozen=True, kw_only=True):
    """Log-odds of a yes: ``bias`` + the sum of weight x (fact - mean) / scale, calibrated when it was trained.

    Attributes:
        names: of the facts; one that is not given counts as its mean.
        mean, scale: of each fact in training.
        weights: of each standardised fact.
        bias: log-odds where every fact is at its mean.
    """

    names: list[str]
    mean: list[float]
    scale: list[float]
    weights: list[float]
    bias: float = 0.0

    def checked(self) -> Self:
        """The same, known to be sound; raises :class:`BadInput` where lengths differ or a number is none."""
        if len({len(self.names), len(self.mean), len(self.scale), len(self.weights)}) != 1:
            raise BadInput("Its facts, means, scales and weights are not equally many.")
        if len(set(self.names)) < len(self.names):
            raise BadInput("It names a fact twice.")
        if not all(map(math.isfinite, [*self.mean, *self.scale, *self.weights, self.bias])):
            raise BadInput("One of its numbers is not finite.")
        if any(scale <= 0 for scale in self.scale):
            raise BadInput("One of its scales is not above 0.")
        return self

    def log_odds(self, facts: Mapping[str, float]) -> float:
        """The log-odds that ``facts`` speak for."""
        total = self.bias
        for name, mean, scale, weight in zip(self.names, self.mean, self.scale, self.weights, strict=True):
            away = (facts.get(name, mean) - mean) / scale
            total += weight * max(-FAR, min(FAR, away))
        return total

    def probability(self, facts: Mapping[str, float]) -> float:
        """The probability that ``facts`` speak for, strictly between 0 and 1."""
        return sigmoid(self.log_odds(facts))


def sigmoid(log_odds: float) -> float:
    """The probability of these log-odds, kept off 0 and 1."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, log_odds))))
