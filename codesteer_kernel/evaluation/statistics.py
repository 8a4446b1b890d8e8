"""The arithmetic of evaluation: shares with intervals, paired differences, means over tasks, forecasts. Pure, no data of ours.

Shares run from 0 to 1. Intervals are at 95 % unless told otherwise, and never empty because a sample is small or one-sided.
"""

from __future__ import annotations

import math
import random
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist, fmean

__all__ = [
    "Bin",
    "Checking",
    "Estimate",
    "Paired",
    "brier",
    "calibration",
    "checking",
    "combined",
    "distribution",
    "fewest_to_tell",
    "macro",
    "normalised",
    "paired",
    "sign_test",
    "wilson",
]

LEVEL = 0.95
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share and what it may be in truth: ``low`` to ``high``; ``n`` observations, ``right`` of them hits."""

    value: float
    low: float
    high: float
    n: int
    right: int = 0


def wilson(right: int, n: int, level: float = LEVEL) -> Estimate:
    """The share ``right`` of ``n`` with Wilson's score interval (E. B. Wilson, JASA 22, 1927).

    Unlike the textbook interval it neither leaves 0 to 1 nor shrinks to nothing at 0 of n and n of n.

    Raises:
        ValueError: no observation, or more hits than observations.
    """
    if not 0 <= right <= n or n == 0:
        raise ValueError(f"{right} of {n} is no share.")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = right / n
    spread = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / spread
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / spread
    # At the ends the formula gives 0 and 1 but for rounding.
    low = 0.0 if right == 0 else max(0.0, centre - half)
    high = 1.0 if right == n else min(1.0, centre + half)
    return Estimate(share, low, high, n, right)


def combined(parts: Iterable[tuple[float, Estimate]]) -> Estimate:
    """A weighted sum of independent shares, its interval recovered from theirs (weights not negative).

    The distances of each limit add up in squares: G. Y. Zou, W. Huang, X. Zhang, A note on confidence interval estimation
    for a linear function of binomial proportions, Computational Statistics & Data Analysis 53, 2009.

    Raises:
        ValueError: there are no parts.
    """
    pairs = list(parts)
    if not pairs:
        raise ValueError("There is nothing to combine.")
    value = sum(weight * one.value for weight, one in pairs)
    below = math.sqrt(sum((weight * (one.value - one.low)) ** 2 for weight, one in pairs))
    above = math.sqrt(sum((weight * (one.high - one.value)) ** 2 for weight, one in pairs))
    count, right = sum(one.n for _, one in pairs), sum(one.right for _, one in pairs)
    return Estimate(value, value - below, value + above, count, right)


def macro(cells: Iterable[Estimate]) -> Estimate:
    """The raw mean over tasks: every task counts the same, however many problems it had.

    Raises:
        ValueError: there is no task.
    """
    each = list(cells)
    return combined((1 / len(each), one) for one in each)


def normalised(cells: Mapping[str, Estimate], best: Mapping[str, float]) -> Estimate:
    """The mean over tasks of share / best share, where ``best`` belongs to a frozen set of columns.

    Against a set that holds the row itself it is at most 1; against a frozen one it may be more. Tasks without a best share
    (or where it is 0) are left out.

    Raises:
        ValueError: no task is left.
    """
    known = {task: one for task, one in cells.items() if best.get(task)}
    return combined((1 / (len(known) * best[task]), one) for task, one in known.items())


@dataclass(frozen=True, slots=True)
class Paired:
    """How much better the second of two ways is on the problems that both tried.

    Attributes:
        difference, low, high: of the shares, second minus first; 0 everywhere where there was no common problem.
        n: problems that both tried.
        gained, lost: the problems that only the second, and only the first, got right.
        p: of the exact sign test over them: how often chance alone does as much, either way.
    """

    difference: float
    low: float
    high: float
    n: int
    gained: list[Hashable] = field(default_factory=list)
    lost: list[Hashable] = field(default_factory=list)
    p: float = 1.0

    @property
    def told(self) -> int:
        """1: the second is better, -1: the first is, 0: cannot be told.

        Both the bootstrap's interval and the exact test must say so: with few problems the interval alone is too sure.
        """
        if self.p >= 1 - LEVEL or self.low <= 0 <= self.high:
            return 0
        return 1 if self.difference > 0 else -1


def paired(
    first: Mapping[Hashable, bool],
    second: Mapping[Hashable, bool],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Paired:
    """Compare two ways on the problems that both tried, by a paired bootstrap over problems (percentiles, seeded).

    Problems that only one of them tried are left out: they would compare problems, not ways.
    """
    common = [problem for problem in first if problem in second]
    if not common:
        return Paired(0.0, 0.0, 0.0, 0)
    steps = [second[problem] - first[problem] for problem in common]
    gained = [problem for problem, step in zip(common, steps, strict=True) if step > 0]
    lost = [problem for problem, step in zip(common, steps, strict=True) if step < 0]
    count = len(steps)
    # Ties add nothing to a sum; without a tie broken there is nothing to draw.
    chance = random.Random(seed)  # noqa: S311 - a bootstrap, not a secret
    drawn = sorted(sum(chance.choices(steps, k=count)) / count for _ in range(resamples if gained or lost else 1))
    tail = (1 - level) / 2
    low, high = drawn[math.floor(tail * len(drawn))], drawn[min(len(drawn) - 1, math.ceil((1 - tail) * len(drawn)) - 1)]
    return Paired(sum(steps) / count, low, high, count, gained, lost, sign_test(len(gained), len(lost)))


def sign_test(gained: int, lost: int) -> float:
    """The exact two-sided sign test (McNemar's, exact): how likely chance parts the changed problems so unevenly."""
    changed = gained + lost
    if changed == 0:
        return 1.0
    fewer = sum(math.comb(changed, k) for k in range(min(gained, lost) + 1))
    return min(1.0, 2 * fewer / (1 << changed))


def fewest_to_tell(level: float = LEVEL) -> int:
    """So many problems must change, all one way, before the exact sign test speaks."""
    return next(count for count in range(1, 100) if sign_test(count, 0) < 1 - level)


def distribution(scores: Iterable[float], width: float = 0.125) -> list[int]:
    """How many scores lie in each bin of ``width`` from 0; 1 and more belong to the last."""
    counts = [0] * round(1 / width)
    for score in scores:
        counts[max(0, min(len(counts) - 1, math.floor(score / width)))] += 1
    return counts


@dataclass(frozen=True, slots=True)
class Checking:
    """How far a checker is to be believed: of answers, what it said against what is so.

    Attributes:
        passes, fails: how many answers it passed and failed.
        silent: how many it could not judge (broken, unsure).
        right: how many of all those are right.
        precision: the share of right answers among the passed ones; None where it passed none.
        recall: the share of passed answers among the right ones; None where none was right.
        rejection: the share of wrong answers among the failed ones; None where it failed none.
    """

    passes: int
    fails: int
    silent: int
    right: int
    precision: Estimate | None
    recall: Estimate | None
    rejection: Estimate | None


def checking(said: Iterable[tuple[str, bool]]) -> Checking:
    """Judge a checker by (its verdict, whether the answer is right); answers that it never saw (verdict "") do not count."""
    seen = [(verdict, right) for verdict, right in said if verdict]
    passed = [right for verdict, right in seen if verdict == "pass"]
    failed = [right for verdict, right in seen if verdict == "fail"]
    right = sum(one for _, one in seen)
    return Checking(
        passes=len(passed),
        fails=len(failed),
        silent=len(seen) - len(passed) - len(failed),
        right=right,
        precision=wilson(sum(passed), len(passed)) if passed else None,
        recall=wilson(sum(passed), right) if right else None,
        rejection=wilson(len(failed) - sum(failed), len(failed)) if failed else None,
    )


def brier(forecasts: Sequence[tuple[float, bool]]) -> float:
    """The mean squared distance of forecast probabilities from what came: 0 is perfect, 0.25 is a coin (G. W. Brier, 1950).

    Raises:
        ValueError: there is no forecast.
    """
    if not forecasts:
        raise ValueError("There is no forecast.")
    return fmean((probability - came) ** 2 for probability, came in forecasts)


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts near each other: their mean, and how often the thing came."""

    forecast: float
    came: Estimate


def calibration(forecasts: Iterable[tuple[float, bool]], bins: int = 5) -> list[Bin]:
    """Forecasts in ``bins`` of equal width from 0 to 1, empty ones left out: a good forecaster's come as often as said."""
    kept: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for probability, came in forecasts:
        kept[min(bins - 1, int(probability * bins))].append((probability, came))
    return [
        Bin(fmean(probability for probability, _ in one), wilson(sum(came for _, came in one), len(one)))
        for one in kept
        if one
    ]
