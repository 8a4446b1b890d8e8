"""Doing a job: every trial that has no attempt yet is made, some at once, and kept as soon as it is there.

Whatever ends it (the job's end, a budget, an interrupt, a killed process), what was finished is in the folder, and
running the job again makes what is missing.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import replace

from codesteer_kernel.cluster import WorkerLost
from codesteer_kernel.errors import (
    AuthenticationFailed,
    BadInput,
    CodeSteerError,
    EndpointUnreachable,
    OutOfCredit,
    OutOfMemory,
    WeightsCorrupt,
    WeightsMissing,
)
from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.jobs import Job, Trial, prepared, trials
from codesteer_kernel.evaluation.ledger import ATTEMPTS, JOB, JobFile, Ledger, Row, Session, read_job, write_job
from codesteer_kernel.evaluation.making import Maker, failed
from codesteer_kernel.evaluation.pool import Pool, Threads
from codesteer_kernel.evaluation.progress import Progress, Tally
from codesteer_kernel.evaluation.surroundings import commit, hardware, versions
from codesteer_kernel.models.prices import price
from codesteer_kernel.run import NO_CHECKER, engine

__all__ = ["MAX_AT_ONCE", "JobHalted", "Outcome", "run_job"]

MAX_AT_ONCE = 256
"""So many attempts, or trees, are made at a time."""
IN_A_ROW = 3
"""So many attempts that fail one after the other for the same one of these reasons end the job: the rest would too."""
_HOPELESS = {
    kind.code
    for kind in (
        AuthenticationFailed,
        EndpointUnreachable,
        OutOfCredit,
        OutOfMemory,
        WeightsCorrupt,
        WeightsMissing,
    )
}
_POLL_S = 0.2
_STOP_S = 30.0

Why = Literal["done", "stopped", "money", "time"]


class JobHalted(CodeSteerError):
    """A job was given up because no attempt could succeed; the message has the reason."""

    code = "job_halted"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a job ended: the attempts that are there, in the job's order, how many are missing, and why it ended."""

    attempts: list[Attempt]
    left: int
    why: Why


def run_job(
    job: Job,
    folder: Path,
    *,
    concurrency: int = 4,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    retry_failed: bool = False,
    money: float | None = None,
    seconds: float | None = None,
    pool: Pool[Trial, Row | None] | None = None,
) -> Outcome:
    """Do a job, or what is missing of it; blocks.

    Args:
        job: what is asked. A folder that holds another job takes it only if it asks for all that the other one did.
        folder: where the job and its attempts are kept; made if it is not there.
        concurrency: attempts at once (1 to 256).
        on_progress: called in this thread when something changed.
        stop: set it (from any thread) to end what runs. An interrupt does the same.
        retry_failed: make failed attempts again.
        money: begin no attempt once all attempts of the folder have cost so many US dollars.
        seconds: begin no attempt after so many seconds of this session.
        pool: where attempts are made (a :class:`codesteer_kernel.cluster.Cluster`, say); default: in this process.

    Raises:
        BadInput: the job cannot be done as it is asked for, or not in this folder.
        JobHalted: attempts failed in a row for a reason that will not go away by itself. What was made is kept.
        CodeSteerError: no run can be started: a missing key, a model that is not there, ...
    """
    if not 1 <= concurrency <= MAX_AT_ONCE:
        raise BadInput(f"The attempts at once are {concurrency}.", f"Give a number from 1 to {MAX_AT_ONCE}.")
    job = prepared(job)
    asked = trials(job)
    if money is not None:
        _priced(asked)
    if (folder / ATTEMPTS).exists() and (folder / ATTEMPTS).stat().st_size and not (folder / JOB).exists():
        raise BadInput(f"{folder} holds attempts, and no {JOB} that says of what.", "Give another folder.")
    with _here(asked, concurrency) if pool is None else contextlib.nullcontext(pool) as pool, Ledger(folder) as book:
        known = _known(job, folder, asked)
        work = _Work(asked, book, pool, concurrency, on_progress, retry_failed=retry_failed)
        session = Session(
            started=_now(), concurrency=concurrency, versions=versions(), hardware=hardware(), commit=commit()
        )
        before = known.sessions if known else ()
        kept = JobFile(
            **{name: getattr(job, name) for name in Job.__struct_fields__},
            versions=known.versions if known else session.versions,
            hardware=known.hardware if known else session.hardware,
            commit=known.commit if known else session.commit,
            sessions=(*before, session) if work.waiting else before,
        )
        write_job(folder, kept)
        why: str = "halted"
        try:
            why = work.go(stop or threading.Event(), money, seconds)
        finally:
            work.end()
            if kept.sessions != before:
                ended = replace(session, ended=_now(), why=why)
                write_job(folder, replace(kept, sessions=(*before, ended)))
        attempts = [book.attempts[trial.key] for trial in asked if trial.key in book.attempts]
    return Outcome(attempts=attempts, left=len(work.waiting), why=why)


