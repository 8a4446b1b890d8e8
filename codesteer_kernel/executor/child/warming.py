"""What an idle kernel does with a library before programs need it: import it, then use it once.

Much of a library is loaded or computed at its first use only (parsers, formatters, caches). Done once here, every program
finds it done: with sympy a program that solves an equation takes less than half the time.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import Callable
from functools import partial

__all__ = ["Warming"]

_SOON_S = 0.02


def _use_pandas() -> None:
    import pandas as pd

    frame = pd.DataFrame({"key": ["a", "b"], "value": [1, 2]})
    repr(frame.groupby("key")["value"].sum())
    repr(frame.describe())


def _use_sympy() -> None:
    import sympy as sp

    x = sp.Symbol("x")
    str(sp.solve(x**2 - 1, x))
    str(sp.integrate(sp.sin(x), x))
    str(sp.simplify(sp.factor(x**2 - 1)))


_USES: dict[str, Callable[[], None]] = {"pandas": _use_pandas, "sympy": _use_sympy}


class Warming:
    """Prepares the libraries ``names``, in order, whenever :meth:`resume` says that there is time.

    It goes in steps, and none is begun while ``busy()``: a waiting request comes in between.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, names: list[str], busy: Callable[[], bool]) -> None:
        self._loop = loop
        self._busy = busy
        self._steps: list[Callable[[], object]] = []
        for name in names:
            self._steps.append(partial(importlib.import_module, name))
            if name in _USES:
                self._steps.append(_USES[name])

    def resume(self) -> None:
        """Go on soon, unless a program is asked for first."""
        self._loop.call_later(_SOON_S, self._step)

    def _step(self) -> None:
        if self._steps and not self._busy():
            # A library that is not installed, or broken, is the program's to complain about.
            with contextlib.suppress(Exception):
                self._steps.pop(0)()
            self.resume()
