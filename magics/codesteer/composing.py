"""What a form for a new cell offers: models with their keys, the notebook's variables, the defaults in force.

A front end executes this silently, which leaves no name in the notebook, and reads one line of JSON::

    __import__("codesteer.composing").composing.tell()
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

__all__ = ["offer", "tell"]

_MOST_VARIABLES = 500


def tell() -> None:
    """Print what is on offer in the notebook that runs this, as one line of JSON."""
    from IPython.core.getipython import get_ipython

    print(json.dumps(offer(get_ipython())))


def offer(shell: Any) -> dict[str, Any]:
    """The offer of a shell.

    ``loaded`` says whether ``%%codesteer`` can be run there as it is. Each model has its ``name``, a ``note`` and its
    ``key``: ``present``, ``missing``, or empty where none is needed. Variables have ``name``, ``type`` and ``shape``
    (text, empty where it means nothing); modules, functions, classes and what IPython put there are none.
    """
    from codesteer_kernel.configuring import configured

    magics = getattr(shell, "_codesteer_magics", None)
    settings = (magics or configured()).settings()
    return {
        "loaded": magics is not None,
        "models": list(_models()),
        "variables": _variables(shell),
        "defaults": {
            "target": settings.target,
            "steerer": settings.steerer or "",
            "rounds": settings.rounds,
            "seconds": settings.seconds,
            "tokens": settings.tokens,
            "cost": settings.cost,
        },
    }


def _models() -> Iterator[dict[str, str]]:
    from codesteer_kernel.models.listing import list_models

    for row in list_models():
        key = "" if not row.key_variable else "present" if row.key_present else "missing"
        # What stands for many names cannot be chosen, only completed: it ends where the reader goes on.
        name = row.name.removesuffix("...")
        fetched = "not downloaded" if row.downloaded is False else ""
        yield {
            "name": name,
            "note": "; ".join(filter(None, [row.note, fetched])),
            "key": key,
            "variable": row.key_variable,
        }


def _variables(shell: Any) -> list[dict[str, str]]:
    names = [
        name
        for name, value in shell.user_ns.items()
        if name not in shell.user_ns_hidden
        and not name.startswith("_")
        and not isinstance(value, ModuleType)
        and not callable(value)
    ]
    return [
        {"name": name, "type": type(shell.user_ns[name]).__name__, "shape": _shape(shell.user_ns[name])}
        for name in sorted(names)[:_MOST_VARIABLES]
    ]


def _shape(value: Any) -> str:
    """How big a value is: ``1000 x 3`` of an array or table, ``12`` of what has a length."""
    try:
        shape = getattr(value, "shape", None)
        if isinstance(shape, tuple):
            return " x ".join(str(int(side)) for side in shape)
        return str(len(value))
    except Exception:  # noqa: BLE001  # a stranger's class may answer anything; then there is no shape to tell
        return ""
