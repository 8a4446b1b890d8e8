"""Why an endpoint does not answer as it should: the cause behind a backend's error.

The SDKs tell little of why nothing answered, and what they raise may hold the key. So the endpoint's list of models is
asked for with the same client (same proxies, same certificates), and what happens to that names the cause.
"""

from __future__ import annotations

import asyncio
import importlib
import socket
import ssl
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import msgspec

from ..egress import client
from ..errors import CodeSteerError, ModelError, UnknownModel, nearest
from .endpoints import NoList, Served, ask_models
from .keys import find_key
from .providers import Endpoint

__all__ = ["Cause", "Finding", "diagnose", "found", "on_the_way"]

Cause = Literal[
    "dns",
    "refused",
    "timeout",
    "proxy",
    "certificate",
    "base_url",
    "key_missing",
    "key_refused",
    "quota",
    "rate",
    "model_name",
    "not_downloaded",
    "memory",
    "load",
    "package",
    "plugin",
    "model",
]
"""What can be wrong: on the way to an endpoint, with what it was told, with what should run here; ``model``: what the
model or its server says itself."""

_CAUSES: dict[str, Cause] = {
    "missing_key": "key_missing",
    "authentication_failed": "key_refused",
    "out_of_credit": "quota",
    "rate_limited": "rate",
    "overloaded": "rate",
    "model_timeout": "timeout",
    "missing_dependency": "package",
    "broken_plugin": "plugin",
    "out_of_memory": "memory",
    "weights_missing": "not_downloaded",
    "weights_corrupt": "not_downloaded",
}
LIST_SECONDS = 10.0
_QUOTA = ("quota", "billing", "credit", "balance", "payment", "spend")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, in one sentence, and what to do about it."""

    cause: Cause
    message: str
    cure: str = ""


def found(fault: CodeSteerError) -> Finding:
    """What an error says by itself."""
    return Finding(cause=_CAUSES.get(fault.code, "model"), message=fault.message, cure=fault.cure)


async def diagnose(endpoint: Endpoint, fault: CodeSteerError) -> Finding:
    """What the error that a backend of ``endpoint`` raised means. Asks the endpoint where the error does not tell."""
    told = found(fault)
    if told.cause == "rate" and any(word in fault.message.lower() for word in _QUOTA):
        cure = "Look at the account's plan and billing; waiting does not help."
        return Finding(cause="quota", message=fault.message, cure=cure)
    if told.cause == "model" and isinstance(fault, ModelError):
        named = isinstance(fault, UnknownModel)
        return await on_the_way(endpoint, told, named=named) or told
    return told


async def on_the_way(endpoint: Endpoint, told: Finding, *, named: bool = False) -> Finding | None:
    """What keeps ``endpoint`` from answering; None where its list of models comes as it should.

    Args:
        endpoint: whom to ask.
        told: what is said where asking brings nothing new.
        named: the endpoint said that it has no such model (or no such path, which looks the same).
    """
    try:
        served = await _list(endpoint)
    except NoList as answer:
        return told if answer.status in (401, 403) else await _wrong_address(endpoint, told, answer, named=named)
    except Exception as fault:  # noqa: BLE001 - the client's, the name service's, the certificate's
        return _network(endpoint, told, fault)
    ids = [one.id for one in served]
    if not named or endpoint.model in ids:
        return None
    hint = nearest(endpoint.model, ids) or (f"It has: {', '.join(ids[:8])}." if ids else "It names no model at all.")
    return Finding(cause="model_name", message=f"{endpoint.base_url} has no model {endpoint.model!r}.", cure=hint)


async def _list(endpoint: Endpoint, address: str = "") -> tuple[Served, ...]:
    key = find_key(endpoint.key_variable) if endpoint.key_variable else None
    async with asyncio.timeout(LIST_SECONDS):
        return await ask_models(msgspec.structs.replace(endpoint, key=key or ""), _client(endpoint), address=address)


def _client(endpoint: Endpoint) -> AbstractAsyncContextManager[Any]:
    """What the SDK itself sends requests with: the same idea of proxies and certificates."""
    sdk = importlib.import_module(endpoint.wire)
    made: AbstractAsyncContextManager[Any] = client(
        sdk.DefaultAsyncHttpxClient, endpoint.base_url, timeout=LIST_SECONDS
    )
    return made


async def _wrong_address(endpoint: Endpoint, told: Finding, answer: NoList, *, named: bool) -> Finding:
    """Tell an address that is not an API's, or lacks its /v1, from an endpoint that only keeps no list."""
    base = endpoint.base_url
    if 300 <= answer.status < 400:
        cure = f"Write the address that it names: {answer.location}" if answer.location else ""
        message = f"{base} sends requests on to another address ({answer.status})."
        return Finding(cause="base_url", message=message, cure=cure)
    other = base.removesuffix("/v1") if endpoint.wire == "anthropic" else f"{base}/v1"
    if other != base:
        try:
            await _list(endpoint, other)
        except Exception:  # noqa: BLE001 - then that is not the address either
            other = base
    if other != base:
        return Finding(cause="base_url", message=f"{base} is not where the API is.", cure=f"Write {other}")
    if "html" in answer.kind:
        message = f"{base} answers with a web page ({answer.status}) and not with an API's JSON."
        return Finding(cause="base_url", message=message, cure="Give the address of the API itself.")
    if named and answer.status == 404:
        message = f"{base} knows neither the model {endpoint.model!r} nor a list of models."
        return Finding(cause="base_url", message=message, cure="Check the address, then the model's id.")
    return told


