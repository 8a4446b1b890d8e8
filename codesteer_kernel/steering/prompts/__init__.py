"""Prompt texts: readable TOML files beside this module, each with a version; their hash goes into the record.

The wording of the published weights can be imported from a checkout of the public reference (:mod:`.importing`); it then
lies in the user's data folder and is used instead of ours.
"""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from codesteer_kernel.config import data_dir

__all__ = ["CODESTEER_V1", "Prompts", "imported_path", "load_prompts"]

CODESTEER_V1 = "codesteer_v1"


class Prompts:
    """One file of prompt texts. ``stamp`` is ``name@version:hash``; ``base`` has the texts that the file leaves out."""

    def __init__(self, name: str, data: bytes, base: Prompts | None = None) -> None:
        self._texts: dict[str, Any] = (base._texts if base else {}) | tomllib.loads(data.decode())
        self.stamp = f"{name}@{self._texts['version']}:{hashlib.sha256(data).hexdigest()[:8]}"

    def text(self, key: str, **values: str) -> str:
        """Return the text ``key`` (``guidance.crashed`` for tables) with ``values`` filled in once."""
        return Template(str(self._find(key))).substitute(values)

    def count(self, key: str) -> int:
        """Return how many wordings the list ``key`` has; ``key.0`` is the first."""
        return len(self._find(key))

    def _find(self, key: str) -> Any:
        found: Any = self._texts
        for part in key.split("."):
            found = found[int(part)] if isinstance(found, list) else found[part]
        return found

    def hint(self, error: str) -> str:
        """Return the advice for ``error``: that of the first hint whose words are in it."""
        return next((str(one["help"]) for one in self._texts.get("hint", []) if one["error"] in error), "")

    def examples(self) -> list[dict[str, str]]:
        """Return the worked examples, in order: dicts with ``user`` and ``assistant``."""
        return list(self._texts.get("example", []))


def imported_path(name: str) -> Path:
    """Where the imported texts of ``name`` lie, if they were imported."""
    return data_dir() / "prompts" / f"{name}.toml"


def load_prompts(name: str) -> Prompts:
    """Load the prompt file ``name`` (without its ending): what the user imported, else that of this package."""
    if name == CODESTEER_V1:
        path = imported_path(name)
        try:
            return _imported(name, path, path.stat().st_mtime_ns)
        except OSError:
            pass
    return _ours(name)


@cache
def _ours(name: str) -> Prompts:
    return Prompts(name, resources.files(__name__).joinpath(f"{name}.toml").read_bytes())


@cache
def _imported(name: str, path: Path, _changed: int) -> Prompts:
    return Prompts(name, path.read_bytes(), _ours(name))
