"""Showing how far a job is: a table drawn in place in a terminal, now and then a line elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TextIO

from codesteer_kernel.evaluation.progress import Progress, Score

__all__ = ["duration", "progress_line", "showing"]

_EVERY_S = 10.0


@contextlib.contextmanager
def showing(stream: TextIO, *, plain: bool = False) -> Iterator[Callable[[Progress], None]]:
    """What draws progress on ``stream``; ``plain``: as lines, also in a terminal."""
    from codesteer_kernel.render.terminal import draws

    if plain or not draws(stream):
        yield _Lines(stream)
        return
    from codesteer_kernel.evaluation.board import Board

    with Board(stream) as board:
        yield board


class _Lines:
    """A line when the job begins and ends, and at most every ten seconds in between."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._told = stream, 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if self._told and now - self._told < _EVERY_S and progress.done < progress.total:
            return
        self._told = now
        print(progress_line(progress), file=self._stream, flush=True)


def progress_line(progress: Progress) -> str:
    """How far it is, in one line."""
    parts = [f"{progress.done} of {progress.total}"]
    parts += [f"{progress.failed} failed"] if progress.failed else []
    parts += [f"{name(score)} {score.right}/{score.done}" for score in progress.scores if score.done]
    parts += [f"{progress.tokens:,} tokens", money(progress)]
    if progress.left is not None and progress.done < progress.total:
        parts.append(f"about {duration(progress.left)} left")
    return ", ".join(parts)


def name(score: Score) -> str:
    """Who got a score."""
    steered = f" by {score.steerer}" if score.steerer else ""
    return f"{score.method} ({score.target}{steered})"


def money(progress: Progress) -> str:
    """What it cost, as far as prices are known."""
    unknown = f" and {progress.unpriced} attempts of unknown price" if progress.unpriced else ""
    return f"${progress.cost:.4f}{unknown}"


def duration(seconds: float) -> str:
    """Seconds for a reader: 45 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
