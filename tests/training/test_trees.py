"""Trees of decisions grow behind shared rounds, and become pairs in any dialect's words."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.record import Decision, FinalAnswer, Question, Record, Round, Support, Usage
from codesteer_kernel.steering.policies import POLICIES, Policy
from codesteer_kernel.training.rows import Origin, checked_pair
from codesteer_kernel.training.trees import Step, coded_pairs_of, grow, options, pairs_of, runs_in
from tests.steering.rounds import program_round, text_round

PROBLEM = symbench.get("number_multiply").generate(1, "1")
QUESTION = Question(prompt=PROBLEM.question)
RIGHT = PROBLEM.reference


def record(rounds: list[Round], run: str) -> Record:
    last = rounds[-1]
    answer = FinalAnswer(text=last.result, result=last.result, round=last.index, code=last.answer.code)
    return Record(id=run, status="done", rounds=rounds, answer=answer, support=Support(level="executed"), usage=Usage())


class World:
    """Programs are right from the second one on; words are always wrong."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, str, bool]] = []

    async def __call__(self, before: Sequence[Round], decision: Decision, *, to_end: bool) -> Record:
        self.asked.append((len(before), decision.kind, to_end))
        rounds = list(before)
        if decision.kind not in ("return", "terminate"):
            rounds.append(self.answer(rounds, decision))
        return record(rounds, f"run-{len(self.asked)}")

    def answer(self, rounds: list[Round], decision: Decision) -> Round:
        index = len(rounds) + 1
        if decision.kind == "text":
            return text_round(index, "1")
        kind: Any = decision.kind
        programs = sum(one.answer.code is not None for one in rounds)
        return program_round(index, f"<<<{RIGHT}>>>" if programs else "2", kind=kind)


def chooser(branch: int) -> Any:
    policy = Policy(POLICIES["push-code"], QUESTION)
    return lambda before: options(before, branch, policy, Random(7))


async def grown(branch: int = 3, levels: int = 2) -> tuple[list[Step], World]:
    world = World()
    return await grow(PROBLEM, world, branch=branch, levels=levels, choose=chooser(branch)), world


def test_behind_an_answer_there_is_another_try_a_switch_and_the_end() -> None:
    first = options([], 4, Policy(POLICIES["push-code"], QUESTION), Random(0))
    assert [one.kind for one in first] == ["code", "text"]
    later = options([program_round(1, "2")], 3, Policy(POLICIES["push-code"], QUESTION), Random(0))
    assert sorted(one.kind for one in later) == ["refine", "return", "text"]
    crashed = [program_round(1, "", status="error", error="NameError: x")]
    kinds = [one.kind for one in options(crashed, 4, Policy(POLICIES["push-code"], QUESTION), Random(0))]
    assert "return" not in kinds


async def test_a_tree_branches_so_deep_and_finishes_every_path() -> None:
    steps, world = await grown()
    assert [one.decision.kind for one in steps] == ["code", "text"]
    leaves = list(runs_in(steps))
    assert len(leaves) == 6
    assert all(one.run and one.score is not None for one in leaves)
    # Siblings share their past: the round behind `code` was made once.
    assert world.asked.count((0, "code", False)) == 1
    assert {ends for before, _, ends in world.asked if before} == {True}


async def test_scores_follow_from_right_and_short() -> None:
    steps, _ = await grown()
    by_kind = {one.decision.kind: one for one in steps[0].children}
    assert (by_kind["refine"].correct, by_kind["refine"].guidances, by_kind["refine"].score) == (True, 2, 13)
    assert (by_kind["return"].correct, by_kind["return"].guidances, by_kind["return"].score) == (False, 1, -1)
    assert by_kind["text"].score == -2


async def test_a_tree_becomes_pairs_in_the_words_of_a_dialect() -> None:
    steps, _ = await grown()
    pairs = [
        checked_pair(one, "pair")
        for one in pairs_of(steps, QUESTION, "codesteer-v1", Origin(task=PROBLEM.task, seed=1))
    ]
    (first,) = [one for one in pairs if len(one.prompt) == 1]
    assert (first.chosen, first.rejected) == ("<<<Code>>>", "<<<Text>>>")
    assert (first.score_chosen, first.score_rejected) == (pytest.approx(10 / 3), pytest.approx(-5 / 3))
    best = max(pairs, key=lambda one: one.margin)
    assert (best.score_chosen, best.score_rejected, best.rejected) == (13, -2, "<<<Text>>>")
    assert all(one.prompt[-1].role == "user" and one.prompt[0].content.count(PROBLEM.question) for one in pairs)
    assert {one.origin.task for one in pairs} == {"number_multiply"}


async def test_what_sounds_the_same_in_a_dialect_is_one() -> None:
    """A small steerer says <<<Refine>>> whatever the guidance: such siblings are worth their mean."""
    rounds = [program_round(1, "2")]
    steps = [
        Step(decision=Decision(kind="refine", source="rule", guidance=words), rounds=rounds, score=score)
        for words, score in (("a", 13.0), ("b", -2.0))
    ] + [Step(decision=Decision(kind="return", source="rule"), rounds=rounds, score=-1.0)]
    first = Decision(kind="code", source="rule")
    (pair,) = pairs_of(steps, QUESTION, "mini", Origin(), path=[first])
    assert (pair.chosen, pair.rejected) == ("<<<Refine>>>", "<<<Return>>>")
    assert (pair.score_chosen, pair.score_rejected) == (5.5, -1)
    assert len(list(pairs_of(steps, QUESTION, "codesteer-v1", Origin(), path=[first]))) == 3


def leaf(kind: str, *, correct: bool, guidances: int, before: int = 0, words: str = "") -> Step:
    return Step(
        decision=Decision(kind=kind, source="rule", guidance=words),  # type: ignore[arg-type]
        rounds=[program_round(n + 1, "2") for n in range(before)],
        correct=correct,
        guidances=guidances,
        score=15.0 - guidances if correct else -float(guidances),
    )


def test_the_published_code_would_pair_what_came_instead_of_a_wrong_path() -> None:
    deep = [
        leaf("refine", correct=False, guidances=4, before=1, words="a"),
        leaf("refine", correct=False, guidances=2, before=1, words="b"),
        leaf("text", correct=True, guidances=2, before=1),
    ]
    code = Step(decision=Decision(kind="code", source="rule"), rounds=[], children=deep)
    tree = [code, leaf("text", correct=True, guidances=1)]
    pairs = [checked_pair(one, "pair") for one in coded_pairs_of(tree, QUESTION, "codesteer-v1", Origin())]
    assert [(one.chosen[:11], one.rejected[:11]) for one in pairs] == [
        ("<<<Text>>>", "<<<Code>>>"),
        ("<<<Text>>>", "<<<a>>>"),
    ]
    # The wrong path's own length counts on both sides.
    assert {(one.score_chosen, one.score_rejected) for one in pairs} == {(11, -4)}
    assert [len(one.prompt) for one in pairs] == [1, 3]
    # A right path gives none, however long, nor does one instead of which nothing else was right.
    assert list(coded_pairs_of(tree[::-1], QUESTION, "codesteer-v1", Origin())) == []
    assert list(coded_pairs_of(deep[:2], QUESTION, "codesteer-v1", Origin())) == []
    assert list(coded_pairs_of([], QUESTION, "codesteer-v1", Origin())) == []
