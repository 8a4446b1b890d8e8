"""What to do about a request that a model refuses: leave out, or say otherwise, what its refusal names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Adaptation", "without"]

Adaptation = Callable[[dict[str, Any]], None]
"""Changes an SDK's arguments in place."""


def without(name: str) -> Adaptation:
    """Leave out the argument ``name``."""

    def leave_out(arguments: dict[str, Any]) -> None:
        arguments.pop(name, None)
        arguments["extra_body"].pop(name, None)

    return leave_out
