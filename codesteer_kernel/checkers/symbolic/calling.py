"""Who calls whom in a program: what is ever entered, and what may come to call itself."""

from __future__ import annotations

from codesteer_kernel.checkers.symbolic.graph import Function, Graph

__all__ = ["forks_of", "reached_in", "recursive_in"]


def reached_in(graph: Graph) -> set[Function | None]:
    """The functions that are called from the module, directly or not (None: the module itself)."""
    calls: dict[Function | None, list[Function]] = {}
    for caller, called in graph.entered:
        calls.setdefault(caller, []).append(called)
    reached: dict[Function | None, None] = {None: None}
    stack: list[Function | None] = [None]
    while stack:
        for called in calls.get(stack.pop(), ()):
            if called not in reached:
                reached[called] = None
                stack.append(called)
    return set(reached)


def recursive_in(graph: Graph) -> set[Function]:
    """Functions that may come to call themselves: those left when all without callers, or calls, are peeled off."""
    calls: dict[Function, set[Function]] = {}
    callers: dict[Function, set[Function]] = {}
    for caller, called in graph.entered:
        if caller is not None:
            calls.setdefault(caller, set()).add(called)
            callers.setdefault(called, set()).add(caller)
    left = set(calls) & set(callers)
    stack = [*(set(calls) ^ set(callers))]
    while stack:
        function = stack.pop()
        for there, back in ((calls, callers), (callers, calls)):
            for near in there.get(function, ()):
                back[near].discard(function)
                if near in left and not back[near]:
                    left.discard(near)
                    stack.append(near)
    return left


def forks_of(graph: Graph) -> list[Function]:
    """Functions that call themselves more than once: they go more than one way."""
    calls: dict[Function, int] = {}
    for call in graph.calls:
        caller = call.site.caller if call.site is not None else None
        if caller is not None and call.site is not None and caller in call.site.resolved:
            calls[caller] = calls.get(caller, 0) + 1
    return [function for function, count in calls.items() if count > 1]
