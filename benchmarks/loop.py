"""Our loop beside the published one, on the same script of a model server: what each costs besides the models.

    python -m benchmarks.loop [--problems 3] [--concurrency 16] [--pace 1.0] [--quick]

The server says what ``benchmarks/scripts/loop.toml`` holds (three rounds a problem; 1 s a steerer's reply, 2 s a target's,
1 s a checker's) over loopback HTTP. The published loop is our restatement of it (``codesteer-faithful``), run the way it
was: one problem after another, a fresh ``python3`` process for every program, a new checking program every round. Ours has
its warm child kernel and writes one check a problem. Both speak the same dialect to the same steerer.

*Overhead* is the wall time of a problem in which no model call was being answered; *mix* is the mean over the kinds of
programs. Goals stand beside the figures: they are ratios, which hold on a busy machine better than times do. Exits with 1
when one is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import statistics
import sys
import tempfile
import time
import tomllib
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

sys.path.insert(0, str(Path(__file__).parents[1]))

from codesteer_kernel.executor import ExecutorPool, Limits, OutputEvent, ProgramRunner, Result, open_executor
from codesteer_kernel.models import open_model
from codesteer_kernel.models.protocol import ChatModel
from codesteer_kernel.record import Budget, Question, Record, RunConfig, Usage
from codesteer_kernel.steering import Roles
from codesteer_kernel.steering.loop import Steering
from tests.scripted import Reply, Request, serving_in_thread

SCRIPT = Path(__file__).with_name("scripts") / "loop.toml"
ROUNDS = 5
# At most this part of the published loop's overhead, by kind of program.
GOALS = {"pandas": 1 / 8, "sympy": 1 / 4, "bare": 2.0}
THROUGHPUT_GOAL = 12.0

Role = Literal["steerer", "target", "checker"]


class Script:
    """The committed script as a function of a request; ``pace`` multiplies its delays.

    ``asked`` holds who was asked, about which kind of problem, and when and how long it took to answer.
    """

    def __init__(self, pace: float = 1.0) -> None:
        data = tomllib.loads(SCRIPT.read_text(encoding="utf-8"))
        self.delays: dict[str, float] = {role: pace * seconds for role, seconds in data["delays"].items()}
        self.problems: dict[str, dict[str, Any]] = {one["kind"]: one for one in data["problem"]}
        self.asked: list[tuple[Role, str, float, float]] = []

    def __call__(self, request: Request) -> Reply:
        """The reply that is next in the conversation that asks."""
        first = next(text for role, text in request.turns if role == "user")
        problem = next(one for one in self.problems.values() if one["question"] in first)
        said = sum(role == "assistant" for role, _ in request.turns)
        role: Role
        if "function check(answer" in first:
            role, text = "checker", problem["check"]
        elif first.startswith("Below are a question"):
            role, text = "checker", problem["tests"][_round_of(first, problem)]
        elif first.startswith("You are guiding another model"):
            role, text = "steerer", problem["steerer"][said]
        else:
            role, text = "target", problem["target"][said]
        self.asked.append((role, problem["kind"], request.at, self.delays[role]))
        return Reply(text, first_delay=self.delays[role])

    def busy(self, since: float, until: float) -> float:
        """Seconds between two times in which at least one call was being answered."""
        total, reached = 0.0, since
        for _, _, at, seconds in sorted(self.asked, key=lambda one: one[2]):
            begin, end = max(at, reached), min(at + seconds, until)
            if end > begin:
                total, reached = total + end - begin, end
        return total


def _round_of(told: str, problem: dict[str, Any]) -> int:
    """Which of the target's answers a checker is shown."""
    return next(place for place, answer in enumerate(problem["target"]) if answer.strip() in told)


class FreshProcesses:
    """Runs every program as the published harness does: a file, and a new Python process for it. ``started`` counts them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.started = 0

    async def stream(
        self, code: str, *, timeout: float | None = None, export: Iterable[str] = ()
    ) -> AsyncGenerator[OutputEvent | Result, None]:
        """Its output once it has ended."""
        result = await self.run(code, timeout=timeout)
        yield OutputEvent(kind="stdout", text=result.stdout)
        yield result

    async def run(self, code: str, *, timeout: float | None = None) -> Result:
        """Run a program to its end."""
        self.started += 1
        path = self._folder / f"program_{self.started}.py"
        path.write_text(code, encoding="utf-8")
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(sys.executable, str(path), stdout=pipe, stderr=pipe)
        try:
            out, err = await asyncio.wait_for(process.communicate(), timeout)
        except TimeoutError:
            process.kill()
            await process.wait()
            return Result(status="timeout", limit="seconds", error_text="The program ran out of time.")
        status: Literal["ok", "error"] = "ok" if process.returncode == 0 else "error"
        return Result(status=status, stdout=out.decode(), stderr=err.decode())

    async def get(self, name: str) -> object:
        """Nothing is exported."""
        raise KeyError(name)

    async def interrupt(self) -> None:
        """Nobody stops these runs."""


@dataclass(frozen=True)
class Bench:
    """What runs go through: the script with its server's model, and what runs programs in either way."""

    script: Script
    model: ChatModel
    pool: ExecutorPool
    fresh: FreshProcesses

    def ours(self, kind: str) -> Steering:
        """A run of our loop."""
        return self._run(kind, self.pool.shared(Limits()), RunConfig(dialect="codesteer-v1"))

    def published(self, kind: str) -> Steering:
        """A run of the published loop; without our rating of programs, which it does not know."""
        return self._run(kind, self.fresh, RunConfig(faithful=True, without=["symbolic"]))

    def _run(self, kind: str, runner: ProgramRunner, config: RunConfig) -> Steering:
        question = Question(prompt=self.script.problems[kind]["question"])
        roles = Roles(self.model, self.model, self.model)
        return Steering(question, roles, runner, config=config, budget=Budget(rounds=ROUNDS))

    async def solve(self, run: Steering, kind: str) -> tuple[float, float, Record]:
        """Seconds that a run took, its overhead, and its record; its answer must be the right one."""
        started = time.monotonic()
        async for _ in run.events():
            pass
        ended = time.monotonic()
        record, right = run.record, self.script.problems[kind]["answer"]
        assert record.status == "done", record.error
        assert record.answer is not None
        assert record.answer.result == right, f"{record.answer.result!r} is not {right!r}"
        return ended - started, ended - started - self.script.busy(started, ended), record


