"""Name what went wrong at an endpoint: a typed error with a cure, without the key, for whatever an SDK raised."""

from __future__ import annotations

import re
import socket
import ssl
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ..errors import (
    AuthenticationFailed,
    BrokenAnswer,
    CodeSteerError,
    ContextOverflow,
    EndpointUnreachable,
    ModelError,
    OutOfCredit,
    Overloaded,
    RateLimited,
    UnknownModel,
)
from .providers import Endpoint

__all__ = ["OVERFLOW", "Fault", "broken", "explain", "said_by"]

OVERFLOW = re.compile(
    r"context.{0,10}(length|size|window)|prompt is too long|input is too long|too many tokens", re.IGNORECASE
)
NO_CREDIT = re.compile(r"credit balance|insufficient.{0,10}(balance|quota|credit|funds)|out of credit", re.IGNORECASE)
BAD_KEY = re.compile(r"api[ _]key.{0,20}(not valid|invalid|incorrect)|(invalid|incorrect) api[ _]key", re.IGNORECASE)
PASSING = {408, 409, 425, 429, 500, 502, 503, 504, 529}
# What an error that comes inside a stream (there is no status then) is called, as the status it would have had.
KINDS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "insufficient_quota": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "api_error": 500,
    "server_error": 500,
    "internal_server_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
    "service_unavailable": 503,
}
LONGEST = 400
"""Characters of an endpoint's own words that an error repeats."""


