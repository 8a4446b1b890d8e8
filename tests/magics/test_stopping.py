"""A cell whose run is being stopped waits for the run's end, and for nothing else."""

from __future__ import annotations

import asyncio

import pytest
from codesteer import cell
from codesteer.cell import RunInterrupted, stopped

from codesteer_kernel.record import Record
from codesteer_kernel.run import LiveRun, Run


async def test_further_interrupts_do_not_cut_the_wait_short() -> None:
    live = LiveRun("a-run", asyncio.get_running_loop())
    waiting = asyncio.create_task(stopped(live, None))
    for _ in range(3):
        await asyncio.sleep(0.01)
        waiting.cancel()
    await asyncio.sleep(0.01)
    assert not waiting.done()
    run = Run(Record(id="a-run", status="stopped"), {})
    live.future.set_result(run)
    assert await waiting is run


async def test_a_run_that_does_not_end_is_said_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cell, "_STOP_SECONDS", 0.05)
    live = LiveRun("a-run", asyncio.get_running_loop())
    with pytest.raises(RunInterrupted, match="has not ended"):
        await stopped(live, None)
