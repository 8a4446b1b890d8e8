"""How a tree of decisions grows: runs behind the rounds of others, one after the other, on one engine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

import msgspec
from msgspec.structs import replace

from codesteer_kernel.errors import BadInput, CodeSteerError, UnknownName, nearest
from codesteer_kernel.evaluation.jobs import Trial
from codesteer_kernel.record import Decision, Question, Record, Round
from codesteer_kernel.run import Engine, LiveRun, engine
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.policies import POLICIES, Forced, Policy
from codesteer_kernel.steering.procedure import Procedure
from codesteer_kernel.steering.steered import steered
from codesteer_kernel.training.collecting import named_models
from codesteer_kernel.training.rows import Origin
from codesteer_kernel.training.simulated import SIMULATED
from codesteer_kernel.training.trees import Tree, grow, options, runs_in

__all__ = ["Grower", "Growing", "Grown", "Planned", "grower"]


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


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A tree that is to grow: on the problem of a trial, with its target and settings."""

    key: str
    trial: Trial
    growing: Growing

    def tree(self, **known: Any) -> Grown:
        """The tree, as far as it is ``known``."""
        target = self.trial.settings.target
        problem = self.trial.problem()
        origin = Origin(
            task=self.trial.task,
            level=self.trial.level,
            seed=self.trial.seed,
            version=problem.version,
            policy=f"tree-{self.growing.finish}",
            target=target,
            simulated=target.startswith(SIMULATED),
        )
        return Grown(
            key=self.key, question=Question(prompt=problem.question), origin=origin, growing=self.growing, **known
        )


class Grower:
    """Grows trees with one engine, whose models and kernels they share; called from as many threads as one likes."""

    def __init__(self, host: Engine) -> None:
        self._host = host
        self._lock = threading.Lock()
        self._live: set[LiveRun] = set()
        self._stopped = False

    def __call__(self, planned: Planned) -> Grown | None:
        """Grow one tree; None where it was stopped. One of whose runs cannot be made is a tree with an error."""
        return None if self._stopped else asyncio.run(self._grown(planned))

    def stop(self) -> None:
        """Stop what runs, and begin nothing any more."""
        with self._lock:
            self._stopped = True
            for run in self._live:
                run.stop()

    async def _grown(self, planned: Planned) -> Grown | None:
        trial, growing = planned.trial, planned.growing
        problem = trial.problem()
        question = Question(prompt=problem.question)
        seed = trial.settings.seed or 0
        models = named_models(problem, [trial.settings.target], trial.seed)
        policy = Policy(POLICIES[growing.finish], question, seed)
        random = Random(f"{planned.key} {seed}")  # noqa: S311 - no secret
        tree = planned.tree(started=datetime.now(UTC).isoformat(timespec="milliseconds"))

        async def ask(before: Sequence[Round], decision: Decision, *, to_end: bool) -> Record:
            dialect = Forced(decision, policy if to_end else None)
            rounds = trial.settings.rounds if to_end else 0
            settings = replace(trial.settings, rounds=max(rounds, len(before) + 1))

            async def procedure(acts: Acts, rounds: int) -> Ending:
                return await steered(acts, rounds, dialect=dialect, before=before)

            with self._lock:
                if self._stopped:
                    raise _Stopped
                run = self._host.submit(
                    problem.question, settings, procedure=Procedure(f"tree-{growing.finish}", procedure), models=models
                )
                self._live.add(run)
            try:
                record = (await run.join()).record
            finally:
                with self._lock:
                    self._live.discard(run)
            if record.error is not None and record.error.code != "no_answer":
                raise CodeSteerError(record.error.message, record.error.cure)
            tree.runs += 1
            tree.seconds += record.timing.seconds
            return record

        try:
            tree.steps = await grow(
                problem,
                ask,
                branch=growing.branch,
                levels=growing.levels,
                choose=lambda before: options(before, growing.branch, policy, random),
            )
        except _Stopped:
            return None
        except CodeSteerError as fault:
            tree.error = str(fault)
        if self._stopped:
            return None
        tree.origin = replace(tree.origin, rounds=max((one.guidances for one in runs_in(tree.steps)), default=0))
        return tree


class _Stopped(Exception):
    """No further run is begun."""


def grower() -> Grower:
    """A grower with this process's engine: what an actor of a cluster begins with."""
    return Grower(engine())