class Fault(Exception):
    """Carries the error of one attempt up to where it is decided whether there is another.

    Attributes:
        error: what the caller gets to see if this is the end.
        passing: whether the same request may succeed later.
        status: the HTTP status, where there was one.
        headers: the answer's headers, where there was one.
        said: the endpoint's own words.
    """

    def __init__(
        self,
        error: CodeSteerError,
        *,
        passing: bool = False,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        said: str = "",
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.passing = passing
        self.status = status
        self.headers = headers or {}
        self.said = said


class _NoSuchModel(UnknownModel, ModelError):
    """The endpoint knows no such model: a wrong name and a model's failure at once."""

    code = "unknown_model"


def explain(raised: BaseException, endpoint: Endpoint) -> Fault:
    """What an SDK raised, as a fault. Nothing of ``raised`` is kept: it holds the request, and with it the key."""
    ours = next((cause for cause in _causes(raised) if isinstance(cause, CodeSteerError)), None)
    if ours is not None:
        # The door's word (see egress), whatever the SDK has made of it.
        return Fault(type(ours)(ours.message, ours.cure))
    said = said_by(raised, endpoint.key)
    kind = _kind(raised)
    status = getattr(raised, "status_code", None)
    headers = dict(getattr(getattr(raised, "response", None), "headers", None) or {})
    inside = status is None or status == 200
    if inside:
        status = KINDS.get(kind) or (int(kind) if kind.isdecimal() and len(kind) == 3 else None)
    if status is None:
        if "Connection" in type(raised).__name__ or "Timeout" in type(raised).__name__:
            return _unreached(raised, endpoint)
        return broken(endpoint, said or type(raised).__name__)
    error = _by_status(status, kind, said, headers, endpoint)
    passing = status in PASSING and not isinstance(error, OutOfCredit)
    if (told := headers.get("x-should-retry")) in ("true", "false") and not inside:
        passing = told == "true"
    return Fault(error, passing=passing, status=status, headers=headers, said=said)


def broken(endpoint: Endpoint, said: str = "", *, passing: bool = True) -> Fault:
    """An answer that ended in its middle or could not be read."""
    detail = f" ({scrub(said, endpoint.key).rstrip('.')})" if said else ""
    return Fault(BrokenAnswer(f"{endpoint.name} broke off its answer{detail}.", "Try again."), passing=passing)


def _by_status(status: int, kind: str, said: str, headers: Mapping[str, str], endpoint: Endpoint) -> ModelError:
    name = endpoint.name
    if 300 <= status < 400:
        place = urlsplit(headers.get("location", ""))
        where = f"{place.scheme}://{place.netloc}{place.path}" if place.netloc else "another address"
        return EndpointUnreachable(
            f"{endpoint.base_url} sends on to {scrub(where, endpoint.key)}; the request and its key were not sent there.",
            "If that address is right, use it as the endpoint's.",
        )
    if status == 402 or kind == "insufficient_quota" or (status in (400, 403, 429) and NO_CREDIT.search(said)):
        return OutOfCredit(f"The account at {name} has no credit left ({said}).", "See the provider's billing page.")
    if status in (401, 403) or (status == 400 and BAD_KEY.search(said)):
        variable = endpoint.key_variable
        if not endpoint.key:
            cure = f"It wants a key: set {variable}." if variable else "It wants a key."
        else:
            cure = f"Check the key in {variable}, and that its account may use the model."
        detail = f": {said}" if status == 403 and said else ""
        return AuthenticationFailed(f"{name} refused the request ({status}{detail}).", cure)
    if status == 404:
        return _NoSuchModel(
            f"{endpoint.base_url} has no model {endpoint.model!r} ({said}).",
            "Check the model's id, and that the address is right (OpenAI-style ones mostly end in /v1).",
        )
    if status == 429:
        return RateLimited(f"{name} limits its rate ({said}).", "Wait a little, then try again.")
    if status in (400, 413, 422) and OVERFLOW.search(said):
        return ContextOverflow(f"The prompt does not fit {name}: {said}", "Shorten the question or its inputs.")
    if status in (503, 529) or "overloaded" in said.lower():
        return Overloaded(f"{name} is overloaded ({status}: {said}).", "Try again later, or use another model.")
    if status == 407:
        return EndpointUnreachable(f"The proxy on the way to {name} wants a login.", "Check HTTPS_PROXY and NO_PROXY.")
    cure = (
        "Try again." if status >= 500 else "It does not take the request as it is: try other options or another model."
    )
    return ModelError(f"{name} answered {status}: {said}", cure)


def _unreached(raised: BaseException, endpoint: Endpoint) -> Fault:
    """Why no answer came at all, by what stands at the bottom of the exception."""
    host = urlsplit(endpoint.base_url).hostname or endpoint.base_url
    proxy = _proxy(endpoint)
    way = f" by way of the proxy {proxy}" if proxy else ""
    kinds = {type(cause).__name__ for cause in _causes(raised)}
    for cause in _causes(raised):
        if isinstance(cause, socket.gaierror):
            looked = f"the proxy {proxy}" if proxy else host
            message = f"The name of {looked} could not be looked up (DNS)."
            return _no_way(message, "Check the address and the network.", passing=cause.errno == socket.EAI_AGAIN)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _no_way(
                f"The certificate of {host} is not trusted ({cause.verify_message.rstrip('.')}).",
                "If the network inspects TLS, set SSL_CERT_FILE to its certificate authority.",
                passing=False,
            )
        if isinstance(cause, ssl.SSLError):
            return _no_way(
                f"TLS with {host} failed ({cause.reason or 'no reason given'}).",
                "Check that the server speaks https, not http, and what stands between.",
                passing=False,
            )
    if "ProxyError" in kinds:
        detail = next(str(cause) for cause in _causes(raised) if type(cause).__name__ == "ProxyError")
        return _no_way(
            f"The proxy {proxy} did not let the request to {host} through ({scrub(detail, endpoint.key)}).",
            "Check HTTPS_PROXY, and NO_PROXY for addresses that need none.",
            passing=False,
        )
    cure = "Check HTTPS_PROXY and that the proxy runs." if proxy else "Check the address and that the server runs."
    if kinds & {"RemoteProtocolError", "ReadError"}:
        return _no_way(f"{endpoint.name} at {endpoint.base_url} closed the connection without an answer{way}.", cure)
    return _no_way(f"Nothing answered for {endpoint.name} at {endpoint.base_url}{way}.", cure)


def _no_way(message: str, cure: str, *, passing: bool = True) -> Fault:
    return Fault(EndpointUnreachable(message, cure), passing=passing)


def _causes(raised: BaseException | None) -> Iterator[BaseException]:
    while raised is not None:
        yield raised
        raised = raised.__cause__ or raised.__context__


def _proxy(endpoint: Endpoint) -> str:
    """``host:port`` of the proxy that requests to ``endpoint`` take, or nothing. Its password stays out."""
    parts = urlsplit(endpoint.base_url)
    if endpoint.loopback or urllib.request.proxy_bypass(parts.hostname or ""):
        return ""
    proxies = urllib.request.getproxies()
    return urlsplit(proxies.get(parts.scheme) or proxies.get("all") or "").netloc.rpartition("@")[2]


def _kind(raised: BaseException) -> str:
    """What the endpoint calls its error: a code where there is one, else a type."""
    inner = _inner(getattr(raised, "body", None))
    if not isinstance(inner, dict):
        return ""
    code, kind = inner.get("code"), inner.get("type")
    return next((str(one) for one in (code, kind) if one is not None and str(one) in KINDS), str(code or kind or ""))


def _inner(body: Any) -> Any:
    """The part of an error body that says something. Gemini's endpoint puts it in a list."""
    if isinstance(body, list) and body:
        body = body[0]
    return body.get("error", body) if isinstance(body, dict) else body


def said_by(raised: BaseException, key: str = "") -> str:
    """What the endpoint said, without the SDK's wrapping, without ``key``, on one short line."""
    inner = _inner(getattr(raised, "body", None))
    said: Any = None
    if isinstance(inner, dict):
        said = inner.get("message") or inner.get("detail")
    elif isinstance(inner, str):
        said = inner
    return scrub(str(said or getattr(raised, "message", raised)), key)


def scrub(text: str, key: str) -> str:
    """``text`` on one short line, without the key or a larger part of it, without a page's markup."""
    if re.match(r"\s*(<!doctype|<html|<\?xml)", text, re.IGNORECASE):
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        text = f"a web page: {title.group(1)}" if title else "a web page"
    text = "".join(char if char.isprintable() else " " for char in text[:10_000])
    for size in range(len(key), 7, -1):
        for start in range(len(key) - size + 1):
            text = text.replace(key[start : start + size], "...")
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
