"""How far a job is: counts, scores so far, tokens, money, and when it will end."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.jobs import Trial

__all__ = ["Progress", "Score", "Tally"]

_Group = tuple[str, str, str]


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """What one method got so far with one pair of models; ``steerer`` is empty where it has none of its own."""

    method: str
    target: str
    steerer: str
    right: int
    done: int
    total: int


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a job is.

    Attributes:
        done, total, running, failed: attempts.
        scores: for each method and pair of models, in the job's order.
        tokens: read and written, of all that is done.
        cost: US dollars of all that is done, as far as prices are known.
        unpriced: attempts of which no price is known.
        seconds: of this session.
        left: seconds to the end; None before anything was measured.
    """

    done: int
    total: int
    running: int
    failed: int
    scores: tuple[Score, ...]
    tokens: int
    cost: float
    unpriced: int
    seconds: float
    left: float | None


class Tally:
    """Counts a job's attempts as they come."""

    def __init__(self, trials: Iterable[Trial], concurrency: int) -> None:
        self._concurrency = concurrency
        self._began = time.monotonic()
        self._total: Counter[_Group] = Counter(map(_group, trials))
        self._done: Counter[_Group] = Counter()
        self._right: Counter[_Group] = Counter()
        self._spent: defaultdict[_Group, float] = defaultdict(float)
        self._fresh = 0.0
        self._failed = self._tokens = self._unpriced = 0
        self.cost = 0.0

    def add(self, trial: Trial, attempt: Attempt, *, fresh: bool) -> None:
        """Count one attempt; ``fresh``: made in this session, of which it tells the pace."""
        group = _group(trial)
        self._done[group] += 1
        self._right[group] += attempt.correct
        self._spent[group] += attempt.seconds
        self._fresh += attempt.seconds if fresh else 0.0
        self._failed += attempt.status == "failed"
        self._tokens += attempt.input_tokens + attempt.output_tokens
        self._unpriced += attempt.cost is None
        self.cost += attempt.cost or 0.0

    @property
    def seconds(self) -> float:
        """Seconds of this session."""
        return time.monotonic() - self._began

    def progress(self, running: int) -> Progress:
        """How far it is, ``running`` attempts being made."""
        scores = tuple(
            Score(
                method=group[0],
                target=group[1],
                steerer=group[2],
                right=self._right[group],
                done=self._done[group],
                total=total,
            )
            for group, total in self._total.items()
        )
        return Progress(
            done=self._done.total(),
            total=self._total.total(),
            running=running,
            failed=self._failed,
            scores=scores,
            tokens=self._tokens,
            cost=self.cost,
            unpriced=self._unpriced,
            seconds=self.seconds,
            left=self._left(),
        )

    def _left(self) -> float | None:
        """The seconds that attempts of each kind took on average, times those that are missing, at this session's pace."""
        done = self._done.total()
        if self._total.total() == done:
            return 0.0
        if not done:
            return None
        usual = sum(self._spent.values()) / done
        work = sum(
            (total - self._done[group]) * (self._spent[group] / self._done[group] if self._done[group] else usual)
            for group, total in self._total.items()
        )
        # Attempts at once slow each other down: what they took together, over the time it took, is the pace.
        pace = self._fresh / self.seconds if self._fresh else self._concurrency
        return work / pace


def _group(trial: Trial) -> _Group:
    return trial.method, trial.settings.target, trial.settings.steerer or ""
