"""What a job will take, before anything is asked: calls, tokens, seconds, money.

Where attempts of the job are there already, the others are taken to be like them: like those of the same method, models
and task, else of the same method and models. Where there are none, the figures below are assumed, and labelled so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.jobs import Trial
from codesteer_kernel.evaluation.methods import method
from codesteer_kernel.models.prices import LOCAL, cost
from codesteer_kernel.models.protocol import TokenUsage

__all__ = ["Estimate", "estimate"]

# Assumed, until something is measured. Calls of methods that do not go by rounds; others without a steerer ask so often.
CALLS = {
    "only-question": 1.0,
    "all-text-cot": 1.0,
    "all-code-cot": 1.0,
    "autogen-concat": 1.0,
    "code-text-choice": 2.0,
    "self-estimate": 3.0,
    "code-text-sum": 3.0,
}
OTHER_CALLS = 3.0
ROUNDS = 2.5
"""Rounds of a steered run, where so many are allowed. Each asks the target and the steerer; one more call writes the check."""
CHARACTERS = 4.0
"""Characters of a question in a token."""
AROUND = 300.0
"""Tokens of instructions and of what was said before, in each call beside the question."""
WRITTEN, WRITTEN_BY_STEERER = 300.0, 60.0
"""Tokens written by a call."""
READ_S, WRITTEN_S, CALL_S = 1 / 100, 1 / 30, 0.0
"""Seconds for a token that a local model reads or writes, and for a call: as measured on two cores with 0.5 billion
parameters of 4 bits."""
HOSTED_READ_S, HOSTED_WRITTEN_S, HOSTED_CALL_S = 0.0, 1 / 60, 1.0
"""The same of a hosted model."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What the missing attempts of one method with one pair of models will take, together.

    Attributes:
        method, target, steerer: who answers; ``steerer`` is empty where the target steers itself, or nobody does.
        attempts: how many are missing.
        calls, input_tokens, output_tokens: of all models.
        seconds: of one attempt after the other.
        cost: US dollars; None where a price is not known.
        measured: the attempts that this rests on; 0: it is assumed.
    """

    method: str
    target: str
    steerer: str
    attempts: int
    calls: float
    input_tokens: float
    output_tokens: float
    seconds: float
    cost: float | None
    measured: int


class _Use(msgspec.Struct, frozen=True):
    """What one attempt takes."""

    calls: float
    input_tokens: float
    output_tokens: float
    seconds: float
    cost: float | None


def estimate(asked: Iterable[Trial], there: Mapping[str, Attempt]) -> list[Estimate]:
    """What is missing of a job will take so much, for each method and pair of models, in the job's order.

    Args:
        asked: all trials of the job.
        there: the attempts that are there, by key.
    """
    groups: dict[tuple[str, str, str], list[Trial]] = {}
    for trial in asked:
        groups.setdefault((trial.method, trial.settings.target, trial.settings.steerer or ""), []).append(trial)
    sizes: dict[tuple[str, str], float] = {}
    return [_estimate(group, trials, there, sizes) for group, trials in groups.items()]


def _estimate(
    group: tuple[str, str, str],
    trials: list[Trial],
    there: Mapping[str, Attempt],
    sizes: dict[tuple[str, str], float],
) -> Estimate:
    # A failed run says nothing of what others take.
    measured = {trial.key: there[trial.key] for trial in trials if trial.key in there}
    measured = {key: attempt for key, attempt in measured.items() if attempt.status != "failed"}
    of_task: defaultdict[str, list[Attempt]] = defaultdict(list)
    for attempt in measured.values():
        of_task[attempt.task].append(attempt)
    missing = [trial for trial in trials if trial.key not in there]
    uses = [
        _mean(of_task.get(trial.task) or [*measured.values()]) if measured else _assumed(trial, sizes)
        for trial in missing
    ]
    costs = [use.cost for use in uses]
    return Estimate(
        method=group[0],
        target=group[1],
        steerer=group[2],
        attempts=len(missing),
        calls=sum(use.calls for use in uses),
        input_tokens=sum(use.input_tokens for use in uses),
        output_tokens=sum(use.output_tokens for use in uses),
        seconds=sum(use.seconds for use in uses),
        cost=None if None in costs else sum(one for one in costs if one is not None),
        measured=len(measured),
    )


def _mean(attempts: list[Attempt]) -> _Use:
    count = len(attempts)
    costs = [one.cost for one in attempts]
    return _Use(
        calls=sum(one.calls for one in attempts) / count,
        input_tokens=sum(one.input_tokens for one in attempts) / count,
        output_tokens=sum(one.output_tokens for one in attempts) / count,
        seconds=sum(one.seconds for one in attempts) / count,
        cost=None if None in costs else sum(one for one in costs if one is not None) / count,
    )


def _assumed(trial: Trial, sizes: dict[tuple[str, str], float]) -> _Use:
    size = sizes.get((trial.task, trial.level))
    if size is None:
        size = sizes[trial.task, trial.level] = len(trial.problem().question) / CHARACTERS
    target = trial.settings.target
    steerer = trial.settings.steerer or target
    steered = method(trial.method).needs == "steerer"
    rounds = min(ROUNDS, trial.settings.rounds)
    if trial.method in CALLS:
        parts = [(target, CALLS[trial.method] - steered, WRITTEN), (steerer, float(steered), WRITTEN_BY_STEERER)]
    elif steered:
        checks = 0.0 if trial.settings.checker == "none" else 1.0
        parts = [(target, rounds + checks, WRITTEN), (steerer, rounds + 1, WRITTEN_BY_STEERER)]
    else:
        parts = [(target, OTHER_CALLS, WRITTEN)]
    uses = [_calls(model, calls, size + AROUND, written) for model, calls, written in parts]
    costs = [use.cost for use in uses]
    return _Use(
        calls=sum(use.calls for use in uses),
        input_tokens=sum(use.input_tokens for use in uses),
        output_tokens=sum(use.output_tokens for use in uses),
        seconds=sum(use.seconds for use in uses),
        cost=None if None in costs else sum(one for one in costs if one is not None),
    )


def _calls(model: str, calls: float, read: float, written: float) -> _Use:
    """So many calls of one model."""
    local = model.partition("/")[0] in LOCAL
    read_s, written_s, call_s = (
        (READ_S, WRITTEN_S, CALL_S) if local else (HOSTED_READ_S, HOSTED_WRITTEN_S, HOSTED_CALL_S)
    )
    if not calls:
        return _Use(0.0, 0.0, 0.0, 0.0, 0.0)
    each = cost(model, TokenUsage(input_tokens=round(read), output_tokens=round(written)))
    return _Use(
        calls=calls,
        input_tokens=calls * read,
        output_tokens=calls * written,
        seconds=calls * (call_s + read * read_s + written * written_s),
        cost=None if each is None else calls * each,
    )
