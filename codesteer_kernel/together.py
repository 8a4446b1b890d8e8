"""Several things at once, of which none outlives the others."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

__all__ = ["together"]


async def together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all at once.

    When one fails, or who waits is cancelled, the others are cancelled and have ended before this returns. What the first
    of them raised is raised as it is, not in a group as by :class:`asyncio.TaskGroup`: callers tell errors by their type.
    """
    tasks = [asyncio.create_task(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
