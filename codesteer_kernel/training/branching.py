"""Trees of decisions, a tree a problem, kept line by line; a job that is resumed grows those that are missing."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Literal

import msgspec
from msgspec.structs import asdict

from codesteer_kernel.errors import BadInput, CodeSteerError, UnknownName, nearest
from codesteer_kernel.evaluation.jobs import Job, Trial, trials
from codesteer_kernel.record import Decision, Question, Record, Round
from codesteer_kernel.run import Engine, LiveRun, engine
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.policies import POLICIES, Forced, Policy
from codesteer_kernel.steering.procedure import Procedure
from codesteer_kernel.steering.steered import steered
from codesteer_kernel.store.lines import LineFile, read_lines
from codesteer_kernel.symbench.problem import canonical
from codesteer_kernel.training.collecting import for_training, named_models
from codesteer_kernel.training.rows import Origin
from codesteer_kernel.training.simulated import SIMULATED
from codesteer_kernel.training.trees import Tree, grow, options, runs_in

__all__ = ["TREES", "Growing", "Grown", "grow_trees", "read_trees"]

TREES = "trees.jsonl"


class Growing(msgspec.Struct, frozen=True, kw_only=True):
    """How trees grow: ``branch`` decisions at each of the first ``levels``; each path is finished by ``finish``."""

    branch: int = 3
    levels: int = 2
    finish: str = "push-code"

    def checked(self) -> Growing:
        """The settings; raises :class:`BadInput` or :class:`UnknownName` where they make no sense."""
        if self.branch < 2 or self.levels < 1:
            raise BadInput("A tree needs at least two branches and one level.", "Give --branch 2 or more.")
        if self.finish not in POLICIES:
            raise UnknownName(
                f"There is no policy {self.finish!r}.",
                nearest(self.finish, POLICIES) or f"Known: {', '.join(POLICIES)}.",
            )
        return self


class Grown(Tree, kw_only=True):
    """A tree that grew, as it is kept. ``error`` says why there is none; ``started`` is ISO 8601, UTC."""

    key: str
    growing: Growing = Growing()
    started: str = ""
    seconds: float = 0.0
    error: str = ""


OnTree = Callable[[Grown, int, int], None]


def grow_trees(
    job: Job,
    growing: Growing,
    folder: Path,
    *,
    concurrency: int = 4,
    on_tree: OnTree | None = None,
    stop: threading.Event | None = None,
) -> Literal["done", "stopped"]:
    """Grow a tree for every problem of a job that the folder has none of; blocks.

    Args:
        job: problems and targets; its methods do not matter. Seen tasks only.
        growing: see :class:`Growing`.
        folder: ``trees.jsonl`` in it gets a line for each tree, on the disk before the next.
        concurrency: trees at once.
        on_tree: called in this thread with each new tree, how many there are, and how many there will be.
        stop: set it to stop; an interrupt does the same. Trees in growth are lost, nothing else.

    Raises:
        BadInput, UnknownName: as :func:`~codesteer_kernel.training.collecting.for_training`.
        CodeSteerError: no run can be started.
    """
    growing = growing.checked()
    # Whatever its methods: a tree is no method's.
    job = msgspec.structs.replace(
        for_training(msgspec.structs.replace(job, methods=("only-question",))), order="problem"
    )
    planned = {_key(trial, growing): trial for trial in trials(job)}
    host, halt = engine(), stop or threading.Event()
    for settings in {trial.settings.target: trial.settings for trial in planned.values()}.values():
        if not settings.target.startswith(SIMULATED):
            host.check(settings)
    with LineFile(folder / TREES, durable=True) as file:
        known = {tree.key for tree in read_trees(folder) if not tree.error}
        waiting = [(key, trial) for key, trial in planned.items() if key not in known]
        count = len(planned) - len(waiting)

        def keep(tree: Grown) -> None:
            nonlocal count
            file.append(msgspec.json.encode(tree))
            count += 1
            if on_tree is not None:
                on_tree(tree, count, len(planned))

        try:
            asyncio.run(_all(host, waiting, growing, concurrency, keep, halt))
        except KeyboardInterrupt:
            return "stopped"
    return "stopped" if halt.is_set() else "done"


def read_trees(folder: Path) -> Iterator[Grown]:
    """The trees of a folder. What a killed process left of a last line is none.

    Raises:
        BadInput: a line in the middle is no tree.
    """
    for number, (line, whole) in enumerate(read_lines(folder / TREES), 1):
        if whole:
            try:
                yield msgspec.json.decode(line, type=Grown)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                raise BadInput(f"Line {number} of {folder / TREES} is no tree.", "Remove that line.") from None


async def _all(
    host: Engine,
    waiting: Sequence[tuple[str, Trial]],
    growing: Growing,
    concurrency: int,
    keep: Callable[[Grown], None],
    halt: threading.Event,
) -> None:
    turns = asyncio.Semaphore(concurrency)
    live: set[LiveRun] = set()

    async def one(key: str, trial: Trial) -> None:
        async with turns:
            if not halt.is_set():
                tree = await _tree(host, key, trial, growing, live)
                if not halt.is_set():
                    keep(tree)

    async def watch() -> None:
        await asyncio.to_thread(halt.wait)
        for run in list(live):
            run.stop()

    watching = asyncio.create_task(watch())
    try:
        await asyncio.gather(*(one(key, trial) for key, trial in waiting))
    finally:
        halted = halt.is_set()
        halt.set()
        await watching
        if not halted:
            halt.clear()


async def _tree(host: Engine, key: str, trial: Trial, growing: Growing, live: set[LiveRun]) -> Grown:
    problem = trial.problem()
    question = Question(prompt=problem.question)
    seed = trial.settings.seed or 0
    models = named_models(problem, [trial.settings.target], trial.seed)
    policy = Policy(POLICIES[growing.finish], question, seed)
    random = Random(f"{key} {seed}")  # noqa: S311 - no secret
    runs, seconds = 0, 0.0

    async def ask(before: Sequence[Round], decision: Decision, *, to_end: bool) -> Record:
        nonlocal runs, seconds
        dialect = Forced(decision, policy if to_end else None)
        settings = trial.settings if to_end else msgspec.structs.replace(trial.settings, rounds=len(before) + 1)
        if settings.rounds <= len(before):
            settings = msgspec.structs.replace(settings, rounds=len(before) + 1)

        async def procedure(acts: Acts, rounds: int) -> Ending:
            return await steered(acts, rounds, dialect=dialect, before=before)

        run = host.submit(
            problem.question, settings, procedure=Procedure(f"tree-{growing.finish}", procedure), models=models
        )
        live.add(run)
        try:
            record = (await run.join()).record
        finally:
            live.discard(run)
        if record.error is not None and record.error.code != "no_answer":
            raise CodeSteerError(record.error.message, record.error.cure)
        runs += 1
        seconds += record.timing.seconds
        return record

    origin = Origin(
        task=trial.task,
        level=trial.level,
        seed=trial.seed,
        version=problem.version,
        policy=f"tree-{growing.finish}",
        target=trial.settings.target,
        simulated=trial.settings.target.startswith(SIMULATED),
    )
    tree = Grown(
        key=key,
        question=question,
        origin=origin,
        growing=growing,
        started=datetime.now(UTC).isoformat(timespec="milliseconds"),
    )
    try:
        tree.steps = await grow(
            problem,
            ask,
            branch=growing.branch,
            levels=growing.levels,
            choose=lambda before: options(before, growing.branch, policy, random),
        )
    except CodeSteerError as fault:
        tree.error = str(fault)
    tree.runs, tree.seconds = runs, seconds
    tree.origin = msgspec.structs.replace(origin, rounds=max((one.guidances for one in runs_in(tree.steps)), default=0))
    return tree


def _key(trial: Trial, growing: Growing) -> str:
    content = canonical([trial.key, asdict(growing)])
    return hashlib.sha256(content.encode()).hexdigest()[:24]
