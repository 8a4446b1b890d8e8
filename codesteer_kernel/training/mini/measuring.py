"""How well a decider decides, in numbers: against what came of both ways, and of answers that were right or wrong."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from codesteer_kernel.evaluation.statistics import LEVEL, RESAMPLES, Bin, Estimate, brier, calibration, wilson

__all__ = ["Measured", "balanced", "measured"]


@dataclass(frozen=True)
class Measured:
    """A decider on one set of decisions with a right side each.

    Attributes:
        name: of the decider.
        accuracy: with Wilson's interval.
        balanced: the mean of its accuracies on either side, with a bootstrap interval; None where one side is empty.
        confusion: how often it said (yes, no) where yes was right, then where no was right.
        ranking: how often a case whose right side is yes has a higher probability than one whose right side is no, a tie
            counting half: 0.5 is chance (area under the ROC curve); None where it gives none, or a side is empty.
        brier, bins: of its probabilities; None and empty where it gives none.
        reached: the share of *all* problems, not of those with a right side alone, that its decisions would get right;
            None where that has no meaning.
    """

    name: str
    accuracy: Estimate
    balanced: Estimate | None
    confusion: tuple[tuple[int, int], tuple[int, int]]
    ranking: float | None
    brier: float | None
    bins: list[Bin]
    reached: Estimate | None = None


def measured(
    name: str,
    chances: Sequence[float],
    wanted: Sequence[bool],
    *,
    forecasts: bool = True,
    reached: Sequence[bool] | None = None,
    seed: int = 0,
) -> Measured | None:
    """Measure probabilities of a yes against whether yes was right; None where there is no decision.

    Args:
        name: of the decider.
        chances: from 0 to 1; from 0.5 on it says yes.
        wanted: whether yes is right, for each.
        forecasts: whether the chances are meant as probabilities.
        reached: of all problems, whether what it chose was right.
        seed: of the bootstrap.
    """
    if not wanted:
        return None
    said = [chance >= 0.5 for chance in chances]
    counts = {(want, say): 0 for want in (True, False) for say in (True, False)}
    for want, say in zip(wanted, said, strict=True):
        counts[want, say] += 1
    told = list(zip(chances, wanted, strict=True))
    return Measured(
        name=name,
        accuracy=wilson(counts[True, True] + counts[False, False], len(wanted)),
        balanced=balanced(said, wanted, seed),
        confusion=((counts[True, True], counts[True, False]), (counts[False, True], counts[False, False])),
        ranking=_ranking(told) if forecasts else None,
        brier=brier(told) if forecasts else None,
        bins=calibration(told) if forecasts else [],
        reached=wilson(sum(reached), len(reached)) if reached else None,
    )


def _ranking(told: Sequence[tuple[float, bool]]) -> float | None:
    yes, no = ([chance for chance, want in told if want is side] for side in (True, False))
    if not yes or not no:
        return None
    return fmean((one > other) + (one == other) / 2 for one in yes for other in no)


def balanced(said: Sequence[bool], wanted: Sequence[bool], seed: int = 0) -> Estimate | None:
    """Balanced accuracy with a percentile bootstrap, drawn within either side; None where a side is empty."""
    sides = [[say == want for say, want in zip(said, wanted, strict=True) if want is side] for side in (True, False)]
    if not all(sides):
        return None
    chance = random.Random(seed)  # noqa: S311 - a bootstrap, not a secret
    drawn = sorted(fmean(fmean(chance.choices(side, k=len(side))) for side in sides) for _ in range(RESAMPLES))
    tail = int((1 - LEVEL) / 2 * RESAMPLES)
    value = fmean(fmean(side) for side in sides)
    right = sum(map(sum, sides))
    return Estimate(value, drawn[tail], drawn[-1 - tail], len(wanted), right)
