"""CodeSteer in a notebook: ``%load_ext codesteer``, then ``%%codesteer`` cells.

The same in code: :func:`solve`, ``await`` :func:`asolve`, the events of :func:`steer`, a column of questions with :func:`map`,
:func:`check` of an answer that you have, and :data:`last`, the run that ended last in this process. Evaluations are in
:mod:`codesteer.bench`.
Importing this package loads no model, no SDK and no widget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codesteer_kernel import __version__

if TYPE_CHECKING:
    from codesteer.mapping import amap, map  # noqa: A004 - it is what map does
    from codesteer.solving import acheck, asolve, check, solve, steer
    from codesteer_kernel.run import Run, RunSettings

    last: Run | None

__all__ = [
    "Run",
    "RunSettings",
    "__version__",
    "acheck",
    "amap",
    "asolve",
    "check",
    "last",
    "load_ipython_extension",
    "map",
    "solve",
    "steer",
    "unload_ipython_extension",
]

_HOMES = {
    "Run": "codesteer_kernel.run",
    "RunSettings": "codesteer_kernel.run",
    "acheck": "codesteer.solving",
    "amap": "codesteer.mapping",
    "asolve": "codesteer.solving",
    "check": "codesteer.solving",
    "last": "codesteer.solving",
    "map": "codesteer.mapping",
    "solve": "codesteer.solving",
    "steer": "codesteer.solving",
}


def load_ipython_extension(shell: Any) -> None:
    """Register ``%%codesteer`` and ``%codesteer``; quiet, and harmless when repeated."""
    from codesteer.extension import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics back and end what they started: runs, child kernels, leases on local models."""
    from codesteer.extension import unload

    unload(shell)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
