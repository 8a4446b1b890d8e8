"""The row that is kept of one method's try at one problem."""

from __future__ import annotations

import msgspec

from codesteer_kernel.evaluation.judging import Origin, judge
from codesteer_kernel.record import Record
from codesteer_kernel.symbench import Problem

__all__ = ["Attempt", "attempt_of"]


class Attempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One try, as one line of JSON. Seconds are wall time, ``cost`` is in US dollars (None: some price is not known).

    Attributes:
        key: identifies what was tried, with which models and settings; equal keys are never tried twice.
        method, target, steerer: who answered.
        task, version, seed, level, knobs: what was asked; ``version`` is the task's, ``level`` a preset's name.
        run: the run's id; its whole record stands in the same line, under ``record``.
        status: how the run ended (``done``, ``exhausted``, ``failed``, ``stopped``).
        correct, code, reason, extracted, marked: the verifier's verdict, see :class:`codesteer_kernel.symbench.Verdict`.
        origin: whether a program's output or words were judged.
        decisions: what each round was: ``code`` or ``text``.
        checker: what the self-answer checker said of the winning round, "" where nothing tested it.
        score: the symbolic checker's score of the winning program.
        support: the level of the answer's support.
        sure: the probability that the steerer gave to returning this answer, where it was scored.
        seconds, split: the whole time and its parts by phase.
        calls, input_tokens, cached_tokens, output_tokens, cost: what models used.
        hit: the budget that ended the run.
        error: the code of the failure.
        started: ISO 8601, UTC.
    """

    key: str
    method: str
    target: str
    steerer: str = ""
    task: str
    version: str
    seed: int
    level: str = ""
    knobs: dict[str, bool | int | float | str] = {}
    run: str = ""
    status: str = "done"
    correct: bool = False
    code: str = ""
    reason: str = ""
    extracted: str = ""
    marked: bool = False
    origin: Origin = "none"
    decisions: list[str] = []
    checker: str = ""
    score: float | None = None
    support: str = "none"
    sure: float | None = None
    seconds: float = 0.0
    split: dict[str, float] = {}
    calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = 0.0
    hit: str = ""
    error: str = ""
    started: str = ""


def attempt_of(record: Record, problem: Problem, *, key: str, method: str, level: str) -> Attempt:
    """Judge a finished run and make its row."""
    verdict, origin = judge(problem, record)
    winner = record.rounds[record.answer.round - 1] if record.answer else None
    ending = record.support.decision if record.support else None
    return Attempt(
        key=key,
        method=method,
        target=record.models.target,
        steerer=record.models.steerer if record.models.steerer != record.models.target else "",
        task=problem.task,
        version=problem.version,
        seed=problem.seed or 0,
        level=level,
        knobs=dict(problem.level),
        run=record.id,
        status=record.status,
        correct=verdict.correct,
        code=verdict.code,
        reason=verdict.reason,
        extracted=verdict.extracted or "",
        marked=verdict.marked,
        origin=origin,
        decisions=["code" if one.answer.code is not None else "text" for one in record.rounds],
        checker=winner.self_answer.verdict if winner and winner.self_answer else "",
        score=winner.symbolic.score if winner and winner.symbolic else None,
        support=record.support.level if record.support else "none",
        sure=ending.confidence if ending and ending.kind == "return" else None,
        seconds=record.timing.seconds,
        split=dict(record.timing.split),
        calls=record.usage.calls,
        input_tokens=record.usage.input_tokens,
        cached_tokens=record.usage.cached_tokens,
        output_tokens=record.usage.output_tokens,
        cost=record.usage.cost,
        hit=record.budget.hit or "",
        error=record.error.code if record.error else "",
        started=record.timing.started,
    )
