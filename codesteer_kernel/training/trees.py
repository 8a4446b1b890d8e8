"""Trees of decisions: at every place several are tried, each path is finished, and what came of it scores them.

A tree grows by runs that go on behind the rounds of another (``steered(before=...)``), so that siblings share every
word of their past: what they differ in is the decision alone. ``joining`` makes the same trees of runs that are there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from random import Random
from statistics import fmean
from typing import Protocol

import msgspec

from codesteer_kernel.errors import BadInput
from codesteer_kernel.evaluation.judging import judge
from codesteer_kernel.record import Decision, Question, Record, Round
from codesteer_kernel.record.document import DecisionKind
from codesteer_kernel.steering.dialects.transcript import transcript
from codesteer_kernel.steering.evidence import assess, wants_code
from codesteer_kernel.steering.policies import Policy
from codesteer_kernel.symbench import Problem
from codesteer_kernel.training.pairs import Branch, Node, Preference, coded_pairs, leaf_score, preferences
from codesteer_kernel.training.rows import Origin, Pair, Turn

__all__ = ["Ask", "Step", "Tree", "coded_pairs_of", "grow", "options", "pairs_of", "runs_in"]


class Step(msgspec.Struct, kw_only=True):
    """One decision of a tree, and what came of it. Where more than one thing came of a decision, each is a step.

    Attributes:
        decision: what was decided.
        rounds: all rounds before it.
        children: what was decided next.
        score: of a path that ended here, see :func:`codesteer_kernel.training.pairs.leaf_score`; of several the mean.
        correct, guidances, run: of a leaf: whether its answer was right, how many rounds it took, its run's id.
        runs: how many runs went here.
    """

    decision: Decision
    rounds: list[Round]
    children: list[Step] = []
    score: float | None = None
    correct: bool = False
    guidances: int = 0
    run: str = ""
    runs: int = 1


class Tree(msgspec.Struct, kw_only=True):
    """The first level of a problem's tree, where it comes from, and how many runs are in it."""

    question: Question = Question(prompt="")
    origin: Origin = Origin()
    steps: list[Step] = []
    runs: int = 0


class Ask(Protocol):
    """Makes a run that goes on behind ``before`` with ``decision``: for that one round, or until it ends (``to_end``)."""

    def __call__(self, before: Sequence[Round], decision: Decision, *, to_end: bool) -> Awaitable[Record]:
        """The finished run."""
        ...


def options(before: Sequence[Round], branch: int, policy: Policy, random: Random) -> list[Decision]:
    """Up to ``branch`` different decisions that make sense behind ``before``.

    First it is code or text. Later: the end (where there is an answer to return), another try, a switch between program
    and words, and further wordings of another try.
    """
    kinds: list[DecisionKind] = ["code", "text"]
    if not before:
        return [Decision(kind=kind, source="rule", reason="A branch.") for kind in kinds[:branch]]
    situation = assess(before)
    kinds = ["refine", "text" if wants_code(before) else "code"]
    if "return" in situation.allowed:
        kinds.append("return")
    random.shuffle(kinds)
    found = {(one.kind, one.guidance): one for one in (policy.worded(kind, before, situation) for kind in kinds)}
    for _ in range(branch):
        # Where one more wording is the same again there is none left.
        more = policy.worded("refine", before, situation)
        found.setdefault((more.kind, more.guidance), more)
    return list(found.values())[:branch]


async def grow(
    problem: Problem,
    ask: Ask,
    *,
    branch: int,
    levels: int,
    choose: Callable[[Sequence[Round]], list[Decision]],
    before: Sequence[Round] = (),
) -> list[Step]:
    """Grow a tree for a problem; returns its first level.

    Args:
        problem: what is asked, and what judges the leaves.
        ask: makes runs.
        branch: decisions tried at one place.
        levels: so many decisions are branched, the first counted; behind them a path is finished without branches.
        choose: the decisions to try behind some rounds; see :func:`options`.
        before: the rounds before this level.
    """
    steps = []
    for decision in choose(before)[:branch]:
        step = Step(decision=decision, rounds=list(before))
        last = levels <= 1 or decision.kind in ("return", "terminate")
        record = await ask(before, decision, to_end=last)
        if last or len(record.rounds) <= len(before):
            verdict, _ = judge(problem, record)
            step.correct, step.guidances, step.run = verdict.correct, len(record.rounds), record.id
            step.score = leaf_score(correct=verdict.correct, guidances=len(record.rounds))
        else:
            step.children = await grow(
                problem, ask, branch=branch, levels=levels - 1, choose=choose, before=record.rounds
            )
        steps.append(step)
    return steps


