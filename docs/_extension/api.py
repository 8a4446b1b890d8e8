"""Pages of the public names: each room's door, with the docstrings of what it offers."""

from __future__ import annotations

import inspect
from importlib import import_module

__all__ = ["api_pages"]

# By page: its title, and the doors that it shows. What a notebook user imports comes first.
_PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "api-codesteer": ("codesteer: in code", ("codesteer", "codesteer.bench", "codesteer_widgets")),
    "api-errors": ("Errors", ("codesteer_kernel.errors",)),
    "api-models": ("Models", ("codesteer_kernel.models",)),
    "api-executor": ("Running programs", ("codesteer_kernel.executor",)),
    "api-steering": ("Steering and checking", ("codesteer_kernel.steering", "codesteer_kernel.checkers")),
    "api-record": ("Records", ("codesteer_kernel.record", "codesteer_kernel.render", "codesteer_kernel.store")),
    "api-symbench": ("SymBench", ("codesteer_kernel.symbench",)),
    "api-evaluation": ("Evaluation and training", ("codesteer_kernel.evaluation", "codesteer_kernel.training")),
}


def api_pages() -> dict[str, str]:
    """The pages by name, as Markdown around Sphinx's directives."""
    return {name: _page(title, doors) for name, (title, doors) in _PAGES.items()}


def _page(title: str, doors: tuple[str, ...]) -> str:
    lines = [f"# {title}", ""]
    for door in doors:
        directives = [f".. automodule:: {door}", "   :no-members:", ""]
        module = import_module(door)
        for name in module.__all__:
            directives += _directive(door, name, getattr(module, name))
        lines += [f"## `{door}`", "", "```{eval-rst}", *directives, "```", ""]
    return "\n".join(lines)


def _directive(door: str, name: str, value: object) -> list[str]:
    """The words that have Sphinx draw one name; what has no docstring of its own is left to the door's."""
    if inspect.isclass(value):
        return [f".. autoclass:: {door}.{name}", "   :members:", ""]
    if inspect.isroutine(value):
        return [f".. autofunction:: {door}.{name}", ""]
    return []
