"""Evaluation: every method on every task, measured honestly.

A :class:`Method` (one file each in ``methods``) answers a problem and leaves a record; ``judging`` has the task's rules
judge it; an :class:`Attempt` is the row that is kept of it. ``jobs`` says what a job is, ``runner`` does it and resumes
it, ``ledger`` keeps its rows on disk; ``results`` has what follows from them, ``report`` and ``comparing`` tell it, beside the
``published`` numbers.
"""

from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.jobs import Job
from codesteer_kernel.evaluation.method import Method
from codesteer_kernel.evaluation.runner import Outcome, run_job

__all__ = ["Attempt", "Job", "Method", "Outcome", "run_job"]
