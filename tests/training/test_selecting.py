"""Right, short, different, balanced."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from codesteer_kernel.errors import BadInput
from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.record import Decision, Question, Record, Round, Support
from codesteer_kernel.training.rows import checked
from codesteer_kernel.training.selecting import Sieve, conversation_of, select
from codesteer_kernel.training.weights import Weights
from tests.steering.rounds import program_round, text_round

RETURN = Decision(kind="return", source="rule")


def run(
    seed: int, rounds: Sequence[Round], *, correct: bool = True, task: str = "game24", target: str = "local/x"
) -> tuple[Attempt, Record]:
    record = Record(
        id=f"run-{task}-{seed}",
        status="done",
        question=Question(prompt=f"{task} {seed}?"),
        rounds=list(rounds),
        support=Support(level="executed", decision=RETURN),
    )
    modes = ["code" if one.answer.code else "text" for one in rounds]
    attempt = Attempt(
        key=f"{seed}",
        method="policy-push-code",
        target=target,
        task=task,
        version="1",
        seed=seed,
        level="1",
        run=record.id,
        correct=correct,
        decisions=modes,
    )
    return attempt, record


def test_right_runs_are_kept_and_the_others_counted() -> None:
    runs = [run(1, [program_round(1)]), run(2, [text_round(1)], correct=False)]
    found = select(runs, "codesteer-v1")
    assert [row.origin.seed for row in found.rows] == [1]
    assert found.left_out["wrong"] == 1
    assert all(checked(row, "row") for row in found.rows)
    assert len(select(runs, "codesteer-v1", Sieve(wrong=True)).rows) == 2


def test_runs_that_are_too_long_are_left_out() -> None:
    long = [text_round(index, str(index)) for index in range(1, 8)]
    found = select([run(1, long)], "codesteer-v1")
    assert (found.rows, found.left_out["too many rounds"]) == ([], 1)


def test_of_one_problem_the_short_ways_are_kept() -> None:
    ways = [[text_round(index, str(index)) for index in range(1, count + 1)] for count in (1, 3, 4)]
    found = select([run(1, way) for way in reversed(ways)], "codesteer-v1")
    assert sorted(row.origin.rounds for row in found.rows) == [1, 3]
    assert found.left_out["longer than need be"] == 1


def test_the_same_conversation_is_kept_once() -> None:
    found = select([run(1, [program_round(1)]), run(1, [program_round(1)])], "codesteer-v1")
    assert (len(found.rows), found.left_out["the same conversation again"]) == (1, 1)


def test_no_kind_outweighs_the_others_and_the_choice_is_the_runs_alone() -> None:
    runs = [run(seed, [program_round(1)]) for seed in range(20)]
    runs += [run(seed, [text_round(1, "4")]) for seed in range(3)]
    found = select(runs, "codesteer-v1", Sieve(each=5))
    assert [row.origin.modes for row in found.rows].count(["code"]) == 5
    assert [row.origin.modes for row in found.rows].count(["text"]) == 3
    assert found.left_out["enough of its kind"] == 15
    again = select(list(reversed(runs)), "codesteer-v1", Sieve(each=5))
    assert {row.origin.run for row in again.rows} == {row.origin.run for row in found.rows}


def test_simulated_targets_are_labelled_in_every_row() -> None:
    found = select([run(1, [program_round(1)], target="simulated/skilled"), run(2, [program_round(1)])], "mini")
    assert [row.origin.simulated for row in found.rows] == [True, False]


def test_worked_examples_are_read_and_not_learned() -> None:
    row = conversation_of(*run(1, [text_round(1, "42")]), "mini", Weights(last=3))
    weighted = [(turn.content, turn.weight) for turn in row.messages if turn.weight]
    assert weighted == [("<<<Text>>>", 1), ("<<<Return>>>", 3)]
    assert len(row.messages) > 10


def test_a_sieve_that_keeps_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="at least one"):
        select([], "mini", Sieve(each=0))
