"""A saboteur: lets one await of a run, whichever is wanted, raise, be cancelled, or never come back."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, Literal

__all__ = ["Injected", "Saboteur"]

Way = Literal["raise", "cancel", "hang"]


class Injected(RuntimeError):
    """What a sabotaged await raises."""


class Saboteur:
    """Counts the suspensions of every task started while it is set on a loop, and spoils number ``place``."""

    def __init__(self, way: Way, place: int) -> None:
        self.way = way
        self.place = place
        self.seen = 0
        self.done = asyncio.Event()
        self.where = ""

    def task(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        """A task factory for the loop."""
        watched = _Watched(self, loop, coroutine)
        task: asyncio.Task[Any] = asyncio.Task(watched, loop=loop, **options)
        watched.task = task
        return task

    def strikes(self, coroutine: Any) -> bool:
        """Whether the suspension that ends now is the one."""
        self.seen += 1
        if self.seen != self.place:
            return False
        self.where = getattr(coroutine, "__qualname__", repr(coroutine))
        self.done.set()
        return True


class _Watched(Coroutine[Any, Any, Any]):
    def __init__(self, saboteur: Saboteur, loop: asyncio.AbstractEventLoop, inner: Any) -> None:
        self._saboteur, self._loop, self._inner = saboteur, loop, inner
        self.task: asyncio.Task[Any] | None = None
        self._suspended = False

    def send(self, value: Any) -> Any:
        if self._suspended and self._saboteur.strikes(self._inner):
            match self._saboteur.way:
                case "raise":
                    return self._kept(self._inner.throw(Injected("injected")))
                case "cancel":
                    return self._kept(self._inner.throw(asyncio.CancelledError()))
                case "hang":
                    never = self._loop.create_future()
                    never._asyncio_future_blocking = True
                    return never
        return self._kept(self._inner.send(value))

    def throw(self, *fault: Any) -> Any:
        return self._kept(self._inner.throw(*fault))

    def _kept(self, awaited: Any) -> Any:
        self._suspended = True
        return awaited

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        raise AssertionError("a task's coroutine is not awaited")
