"""Rows out of runs that are there: conversations and preference pairs, those of real and of simulated targets apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.record import Record
from codesteer_kernel.training.account import Account
from codesteer_kernel.training.growing import Grown
from codesteer_kernel.training.joining import joined
from codesteer_kernel.training.rows import Conversation, Pair
from codesteer_kernel.training.runs import Place, check_for_training, read_runs
from codesteer_kernel.training.selecting import Sieve, select
from codesteer_kernel.training.trees import Tree, coded_pairs_of, pairs_of
from codesteer_kernel.training.weights import EQUAL, Weights

__all__ = ["Gathered", "gather_conversations", "gather_pairs"]

_Row = TypeVar("_Row", Conversation, Pair)


@dataclass
class Gathered(Generic[_Row]):
    """Rows, and an account of the runs that they come from: of real targets, of simulated ones, of both."""

    rows: list[_Row] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)


def gather_conversations(
    folders: Sequence[Path], dialect: str, sieve: Sieve | None = None, weights: Weights = EQUAL
) -> Gathered[Conversation]:
    """The conversations in the folders of jobs; see :func:`~.selecting.select`, which sieves each kind by itself.

    Raises:
        BadInput: a folder cannot be read, or holds runs that are kept for measuring.
        UnknownName: a run is of a task that does not exist.
    """
    gathered: Gathered[Conversation] = Gathered()
    for simulated in (False, True):
        account = Account(simulated=simulated)
        found = select(_for_training(folders, account), dialect, sieve, weights)
        account.left_out.update(found.left_out)
        if account.runs:
            gathered.rows += found.rows
            gathered.accounts.append(account)
    return gathered


def gather_pairs(
    folders: Sequence[Path],
    dialect: str,
    *,
    grown: Sequence[Grown] = (),
    at_once: int | None = None,
    margin: float = 0.0,
    as_published: bool = False,
) -> Gathered[Pair]:
    """The pairs in trees, in a dialect's words, each pair once. Runs of a tree that has none are left out.

    Args:
        folders: of jobs, whose runs are joined to trees; see :func:`~.joining.joined`.
        dialect: in whose words.
        grown: trees that are there already.
        at_once: how many of these grew at a time, where they do not say when.
        margin: by more than this the scores of a pair differ.
        as_published: the pairs that the published code would make of them, whatever the margin.

    Raises:
        BadInput, UnknownName: as :func:`gather_conversations`.
    """
    gathered: Gathered[Pair] = Gathered()
    seen: set[bytes] = set()
    for simulated in (False, True):
        account = Account(simulated=simulated)
        kind = [tree for tree in grown if tree.origin.simulated is simulated]
        for tree in kind:
            account.add(
                tree.started, tree.seconds, runs=tree.runs, job="trees", at_once=None if tree.started else at_once
            )
        for one in chain(kind, joined(_for_training(folders, account))):
            if as_published:
                found = list(coded_pairs_of(one.steps, one.question, dialect, one.origin))
            else:
                found = list(pairs_of(one.steps, one.question, dialect, one.origin, margin=margin))
            if not found:
                why = "its first way was right, or no other was" if as_published else ""
                account.left_out[why or _why_none(one, dialect)] += one.runs
            for pair in found:
                mark = _mark(pair)
                if mark not in seen:
                    seen.add(mark)
                    gathered.rows.append(pair)
        if account.runs:
            gathered.accounts.append(account)
    return gathered


def _why_none(tree: Tree, dialect: str) -> str:
    """Why there is no pair in a tree."""
    if isinstance(tree, Grown) and tree.error:
        return "failed"
    siblings = any(pairs_of(tree.steps, tree.question, dialect, tree.origin, margin=float("-inf")))
    return "no way led further than another" if siblings else "their problem was tried one way only"


def _for_training(folders: Sequence[Path], account: Account) -> Iterator[tuple[Attempt, Record]]:
    for attempt, record in read_runs(folders, account, simulated=account.simulated):
        check_for_training([Place(task=attempt.task, level=attempt.level, seed=attempt.seed)])
        yield attempt, record


def _mark(pair: Pair) -> bytes:
    said = [[turn.content for turn in pair.prompt], pair.chosen, pair.rejected]
    return hashlib.sha256(msgspec.json.encode(said)).digest()
