"""A thousand runs in a row in one process: what they leave of memory, processes, descriptors, threads, files and ports.

    python -m benchmarks.endurance [--runs 1000] [--pause 0]

Whole runs: the provider's package, a scripted model server on loopback, a program in the child kernel, a journal on disk;
every fourth answers in words, every fifth fails, every seventh is stopped in the middle of an answer. Counted after the
first tenth, when everything is warm, and at the end; the last column is what a run adds. Exits with 1 when something is
left, or when a run adds more than 10 kB of memory, here and in the processes below.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from codesteer_kernel.executor.child.processes import descendants, resident
from codesteer_kernel.record import events as ev
from codesteer_kernel.run import LiveRun, RunSettings, engine
from tests.run.scripts import model, program, say
from tests.scripted import Reply, Request, ScriptedServer, serving_in_thread

KILOBYTES_A_RUN = 10.0
"""What a run may add to the memory of this process and of those below, in kB."""

Counts = dict[str, float]


def answer(request: Request) -> Reply | str:
    """The server's part of every run; the question says which kind it is."""
    if "You steer another model" in request.system:
        return say("return" if "Round 1" in request.last_user else "text" if "words" in request.last_user else "code")
    if "fail" in request.last_user:
        return Reply(status=400, error="as asked")
    if "stop" in request.last_user:
        return Reply("and so on " * 50, hang_after=20)
    return "Answer: 55" if "words" in request.last_user else program("print(sum(range(11)))")


def counted() -> Counts:
    """What this process and those below it hold now."""
    gc.collect()
    below = descendants(os.getpid())
    here = list(Path("/proc/self/fd").iterdir())
    return {
        "processes below": len(below),
        "descriptors here": len(here),
        "descriptors below": sum(_descriptors(pid) for pid in below),
        "sockets here": sum(_is_socket(path) for path in here),
        # The workers of a loop's own pool come as work overlaps and stay, min(32, processors + 4) at most.
        "threads here": sum(not one.name.startswith("asyncio_") for one in threading.enumerate()),
        "run directories": _run_directories(),
        "temporary files": len(list(Path(tempfile.gettempdir()).iterdir())),
        "resident here, kB": resident([os.getpid()]) / 1024,
        "resident below, kB": resident(below) / 1024,
    }


def endure(runs: int, *, pause: float = 0.0, tell: Callable[[str], None] = print) -> tuple[Counts, Counts, int]:
    """Make ``runs`` runs; what was held after the first tenth (at least 10 of them) and at the end, and runs between."""
    warm = max(10, runs // 10)
    before: Counts = {}
    with serving_in_thread(answer) as server:
        for number in range(runs):
            if number == warm:
                before = _settled()
                tell(f"{number} runs: {_line(before)}")
            _run(server, number)
            server.requests.clear()
            time.sleep(pause)
            if number and number % max(1, runs // 10) == 0 and number != warm:
                tell(f"{number} runs: {_line(counted())}")
        return before, _settled(), runs - warm


def left(before: Counts, after: Counts, runs: int) -> list[str]:
    """What ``runs`` runs have left that they should not have."""
    found = [
        f"{name}: {before[name]:.0f} before, {after[name]:.0f} after"
        for name in before
        if "resident" not in name and after[name] > before[name]
    ]
    for name in before:
        grown = (after[name] - before[name]) / runs
        if "resident" in name and grown > KILOBYTES_A_RUN:
            found.append(f"{name}: {grown:.1f} kB a run")
    return found


def _run(server: ScriptedServer, number: int) -> None:
    kind = "stop" if number % 7 == 6 else "fail" if number % 5 == 4 else "words" if number % 4 == 3 else "sum"
    live: list[LiveRun] = []

    def stop(event: ev.Event, record: object) -> None:
        if isinstance(event, ev.AnswerDelta) and kind == "stop":
            live[0].stop()

    settings = RunSettings(target=model(server), checker="none", rounds=1)
    live.append(engine().submit(f"Number {number}: {kind}", settings, on_event=stop))
    ended = live[0].wait(300).status
    wanted = {"stop": "stopped", "fail": "failed"}.get(kind, "done")
    assert ended == wanted, f"run {number} ({kind}) is {ended}"


def _settled() -> Counts:
    """The counts once what ends by itself has ended."""
    found = counted()
    for _ in range(40):
        time.sleep(0.1)
        again = counted()
        if all(again[name] >= found[name] for name in found if "resident" not in name):
            return again
        found = again
    return found


def _line(counts: Counts) -> str:
    return ", ".join(f"{name} {count:.0f}" for name, count in counts.items())


def _descriptors(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0


def _is_socket(path: Path) -> bool:
    try:
        return str(path.readlink()).startswith("socket:")
    except OSError:
        return False


def _run_directories() -> int:
    base = Path(tempfile.gettempdir()) / f"codesteer-x-{os.getuid()}"
    return sum(entry.is_dir() for entry in base.iterdir()) if base.exists() else 0


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between runs")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        # Files that others leave in the machine's folder meanwhile are not ours to count.
        own = Path(home) / "temporary"
        own.mkdir()
        os.environ |= {"CODESTEER_HOME": home, "TMPDIR": str(own)}
        tempfile.tempdir = str(own)
        started = time.perf_counter()
        before, after, runs = endure(given.runs, pause=given.pause)
        seconds = time.perf_counter() - started
        engine().close()
        ended = _settled()
        tempfile.tempdir = None
    print(f"\n{given.runs} runs in {seconds:.0f} s\n")
    print(f"{'':22} {'warm':>10} {'at the end':>12} {'engine closed':>14} {'a run':>10}")
    for name, count in before.items():
        grown = (after[name] - count) / runs
        print(f"{name:22} {count:10.0f} {after[name]:12.0f} {ended[name]:14.0f} {grown:10.3f}")
    faults = left(before, after, runs) + (
        [f"{ended['processes below']:.0f} processes"] * bool(ended["processes below"])
    )
    print(f"\nLeft: {'; '.join(faults) or 'nothing'}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
