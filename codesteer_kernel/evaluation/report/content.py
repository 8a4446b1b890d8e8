"""What a report says: its sections in order, built from what was measured."""

from __future__ import annotations

from codesteer_kernel.evaluation import published
from codesteer_kernel.evaluation.report.cells import legend, paper_name
from codesteer_kernel.evaluation.report.conduct import checkers, ends, price, rounds
from codesteer_kernel.evaluation.report.document import Document, Fold, Lines, Part, Section
from codesteer_kernel.evaluation.report.facts import facts
from codesteer_kernel.evaluation.report.figures import against_published, distributions, knob_curves
from codesteer_kernel.evaluation.report.scores import by_task, differences, scores
from codesteer_kernel.evaluation.report.words import caveats, findings
from codesteer_kernel.evaluation.results import Results
from codesteer_kernel.symbench import tasks

__all__ = ["document"]


def document(results: Results, title: str, *, linked: bool = True) -> Document:
    """The whole report; ``linked`` to the pages of tasks."""
    days = sorted({one.started[:10] for one in results.attempts if one.started})
    when = f", {days[0]}" + (f" to {days[-1]}" if len(days) > 1 else "") if days else ""
    ways = f"{len(results.rows)} {'way' if len(results.rows) == 1 else 'ways'} of answering"
    subtitle = f"{len(results.attempts):,} attempts by {ways}, at {len(results.tasks)} of {len(tasks())} tasks{when}."
    sections = [
        Section("short", "In short", "", [Lines(findings(results))]),
        Section("limits", "What these numbers do not show", "", [Lines(caveats(results))]),
        scores(results),
        differences(results),
        by_task(results, linked=linked),
        price(results),
        _difficulty(results),
        _distribution(results),
        rounds(results),
        checkers(results),
        ends(results),
        Section("job", "The job", "What was asked, where and when.", facts(results)),
    ]
    return Document(title, subtitle, [section for section in sections if section.parts])


def _difficulty(results: Results) -> Section:
    beside, turned = against_published(results), knob_curves(results)
    intro = "Success at rising settings, spaced evenly, with 95 % intervals; a curve has a gap where nothing was tried."
    if beside:
        there = published.complexity()
        intro += f" Dashed grey is published: {there.source}; {there.accuracy}."
    parts: list[Part] = [legend(results, with_published=bool(beside)), *beside] if beside or turned else []
    parts += [Fold(f"{paper_name(task)}: every knob that was turned", figures) for task, figures in turned.items()]
    return Section("difficulty", "Accuracy against difficulty", intro, parts)


def _distribution(results: Results) -> Section:
    intro = "How many tasks have a normalised score in each eighth from 0 to 1; what passes 1 stands in the last."
    return Section("distribution", "Distribution of scores", intro, distributions(results))
