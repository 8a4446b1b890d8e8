"""Trees of runs that were made apart: where runs of a problem share their whole past, what they decided next are siblings.

``train outcomes`` asks each problem once by code and once by text, which is a tree of two branches. Runs of policies join
where their first rounds are the same words; where they are not, only the root is shared. Several runs of one decision
are averaged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

import msgspec
from msgspec.structs import replace

from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.record import Decision, Question, Record, Round
from codesteer_kernel.training.pairs import leaf_score
from codesteer_kernel.training.rows import Origin
from codesteer_kernel.training.runs import taken
from codesteer_kernel.training.selecting import origin_of
from codesteer_kernel.training.trees import Step, Tree

__all__ = ["joined"]

_LIMITS = ("max_tokens", "code_seconds", "memory_mb", "temperature", "thinking")
"""Settings under which a target's answers can be compared."""


@dataclass(frozen=True)
class _Path:
    """One run: its decisions, its rounds and a mark of what each says, what it scored."""

    decisions: list[Decision]
    rounds: list[Round]
    marks: list[str]
    correct: bool
    score: float
    question: Question
    origin: Origin


def joined(runs: Iterable[tuple[Attempt, Record]]) -> Iterator[Tree]:
    """A tree for each problem, target, and limits of its answers, in the order in which they first come.

    Settings that only shape how a run goes on (its rounds, its tests) may differ among the runs of a tree.
    """
    problems: dict[bytes, list[_Path]] = {}
    for attempt, record in runs:
        limits = [getattr(record.config, name) for name in _LIMITS]
        problem = msgspec.json.encode([attempt.task, attempt.target, record.question, limits])
        problems.setdefault(hashlib.sha256(problem).digest(), []).append(_path(attempt, record))
    for paths in problems.values():
        first, policies = paths[0], sorted({one.origin.policy for one in paths})
        yield Tree(
            question=first.question,
            origin=replace(
                first.origin,
                policy="+".join(policies),
                run="",
                modes=[],
                rounds=max(len(one.rounds) for one in paths),
            ),
            steps=_level(paths, 0),
            runs=len(paths),
        )


def _path(attempt: Attempt, record: Record) -> _Path:
    return _Path(
        decisions=taken(record),
        rounds=record.rounds,
        marks=[_mark(one) for one in record.rounds],
        correct=attempt.correct,
        score=leaf_score(correct=attempt.correct, guidances=len(record.rounds)),
        question=record.question,
        origin=origin_of(attempt, record),
    )


def _level(paths: Sequence[_Path], depth: int) -> list[Step]:
    """The steps behind the first ``depth`` rounds, which all paths share: one for each decision and what came of it."""
    groups: dict[tuple[str, str, str], list[_Path]] = {}
    for one in paths:
        decision = one.decisions[depth]
        came = one.marks[depth] if depth < len(one.marks) else ""
        groups.setdefault((decision.kind, decision.guidance, came), []).append(one)
    steps = []
    for group in groups.values():
        ended = [one for one in group if len(one.decisions) == depth + 1]
        step = Step(
            decision=group[0].decisions[depth],
            rounds=group[0].rounds[:depth],
            children=_level([one for one in group if len(one.decisions) > depth + 1], depth + 1),
            runs=len(group),
        )
        if ended:
            step.score = fmean(one.score for one in ended)
            step.correct, step.guidances, step.run = ended[0].correct, len(ended[0].rounds), ended[0].origin.run
        steps.append(step)
    return steps


def _mark(one: Round) -> str:
    """A hash of what a round says to the models: not of how long it took, nor of what it took."""
    run, rated, tested = one.execution, one.symbolic, one.self_answer
    said = [
        [one.decision.kind, one.decision.guidance, one.answer.text, one.answer.code, one.answer.stop, one.result],
        [run.status, run.stdout, run.stderr, run.error, run.limit, [shown.data for shown in run.outputs]]
        if run
        else [],
        rated,
        [tested.verdict, tested.reason] if tested else [],
    ]
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()
