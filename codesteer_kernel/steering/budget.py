"""The budgets of a run: what is left, and which one ended it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from codesteer_kernel.errors import BudgetExhausted
from codesteer_kernel.record import Budget, Usage

__all__ = ["BudgetHit", "Meter"]

Limit = Literal["rounds", "seconds", "tokens", "cost", "output"]

# A call that could generate fewer tokens than this is not worth making.
_LEAST_TOKENS = 16


class BudgetHit(BudgetExhausted):
    """A budget is used up; ``limit`` names it."""

    def __init__(self, limit: Limit, message: str) -> None:
        super().__init__(message, "Raise the budget, or take the answer found so far.")
        self.limit: Limit = limit


class Meter:
    """Counts a run's use against its budget. ``clock`` gives seconds."""

    def __init__(self, budget: Budget, clock: Callable[[], float] = time.monotonic) -> None:
        self.budget = budget
        self.usage = Usage()
        self._written = 0
        self._clock = clock
        self._start = clock()

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self._clock() - self._start

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the time budget ends, or None without one."""
        return None if self.budget.seconds is None else self.budget.seconds - self.elapsed

    def add(self, usage: Usage) -> None:
        """Count one call."""
        self.usage = self.usage + usage

    def wrote(self, characters: int) -> None:
        """Count what a model or a program put out; raises :class:`BudgetHit` when it is too much."""
        self._written += characters
        most = self.budget.output_mb
        if most is not None and self._written > most * 1_000_000:
            raise BudgetHit("output", f"The run put out its {most:g} MB of text and pictures.")

    def check(self) -> None:
        """Raise :class:`BudgetHit` when a budget is used up."""
        left = self.seconds_left
        if left is not None and left <= 0:
            raise BudgetHit("seconds", f"The run used its {self.budget.seconds:g} seconds.")
        if self.budget.tokens is not None and self._tokens >= self.budget.tokens:
            raise BudgetHit("tokens", f"The run used its {self.budget.tokens:,} tokens.")
        if self.budget.cost is not None and (self.usage.cost or 0.0) >= self.budget.cost:
            raise BudgetHit("cost", f"The run used its {self.budget.cost:g} dollars.")

    def grant(self, wanted: int) -> int:
        """Return how many new tokens a call may make, at most ``wanted``."""
        self.check()
        if self.budget.tokens is None:
            return wanted
        left = self.budget.tokens - self._tokens
        if left < _LEAST_TOKENS:
            raise BudgetHit("tokens", f"The run used its {self.budget.tokens:,} tokens.")
        return min(wanted, left)

    @property
    def _tokens(self) -> int:
        return self.usage.input_tokens + self.usage.output_tokens
