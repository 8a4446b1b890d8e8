"""What a report says: its sections, built from what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean, median

from codesteer_kernel.evaluation import published
from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.report.document import (
    NONE,
    Cell,
    Document,
    Entry,
    Fold,
    Grid,
    Legend,
    Lines,
    Part,
    Section,
    percent,
    span,
)
from codesteer_kernel.evaluation.report.facts import facts
from codesteer_kernel.evaluation.report.figures import against_cost, against_published, distributions, knob_curves
from codesteer_kernel.evaluation.report.words import caveats, findings
from codesteer_kernel.evaluation.statistics import Checking, Estimate, brier, calibration, checking, paired
from codesteer_kernel.evaluation.tables import Board, Measured, split_of
from codesteer_kernel.symbench import tasks

__all__ = ["document"]

_NEVER = Cell(NONE)


def document(board: Board, title: str) -> Document:
    """The whole report."""
    count = len(board.attempts)
    days = sorted({one.started[:10] for one in board.attempts if one.started})
    when = f", {days[0]}" + (f" to {days[-1]}" if len(days) > 1 else "") if days else ""
    rows = f"{len(board.rows)} {'way' if len(board.rows) == 1 else 'ways'} of answering"
    subtitle = f"{count:,} attempts by {rows}, at {len(board.tasks)} of {len(tasks())} tasks{when}."
    sections = [
        Section(
            "short",
            "In short",
            "",
            [Lines(findings(board)), Fold("What these numbers do not show", [Lines(caveats(board))])],
        ),
        _scores(board),
        _differences(board),
        _tasks(board),
        _price(board),
        _complexity(board),
        _distribution(board),
        _rounds(board),
        _checkers(board),
        _ends(board),
        Section("job", "The job", "What was asked, where and when.", facts(board)),
    ]
    return Document(title, subtitle, [section for section in sections if section.parts])


def _legend(board: Board, *, with_published: bool = False) -> Legend:
    entries = [Entry(place, board.name(one.row)) for place, one in enumerate(board.rows)]
    return Legend([*entries, *([Entry(None, "published, not measured here")] if with_published else [])])


def _row_head(board: Board, one: Measured) -> Cell:
    name, note = board.label(one.row)
    return Cell(name, note)


def _estimate(one: Estimate | None, digits: int = 1, *, strip: bool = False, note: str = "") -> Cell:
    if one is None:
        return _NEVER
    return Cell(percent(one.value, digits), note or span(one), strip=one if strip else None, share=None)


def _scores(board: Board) -> Section:
    rows = [
        [
            _row_head(board, one),
            Cell(f"{len(one.attempts):,}", f"{len(one.cells)} tasks"),
            _estimate(one.mean(), strip=True),
            _estimate(one.pooled, note=f"{one.pooled.right:,} right"),
            _estimate(one.normalised()),
            *(_estimate(one.mean(split)) for split in ("seen", "unseen")),
            *(_estimate(one.normalised(split)) for split in ("seen", "unseen")),
        ]
        for one in board.rows
    ]
    head = [
        "",
        "attempts",
        "mean over tasks",
        "mean over attempts",
        "normalised",
        "seen",
        "unseen",
        "normalised, seen",
        "normalised, unseen",
    ]
    table = published.table()
    note = (
        "Success in %, 95 % intervals below. Normalised: each task's share is divided by the best of the "
        f"{len(table.columns)} published columns of that task (the frozen set “{table.name}”), then averaged; it may pass "
        "100. Seen and unseen are the paper's parts of the benchmark: tasks that its steerer was, and was not, trained on."
    )
    grid = Grid("Scores", [Cell(word) for word in head], rows, note, sticky=True)
    return Section("scores", "Scores", "", [grid])


def _differences(board: Board) -> Section:
    parts: list[Part] = []
    groups = {
        one.row.target: [other for other in board.rows if other.row.target == one.row.target] for one in board.rows
    }
    for target, rows in groups.items():
        if len(rows) > 1:
            of = f" with {target}" if len(groups) > 1 else ""
            parts.append(_matrix(board, rows, f"How much better the row is than the column{of}"))
    by_method: dict[tuple[str, str], list[Measured]] = {}
    for one in board.rows:
        by_method.setdefault((one.row.method, one.row.steerer), []).append(one)
    across = [
        _matrix(board, rows, f"{rows[0].row.title} with one target and another")
        for rows in by_method.values()
        if len({one.row.target for one in rows}) > 1
    ]
    if across:
        parts.append(Fold("Between targets", across))
    intro = (
        "Percentage points between two rows, only over problems that both tried, with the 95 % interval of a paired "
        "bootstrap over problems. A ▲ or ▼ stands where the interval and an exact sign test both part the two."
    )
    return Section("differences", "Differences", intro, parts)


def _matrix(board: Board, rows: Sequence[Measured], caption: str) -> Grid:
    lines = []
    for one in rows:
        cells = [_row_head(board, one)]
        for other in rows:
            found = paired(other.outcomes, one.outcomes, resamples=1000)
            if one is other or not found.n:
                cells.append(_NEVER)
                continue
            sign = {1: " ▲", -1: " ▼", 0: ""}[found.told]
            text = f"{100 * found.difference:+.1f}{sign}"
            note = f"{100 * found.low:+.0f} to {100 * found.high:+.0f}; {len(found.gained)} won, {len(found.lost)} lost, n={found.n}"
            cells.append(Cell(text, note))
        lines.append(cells)
    return Grid(caption, [Cell(""), *(_row_head(board, one) for one in rows)], lines, sticky=True)


def _tasks(board: Board) -> Section:
    """The paper's layout: means above, tasks below, methods across, published columns beside."""
    table = published.table()
    beside = {one.row.published for one in board.rows} | {"OQ", "CS"}
    columns = [(column, column.key not in beside) for column in table.columns]
    head = [Cell("task"), *(_row_head(board, one) for one in board.rows)]
    head += [Cell(column.title, column.model, published=True, extra=extra) for column, extra in columns]
    rows: list[list[Cell]] = []
    groups = set()
    for name, of in (("seen", "seen"), ("unseen", "unseen"), ("all", "")):
        names = [task for task in board.tasks if of in ("", split_of(task))]
        if not names:
            continue
        for kind in ("Mean", "Normalised mean"):
            line = [Cell(f"{kind}, {name}", f"{len(names)} tasks")]
            for one in board.rows:
                found = one.mean(of) if kind == "Mean" else one.normalised(of)
                short = len([task for task in one.cells if task in names])
                note = f"over {short} tasks only" if found and short < len(names) else span(found) if found else ""
                line.append(_estimate(found, note=note) if found else _NEVER)
            for column, extra in columns:
                shares = {task: share for task, share in table.column(column.key).items() if task in names}
                value = (
                    fmean(share / (1 if kind == "Mean" else table.best[task]) for task, share in shares.items())
                    if shares
                    else None
                )
                line.append(Cell(NONE if value is None else percent(value, 1), published=True, extra=extra))
            rows.append(line)
    for name in ("seen", "unseen", ""):
        names = [task for task in board.tasks if split_of(task) == name]
        if names:
            groups.add(len(rows))
            rows.append([Cell(f"{name} tasks" if name else "other tasks")])
        for task in names:
            line = [Cell(tasks()[task].paper_name if task in tasks() else task, link=f"tasks/{task}.html")]
            for one in board.rows:
                cell = one.cells.get(task)
                line.append(
                    Cell(
                        percent(cell.value),
                        f"{cell.right}/{cell.n} · {span(cell)}",
                        share=cell.value,
                    )
                    if cell
                    else _NEVER
                )
            for column, extra in columns:
                share = table.column(column.key).get(task)
                line.append(Cell(NONE if share is None else percent(share), published=True, extra=extra))
            rows.append(line)
    ours = [board.name(one.row) for one in board.rows if not one.row.published]
    note = (
        f"Success in %; below it right answers of attempts and the 95 % interval. Columns marked “published” are from {table.source}; their means "
        "are over the tasks that stand here, so they differ from the printed ones over 37. They were measured with other models on other "
        "problems, and judged with the help of a model."
    )
    if ours:
        note += f" Ours by design, with no published column to stand beside: {', '.join(dict.fromkeys(ours))}."
    grid = Grid("Tasks and methods", head, rows, note, frozenset(groups), sticky=True)
    return Section("tasks", "Tasks and methods", "A task leads to its problems and runs.", [grid])


