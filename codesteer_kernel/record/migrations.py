"""Reading records of older schema versions: one pure step from each version to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["MIGRATIONS", "migrated"]

Migration = Callable[[dict[str, Any]], dict[str, Any]]

MIGRATIONS: dict[int, Migration] = {}
"""The step from schema version n to n + 1, by n; none yet, because 1 is the first version.

A change that older readers could not take raises ``SCHEMA_VERSION`` and adds its step here. A step gets the whole
document as plain data, must not change it, and need not set ``schema``.
"""


def migrated(plain: dict[str, Any], version: int) -> dict[str, Any]:
    """Return a document as schema ``version`` has it; ``plain`` is left as it is.

    Raises:
        KeyError: there is no step from a version on the way.
    """
    while plain["schema"] < version:
        older: int = plain["schema"]
        plain = {**MIGRATIONS[older](plain), "schema": older + 1}
    return plain
