"""Evaluations in a notebook: ``from codesteer import bench``. Jobs as pandas frames, the paper's table and figures of them.

A frame has a row for each attempt and may be filtered before it is drawn. Published numbers stand beside what was measured,
marked as published wherever they are shown. pandas and matplotlib (``pip install 'codesteer[eval]'``) are loaded on use.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from codesteer.solving import settings_of
from codesteer_kernel.errors import BadInput, MissingDependency

if TYPE_CHECKING:
    from codesteer_kernel.evaluation.progress import Progress
    from codesteer_kernel.evaluation.results import Results
    from codesteer_kernel.evaluation.statistics import Estimate

__all__ = ["load", "plot_complexity", "plot_cost", "run", "table"]

_JOB = "job"
_MARKERS = "osD^vP*X"


def run(
    folder: str | Path,
    *,
    methods: Sequence[str],
    tasks: Sequence[str] = (),
    levels: Sequence[str] = ("default",),
    sweeps: Mapping[str, Mapping[str, Sequence[bool | int | float | str]]] | None = None,
    n: int = 10,
    seed: int = 0,
    target: str | Sequence[str] = "embedded",
    steerer: str | Sequence[str] = "",
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
        target: one model, or several.
        steerer: one model, or several; "" is the target itself.
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
    from codesteer_kernel.evaluation.jobs import Job
    from codesteer_kernel.evaluation.runner import run_job

    _pandas()
    job = Job(
        methods=tuple(methods),
        tasks=tuple(tasks),
        levels=tuple(levels),
        sweeps={
            task: {knob: tuple(values) for knob, values in knobs.items()} for task, knobs in (sweeps or {}).items()
        },
        n=n,
        seed=seed,
        targets=_several(target),
        steerers=_several(steerer),
        settings=settings_of(settings),
    )
    line = _Line() if progress is True else None
    told = line or (progress if callable(progress) else None)
    run_job(job, Path(folder).expanduser(), concurrency=concurrency, on_progress=told)
    if line is not None:
        line.end()
    return load(folder)


def load(*folders: str | Path) -> Any:
    """The attempts of jobs as a pandas frame, a row an attempt.

    Columns: ``job`` (the folder's name), the fields of an attempt (``method``, ``target``, ``steerer``, ``task``, ``level``, ``knobs``,
    ``seed``, ``correct``, ``code``, ``decisions``, ``checker``, ``seconds``, ``cost``, ...), ``part`` (seen or unseen),
    ``rounds`` and ``tokens``.

    Raises:
        BadInput: no folder, or one that cannot be read or holds no finished attempt.
        MissingDependency: pandas is not installed.
    """
    from codesteer_kernel.evaluation.results import results, split_of

    pd = _pandas()
    paths = [Path(folder).expanduser() for folder in folders]
    rows = []
    for path in paths:
        rows += [
            {_JOB: path.resolve().name, **msgspec.structs.asdict(one)}
            | {
                "part": split_of(one.task),
                "rounds": len(one.decisions),
                "tokens": one.input_tokens + one.output_tokens,
            }
            for one in results([path]).attempts
        ]
    if not rows:
        raise BadInput("There is no job to load.", "Name the folders of jobs.")
    return pd.DataFrame(rows)


def table(frame: Any, *, intervals: bool = False) -> Any:
    """Tasks by ways of answering, in the paper's layout: success in %, means above, published columns beside.

    Args:
        frame: what :func:`load` returned, or a part of it.
        intervals: words with counts and 95 % intervals instead of numbers.

    Returns:
        A frame with columns in two levels: ``measured`` and ``published``.

    Raises:
        BadInput: the frame has no attempts.
    """
    from codesteer_kernel.evaluation import published
    from codesteer_kernel.evaluation.results import split_of

    pd = _pandas()
    found = _results(frame)
    there = published.table()
    splits = {"seen": "mean, seen", "unseen": "mean, unseen", "": "mean"}
    columns: dict[tuple[str, str], dict[str, Any]] = {}
    for one in found.rows:
        means = {name: one.mean(split) for split, name in splits.items()}
        means |= {f"normalised {name}": one.normalised(split) for split, name in splits.items()}
        columns["measured", found.name(one.way)] = {
            name: _told(cell, intervals) for name, cell in {**means, **one.cells}.items()
        }
    beside = {one.way.published for one in found.rows}
    for column in (one for one in there.columns if one.key in beside):
        shares = {task: share for task, share in there.column(column.key).items() if task in found.tasks}
        cells: dict[str, float | None] = dict(shares)
        for split, name in splits.items():
            names = [task for task in shares if split in ("", split_of(task))]
            cells |= {
                name: there.mean(column.key, names),
                f"normalised {name}": there.mean(column.key, names, normalised=True),
            }
        shown = {name: None if cell is None else round(100 * cell, 1) for name, cell in cells.items()}
        columns["published", f"{column.title} ({column.model})"] = shown
    order = [*splits.values(), *(f"normalised {name}" for name in splits.values()), *found.tasks]
    return pd.DataFrame(columns).reindex(order).dropna(how="all")


def plot_cost(frame: Any) -> Any:
    """Normalised score against tokens and seconds of a problem, the published points hollow and grey beside.

    Raises:
        BadInput: the frame has no attempts.
        MissingDependency: matplotlib is not installed.
    """
    from codesteer_kernel.evaluation import published

    plt, found = _pyplot(), _results(frame)
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.6), sharey=True, layout="constrained")
    there = published.cost().points
    for axis, label, ours, beside in (
        (axes[0], "tokens a problem", [one.tokens for one in found.rows], [point.tokens for point in there]),
        (axes[1], "seconds a problem", [one.seconds for one in found.rows], [point.seconds for point in there]),
    ):
        known = [(x, point) for x, point in zip(beside, there, strict=True) if x is not None]
        scores = [point.score for _, point in known]
        axis.plot([x for x, _ in known], scores, "o", mfc="none", mec="0.55", label="published")
        for name, x, score in {(point.column, x, point.score) for x, point in known}:
            _beside(axis, name, x, score, (0, 5), ha="center")
        for place, (x, one) in enumerate(zip(ours, found.rows, strict=True)):
            if (normal := one.normalised()) is not None and x > 0:
                _errorbar(axis, [x], [normal], place, found.name(one.way))
        _by_factors(axis)
        axis.set_xlabel(label)
    axes[0].set(ylabel="normalised score (%)", ylim=(0, None))
    _legend(figure, axes)
    plt.close(figure)
    return figure


def plot_complexity(frame: Any, tasks: Sequence[str] | None = None) -> Any:
    """Success at rising settings of the paper's four tasks, the published curves dashed and grey beside.

    Args:
        frame: what :func:`load` returned, or a part of it.
        tasks: of these tasks; default: of all that have published curves and attempts at their settings.

    Raises:
        BadInput: nothing was tried at a published setting.
        MissingDependency: matplotlib is not installed.
    """
    from codesteer_kernel.evaluation import published
    from codesteer_kernel.evaluation.turned import turned_published

    plt, found = _pyplot(), _results(frame)
    known = published.complexity().tasks
    drawn = [(task, turned) for task in tasks or known if (turned := turned_published(found, task)) is not None]
    if not drawn:
        raise BadInput(
            "Nothing was tried at a setting of a published curve.", f"There are curves of {', '.join(known)}."
        )
    figure, grid = plt.subplots(
        1, len(drawn), figsize=(4.4 * len(drawn), 3.8), squeeze=False, sharey=True, layout="constrained"
    )
    for axis, (task, turned) in zip(grid[0], drawn, strict=True):
        last = len(turned.labels) - 1
        ends: dict[float, list[str]] = {}
        for key, values in known[task].curves.items():
            axis.plot(range(last + 1), values, "--o", color="0.65", mfc="white", ms=4, lw=1, label="published")
            ends.setdefault(values[-1], []).append(key)
        for value, keys in ends.items():
            _beside(axis, ", ".join(keys), last, value, (7, -3))
        for place, one in enumerate(found.rows):
            if one.way in turned.points:
                # Side by side, so that marks on each other stay readable.
                xs = [x + 0.06 * (place - (len(found.rows) - 1) / 2) for x in range(last + 1)]
                _errorbar(axis, xs, turned.points[one.way], place, found.name(one.way))
        axis.set(title=task, xlabel=turned.axis, ylim=(-4, 104), xlim=(-0.4, last + 1.3))
        axis.set_xticks(range(last + 1), turned.labels)
    grid[0][0].set_ylabel("success (%)")
    _legend(figure, grid[0])
    plt.close(figure)
    return figure


def _errorbar(axis: Any, xs: Sequence[float], shares: Sequence[Estimate | None], place: int, name: str) -> None:
    """A row of ours with its intervals; a line breaks where nothing was tried."""
    gap = math.nan
    values = [100 * one.value if one else gap for one in shares]
    below = [100 * (one.value - one.low) if one else gap for one in shares]
    above = [100 * (one.high - one.value) if one else gap for one in shares]
    kind = f"-{_MARKERS[place % len(_MARKERS)]}"
    axis.errorbar(xs, values, [below, above], fmt=kind, color=f"C{place}", capsize=3, elinewidth=1, label=name)


def _beside(axis: Any, name: str, x: float, y: float, shift: tuple[int, int], **place: str) -> None:
    """The short name of a published column beside its point."""
    axis.annotate(name, (x, y), shift, textcoords="offset points", color="0.4", fontsize=8, **place)


def _by_factors(axis: Any) -> None:
    """An axis on which equal steps are equal factors, with plain numbers."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axis.set_xscale("log")
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axis.xaxis.set_minor_formatter(NullFormatter())


