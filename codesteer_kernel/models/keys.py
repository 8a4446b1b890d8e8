"""API keys: from the environment, then from the system's keyring. Never printed, never stored by us."""

from __future__ import annotations

import os

from ..errors import MissingKey

__all__ = ["KEYRING_SERVICE", "find_key", "has_key", "keys_of_keyring", "require_key"]

KEYRING_SERVICE = "codesteer"
"""Keys are looked up in the keyring as (this service, name of the environment variable)."""

_taken: set[str] = set()


def find_key(variable: str) -> str | None:
    """The key that ``variable`` names: from the environment, else from the keyring where one works, else None."""
    if value := os.environ.get(variable, "").strip():
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


def keys_of_keyring() -> set[str]:
    """The keys that this process took from the keyring: what must be kept out of everything that is written."""
    return set(_taken)


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
        )
    return key
