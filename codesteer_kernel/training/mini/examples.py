"""What there is to learn from, read off finished runs: which way was right for a problem, and when an answer was right.

Any job's folder will do whose methods steer or begin as our loop does: a first round is asked for in the same words
whoever chose it, so that ``first-code``, a policy's run and a steered one tell the same of it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from codesteer_kernel.errors import BadInput
from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.judging import judge
from codesteer_kernel.evaluation.ledger import read_records
from codesteer_kernel.evaluation.methods.first_answers import FIRST_ANSWERS
from codesteer_kernel.evaluation.methods.policies import POLICY_METHODS
from codesteer_kernel.record import Decision, Question, Record, Round
from codesteer_kernel.steering.dialects.transcript import decisions_of
from codesteer_kernel.steering.evidence import assess
from codesteer_kernel.steering.support import best
from codesteer_kernel.symbench import Problem, get

__all__ = ["Asked", "Examples", "Place", "Reached", "check_for_training", "read_examples"]

_AS_OURS = {"", *(one.name for one in FIRST_ANSWERS), *(one.name for one in POLICY_METHODS)}
"""What ``config.method`` says of runs that ask the target as our loop does."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A problem: its task, level and seed."""

    task: str
    level: str
    seed: int

    @property
    def split(self) -> str:
        """``seen`` or ``unseen``."""
        return get(self.task).split

    @property
    def for_training(self) -> bool:
        """Whether something may be trained on it: a training seed (those are odd) of a seen task."""
        return self.seed % 2 == 1 and self.split == "seen"


class Asked(msgspec.Struct, kw_only=True):
    """A problem, and whether each first round by code, and each by text, was right."""

    place: Place
    question: Question
    code: list[bool] = []
    text: list[bool] = []

    @property
    def both(self) -> bool:
        """Whether both ways were tried."""
        return bool(self.code and self.text)

    @property
    def margin(self) -> float:
        """How much oftener code was right than text: -1 to 1; 0: neither is better."""
        return sum(self.code) / len(self.code) - sum(self.text) / len(self.text)


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """A point of a run at which the steerer may return: ``right`` says whether the best answer so far is right.

    ``rounds`` are those so far, ``decisions`` those that opened them.
    """

    place: Place
    question: Question
    rounds: list[Round]
    decisions: list[Decision]
    right: bool


class Examples(msgspec.Struct, kw_only=True):
    """What a set of folders holds; ``targets`` counts runs by their target, ``left_out`` those not read, by reason."""

    asked: list[Asked] = []
    reached: list[Reached] = []
    targets: Counter[str] = msgspec.field(default_factory=Counter)
    left_out: Counter[str] = msgspec.field(default_factory=Counter)


def read_examples(folders: Iterable[Path]) -> Examples:
    """Read the folders of jobs, in their order.

    Raises:
        BadInput: a folder holds no attempts, or a line that is none.
    """
    found = Examples()
    problems: dict[Place, Asked] = {}
    seen: set[str] = set()
    for folder in folders:
        any_there = False
        for attempt, record in read_records(folder):
            any_there = True
            reason = _unfit(attempt, record)
            if reason:
                found.left_out[reason] += 1
                continue
            found.targets[attempt.target] += 1
            place = Place(task=attempt.task, level=attempt.level, seed=attempt.seed)
            problem = get(attempt.task).generate(attempt.seed, attempt.knobs)
            asked = problems.setdefault(place, Asked(place=place, question=record.question, code=[], text=[]))
            first = record.rounds[0].decision.kind
            (asked.code if first == "code" else asked.text).append(_right(problem, record, record.rounds[:1]))
            for one in _reached(place, problem, record):
                mark = hashlib.sha256(msgspec.json.encode([one.place, one.rounds])).hexdigest()
                if mark not in seen:
                    seen.add(mark)
                    found.reached.append(one)
        if not any_there:
            raise BadInput(f"{folder} holds no attempts.", "Make some with codesteer train outcomes -o DIR ...")
    found.asked = [one for one in problems.values() if one.both]
    found.left_out["tried one way only"] += len(problems) - len(found.asked)
    return found


def check_for_training(examples: Examples) -> None:
    """Refuse to learn from what is kept for measuring.

    Raises:
        BadInput: a problem was drawn for evaluation, or its task is an unseen one.
    """
    for place in [one.place for one in examples.asked] + [one.place for one in examples.reached]:
        if not place.for_training:
            what = "an unseen task" if place.split == "unseen" else "drawn for evaluation"
            raise BadInput(
                f"The problem {place.seed} of {place.task} is {what}, so nothing is trained on it.",
                "Give folders of codesteer train outcomes or trajectories; others go behind --eval.",
            )


def _unfit(attempt: Attempt, record: Record) -> str:
    """Why a run tells nothing of our loop; "" where it does."""
    if attempt.error not in ("", "no_answer") or not record.rounds:
        return "failed"
    if record.config.faithful or record.config.samples > 1 or record.config.method not in _AS_OURS:
        return "not asked as our loop asks"
    if record.rounds[0].decision.kind not in ("code", "text"):
        return "not asked as our loop asks"
    if attempt.version != get(attempt.task).version:
        return "of another version of its task"
    return ""


def _right(problem: Problem, record: Record, rounds: Sequence[Round]) -> bool:
    """Whether the best answer of these first rounds is right."""
    answer, _ = best(rounds)
    return answer is not None and judge(problem, replace(record, rounds=list(rounds), answer=answer))[0].correct


def _reached(place: Place, problem: Problem, record: Record) -> Iterable[Reached]:
    decisions = decisions_of(record)
    for count in range(1, len(record.rounds) + 1):
        rounds = record.rounds[:count]
        allowed = assess(rounds).allowed
        if len(allowed) > 1 and "return" in allowed:
            yield Reached(
                place=place,
                question=record.question,
                rounds=rounds,
                decisions=decisions[:count],
                right=_right(problem, record, rounds),
            )
