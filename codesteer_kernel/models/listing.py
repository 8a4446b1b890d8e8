"""What can be named: one row for each embedded model, provider, priced model, plug-in and alias."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from .aliases import expand, own_names
from .catalogue import CATALOGUE, default_model
from .keys import has_key
from .plugins import BUILT_IN, distribution, installed
from .prices import PRICES, Price, price
from .providers import PROVIDERS
from .pull import downloaded
from .registry import endpoint_of, key_of

__all__ = ["ModelRow", "list_models", "model_names"]


class ModelRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of ``codesteer models``.

    ``name`` is what :func:`~.registry.open_model` takes (with ``...`` or capitals where the rest is the user's to say);
    ``aliases`` are shorter ways to say it. ``size`` is in bytes, None where there is no file. ``downloaded`` is None
    where nothing is to download. ``key_variable`` is empty where no key is needed; ``key_present`` says whether one was
    found, and never more. ``price`` is in US dollars per million tokens, None where it is unknown or varies.
    """

    name: str
    provider: str
    aliases: tuple[str, ...] = ()
    size: int | None = None
    downloaded: bool | None = None
    key_variable: str = ""
    key_present: bool = False
    price: Price | None = None
    default: bool = False
    note: str = ""


def list_models() -> list[ModelRow]:
    """The rows, in the order in which they are shown. Asks no network and imports no plug-in.

    Raises:
        BadConfig: the user's file of aliases is wrong.
    """
    return [*_own(), *_embedded(), *_kinds(), *_hosted(), *_plugins()]


def model_names() -> list[str]:
    """Names and beginnings of names, for whoever types one; looks for no key, file or price.

    Raises:
        BadConfig: the user's file of aliases is wrong.
    """
    embedded = [f"local/{one.name}" for one in CATALOGUE]
    hosted = [f"{provider}/" for provider in (*PROVIDERS, "hf", "replay", *installed())]
    return ["embedded", "hosted", *own_names().models, *embedded, *PRICES, *dict.fromkeys(hosted)]


def _own() -> Iterator[ModelRow]:
    for alias in own_names().models:
        named = expand(alias)
        endpoint = endpoint_of(named)
        variable, present = key_of(named)
        yield ModelRow(
            name=alias,
            provider=named.name.partition("/")[0],
            key_variable=variable,
            key_present=present,
            price=price(endpoint.name if endpoint is not None else named.name),
            note=f"your name for {named.name}" + (f" at {endpoint.base_url}" if endpoint and not endpoint.own else ""),
        )


def _embedded() -> Iterator[ModelRow]:
    usual, why = default_model()
    for known in CATALOGUE:
        default = known is usual
        yield ModelRow(
            name=f"local/{known.name}",
            provider="local",
            aliases=tuple(f"local/{alias}" for alias in known.aliases),
            size=known.size,
            downloaded=downloaded(known),
            price=price(f"local/{known.name}"),
            default=default,
            note="; ".join(part for part in (known.note, why if default else "") if part),
        )


def _kinds() -> Iterator[ModelRow]:
    for name, note in (
        ("local/PATH.gguf", "any GGUF file"),
        ("hf/ORG/NAME", "transformers, in this process"),
        ("replay/RUN", "a journalled run answers again"),
    ):
        yield ModelRow(name=name, provider=name.partition("/")[0], price=price(name), note=note)


def _hosted() -> Iterator[ModelRow]:
    for provider, preset in PROVIDERS.items():
        variable = preset.key_variable
        present = bool(variable) and has_key(variable)
        names = [f"{provider}/...", *(name for name in PRICES if name.partition("/")[0] == provider)]
        for name in names:
            yield ModelRow(
                name=name,
                provider=provider,
                key_variable=variable,
                key_present=present,
                price=price(name),
                note=preset.note if name is names[0] else "",
            )


def _plugins() -> Iterator[ModelRow]:
    for provider, points in installed().items():
        note = f"plug-in: {', '.join(distribution(point) for point in points)}"
        if provider in BUILT_IN:
            note += "; not used: the name is ours"
        elif len(points) > 1:
            note += "; not used: more than one"
        yield ModelRow(name=f"{provider}/...", provider=provider, note=note)
