"""The machine fails a run: its kernel is killed, the disk is full, the clock jumps. The run ends as a run does."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import gc
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import codesteer
import pytest

from codesteer_kernel.executor import open_executor
from codesteer_kernel.executor.child.processes import descendants
from codesteer_kernel.record import events as ev
from codesteer_kernel.run import LiveRun, RunSettings, engine
from codesteer_kernel.steering import loop as steering_loop
from codesteer_kernel.store import Store
from tests.run.scripts import CHECK, model, program, say, script, two_rounds
from tests.scripted import serving_in_thread

pytestmark = pytest.mark.kernel
PROMPT = "What is the sum of the squares of 1 to 10?"


def until(holds: Callable[[], Any], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def kernels() -> set[Path]:
    """The folders of the kernels below this process, whichever of their processes are there."""
    found = set()
    for pid in descendants(os.getpid()):
        with contextlib.suppress(OSError):
            line = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            found |= {Path(os.fsdecode(word)).parent for word in line if word.endswith(b"/policy.json")}
    return found


def kill_kernels() -> int:
    """Kill every process below this one, as the system does when memory runs out; returns how many."""
    below = descendants(os.getpid())
    for pid in below:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return len(below)


MOMENTS: dict[str, Callable[[Any], bool]] = {
    "as it starts": lambda event: isinstance(event, ev.RunStarted),
    "while the target answers": lambda event: isinstance(event, ev.AnswerDelta),
    "before the program": lambda event: isinstance(event, ev.Answered),
    "after the first round": lambda event: isinstance(event, ev.RoundEnded),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kernel_that_is_killed_between_programs_is_replaced(moment: str) -> None:
    killed: list[int] = []

    def kill(event: ev.Event, record: object) -> None:
        if MOMENTS[moment](event) and not killed:
            killed.append(kill_kernels())

    # A kernel stands by from the start.
    with serving_in_thread(script([say("code"), say("return")], [program("print(1)")])) as server:
        assert codesteer.solve(PROMPT, target=model(server), checker="none").answer == "1"
    with serving_in_thread(two_rounds()) as server:
        run = codesteer.solve(PROMPT, target=model(server), on_event=kill)
    assert killed
    assert killed[0] > 0, "there was nothing to kill"
    assert run.status == "done"
    assert run.answer == "385", [one.execution for one in run.rounds]


async def test_a_kernel_that_is_killed_while_it_starts_is_started_once_more() -> None:
    async with open_executor(spare=False) as executor:
        before = set(descendants(os.getpid()))
        running = asyncio.create_task(executor.run("print(1)"))
        while not (new := set(descendants(os.getpid())) - before):
            assert not running.done()
            await asyncio.sleep(0.002)
        for pid in new:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        result = await running
    assert (result.status, result.stdout) == ("ok", "1\n")


def test_kernels_that_were_killed_leave_no_socket_and_no_task(recwarn: pytest.WarningsRecorder) -> None:
    """What a killed kernel's client holds is freed when it is replaced, the spare one's too."""
    with serving_in_thread(script([say("code"), say("return")] * 3, [program("print(1)")] * 3)) as server:
        settings = RunSettings(target=model(server), checker="none")
        assert engine().submit(PROMPT, settings).wait(200).answer == "1"
        until(lambda: len(kernels()) >= 2)  # the spare one comes soon after the first program
        kill_kernels()
        assert engine().submit(PROMPT, settings).wait(200).answer == "1"
    engine().close()
    gc.collect()
    assert [str(one.message) for one in recwarn if issubclass(one.category, ResourceWarning)] == []


def test_a_kernel_that_is_killed_with_its_program_costs_that_round_alone() -> None:
    begun = "import time\nprint('begun', flush=True)\ntime.sleep(60)"
    replies = script(
        [say("code"), say("refine", "Again."), say("return")], [program(begun), program("print(5)")], CHECK
    )
    live: list[LiveRun] = []
    killed: list[int] = []

    def kill(event: ev.Event, record: object) -> None:
        if isinstance(event, ev.StreamAdded) and "begun" in event.text and not killed:
            killed.append(kill_kernels())

    with serving_in_thread(replies) as server:
        settings = RunSettings(target=model(server), checker="none")
        live.append(engine().submit(PROMPT, settings, on_event=kill))
        run = live[0].wait(200)
    assert killed
    first = run.rounds[0].execution
    assert first is not None
    assert first.status != "ok"
    assert "begun" in first.stdout, "what it had printed is kept"
    assert (run.status, run.answer) == ("done", "5")


def test_a_full_disk_costs_the_journal_and_not_the_run(full_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODESTEER_HOME", str(full_disk / "home"))
    with serving_in_thread(two_rounds()) as server:
        whole = codesteer.solve(PROMPT, target=model(server))
    assert "journal" not in whole.record.versions
    long = program("print(5)") + "so on " * 20_000
    with serving_in_thread(script([say("code"), say("return")], [long])) as server:
        run = codesteer.solve("How many?", target=model(server), checker="none", max_tokens=50_000)
    assert run.status == "done"
    assert "No space left" in run.record.versions["journal"]
    rows = {row.id: row.status for row in Store().rows()}
    assert rows[whole.id] == "done", "what was kept before stays whole"
    assert Store().load(whole.id).answer == whole.record.answer


def test_a_program_that_fills_the_disk_is_told_so_and_the_next_one_runs() -> None:
    fills = program("with open('big', 'wb') as file:\n    while True: file.write(bytes(1 << 20))")
    replies = script([say("code"), say("refine", "Smaller."), say("return")], [fills, program("print(5)")])
    with serving_in_thread(replies) as server:
        run = codesteer.solve("How many?", target=model(server), checker="none")
    first = run.rounds[0].execution
    assert first is not None
    assert first.status != "ok"
    assert first.error is not None
    assert (run.status, run.answer) == ("done", "5")


@pytest.mark.parametrize("years", [-30, 30])
def test_a_clock_that_jumps_changes_no_time_of_the_run(years: int, monkeypatch: pytest.MonkeyPatch) -> None:
    jumped = {"by": dt.timedelta(0)}

    class Clock(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
            return dt.datetime.now(tz) + jumped["by"]

    real = time.time
    monkeypatch.setattr(steering_loop, "dt", SimpleNamespace(datetime=Clock, UTC=dt.UTC))
    monkeypatch.setattr(time, "time", lambda: real() + jumped["by"].total_seconds())

    def jump(event: ev.Event, record: object) -> None:
        if isinstance(event, ev.RoundStarted):
            jumped["by"] = dt.timedelta(days=365 * years)

    runs = []
    for _ in range(2):
        with serving_in_thread(two_rounds()) as server:
            runs.append(codesteer.solve(PROMPT, target=model(server), on_event=jump, seconds=200.0))
    for run in runs:
        assert (run.status, run.answer) == ("done", "385")
        assert 0 < run.record.timing.seconds < 200
        assert all(0 <= one.timing.seconds < 200 for one in run.rounds)
        assert Store().load(run.id).status == "done"
    assert {row.id for row in Store().rows()} == {run.id for run in runs}