def _network(endpoint: Endpoint, told: Finding, fault: BaseException) -> Finding:
    """The cause in what the HTTP client raised, and in what that came from."""
    parts = urlsplit(endpoint.base_url)
    place, host = parts.netloc, parts.hostname or ""
    proxy = "" if endpoint.loopback or proxy_bypass(host) else _proxy(parts.scheme)
    for one in _chain(fault):
        match one:
            case ssl.SSLCertVerificationError():
                message = f"The certificate of {host} is not trusted: {one.verify_message or one.reason}."
                cure = "If it is your own or your company's, name the file of its authority in SSL_CERT_FILE."
                if endpoint.loopback:
                    cure = "On this machine plain http:// is enough: no settings of the environment are heard there."
                return Finding(cause="certificate", message=message, cure=cure)
            case ssl.SSLError():
                message = f"{place} does not speak HTTPS ({one.reason or one})."
                cure = "Write http:// if it is a plain server of yours."
                return Finding(cause="base_url", message=message, cure=cure)
            case _ if type(one).__name__ == "ProxyError":
                message = f"The proxy {proxy} does not connect to {host} ({one})."
                cure = "Give the proxy what it asks for, or list the host in NO_PROXY."
                return Finding(cause="proxy", message=message, cure=cure)
            case socket.gaierror() | ConnectionError() if proxy:
                message = f"The proxy {proxy} does not answer ({one.strerror or one})."
                cure = "Check HTTPS_PROXY and HTTP_PROXY, or list the host in NO_PROXY."
                return Finding(cause="proxy", message=message, cure=cure)
            case socket.gaierror():
                message = f"The name {host} cannot be resolved ({one.strerror})."
                return Finding(cause="dns", message=message, cure="Check the spelling and the network (DNS, VPN).")
            case ConnectionRefusedError():
                message = f"Nothing listens at {place}: the connection was refused."
                return Finding(cause="refused", message=message, cure="Start the server, or check the port.")
            case TimeoutError():
                message = f"{place} does not answer{f' through the proxy {proxy}' if proxy else ''}."
                return Finding(cause="timeout", message=message, cure="Check the address, the network and firewalls.")
    if type(fault).__name__ in ("RemoteProtocolError", "ReadError", "WriteError"):
        # Reached, but it hangs up on what it was sent.
        cure = "Write https:// if it speaks that." if parts.scheme == "http" else "Check the address and its port."
        return Finding(cause="base_url", message=f"{place} breaks the connection off.", cure=cure)
    return told


def _chain(fault: BaseException | None) -> Iterator[BaseException]:
    """``fault`` and what it came from; the plain causes, which the standard library names, first."""
    found: list[BaseException] = []
    while fault is not None and len(found) < 10:
        found.append(fault)
        fault = fault.__cause__ or fault.__context__
    yield from sorted(found, key=lambda one: not isinstance(one, OSError))


def _proxy(scheme: str) -> str:
    """Host and port of the environment's proxy for ``scheme``, without the password that its address may hold."""
    proxies = getproxies()
    address = proxies.get(scheme) or proxies.get("all") or ""
    return address.rpartition("://")[2].rpartition("@")[2].rstrip("/")