def _price(board: Board) -> Section:
    rows = []
    for one in board.rows:
        each = [a.input_tokens + a.output_tokens for a in one.attempts]
        cached = sum(a.cached_tokens for a in one.attempts) / max(1, sum(a.input_tokens for a in one.attempts))
        cost = one.cost
        right = one.pooled.right
        rows.append(
            [
                _row_head(board, one),
                Cell(f"{one.tokens:,.0f}", f"median {median(each):,.0f}"),
                Cell(f"{fmean(a.output_tokens for a in one.attempts):,.0f}", "written"),
                Cell(f"{percent(cached)} %", "of what was read"),
                Cell(f"{one.seconds:.1f} s", f"median {median(a.seconds for a in one.attempts):.1f} s"),
                Cell(f"{one.calls:.1f}"),
                Cell(
                    "not known" if cost is None else _money(cost),
                    "" if not cost else f"{_money(cost / len(one.attempts))} each",
                ),
                Cell(f"{sum(each) / right:,.0f}" if right else NONE, "tokens"),
                Cell(_longest(one.attempts)),
            ]
        )
    head = [
        "",
        "tokens a problem",
        "of them written",
        "cached",
        "seconds a problem",
        "model calls",
        "money",
        "for a right answer",
        "where the time went",
    ]
    grid = Grid(
        "What it costs",
        [Cell(word) for word in head],
        rows,
        "Seconds are wall time with whatever ran beside it; they hold for this machine.",
        sticky=True,
    )
    return Section("cost", "Cost against score", "", [grid, _legend(board, with_published=True), *against_cost(board)])


