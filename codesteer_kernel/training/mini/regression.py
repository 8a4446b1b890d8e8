"""Logistic regression, small and exact: Newton's steps on a convex loss, so that equal data give equal weights.

Needs numpy, which the extras ``train`` and ``eval`` bring. Rows are examples, columns facts; arrays are float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "Scaling", "bells", "fit", "folds", "log_loss", "probabilities", "scaling"]

Array: TypeAlias = npt.NDArray[np.float64]

_STEPS = 100
_TINY = 1e-9
_STILL = 1e-8


class Scaling:
    """Means and standard deviations of columns; what does not vary has a deviation of one, and so counts nothing."""

    def __init__(self, mean: Array, scale: Array, far: float) -> None:
        self.mean, self.scale, self._far = mean, scale, far

    def __call__(self, rows: Array) -> Array:
        """The rows standardised, cut off ``far`` deviations from the mean."""
        return np.asarray(np.clip((rows - self.mean) / self.scale, -self._far, self._far))


def scaling(rows: Array, weights: Array, far: float) -> Scaling:
    """The scaling of weighted rows."""
    total = weights.sum()
    mean = weights @ rows / total
    spread = np.sqrt(np.maximum(0.0, weights @ (rows - mean) ** 2 / total))
    return Scaling(mean, np.where(spread > _TINY, spread, 1.0), far)


def fit(
    rows: Array,
    wanted: Array,
    weights: Array,
    penalty: float | Array,
    around: Array | None = None,
    *,
    bias: bool = True,
) -> Array:
    """Weights that minimise the weighted log-loss plus ``penalty``/2 x the squared distance from ``around``.

    Args:
        rows: (n, d).
        wanted: (n,), from 0 to 1: probabilities of a yes.
        weights: (n,), of the rows in the loss.
        penalty: above 0; the larger, the closer to ``around``; one for all columns, or (d,).
        around: (d + 1,), default: zeros. Its last entry begins the bias, which is not penalised.
        bias: whether the bias is learned at all, or stays.

    Returns:
        (d + 1,): a weight for each column, then the bias.
    """
    begin = np.zeros(rows.shape[1] + 1) if around is None else around
    beta = begin.copy()
    full = np.hstack([rows, np.ones((len(rows), 1))])
    held = np.append(np.broadcast_to(penalty, rows.shape[1:]), 0.0).astype(np.float64)
    # So little that it is no penalty, but where all rows want the same the bias has to end somewhere.
    held[-1] = 1e-3 if bias else 1e9
    loss = _loss(full, wanted, weights, held, begin, beta)
    for _ in range(_STEPS):
        chance = probabilities(full @ beta)
        slope = full.T @ (weights * (chance - wanted)) + held * (beta - begin)
        bend = (full * (weights * chance * (1 - chance))[:, None]).T @ full + np.diag(held)
        step = np.linalg.solve(bend, slope)
        length = 1.0
        while (new := _loss(full, wanted, weights, held, begin, beta - length * step)) > loss and length > _TINY:
            length /= 2
        beta = beta - length * step
        if loss - new < _STILL:
            break
        loss = new
    return np.asarray(beta)


def _loss(rows: Array, wanted: Array, weights: Array, held: Array, begin: Array, beta: Array) -> float:
    scores = rows @ beta
    return float(weights @ (np.logaddexp(0, scores) - wanted * scores) + (held * (beta - begin) ** 2).sum() / 2)


def probabilities(scores: Array) -> Array:
    """The probabilities of log-odds."""
    return np.asarray(1 / (1 + np.exp(-np.clip(scores, -30, 30))))


def log_loss(scores: Array, wanted: Array, weights: Array) -> float:
    """The weighted mean log-loss of log-odds; log 2 is what a coin has."""
    return float(weights @ (np.logaddexp(0, scores) - wanted * scores) / weights.sum())


def bells(points: Array, known: Array, shares: Array, width: float) -> Array:
    """How like each point is to each known one, (points, known), from 0 to 1: see ``steering.head.likeness``."""
    here, there = points * np.sqrt(shares), known * np.sqrt(shares)
    squared = (here**2).sum(axis=1)[:, None] + (there**2).sum(axis=1)[None, :] - 2 * here @ there.T
    return np.asarray(np.exp(-np.maximum(0.0, squared) / (2 * width**2)))


def folds(groups: Sequence[str], count: int, seed: int) -> list[npt.NDArray[np.bool_]]:
    """Which rows each fold holds out: whole groups, spread by a seeded draw, larger ones first so that folds are even."""
    sizes = {group: groups.count(group) for group in sorted(set(groups))}
    drawn = np.random.default_rng(seed).permutation(len(sizes))
    order = sorted(zip(sizes, drawn, strict=True), key=lambda one: (-sizes[one[0]], one[1]))
    filled = [0] * min(count, len(sizes))
    member: dict[str, int] = {}
    for group, _ in order:
        fold = filled.index(min(filled))
        member[group] = fold
        filled[fold] += sizes[group]
    places = np.array([member[group] for group in groups])
    return [places == fold for fold in range(len(filled))]