def runs_in(steps: Sequence[Step]) -> Iterator[Step]:
    """The leaves of a tree."""
    for step in steps:
        if step.children:
            yield from runs_in(step.children)
        else:
            yield step


def pairs_of(
    steps: Sequence[Step],
    question: Question,
    dialect: str,
    origin: Origin,
    *,
    margin: float = 0.0,
    path: Sequence[Decision] = (),
) -> Iterator[Pair]:
    """The preference pairs of a tree, given its first level, in the words of a dialect.

    Decisions that sound the same in the dialect are one, worth the mean of their runs; those that it leaves to rules are
    none.
    """
    alike: dict[str, list[Step]] = {}
    prompt: list[Turn] = []
    for step in steps:
        if said := _said(step, question, dialect, path):
            prompt, words = said
            alike.setdefault(words, []).append(step)
    for one in preferences([Node(words, score=_mean(found)) for words, found in alike.items()], margin=margin):
        yield _pair(one, prompt, dialect, origin)
    for step in steps:
        yield from pairs_of(step.children, question, dialect, origin, margin=margin, path=[*path, step.decision])


def coded_pairs_of(steps: Sequence[Step], question: Question, dialect: str, origin: Origin) -> Iterator[Pair]:
    """The pairs that the published code would make of a tree: see :func:`codesteer_kernel.training.pairs.coded_pairs`.

    Its run is the tree's first path; a sibling of one of its decisions was tried instead of it, and what came of it is
    its own first path.
    """
    said: list[str] = []
    prompts: list[list[Turn]] = []
    branches: list[Branch] = []
    path: list[Decision] = []
    leaf = None
    while steps:
        leaf, *others = steps
        prompt, words = _said(leaf, question, dialect, path) or ([], "")
        for other in others if words else ():
            _, instead = _said(other, question, dialect, path) or ([], "")
            if instead and instead != words:
                branches.append(Branch(len(said), instead, next(runs_in([other])).correct))
        said.append(words)
        prompts.append(prompt)
        path.append(leaf.decision)
        steps = leaf.children
    if leaf is not None:
        for one in coded_pairs(said, correct=leaf.correct, branches=branches, guidances=leaf.guidances):
            yield _pair(one, prompts[len(one.path)], dialect, origin)


def _said(step: Step, question: Question, dialect: str, path: Sequence[Decision]) -> tuple[list[Turn], str] | None:
    """What a steerer heard and said at ``step`` in a dialect's words; None: the dialect leaves it to rules."""
    said = transcript(dialect, question, step.rounds, [*path, step.decision])
    if len(said) <= len(transcript(dialect, question, step.rounds, list(path))):
        return None
    heard = [msgspec.convert({"role": one.role, "content": one.content}, Turn) for one in said[:-1]]
    return heard, said[-1].content


def _pair(one: Preference, prompt: list[Turn], dialect: str, origin: Origin) -> Pair:
    return Pair(
        prompt=prompt,
        chosen=one.chosen,
        rejected=one.rejected,
        score_chosen=one.score_chosen,
        score_rejected=one.score_rejected,
        dialect=dialect,
        origin=origin,
    )


def _mean(steps: Sequence[Step]) -> float:
    """What steps are worth that count as one decision: what chance made of it, as often as it did."""
    return fmean([_value(step) for step in steps], [step.runs for step in steps])


def _value(step: Step) -> float:
    """What a step is worth: the mean over the decisions that follow it, and over the paths that end there, if any."""
    next_: dict[tuple[str, str], list[Step]] = {}
    for child in step.children:
        next_.setdefault((child.decision.kind, child.decision.guidance), []).append(child)
    ended = [] if step.score is None else [step.score]
    if not next_ and not ended:
        raise BadInput(f"A path that ends with {step.decision.kind} has no score.", "Finish every path first.")
    return fmean([_mean(found) for found in next_.values()] + ended)
