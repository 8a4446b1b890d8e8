"""What endpoints report of themselves: the models behind an address, asked at ``/models``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec

from ..egress import admit, client
from ..errors import CodeSteerError
from .aliases import expand, own_names
from .keys import find_key
from .providers import PROVIDERS, Endpoint, locate
from .registry import endpoint_of

__all__ = ["EndpointReport", "NoList", "Served", "ask_all", "ask_models", "configured"]

CONNECT_SECONDS = 1.0
TOTAL_SECONDS = 3.0
ANSWER_BYTES = 4 << 20
# Where servers tell how long a prompt may be: vLLM, LM Studio, OpenRouter, Anthropic; llama.cpp says it in "meta".
_CONTEXTS = ("max_model_len", "max_context_length", "context_length", "context_window", "max_input_tokens", "n_ctx")


class Served(msgspec.Struct, frozen=True):
    """A model that an endpoint names, and its context window in tokens where it says so."""

    id: str
    context: int | None = None


class EndpointReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one endpoint said; ``fault`` is empty where it answered. ``seconds`` is how long that took."""

    name: str
    base_url: str
    models: tuple[Served, ...] = ()
    fault: str = ""
    seconds: float = 0.0


class NoList(Exception):
    """Something answered, but not with a list of models; ``status`` and ``kind`` (the content type) say what."""

    def __init__(self, status: int, kind: str, location: str = "") -> None:
        super().__init__(f"it answered {status} ({kind or 'no content type'})")
        self.status, self.kind, self.location = status, kind, location


def configured() -> dict[str, Endpoint]:
    """The endpoints worth asking, by name: on this machine, those whose key is here, and those of aliases.

    Keys go where the models' own calls would take them, and nowhere else (see :func:`~.providers.locate`).
    """
    found: dict[str, Endpoint] = {}
    for provider in PROVIDERS:
        endpoint = _with_key(locate(provider, ""))
        if endpoint.loopback or endpoint.key:
            found[provider] = endpoint
    known = {(endpoint.base_url, endpoint.key_variable) for endpoint in found.values()}
    for alias in own_names().models:
        aliased = endpoint_of(expand(alias))
        if aliased is not None and (aliased.base_url, aliased.key_variable) not in known:
            known.add((aliased.base_url, aliased.key_variable))
            found[alias] = _with_key(aliased)
    return found


async def ask_all(endpoints: dict[str, Endpoint]) -> list[EndpointReport]:
    """Ask all at once; takes 3 seconds at most."""
    return list(await asyncio.gather(*(_report(name, endpoint) for name, endpoint in endpoints.items())))


async def ask_models(
    endpoint: Endpoint, asking: AbstractAsyncContextManager[Any] | None = None, *, address: str = ""
) -> tuple[Served, ...]:
    """The models that ``endpoint`` names.

    Args:
        endpoint: whom to ask, and with which key.
        asking: an httpx client to ask with; default: one that keeps to what the models' own calls do.
        address: another base URL on the same host.

    Raises:
        NoList: it answered with something else.
        NotAllowed: the administrator does not allow its host.
        Exception: what the client raises when nothing answers.
    """
    admit(address or endpoint.base_url)
    url = (address or endpoint.base_url) + ("/v1/models" if endpoint.wire == "anthropic" else "/models")
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if endpoint.wire == "anthropic":
        headers |= {"anthropic-version": "2023-06-01"} | ({"x-api-key": endpoint.key} if endpoint.key else {})
    elif endpoint.key:
        headers["Authorization"] = f"Bearer {endpoint.key}"
    async with asking or _client(endpoint) as asked, asked.stream("GET", url, headers=headers) as response:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > ANSWER_BYTES:
                break
    kind = response.headers.get("content-type", "").partition(";")[0].strip()
    try:
        listed = msgspec.json.decode(bytes(body))
        found = tuple(_served(one) for one in listed["data"] if isinstance(one["id"], str))
    except (msgspec.DecodeError, UnicodeDecodeError, LookupError, TypeError, RecursionError):
        found = None
    if response.status_code != 200 or found is None:
        raise NoList(response.status_code, kind, response.headers.get("location", ""))
    return found


def _with_key(endpoint: Endpoint) -> Endpoint:
    key = find_key(endpoint.key_variable) if endpoint.key_variable else None
    return msgspec.structs.replace(endpoint, key=key or "")


def _client(endpoint: Endpoint) -> AbstractAsyncContextManager[Any]:
    import httpx

    return client(
        httpx.AsyncClient,
        endpoint.base_url,
        timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
        verify=endpoint.base_url.startswith("https:"),  # else nothing is: reading the certificates takes a while
    )


async def _report(name: str, endpoint: Endpoint) -> EndpointReport:
    begin = time.monotonic()
    models: tuple[Served, ...] = ()
    fault = ""
    try:
        async with asyncio.timeout(TOTAL_SECONDS):
            models = await ask_models(endpoint)
    except TimeoutError:
        fault = f"no answer in {TOTAL_SECONDS:g} seconds"
    except NoList as answer:
        fault = "the key is missing or refused" if answer.status in (401, 403) else str(answer)
    except CodeSteerError as problem:
        fault = str(problem)
    except Exception as problem:  # noqa: BLE001 - the client's, the name service's, the certificate's
        fault = f"nothing answers ({type(problem).__name__})"
    seconds = round(time.monotonic() - begin, 3)
    return EndpointReport(name=name, base_url=endpoint.base_url, models=models, fault=fault, seconds=seconds)


def _served(listed: dict[str, Any]) -> Served:
    said: Iterable[Any] = (listed.get(field) for field in _CONTEXTS)
    meta = listed.get("meta")
    if isinstance(meta, dict):
        said = (*said, meta.get("n_ctx"), meta.get("n_ctx_train"))
    return Served(listed["id"], next((one for one in said if type(one) is int and one > 0), None))
