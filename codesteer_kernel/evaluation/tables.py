"""What came out of jobs, as tables: rows are method, target and steerer; columns are tasks. Reads ledgers, holds no record."""

from __future__ import annotations

import contextlib
import json
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any

from codesteer_kernel.errors import BadInput, UnknownName
from codesteer_kernel.evaluation import published
from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.ledger import read_attempts
from codesteer_kernel.evaluation.method import Method
from codesteer_kernel.evaluation.methods import METHODS, method
from codesteer_kernel.evaluation.statistics import Estimate, macro, normalised, wilson
from codesteer_kernel.symbench import tasks
from codesteer_kernel.symbench.problem import canonical

__all__ = ["Board", "Job", "Measured", "Row", "board", "paper_order", "problem_of", "split_of"]

UNFINISHED = frozenset({"stopped", "lost", "queued", "running"})
"""Ends that say nothing of a method: whoever ran the job ended it."""


@dataclass(frozen=True, order=True)
class Row:
    """Who answered; ``source`` tells jobs apart that tried the same problems with the same models."""

    method: str
    target: str
    steerer: str = ""
    source: str = ""

    @property
    def known(self) -> Method | None:
        """The method, if this version still has it."""
        with contextlib.suppress(UnknownName):
            return method(self.method)
        return None

    @property
    def title(self) -> str:
        """The method's title."""
        return self.known.title if self.known else self.method

    @property
    def published(self) -> str | None:
        """The published column that the method restates; None for what is ours."""
        return self.known.published if self.known else None


@dataclass(frozen=True)
class Job:
    """A folder: its name, and what ``job.json`` says of what was asked, of versions and of the machine."""

    name: str
    path: Path
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Measured:
    """A row's attempts and what follows from them. Shares run from 0 to 1; seconds and tokens are of one attempt."""

    row: Row
    attempts: tuple[Attempt, ...]

    @cached_property
    def cells(self) -> dict[str, Estimate]:
        """The share of right answers, by task in the paper's order."""
        right: Counter[str] = Counter()
        count: Counter[str] = Counter()
        for one in self.attempts:
            right[one.task] += one.correct
            count[one.task] += 1
        return {task: wilson(right[task], count[task]) for task in paper_order(count)}

    @cached_property
    def outcomes(self) -> dict[Hashable, bool]:
        """Whether the answer was right, by problem."""
        return {problem_of(one): one.correct for one in self.attempts}

    @cached_property
    def pooled(self) -> Estimate:
        """The raw mean over attempts."""
        return wilson(sum(one.correct for one in self.attempts), len(self.attempts))

    def mean(self, split: str = "") -> Estimate | None:
        """The raw mean over the tasks of a split (all: ""); None where none was tried."""
        cells = [one for task, one in self.cells.items() if split in ("", split_of(task))]
        return macro(cells) if cells else None

    def normalised(self, split: str = "") -> Estimate | None:
        """The mean over tasks of share / the best published share; may be more than 1."""
        best = published.table().best
        cells = {task: one for task, one in self.cells.items() if task in best and split in ("", split_of(task))}
        return normalised(cells, best) if cells else None

    @cached_property
    def tokens(self) -> float:
        """Tokens read and written, a problem."""
        return fmean(one.input_tokens + one.output_tokens for one in self.attempts)

    @cached_property
    def seconds(self) -> float:
        """Wall time of one problem."""
        return fmean(one.seconds for one in self.attempts)

    @cached_property
    def calls(self) -> float:
        """Model calls of one problem."""
        return fmean(one.calls for one in self.attempts)

    @cached_property
    def cost(self) -> float | None:
        """US dollars, of all attempts; None as soon as one price is not known."""
        costs = [one.cost for one in self.attempts]
        return None if None in costs else sum(cost for cost in costs if cost is not None)


