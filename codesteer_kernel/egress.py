"""The one door by which anything leaves this machine: who may be asked, and what a dry run finds at it.

Whoever opens a connection asks :func:`admit` first. HTTP clients come from :func:`client`, which has the door in every
request, redirects too: what was allowed when a model was opened need not be allowed when it is asked.
``tests/test_egress.py`` fails on a module that connects without asking.

Offline (``CODESTEER_OFFLINE``, ``CodeSteer.offline``) only this machine is asked. In a dry run (:func:`held`) requests
come as far as the door, and are kept there.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import msgspec

from .errors import ModelError, Offline
from .policy import host_of, policy

__all__ = ["OFFLINE_VARIABLE", "HeldBack", "Letter", "admit", "client", "held", "is_loopback", "offline"]

OFFLINE_VARIABLE = "CODESTEER_OFFLINE"
_NO = {"", "0", "false", "no", "off"}

Client = TypeVar("Client")


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it would have left: its address, headers and body, keys and all."""

    method: str
    url: str
    headers: dict[str, str]
    body: str


class HeldBack(ModelError):
    """A dry run: the request was kept and not sent."""

    code = "held_back"


_kept: ContextVar[list[Letter] | None] = ContextVar("kept", default=None)


def offline() -> bool:
    """Whether nobody but this machine may be asked. Every value that is not a plain no counts as yes."""
    return os.environ.get(OFFLINE_VARIABLE, "").strip().lower() not in _NO


def is_loopback(url: str) -> bool:
    """Whether ``url`` leads to this machine, by an address that no name service and no proxy has a say in."""
    return host_of(url) == "localhost"


def admit(url: str, usual: str = "") -> None:
    """Refuse an address that may not be asked.

    Args:
        url: ``scheme://host...``, or ``unix:...``, which is this machine.
        usual: where the provider is, unless somebody says otherwise; see :meth:`.policy.Policy.check_address`.

    Raises:
        NotAllowed: the administrator does not allow its host.
        Offline: offline mode is on, and it is not on this machine.
    """
    policy().check_address(url, usual)
    if offline() and not is_loopback(url):
        raise Offline(
            f"Offline mode is on, and {host_of(url) or url} is not this machine.",
            f"Use a model of this machine, or switch it off: {OFFLINE_VARIABLE}=0, CodeSteer.offline = False.",
        )


@contextmanager
def held() -> Iterator[list[Letter]]:
    """Keep every request of this context, and of tasks that it starts, at the door; yields the list of them."""
    letters: list[Letter] = []
    token = _kept.set(letters)
    try:
        yield letters
    finally:
        _kept.reset(token)


def client(
    make: Callable[..., Client], url: str, *, before: tuple[Callable[[Any], Any], ...] = (), **options: Any
) -> Client:
    """An HTTP client whose every request passes the door.

    On loopback no proxy and no other setting of the environment has a say. Redirects are followed only where
    ``options`` say so: one could carry a key to another host.

    Args:
        make: ``httpx.Client``, ``httpx.AsyncClient`` or what an SDK makes of them.
        url: whom it will ask.
        before: called with each request before the door is, in the client's way (plain or async).
        options: the client's own.
    """
    plain = not _is_async(make)
    door: Callable[[Any], Any] = _pass if plain else _pass_async
    given = {"follow_redirects": False, "trust_env": not is_loopback(url)} | options
    return make(event_hooks={"request": [*before, door]}, **given)


def _is_async(make: Callable[..., object]) -> bool:
    return inspect.isclass(make) and hasattr(make, "aclose")


def _pass(request: Any) -> None:
    """Let a request (of httpx, or of an SDK's like it) through, or raise why not."""
    url = str(request.url)
    admit(url)
    letters = _kept.get()
    if letters is not None:
        headers: Mapping[str, str] = request.headers
        body = request.content.decode("utf-8", "replace")
        letters.append(Letter(method=request.method, url=url, headers=dict(headers), body=body))
        raise HeldBack(f"A dry run: nothing was sent to {host_of(url)}.")


async def _pass_async(request: Any) -> None:
    await request.aread()
    _pass(request)
