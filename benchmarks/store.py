"""Kept runs and their records: ``python -m benchmarks.store [--runs 10000]``.

Printed: listing so many runs with the index and without it, and the files opened for that; journalling and redaction by
event, closing a journal (two waits for the disk); the reducer and the bounding of records at two sizes each, whose ratio
shows whether work grows faster than they do (2 is linear). Files are in the page cache throughout. Times are the best of
several; beside the clock's stands what the process itself used, which a busy machine does not change.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from codesteer_kernel.record import (
    Answer,
    Decision,
    Execution,
    FinalAnswer,
    Models,
    Output,
    Question,
    Record,
    Round,
    RunConfig,
    Timing,
    bounded,
    encode_record,
    fold,
    retell,
)
from codesteer_kernel.record import events as ev
from codesteer_kernel.store import Store
from codesteer_kernel.store.redaction import Redactor

opened: list[str] = []
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)


def timed(work: Callable[[], Any], times: int = 1) -> tuple[float, float]:
    """Milliseconds that ``work`` takes, by the clock and of the processor; the best of several."""
    clock, processor = [], []
    for _ in range(times):
        start, used = time.perf_counter(), time.process_time()
        work()
        clock.append((time.perf_counter() - start) * 1e3)
        processor.append((time.process_time() - used) * 1e3)
    return min(clock), min(processor)


def say(name: str, took: tuple[float, float], more: str = "") -> None:
    print(f"  {name:44} {took[0]:9.1f} ms {took[1]:9.1f} ms of the processor   {more}".rstrip())


def each(work: Callable[[], Any], times: int = 20_000) -> float:
    """Microseconds of the processor that one call of many takes."""
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times * 1e6


def a_round(index: int, text: str, outputs: list[Output]) -> Round:
    execution = Execution(status="ok", stdout=text, outputs=outputs)
    return Round(
        index=index,
        decision=Decision(kind="code", source="model", guidance=text, raw=text),
        answer=Answer(text=text, code=text, complete=True),
        execution=execution,
        result="42",
        timing=Timing(began=index, seconds=1.0, split={"answering": 0.5, "executing": 0.5}),
        complete=True,
    )


def a_record(run_id: str, rounds: int = 3, text: str = "print(6 * 7)  # " + "word " * 200, outputs: int = 0) -> Record:
    shown = [Output(kind="display", data={"text/plain": f"row {n} " + "x" * 80}) for n in range(outputs)]
    return Record(
        id=run_id,
        status="done",
        question=Question(prompt="What is six times seven? " * 4),
        models=Models(target="local/qwen2.5-coder-1.5b", steerer="local/qwen2.5-coder-1.5b", checker="none"),
        config=RunConfig(),
        rounds=[a_round(index, text, shown) for index in range(1, rounds + 1)],
        answer=FinalAnswer(text="42", result="42", round=rounds, code=text),
        timing=Timing(started="2026-01-01T00:00:00+00:00", seconds=rounds + 1.0),
    )


def listing(folder: Path, runs: int) -> None:
    store = Store(folder)
    folder.mkdir()
    size = 0
    for number in range(runs):
        record = a_record(f"2026{1 + number // 2500:02d}01-{number:06d}-abcdef")
        data = encode_record(record)
        size += len(data)
        (folder / f"{record.id}.json").write_bytes(data)
    print(f"{runs:,} runs of {size / runs / 1e3:.1f} kB")

    def without(limit: int | None) -> tuple[float, float]:
        (folder / ".index").unlink(missing_ok=True)
        return timed(lambda: store.rows(limit))

    say("the newest 20, no index", without(20))
    say("all, no index", without(None), "each is read once")
    for name, limit in (("all, with the index", None), ("the newest 20, with the index", 20)):
        opened.clear()
        store.rows(limit)
        files = len([path for path in opened if path.startswith(str(folder))])
        say(name, timed(lambda limit=limit: store.rows(limit), 15), f"{files} opened beside the folder")  # type: ignore[misc]
    say("looking for runs to remove", timed(store.make_room, 9))
    say("one run by its name", timed(lambda: store.load("20260101-000007-abcdef"), 99))
    command = [sys.executable, "-m", "codesteer_kernel.cli", "runs"]
    surroundings = os.environ | {"CODESTEER_HOME": str(folder.parent)}
    shell, _ = timed(lambda: subprocess.run(command, check=True, capture_output=True, env=surroundings), 5)
    print(f"  {'codesteer runs, the whole process':44} {shell:9.1f} ms")


def journalling(folder: Path) -> None:
    os.environ |= {"ANTHROPIC_API_KEY": "canary-5f1-of-a-key", "OPENAI_API_KEY": "canary-5f2-of-a-key"}
    store = Store(folder)
    journal = store.open("a")
    plain = Redactor(["canary-5f1-of-a-key", "canary-5f2-of-a-key"])
    piece = ev.AnswerDelta(seq=1, at=0.1, round=1, text="the answer is forty two, ")
    whole = ev.Answered(seq=1, at=0.1, round=1, answer=Answer(text="def square(x): return x * x\n" * 400))
    key = ev.AnswerDelta(seq=1, at=0.1, round=1, text="it is canary-5f1-of-a-key, ")
    print("One event, microseconds of the processor")
    for name, event in (("a piece of an answer", piece), ("an answer of 11 kB", whole), ("a piece with a key", key)):
        encoded = each(lambda event=event: ev.encode_event(event), 5_000)  # type: ignore[misc]
        cleaned = each(lambda event=event: plain.event(event), 5_000)  # type: ignore[misc]
        written = each(lambda event=event: journal.append(event), 5_000)  # type: ignore[misc]
        print(f"  {name:44} {encoded:9.1f} encoded, {cleaned:.1f} cleaned too, {written:.1f} written too")
    journal.abandon()

    def closed() -> None:
        record = a_record(f"b{time.monotonic_ns()}")
        opened_journal = store.open(record.id)
        for event in retell(record):
            opened_journal.append(event)
        opened_journal.close(record)

    say("a run of 3 rounds, first event to record", timed(closed, 25))


def growing(name: str, work: Callable[[int], Callable[[], Any]], size: int) -> None:
    (_, half), whole = timed(work(size // 2), 5), timed(work(size), 5)
    say(f"{name}, {size:,}", whole, f"{whole[1] / half:.1f} x the half of it")


def records() -> None:
    begun: list[Any] = [
        *retell(msgspec.structs.replace(a_record("r", rounds=0), status="running", answer=None))[:1],
        ev.RoundStarted(seq=2, at=0.1, round=1, decision=Decision(kind="code", source="model")),
    ]

    def folding(make: Callable[[int], Any]) -> Callable[[int], Callable[[], Any]]:
        def prepared(size: int) -> Callable[[], Any]:
            events = [*begun, *(make(seq) for seq in range(3, size + 3))]
            return lambda: fold(events)

        return prepared

    def bounding(make: Callable[[int], Record]) -> Callable[[int], Callable[[], Any]]:
        def prepared(size: int) -> Callable[[], Any]:
            record = make(size)
            return lambda: bounded(record)

        return prepared

    print("The reducer")
    growing("pieces of an answer", folding(lambda n: ev.AnswerDelta(seq=n, at=1.0, round=1, text="word ")), 200_000)
    growing("pieces beyond Latin-1", folding(lambda n: ev.AnswerDelta(seq=n, at=1.0, round=1, text="wörd🙂 ")), 200_000)
    growing(
        "printed lines", folding(lambda n: ev.StreamAdded(seq=n, at=1.0, round=1, name="stdout", text="1\n")), 200_000
    )
    output = Output(kind="display", data={"text/plain": "x" * 100})
    growing("outputs", folding(lambda n: ev.OutputAdded(seq=n, at=1.0, round=1, output=output)), 1_000)
    growing("outputs", folding(lambda n: ev.OutputAdded(seq=n, at=1.0, round=1, output=output)), 100_000)
    print("Bounding to 256 kB")
    growing("5 rounds, bytes of each text", bounding(lambda n: a_record("r", 5, "x" * n)), 3_400_000)
    growing("50 rounds, bytes of each text", bounding(lambda n: a_record("r", 50, "word " * (n // 5))), 340_000)
    growing("5 rounds, outputs of each", bounding(lambda n: a_record("r", 5, "x", n)), 80_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="codesteer-bench-") as folder:
        listing(Path(folder) / "runs", given.runs)
        journalling(Path(folder) / "journal")
    records()


if __name__ == "__main__":
    main()
