"""The Tab key in ``%%codesteer`` and ``%codesteer`` lines, and after ``@`` in the text of a ``%%codesteer`` cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from types import ModuleType
from typing import Any

from IPython.core.completer import SimpleCompletion, context_matcher

__all__ = ["completed", "matcher_for"]

_CELL = re.compile(r"\s*%%codesteer\b")
_LINE = re.compile(r"\s*(?:[\w.,\s]+=\s*)?%codesteer\s+(?P<rest>.*)")
_MENTION = re.compile(r"(?<![\w@.\\/)\]])@(\w*)$")


def matcher_for(shell: Any) -> Callable[[Any], Any]:
    """A matcher for IPython's completer; where it finds something, others are not asked."""

    def codesteer(context: Any) -> Any:
        piece, found = completed(context.full_text, context.cursor_line, context.cursor_position, shell.user_ns)
        completions = [SimpleCompletion(text=one, type="codesteer") for one in found]
        return {"completions": completions, "suppress": bool(found), "matched_fragment": piece, "ordered": True}

    matcher: Callable[[Any], Any] = context_matcher(identifier="codesteer")(codesteer)
    return matcher


def completed(text: str, line: int, column: int, values: dict[str, Any]) -> tuple[str, list[str]]:
    """What can come next at ``column`` of ``line`` in a cell.

    Args:
        text: the whole cell.
        line: the cursor's line, from 0.
        column: the cursor's place in it.
        values: the notebook's variables.

    Returns:
        The piece before the cursor that is completed, and what it may become.
    """
    lines = text.split("\n")
    before = lines[line][:column]
    first = next((place for place, one in enumerate(lines) if one.strip()), 0)
    names = partial(_names, values)
    if found := _CELL.match(lines[first]):
        if line == first:
            from codesteer_kernel.completing import after_options

            return after_options(before[found.end() :], names()) if before[found.end() :] else ("", [])
        mention = _MENTION.search(before)
        return (mention[1], [one for one in _data(values) if one.startswith(mention[1])]) if mention else ("", [])
    if found := _LINE.match(before):
        from codesteer_kernel.completing import after_command

        return after_command(found["rest"], names(), in_shell=False)
    return "", []


def _names(values: dict[str, Any]) -> dict[str, Callable[[], Iterable[str]]]:
    from codesteer_kernel.completing import names_here

    data = partial(_data, values)
    return names_here() | {"input": data, "variable": data, "column": partial(_columns, values)}


def _data(values: dict[str, Any]) -> list[str]:
    """The variables that hold data, not modules, functions or classes."""
    return sorted(
        name
        for name, value in values.items()
        if not name.startswith("_")
        and name not in ("In", "Out", "exit", "quit", "get_ipython", "open")
        and not isinstance(value, ModuleType)
        and not callable(value)
    )


def _columns(values: dict[str, Any]) -> list[str]:
    """The names of columns of all frames there are."""
    found: dict[str, None] = {}
    for name in _data(values):
        try:
            found |= dict.fromkeys(one for one in values[name].columns if isinstance(one, str) and one.isidentifier())
        except Exception:  # noqa: BLE001, S112  # a variable without columns, or one that fails when it is asked for them
            continue
    return list(found)
