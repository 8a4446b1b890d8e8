"""Prompt texts: readable TOML files beside this module, each with a version; their hash goes into the record."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from importlib import resources
from string import Template
from typing import Any

__all__ = ["Prompts", "load_prompts"]


class Prompts:
    """One file of prompt texts. ``stamp`` is ``name@version:hash``."""

    def __init__(self, name: str, data: bytes) -> None:
        self._texts: dict[str, Any] = tomllib.loads(data.decode())
        self.stamp = f"{name}@{self._texts['version']}:{hashlib.sha256(data).hexdigest()[:8]}"

    def text(self, key: str, **values: str) -> str:
        """Return the text ``key`` (``guidance.crashed`` for tables) with ``values`` filled in once."""
        found: Any = self._texts
        for part in key.split("."):
            found = found[part]
        return Template(str(found).strip("\n")).substitute(values)

    def hint(self, error: str) -> str:
        """Return the advice for ``error``: that of the first hint whose words are in it."""
        return next((str(one["help"]) for one in self._texts.get("hint", []) if one["error"] in error), "")

    def examples(self) -> list[dict[str, str]]:
        """Return the worked examples, in order: dicts with ``user`` and ``assistant``."""
        return list(self._texts.get("example", []))


@cache
def load_prompts(name: str) -> Prompts:
    """Load the prompt file ``name`` (without its ending) of this package."""
    return Prompts(name, resources.files(__name__).joinpath(f"{name}.toml").read_bytes())
