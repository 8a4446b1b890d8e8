"""The figures of a report: cost against score, curves against difficulty, distributions of scores."""

from __future__ import annotations

from collections.abc import Sequence

from codesteer_kernel.evaluation import published
from codesteer_kernel.evaluation.report.document import NONE, Cell, Figure, Grid, percent, span
from codesteer_kernel.evaluation.report.plots import Mark, Series, bars, cloud, curves
from codesteer_kernel.evaluation.results import Results, paper_order
from codesteer_kernel.evaluation.statistics import Estimate, distribution
from codesteer_kernel.evaluation.turned import Turned, turned_knobs, turned_published
from codesteer_kernel.symbench import tasks

__all__ = ["against_cost", "against_published", "distributions", "knob_curves"]


def against_cost(results: Results) -> list[Figure]:
    """Normalised score against tokens and seconds of a problem, and against money where some was spent; published points beside."""
    there = published.cost()
    figures = []
    points = [(point.column, point.score / 100, point.tokens, point.seconds) for point in there.points]
    for axis, ours, beside in (
        (
            "tokens a problem",
            [one.tokens for one in results.rows],
            [(name, score, tokens) for name, score, tokens, _ in points],
        ),
        (
            "seconds a problem",
            [one.seconds for one in results.rows],
            [(name, score, seconds) for name, score, _, seconds in points],
        ),
        ("US dollars a problem", [(one.cost or 0) / len(one.attempts) for one in results.rows], []),
    ):
        marks = [Mark(name, None, x, score) for name, score, x in beside if x is not None]
        found = [
            (place, one, x, one.normalised()) for place, (one, x) in enumerate(zip(results.rows, ours, strict=True))
        ]
        drawn = [Mark(results.name(one.way), place, x, score) for place, one, x, score in found if score and x > 0]
        if not drawn:
            continue
        rows = [
            [Cell(one.name), Cell(f"{one.x:,.3g}" if one.x < 100 else f"{one.x:,.0f}"), _share(one.y)] for one in drawn
        ]
        rows += [
            [Cell(f"{_title(one.name)}, published", published=True), Cell(f"{one.x:,g}", published=True), _share(one.y)]
            for one in marks
        ]
        grid = Grid(f"Normalised score against {axis}", [Cell(""), Cell(axis), Cell("normalised score")], rows)
        caption = f"Normalised score (%) against {axis}, on a scale of factors."
        if marks:
            caption += f" Published: {there.accuracy}; over 37 tasks, other models and machines."
        figures.append(Figure(cloud([*marks, *drawn], axis, caption), caption, grid))
    return figures


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
                caption += f" (with it changed {', '.join(one.also)})"
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
    grid = Grid(caption, [Cell(axis), *(Cell(label) for label in found.labels)], rows)
    return Figure(curves(every, found.labels, axis, f"Success in percent, {caption}."), caption, grid)


def _share(one: Estimate | float | None) -> Cell:
    if one is None:
        return Cell(NONE)
    if isinstance(one, Estimate):
        return Cell(percent(one.value), f"{span(one)}, n={one.n}")
    return Cell(percent(one, 1).removesuffix(".0"), published=True)


def _title(key: str) -> str:
    return next(column.title for column in published.table().columns if column.key == key)