def _legend(figure: Any, axes: Sequence[Any]) -> None:
    """One legend below all axes."""
    entries = {name: drawn for axis in axes for drawn, name in zip(*axis.get_legend_handles_labels(), strict=True)}
    figure.legend(entries.values(), entries.keys(), loc="outside lower center", ncols=3, fontsize=8)


def _told(one: Estimate | None, intervals: bool) -> Any:
    if one is None:
        return None
    if not intervals:
        return round(100 * one.value, 1)
    return f"{100 * one.value:.0f} ({100 * one.low:.0f} to {100 * one.high:.0f}), n={one.n}"


def _results(frame: Any) -> Results:
    """The attempts of a frame, in order."""
    from codesteer_kernel.evaluation.attempt import Attempt
    from codesteer_kernel.evaluation.results import Source, gathered

    fields = set(Attempt.__struct_fields__)
    jobs: dict[str, list[Attempt]] = {}
    for row in frame.to_dict("records"):
        # pandas writes what is not known of a number as nan.
        known = {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}
        try:
            one = msgspec.convert({name: value for name, value in known.items() if name in fields}, Attempt)
        except msgspec.ValidationError as fault:
            raise BadInput(
                f"This is no frame of attempts: {fault}.", "Give what bench.load returned, or rows of it."
            ) from None
        jobs.setdefault(str(known.get(_JOB, "")), []).append(one)
    return gathered((Source(name, Path(name), {}), attempts) for name, attempts in jobs.items())


def _several(models: str | Sequence[str]) -> tuple[str, ...]:
    return (models,) if isinstance(models, str) else tuple(models)


def _pandas() -> Any:
    try:
        import pandas as pd
    except ImportError:
        raise MissingDependency(
            "codesteer.bench returns frames and needs pandas.", "Run: pip install 'codesteer[eval]'"
        ) from None
    return pd


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise MissingDependency("Figures need matplotlib.", "Run: pip install 'codesteer[eval]'") from None
    return plt


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
