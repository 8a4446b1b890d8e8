"""Everything that is known of one model without asking it: ``codesteer models show NAME``."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ..config import available_memory
from ..errors import BrokenPlugin, MissingDependency, MissingKey, ModelError
from .aliases import expand
from .catalogue import default_model, entry, weights_path
from .hosts import memory_needed
from .plugins import distribution, installed
from .prices import Price, price
from .protocol import Abilities
from .pull import downloaded
from .registry import endpoint_of, is_path, key_of, open_model
from .removal import loaded_by

__all__ = ["Card", "Weights", "card"]


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """A weights file on this machine, or where it would be.

    ``size`` is in bytes, ``verified`` says whether the file is there with the catalogue's hash. ``memory_needed`` is
    the free memory, in bytes, that loading takes; ``memory_free`` what the machine has (None: it does not tell).
    ``worker`` is the process that has it loaded.
    """

    file: str
    size: int | None
    verified: bool | None = None
    sha256: str = ""
    licence: str = ""
    hub: str = ""
    memory_needed: int | None = None
    memory_free: int | None = None
    worker: int | None = None


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One model. ``fault`` says why it cannot be opened now, and is empty where it can.

    ``via`` holds the aliases that led here, ``address`` where a hosted one answers; ``key_present`` says whether a key
    was found, and never more. ``price`` is in US dollars per million tokens. ``context`` is in tokens
    (None: the endpoint decides); ``abilities`` are those its backend offers (None: not known before it opens).
    """

    name: str
    provider: str
    via: tuple[str, ...] = ()
    address: str = ""
    key_variable: str = ""
    key_present: bool = False
    price: Price | None = None
    context: int | None = None
    abilities: Abilities | None = None
    weights: Weights | None = None
    plugin: str = ""
    note: str = ""
    fault: str = ""


def card(name: str) -> Card:
    """What is known of the model called ``name``. Asks no network and loads no weights.

    Raises:
        UnknownModel: there is no such provider or catalogue entry.
        BadConfig: the user's file of aliases is wrong.
    """
    named = expand(name)
    provider, _, model = named.name.partition("/")
    endpoint = endpoint_of(named)
    variable, present = key_of(named)
    fault, context, abilities = "", None, None
    opened = endpoint.name if endpoint is not None else named.name
    try:
        made = open_model(name)
    except (MissingKey, MissingDependency, BrokenPlugin) as problem:
        fault = str(problem)
    else:
        opened, context, abilities = made.name, made.context_window, made.abilities
    points = installed().get(provider, []) if endpoint is None else []
    weights, note = _weights(named.name, model)
    return Card(
        name=opened,
        provider=provider if named.name != "embedded" else "local",
        via=named.via,
        address=endpoint.base_url if endpoint is not None else "",
        key_variable=variable,
        key_present=present,
        price=price(opened),
        context=context,
        abilities=abilities,
        weights=weights,
        plugin=", ".join(distribution(point) for point in points),
        note=note,
        fault=fault,
    )


def _weights(name: str, model: str) -> tuple[Weights | None, str]:
    """The file behind a local model, and the note that goes with it."""
    free = available_memory()
    if name.startswith("local/") and is_path(model):
        path = Path(model.partition("?")[0]).expanduser().absolute()
        if path.is_dir():
            return None, ""
        size = path.stat().st_size if path.is_file() else None
        return Weights(
            file=str(path),
            size=size,
            memory_needed=_memory(path),
            memory_free=free,
            worker=loaded_by(path),
        ), "" if size is not None else "There is no such file."
    if name != "embedded" and not name.startswith("local/"):
        return None, ""
    known, why = default_model() if name == "embedded" else (entry(model), "")
    path = weights_path(known)
    return Weights(
        file=str(path),
        size=known.size,
        verified=downloaded(known),
        sha256=known.sha256,
        licence=known.licence,
        hub=known.hub_repo,
        memory_needed=_memory(path) or known.memory,
        memory_free=free,
        worker=loaded_by(path),
    ), "; ".join(part for part in (known.note, why) if part)


def _memory(path: Path) -> int | None:
    """What the file at ``path`` takes in memory, by its header; None where there is none to read."""
    try:
        return memory_needed(path)
    except (OSError, ModelError):
        return None