class _Work:
    def __init__(
        self,
        asked: list[Trial],
        book: Ledger,
        pool: Pool[Trial, Row | None],
        concurrency: int,
        on_progress: Callable[[Progress], None] | None,
        *,
        retry_failed: bool,
    ) -> None:
        self._book, self._pool, self._concurrency, self._on_progress = book, pool, concurrency, on_progress
        self._live: dict[concurrent.futures.Future[Row | None], Trial] = {}
        self._tally = Tally(asked, concurrency)
        self._failures: list[str] = []
        self.waiting: deque[Trial] = deque()
        for trial in asked:
            there = book.attempts.get(trial.key)
            if there is None or (retry_failed and there.status == "failed"):
                self.waiting.append(trial)
                # What a failed attempt cost is spent.
                self._tally.cost += (there and there.cost) or 0.0
            else:
                self._tally.add(trial, there, fresh=False)

    def go(self, halt: threading.Event, money: float | None, seconds: float | None) -> Why:
        """Make what is missing; returns why it ended."""
        why: Why = "done"
        self._tell()
        try:
            while self.waiting or self._live:
                if halt.is_set():
                    return "stopped"
                if money is not None and self._tally.cost >= money:
                    why = "money"
                elif seconds is not None and self._tally.seconds >= seconds:
                    why = "time"
                while self.waiting and why == "done" and len(self._live) < self._concurrency:
                    trial = self.waiting.popleft()
                    self._live[self._pool.submit(trial)] = trial
                if not self._live:
                    return why
                self._collect(_POLL_S)
        except KeyboardInterrupt:
            return "stopped"
        return "done"

    def end(self) -> None:
        """Stop what still runs, and keep what ended all the same."""
        if self._live:
            self._pool.stop()
            concurrent.futures.wait(self._live, _STOP_S)
            for future, trial in self._live.items():
                ended = future.done() and not future.cancelled() and future.exception() is None
                row = future.result() if ended else None
                if row is not None:
                    self._book.append(row)
                else:
                    self.waiting.append(trial)
            self._live.clear()
        self._tell()

    def _collect(self, patience: float) -> None:
        done, _ = concurrent.futures.wait(self._live, patience, concurrent.futures.FIRST_COMPLETED)
        for future in done:
            trial = self._live[future]
            try:
                row = future.result()
            except WorkerLost as fault:
                row = failed(trial, fault, _now())
            # Kept before it is let go of: an interrupt in between finds it among those that ended.
            if row is not None:
                self._book.append(row)
                self._tally.add(trial, row.attempt, fresh=True)
            else:
                self.waiting.append(trial)
            del self._live[future]
            self._tell()
            if row is not None:
                self._look_at(row)

    def _look_at(self, row: Row) -> None:
        """Give up where one attempt after the other fails for a reason that stays."""
        if row.attempt.error not in _HOPELESS:
            self._failures.clear()
            return
        self._failures.append(row.attempt.error)
        if self._failures[-IN_A_ROW:] == [row.attempt.error] * IN_A_ROW:
            fault = row.record.error if row.record else None
            told = f"{fault.message} {fault.cure}".strip() if fault else row.attempt.reason
            raise JobHalted(
                f"{IN_A_ROW} attempts in a row failed, so no more are made: {told}",
                "Then go on with: codesteer bench resume DIR --retry-failed",
            )

    def _tell(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self._tally.progress(len(self._live)))


def _here(asked: list[Trial], concurrency: int) -> Threads[Trial, Row | None]:
    """This process as a pool, after a look at whether it can open every model of the job."""
    host = engine()
    for settings in {msgspec.json.encode(trial.settings): trial.settings for trial in asked}.values():
        host.check(settings)
    return Threads(Maker(host), concurrency)


def _known(job: Job, folder: Path, asked: list[Trial]) -> JobFile | None:
    """The job that the folder holds, if any; refused where it is another one."""
    if not (folder / JOB).exists():
        return None
    known = read_job(folder)
    if known.job != job:
        keys = {trial.key for trial in asked}
        if any(trial.key not in keys for trial in trials(known.job)):
            raise BadInput(
                f"{folder} holds another job, of which this one would leave something out.",
                "Give another folder, or go on with it: codesteer bench resume DIR.",
            )
    return known


def _priced(asked: list[Trial]) -> None:
    """Refuse a budget of money that cannot be kept."""
    for trial in asked:
        settings = trial.settings
        checker = settings.checker if settings.checker != NO_CHECKER else None
        for name in (settings.target, settings.steerer, checker):
            if name and price(name) is None:
                raise BadInput(
                    f"The price of {name} is not known, so a budget of money cannot be kept.",
                    "Limit the job by --budget-time, or its runs by --tokens.",
                )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
