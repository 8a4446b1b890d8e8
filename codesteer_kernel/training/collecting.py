"""Trajectories: steered runs on the seen tasks, made as evaluation makes its attempts, kept with their whole records."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from msgspec.structs import replace

from codesteer_kernel.errors import BadInput, UnknownName, nearest
from codesteer_kernel.evaluation.jobs import Job, Trial, prepared
from codesteer_kernel.evaluation.ledger import Row
from codesteer_kernel.evaluation.making import Maker
from codesteer_kernel.evaluation.pool import Pool, Threads
from codesteer_kernel.evaluation.progress import Progress
from codesteer_kernel.evaluation.runner import Outcome, run_job
from codesteer_kernel.models import ChatModel
from codesteer_kernel.run import engine
from codesteer_kernel.symbench import Problem, get
from codesteer_kernel.training.simulated import PROFILES, SIMULATED, SimulatedTarget

__all__ = [
    "STEERED",
    "check_skills",
    "collect",
    "for_training",
    "make_attempts",
    "maker",
    "named_models",
    "simulated_models",
]

STEERED = ("policy-push-code", "policy-push-text", "policy-better-code", "policy-random-switch")
"""The methods that trajectories come from, unless others are named."""


def check_skills(job: Job) -> None:
    """Refuse simulated targets of skills that do not exist.

    Raises:
        UnknownName: the first of them.
    """
    for target in job.targets:
        name = target.removeprefix(SIMULATED)
        if name != target and name not in PROFILES:
            raise UnknownName(
                f"There is no simulated skill {name!r}.", nearest(name, PROFILES) or f"Known: {', '.join(PROFILES)}."
            )


def for_training(job: Job) -> Job:
    """The job, drawing problems for training, on seen tasks alone.

    Raises:
        BadInput: it asks an unseen task: what was trained on it could not be measured on it.
        UnknownName: a task, method or simulated skill that does not exist.
    """
    check_skills(job)
    job = prepared(replace(job, purpose="training"))
    unseen = [name for name in job.tasks if get(name).split == "unseen"]
    if unseen:
        raise BadInput(
            f"{', '.join(unseen)}: kept for evaluation, so nothing is trained on it.",
            "Name seen tasks, or seen for all.",
        )
    return job


def collect(
    job: Job,
    folder: Path,
    *,
    concurrency: int = 4,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    retry_failed: bool = False,
    pool: Pool[Trial, Row | None] | None = None,
) -> Outcome:
    """Make the trajectories of a job, or those that are missing; blocks. See :func:`~codesteer_kernel.evaluation.runner.run_job`.

    Raises:
        BadInput: the job asks unseen tasks, or cannot be done.
        CodeSteerError: as ``run_job``.
    """
    return make_attempts(
        for_training(job),
        folder,
        concurrency=concurrency,
        on_progress=on_progress,
        stop=stop,
        retry_failed=retry_failed,
        pool=pool,
    )


def make_attempts(
    job: Job,
    folder: Path,
    *,
    concurrency: int = 4,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    retry_failed: bool = False,
    pool: Pool[Trial, Row | None] | None = None,
) -> Outcome:
    """Do a job as :func:`~codesteer_kernel.evaluation.runner.run_job` does, simulated targets among its models; blocks.

    Where there is a ``pool``, its makers know simulated targets (:func:`maker`).
    """
    if pool is None and any(target.startswith(SIMULATED) for target in job.targets):
        pool = Threads(maker(), concurrency)
    return run_job(
        job,
        folder,
        concurrency=concurrency,
        on_progress=on_progress,
        stop=stop,
        retry_failed=retry_failed,
        pool=pool,
    )


def maker() -> Maker:
    """A maker with this process's engine that knows simulated targets: what an actor of a cluster begins with."""
    return Maker(engine(), simulated_models)


def simulated_models(problem: Problem, trial: Trial) -> Mapping[str, ChatModel]:
    """The simulated target of one trial, where it has one."""
    return named_models(problem, [trial.settings.target], trial.seed)


def named_models(problem: Problem, names: Iterable[str], seed: int) -> Mapping[str, ChatModel]:
    """The simulated ones among the models of these names, for one problem."""
    found: dict[str, ChatModel] = {}
    for name in names:
        skill = name.removeprefix(SIMULATED)
        if skill != name:
            found[name] = SimulatedTarget(problem, PROFILES[skill], skill, seed)
    return found
