"""API keys: from the environment, the system's keyring, or typed once. Never printed, never stored by us."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from typing import TypeVar

from ..errors import MissingKey

__all__ = ["KEYRING_SERVICE", "find_key", "has_key", "known_keys", "require_key", "with_typed_keys"]

KEYRING_SERVICE = "codesteer"
"""Keys are looked up in the keyring as (this service, name of the environment variable)."""

_taken: set[str] = set()
_typed: dict[str, str] = {}
Begun = TypeVar("Begun")


def find_key(variable: str) -> str | None:
    """The key that ``variable`` names: from the environment, else one that was typed, else from a keyring, else None."""
    if value := os.environ.get(variable, "").strip() or _typed.get(variable):
        return value
    try:
        import keyring
    except ImportError:
        return None
    try:
        key = keyring.get_password(KEYRING_SERVICE, variable) or None
    except Exception:  # noqa: BLE001 - keyring back ends fail in their own ways (no session bus, locked): then there is no key
        return None
    if key is not None:
        _taken.add(key)
    return key


def known_keys() -> set[str]:
    """The keys that this process has from elsewhere than its environment: to be kept out of everything written."""
    return {*_taken, *_typed.values()}


def with_typed_keys(begin: Callable[[], Begun]) -> Begun:
    """Return ``begin()``; each key that it misses may be typed, once, unseen, and this process keeps it in memory.

    A notebook's kernel shows a field below the cell for :func:`getpass.getpass`.

    Raises:
        MissingKey: nothing was typed, or nobody can be asked.
    """
    asked: set[str] = set()
    while True:
        try:
            return begin()
        except MissingKey as missing:
            if missing.variable in asked:
                raise
            asked.add(missing.variable)
            try:
                key = getpass.getpass(f"{missing.message} Type it, or press Enter to go without: ").strip()
            except (EOFError, OSError, NotImplementedError):
                # The last is what a kernel raises whose front end takes no input.
                key = ""
            if not key:
                raise
            _typed[missing.variable] = key


def has_key(variable: str) -> bool:
    """Whether :func:`find_key` would find one."""
    return find_key(variable) is not None


def require_key(variable: str, provider: str) -> str:
    """The key that ``variable`` names.

    Raises:
        MissingKey: there is none; the variable is named.
    """
    key = find_key(variable)
    if key is None:
        raise MissingKey(
            f"{provider} needs an API key and {variable} is not set.",
            f"Set {variable}, or store it once: keyring set {KEYRING_SERVICE} {variable}",
            variable,
        )
    return key
