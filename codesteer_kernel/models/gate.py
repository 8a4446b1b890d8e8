"""The gate in front of an endpoint: how many calls are under way, how many requests and tokens go out in a minute.

One gate serves everybody in this process who calls the same address with the same key, in whatever thread or event
loop. Places are given in the order of asking. It keeps to the quota it is given, and learns what the endpoint's own
answers tell: a pause that one of them asks for holds for all, and what they say is left of a model's requests and
tokens holds for that model.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from math import inf

import msgspec

from ..errors import BadInput, RateLimited

__all__ = ["Gate", "Place", "Quota", "gate_to", "read_quota"]


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """What one endpoint may be asked for; 0 is no bound. ``requests`` and ``tokens`` are per minute."""

    in_flight: int = 0
    requests: int = 0
    tokens: int = 0


def read_quota(text: str, given: Quota) -> Quota:
    """``given`` with what ``text`` sets, such as ``in_flight=4 requests=50 tokens=40000``.

    Raises:
        BadInput: it sets something else, or not to a whole number.
    """
    found = re.findall(r"([^\s,=]+)\s*=\s*([^\s,]+)", text)
    if re.sub(r"([^\s,=]+)\s*=\s*([^\s,]+)|[\s,]", "", text) or not all(
        name in Quota.__struct_fields__ and value.isdecimal() for name, value in found
    ):
        raise BadInput(f"{text!r} is no quota.", "It looks like: in_flight=4 requests=50 tokens=40000")
    return msgspec.structs.replace(given, **{name: int(value) for name, value in found})


class Bucket:
    """Holds up to ``capacity``, fills by ``rate`` a second. More than it holds may be taken once it is full."""

    def __init__(self, capacity: float, *, level: float | None = None, rate: float | None = None) -> None:
        self.capacity = max(capacity, 1.0)
        # What tells of its filling is never trusted to take longer than a minute: then the endpoint is asked instead.
        self.rate = max(rate or 0.0, self.capacity / 60)
        self.level = self.capacity if level is None else level
        self._at = time.monotonic()

    def wait(self, amount: float, now: float) -> float:
        """Seconds until ``amount`` can be taken."""
        self.level = min(self.capacity, self.level + (now - self._at) * self.rate)
        self._at = now
        return max(0.0, (min(amount, self.capacity) - self.level) / self.rate)

    def take(self, amount: float) -> None:
        """Take ``amount`` (give it back where negative)."""
        self.level -= amount


class Place:
    """One call's place: asked for, then given.

    ``watching`` says that its owner looks again by himself, at the time when he may go; one who waits for others (to
    leave, or to go before him) has to be told to.
    """

    def __init__(self, model: str, tokens: int) -> None:
        self.model = model
        self.tokens = tokens
        self.given = False
        self.watching = True
        self.loop = asyncio.get_running_loop()
        self.changed = asyncio.Event()

    def wake(self) -> None:
        """Tell its owner that something changed; from any thread."""
        try:
            self.loop.call_soon_threadsafe(self.changed.set)
        except RuntimeError:  # its loop is gone, and nobody waits
            return


class Gate:
    """See the module's text."""

    def __init__(self, name: str, quota: Quota) -> None:
        self._name = name
        # Reentrant: a call that nobody waits for any more is ended by the garbage collector, in any thread's middle.
        self._lock = threading.RLock()
        self._queue: deque[Place] = deque()
        self._under_way = 0
        self._closed_until = 0.0
        self._learned: dict[tuple[str, str], Bucket] = {}
        self.quota = quota

    @property
    def quota(self) -> Quota:
        """What the gate keeps to. Setting it starts the minute anew."""
        return self._quota

    @quota.setter
    def quota(self, quota: Quota) -> None:
        with self._lock:
            self._quota = quota
            self._requests = Bucket(quota.requests) if quota.requests else None
            self._tokens = Bucket(quota.tokens) if quota.tokens else None
            self._admit()

    @asynccontextmanager
    async def place(self, model: str, tokens: int, *, longest: float, first: bool = False) -> AsyncIterator[Place]:
        """A place for one call of about ``tokens`` tokens; say what it really used to :meth:`used`.

        Args:
            model: whose call it is.
            tokens: input and output, estimated.
            longest: seconds that a pause which the endpoint asked for is waited for.
            first: whether to stand before the others: a call that had a place already.

        Raises:
            RateLimited: the endpoint asked for a longer pause.
        """
        place = Place(model, tokens)
        with self._lock:
            self._queue.appendleft(place) if first else self._queue.append(place)
        try:
            while True:
                with self._lock:
                    place.watching = True
                    self._admit()
                    if place.given:
                        break
                    pause = self._closed_until - time.monotonic()
                    wait = self._wait(place)
                    place.watching = 0 < wait < inf
                if pause > longest:
                    raise RateLimited(f"{self._name} limits its rate.", f"It asks to wait {pause:.0f} seconds.")
                try:
                    async with asyncio.timeout(wait if place.watching else None):
                        await place.changed.wait()
                except TimeoutError:
                    pass
                place.changed.clear()
            yield place
        finally:
            with self._lock:
                if place.given:
                    self._under_way -= 1
                else:
                    self._queue.remove(place)
                self._admit()

    def used(self, place: Place, tokens: int) -> None:
        """Correct the estimate of a call to what it used."""
        with self._lock:
            if self._tokens is not None:
                self._tokens.take(tokens - place.tokens)
            place.tokens = tokens
            self._admit()

    def pause(self, seconds: float) -> None:
        """Give no place for so long."""
        with self._lock:
            self._closed_until = max(self._closed_until, time.monotonic() + seconds)
            for place in self._queue:
                place.wake()

    def learn(self, model: str, headers: Mapping[str, str]) -> None:
        """Heed what an answer says is left for ``model``."""
        told = read_headers(headers)
        with self._lock:
            self._learned |= {(model, kind): bucket for kind, bucket in told.items()}

    # ------------------------------------------------------------------------------------------- with the lock held

    def _admit(self) -> None:
        """Give places to all who may go, in their order; one who waits for a model's own limit lets others pass."""
        now = time.monotonic()
        for place in list(self._queue):
            shared, own = self._shared_wait(place, now), self._own_wait(place, now)
            if shared <= 0 and own <= 0:
                self._queue.remove(place)
                self._under_way += 1
                for bucket, amount in self._buckets(place):
                    bucket.take(amount)
                place.given = True
                place.wake()
                continue
            if not place.watching:
                place.wake()
            if shared > 0:
                break

    def _wait(self, place: Place) -> float:
        """Seconds until ``place`` may go; infinity until somebody leaves, 0 if others are before it."""
        now = time.monotonic()
        return max(0.0, self._shared_wait(place, now), self._own_wait(place, now))

    def _shared_wait(self, place: Place, now: float) -> float:
        if self._quota.in_flight and self._under_way >= self._quota.in_flight:
            return inf
        waits = [self._closed_until - now]
        waits += [bucket.wait(1, now) for bucket in (self._requests,) if bucket]
        waits += [bucket.wait(place.tokens, now) for bucket in (self._tokens,) if bucket]
        return max(waits)

    def _own_wait(self, place: Place, now: float) -> float:
        requests, tokens = (self._learned.get((place.model, kind)) for kind in ("requests", "tokens"))
        return max(requests.wait(1, now) if requests else 0.0, tokens.wait(place.tokens, now) if tokens else 0.0)

    def _buckets(self, place: Place) -> list[tuple[Bucket, float]]:
        pairs = [
            (self._requests, 1.0),
            (self._tokens, float(place.tokens)),
            (self._learned.get((place.model, "requests")), 1.0),
            (self._learned.get((place.model, "tokens")), float(place.tokens)),
        ]
        return [(bucket, amount) for bucket, amount in pairs if bucket is not None]


