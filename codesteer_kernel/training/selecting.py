"""Which runs become training conversations: right, short, different, and balanced over tasks, modes and lengths."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from codesteer_kernel.errors import BadInput
from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.record import Record
from codesteer_kernel.steering.dialects.transcript import transcript
from codesteer_kernel.training.rows import Conversation, Origin, Turn
from codesteer_kernel.training.runs import taken
from codesteer_kernel.training.simulated import SIMULATED
from codesteer_kernel.training.weights import EQUAL, Weights, weighted

__all__ = ["Selection", "Sieve", "conversation_of", "origin_of", "select"]


class Sieve(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept.

    Attributes:
        rounds: runs of at most so many rounds (the paper's trajectories have 1 to 6).
        longer: of one problem's right runs, those at most so many rounds longer than its shortest.
        each: at most so many conversations of one group: the same task, modes of the rounds, and number of rounds.
        wrong: keep runs with wrong answers too (for looking at; never for training).
    """

    rounds: int = 6
    longer: int = 2
    each: int = 200
    wrong: bool = False


class Selection(msgspec.Struct, kw_only=True):
    """What was kept, and how many runs were left out for which reason."""

    rows: list[Conversation] = []
    left_out: Counter[str] = msgspec.field(default_factory=Counter)


def select(
    attempts: Iterable[tuple[Attempt, Record]], dialect: str, sieve: Sieve | None = None, weights: Weights = EQUAL
) -> Selection:
    """Choose runs and make conversations of them, in the order in which they come.

    Of a group that is too large those are kept whose hash is smallest: the choice depends on nothing but the runs.
    """
    sieve = sieve or Sieve()
    if sieve.rounds < 1 or sieve.each < 1 or sieve.longer < 0:
        raise BadInput("A sieve keeps runs of at least one round, at least one of each group.")
    result = Selection()
    shortest: dict[tuple[str, int, str, str], int] = {}
    kept: list[tuple[Attempt, Conversation]] = []
    seen: set[str] = set()
    for attempt, record in attempts:
        row = conversation_of(attempt, record, dialect, weights)
        reason = _reason(attempt, row, sieve)
        if not reason:
            mark = _mark(row)
            reason = "the same conversation again" if mark in seen else ""
            seen.add(mark)
        if reason:
            result.left_out[reason] += 1
            continue
        problem = _problem(attempt)
        shortest[problem] = min(shortest.get(problem, sieve.rounds), len(attempt.decisions))
        kept.append((attempt, row))
    short = []
    for attempt, row in kept:
        if len(attempt.decisions) > shortest[_problem(attempt)] + sieve.longer:
            result.left_out["longer than need be"] += 1
        else:
            short.append(row)
    chosen = {id(row) for group in _groups(short) for row in sorted(group, key=_mark)[: sieve.each]}
    result.rows = [row for row in short if id(row) in chosen]
    result.left_out["enough of its kind"] += len(short) - len(result.rows)
    return result


def conversation_of(attempt: Attempt, record: Record, dialect: str, weights: Weights = EQUAL) -> Conversation:
    """A run as its steerer's conversation, in a dialect's words. Worked examples at its beginning are read, not learned."""
    said = transcript(dialect, record.question, record.rounds, taken(record))
    turns = [msgspec.convert({"role": one.role, "content": one.content}, Turn) for one in said]
    opening = len(transcript(dialect, record.question, [], []))
    messages = [*turns[:opening], *weighted(turns[opening:], weights)]
    return Conversation(messages=messages, dialect=dialect, origin=origin_of(attempt, record))


def origin_of(attempt: Attempt, record: Record) -> Origin:
    """Where a run's rows come from."""
    return Origin(
        task=attempt.task,
        level=attempt.level,
        seed=attempt.seed,
        version=attempt.version,
        policy=attempt.method,
        target=attempt.target,
        steerer=attempt.steerer,
        simulated=attempt.target.startswith(SIMULATED),
        run=attempt.run,
        rounds=len(record.rounds),
        modes=list(attempt.decisions),
        prompts=record.config.prompts,
    )


def _reason(attempt: Attempt, row: Conversation, sieve: Sieve) -> str:
    """Why a run is left out; "" where it is not."""
    if not attempt.correct and not sieve.wrong:
        return "failed" if attempt.error else "wrong"
    if len(attempt.decisions) > sieve.rounds:
        return "too many rounds"
    if not any(turn.weight for turn in row.messages):
        return "nothing was left to decide"
    return ""


def _problem(attempt: Attempt) -> tuple[str, int, str, str]:
    return attempt.task, attempt.seed, attempt.level, attempt.target


def _groups(rows: Sequence[Conversation]) -> Iterator[list[Conversation]]:
    found: dict[tuple[str, tuple[str, ...]], list[Conversation]] = defaultdict(list)
    for row in rows:
        found[row.origin.task, tuple(row.origin.modes)].append(row)
    yield from found.values()


def _mark(row: Conversation) -> str:
    said = msgspec.json.encode([(turn.role, turn.content) for turn in row.messages])
    return hashlib.sha256(said).hexdigest()
