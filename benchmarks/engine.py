"""What the engine itself costs: a round without the models' time, a run's memory, five hundred runs at once.

    python -m benchmarks.engine [--runs 500] [--quick]

Models answer at once (or after a fixed pause) in this process, so that what is left is ours; programs run in real child
kernels where the line says so.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from codesteer_kernel.executor import ExecutorPool, Limits, OutputEvent, ProgramRunner, Result, open_executor
from codesteer_kernel.models.protocol import (
    Abilities,
    ChatRequest,
    Choice,
    Delta,
    Finish,
    Message,
    TextDelta,
    TokenUsage,
)
from codesteer_kernel.record import Budget, Question, Record, RunConfig
from codesteer_kernel.steering import Roles
from codesteer_kernel.steering.loop import Steering

ROUNDS = 5
PROGRAM = "```python\ntotal = 0\nfor n in range({}):\n    total += n\nprint(total)\n```"
CHECK = "```python\ndef check(answer):\n    return int(answer) == sum(range(10)), 'no'\n```"


class Instant:
    """A model whose words are known beforehand; it pauses for ``pause`` seconds before each answer."""

    abilities = Abilities()
    context_window: int | None = None

    def __init__(self, role: str, *, pause: float = 0.0, gate: asyncio.Event | None = None) -> None:
        self.name = f"openai/{role}"
        self._role, self._pause, self._gate = role, pause, gate
        self._said = 0

    async def stream(self, request: ChatRequest) -> AsyncIterator[Delta]:
        """Say what is next."""
        if self._gate is not None:
            await self._gate.wait()
        await asyncio.sleep(self._pause)
        self._said += 1
        last = self._said == ROUNDS + 1
        text = {
            "steerer": f'{{"decision": "{"code" if self._said == 1 else "return" if last else "refine"}", "guidance": "x"}}',
            "checker": CHECK,
            "target": PROGRAM.format(self._said + 3),
        }[self._role]
        for place in range(0, len(text), 4):
            yield TextDelta(text[place : place + 4])
        yield Finish(reason="end", usage=TokenUsage(input_tokens=100, output_tokens=20))

    async def score(self, messages: Sequence[Message], choices: Sequence[str], *, slot: str = "") -> Choice:
        """Not offered."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Nothing is held."""


class Nothing:
    """Runs no program: each prints a number at once."""

    async def stream(self, code: str, **_: object) -> AsyncIterator[OutputEvent | Result]:
        """Print."""
        yield OutputEvent(kind="stdout", text="45\n")
        yield Result(status="ok", stdout="45\n")

    async def run(self, code: str, **_: object) -> Result:
        """No verdict."""
        return Result(status="ok", stdout="")

    async def get(self, name: str) -> object:
        """Nothing."""
        raise KeyError(name)

    async def interrupt(self) -> None:
        """Nothing runs."""


class Timed:
    """Passes programs on and counts the seconds until their results are back."""

    def __init__(self, runner: ProgramRunner) -> None:
        self._runner = runner
        self.seconds = 0.0
        self.get, self.interrupt = runner.get, runner.interrupt

    async def stream(self, code: str, **options: Any) -> AsyncIterator[OutputEvent | Result]:
        """As the runner's."""
        started = time.perf_counter()
        async for event in self._runner.stream(code, **options):
            if isinstance(event, Result):
                self.seconds += time.perf_counter() - started
            yield event

    async def run(self, code: str, **options: Any) -> Result:
        """As the runner's."""
        started = time.perf_counter()
        result = await self._runner.run(code, **options)
        self.seconds += time.perf_counter() - started
        return result


def a_run(runner: ProgramRunner, *, pause: float = 0.0, gate: asyncio.Event | None = None) -> Steering:
    roles = Roles(*(Instant(role, pause=pause, gate=gate) for role in ("target", "steerer", "checker")))
    budget = Budget(rounds=ROUNDS)
    return Steering(Question(prompt="Add."), roles, runner, config=RunConfig(dialect="instruct"), budget=budget)


async def finish(run: Steering) -> Record:
    async for _ in run.events():
        pass
    assert run.record.status in ("done", "exhausted"), run.record.error
    return run.record


def resident_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


async def overhead(rounds: int) -> None:
    bare, beside = [], []
    for _ in range(rounds):
        started = time.perf_counter()
        record = await finish(a_run(Nothing()))
        bare.append((time.perf_counter() - started) / len(record.rounds))
    pool = ExecutorPool(lambda: open_executor(spare=False))
    for _ in range(rounds):
        started = time.perf_counter()
        timed = Timed(pool.shared(Limits()))
        record = await finish(a_run(timed))
        beside.append((time.perf_counter() - started - timed.seconds) / len(record.rounds))
    await pool.close()
    print(f"a round without model and program: {1000 * statistics.median(bare):.2f} ms (median of {rounds} runs)")
    print(f"a round beside real programs (two each): {1000 * statistics.median(beside):.2f} ms besides running them")


async def memory(count: int) -> None:
    gate = asyncio.Event()
    gc.collect()
    before = resident_mb()
    runs = [a_run(Nothing(), gate=gate) for _ in range(count)]
    tasks = [asyncio.create_task(finish(run)) for run in runs]
    await asyncio.sleep(1)
    waiting = resident_mb() - before
    gate.set()
    await asyncio.gather(*tasks)
    done = resident_mb() - before
    print(
        f"{count} running runs: {waiting:.1f} MB, {waiting / count:.3f} MB each; finished, records kept: {done:.1f} MB"
    )


async def at_once(count: int) -> None:
    pause = 0.2
    started = time.perf_counter()
    await asyncio.gather(*(finish(a_run(Nothing(), pause=pause)) for _ in range(count)))
    seconds = time.perf_counter() - started
    alone = time.perf_counter()
    await finish(a_run(Nothing(), pause=pause))
    one = time.perf_counter() - alone
    print(f"{count} runs at once, models pausing {pause} s: {seconds:.2f} s, one alone {one:.2f} s")
    pool = ExecutorPool(lambda: open_executor(spare=False))
    count = min(count, 100)
    started = time.perf_counter()
    records = await asyncio.gather(*(finish(a_run(pool.shared(Limits()), pause=pause)) for _ in range(count)))
    seconds = time.perf_counter() - started
    programs = sum(2 * len(record.rounds) for record in records)
    print(
        f"{count} runs at once with {programs} real programs on the pool: {seconds:.1f} s, {1000 * seconds / programs:.1f} ms a program"
    )
    await pool.close()


async def main(count: int, rounds: int) -> None:
    await finish(a_run(Nothing()))
    await overhead(rounds)
    await memory(count)
    await at_once(count)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    asyncio.run(main(20 if given.quick else given.runs, 5 if given.quick else 30))