def _money(dollars: float) -> str:
    return "$0" if dollars == 0 else f"${dollars:.4f}" if dollars < 1 else f"${dollars:,.2f}"


def _longest(attempts: Sequence[Attempt]) -> str:
    phases: Counter[str] = Counter()
    for one in attempts:
        phases.update(one.split)
    whole = sum(phases.values())
    return (
        ", ".join(f"{name} {percent(seconds / whole)} %" for name, seconds in phases.most_common(3)) if whole else NONE
    )


def _complexity(board: Board) -> Section:
    parts: list[Part] = [*against_published(board)]
    more = knob_curves(board)
    if not parts and not more:
        return Section("complexity", "Accuracy against difficulty")
    if parts:
        parts.insert(
            0, Lines([f"Dashed grey: published ({published.complexity().source}; {published.complexity().accuracy})."])
        )
    intro = "Success at rising settings, 95 % intervals; a curve has gaps where nothing was tried."
    parts = [_legend(board, with_published=bool(parts)), *parts]
    parts += [
        Fold(f"{tasks()[task].paper_name if task in tasks() else task}: every knob that was turned", figures)
        for task, figures in more.items()
    ]
    return Section("complexity", "Accuracy against difficulty", intro, parts)


def _distribution(board: Board) -> Section:
    intro = "How many tasks have a normalised score (share / best published share) in each eighth from 0 to 1; what passes 1 stands in the last."
    return Section("distribution", "Distribution of scores", intro, distributions(board))


def _rounds(board: Board) -> Section:
    longest = max((len(one.decisions) for one in board.attempts), default=0)
    if not longest:
        return Section("rounds", "Code, text and rounds")
    rows = []
    for one in board.rows:
        kinds = Counter(kind for a in one.attempts for kind in a.decisions)
        whole = sum(kinds.values())
        used = Counter(len(a.decisions) for a in one.attempts)
        origin = Counter(a.origin for a in one.attempts)
        line = [
            _row_head(board, one),
            Cell(
                f"{percent(kinds['code'] / whole)} : {percent(kinds['text'] / whole)}" if whole else NONE,
                f"of {whole:,} rounds",
            ),
            *(_by_kind(one.attempts, kind) for kind in ("program", "text")),
            Cell(f"{origin['none']:,}" if origin["none"] else "0"),
            Cell(f"{fmean(len(a.decisions) for a in one.attempts):.2f}"),
        ]
        line += [
            Cell(
                f"{used[number]:,}" if used[number] else "·", f"{_right(one.attempts, number)}" if used[number] else ""
            )
            for number in range(longest + 1)
            if used[number] or number
        ]
        rows.append(line)
    head = [
        "",
        "code : text",
        "answer from a program",
        "answer in words",
        "no answer",
        "rounds used",
        *(f"{number} {'round' if number == 1 else 'rounds'}" for number in range(1, longest + 1)),
    ]
    if any(not one.decisions for one in board.attempts):
        # Runs that ended before their first round.
        for line, one in zip(rows, board.rows, strict=True):
            if all(a.decisions for a in one.attempts):
                line.insert(6, Cell("·"))
        head.insert(6, "none")
    note = "Below a number of rounds: the share of right answers among attempts that took so many."
    return Section(
        "rounds",
        "Code, text and rounds",
        "",
        [Grid("How it was answered", [Cell(word) for word in head], rows, note, sticky=True)],
    )


