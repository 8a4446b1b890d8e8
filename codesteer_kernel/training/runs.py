"""Finished runs in the folders of jobs: which of them tell of our loop, and which may be trained on.

Any job's folder will do (``train outcomes``, ``train trajectories``, ``bench run``) whose methods steer or begin as our
loop does: a round is asked for in the same words whoever chose it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from codesteer_kernel.errors import BadInput
from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.ledger import JOB, read_job, read_records
from codesteer_kernel.evaluation.methods.first_answers import FIRST_ANSWERS
from codesteer_kernel.evaluation.methods.policies import POLICY_METHODS
from codesteer_kernel.record import Decision, Record
from codesteer_kernel.steering.dialects.transcript import decisions_of
from codesteer_kernel.symbench import get
from codesteer_kernel.training.account import Account
from codesteer_kernel.training.simulated import SIMULATED

__all__ = ["Place", "check_for_training", "read_runs", "taken"]

_FIRST_ROUND = {one.name for one in FIRST_ANSWERS}
_AS_OURS = {"", *_FIRST_ROUND, *(one.name for one in POLICY_METHODS)}
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


def check_for_training(places: Iterable[Place]) -> None:
    """Refuse to learn from what is kept for measuring.

    Raises:
        BadInput: a problem was drawn for evaluation, or its task is an unseen one.
    """
    for place in places:
        if not place.for_training:
            what = "an unseen task" if place.split == "unseen" else "drawn for evaluation"
            raise BadInput(
                f"The problem {place.seed} of {place.task} is {what}, so nothing is trained on it.",
                "Give folders of codesteer train outcomes or trajectories; what is for evaluation is measured on alone.",
            )


def read_runs(
    folders: Iterable[Path], account: Account | None = None, *, simulated: bool | None = None
) -> Iterator[tuple[Attempt, Record]]:
    """The runs of folders that tell of our loop, in the folders' order; each run once.

    Args:
        folders: of jobs; one that another process writes is read as far as it is.
        account: counts all runs, and those that are left out by reason.
        simulated: only those of simulated targets, or only the others; None: all.

    Raises:
        BadInput: a folder holds no attempts, a line that is none, or a ``job.json`` that is no job.
        UnknownName: a run is of a task that does not exist.
    """
    account = Account() if account is None else account
    left_out: Counter[str] = account.left_out
    seen: set[str] = set()
    for folder in {path.resolve(): path for path in folders}.values():
        any_there = False
        at_once = _at_once(folder)
        for attempt, record in read_records(folder):
            any_there = True
            if simulated is not None and attempt.target.startswith(SIMULATED) is not simulated:
                continue
            if record.id and record.id in seen:
                continue
            seen.add(record.id)
            account.add(attempt.started, attempt.seconds, job=str(folder), at_once=at_once)
            reason = _unfit(attempt, record)
            if reason:
                left_out[reason] += 1
            else:
                yield attempt, record
        if not any_there:
            raise BadInput(
                f"{folder} holds no attempts.", "Make some with codesteer train outcomes, or trajectories, -o DIR ..."
            )


def taken(record: Record) -> list[Decision]:
    """The decisions of a run as its steerer's.

    A run that was to be one round long (``first-code``) was ended by nobody's decision. Where it has an answer, it ended as
    if that had been returned.
    """
    decisions = decisions_of(record)
    if record.config.method not in _FIRST_ROUND or not record.rounds:
        return decisions
    first = decisions[: len(record.rounds)]
    return [*first, Decision(kind="return", source="rule")] if record.answer is not None else first


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


def _at_once(folder: Path) -> int | None:
    """How many runs the folder's job made at once, at most; None: nothing says so."""
    if not (folder / JOB).exists():
        return None
    return max((one.concurrency for one in read_job(folder).sessions), default=None)
