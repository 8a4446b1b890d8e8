"""The figures of a report: cost against score, curves against difficulty, distributions of scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from codesteer_kernel.evaluation import published
from codesteer_kernel.evaluation.report.cells import head
from codesteer_kernel.evaluation.report.document import NONE, Cell, Figure, Grid, percent, span
from codesteer_kernel.evaluation.report.plots import Mark, Series, bars, cloud, curves
from codesteer_kernel.evaluation.results import Measured, Results, paper_order
from codesteer_kernel.evaluation.statistics import Estimate, distribution
from codesteer_kernel.evaluation.turned import Turned, turned_knobs, turned_published
from codesteer_kernel.symbench import tasks

__all__ = ["against_cost", "against_published", "distributions", "knob_curves"]


def against_cost(results: Results) -> list[Figure]:
    """Normalised score against tokens and seconds of a problem, and against money where some was spent; published points beside."""
    points = published.cost().points
    found = [
        _against("tokens a problem", results, lambda one: one.tokens, [(point, point.tokens) for point in points]),
        _against("seconds a problem", results, lambda one: one.seconds, [(point, point.seconds) for point in points]),
        _against("US dollars a problem", results, lambda one: (one.cost or 0) / len(one.attempts), []),
    ]
    return [figure for figure in found if figure is not None]


def _against(
    axis: str,
    results: Results,
    price: Callable[[Measured], float],
    beside: Sequence[tuple[published.Point, float | None]],
) -> Figure | None:
    """A cloud of points; None where nothing was spent."""
    drawn = [
        Mark(results.name(one.way), place, price(one), score)
        for place, one in enumerate(results.rows)
        if (score := one.normalised()) is not None and price(one) > 0
    ]
    if not drawn:
        return None
    there = [(point, x) for point, x in beside if x is not None]
    rows = [[Cell(one.name), Cell(f"{one.x:,.3g}" if one.x < 100 else f"{one.x:,.0f}"), _share(one.y)] for one in drawn]
    for point, x in there:
        name = _title(point.column) + (f" ({point.note})" if point.note else "")
        rows.append([Cell(name, published=True), Cell(f"{x:,g}", published=True), _share(point.score / 100)])
    caption = f"Normalised score (%) against {axis}, on a scale of factors."
    if there:
        caption += f" Published: {published.cost().accuracy}; other models, other machines."
    marks = [*(Mark(point.column, None, x, point.score / 100) for point, x in there), *drawn]
    grid = Grid(f"Normalised score against {axis}", head("", axis, "normalised score"), rows, sticky=True)
    return Figure(cloud(marks, axis, caption), caption, grid)


def against_published(results: Results) -> list[Figure]:
    """The tasks whose published curves have places where we measured something."""
    figures = []
    for task, curve in published.complexity().tasks.items():
        found = turned_published(results, task)
        if found is None:
            continue
        beside = [Series(key, None, [share / 100 for share in values]) for key, values in curve.curves.items()]
        figures.append(
            _curves(results, found, f"{tasks()[task].paper_name}, at the published settings", curve.axis, beside)
        )
    return figures


def knob_curves(results: Results) -> dict[str, list[Figure]]:
    """By task: a figure for each knob that had more than one value."""
    found: dict[str, list[Figure]] = {}
    for task in paper_order(results.tasks):
        for one in turned_knobs(results, task):
            about = tasks()[task].knobs[one.axis].help if task in tasks() and one.axis in tasks()[task].knobs else ""
            caption = f"{one.axis}: {about}" if about else one.axis
            if one.also:
                caption += f" ({', '.join(one.also)} changed along with it)"
            found.setdefault(task, []).append(_curves(results, one, caption, one.axis, []))
    return found


def distributions(results: Results) -> list[Figure]:
    """A histogram for each row, and the published ones."""
    table = published.table()
    figures = []
    for place, one in enumerate(results.rows):
        scores = [cell.value / table.best[task] for task, cell in one.cells.items() if table.best.get(task)]
        figures.append(_histogram(distribution(scores), place, results.name(one.way), f"{len(scores)} tasks"))
    for key, counts in table.distribution.counts.items():
        figures.append(_histogram(counts, None, f"{_title(key)}, published", f"{sum(counts)} tasks"))
    return figures


def _histogram(counts: Sequence[int], place: int | None, name: str, note: str) -> Figure:
    caption = f"{name} ({note})"
    return Figure(
        bars(counts, place, f"{caption}: {', '.join(map(str, counts))} tasks in the eighths from 0 to 1."), caption
    )


def _curves(results: Results, found: Turned, caption: str, axis: str, beside: Sequence[Series]) -> Figure:
    ours = [
        Series(results.name(one.way), place, found.points[one.way])
        for place, one in enumerate(results.rows)
        if one.way in found.points
    ]
    every = [*ours, *beside]
    rows = []
    for series in every:
        name = series.name if series.place is not None else f"{_title(series.name)}, published"
        rows.append([Cell(name, published=series.place is None), *map(_share, series.points)])
    grid = Grid(caption, head(axis, *found.labels), rows, sticky=True)
    return Figure(curves(every, found.labels, axis, f"Success in percent, {caption}."), caption, grid)


def _share(one: Estimate | float | None) -> Cell:
    if one is None:
        return Cell(NONE)
    if isinstance(one, Estimate):
        return Cell(percent(one.value), f"{span(one)}, n={one.n}")
    return Cell(percent(one, 1).removesuffix(".0"), published=True)


def _title(key: str) -> str:
    return next(column.title for column in published.table().columns if column.key == key)