def _by_kind(attempts: Iterable[Attempt], origin: str) -> Cell:
    right = [one.correct for one in attempts if one.origin == origin]
    return Cell(f"{len(right):,}", f"{percent(fmean(right))} % right") if right else Cell("0")


def _right(attempts: Iterable[Attempt], rounds: int) -> str:
    return f"{percent(fmean(one.correct for one in attempts if len(one.decisions) == rounds))} % right"


def _checkers(board: Board) -> Section:
    parts: list[Part] = []
    rows = []
    for one in board.rows:
        found = checking((a.checker, a.correct) for a in one.attempts)
        if found.passes + found.fails + found.silent:
            rows.append([_row_head(board, one), *_checking(found)])
    if rows:
        head = [
            "",
            "passed",
            "failed",
            "could not tell",
            "precision: “pass” was right",
            "recall: right answers that passed",
            "“fail” was right",
        ]
        note = "Only answers that the self-answer checker saw: what it said of the round that won, against the task's own rule."
        parts.append(Grid("The self-answer checker", [Cell(word) for word in head], rows, note, sticky=True))
    forecasts = [(one, [(a.sure, a.correct) for a in one.attempts if a.sure is not None]) for one in board.rows]
    bins = [
        [
            Cell(board.name(one.row)),
            Cell(percent(bin_.forecast)),
            Cell(percent(bin_.came.value), span(bin_.came)),
            Cell(f"{bin_.came.n:,}"),
        ]
        for one, told in forecasts
        for bin_ in calibration(told)
    ]
    if bins:
        scores = [
            f"{board.name(one.row)}: Brier score {brier(told):.3f} over {len(told):,} answers."
            for one, told in forecasts
            if told
        ]
        parts.append(
            Lines(
                [
                    *scores,
                    "0 is perfect, 0.25 is what a coin gets. The forecast is the probability that the steerer gave to returning the answer.",
                ]
            )
        )
        head = ["", "steerer was sure by (%)", "answer was right (%)", "answers"]
        parts.append(Grid("How well the steerer knows", [Cell(word) for word in head], bins))
    return Section("checkers", "Checkers", "", parts)


def _checking(found: Checking) -> list[Cell]:
    counts = [Cell(f"{number:,}") for number in (found.passes, found.fails, found.silent)]
    return [*counts, *(_estimate(one, 0) for one in (found.precision, found.recall, found.rejection))]


def _ends(board: Board) -> Section:
    parts: list[Part] = [
        _counts(
            board,
            "What the rules said",
            lambda one: one.code or "not judged",
            "The verifier's codes; “ok” is a right answer.",
        ),
        _counts(
            board,
            "How runs ended",
            lambda one: one.status if not one.hit else f"{one.status}: {one.hit}",
            "“exhausted” with the budget that was reached.",
        ),
    ]
    if any(one.error for one in board.attempts):
        parts.append(
            _counts(
                board, "Failures and errors", lambda one: one.error or None, "Runs that failed count as wrong answers."
            )
        )
    return Section("ends", "Verdicts and failures", "", parts)


def _counts(board: Board, caption: str, told: Callable[[Attempt], str | None], note: str) -> Grid:
    found = [Counter(filter(None, map(told, one.attempts))) for one in board.rows]
    whole = sum(found, Counter())
    rows = [
        [
            _row_head(board, one),
            *(Cell(f"{counts[name]:,}" if counts[name] else "·") for name, _ in whole.most_common()),
        ]
        for one, counts in zip(board.rows, found, strict=True)
    ]
    return Grid(caption, [Cell(""), *(Cell(name) for name, _ in whole.most_common())], rows, note, sticky=True)
