"""When to ask an endpoint again, and after how long."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from ..errors import RateLimited
from .faults import Fault
from .gate import Gate
from .limits import Clock

__all__ = ["Retries", "asked_wait", "backoff"]


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asks to wait: ``retry-after-ms``, or ``retry-after`` in seconds or as a date."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * scale
        except (KeyError, ValueError):
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    try:
        return max(0.0, parsedate_to_datetime(headers["retry-after"]).timestamp() - time.time())
    except (KeyError, TypeError, ValueError):
        return None


def backoff(attempt: int) -> float:
    """Seconds before repetition number ``attempt`` (from 0): exponential, at most 8, with jitter."""
    return float(min(8.0, 0.5 * 2**attempt) * random.uniform(0.75, 1.0))  # noqa: S311 - jitter needs no secrecy


class Retries:
    """The repetitions of one call."""

    def __init__(self, clock: Clock, gate: Gate) -> None:
        self._clock = clock
        self._gate = gate
        self.done = 0

    async def after(self, fault: Fault) -> None:
        """Wait until it makes sense to ask again. A rate limit holds back everybody at the gate meanwhile.

        Raises:
            ModelError: there is no point, or no time; this is the fault's own error.
        """
        asked = asked_wait(fault.headers)
        pause = backoff(self.done) if asked is None else asked
        if fault.passing and (asked is not None or fault.status == 429):
            self._gate.pause(pause)
        limits = self._clock.limits
        if pause > limits.wait and isinstance(fault.error, RateLimited):
            fault.error.cure = f"It asks to wait {pause:.0f} seconds."
        if not fault.passing or self.done >= limits.retries or pause > limits.wait or pause > self._clock.left:
            raise fault.error
        self.done += 1
        await asyncio.sleep(pause)
