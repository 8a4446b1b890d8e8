"""Doing a job from a notebook."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from codesteer.bench.frames import load, pandas
from codesteer.solving import settings_of
from codesteer_kernel.evaluation.jobs import Job
from codesteer_kernel.evaluation.progress import Progress
from codesteer_kernel.evaluation.runner import run_job

__all__ = ["run"]


def run(
    folder: str | Path,
    *,
    methods: Sequence[str],
    tasks: Sequence[str] = (),
    levels: Sequence[str] = ("default",),
    sweeps: Mapping[str, Mapping[str, Sequence[bool | int | float | str]]] | None = None,
    n: int = 10,
    seed: int = 0,
    target: str | Sequence[str] = (),
    steerer: str | Sequence[str] = (),
    concurrency: int = 4,
    progress: bool | Callable[[Progress], None] = True,
    **settings: Any,
) -> Any:
    """Do a job, or what is missing of it, and return it as a frame; blocks. An interrupt returns what there is.

    Args:
        folder: where the job is kept; the same call goes on where it was.
        methods: names of methods, as ``codesteer bench methods`` lists them.
        tasks: names of tasks, or ``all``, ``seen``, ``unseen``.
        levels: presets of difficulty; ``paper`` for all of the paper's.
        sweeps: task to knob to values: that task is asked at these instead of at ``levels``.
        n: problems of each task at each level.
        seed: of the problems; equal seeds give equal problems.
        target: one model, or several; default: the configured one.
        steerer: one model, or several; "" is the target itself. Default: the configured one.
        concurrency: attempts at once.
        progress: show a line of progress, or call this with each change.
        settings: the fields of ``RunSettings`` for every run: ``rounds``, ``max_tokens``, ...

    Returns:
        What :func:`load` returns.

    Raises:
        UnknownName: there is no such method, task, level, knob or setting.
        BadInput: the job cannot be done as it is asked for, or not in this folder.
        MissingDependency: pandas is not installed.
        CodeSteerError: no run can be started.
    """
    pandas()
    usual = settings_of(settings)
    job = Job(
        methods=tuple(methods),
        tasks=tuple(tasks),
        levels=tuple(levels),
        sweeps={
            task: {knob: tuple(values) for knob, values in knobs.items()} for task, knobs in (sweeps or {}).items()
        },
        n=n,
        seed=seed,
        targets=_several(target) or (usual.target,),
        steerers=_several(steerer) or (usual.steerer or "",),
        settings=usual,
    )
    line = _Line() if progress is True else None
    told = line or (progress if callable(progress) else None)
    run_job(job, Path(folder).expanduser(), concurrency=concurrency, on_progress=told)
    if line is not None:
        line.end()
    return load(folder)


def _several(models: str | Sequence[str]) -> tuple[str, ...]:
    return (models,) if isinstance(models, str) else tuple(models)


class _Line:
    """One line of progress that is written over, on stderr."""

    def __call__(self, told: Progress) -> None:
        left = f", about {told.left:.0f} s left" if told.left and told.done < told.total else ""
        failed = f", {told.failed} failed" if told.failed else ""
        right = sum(score.right for score in told.scores)
        sys.stderr.write(f"\r{f'{told.done} of {told.total} attempts, {right} right{failed}{left}':<78}")
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line."""
        sys.stderr.write("\n")
