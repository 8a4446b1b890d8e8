"""What the numbers show and what they do not, in sentences made from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

from codesteer_kernel.evaluation import published
from codesteer_kernel.evaluation.report.document import percent, span
from codesteer_kernel.evaluation.results import Measured, Results, split_of
from codesteer_kernel.evaluation.statistics import checking, paired, wilson
from codesteer_kernel.symbench import tasks

__all__ = ["caveats", "findings"]

_WIDE = 0.3
"""An interval as wide as this (in share) leaves a cell nearly open."""


def findings(results: Results) -> list[str]:
    """What can be said: the best rows, what beats the plain question, what it takes, what the checker is worth."""
    lines: list[str] = []
    targets = list(dict.fromkeys(one.way.target for one in results.rows))
    for target in targets:
        rows = [one for one in results.rows if one.way.target == target]
        of = f"With {target}, " if len(targets) > 1 else ""
        means = [(one, mean) for one in rows if (mean := one.mean()) is not None]
        top = max(mean.value for _, mean in means)
        best = [one for one, mean in means if mean.value == top]
        names = " and ".join(results.name(one.way, rows) for one in best)
        mean = next(mean for _, mean in means if mean.value == top)
        told = f"{percent(top, 1)} % ({span(mean, 1)})"
        if len(rows) == 1:
            lines.append(f"{of}{names} gets {told} as the mean over tasks.")
        else:
            lines.append(f"{of}{names} {'has' if len(best) == 1 else 'share'} the highest mean over tasks, {told}.")
        lines += _against_first(results, rows)
    lines += _checker(results)
    return lines


def _against_first(results: Results, rows: Sequence[Measured]) -> list[str]:
    """Everything against the first row, which is the plainest method that was tried."""
    base, *others = rows
    lines, open_ = [], []
    for one in others:
        found = paired(base.outcomes, one.outcomes)
        times = one.tokens / base.tokens if base.tokens else 0.0
        if not found.told:
            open_.append(f"{results.name(one.way, rows)} ({100 * found.difference:+.1f} points, n={found.n})")
            continue
        word = "better" if found.told > 0 else "worse"
        lines.append(
            f"{results.name(one.way, rows)} is {word} than {results.name(base.way, rows)} by {abs(100 * found.difference):.1f} points "
            f"({100 * found.low:+.1f} to {100 * found.high:+.1f}) on {found.n} common problems: "
            f"{len(found.gained)} won, {len(found.lost)} lost"
            + (f"; it used {times:.1f} times the tokens." if times else ".")
        )
    if open_:
        lines.append(f"Cannot be told from {results.name(base.way, rows)} with these problems: {'; '.join(open_)}.")
    return lines


def _checker(results: Results) -> list[str]:
    found = checking((one.checker, one.correct) for one in results.attempts)
    if found.precision is None:
        return []
    line = f"Where the self-answer checker said “pass”, the answer was right in {percent(found.precision.value)} % of {found.passes:,} cases ({span(found.precision)})"
    return [
        f"{line}; it passed {percent(found.recall.value)} % of the right answers that it saw."
        if found.recall
        else f"{line}."
    ]


def caveats(results: Results) -> list[str]:
    """What a reader might take from the numbers and should not."""
    return [
        line
        for part in (
            _small(results),
            _missing(results),
            _uneven(results),
            _failures(results),
            _budgets(results),
            _comparisons(results),
            _unmarked(results),
            _mixed(results),
            _beside(results),
        )
        for line in part
    ]


def _small(results: Results) -> Iterable[str]:
    sizes = [cell.n for one in results.rows for cell in one.cells.values()]
    typical = round(median(sizes))
    half = wilson(round(typical / 2), typical)
    if half.high - half.low > _WIDE:
        cells = f"{min(sizes)}" if min(sizes) == max(sizes) else f"{min(sizes)} to {max(sizes)}"
        yield (
            f"Cells are small: {cells} problems each. One answer more moves a cell of {typical} by {100 / typical:.0f} points, and {half.right} right of {typical} "
            f"mean anything from {span(half)} %. Read single cells as hints, means and paired differences as results."
        )


def _missing(results: Results) -> Iterable[str]:
    left = len(tasks()) - len([task for task in results.tasks if task in tasks()])
    if left:
        unseen = sum(split_of(task) == "unseen" for task in results.tasks)
        yield f"{len(results.tasks)} of {len(tasks())} tasks were tried ({unseen} unseen); nothing is said of the other {left}, and means are not those over all."
    levels = sorted({one.level for one in results.attempts if one.level})
    if levels:
        word = "level" if len(levels) == 1 else "levels"
        yield f"Problems are of the {word} {', '.join(levels)}: other difficulties give other numbers."


def _uneven(results: Results) -> Iterable[str]:
    if len({frozenset(one.outcomes) for one in results.rows}) > 1:
        yield "Not every row tried the same problems: means of rows are not comparable as they stand, paired differences are."
    if results.unfinished:
        yield f"{results.unfinished:,} attempts were stopped by whoever ran the job; they are not counted."
    if results.repeated:
        yield (
            f"{results.repeated:,} attempts were at a problem that the same row had already tried (levels with equal knobs have "
            "equal problems); they are not counted."
        )


def _failures(results: Results) -> Iterable[str]:
    failed = [one for one in results.attempts if one.status == "failed"]
    if failed:
        codes = ", ".join(
            f"{code} {count:,}" for code, count in Counter(one.error or "unknown" for one in failed).most_common()
        )
        yield f"{len(failed):,} of {len(results.attempts):,} runs failed ({codes}); they count as wrong answers, though a fault of a machine may be behind them."


def _budgets(results: Results) -> Iterable[str]:
    hit = Counter(one.hit for one in results.attempts if one.hit)
    if hit:
        told = ", ".join(f"{name} {count:,}" for name, count in hit.most_common())
        yield f"Runs that ended by a budget ({told}) might have come further with a larger one."


def _comparisons(results: Results) -> Iterable[str]:
    groups = Counter(one.way.target for one in results.rows)
    pairs = sum(count * (count - 1) // 2 for count in groups.values())
    if pairs >= 10:
        yield f"{pairs} pairs of rows are compared at 95 %: about {max(1, round(pairs * 0.05))} of them would differ by chance alone."


def _unmarked(results: Results) -> Iterable[str]:
    right = [one for one in results.attempts if one.correct]
    loose = sum(not one.marked for one in right)
    if loose:
        yield f"{loose:,} of {len(right):,} right answers did not stand between the asked-for marks and were read from the text around; a stricter reader would call them wrong."


def _mixed(results: Results) -> Iterable[str]:
    for name, told in (("versions", "versions of software"), ("hardware", "machines"), ("settings", "settings")):
        if len({str(job.facts.get(name)) for job in results.sources}) > 1:
            yield f"The jobs had different {told} (see “The job”): differences between their rows may come from that."
    versions = Counter(task for task, _ in {(one.task, one.version) for one in results.attempts})
    if changed := [task for task, count in versions.items() if count > 1]:
        yield f"Problems of different versions of a task stand in one cell: {', '.join(changed)}."
    if any(one.cost is None for one in results.attempts):
        yield "The price of some calls is not known: money is shown only where all of it is."


def _beside(results: Results) -> Iterable[str]:
    column = published.table()
    yield (
        f"Published numbers ({column.source}) are of GPT-4o and reasoning models, on other problems of the same tasks, with answers picked "
        "out and partly judged by a model. They show the order of things; a difference between a measured and a published cell shows nothing."
    )
