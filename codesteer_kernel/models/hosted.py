"""What the hosted back ends share: retries, time limits, and errors that name the fault without its secrets."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from ..errors import AuthenticationFailed, ContextOverflow, EndpointUnreachable, ModelError, RateLimited, UnknownModel
from .providers import Endpoint

__all__ = ["Adaptation", "Clients", "Clock", "Limits", "explain", "open_adapted", "timed"]

T = TypeVar("T")
RETRIED = {408, 409, 429, 500, 502, 503, 504, 529}
OVERFLOW = re.compile(
    r"context.{0,10}(length|size|window)|prompt is too long|input is too long|too many tokens", re.IGNORECASE
)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds and counts that bound one call.

    ``connect``: to reach the endpoint. ``first_token``: to the first piece of text or reasoning, retries included.
    ``silence``: between pieces. ``total``: the whole call. ``retries``: repeated openings after a fault that passes
    (none once output came). ``wait``: the longest pause that an endpoint's Retry-After is granted.
    """

    connect: float = 10.0
    first_token: float = 180.0
    silence: float = 120.0
    total: float = 900.0
    retries: int = 4
    wait: float = 60.0


class Clock:
    """Where one call stands in its limits."""

    def __init__(self, name: str, limits: Limits) -> None:
        self.name, self.limits = name, limits
        self.begin = time.monotonic()
        self.started = False

    @property
    def spent(self) -> float:
        """Seconds since the call began."""
        return time.monotonic() - self.begin

    @contextmanager
    def step(self) -> Iterator[float]:
        """Seconds that the next step may take; a TimeoutError inside becomes a ModelError that says which limit."""
        limits = self.limits
        left = limits.total - self.spent
        if self.started:
            seconds, said = limits.silence, f"sent nothing more for {limits.silence:g} seconds"
        else:
            seconds, said = limits.first_token - self.spent, f"sent nothing for {limits.first_token:g} seconds"
        if left < seconds:
            seconds, said = left, f"was not done after {limits.total:g} seconds"
        try:
            yield max(seconds, 0.001)
        except TimeoutError:
            raise ModelError(f"{self.name} {said}.", "Try again, or use another model.") from None


async def timed(stream: Any, clock: Clock, endpoint: Endpoint) -> AsyncGenerator[Any, None]:
    """The events of an SDK's ``stream`` within the clock's limits. Closing this closes the connection."""
    try:
        while True:
            with clock.step() as seconds:
                try:
                    async with asyncio.timeout(seconds):
                        event = await anext(stream)
                except StopAsyncIteration:
                    return
                except (TimeoutError, ModelError):
                    raise
                except Exception as fault:  # noqa: BLE001 - the SDKs', httpx2's, json's: all mean a broken answer
                    if getattr(fault, "status_code", None) is None:
                        raise _broken(endpoint, _message(fault)) from None
                    raise explain(fault, endpoint) from None
            yield event
    finally:
        await stream.close()


Adaptation = Callable[[dict[str, Any]], None]


async def open_adapted(
    create: Callable[..., Awaitable[T]],
    arguments: dict[str, Any],
    adaptations: dict[str, Adaptation],
    refused: set[str],
    clock: Clock,
    endpoint: Endpoint,
) -> T:
    """Call ``create(**arguments)``: again after faults that pass, and without what the endpoint refuses.

    ``adaptations`` maps a word that a refusal (status 400 or 422) names to what to do about it; each is tried once
    and remembered in ``refused``, so that later calls start without it.

    Raises:
        ModelError: or one of its kin; nothing of it holds the key.
    """
    for word in refused:
        adaptations[word](arguments)
    attempt = 0
    while True:
        with clock.step() as seconds:
            try:
                async with asyncio.timeout(seconds):
                    return await create(**arguments)
            except TimeoutError:
                raise
            except Exception as error:  # noqa: BLE001 - the SDKs' and httpx2's have no common base
                fault = error
        status = getattr(fault, "status_code", None)
        if status in (400, 422):
            word = _named(str(_message(fault)), adaptations, refused)
            if word:
                refused.add(word)
                adaptations[word](arguments)
                continue
        explained = explain(fault, endpoint)
        passing = status in RETRIED or (status is None and isinstance(explained, EndpointUnreachable))
        if not passing or attempt >= clock.limits.retries:
            raise explained from None
        pause = _pause(fault, attempt)
        if pause > clock.limits.wait or clock.spent + pause > clock.limits.first_token:
            if isinstance(explained, RateLimited):
                explained.cure = f"It asks to wait {pause:.0f} seconds."
            raise explained from None
        attempt += 1
        del fault
        await asyncio.sleep(pause)


