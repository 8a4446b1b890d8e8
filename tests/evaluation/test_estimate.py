"""What a job will take is told from what was measured, else from what is assumed, and the two are told apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.estimate import estimate
from codesteer_kernel.evaluation.jobs import Job, Trial, prepared, trials
from codesteer_kernel.evaluation.overview import estimate_text
from codesteer_kernel.run import RunSettings

JOB = prepared(
    Job(
        methods=("only-question", "codesteer"),
        tasks=("letters", "number_multiply"),
        n=4,
        targets=("openai/gpt-4o",),
        settings=RunSettings(checker="none"),
    )
)
ASKED = trials(JOB)


def attempt(trial: Trial, **fields: object) -> Attempt:
    made = Attempt(
        key=trial.key,
        method=trial.method,
        target=trial.settings.target,
        task=trial.task,
        version="1",
        seed=trial.seed,
    )
    return replace(made, **fields)


def test_without_a_measurement_it_is_assumed() -> None:
    question, steered = estimate(ASKED, {})
    assert (question.method, question.attempts, question.calls, question.measured) == ("only-question", 8, 8, 0)
    assert (steered.method, steered.attempts, steered.measured) == ("codesteer", 8, 0)
    assert steered.calls > 3 * question.calls
    assert steered.input_tokens > question.input_tokens > 0
    assert steered.cost is not None
    assert question.cost is not None
    assert steered.cost > question.cost > 0


def test_what_is_assumed_follows_the_settings() -> None:
    fewer = estimate(trials(prepared(replace(JOB, settings=replace(JOB.settings, rounds=1)))), {})
    checked = estimate(trials(prepared(replace(JOB, settings=RunSettings()))), {})
    usual = estimate(ASKED, {})
    assert fewer[1].calls < usual[1].calls < checked[1].calls
    (free,) = estimate(trials(prepared(replace(JOB, methods=("only-question",), targets=("local/a",)))), {})
    assert free.cost == 0
    (unknown,) = estimate(trials(prepared(replace(JOB, methods=("only-question",), targets=("openai/new",)))), {})
    assert unknown.cost is None


def test_what_is_measured_holds_for_the_rest_by_task() -> None:
    asked = [one for one in ASKED if one.method == "codesteer"]
    letters = [one for one in asked if one.task == "letters"]
    multiply = [one for one in asked if one.task == "number_multiply"]
    there = {
        one.key: attempt(one, calls=calls, input_tokens=100, output_tokens=10, seconds=seconds, cost=0.5)
        for one, calls, seconds in ((letters[0], 2, 1.0), (letters[1], 4, 3.0), (multiply[0], 10, 20.0))
    }
    _, found = estimate(ASKED, there)
    assert (found.attempts, found.measured) == (5, 3)
    assert found.calls == pytest.approx(2 * 3 + 3 * 10)
    assert found.seconds == pytest.approx(2 * 2.0 + 3 * 20.0)
    assert found.input_tokens == pytest.approx(500)
    assert found.cost == pytest.approx(2.5)


def test_a_task_without_attempts_is_taken_to_be_like_the_others_and_failures_say_nothing() -> None:
    asked = [one for one in ASKED if one.method == "only-question" and one.task == "letters"]
    there = {asked[0].key: attempt(asked[0], calls=3), asked[1].key: attempt(asked[1], calls=99, status="failed")}
    found, _ = estimate(ASKED, there)
    assert (found.attempts, found.measured, found.calls) == (6, 1, pytest.approx(18))


def test_nothing_is_left_of_a_job_that_is_done(tmp_path: Path) -> None:
    there = {one.key: attempt(one) for one in ASKED}
    assert [one.attempts for one in estimate(ASKED, there)] == [0, 0]


def test_the_text_says_what_it_rests_on(tmp_path: Path) -> None:
    text = estimate_text(replace(JOB, targets=("openai/new",)), tmp_path / "none", 4)
    assert text.count("assumed") == 3
    assert "unknown" in text
    assert "Some price is not known." in text
    assert not (tmp_path / "none").exists()
