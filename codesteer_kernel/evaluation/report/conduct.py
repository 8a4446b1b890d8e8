"""The sections of a report that say how answers came about: what they cost, code and text, rounds, checkers, ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from statistics import fmean, median

from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.report.cells import NEVER, estimate, head, legend, row_head, share_right
from codesteer_kernel.evaluation.report.document import NONE, Cell, Grid, Part, Section, percent, span
from codesteer_kernel.evaluation.report.figures import against_cost
from codesteer_kernel.evaluation.results import Measured, Results
from codesteer_kernel.evaluation.statistics import brier, calibration, checking

__all__ = ["checkers", "ends", "price", "rounds"]

_BINS = 5


def price(results: Results) -> Section:
    """Tokens, seconds, calls and money, and the figure of score against them."""
    titles = head(
        "",
        "tokens a problem",
        "of them written",
        "read from a cache",
        "seconds a problem",
        "model calls",
        "money",
        "tokens a right answer",
        "where the time went",
    )
    note = "Seconds are wall time with whatever ran beside it, on the machine below."
    grid = Grid("What it costs", titles, [_price(results, one) for one in results.rows], note, sticky=True)
    return Section(
        "cost", "Cost against score", "", [grid, legend(results, with_published=True), *against_cost(results)]
    )


def _price(results: Results, one: Measured) -> list[Cell]:
    each = [tried.input_tokens + tried.output_tokens for tried in one.attempts]
    read = sum(tried.input_tokens for tried in one.attempts)
    cost = one.cost
    return [
        row_head(results, one),
        Cell(f"{one.tokens:,.0f}", f"median {median(each):,.0f}"),
        Cell(f"{fmean(tried.output_tokens for tried in one.attempts):,.0f}"),
        Cell(f"{percent(sum(tried.cached_tokens for tried in one.attempts) / read)} %" if read else NONE),
        Cell(f"{one.seconds:.1f}", f"median {median(tried.seconds for tried in one.attempts):.1f}"),
        Cell(f"{one.calls:.1f}"),
        Cell("not known" if cost is None else _money(cost), f"{_money(cost / len(one.attempts))} each" if cost else ""),
        Cell(f"{sum(each) / one.pooled.right:,.0f}" if one.pooled.right else NONE),
        Cell(_longest(one.attempts)),
    ]


def _money(dollars: float) -> str:
    return "$0" if dollars == 0 else f"${dollars:.4f}" if dollars < 1 else f"${dollars:,.2f}"


def _longest(attempts: Sequence[Attempt]) -> str:
    """The phases that took most of the time."""
    phases: dict[str, float] = {}
    for one in attempts:
        for name, seconds in one.split.items():
            phases[name] = phases.get(name, 0.0) + seconds
    whole = sum(phases.values())
    longest = sorted(phases.items(), key=lambda phase: -phase[1])[:3]
    return ", ".join(f"{name} {percent(seconds / whole)} %" for name, seconds in longest) if whole else NONE


def rounds(results: Results) -> Section:
    """How much was code and how much text, and how many rounds it took."""
    used = sorted({len(one.decisions) for one in results.attempts})
    rows = []
    for one in results.rows:
        kinds = Counter(kind for tried in one.attempts for kind in tried.decisions)
        whole = sum(kinds.values())
        ratio = f"{percent(kinds['code'] / whole)} : {percent(kinds['text'] / whole)}" if whole else NONE
        line = [row_head(results, one), Cell(ratio, f"of {whole:,} rounds")]
        line += [
            _some([tried for tried in one.attempts if tried.origin == origin]) for origin in ("program", "text", "none")
        ]
        line.append(Cell(f"{fmean(len(tried.decisions) for tried in one.attempts):.2f}"))
        line += [_some([tried for tried in one.attempts if len(tried.decisions) == number]) for number in used]
        rows.append(line)
    counts = [f"{number or 'no'} round{'' if number == 1 else 's'}" for number in used]
    titles = head("", "code : text", "answer from a program", "answer in words", "no answer", "rounds, mean", *counts)
    grid = Grid(
        "How it was answered", titles, rows, "Below a count: the share of right answers among these.", sticky=True
    )
    return Section("rounds", "Code, text and rounds", "", [grid])


def _some(attempts: Sequence[Attempt]) -> Cell:
    return Cell(f"{len(attempts):,}", share_right(attempts)) if attempts else NEVER


def checkers(results: Results) -> Section:
    """How far “pass” is to be believed, and how well the steerer knows what is right."""
    parts: list[Part] = []
    rows = []
    for one in results.rows:
        found = checking((tried.checker, tried.correct) for tried in one.attempts)
        if found.passes + found.fails + found.silent:
            counts = [Cell(f"{number:,}") for number in (found.passes, found.fails, found.silent)]
            shares = [estimate(share, 0) for share in (found.precision, found.recall, found.rejection)]
            rows.append([row_head(results, one), *counts, *shares])
    if rows:
        shares_of = ("precision: “pass” was right", "recall: right answers that passed", "“fail” was right")
        note = "Of answers that it saw: what it said of the round that won, against the task's own rule; %, 95 % intervals."
        titles = head("", "passed", "failed", "could not tell", *shares_of)
        parts.append(Grid("The self-answer checker", titles, rows, note, sticky=True))
    told = [
        (one, [(tried.sure, tried.correct) for tried in one.attempts if tried.sure is not None]) for one in results.rows
    ]
    rows = [
        [row_head(results, one), Cell(f"{brier(forecasts):.3f}", f"of {len(forecasts):,}"), *_calibration(forecasts)]
        for one, forecasts in told
        if forecasts
    ]
    if rows:
        bins = [f"{100 * place // _BINS} to {100 * (place + 1) // _BINS} % sure" for place in range(_BINS)]
        note = (
            "How often the answer was right (%) when the steerer returned it so surely: its probability of returning, where it was "
            "scored. The Brier score is 0 for a perfect forecast and 0.25 for a coin."
        )
        parts.append(Grid("How well the steerer knows", head("", "Brier score", *bins), rows, note, sticky=True))
    return Section("checkers", "Checkers", "", parts)


def _calibration(forecasts: Sequence[tuple[float, bool]]) -> list[Cell]:
    found = {min(_BINS - 1, int(one.forecast * _BINS)): one for one in calibration(forecasts, _BINS)}
    return [
        Cell(percent(one.came.value), f"{span(one.came)}, n={one.came.n}") if (one := found.get(place)) else NEVER
        for place in range(_BINS)
    ]


def ends(results: Results) -> Section:
    """What verifiers said, how runs ended, what failed."""
    parts: list[Part] = [
        _counts(
            results,
            "What the rules said",
            lambda one: one.code or "not judged",
            "The verifier's codes; “ok” is a right answer.",
        ),
        _counts(results, "How runs ended", _end, "“exhausted”: at the budget that is named."),
    ]
    if any(one.error for one in results.attempts):
        parts.append(_counts(results, "Failures", lambda one: one.error, "Runs that failed count as wrong answers."))
    return Section("ends", "Verdicts and failures", "", parts)


def _end(one: Attempt) -> str:
    return f"{one.status}: {one.hit}" if one.hit else one.status


def _counts(results: Results, caption: str, told: Callable[[Attempt], str], note: str) -> Grid:
    found = [Counter(filter(None, map(told, one.attempts))) for one in results.rows]
    whole = sum(found, Counter[str]())
    names = [name for name, _ in whole.most_common()]
    rows = [
        [row_head(results, one), *(Cell(f"{counts[name]:,}" if counts[name] else NONE) for name in names)]
        for one, counts in zip(results.rows, found, strict=True)
    ]
    return Grid(caption, head("", *names), rows, note, sticky=True)
