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
from codesteer_kernel.evaluation.tables import Board
from codesteer_kernel.symbench import tasks

__all__ = ["document"]


def document(board: Board, title: str) -> Document:
    """The whole report."""
    days = sorted({one.started[:10] for one in board.attempts if one.started})
    when = f", {days[0]}" + (f" to {days[-1]}" if len(days) > 1 else "") if days else ""
    ways = f"{len(board.rows)} {'way' if len(board.rows) == 1 else 'ways'} of answering"
    subtitle = f"{len(board.attempts):,} attempts by {ways}, at {len(board.tasks)} of {len(tasks())} tasks{when}."
    sections = [
        Section("short", "In short", "", [Lines(findings(board))]),
        Section("limits", "What these numbers do not show", "", [Lines(caveats(board))]),
        scores(board),
        differences(board),
        by_task(board),
        price(board),
        _difficulty(board),
        _distribution(board),
        rounds(board),
        checkers(board),
        ends(board),
        Section("job", "The job", "What was asked, where and when.", facts(board)),
    ]
    return Document(title, subtitle, [section for section in sections if section.parts])


def _difficulty(board: Board) -> Section:
    beside, turned = against_published(board), knob_curves(board)
    intro = "Success at rising settings, spaced evenly, with 95 % intervals; a curve has a gap where nothing was tried."
    if beside:
        there = published.complexity()
        intro += f" Dashed grey is published: {there.source}; {there.accuracy}."
    parts: list[Part] = [legend(board, with_published=bool(beside)), *beside] if beside or turned else []
    parts += [Fold(f"{paper_name(task)}: every knob that was turned", figures) for task, figures in turned.items()]
    return Section("difficulty", "Accuracy against difficulty", intro, parts)


def _distribution(board: Board) -> Section:
    intro = "How many tasks have a normalised score in each eighth from 0 to 1; what passes 1 stands in the last."
    return Section("distribution", "Distribution of scores", intro, distributions(board))
