"""Model backends of other distributions, by entry point.

A distribution adds a provider by an entry point in the group ``codesteer.models``: its name is the provider's, its
object a factory ``(model, options) -> ChatModel``. ``model`` is what follows ``provider/``, ``options`` what the
caller or an alias says (``base_url``, ``key_variable``, ``context``, or whatever the plug-in documents). Nothing of a
plug-in is imported before a model of its provider is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from ..errors import BrokenPlugin, CodeSteerError
from .protocol import ChatModel
from .providers import PROVIDERS

__all__ = ["BUILT_IN", "GROUP", "distribution", "installed", "open_plugin"]

GROUP = "codesteer.models"
BUILT_IN = ("embedded", "local", "hf", "replay", *PROVIDERS)
"""The first words of our own model names: no plug-in and no alias can take them."""


def installed() -> dict[str, list[EntryPoint]]:
    """The plug-ins by provider, also those that cannot be used: more than one of a name, or a name of ours."""
    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        found.setdefault(point.name, []).append(point)
    return found


def distribution(point: EntryPoint) -> str:
    """The name and version of what installed ``point``."""
    dist = point.dist
    return f"{dist.name} {dist.version}" if dist is not None else point.value


def open_plugin(provider: str, points: list[EntryPoint], model: str, options: Mapping[str, Any]) -> ChatModel:
    """The model that the plug-in of ``provider`` makes.

    Raises:
        BrokenPlugin: it cannot be imported, its factory fails or makes no model, or two distributions bring one.
        CodeSteerError: what the factory itself says.
    """
    if len(points) > 1:
        names = " and ".join(sorted(distribution(point) for point in points))
        raise BrokenPlugin(f"More than one plug-in brings models called {provider}/...: {names}.", "Uninstall one.")
    point = points[0]
    try:
        made = point.load()(model, dict(options))
    except CodeSteerError:
        raise
    except (Exception, SystemExit) as fault:  # noqa: BLE001 - somebody else's program: whatever it does, it is named
        said = f"{type(fault).__name__}: {fault}"[:300]
        raise BrokenPlugin(
            f"The plug-in {distribution(point)}, which brings {provider}/..., does not work ({said}).",
            "Update or uninstall it.",
        ) from None
    if not isinstance(made, ChatModel):
        raise BrokenPlugin(
            f"The plug-in {distribution(point)} made a {type(made).__name__} for {provider}/{model}, which is no model.",
            "Update or uninstall it.",
        )
    return made
