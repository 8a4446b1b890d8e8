"""What came out of jobs: for each way of answering (method, target, steerer) its attempts and what follows from them.

Reads ledgers without their records: many jobs fit in memory.
"""

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

__all__ = [
    "Measured",
    "Results",
    "Source",
    "Way",
    "folder_names",
    "gathered",
    "paper_order",
    "problem_of",
    "results",
    "split_of",
]

UNFINISHED = frozenset({"stopped", "lost", "queued", "running"})
"""Ends that say nothing of a method: whoever ran the job ended it."""


@dataclass(frozen=True, order=True)
class Way:
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
class Source:
    """A folder: its name, and what ``job.json`` says of what was asked, of versions and of the machine."""

    name: str
    path: Path
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Measured:
    """The attempts of one way and what follows from them. Shares run from 0 to 1; seconds and tokens are of one attempt."""

    way: Way
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
class Results:
    """All that was measured in some folders.

    Attributes:
        sources: the jobs.
        rows: what was measured, a row for each way of answering; methods in their usual order.
        unfinished: attempts that whoever ran the job stopped: not counted.
        repeated: attempts at a problem that the same row had tried in the same job (two levels with equal knobs have equal
            problems): not counted, since they would make a sample look larger than it is.
    """

    sources: tuple[Source, ...]
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

    def label(self, way: Way, among: Sequence[Measured] = ()) -> tuple[str, str]:
        """A way's name, and what tells it from others (default: all rows), as far as there is something to tell."""
        ways = [one.way for one in among or self.rows]
        parts = []
        if several := len({one.target for one in ways}) > 1:
            parts.append(_short(way.target))
        if way.steerer and (several or len({one.steerer for one in ways if one.method == way.method}) > 1):
            parts.append(f"steered by {_short(way.steerer)}")
        if way.source:
            parts.append(way.source)
        return way.title, ", ".join(parts)

    def name(self, way: Way, among: Sequence[Measured] = ()) -> str:
        """A way's label on one line."""
        title, note = self.label(way, among)
        return f"{title} ({note})" if note else title


def _short(model: str) -> str:
    return model.rpartition("/")[2] or model


def results(folders: Sequence[Path]) -> Results:
    """Read the folders of jobs; records are passed over.

    Raises:
        BadInput: no folder, no finished attempt in any, or files that cannot be read.
    """
    names = folder_names(folders)
    return gathered(
        (Source(name, folder, _facts(folder)), read_attempts(folder))
        for name, folder in zip(names, folders, strict=True)
    )


def gathered(jobs: Iterable[tuple[Source, Iterable[Attempt]]]) -> Results:
    """Put the attempts of jobs in order.

    Raises:
        BadInput: there is no finished attempt.
    """
    found: defaultdict[Way, dict[str, dict[Hashable, Attempt]]] = defaultdict(dict)
    sources = []
    unfinished = repeated = 0
    for source, attempts in jobs:
        sources.append(source)
        for one in attempts:
            if one.status in UNFINISHED:
                unfinished += 1
                continue
            problems = found[_way_of(one)].setdefault(source.name, {})
            repeated += problem_of(one) in problems
            problems.setdefault(problem_of(one), one)
    if not found:
        where = f" in {', '.join(source.name for source in sources)}" if sources else ""
        raise BadInput(f"No attempt has finished{where}.", "Name the folders of jobs that have begun.")
    rows = []
    for way, by_source in found.items():
        every = Counter(problem for problems in by_source.values() for problem in problems)
        if max(every.values()) == 1:
            rows.append(Measured(way, tuple(one for problems in by_source.values() for one in problems.values())))
        else:
            # The same problems in several jobs: another version, other settings. They must not become one row.
            rows += [
                Measured(replace(way, source=name), tuple(problems.values())) for name, problems in by_source.items()
            ]
    order = list(METHODS)
    rows.sort(key=lambda one: (one.way.target, order.index(one.way.method) if one.way.method in order else 99, one.way))
    return Results(tuple(sources), tuple(rows), unfinished, repeated)


def _way_of(attempt: Attempt) -> Way:
    way = Way(attempt.method, attempt.target, attempt.steerer)
    return replace(way, steerer="") if way.known and way.known.needs == "target" else way


def folder_names(folders: Sequence[Path]) -> list[str]:
    """A short name for each folder: its own, or its path where another has the same."""
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