_GATES: dict[tuple[str, str], Gate] = {}
_GATES_LOCK = threading.Lock()


def gate_to(address: str, account: str, quota: Quota) -> Gate:
    """The process's gate to ``address`` for ``account`` (the name of a key). The latest quota holds."""
    with _GATES_LOCK:
        gate = _GATES.get((address, account))
        if gate is None:
            gate = _GATES[address, account] = Gate(address, quota)
    if gate.quota != quota:
        gate.quota = quota
    return gate


# ---------------------------------------------------------------------------------------------------- what headers say

# (limit, remaining, reset) by what they count: Anthropic, OpenAI and its kin, Mistral (which names no reset).
HEADERS = {
    "requests": (
        (
            "anthropic-ratelimit-requests-limit",
            "anthropic-ratelimit-requests-remaining",
            "anthropic-ratelimit-requests-reset",
        ),
        ("x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
        ("x-ratelimit-limit-req-minute", "x-ratelimit-remaining-req-minute", ""),
    ),
    "tokens": (
        (
            "anthropic-ratelimit-tokens-limit",
            "anthropic-ratelimit-tokens-remaining",
            "anthropic-ratelimit-tokens-reset",
        ),
        ("x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
        ("x-ratelimit-limit-tokens-minute", "x-ratelimit-remaining-tokens-minute", ""),
    ),
}


def read_headers(headers: Mapping[str, str]) -> dict[str, Bucket]:
    """What the rate-limit headers of an answer say, as buckets of ``requests`` and ``tokens``."""
    found: dict[str, Bucket] = {}
    for kind, families in HEADERS.items():
        for limit, remaining, reset in families:
            try:
                capacity, left = float(headers[limit]), float(headers[remaining])
            except (KeyError, ValueError):
                continue
            if 0 <= left <= capacity < inf:
                seconds = _seconds(headers.get(reset, ""))
                found[kind] = Bucket(capacity, level=left, rate=(capacity - left) / seconds if seconds else None)
                break
    return found


def _seconds(text: str) -> float:
    """Seconds until ``text``: a time (2026-01-01T00:00:00Z), or a span (6m0s, 120ms, 7.66s); 0 if it is neither."""
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|[dhms])", text)
    if parts and re.fullmatch(r"(\d+(\.\d+)?(ms|[dhms]))+", text):
        scale = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
        return sum(float(number) * scale[unit] for number, unit in parts)
    try:
        return max(0.0, datetime.fromisoformat(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0
