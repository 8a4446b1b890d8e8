"""Many questions with the same settings: some at once, each a run of its own, and nothing asked twice.

With a ledger (a file of one JSON line an answered question) a batch that was interrupted, or killed, goes on where it was.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from codesteer_kernel.errors import BadInput, CodeSteerError
from codesteer_kernel.run import Engine, LiveRun, Run, RunSettings, engine
from codesteer_kernel.store.lines import LineFile, read_lines

__all__ = ["BatchProgress", "BatchRow", "run_batch"]

MAX_AT_ONCE = 256
_POLL_S = 0.2


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one question.

    ``verdict`` is what the test said of the answer (empty: nothing tested it), ``support`` the level of its support, ``tokens`` what was read and written, ``cost`` in US dollars (None
    where a price is not known), ``run`` the run's id, ``error`` why there is no answer.
    """

    question: str
    answer: str = ""
    status: str = "done"
    verdict: str = ""
    support: str = "none"
    rounds: int = 0
    seconds: float = 0.0
    tokens: int = 0
    cost: float | None = 0.0
    run: str = ""
    error: str = ""


class BatchProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a batch is; ``left`` estimates the seconds to its end from this session's pace, None before there is one."""

    done: int
    total: int
    running: int
    failed: int
    cost: float | None
    seconds: float
    left: float | None


class _Entry(msgspec.Struct, frozen=True):
    """One line of a ledger."""

    key: str
    row: BatchRow


def run_batch(
    questions: Sequence[str],
    settings: RunSettings,
    *,
    concurrency: int = 4,
    inputs: Mapping[str, Any] | None = None,
    ledger: Path | None = None,
    on_progress: Callable[[BatchProgress], None] | None = None,
    stop: threading.Event | None = None,
    host: Engine | None = None,
) -> list[BatchRow | None]:
    """Run every question; blocks. A row for each, in order; None for those that a stop left out.

    Args:
        questions: prompts, taken as typed. The same one twice is asked twice.
        settings: of every run.
        concurrency: runs at once (1 to 256).
        inputs: named values for the programs of every run.
        ledger: where answered questions are kept; those found there, with these settings, are not asked again.
        on_progress: called in this thread when something changed.
        stop: set it (from any thread) to end what runs and return what there is. An interrupt does the same.
        host: the engine; default: the process's.

    Raises:
        BadInput: nothing to ask, a concurrency that makes no sense, or a ledger that another process is writing.
        CodeSteerError: no run can be started: unknown model, missing key, ...
        CacheNotWritable: the ledger cannot be written.
    """
    if not questions:
        raise BadInput("There is no question to ask.")
    if not 1 <= concurrency <= MAX_AT_ONCE:
        raise BadInput(f"concurrency is {concurrency}.", f"Give a number from 1 to {MAX_AT_ONCE}.")
    keys = list(_keys(questions, settings))
    known = _read(ledger) if ledger is not None else {}
    rows: list[BatchRow | None] = [known.get(key) for key in keys]
    waiting = [place for place, row in enumerate(rows) if row is None]
    halt = stop or threading.Event()
    with LineFile(ledger) if ledger is not None else contextlib.nullcontext() as book:
        batch = _Batch(questions, rows, settings, inputs, host or engine(), on_progress)
        batch.tell()
        try:
            for place in batch.work(waiting, concurrency, halt):
                row = rows[place]
                if book is not None and row is not None and row.status == "done":
                    book.append(msgspec.json.encode(_Entry(keys[place], row)))
        except KeyboardInterrupt:
            halt.set()
        finally:
            batch.end()
    return rows


class _Batch:
    def __init__(
        self,
        questions: Sequence[str],
        rows: list[BatchRow | None],
        settings: RunSettings,
        inputs: Mapping[str, Any] | None,
        host: Engine,
        on_progress: Callable[[BatchProgress], None] | None,
    ) -> None:
        self._questions, self._rows, self._settings, self._inputs = questions, rows, settings, inputs
        self._host = host
        self._on_progress = on_progress
        self._live: dict[concurrent.futures.Future[Run], tuple[int, LiveRun]] = {}
        self._began = time.monotonic()
        self._fresh = 0

    def work(self, waiting: list[int], concurrency: int, halt: threading.Event) -> Iterator[int]:
        """Run the questions at ``waiting``; yields each place whose row is there."""
        waiting.reverse()
        while (waiting or self._live) and not halt.is_set():
            while waiting and len(self._live) < concurrency:
                place = waiting.pop()
                live = self._host.submit(self._questions[place], self._settings, inputs=self._inputs)
                self._live[live.future] = (place, live)
            done, _ = concurrent.futures.wait(self._live, _POLL_S, concurrent.futures.FIRST_COMPLETED)
            for future in done:
                place, _ = self._live.pop(future)
                self._rows[place] = _row(self._questions[place], future)
                self._fresh += 1
                self.tell()
                yield place

    def end(self) -> None:
        """Stop what still runs, and wait for it."""
        for _, live in self._live.values():
            live.stop()
        concurrent.futures.wait(self._live, timeout=30)

    def tell(self) -> None:
        """Say how far it is."""
        if self._on_progress is None:
            return
        there = [row for row in self._rows if row is not None]
        costs = [row.cost for row in there]
        seconds = time.monotonic() - self._began
        left = (len(self._rows) - len(there)) * seconds / self._fresh if self._fresh else None
        self._on_progress(
            BatchProgress(
                done=len(there),
                total=len(self._rows),
                running=len(self._live),
                failed=sum(row.status == "failed" for row in there),
                cost=None if None in costs else sum(cost for cost in costs if cost is not None),
                seconds=seconds,
                left=left,
            )
        )


def _row(question: str, future: concurrent.futures.Future[Run]) -> BatchRow:
    try:
        run = future.result()
    except CodeSteerError as fault:
        return BatchRow(question=question, status="failed", error=str(fault))
    record = run.record
    return BatchRow(
        question=question,
        verdict=run.verdict or "",
        answer=record.answer.text if record.answer else "",
        status=record.status,
        support=record.support.level if record.support else "none",
        rounds=len(record.rounds),
        seconds=round(record.timing.seconds, 3),
        tokens=record.usage.input_tokens + record.usage.output_tokens,
        cost=record.usage.cost,
        run=record.id,
        error=record.error.message if record.error else "",
    )


def _keys(questions: Sequence[str], settings: RunSettings) -> Iterator[str]:
    """A name for each question under these settings; the same question asked again is another one."""
    seen: Counter[str] = Counter()
    told = msgspec.json.encode(msgspec.structs.replace(settings, journal=True))
    for question in questions:
        seen[question] += 1
        content = told + b"\0" + question.encode("utf-8", "surrogatepass") + b"\0" + str(seen[question]).encode()
        yield hashlib.sha256(content).hexdigest()[:24]


def _read(path: Path) -> dict[str, BatchRow]:
    """The rows of a ledger; what a killed process left of a last line is no row."""
    found: dict[str, BatchRow] = {}
    for number, (line, whole) in enumerate(read_lines(path), 1):
        try:
            if whole:
                entry = msgspec.json.decode(line, type=_Entry)
                found[entry.key] = entry.row
            elif not line.startswith(_BEGIN[: len(line)]):
                raise _no_ledger(path, number)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise _no_ledger(path, number) from None
    return found


_BEGIN = b'{"key":"'


def _no_ledger(path: Path, line: int) -> BadInput:
    return BadInput(f"Line {line} of {path} is not one of a ledger.", "Give another file, or remove that line.")
