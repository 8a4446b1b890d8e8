"""Steerers that are rules: each steers in one set way, whatever the question.

They make runs differ where trajectories are collected (the published ones come from steerers that were told to push
from text to code, or for more complex code: codesteer.md, section 4.1), and they are what a steerer has to beat: one
that cannot beat ``random-switch`` decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from codesteer_kernel.record import Decision, Question, Round, cut_middle
from codesteer_kernel.record.document import DecisionKind
from codesteer_kernel.steering.evidence import GUIDANCE_CHARS, Situation, guidance_for, wants_code
from codesteer_kernel.steering.prompts import load_prompts

__all__ = ["POLICIES", "Forced", "Policy", "Rule"]

_Then = Callable[[Sequence[Round], Situation, Random], DecisionKind]

# Where the target's own words for the trouble say more than a policy could.
_TROUBLE = {"cut", "no_code", "crashed", "slow", "silent", "constant", "empty", "failed_check", "repeated"}


@dataclass(frozen=True)
class Rule:
    """One set way to steer: the first decision, and what follows a round."""

    name: str
    about: str
    first: Callable[[Random], DecisionKind]
    then: _Then


class Policy:
    """A rule at work, for one run; a :class:`~codesteer_kernel.steering.dialects.Dialect`.

    Args:
        rule: how to steer.
        question: what is asked; with ``seed`` it settles every choice, so that a run can be made again.
        seed: other seeds give other wordings, and other choices where the rule leaves them to chance.
    """

    def __init__(self, rule: Rule, question: Question, seed: int = 0) -> None:
        self._rule = rule
        self._random = Random(f"{rule.name} {seed} {question.prompt}")  # noqa: S311 - no secret
        self.stamp = f"{rule.name} {load_prompts('policies').stamp}"

    async def choose(self) -> Decision:
        """The first decision."""
        return Decision(kind=self._rule.first(self._random), source="rule", reason=self._rule.about)

    def told(self, decision: Decision) -> None:
        """A rule remembers nothing."""

    async def review(self, rounds: Sequence[Round], situation: Situation) -> Decision:
        """What follows the last round."""
        kind = self._rule.then(rounds, situation, self._random)
        return self.worded(kind, rounds, situation)

    def worded(self, kind: DecisionKind, rounds: Sequence[Round], situation: Situation) -> Decision:
        """A decision with guidance for the target."""
        if kind in ("return", "terminate"):
            return Decision(kind=kind, source="rule", reason=self._rule.about)
        guidance = _guidance(kind, rounds, situation, self._random)
        return Decision(
            kind=kind, source="rule", guidance=guidance, guidance_source="template", reason=self._rule.about
        )


class Forced:
    """Takes one given decision, then leaves the run to another, or ends it: how a tree of decisions grows by one."""

    stamp = "forced"

    def __init__(self, decision: Decision, then: Policy | None = None) -> None:
        self._decision: Decision | None = decision
        self._then = then

    async def choose(self) -> Decision:
        """The given decision."""
        assert self._decision is not None
        taken, self._decision = self._decision, None
        return taken

    def told(self, decision: Decision) -> None:
        """The given decision was another's to take: a first one that the run's settings have taken."""

    async def review(self, rounds: Sequence[Round], situation: Situation) -> Decision:
        """The given decision, if it was not taken yet; then the other's, or the end."""
        if self._decision is not None:
            return await self.choose()
        if self._then is not None:
            return await self._then.review(rounds, situation)
        return Decision(kind="terminate", source="rule", reason="One round was asked for.")


def _guidance(kind: DecisionKind, rounds: Sequence[Round], situation: Situation, random: Random) -> str:
    if kind == "refine" and situation.name in _TROUBLE:
        return guidance_for(kind, situation, rounds[-1])
    key = {"code": "code", "text": "text"}.get(kind, "better" if wants_code(rounds) else "again")
    prompts = load_prompts("policies")
    wording = random.randrange(prompts.count(f"{key}.wordings"))
    return prompts.text(f"{key}.wordings.{wording}", output=cut_middle(rounds[-1].result, GUIDANCE_CHARS))


def _push_code(rounds: Sequence[Round], situation: Situation, _: Random) -> DecisionKind:
    if not wants_code(rounds):
        return "code"
    ready = "return" in situation.allowed and situation.name not in ("failed_check", "constant")
    return "return" if ready or list(situation.allowed) == ["return"] else "refine"


def _push_text(rounds: Sequence[Round], situation: Situation, _: Random) -> DecisionKind:
    if wants_code(rounds):
        return "text"
    return "return" if len(rounds) > 1 and "return" in situation.allowed else "refine"


def _better_code(rounds: Sequence[Round], situation: Situation, random: Random) -> DecisionKind:
    decided = _push_code(rounds, situation, random)
    asked = sum(one.decision.kind == "refine" for one in rounds)
    return "refine" if decided == "return" and asked == 0 else decided


def _random_switch(rounds: Sequence[Round], situation: Situation, random: Random) -> DecisionKind:
    kinds: list[DecisionKind] = ["code", "text", "refine"]
    if "return" in situation.allowed:
        # As likely as all the others together, or runs would go on for ever.
        kinds += ["return"] * 3
    return random.choice(kinds)


POLICIES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            "push-code",
            "Programs only, mended until one gives an answer that no test fails.",
            lambda _: "code",
            _push_code,
        ),
        Rule("push-text", "Words only, looked over once.", lambda _: "text", _push_text),
        Rule("better-code", "Programs, and at least once a better one.", lambda _: "code", _better_code),
        Rule(
            "random-switch",
            "Chance decides between code, text, another try and the end.",
            lambda random: random.choice(["code", "text"]),
            _random_switch,
        ),
    )
}
