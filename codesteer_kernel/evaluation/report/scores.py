"""The sections of a report that say who scored what: means, differences, and the table of tasks and methods."""

from __future__ import annotations

from collections.abc import Sequence

from codesteer_kernel.evaluation import published
from codesteer_kernel.evaluation.report.cells import NEVER, estimate, file_name, head, paper_name, row_head
from codesteer_kernel.evaluation.report.document import NONE, Cell, Fold, Grid, Part, Section, percent, span
from codesteer_kernel.evaluation.results import Measured, Results, split_of
from codesteer_kernel.evaluation.statistics import paired

__all__ = ["by_task", "differences", "scores"]

_RESAMPLES = 1000


def scores(results: Results) -> Section:
    """Means over tasks and attempts, raw and normalised, of each part of the benchmark."""
    rows = [
        [
            row_head(results, one),
            Cell(f"{len(one.attempts):,}", f"{len(one.cells)} tasks"),
            estimate(one.mean(), strip=True),
            estimate(one.pooled, note=f"{one.pooled.right:,} right"),
            estimate(one.normalised()),
            *(estimate(one.mean(split)) for split in ("seen", "unseen")),
            *(estimate(one.normalised(split)) for split in ("seen", "unseen")),
        ]
        for one in results.rows
    ]
    words = ["attempts", "mean over tasks", "mean over attempts", "normalised", "seen", "unseen"]
    table = published.table()
    note = (
        "Success in %, 95 % intervals below. Normalised: each task's share is divided by the best of the "
        f"{len(table.columns)} published columns of that task (the frozen set “{table.name}”), then averaged; it may pass "
        "100. Seen and unseen are the paper's parts of the benchmark: tasks that its steerer was, and was not, trained on."
    )
    grid = Grid("Scores", head("", *words, "normalised, seen", "normalised, unseen"), rows, note, sticky=True)
    return Section("scores", "Scores", "", [grid])


def differences(results: Results) -> Section:
    """Every pair of rows with one target; of each method, every pair of targets."""
    parts: list[Part] = []
    by_target: dict[str, list[Measured]] = {}
    by_method: dict[tuple[str, str], list[Measured]] = {}
    for one in results.rows:
        by_target.setdefault(one.way.target, []).append(one)
        by_method.setdefault((one.way.method, one.way.steerer), []).append(one)
    for target, rows in by_target.items():
        if len(rows) > 1:
            parts.append(_matrix(results, rows, f"The row against the column, with {target}"))
    across = [
        _matrix(results, rows, f"{rows[0].way.title}: the row's target against the column's")
        for rows in by_method.values()
        if len({one.way.target for one in rows}) > 1
    ]
    if across:
        parts.append(Fold("Between targets", across))
    intro = (
        "Percentage points by which the row is better than the column, over the problems that both tried, with the 95 % "
        "interval of a paired bootstrap over problems. ▲ or ▼ stands where the interval and an exact sign test part the two."
    )
    return Section("differences", "Differences", intro, parts)


def _matrix(results: Results, rows: Sequence[Measured], caption: str) -> Grid:
    lines = []
    for one in rows:
        cells = [row_head(results, one, rows)]
        for other in rows:
            found = paired(other.outcomes, one.outcomes, resamples=_RESAMPLES)
            if one is other or not found.n:
                cells.append(NEVER)
                continue
            sign = {1: " ▲", -1: " ▼", 0: ""}[found.told]
            note = f"{100 * found.low:+.0f} to {100 * found.high:+.0f}; {len(found.gained)} won, {len(found.lost)} lost of {found.n}"
            cells.append(Cell(f"{100 * found.difference:+.1f}{sign}", note))
        lines.append(cells)
    return Grid(caption, [Cell(""), *(row_head(results, one, rows) for one in rows)], lines, sticky=True)


def by_task(results: Results, *, linked: bool) -> Section:
    """The paper's layout: means above, tasks below, methods across, published columns beside."""
    table = published.table()
    beside = {one.way.published for one in results.rows} | {"OQ", "CS"}
    columns = [(column, column.key not in beside) for column in table.columns]
    titles = [Cell("task"), *(row_head(results, one) for one in results.rows)]
    titles += [Cell(column.title, column.model, published=True, extra=extra) for column, extra in columns]
    rows: list[list[Cell]] = []
    for name, split in (("seen", "seen"), ("unseen", "unseen"), ("all", "")):
        names = [task for task in results.tasks if split in ("", split_of(task))]
        if names:
            rows += _means(results, name, split, names, columns)
    groups = set()
    for name in ("seen", "unseen", ""):
        names = [task for task in results.tasks if split_of(task) == name]
        if names:
            groups.add(len(rows))
            rows.append([Cell(f"{name or 'other'} tasks")])
            rows += [_task(results, task, columns, linked=linked) for task in names]
    note = (
        "Success in %; below it the right answers of all, and the 95 % interval. Columns marked “published” are from "
        f"{table.source}; their means are over the tasks that stand here, so they differ from the printed ones over all 37. They "
        "were measured with other models on other problems, and judged with the help of a model."
    )
    if ours := dict.fromkeys(one.way.title for one in results.rows if one.way.known and not one.way.published):
        note += f" Of our own design, with no published column to stand beside: {', '.join(ours)}."
    grid = Grid("Tasks and methods", titles, rows, note, frozenset(groups), sticky=True)
    intro = "A task leads to its problems and runs." if linked else ""
    return Section("tasks", "Tasks and methods", intro, [grid])


_Columns = Sequence[tuple[published.Column, bool]]


def _means(results: Results, name: str, split: str, names: Sequence[str], columns: _Columns) -> list[list[Cell]]:
    """The raw and the normalised mean over some tasks, measured and published."""
    table = published.table()
    lines = []
    for title, normal in ((f"Mean, {name}", False), (f"Normalised mean, {name}", True)):
        line = [Cell(title, f"{len(names)} tasks")]
        for one in results.rows:
            found = one.normalised(split) if normal else one.mean(split)
            tried = len([task for task in names if task in one.cells])
            note = f"over {tried} tasks only" if found and tried < len(names) else ""
            line.append(estimate(found, note=note))
        for column, extra in columns:
            there = table.mean(column.key, names, normalised=normal)
            line.append(Cell(NONE if there is None else percent(there, 1), published=True, extra=extra))
        lines.append(line)
    return lines


def _task(results: Results, task: str, columns: _Columns, *, linked: bool) -> list[Cell]:
    line = [Cell(paper_name(task), link=f"tasks/{file_name(task)}" if linked else "")]
    for one in results.rows:
        cell = one.cells.get(task)
        note = f"{cell.right}/{cell.n} · {span(cell)}" if cell else ""
        line.append(Cell(percent(cell.value), note, share=cell.value) if cell else NEVER)
    for column, extra in columns:
        share = published.table().column(column.key).get(task)
        line.append(Cell(NONE if share is None else percent(share), published=True, extra=extra))
    return line
