"""Runs that are there become conversations and pairs: what is kept, what is left out and why, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from codesteer_kernel.errors import BadInput, UnknownName
from codesteer_kernel.training.gathering import gather_conversations, gather_pairs
from codesteer_kernel.training.rows import Conversation, checked, checked_pair
from codesteer_kernel.training.selecting import Sieve
from codesteer_kernel.training.weights import Weights
from tests.steering.rounds import program_round
from tests.training.small_runs import answered, first, run, written


def said(row: Conversation) -> list[str]:
    return [turn.content for turn in row.messages if turn.role == "assistant"]


def test_right_first_answers_are_trajectories_that_return_them(tmp_path: Path) -> None:
    folder = written(tmp_path, answered((True, False), (False, True), (False, False)))
    found = gather_conversations([folder], "codesteer-v1", weights=Weights(last=2))
    assert [said(row) for row in found.rows] == [
        ["<<<Code>>>", "<<<Return Answer>>>"],
        ["<<<Text>>>", "<<<Return Answer>>>"],
    ]
    assert [[turn.weight for turn in row.messages] for row in found.rows] == [[0, 1, 0, 2]] * 2
    assert [row.origin.policy for row in found.rows] == ["first-code", "first-text"]
    assert all(checked(row, "row") for row in found.rows)
    (account,) = found.accounts
    assert (account.runs, account.left_out["wrong"]) == (6, 4)


def test_a_problem_of_which_one_way_is_right_is_a_pair(tmp_path: Path) -> None:
    folder = written(tmp_path, answered((True, False), (False, True), (True, True), (False, False)))
    found = gather_pairs([folder], "codesteer-v1")
    assert [(one.chosen, one.rejected) for one in found.rows] == [
        ("<<<Code>>>", "<<<Text>>>"),
        ("<<<Text>>>", "<<<Code>>>"),
    ]
    assert {(one.score_chosen, one.score_rejected) for one in found.rows} == {(14, -1)}
    assert all(checked_pair(one, "pair").origin.policy == "first-code+first-text" for one in found.rows)
    (account,) = found.accounts
    assert (account.runs, dict(account.left_out)) == (8, {"no way led further than another": 4})
    assert gather_pairs([folder], "mini", margin=15).rows == []
    assert len(gather_pairs([folder], "mini", margin=14).rows) == 2


def test_real_and_simulated_runs_are_sieved_and_counted_apart(tmp_path: Path) -> None:
    real = written(tmp_path / "real", answered(*[(True, False)] * 3))
    made_up = written(tmp_path / "made-up", answered(*[(True, False)] * 3, target="simulated/coder"))
    found = gather_conversations([real, made_up], "mini", Sieve(each=2))
    assert [row.origin.simulated for row in found.rows] == [False, False, True, True]
    assert [(one.simulated, one.runs, one.left_out["enough of its kind"]) for one in found.accounts] == [
        (False, 6, 1),
        (True, 6, 1),
    ]
    pairs = gather_pairs([made_up], "mini")
    assert [one.origin.simulated for one in pairs.rows] == [True] * 3
    assert [one.simulated for one in pairs.accounts] == [True]


def test_what_tells_nothing_of_our_loop_is_left_out_and_counted(tmp_path: Path) -> None:
    code = [program_round(1)]
    runs = [
        run(code, correct=True, name="good"),
        run(code, correct=True, method="only-question"),
        run(code, correct=True, method="codesteer-faithful", config={"faithful": True}),
        run(code, correct=True, name="samples", config={"samples": 3}),
        run(code, correct=False, name="down", error="endpoint_unreachable", status="failed"),
        run([], correct=False, name="nothing"),
        run(code, correct=True, name="old", version="0"),
        first("code", correct=False, answer=False, error="no_answer", status="failed"),
        first("text", correct=True),
    ]
    folder = written(tmp_path, runs)
    found = gather_conversations([folder], "codesteer-v1")
    assert len(found.rows) == 2
    assert dict(found.accounts[0].left_out) == {
        "not asked as our loop asks": 3,
        "failed": 3,
        "of another version of its task": 1,
        "enough of its kind": 0,
    }
    # A first answer that is none is still a way that led nowhere.
    (pair,) = gather_pairs([folder], "codesteer-v1").rows
    assert (pair.chosen, pair.rejected, pair.score_rejected) == ("<<<Text>>>", "<<<Code>>>", 6.5)


def test_a_run_in_two_folders_counts_once(tmp_path: Path) -> None:
    runs = answered((True, False))
    one, other = written(tmp_path / "a", runs), written(tmp_path / "b", runs)
    found = gather_pairs([one, other, one / ".." / "a"], "mini")
    assert [account.runs for account in found.accounts] == [2]
    assert len(found.rows) == 1


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"purpose": "evaluation"}, "pooling is drawn for evaluation, so nothing is trained on it"),
        ({"task": "letters"}, "letters is an unseen task, so nothing is trained on it"),
    ],
)
def test_nothing_is_learned_from_what_is_for_measuring(tmp_path: Path, more: dict[str, Any], fault: str) -> None:
    folder = written(tmp_path, [*answered((True, False), task="game24"), first("code", correct=True, **more)])
    with pytest.raises(BadInput, match=fault):
        gather_conversations([folder], "mini")
    with pytest.raises(BadInput, match=fault):
        gather_pairs([folder], "mini")


def test_folders_that_hold_no_runs_or_something_else_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no attempts"):
        gather_conversations([tmp_path / "nowhere"], "mini")
    lines = written(tmp_path / "lines", answered((True, False))) / "attempts.jsonl"
    whole = lines.read_bytes()
    lines.write_bytes(whole.replace(b"\n", b'\n{"key": 3}\n', 1))
    with pytest.raises(BadInput, match=r"Line 2 of .* is not one of a ledger"):
        gather_pairs([lines.parent], "mini")
    lines.write_bytes(whole + b'{"key": "cut o')
    assert len(gather_pairs([lines.parent], "mini").rows) == 1, "what a killed process left is no line"
    lines.write_bytes(whole.replace(b'"schema":1', b'"schema":99'))
    with pytest.raises(BadInput, match="schema version 99"):
        gather_pairs([lines.parent], "mini")
    attempt, record = first("code", correct=True)
    unknown = written(tmp_path / "unknown", [(replace(attempt, task="alchemy"), record)])
    with pytest.raises(UnknownName, match="alchemy"):
        gather_conversations([unknown], "mini")
    job = written(tmp_path / "job", answered((True, False)))
    (job / "job.json").write_text("[]")
    with pytest.raises(BadInput, match="does not say what a job is"):
        gather_conversations([job], "mini")


def test_how_long_runs_took_comes_of_the_job_and_of_when_they_began(tmp_path: Path) -> None:
    runs = [
        run([program_round(1)], correct=True, index=index, started=f"2026-07-01T10:00:{5 * index:02}+00:00", seconds=5)
        for index in range(4)
    ]
    known = written(tmp_path / "known", runs, at_once=1)
    (account,) = gather_conversations([known], "mini").accounts
    assert account.seconds == 20
    short = written(tmp_path / "short", [run([program_round(1)], correct=True, seconds=0.5)], at_once=2)
    assert gather_conversations([short], "mini").accounts[0].seconds == 0.25
