"""Progress: what is counted, when it will end, and what is shown of it in a pipe and in a terminal."""

from __future__ import annotations

import io

import pytest
from msgspec.structs import replace

from codesteer_kernel.evaluation import progress as counting
from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.board import Board
from codesteer_kernel.evaluation.jobs import Job, Trial, prepared, trials
from codesteer_kernel.evaluation.progress import Progress, Tally
from codesteer_kernel.evaluation.showing import duration, progress_line, showing

JOB = prepared(Job(methods=("only-question", "codesteer"), tasks=("letters",), n=4, targets=("local/a",)))
ASKED = trials(JOB)


def attempt(trial: Trial, **fields: object) -> Attempt:
    made = Attempt(key=trial.key, method=trial.method, target="t", task="letters", version="1", seed=1)
    return replace(made, **fields)


def test_scores_tokens_failures_and_money() -> None:
    tally = Tally(ASKED, 2)
    tally.add(ASKED[0], attempt(ASKED[0], correct=True, input_tokens=10, output_tokens=5, cost=0.25), fresh=True)
    tally.add(ASKED[1], attempt(ASKED[1], status="failed", cost=None), fresh=True)
    told = tally.progress(running=2)
    assert (told.done, told.total, told.running, told.failed) == (2, 8, 2, 1)
    assert (told.tokens, told.cost, told.unpriced) == (15, 0.25, 1)
    assert [(one.method, one.right, one.done, one.total) for one in told.scores] == [
        ("only-question", 1, 1, 4),
        ("codesteer", 0, 1, 4),
    ]


def test_the_end_is_estimated_from_each_methods_own_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(counting.time, "monotonic", lambda: now)
    tally = Tally(ASKED, 2)
    assert tally.progress(0).left is None
    tally.add(ASKED[0], attempt(ASKED[0], seconds=1.0), fresh=True)
    tally.add(ASKED[1], attempt(ASKED[1], seconds=9.0), fresh=True)
    now = 105.0
    # Ten seconds of attempts in five: 3 x 1 and 3 x 9 seconds are left.
    assert tally.progress(0).left == pytest.approx(15.0)
    for trial in ASKED[2:]:
        tally.add(trial, attempt(trial, seconds=1.0), fresh=True)
    assert tally.progress(0).left == 0


def test_a_resumed_job_estimates_from_what_it_finds() -> None:
    tally = Tally(ASKED, 3)
    tally.add(ASKED[0], attempt(ASKED[0], seconds=6.0), fresh=False)
    assert tally.progress(0).left == pytest.approx(7 * 6.0 / 3)


def some(done: int, **fields: object) -> Progress:
    tally = Tally(ASKED, 2)
    for trial in ASKED[:done]:
        tally.add(trial, attempt(trial, correct=True, seconds=30.0, input_tokens=1000), fresh=False)
    return replace(tally.progress(1), **fields)


def test_a_line_says_all_of_it() -> None:
    line = progress_line(some(4, failed=1, cost=0.5, unpriced=2))
    assert line == (
        "4 of 8, 1 failed, only-question (local/a) 2/2, codesteer (local/a) 2/2, 4,000 tokens, "
        "$0.5000 and 2 attempts of unknown price, about 60 s left"
    )


def test_a_pipe_gets_few_lines_and_no_control_codes() -> None:
    stream = io.StringIO()
    with showing(stream) as show:
        for done in range(9):
            show(some(done))
    lines = stream.getvalue().splitlines()
    assert [line.partition(",")[0] for line in lines] == ["0 of 8", "8 of 8"]
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize("width", [40, 100])
def test_a_terminal_gets_a_table_that_fits(width: int) -> None:
    stream = io.StringIO()
    with Board(stream, force_terminal=True, width=width, height=30, color_system=None) as board:
        board(some(4, failed=1))
    text = stream.getvalue()
    assert "4 of 8" in text
    assert "1 failed" in text
    assert "100%" in text
    lines = [line.split("\x1b")[0].rstrip() for line in text.split("\n")]
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (89, "89 s"), (90, "2 min"), (5399, "90 min"), (7200, "2.0 h")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
