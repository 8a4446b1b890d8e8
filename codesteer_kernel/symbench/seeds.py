"""Randomness from names: equal names give equal numbers everywhere, neighbouring seeds have nothing in common."""

from __future__ import annotations

import hashlib
from random import Random

from codesteer_kernel.symbench.problem import Level, canonical

__all__ = ["random_for"]


def random_for(task: str, version: str, level: Level, seed: int) -> Random:
    """The generator's only source of chance, from a hash over the task, its version, the whole level and the seed."""
    named = canonical([task, version, dict(level), seed])
    return Random(int.from_bytes(hashlib.sha256(named.encode()).digest()))  # noqa: S311 - puzzles, no secrets
