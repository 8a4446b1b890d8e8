"""Outcomes: every problem answered once by code and once by text, as our loop asks first; which of the two is right."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from codesteer_kernel.evaluation.jobs import Job, Trial, prepared
from codesteer_kernel.evaluation.ledger import Row
from codesteer_kernel.evaluation.methods.first_answers import FIRST_ANSWERS
from codesteer_kernel.evaluation.pool import Pool
from codesteer_kernel.evaluation.progress import Progress
from codesteer_kernel.evaluation.runner import Outcome
from codesteer_kernel.symbench.seeds import Purpose
from codesteer_kernel.training.collecting import check_skills, for_training, make_attempts

__all__ = ["collect_outcomes"]


def collect_outcomes(
    job: Job,
    folder: Path,
    purpose: Purpose = "training",
    *,
    concurrency: int = 4,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    pool: Pool[Trial, Row | None] | None = None,
) -> Outcome:
    """Make the outcomes of a job, or those that are missing; blocks.

    Args:
        job: problems, targets and settings; its methods do not matter.
        folder: a job's folder, as evaluation has them.
        purpose: ``training`` draws problems to train on, of seen tasks alone; ``evaluation`` those to measure on.
        concurrency: attempts at once.
        on_progress: called in this thread when something changed.
        stop: set it to end what runs; an interrupt does the same.
        pool: where attempts are made, as :func:`~codesteer_kernel.training.collecting.make_attempts` has it.

    Raises:
        BadInput: unseen tasks are asked for training, or the job cannot be done.
        CodeSteerError: as ``run_job``.
    """
    job = replace(job, methods=tuple(one.name for one in FIRST_ANSWERS))
    check_skills(job)
    job = for_training(job) if purpose == "training" else prepared(replace(job, purpose=purpose))
    return make_attempts(job, folder, concurrency=concurrency, on_progress=on_progress, stop=stop, pool=pool)
