"""Randomness from names: equal names give equal numbers everywhere, neighbouring seeds have nothing in common."""

from __future__ import annotations

import hashlib
from random import Random
from typing import Literal

from codesteer_kernel.symbench.problem import Level, canonical

__all__ = ["Purpose", "problem_seed", "random_for"]

Purpose = Literal["evaluation", "training"]
"""What problems are drawn for: nothing may be trained on what is measured."""


def problem_seed(purpose: Purpose, seed: int, task: str, index: int) -> int:
    """The seed of a job's ``index``-th problem of a task, below 2**49.

    Hashed from all of its arguments, so that neighbours have nothing in common; seeds for evaluation are even and those
    for training odd, so that no job of the one kind can draw a problem of the other.
    """
    named = canonical([purpose, seed, task, index])
    return int.from_bytes(hashlib.sha256(named.encode()).digest()[:6]) * 2 + (purpose == "training")


def random_for(task: str, version: str, level: Level, seed: int) -> Random:
    """The generator's only source of chance, from a hash over the task, its version, the whole level and the seed."""
    named = canonical([task, version, dict(level), seed])
    return Random(int.from_bytes(hashlib.sha256(named.encode()).digest()))  # noqa: S311 - puzzles, no secrets
