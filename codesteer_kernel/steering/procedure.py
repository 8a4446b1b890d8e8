"""A way from a question to an answer that is put in the place of our loop: what evaluation compares the loop with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from codesteer_kernel.record import FinalAnswer, Round, Support
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.support import best

__all__ = ["Procedure"]


@dataclass(frozen=True)
class Procedure:
    """One way to answer.

    It has a run's means (calls, programs, events, budgets) and everything around them: the stop, the record, an end
    whatever fails.

    Attributes:
        name: what the record calls it (``config.method``).
        run: asks and runs what it wants with the run's :class:`Acts`; the number is the most rounds it may make. Every
            round begins with ``RoundStarted`` and ends with ``RoundEnded``.
        choose: which round's answer is the run's.
    """

    name: str
    run: Callable[[Acts, int], Awaitable[Ending]]
    choose: Callable[[Sequence[Round]], tuple[FinalAnswer | None, Support]] = best