def _named(message: str, adaptations: dict[str, Adaptation], refused: set[str]) -> str:
    if OVERFLOW.search(message):
        return ""
    lowered = message.lower()
    return next((word for word in adaptations if word in lowered and word not in refused), "")


def _pause(fault: Exception, attempt: int) -> float:
    """Seconds to wait: what Retry-After says, else exponential back-off with jitter."""
    headers = getattr(getattr(fault, "response", None), "headers", {})
    try:
        return max(0.0, float(headers.get("retry-after-ms", "")) / 1000)
    except (TypeError, ValueError):
        pass
    said = headers.get("retry-after")
    if said:
        try:
            return max(0.0, float(said))
        except ValueError:
            from email.utils import parsedate_to_datetime

            try:
                return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
            except (TypeError, ValueError):
                pass
    return float(min(8.0, 0.5 * 2**attempt) * random.uniform(0.75, 1.0))  # noqa: S311 - jitter needs no secrecy


def explain(fault: Exception, endpoint: Endpoint) -> ModelError:
    """The typed error for what an SDK raised. Use it ``from None``: the SDK's own holds the request, key included."""
    status = getattr(fault, "status_code", None)
    message = _message(fault)
    if endpoint.key:
        message = message.replace(endpoint.key, "...")
    message = message[:500]
    if status is None:
        kind = type(fault).__name__
        if "Connection" in kind or "Timeout" in kind:
            return EndpointUnreachable(
                f"Nothing answered for {endpoint.name} at {endpoint.base_url}.",
                "Check the address and that the server runs.",
            )
        return _broken(endpoint, message or kind)
    if status in (401, 403):
        # The body of such an answer may quote the key.
        variable = endpoint.key_variable
        return AuthenticationFailed(
            f"{endpoint.name} refused the request ({status}).", f"Check the key in {variable}." if variable else ""
        )
    if status == 404:
        return _NoSuchModel(
            f"{endpoint.base_url} has no model {endpoint.model!r} ({message}).", "Check the model's id."
        )
    if status == 429:
        return RateLimited(f"{endpoint.name} limits its rate ({message}).", "Wait a little, then try again.")
    if status in (400, 413, 422) and OVERFLOW.search(message):
        return ContextOverflow(
            f"The prompt does not fit {endpoint.name}: {message}", "Shorten the question or its inputs."
        )
    return ModelError(f"{endpoint.name} answered {status}: {message}", "Try again." if status >= 500 else "")


def _broken(endpoint: Endpoint, message: str) -> ModelError:
    said = message.replace(endpoint.key, "...") if endpoint.key else message
    return ModelError(f"{endpoint.name} broke off its answer ({said[:500].rstrip('.')}).", "Try again.")


class _NoSuchModel(UnknownModel, ModelError):
    """The endpoint knows no such model: a wrong name and a model's failure at once."""

    code = "unknown_model"


def _message(fault: Exception) -> str:
    """What the endpoint said, without the wrapping of the SDK."""
    body = getattr(fault, "body", None)
    if isinstance(body, dict):
        inner = body.get("error", body)
        if isinstance(inner, dict) and inner.get("message"):
            return str(inner["message"])
        if isinstance(inner, str):
            return inner
        if body.get("detail"):
            return str(body["detail"])
    return str(getattr(fault, "message", fault))


class Clients:
    """One SDK client per event loop: connections belong to the loop that opened them."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._made: WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = WeakKeyDictionary()

    def get(self) -> Any:
        """The client of the running loop, made at its first use."""
        loop = asyncio.get_running_loop()
        client = self._made.get(loop)
        if client is None:
            client = self._made[loop] = self._make()
        return client

    async def aclose(self) -> None:
        """Close the running loop's client. Idempotent."""
        client = self._made.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()
