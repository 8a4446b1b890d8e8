"""Hosted providers: their addresses, their key variables, which wire protocol they speak, and their ways."""

from __future__ import annotations

import os
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from ..egress import admit, is_loopback
from ..errors import BadInput
from .gate import Quota, read_quota
from .keys import find_key, require_key

__all__ = ["ENDPOINT_KEY", "PROVIDERS", "Endpoint", "Preset", "locate", "quota_of", "resolve"]

ENDPOINT_KEY = "CODESTEER_ENDPOINT_KEY"
"""Key variable of endpoints given by address: a provider's own key is never sent to somebody else's address."""


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """A provider: wire protocol, base URL, the variable of its key ("" where none is needed), and its ways.

    Attributes:
        quota: what its endpoints are asked for unless the user says otherwise.
        tools, prefix_cache: abilities.
        prefill: a trailing assistant turn is continued, and log-probabilities come with it.
        says_continue: the request has to say so.
        constraint: what holds such a continuation to a few choices.
        structured: JSON schemas are obeyed.
        seed, limit: how the seed ("" for none) and the token limit are called.
        thinking: how hidden reasoning is asked for ("" where it cannot be).
        echo: a call's reasoning has to come back with it.
        bare_close: a chat template may open the block of reasoning, and the model only closes it.
    """

    wire: Literal["anthropic", "openai"] = "openai"
    base_url: str
    key_variable: str = ""
    note: str = ""
    quota: Quota = Quota()
    tools: bool = True
    prefix_cache: bool = True
    prefill: bool = False
    says_continue: bool = False
    constraint: Literal["", "structured_outputs", "grammar"] = ""
    structured: bool = True
    seed: Literal["", "seed", "random_seed"] = ""
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    thinking: Literal["", "budget", "effort", "switch", "template"] = "effort"
    echo: bool = False
    bare_close: bool = False


# Hosted services take many calls at once and tell their limits in headers; the bound keeps one notebook polite. Servers
# on a user's machine have few slots and let the rest wait without a word, which would read as an endpoint gone silent.
_SERVICE = Quota(in_flight=16)
_SMALL = Quota(in_flight=4)
_HERE = "a server on this machine"

PROVIDERS: dict[str, Preset] = {
    "anthropic": Preset(
        wire="anthropic",
        base_url="https://api.anthropic.com",
        key_variable="ANTHROPIC_API_KEY",
        quota=_SERVICE,
        thinking="budget",
    ),
    "openai": Preset(
        base_url="https://api.openai.com/v1",
        key_variable="OPENAI_API_KEY",
        quota=_SERVICE,
        seed="seed",
        limit="max_completion_tokens",
    ),
    "mistral": Preset(
        base_url="https://api.mistral.ai/v1",
        key_variable="MISTRAL_API_KEY",
        quota=_SERVICE,
        prefix_cache=False,
        seed="random_seed",
        thinking="",
    ),
    "deepseek": Preset(
        base_url="https://api.deepseek.com/v1",
        key_variable="DEEPSEEK_API_KEY",
        quota=_SERVICE,
        structured=False,
        thinking="switch",
        echo=True,
    ),
    "gemini": Preset(
        base_url="https://generativelanguage.googleapis.com/v1beta/openai",
        key_variable="GEMINI_API_KEY",
        quota=_SERVICE,
    ),
    "ollama": Preset(base_url="http://127.0.0.1:11434/v1", note=_HERE, quota=_SMALL, seed="seed", bare_close=True),
    "vllm": Preset(
        base_url="http://127.0.0.1:8000/v1",
        note=f"{_HERE}, or name@URL",
        quota=Quota(in_flight=64),
        prefill=True,
        says_continue=True,
        constraint="structured_outputs",
        seed="seed",
        thinking="template",
        bare_close=True,
    ),
    "llamacpp": Preset(
        base_url="http://127.0.0.1:8080/v1",
        note=_HERE,
        quota=_SMALL,
        prefill=True,
        constraint="grammar",
        seed="seed",
        thinking="template",
        bare_close=True,
    ),
    "lmstudio": Preset(base_url="http://127.0.0.1:1234/v1", note=_HERE, quota=_SMALL, seed="seed", bare_close=True),
}


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where one hosted model answers. ``key`` is kept out of every text form.

    ``own`` says that the address is the provider's (or what its variable names), not one given with the model.
    """

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
        return is_loopback(self.base_url)

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
        NotAllowed: the administrator, or offline mode, does not allow its host.
        BadInput: the address is not an http(s) URL.
    """
    endpoint = locate(provider, model, base_url=base_url, key_variable=key_variable)
    admit(endpoint.base_url)
    variable = endpoint.key_variable
    if not variable:
        return endpoint
    key = require_key(variable, provider) if endpoint.own and not endpoint.loopback else find_key(variable) or ""
    return msgspec.structs.replace(endpoint, key=key)


def quota_of(provider: str) -> Quota:
    """What a provider's endpoints may be asked for: its preset's, with what ``CODESTEER_QUOTA_PROVIDER`` sets.

    Raises:
        BadInput: the variable cannot be read.
    """
    return read_quota(os.environ.get(f"CODESTEER_QUOTA_{provider.upper()}", ""), PROVIDERS[provider].quota)
