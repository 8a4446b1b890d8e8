"""Set policies steer in their one way, in wordings that differ, and the same again for the same seed."""

from __future__ import annotations

import pytest

from codesteer_kernel.record import Budget, Decision, Question, Record, Round, RunConfig
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.evidence import assess
from codesteer_kernel.steering.policies import POLICIES, Forced, Policy
from codesteer_kernel.steering.procedure import Procedure
from codesteer_kernel.steering.steered import steered
from tests.steering.doubles import Programs
from tests.steering.rounds import program_round, text_round
from tests.steering.running import CODE, QUESTION, Run

COMPUTED = CODE.format("6 * sum([7])")


async def steer(
    name: str, replies: list[str], printed: list[str] | None = None, *, rounds: int = 5, seed: int = 0
) -> Record:
    async def procedure(acts: Acts, rounds: int) -> Ending:
        return await steered(acts, rounds, dialect=Policy(POLICIES[name], acts.question, seed))

    programs = Programs([text + "\n" for text in printed or []])
    config = RunConfig(dialect="instruct", without=["self-answer"])
    run = Run(replies, [], programs, config=config, procedure=Procedure(name, procedure), budget=Budget(rounds=rounds))
    record = await run.finish()
    assert run.steerer.requests == []
    return record


def kinds(record: Record) -> list[str]:
    ended = record.support.decision if record.support else None
    return [one.decision.kind for one in record.rounds] + ([ended.kind] if ended else [])


async def test_push_code_mends_programs_until_one_answers() -> None:
    record = await steer("push-code", ["no program", COMPUTED], ["42"])
    assert kinds(record) == ["code", "refine", "return"]
    assert record.status == "done"


async def test_push_text_looks_its_words_over_once() -> None:
    record = await steer("push-text", ["Answer: 41", "Answer: 42"])
    assert kinds(record) == ["text", "refine", "return"]
    assert all(one.answer.code is None for one in record.rounds)


async def test_better_code_asks_for_a_better_program_once() -> None:
    record = await steer("better-code", [COMPUTED, CODE.format("7 * sum([6])")], ["41", "42"])
    assert kinds(record) == ["code", "refine", "return"]
    assert "41" in record.rounds[1].decision.guidance


async def test_random_switch_ends_within_its_rounds() -> None:
    seen = set()
    for seed in range(12):
        record = await steer("random-switch", ["Answer: 42"] * 4 + [CODE.format(1)], rounds=4, seed=seed)
        seen.add(tuple(kinds(record)))
    assert len(seen) > 3


@pytest.mark.parametrize("name", POLICIES)
async def test_the_same_seed_decides_the_same(name: str) -> None:
    rounds = [program_round(1, "41", verdict="fail", reason="too small")]

    async def decided(seed: int, prompt: str = "Q") -> list[Decision]:
        policy = Policy(POLICIES[name], Question(prompt=prompt), seed)
        return [await policy.choose(), *[await policy.review(rounds, assess(rounds)) for _ in range(6)]]

    assert await decided(1) == await decided(1)


def test_wordings_differ_between_questions() -> None:
    rounds: list[Round] = [program_round(1, "41")]
    said = {
        Policy(POLICIES["better-code"], Question(prompt=f"Q{number}")).worded("refine", rounds, assess(rounds)).guidance
        for number in range(20)
    }
    assert len(said) == 3
    assert all("41" in one for one in said)


async def test_forced_takes_one_decision_and_ends() -> None:
    forced = Forced(Decision(kind="text", source="rule"))
    rounds = [text_round(1, "42")]
    assert (await forced.choose()).kind == "text"
    assert (await forced.review(rounds, assess(rounds))).kind == "terminate"


def test_a_policy_has_no_word_of_the_question() -> None:
    """What a policy says must not leak an answer: it knows the question's data only as its seed."""
    policy = Policy(POLICIES["push-code"], QUESTION)
    rounds = [text_round(1, "40")]
    assert "braces" not in policy.worded("code", rounds, assess(rounds)).guidance
