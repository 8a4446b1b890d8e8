"""Kept runs judged again by today's rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from codesteer_kernel.cli import main
from codesteer_kernel.evaluation.attempt import Attempt, attempt_of
from codesteer_kernel.evaluation.ledger import Ledger, Row, read_attempts, read_records
from codesteer_kernel.evaluation.rejudging import rejudge
from codesteer_kernel.record import FinalAnswer, Record
from codesteer_kernel.symbench import get
from tests.evaluation.jobs import write_job
from tests.steering.rounds import program_round, text_round

PROBLEM = get("number_multiply").generate(7, "1")


def right(key: str) -> tuple[Attempt, Record]:
    """A run whose answer is right, with its row."""
    run = Record(
        id=key, rounds=[text_round(1, text=f"<<<{PROBLEM.reference}>>>")], answer=FinalAnswer(text="x", round=1)
    )
    return attempt_of(run, PROBLEM, key=key, method="only-question", level="1"), run


def test_a_row_that_was_judged_by_other_rules_is_added_as_it_is_now(tmp_path: Path) -> None:
    good, run = right("a")
    old = replace(good, correct=False, code="unreadable", extracted="")
    folder = write_job(tmp_path / "job", [(old, run), right("b")])
    found = rejudge(folder)
    assert (found.judged, found.outdated) == (2, 0)
    assert found.changed == ((old, good),)
    assert [one.correct for one in read_attempts(folder)] == [True, True]
    assert [kept.id for _, kept in read_records(folder)] == ["b", "a"]
    assert rejudge(folder).changed == ()


def test_runs_of_tasks_that_make_other_problems_now_are_left_alone(tmp_path: Path) -> None:
    old, run = right("a")
    old = replace(old, version="0", correct=False)
    folder = write_job(tmp_path / "job", [(old, run)])
    assert rejudge(folder).outdated == 1
    assert read_attempts(folder) == [old]


def test_nobody_else_may_be_working_on_the_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_job(tmp_path / "job", [right("a")], methods=["only-question"], tasks=["number_multiply"])
    with Ledger(folder) as ledger:
        assert main(["bench", "judge", str(folder)]) == 2
        ledger.append(Row(attempt=right("b")[0]))
    assert len(read_attempts(folder)) == 2
    assert "Another process" in capsys.readouterr().err


def test_the_command_says_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, run = right("a")
    folder = write_job(
        tmp_path / "job",
        [(replace(good, correct=False, extracted="7"), run)],
        methods=["only-question"],
        tasks=["number_multiply"],
    )
    assert main(["bench", "judge", str(folder)]) == 0
    told = capsys.readouterr().out
    assert "wrong ('7') is now right" in told
    assert "1 runs judged again, 1 rows changed." in told


def test_a_program_that_says_false_answers_no() -> None:
    walk = next(
        problem for problem in (get("navigate").generate(seed, "1") for seed in range(50)) if problem.reference == "No"
    )
    run = Record(rounds=[program_round(1, "False")], answer=FinalAnswer(text="<<<No>>>", round=1))
    row = attempt_of(run, walk, key="a", method="all-code-cot", level="1")
    assert (row.correct, row.marked, row.extracted) == (True, False, "No")


def test_a_number_in_a_sentence_is_the_number_asked_for() -> None:
    sums = get("gsm_hard").generate(4, "1")
    said = f"The carpet takes a total of {float(sums.reference):,.2f} metres of yarn."
    run = Record(rounds=[program_round(1, said)], answer=FinalAnswer(text=said, round=1))
    assert attempt_of(run, sums, key="a", method="all-code-cot", level="1").correct
