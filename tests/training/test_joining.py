"""Runs that were made apart join to trees where they share their past, and give what trees that grew give."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from msgspec.structs import replace

from codesteer_kernel import symbench
from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.judging import judge
from codesteer_kernel.record import Decision, FinalAnswer, Question, Record, Round, RunConfig, Support
from codesteer_kernel.steering.dialects import DIALECTS
from codesteer_kernel.steering.policies import POLICIES, Policy
from codesteer_kernel.training.joining import joined
from codesteer_kernel.training.rows import Pair
from codesteer_kernel.training.trees import Step, Tree, grow, options, pairs_of
from tests.steering.rounds import program_round, text_round
from tests.training.small_runs import RETURN, answered, first, run

PROBLEM = symbench.get("number_multiply").generate(1, "1")


def refine(words: str) -> Decision:
    return Decision(kind="refine", source="rule", guidance=words)


def pairs(trees: Sequence[Tree], dialect: str = "codesteer-v1") -> list[tuple[str, str, float, float]]:
    return [
        (one.chosen, one.rejected, one.score_chosen, one.score_rejected)
        for tree in trees
        for one in pairs_of(tree.steps, tree.question, dialect, tree.origin)
    ]


class Recorded:
    """Answers a tree that grows, and keeps the runs that reach an end. Programs are right now and then, words never."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.policy = Policy(POLICIES["better-code"], Question(prompt=PROBLEM.question), seed)
        self.ended: list[tuple[Attempt, Record]] = []

    async def __call__(self, before: Sequence[Round], decision: Decision, *, to_end: bool) -> Record:
        rounds = list(before)
        if decision.kind != "return":
            rounds.append(self.answer(rounds, decision))
        if to_end and decision.kind != "return" and len(rounds) < 4:
            again = refine(f"Once more, after {len(rounds)}.")
            rounds.append(self.answer(rounds, again))
        last = rounds[-1]
        record = Record(
            id=f"run-{len(self.ended)}",
            status="done",
            question=Question(prompt=PROBLEM.question),
            config=RunConfig(method="policy-better-code"),
            rounds=rounds,
            answer=FinalAnswer(text=last.result, result=last.result, round=last.index, code=last.answer.code),
            support=Support(level="executed", decision=decision if decision.kind == "return" else RETURN),
        )
        if to_end:
            attempt = Attempt(
                key=record.id,
                method="policy-better-code",
                target="local/x",
                task=PROBLEM.task,
                version=PROBLEM.version,
                seed=1,
                correct=judge(PROBLEM, record)[0].correct,
            )
            self.ended.append((attempt, record))
        return record

    def answer(self, rounds: list[Round], decision: Decision) -> Round:
        index = len(rounds) + 1
        if decision.kind == "text":
            made = text_round(index, "1")
        else:
            right = Random(f"{self.seed} {[one.decision.guidance for one in rounds]} {decision}").random() < 0.4
            made = program_round(index, f"<<<{PROBLEM.reference}>>>" if right else "2")
        return replace(made, decision=decision)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("seed", range(6))
async def test_the_runs_of_a_tree_that_grew_join_to_the_same_pairs(seed: int, dialect: str) -> None:
    world, chance = Recorded(seed), Random(seed)
    steps = await grow(
        PROBLEM, world, branch=3, levels=3, choose=lambda before: options(before, 3, world.policy, chance)
    )
    chance.shuffle(world.ended)
    (tree,) = joined(world.ended)

    def told(steps: list[Step]) -> set[str]:
        found = list(pairs_of(steps, tree.question, dialect, tree.origin))
        return {str([*(turn.content for turn in one.prompt), one.chosen, one.rejected, *scores(one)]) for one in found}

    def scores(one: Pair) -> list[float]:
        return [round(one.score_chosen, 9), round(one.score_rejected, 9)]

    assert tree.runs == len(world.ended) > 6
    assert told(tree.steps) == told(steps)


def test_first_answers_are_a_tree_of_two_branches() -> None:
    (tree,) = joined(answered((False, True)))
    assert [(one.decision.kind, one.children[0].decision.kind) for one in tree.steps] == [
        ("code", "return"),
        ("text", "return"),
    ]
    assert pairs([tree]) == [("<<<Text>>>", "<<<Code>>>", 14, -1)]
    assert (tree.runs, tree.origin.policy, tree.origin.run) == (2, "first-code+first-text", "")


def test_several_runs_of_one_decision_are_averaged() -> None:
    runs = [
        run([program_round(1, printed)], correct=good, name=name, ended=None)
        for name, printed, good in (("a", "1", True), ("b", "2", False), ("c", "2", False), ("d", "2", False))
    ]
    assert pairs(list(joined([*runs, first("text", correct=False)]))) == [("<<<Code>>>", "<<<Text>>>", 2.75, -1)]


def test_runs_that_share_their_rounds_branch_where_they_decide_otherwise() -> None:
    """How long a round took is no part of what it says."""
    slow = program_round(1, "7", seconds=9.0, peak_mb=80.0)
    runs = [
        run([program_round(1, "7")], correct=False, name="returned"),
        run([slow, replace(program_round(2, "8"), decision=refine("Mend it."))], correct=True, name="mended"),
        run([program_round(1, "6")], correct=True, name="another round"),
    ]
    (tree,) = joined(runs)
    assert pairs([tree]) == [("<<<Mend it.>>>", "<<<Return Answer>>>", 13, -1)]
    (pair,) = pairs_of(tree.steps, tree.question, "codesteer-v1", tree.origin)
    assert [turn.role for turn in pair.prompt] == ["user", "assistant", "user"]
    # The same in words, another verdict: another past.
    tested = [run([program_round(1, "7", verdict="pass")], correct=False, name="returned"), *runs[1:]]
    assert pairs(list(joined(tested))) == []


def test_other_targets_limits_and_problems_are_other_trees() -> None:
    text = first("text", correct=False)
    assert len(pairs(list(joined([first("code", correct=True), text])))) == 1
    for other in (
        first("code", correct=True, target="local/y"),
        first("code", correct=True, config={"max_tokens": 7}),
        first("code", correct=True, index=1),
    ):
        assert pairs(list(joined([other, text]))) == []
    assert len(pairs(list(joined([first("code", correct=True, config={"seed": 7}), text])))) == 1


def test_a_run_that_its_rounds_ended_counts_where_it_stopped() -> None:
    exhausted = run([program_round(1, "7")], correct=True, ended=None, name="exhausted")
    went_on = run(
        [program_round(1, "7"), replace(program_round(2, "8"), decision=refine("Again."))], correct=False, name="on"
    )
    (tree,) = joined([exhausted, went_on, first("text", correct=True)])
    assert pairs([tree]) == [("<<<Text>>>", "<<<Code>>>", 14, 6)]


def test_nothing_joins_to_nothing() -> None:
    assert list(joined([])) == []
