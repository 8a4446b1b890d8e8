"""The methods by which a program works out what it shows."""

from __future__ import annotations

from collections.abc import Iterator

from codesteer_kernel.checkers.symbolic.graph import Function, Loop, Value
from codesteer_kernel.checkers.symbolic.library import AGGREGATES, method_of

__all__ = ["methods_of"]

# What a search takes from what is left to look at.
_TAKEN = {".pop", ".popleft", "heapq.heappop"}


def methods_of(
    output: list[Value], working: list[Value], loops: list[Loop], branches: int, recursive: set[Function]
) -> Iterator[str]:
    """The methods by which ``output`` is worked out, from the most telling on.

    ``working`` are the values of it that count, ``loops`` those that they stand in; ``branches`` counts the choices that
    matter, ``recursive`` holds the functions of the program that may call themselves.
    """
    paths = {value.what for value in output if "." in value.what}
    what = {value.what for value in working}
    by_library = {method_of(path) for path in paths if not path.startswith(".") or path in what}
    calls = [value for value in output if value.site is not None]
    called = {function for value in calls if value.site is not None for function in value.site.resolved}
    own = called & recursive
    statements = [loop for loop in loops if loop.kind != "comprehension"]
    in_loop = [value for value in output if value.loop is not None]
    queue = any(value.what in _TAKEN and value.loop is not None and value.loop.kind == "while" for value in in_loop)
    backtracks = any(value.site is not None and value.site.caller in value.site.resolved for value in in_loop)
    found = {
        "constraint solver": "constraint solver" in by_library,
        "symbolic algebra": "symbolic algebra" in by_library,
        "dynamic programming": any(one.memoised for one in own) or any(one.what == "table" for one in in_loop),
        "search": "search" in by_library or queue or backtracks,
        "recursion": bool(own),
        "nested loops": any(loop.depth > 1 for loop in loops),
        "simulation": "simulation" in by_library or (branches > 0 and any(len(loop.states) > 1 for loop in statements)),
        "iteration": bool(statements),
        "comprehension": len(statements) < len(loops),
        "data frames": "data frames" in by_library,
        "numeric": "numeric" in by_library,
        "dates": "dates" in by_library,
        "text": "text" in by_library or bool(what & {"order", "look-up"}),
        "aggregation": bool(what & AGGREGATES),
        "branching": branches > 0,
        "functions": bool(called),
        "arithmetic": bool(what & {"sum", "product", "step"}),
    }
    return (method for method, present in found.items() if present)
