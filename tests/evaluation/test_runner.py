"""A job is done, resumed, killed and resumed: nothing finished is made again, nothing finished is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import asdict, replace

from codesteer_kernel.errors import BadInput, MissingKey
from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.jobs import Job, prepared, trials
from codesteer_kernel.evaluation.ledger import ATTEMPTS, read_attempts, read_job, read_records
from codesteer_kernel.evaluation.progress import Progress
from codesteer_kernel.evaluation.runner import IN_A_ROW, JobHalted, run_job
from codesteer_kernel.run import RunSettings
from codesteer_kernel.symbench import get
from tests.evaluation.job_script import answering, problems_of
from tests.run.scripts import model
from tests.scripted import Reply, ScriptedServer, serving_in_thread

pytestmark = pytest.mark.kernel

JOB = Job(
    methods=("only-question", "codesteer"),
    tasks=("letters", "number_multiply"),
    n=3,
    settings=RunSettings(checker="none", rounds=3),
)
RIGHT = problems_of(JOB)
# What two makings of the same attempt may differ in.
CHANCE = ("run", "started", "seconds", "split")


def at(server: ScriptedServer, job: Job = JOB) -> Job:
    return replace(job, targets=(model(server),))


def told(attempts: list[Attempt]) -> dict[str, dict[str, Any]]:
    found = {one.key: asdict(one) for one in attempts}
    for fields in found.values():
        for name in CHANCE:
            del fields[name]
    return found


def test_every_trial_becomes_a_row_judged_by_the_rules(tmp_path: Path) -> None:
    heard: list[Progress] = []
    with serving_in_thread(answering(RIGHT)) as server:
        outcome = run_job(at(server), tmp_path, concurrency=3, on_progress=heard.append)
        busiest = server.busiest
    asked = trials(prepared(at(server)))
    assert (outcome.why, outcome.left) == ("done", 0)
    assert [one.key for one in outcome.attempts] == [one.key for one in asked]
    assert busiest <= 3
    for trial, one in zip(asked, outcome.attempts, strict=True):
        problem = trial.problem()
        assert (one.method, one.task, one.level, one.seed, one.knobs) == (
            trial.method,
            trial.task,
            "default",
            trial.seed,
            trial.knobs,
        )
        assert one.status == "done"
        assert one.version == get(one.task).version
        assert one.correct == (one.extracted != "I do not know"), problem.question
        assert one.calls > 0
        assert one.input_tokens > 0
        assert one.started.endswith("+00:00") or one.started.endswith("Z")
    assert {one.correct for one in outcome.attempts} == {True, False}
    by_problem = {(one.task, one.seed): one.correct for one in outcome.attempts if one.method == "only-question"}
    assert by_problem == {(one.task, one.seed): one.correct for one in outcome.attempts if one.method == "codesteer"}
    records = {attempt.key: record for attempt, record in read_records(tmp_path)}
    assert [records[one.key].id for one in outcome.attempts] == [one.run for one in outcome.attempts]
    assert {record.config.method for record in records.values()} == {"only-question", ""}
    # Progress: from nothing to all of it.
    assert [one.done for one in heard] == sorted(one.done for one in heard)
    assert (heard[0].done, heard[0].left) == (0, None)
    assert (heard[-1].done, heard[-1].total, heard[-1].left, heard[-1].running) == (12, 12, 0, 0)
    assert max(one.running for one in heard) <= 3
    assert [(one.method, one.right, one.done) for one in heard[-1].scores] == [
        (name, sum(by_problem.values()), 6) for name in JOB.methods
    ]
    assert heard[-1].tokens == sum(one.input_tokens + one.output_tokens for one in outcome.attempts)


def test_nothing_is_journalled_beside_the_rows(tmp_path: Path, home: Path) -> None:
    with serving_in_thread(answering(RIGHT)) as server:
        run_job(at(server, replace(JOB, n=1, methods=("only-question",))), tmp_path)
    assert not list((home / "runs").glob("*")) if (home / "runs").exists() else True


def test_resuming_asks_only_what_is_missing(tmp_path: Path) -> None:
    with serving_in_thread(answering(RIGHT)) as server:
        first = run_job(at(server), tmp_path, concurrency=2)
        before = len(server.requests)
        again = run_job(read_job(tmp_path).job, tmp_path)
        assert len(server.requests) == before, "nothing is asked twice"
        assert again.attempts == first.attempts
        lines = (tmp_path / ATTEMPTS).read_bytes().splitlines(keepends=True)
        (tmp_path / ATTEMPTS).write_bytes(b"".join(lines[:5]) + lines[5][:100])
        third = run_job(read_job(tmp_path).job, tmp_path)
        assert len(server.requests) > before
    assert told(third.attempts) == told(first.attempts)
    assert {one.run for one in third.attempts} & {one.run for one in first.attempts}
    sessions = read_job(tmp_path).sessions
    assert [one.why for one in sessions] == ["done"] * 2, "finding nothing to do is no work"
    assert all(one.started <= one.ended for one in sessions)


def test_the_folder_says_where_it_was_measured(tmp_path: Path) -> None:
    with serving_in_thread(answering(RIGHT)) as server:
        run_job(at(server, replace(JOB, n=1)), tmp_path, concurrency=2)
    kept = read_job(tmp_path)
    assert kept.job == prepared(at(server, replace(JOB, n=1)))
    assert kept.versions["python"] == sys.version.split()[0]
    assert int(kept.hardware["cores"]) >= 1
    assert kept.hardware["cpu"]
    assert kept.sessions[0].concurrency == 2


def test_a_job_that_asks_for_more_goes_on_in_the_folder_and_another_does_not(tmp_path: Path) -> None:
    with serving_in_thread(answering(RIGHT)) as server:
        small = run_job(at(server, replace(JOB, n=1, methods=("only-question",))), tmp_path)
        more = run_job(at(server, replace(JOB, n=2)), tmp_path)
        assert len(more.attempts) == 8
        assert {one.run for one in small.attempts} < {one.run for one in more.attempts}
        with pytest.raises(BadInput, match="another job"):
            run_job(at(server, replace(JOB, n=1)), tmp_path)
        with pytest.raises(BadInput, match="another job"):
            run_job(at(server, replace(JOB, n=2, settings=replace(JOB.settings, rounds=2))), tmp_path)
    assert len(read_attempts(tmp_path)) == 8


def test_a_failed_run_is_a_row_and_made_again_only_when_asked(tmp_path: Path) -> None:
    bad = min(RIGHT)
    broken = True

    def refuse(question: str) -> Reply | None:
        return Reply(status=400, error="not this one") if broken and question == bad else None

    with serving_in_thread(answering(RIGHT, refuse)) as server:
        first = run_job(at(server), tmp_path)
        failed = [one for one in first.attempts if one.status == "failed"]
        assert len(failed) == 2
        assert {one.error for one in failed} == {"model_error"}
        assert not any(one.correct for one in failed)
        broken = False
        again = run_job(at(server), tmp_path)
        assert again.attempts == first.attempts
        mended = run_job(at(server), tmp_path, retry_failed=True)
    assert {one.status for one in mended.attempts} == {"done"}
    assert len(read_attempts(tmp_path)) == 12


@pytest.mark.parametrize("fault", ["key", "nobody"])
def test_what_no_attempt_can_survive_ends_the_job_early(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_COMPATIBLE_API_KEY", "wrong")
    with serving_in_thread(answering(RIGHT), key="right" if fault == "key" else "") as server:
        job = at(server, replace(JOB, n=20, methods=("only-question",)))
        if fault == "nobody":
            job = replace(job, targets=("openai/scripted@http://127.0.0.1:9/v1",))
        with pytest.raises(JobHalted, match=f"{IN_A_ROW} attempts in a row failed") as told:
            run_job(job, tmp_path, concurrency=IN_A_ROW)
    assert "--retry-failed" in told.value.cure
    rows = read_attempts(tmp_path)
    assert IN_A_ROW <= len(rows) < 3 * IN_A_ROW, "what was in flight may have ended too"
    assert {one.error for one in rows} == {"authentication_failed" if fault == "key" else "endpoint_unreachable"}
    assert read_job(tmp_path).sessions[-1].why == "halted"


def test_a_model_that_cannot_be_opened_is_told_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with serving_in_thread(answering(RIGHT)) as server:
        with pytest.raises(MissingKey):
            run_job(replace(JOB, targets=(model(server), "openai/gpt-4o")), tmp_path)
        assert not server.requests
    assert not (tmp_path / ATTEMPTS).exists()


def test_a_stop_ends_what_runs_and_the_rest_is_left(tmp_path: Path) -> None:
    stop = threading.Event()

    def watch(progress: Progress) -> None:
        if progress.done == 2:
            stop.set()

    def hang(question: str) -> Reply | None:
        return Reply("x", first_delay=3600) if len(read_attempts(tmp_path)) >= 2 else None

    with serving_in_thread(answering(RIGHT, hang)) as server:
        outcome = run_job(at(server), tmp_path, concurrency=2, on_progress=watch, stop=stop)  # waits for no model
    assert outcome.why == "stopped"
    assert len(outcome.attempts) + outcome.left == 12
    assert len(read_attempts(tmp_path)) == len(outcome.attempts) < 12
    assert all(one.status == "done" for one in outcome.attempts)


def test_budgets_begin_nothing_more_and_let_what_runs_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    with serving_in_thread(answering(RIGHT)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        job = replace(JOB, targets=("openai/gpt-4o",), methods=("only-question",))
        whole = run_job(job, tmp_path / "whole", concurrency=1)
        costs = [one.cost or 0.0 for one in whole.attempts]
        assert min(costs) > 0
        some = run_job(job, tmp_path / "some", concurrency=1, money=costs[0] + costs[1] / 2)
        assert (some.why, len(some.attempts), some.left) == ("money", 2, 4)
        none = run_job(job, tmp_path / "some", concurrency=1, money=costs[0])
        assert (none.why, len(none.attempts)) == ("money", 2), "what was spent before counts"
        time_up = run_job(job, tmp_path / "some", concurrency=1, seconds=1e-9)
        assert (time_up.why, len(time_up.attempts)) == ("time", 2)
        rest = run_job(job, tmp_path / "some", concurrency=2, money=100 * sum(costs))
        assert (rest.why, rest.left) == ("done", 0)
    assert told(rest.attempts) == told(whole.attempts)


def test_a_budget_of_money_needs_known_prices(tmp_path: Path) -> None:
    with serving_in_thread(answering(RIGHT)) as server, pytest.raises(BadInput, match=r"price of .* is not known"):
        run_job(at(server), tmp_path, money=1.0)


@pytest.mark.parametrize("concurrency", [0, 1000])
def test_a_concurrency_that_makes_no_sense(concurrency: int, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="at once"):
        run_job(JOB, tmp_path, concurrency=concurrency)


def test_attempts_without_a_job_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / ATTEMPTS).write_text("somebody's file\n")
    with pytest.raises(BadInput, match=r"no job\.json"):
        run_job(JOB, tmp_path)
    assert (tmp_path / ATTEMPTS).read_text() == "somebody's file\n"


def test_a_killed_job_loses_at_most_what_was_in_flight(tmp_path: Path) -> None:
    """A real process, killed at random moments, again and again, until it gets to the end."""
    chance = random.Random(11)
    at_once = 3
    with serving_in_thread(answering(RIGHT, delay=0.05)) as server:
        calm = run_job(at(server, replace(JOB, n=6)), tmp_path / "calm", concurrency=at_once)
        killed = tmp_path / "killed"
        words = ["run", "-o", str(killed), "--methods", ",".join(JOB.methods), "--tasks", ",".join(JOB.tasks)]
        words += ["-n", "6", "--target", model(server), "--checker", "none", "--rounds", "3"]
        kept = kills = 0
        while True:
            command = [sys.executable, "-m", "codesteer_kernel.cli", "bench", *words, "-j", str(at_once)]
            before = len(server.requests)
            environment = {**os.environ, "CODESTEER_HOME": str(tmp_path / "home")}
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
            # After some calls of its own, else it would die in its start or be done; the last one is let live.
            calls = chance.randint(2, 6) if kills < 4 else sys.maxsize
            while len(server.requests) - before < calls and process.poll() is None:
                time.sleep(0.005)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                kills += 1
            if process.wait() == 0:
                break
            there = len(read_attempts(killed))
            assert there >= kept, "what was kept stays"
            kept = there
            words = ["resume", str(killed)]
        rows = read_attempts(killed)
    assert kills >= 2, "it was too quick to be killed"
    assert told(rows) == told(calm.attempts)
    sessions = read_job(killed).sessions
    assert len(sessions) >= kills
    assert {one.why for one in sessions[:-1]} == {""}, "those that were killed have no end"
