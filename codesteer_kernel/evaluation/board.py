"""A job in a terminal: its bar and its scores, drawn in place. Drawn with rich, which is loaded here alone."""

from __future__ import annotations

import threading
from typing import Any, Self, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from codesteer_kernel.evaluation.progress import Progress
from codesteer_kernel.evaluation.showing import duration, money

__all__ = ["Board"]


class Board:
    """Draws a job on ``stream``; a context, and called with each :class:`Progress`."""

    def __init__(self, stream: TextIO, **console: Any) -> None:
        self.console = Console(file=stream, highlight=False, **console)
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._live = Live(console=self.console, get_renderable=self._draw, refresh_per_second=4, redirect_stdout=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def __call__(self, progress: Progress) -> None:
        """Draw this from now on."""
        with self._lock:
            self._progress = progress

    def _draw(self) -> RenderableType:
        with self._lock:
            progress = self._progress
        if progress is None:
            return Text("")
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            ProgressBar(progress.total, progress.done, width=30),
            f"{progress.done} of {progress.total}",
            f"{progress.running} running" if progress.running else "",
            Text(f"{progress.failed} failed" if progress.failed else "", "red"),
        )
        told = [f"{duration(progress.seconds)} so far"]
        if progress.left is not None and progress.done < progress.total:
            told.append(f"about {duration(progress.left)} left")
        told += [f"{progress.tokens:,} tokens", money(progress)]
        return Group(bar, Text(", ".join(told), "dim"), _scores(progress))


def _scores(progress: Progress) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("method", "target", "steerer"):
        table.add_column(title, overflow="ellipsis", no_wrap=True)
    for title in ("right", "of", ""):
        table.add_column(title, justify="right")
    for score in progress.scores:
        share = f"{score.right / score.done:.0%}" if score.done else ""
        table.add_row(score.method, score.target, score.steerer, str(score.right), str(score.done), share)
    return table
