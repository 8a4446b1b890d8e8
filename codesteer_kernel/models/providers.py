"""Hosted providers: their addresses, their key variables, and which wire protocol they speak."""

from __future__ import annotations

import ipaddress
import os
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from ..errors import BadInput
from .keys import find_key, require_key

__all__ = ["ENDPOINT_KEY", "PROVIDERS", "Endpoint", "Preset", "locate", "resolve"]

ENDPOINT_KEY = "CODESTEER_ENDPOINT_KEY"
"""Key variable of endpoints given by address: a provider's own key is never sent to somebody else's address."""


class Preset(msgspec.Struct, frozen=True):
    """A provider: wire protocol, base URL, the variable of its key ("" where none is needed), and its ways.

    For the OpenAI protocol: ``prefill`` where a trailing assistant turn is continued (and log-probabilities come with
    it), ``structured`` where JSON schemas are obeyed, ``seed`` where it counts, ``limit`` how the token limit is called.
    """

    wire: Literal["anthropic", "openai"]
    base_url: str
    key_variable: str = ""
    note: str = ""
    prefill: bool = False
    structured: bool = True
    seed: bool = True
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"


PROVIDERS: dict[str, Preset] = {
    "anthropic": Preset("anthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY"),
    "openai": Preset("openai", "https://api.openai.com/v1", "OPENAI_API_KEY", limit="max_completion_tokens"),
    "mistral": Preset("openai", "https://api.mistral.ai/v1", "MISTRAL_API_KEY", seed=False),
    "deepseek": Preset("openai", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", structured=False, seed=False),
    "gemini": Preset("openai", "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY", seed=False),
    "ollama": Preset("openai", "http://127.0.0.1:11434/v1", note="a server on this machine"),
    "vllm": Preset("openai", "http://127.0.0.1:8000/v1", note="a server on this machine, or name@URL", prefill=True),
    "llamacpp": Preset("openai", "http://127.0.0.1:8080/v1", note="a server on this machine", prefill=True),
    "lmstudio": Preset("openai", "http://127.0.0.1:1234/v1", note="a server on this machine"),
}


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where one hosted model answers. ``own``: at its provider's address. ``key`` is kept out of every text form."""

    name: str
    provider: str
    model: str
    wire: Literal["anthropic", "openai"]
    base_url: str
    key_variable: str
    own: bool = True
    key: str = ""

    @property
    def loopback(self) -> bool:
        """Whether the address is on this machine."""
        return _is_loopback(urlsplit(self.base_url).hostname or "")

    def __repr__(self) -> str:
        return f"<Endpoint {self.name} at {self.base_url}>"


def locate(provider: str, model: str, *, base_url: str | None = None, key_variable: str | None = None) -> Endpoint:
    """Where ``provider/model`` answers, without its key.

    An address comes from ``base_url``, from ``@http...`` at the end of ``model``, from the variable
    ``PROVIDER_BASE_URL``, or from the preset, in this order. Addresses of the first two kinds take their key (if any)
    from ``key_variable`` or ``CODESTEER_ENDPOINT_KEY``.

    Raises:
        BadInput: the address is not an http(s) URL.
    """
    preset = PROVIDERS[provider]
    model, at, address = model.partition("@http")
    given = base_url or (f"http{address}" if at else None)
    url = (given or os.environ.get(f"{provider.upper()}_BASE_URL") or preset.base_url).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"{url!r} is not the address of an endpoint.", "It looks like http://host:port/v1.")
    if parts.username or parts.password:
        raise BadInput("The endpoint's address holds a user name or password.", "Put the key in a variable instead.")
    return Endpoint(
        name=f"{provider}/{model}" if given is None else f"{provider}/{model}@{url}",
        provider=provider,
        model=model,
        wire=preset.wire,
        base_url=url,
        key_variable=key_variable or (preset.key_variable if given is None else ENDPOINT_KEY),
        own=given is None,
    )


def resolve(provider: str, model: str, *, base_url: str | None = None, key_variable: str | None = None) -> Endpoint:
    """:func:`locate` with the key: a provider's own address needs one, unless it is on this machine.

    Raises:
        MissingKey: the provider needs a key and there is none.
        BadInput: the address is not an http(s) URL.
    """
    endpoint = locate(provider, model, base_url=base_url, key_variable=key_variable)
    variable = endpoint.key_variable
    if not variable:
        return endpoint
    key = require_key(variable, provider) if endpoint.own and not endpoint.loopback else find_key(variable) or ""
    return msgspec.structs.replace(endpoint, key=key)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
