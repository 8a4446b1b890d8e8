"""``codesteer bench``: what is typed becomes a job, and every end has its exit code and its next step."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from codesteer_kernel.cli import main
from codesteer_kernel.command_table import COMMANDS
from codesteer_kernel.evaluation.jobs import Job
from codesteer_kernel.evaluation.ledger import read_attempts, read_job
from tests.evaluation.job_script import answering, problems_of
from tests.run.scripts import model
from tests.scripted import Reply, serving_in_thread
from tests.terminal import interruptible

pytestmark = pytest.mark.kernel

Output = pytest.CaptureFixture[str]
RIGHT = problems_of(Job(methods=("only-question",), tasks=("letters", "game24"), levels=("1", "2"), n=2, seed=7))
ASKED = ["--methods", "only-question,codesteer", "--tasks", "letters, game24", "--levels", "1,2", "-n", "2"]
ASKED += ["--seed", "7", "--checker", "none", "--rounds", "2", "--max-tokens", "100"]


@pytest.fixture(autouse=True)
def _own_home(home: Path) -> None:
    """Nothing that a test does is seen by another."""


def test_run_status_and_resume(tmp_path: Path, capsys: Output) -> None:
    folder = tmp_path / "job"
    with serving_in_thread(answering(RIGHT)) as server:
        words = [*ASKED, "--target", model(server), "--steerer", f"self,{model(server, 'anthropic')}"]
        assert main(["bench", "run", *words, "-o", str(folder), "-j", "3"]) == 0
        shown = capsys.readouterr()
        asked = len(server.requests)
        assert main(["bench", "resume", str(folder)]) == 0
        assert len(server.requests) == asked
        capsys.readouterr()
    assert "Done: 24 attempts" in shown.out
    assert "24 of 24" in shown.err
    job = read_job(folder)
    assert (job.methods, job.tasks, job.levels) == (("only-question", "codesteer"), ("letters", "game24"), ("1", "2"))
    assert (job.n, job.seed, job.settings.seed) == (2, 7, 0)
    assert (job.settings.rounds, job.settings.max_tokens, job.settings.checker) == (2, 100, "none")
    assert job.steerers[0] == ""
    rows = read_attempts(folder)
    assert len(rows) == 24
    assert {row.status for row in rows} == {"done"}
    assert main(["bench", "status", str(folder)]) == 0
    text = capsys.readouterr().out
    assert "24 of 24 attempts, 0 failed" in text
    assert "codesteer" in text
    assert "(done)" in text
    assert main(["bench", "status", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["done"], told["total"], len(told["scores"])) == (24, 24, 3)
    assert told["seconds"] >= 0


def test_a_dry_run_asks_nothing_and_writes_nothing(tmp_path: Path, capsys: Output) -> None:
    folder = tmp_path / "job"
    with serving_in_thread(answering(RIGHT)) as server:
        words = [*ASKED, "--target", f"{model(server)},openai/gpt-4o", "-o", str(folder)]
        assert main(["bench", "run", *words, "--dry-run"]) == 0
        assert not server.requests
    assert not folder.exists()
    text = capsys.readouterr().out
    assert text.count("assumed") == 5
    assert "unknown" in text


def test_failed_attempts_are_told_and_made_again_when_asked(tmp_path: Path, capsys: Output) -> None:
    folder = tmp_path / "job"
    bad = min(RIGHT)
    broken = True

    def refuse(question: str) -> Reply | None:
        return Reply(status=400, error="not this one") if broken and question == bad else None

    with serving_in_thread(answering(RIGHT, refuse)) as server:
        assert main(["bench", "run", *ASKED, "--target", model(server), "-o", str(folder)]) == 0
        assert "2 of them failed" in capsys.readouterr().out
        assert main(["bench", "status", str(folder)]) == 0
        assert "Failed: model_error 2" in capsys.readouterr().out
        broken = False
        assert main(["bench", "resume", str(folder), "--retry-failed"]) == 0
    assert "of them failed" not in capsys.readouterr().out


def test_a_budget_has_its_exit_code(tmp_path: Path, capsys: Output) -> None:
    with serving_in_thread(answering(RIGHT)) as server:
        words = [
            "bench",
            "run",
            *ASKED,
            "--target",
            model(server),
            "-o",
            str(tmp_path / "job"),
            "--budget-time",
            "1e-9",
        ]
        assert main(words) == 3
    text = capsys.readouterr().out
    assert "The time is up: 0 attempts are there, 16 are left." in text
    assert "bench resume" in text


def test_a_hopeless_job_says_why(tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODESTEER_ENDPOINT_KEY", "wrong")
    with serving_in_thread(answering(RIGHT), key="right") as server:
        assert main(["bench", "run", *ASKED, "--target", model(server), "-o", str(tmp_path / "job")]) == 1
    told = capsys.readouterr().err
    assert "3 attempts in a row failed" in told
    assert "--retry-failed" in told
    assert "Traceback" not in told


def test_an_interrupt_ends_it_and_says_how_to_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "job"

    def slow(question: str) -> Reply | None:
        return Reply("x", first_delay=60) if question == max(RIGHT) else None

    with serving_in_thread(answering(RIGHT, slow)) as server:
        command = [sys.executable, "-m", "codesteer_kernel.cli", "bench", "run", *ASKED, "--target", model(server)]
        environment = {**os.environ, "CODESTEER_HOME": str(tmp_path / "home")}
        process = interruptible([*command, "-o", str(folder)], stdout=-1, stderr=-1, env=environment)
        while not folder.exists() or len(read_attempts(folder)) < 3:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopped: " in out
    assert f"codesteer bench resume {folder}" in out
    assert "Traceback" not in err
    assert read_job(folder).sessions[-1].why == "stopped"


def test_methods_and_help(capsys: Output) -> None:
    assert main(["bench", "methods"]) == 0
    assert "only-question" in capsys.readouterr().out
    for words in (["bench"], ["bench", "--help"], ["bench", "run", "-h"]):
        assert main(words) == 0
        text = capsys.readouterr().out
        assert all(word in text for word in ("run", "resume", "status", "methods", "--budget-money", "Exit codes"))


def test_what_completes_is_in_the_help(capsys: Output) -> None:
    (command,) = [one for one in COMMANDS if one.name == "bench"]
    main(["bench"])
    text = capsys.readouterr().out
    assert not [flag for flag in command.flags if flag not in (text + "--help")]
    main(["--complete", "bench", "run", "--budget-"])
    assert capsys.readouterr().out.split() == ["--budget-money", "--budget-time"]


def test_a_sweep_is_typed_as_task_knob_and_values(tmp_path: Path, capsys: Output) -> None:
    words = ["run", "--methods", "only-question", "--knob", "letters:length=5,10", "--knob", "letters:hits=1"]
    assert main(["bench", *words, "--target", "local/a", "-n", "3", "-o", str(tmp_path), "--dry-run"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("only-question"))
    assert row.split()[2] == "9"


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["rum"], "run"),
        (["run"], "required"),
        (["resume"], "required"),
        (["resume", "/no/such/folder"], "holds no job"),
        (["status", "/no/such/folder"], "holds no job"),
        (["run", "--methods", "codesteeer", "--tasks", "letters", "-o", "x", "--dry-run"], "codesteer"),
        (["run", "--methods", "codesteer", "-o", "x", "--dry-run"], "names no tasks"),
        (
            ["run", "--methods", "codesteer", "--tasks", "letters", "-o", "x", "--dry-run", "extra"],
            "'extra' is no option",
        ),
        (["run", "--methods", "codesteer", "--tasks", "letters", "-o", "x", "--dry-run", "--roundz", "2"], "--rounds"),
        (["run", "--methods", "codesteer", "--tasks", "letters", "-o", "x", "-n", "many"], "invalid int"),
        (["run", "--methods", "codesteer", "--tasks", "letters", "-o", "x", "-j", "0"], "at once"),
    ],
)
def test_what_cannot_be_done_is_one_line(words: list[str], part: str, capsys: Output) -> None:
    assert main(["bench", *words]) == 2
    told = capsys.readouterr().err
    assert part in told
    assert "Traceback" not in told
