"""What there is to learn from, read off finished runs: which way was right for a problem, and when an answer was right.

``first-code``, a policy's run and a steered one tell the same of a first round: it is asked for in the same words.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from codesteer_kernel.evaluation.judging import judge
from codesteer_kernel.record import Decision, Question, Record, Round
from codesteer_kernel.steering.dialects.transcript import decisions_of
from codesteer_kernel.steering.evidence import assess
from codesteer_kernel.steering.support import best
from codesteer_kernel.symbench import Problem, get
from codesteer_kernel.training.account import Account
from codesteer_kernel.training.runs import Place, read_runs

__all__ = ["Asked", "Examples", "Reached", "read_examples"]


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
        BadInput, UnknownName: as :func:`~codesteer_kernel.training.runs.read_runs`.
    """
    found = Examples()
    problems: dict[Place, Asked] = {}
    seen: set[str] = set()
    account = Account()
    for attempt, record in read_runs(folders, account):
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
    found.left_out = account.left_out
    found.asked = [one for one in problems.values() if one.both]
    found.left_out["tried one way only"] += len(problems) - len(found.asked)
    return found


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
