"""Numbers and times events, and keeps the record folded as they leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from codesteer_kernel.record import Record, reduce
from codesteer_kernel.record import events as ev

__all__ = ["Emitter", "sound"]


class Emitter:
    """The one place where events of a run are made. ``clock`` gives seconds since the run began."""

    def __init__(self, sink: Callable[[ev.Event], None], clock: Callable[[], float]) -> None:
        self._sink = sink
        self._clock = clock
        self.record = Record()

    def emit(self, kind: Callable[..., Any], **fields: Any) -> None:
        """Make one event of ``kind``, fold it in and hand it on."""
        event: ev.Event = kind(seq=self.record.seq + 1, at=round(self._clock(), 4), **fields)
        try:
            ev.encode_event(event)
        except UnicodeEncodeError:
            event = msgspec.convert(sound(msgspec.to_builtins(event)), type(event))
        self.record = reduce(self.record, event)
        self._sink(event)


def sound(value: Any) -> Any:
    """``value`` with halves of surrogate pairs replaced: models and programs emit them, no UTF-8 can hold them."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [sound(item) for item in value]
    return {sound(key): sound(item) for key, item in value.items()} if isinstance(value, dict) else value
