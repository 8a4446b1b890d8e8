"""All tasks by name: every module of :mod:`codesteer_kernel.symbench.tasks` brings one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from codesteer_kernel.errors import UnknownName, nearest
from codesteer_kernel.symbench import tasks as room
from codesteer_kernel.symbench.task import Task

__all__ = ["get", "tasks"]


@cache
def tasks() -> Mapping[str, Task]:
    """Every task by its name, in alphabetical order."""
    found = {}
    for module in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
        task = importlib.import_module(module.name).TASK
        found[task.name] = task
    return MappingProxyType(dict(sorted(found.items())))


def get(name: str) -> Task:
    """The task of a name.

    Raises:
        UnknownName: there is none.
    """
    known = tasks()
    if name not in known:
        cure = nearest(name, known) or "codesteer symbench list names them."
        raise UnknownName(f"There is no task {name!r}.", cure)
    return known[name]