@contextmanager
def bench(pace: float = 1.0) -> Iterator[Bench]:
    """The script's server, and all that the two loops need of this machine."""
    script = Script(pace)
    with tempfile.TemporaryDirectory() as folder, serving_in_thread(script) as server:
        model = open_model(f"openai/scripted@{server.url}/v1")
        yield Bench(script, model, ExecutorPool(lambda: open_executor(spare=False)), FreshProcesses(Path(folder)))


async def compare(this: Bench, problems: int, concurrency: int) -> bool:
    """Measure and print; whether every goal is reached."""
    for kind in GOALS:  # what is loaded once a process is loaded now
        await this.solve(this.ours(kind), kind)
        await this.solve(this.published(kind), kind)
    reached = True
    mixed: dict[str, list[float]] = {"ours": [], "published": []}
    seconds: list[float] = []
    used: dict[str, Usage] = {}
    print(f"overhead of a problem of three rounds, median of {problems}, beside the models' time")
    print(f"{'programs':10}{'ours':>12}{'published':>12}{'ours / published':>18}{'goal':>9}")
    for kind, goal in GOALS.items():
        overheads: dict[str, list[float]] = {"ours": [], "published": []}
        for _ in range(problems):
            for name, run in (("ours", this.ours(kind)), ("published", this.published(kind))):
                took, over, record = await this.solve(run, kind)
                overheads[name].append(over)
                used[name] = used.get(name, Usage()) + record.usage
                seconds += [took] if name == "published" else []
        medians = {name: statistics.median(found) for name, found in overheads.items()}
        for name, found in medians.items():
            mixed[name].append(found)
        reached &= _row(kind, medians["ours"], medians["published"], goal)
    _row("mix", statistics.mean(mixed["ours"]), statistics.mean(mixed["published"]), None)
    runs = problems * len(GOALS)
    for name, usage in used.items():
        tokens = f"{usage.input_tokens / runs:,.0f} tokens read, {usage.output_tokens / runs:,.0f} written"
        print(
            f"{name}: {usage.calls / runs:.1f} model calls a problem, {tokens} (words, as the script's server counts)"
        )
    return await _throughput(this, concurrency, 60 / statistics.mean(seconds)) and reached


async def _throughput(this: Bench, concurrency: int, published: float) -> bool:
    """Problems a minute, ours at once, against the published loop's, one after another."""
    kinds = itertools.islice(itertools.cycle(GOALS), 2 * concurrency)
    gate = asyncio.Semaphore(concurrency)

    async def one(kind: str) -> None:
        async with gate:
            await this.solve(this.ours(kind), kind)

    started = time.monotonic()
    await asyncio.gather(*(one(kind) for kind in kinds))
    ours = 60 * 2 * concurrency / (time.monotonic() - started)
    times = ours / published
    missed = "" if times >= THROUGHPUT_GOAL else "  *"
    print(
        f"problems a minute, the mix: ours {ours:.1f} at concurrency {concurrency}, published {published:.1f} one after "
        f"another: {times:.1f} times (goal: at least {THROUGHPUT_GOAL:g}){missed}"
    )
    return not missed


def _row(kind: str, ours: float, published: float, goal: float | None) -> bool:
    ratio = ours / published
    missed = "  *" if goal is not None and ratio > goal else ""
    aim = "" if goal is None else f"{goal:.3g}"
    print(f"{kind:10}{1000 * ours:9.0f} ms{1000 * published:9.0f} ms{ratio:18.3f}{aim:>9}{missed}")
    return not missed


async def main(problems: int, concurrency: int, pace: float) -> int:
    """Run all; 1 when a goal is missed."""
    # Neither the wording of somebody's own checkout of the reference is measured, nor a queue before the server.
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"CODESTEER_HOME": home, "CODESTEER_QUOTA_OPENAI": "in_flight=64"}
        with bench(pace) as this:
            try:
                return 0 if await compare(this, problems, concurrency) else 1
            finally:
                await this.pool.close()
                await this.model.aclose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=3, help="of each kind")
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--pace", type=float, default=1.0, help="of the models: 0.1 answers ten times as fast")
    parser.add_argument("--quick", action="store_true", help="one problem of each kind, models ten times as fast")
    given = parser.parse_args()
    quick = (1, given.concurrency, 0.1)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; * short of a goal")
    raise SystemExit(asyncio.run(main(*(quick if given.quick else (given.problems, given.concurrency, given.pace)))))
