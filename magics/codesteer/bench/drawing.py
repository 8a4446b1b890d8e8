"""The paper's two figures, of a frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from codesteer.bench.frames import results_of
from codesteer_kernel.errors import BadInput, MissingDependency
from codesteer_kernel.evaluation import published
from codesteer_kernel.evaluation.statistics import Estimate
from codesteer_kernel.evaluation.turned import turned_published

__all__ = ["plot_complexity", "plot_cost"]

_MARKERS = "osD^vP*X"


def plot_cost(frame: Any) -> Any:
    """Normalised score against tokens and seconds of a problem, the published points hollow and grey beside.

    Raises:
        BadInput: the frame has no attempts.
        MissingDependency: matplotlib is not installed.
    """
    plt, found = _pyplot(), results_of(frame)
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
    axes[0].set(ylabel="normalised score (%)", ylim=(-3, None))
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
    plt, found = _pyplot(), results_of(frame)
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


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise MissingDependency("Figures need matplotlib.", "Run: pip install 'codesteer[eval]'") from None
    return plt
