"""How long one call may take: the limits, and the clock that keeps them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

import msgspec

from ..errors import ModelTimeout
from .faults import Fault

__all__ = ["Clock", "Limits"]

T = TypeVar("T")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds and counts that bound one call. Waiting for a place at the endpoint's gate does not count.

    ``connect``: to reach the endpoint. ``first_token``: to the first piece of text, reasoning or a call, retries
    included (some models think for minutes and say nothing meanwhile). ``silence``: between events from then on.
    ``total``: the whole call. ``retries``: repetitions after a fault that passes. ``wait``: the longest pause that an
    endpoint is granted.
    """

    connect: float = 10.0
    first_token: float = 300.0
    silence: float = 120.0
    total: float = 900.0
    retries: int = 4
    wait: float = 60.0


class Clock:
    """Where one call stands in its limits. ``started`` says that a first piece of the answer came."""

    def __init__(self, name: str, limits: Limits) -> None:
        self.limits = limits
        self.started = False
        self._name = name
        self._begin = self._asked = time.monotonic()

    @property
    def left(self) -> float:
        """Seconds that remain of the limit in force, until the first piece or in all."""
        now = time.monotonic()
        total = self._begin + self.limits.total - now
        return total if self.started else min(total, self._asked + self.limits.first_token - now)

    def excuse(self, seconds: float) -> None:
        """Leave ``seconds`` out of account: the endpoint had no part in them."""
        self._begin += seconds
        self._asked += seconds

    def restart(self) -> None:
        """Wait for a first piece again."""
        self.started = False
        self._asked = time.monotonic()

    async def bound(self, step: Awaitable[T]) -> T:
        """The result of ``step``, within what the limits leave.

        Raises:
            Fault: with a ModelTimeout that says which limit was met.
        """
        limits, left = self.limits, self.left
        seconds = min(left, limits.silence) if self.started else left
        try:
            async with asyncio.timeout(max(seconds, 0.001)) as scope:
                return await step
        except TimeoutError:
            if not scope.expired():
                raise
        silent = self.started and seconds < left
        if silent:
            said = f"sent nothing more for {limits.silence:g} seconds"
        elif self.started or time.monotonic() >= self._begin + limits.total:
            said = f"was not done after {limits.total:g} seconds"
        else:
            said = f"sent nothing for {limits.first_token:g} seconds"
        raise Fault(ModelTimeout(f"{self._name} {said}.", "Try again, or use another model."), passing=silent)
