"""Numbers and times events, keeps the record folded as they leave, and carries them to whoever iterates over the run."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec

from codesteer_kernel.record import Record, reduce
from codesteer_kernel.record import events as ev

__all__ = ["Emitter", "Outlet", "sound"]

# A reader this far behind holds the run up: its model streams are read no further until there is room again.
_FULL = 256


class Outlet:
    """Events on their way from a run to its reader; one reader, one event loop."""

    def __init__(self, full: int = _FULL) -> None:
        self._full = full
        self._waiting: deque[ev.Event] = deque()
        self._closed = False
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def put(self, event: ev.Event) -> None:
        """Hand an event on. Never blocks: a fact is never lost, whoever makes facts asks for :meth:`room` first."""
        self._waiting.append(event)
        self._changed.set()
        if len(self._waiting) >= self._full:
            self._room.clear()

    def close(self) -> None:
        """Let the reader end once it has read everything."""
        self._closed = True
        self._changed.set()

    async def room(self) -> None:
        """Wait until the reader has caught up."""
        await self._room.wait()

    async def __aiter__(self) -> AsyncIterator[ev.Event]:
        while True:
            while self._waiting:
                event = self._waiting.popleft()
                if len(self._waiting) <= self._full // 2:
                    self._room.set()
                yield event
            if self._closed:
                return
            self._changed.clear()
            await self._changed.wait()


class Emitter:
    """The one place where events of a run are made. ``clock`` gives seconds since the run began."""

    def __init__(self, outlet: Outlet, clock: Callable[[], float]) -> None:
        self._outlet = outlet
        self._clock = clock
        self.record = Record()

    def emit(self, kind: Callable[..., Any], **fields: Any) -> None:
        """Make one event of ``kind``, fold it in and hand it on; nothing more is said of a run that has ended."""
        if self.record.status not in ("queued", "running"):
            return
        event: ev.Event = kind(seq=self.record.seq + 1, at=round(self._clock(), 4), **fields)
        try:
            ev.encode_event(event)
        except UnicodeEncodeError:
            event = msgspec.convert(sound(msgspec.to_builtins(event)), type(event))
        self.record = reduce(self.record, event)
        self._outlet.put(event)

    async def room(self) -> None:
        """Wait while the reader of the run is far behind."""
        await self._outlet.room()


def sound(value: Any) -> Any:
    """``value`` with halves of surrogate pairs replaced: models and programs emit them, no UTF-8 can hold them."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [sound(item) for item in value]
    return {sound(key): sound(item) for key, item in value.items()} if isinstance(value, dict) else value
