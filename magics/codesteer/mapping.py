"""``codesteer.map``: a column of questions, a frame of answers."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from codesteer.solving import settings_of
from codesteer_kernel.batch import BatchProgress, BatchRow, run_batch
from codesteer_kernel.errors import BadInput, MissingDependency

__all__ = ["amap", "map"]

OnProgress = Callable[[BatchProgress], None]


def map(  # noqa: A001 - it is what map does
    questions: Iterable[str],
    *,
    concurrency: int = 4,
    resume: str | Path | None = None,
    inputs: Mapping[str, Any] | None = None,
    progress: bool | OnProgress = True,
    **settings: Any,
) -> Any:
    """Steer every question to an answer and return a pandas frame, a row a question; blocks.

    An interrupt ends what runs and returns what there is: rows of questions that were not reached have the status
    ``not asked``.

    Args:
        questions: prompts: a column of a frame, a list, or a dictionary of them. The frame keeps their index.
        concurrency: runs at once.
        resume: a file that keeps every answered question; called again with it, they are not asked again.
        inputs: named values for the programs of every run.
        progress: show a line of progress, or call this with each change.
        settings: the fields of ``RunSettings``: ``target``, ``steerer``, ``rounds``, ...

    Returns:
        Columns ``question``, ``answer``, ``status``, ``verdict``, ``support``, ``rounds``, ``seconds``, ``tokens``, ``cost`` (US
        dollars), ``run`` (its id, for ``codesteer show``) and ``error``.

    Raises:
        UnknownName: there is no such setting.
        BadInput: something that is no question.
        MissingDependency: pandas is not installed.
        CodeSteerError: no run can be started.
    """
    return _mapped(questions, concurrency, resume, inputs, progress, settings, threading.Event())


async def amap(
    questions: Iterable[str],
    *,
    concurrency: int = 4,
    resume: str | Path | None = None,
    inputs: Mapping[str, Any] | None = None,
    progress: bool | OnProgress = True,
    **settings: Any,
) -> Any:
    """:func:`map` without blocking the event loop. Cancelling ends what runs; what was answered is in ``resume``."""
    stop = threading.Event()
    try:
        return await asyncio.to_thread(_mapped, questions, concurrency, resume, inputs, progress, settings, stop)
    except asyncio.CancelledError:
        stop.set()
        raise


def _mapped(
    questions: Iterable[str],
    concurrency: int,
    resume: str | Path | None,
    inputs: Mapping[str, Any] | None,
    progress: bool | OnProgress,
    settings: dict[str, Any],
    stop: threading.Event,
) -> Any:
    try:
        import pandas as pd
    except ImportError:
        raise MissingDependency("codesteer.map returns a frame and needs pandas.", "Run: pip install pandas") from None
    chosen = settings_of(settings)
    column = questions if isinstance(questions, pd.Series) else pd.Series(questions, dtype=object)
    asked = column.tolist()
    for place, question in enumerate(asked):
        if not isinstance(question, str) or not question.strip():
            raise BadInput(f"Question {column.index[place]!r} is {question!r}, which is no text.", "Drop it first.")
    bar = _Line() if progress is True else None
    rows = run_batch(
        asked,
        chosen,
        concurrency=concurrency,
        inputs=inputs,
        ledger=Path(resume).expanduser() if resume is not None else None,
        on_progress=bar or (progress if callable(progress) else None),
        stop=stop,
    )
    if bar is not None:
        bar.end()
    kept = [row or BatchRow(question=question, status="not asked") for row, question in zip(rows, asked, strict=True)]
    return pd.DataFrame([msgspec.structs.asdict(row) for row in kept], index=column.index)


class _Line:
    """One line of progress that is written over, on stderr."""

    def __call__(self, told: BatchProgress) -> None:
        parts = [f"{told.done} of {told.total} answered", f"{told.running} running"]
        parts += [f"{told.failed} failed"] if told.failed else []
        parts += [f"${told.cost:.4f}"] if told.cost else []
        parts += [f"about {_duration(told.left)} left"] if told.left and told.done < told.total else []
        sys.stderr.write(f"\r{', '.join(parts):<78}")
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line."""
        sys.stderr.write("\n")


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