@dataclass(frozen=True)
class Board:
    """All that was measured in some folders.

    Attributes:
        jobs: the folders.
        rows: what was measured, by who answered; methods in their usual order.
        unfinished: attempts that whoever ran the job stopped: not counted.
        repeated: attempts at a problem that the same row had tried in the same job (two levels with equal knobs have equal
            problems): not counted, since they would make a sample look larger than it is.
    """

    jobs: tuple[Job, ...]
    rows: tuple[Measured, ...]
    unfinished: int = 0
    repeated: int = 0

    @cached_property
    def tasks(self) -> list[str]:
        """The tasks that any row tried, in the paper's order."""
        return paper_order({one.task for measured in self.rows for one in measured.attempts})

    @cached_property
    def attempts(self) -> list[Attempt]:
        """Every attempt that counts."""
        return [one for measured in self.rows for one in measured.attempts]

    def label(self, row: Row, among: Sequence[Measured] = ()) -> tuple[str, str]:
        """A row's name, and what tells it from others (default: all rows), as far as there is something to tell."""
        rows = [one.row for one in among or self.rows]
        parts = []
        if several := len({one.target for one in rows}) > 1:
            parts.append(_short(row.target))
        if row.steerer and (several or len({one.steerer for one in rows if one.method == row.method}) > 1):
            parts.append(f"steered by {_short(row.steerer)}")
        if row.source:
            parts.append(row.source)
        return row.title, ", ".join(parts)

    def name(self, row: Row, among: Sequence[Measured] = ()) -> str:
        """A row's label on one line."""
        title, note = self.label(row, among)
        return f"{title} ({note})" if note else title


def _short(model: str) -> str:
    return model.rpartition("/")[2] or model


def board(folders: Sequence[Path]) -> Board:
    """Read jobs; records are passed over.

    Raises:
        BadInput: no folder, a folder without attempts, or lines that cannot be read.
    """
    if not folders:
        raise BadInput("There is no job to report.", "Name the folders of jobs.")
    names = _names(folders)
    found: defaultdict[Row, dict[str, dict[Hashable, Attempt]]] = defaultdict(dict)
    unfinished = repeated = 0
    for folder, name in zip(folders, names, strict=True):
        for one in read_attempts(folder):
            problems = found[_row_of(one)].setdefault(name, {}) if one.status not in UNFINISHED else None
            if problems is None:
                unfinished += 1
            elif problem_of(one) in problems:
                repeated += 1
            else:
                problems[problem_of(one)] = one
    if not found:
        raise BadInput(f"No attempt has finished in {', '.join(map(str, folders))}.", "Let the job go on first.")
    rows = []
    for row, by_job in found.items():
        every = Counter(problem for problems in by_job.values() for problem in problems)
        if max(every.values()) == 1:
            rows.append(Measured(row, tuple(one for problems in by_job.values() for one in problems.values())))
        else:
            # The same problems in several jobs: another version, other settings. They must not become one row.
            rows += [Measured(replace(row, source=name), tuple(problems.values())) for name, problems in by_job.items()]
    order = list(METHODS)
    rows.sort(key=lambda one: (one.row.target, order.index(one.row.method) if one.row.method in order else 99, one.row))
    jobs = tuple(Job(name, folder, _facts(folder)) for folder, name in zip(folders, names, strict=True))
    return Board(jobs, tuple(rows), unfinished, repeated)


def _row_of(attempt: Attempt) -> Row:
    row = Row(attempt.method, attempt.target, attempt.steerer)
    return replace(row, steerer="") if row.known and row.known.needs == "target" else row


def _names(folders: Sequence[Path]) -> list[str]:
    """A short name for each folder, different from all others."""
    names = [folder.resolve().name for folder in folders]
    return [name if names.count(name) == 1 else str(folder) for name, folder in zip(names, folders, strict=True)]


def _facts(folder: Path) -> dict[str, Any]:
    """What ``job.json`` says; a ledger alone is a job too."""
    try:
        facts = json.loads((folder / "job.json").read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as fault:
        raise BadInput(f"{folder / 'job.json'} cannot be read: {fault}.") from None
    if not isinstance(facts, dict):
        raise BadInput(f"{folder / 'job.json'} describes no job.")
    return facts


def problem_of(attempt: Attempt) -> Hashable:
    """What makes a problem the same problem: task, its version, knobs and seed."""
    return attempt.task, attempt.version, canonical(attempt.knobs), attempt.seed


def split_of(task: str) -> str:
    """``seen``, ``unseen``, or "" for a task that this version does not have."""
    return tasks()[task].split if task in tasks() else ""


def paper_order(names: Iterable[str]) -> list[str]:
    """Tasks in the order of the published table, others behind them."""
    order = {task: place for place, task in enumerate(published.table().scores)}
    return sorted(names, key=lambda task: (order.get(task, len(order)), task))
