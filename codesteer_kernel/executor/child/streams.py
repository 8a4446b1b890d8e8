"""A program's output on its way to the result: live text, kept text, and what the worker reports, all bounded."""

from __future__ import annotations

import codecs
import functools
import json
import struct
import time
from collections.abc import Callable
from typing import Any

from . import journal, rich
from .capture import Capture, clean

STREAM_EVERY_S = 0.1
STREAM_BYTES = journal.LIVE_BYTES
"""Live output of one stream of one program; the rest is in the result only, as far as it is kept."""
FRAME_BYTES = 4 * 1024 * 1024
DISPLAY_BYTES = 8 * 1024 * 1024
DISPLAY_COUNT = 64

Publish = Callable[[str, dict[str, Any]], None]
"""Takes the type and the content of a Jupyter message."""


class Stream:
    """One output stream of the program: captured for the result, forwarded in batches while it is short."""

    def __init__(self, keep: int, publish: Any) -> None:
        self.capture = Capture(keep)
        self._publish = publish
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._pending: list[bytes] = []
        self._sent = 0
        self._due = 0.0

    def feed(self, data: bytes) -> None:
        """Take the next bytes that the program wrote."""
        self.capture.feed(data)
        room = STREAM_BYTES - self._sent
        if room > 0:
            self._pending.append(data[:room])
            self._sent += min(room, len(data))
            self.flush(time.monotonic())

    def flush(self, now: float, *, final: bool = False) -> None:
        """Publish what is pending, at most every ``STREAM_EVERY_S`` unless it is the end."""
        if (self._pending and now >= self._due) or final:
            text = self._decoder.decode(b"".join(self._pending), final)
            self._pending.clear()
            self._due = now + STREAM_EVERY_S
            if text:
                self._publish(text)


class Output:
    """What one program prints and displays, on its way to whoever watches.

    Args:
        keep: bytes to keep at each end of each stream.
        publish: where what is seen live goes.
    """

    def __init__(self, keep: int, publish: Publish) -> None:
        self._publish = publish
        self.streams = {name: Stream(keep, functools.partial(self._text, name)) for name in ("stdout", "stderr")}

    def _text(self, name: str, text: str) -> None:
        self._publish("stream", {"name": name, "text": text})

    def display(self, kind: str, bundle: dict[str, str]) -> None:
        """Pass on what the program displays; ``kind`` as in ``RichOutput``."""
        self._publish("display_data", {"data": bundle, "metadata": {"codesteer": kind}})

    def flush(self, now: float, *, final: bool = False) -> None:
        """Publish what is pending, see :meth:`Stream.flush`."""
        for stream in self.streams.values():
            stream.flush(now, final=final)


class Frames:
    """What the worker reports. Whatever comes is bounded, and anything malformed ends the listening.

    Args:
        display: takes the kind and the bundle of what is displayed.
        progress: takes the frames ``begun`` and ``done``, by which the cells of a session follow one another.
    """

    def __init__(self, display: Any, progress: Callable[[dict[str, Any]], None] | None = None) -> None:
        self._display = display
        self._progress = progress
        self._buffer = bytearray()
        self.broken = False
        self._shown = 0
        self._bytes = 0
        self.cut = 0
        self.by_kind: dict[str, dict[str, Any]] = {}

    def feed(self, data: bytes) -> None:
        """Take the next bytes from the report pipe."""
        if self.broken:
            return
        self._buffer += data
        while len(self._buffer) >= 4:
            (length,) = struct.unpack_from("!I", self._buffer)
            if length > FRAME_BYTES:
                self.broken = True
                self._buffer.clear()
                return
            if len(self._buffer) < 4 + length:
                return
            frame = bytes(self._buffer[4 : 4 + length])
            del self._buffer[: 4 + length]
            try:
                content = json.loads(frame)
                kind = content["frame"]
            except (ValueError, KeyError, TypeError, RecursionError):
                self.broken = True
                return
            if kind == "display":
                self._show(content, length)
            elif kind in ("tier", "error", "exports") or (kind == "failure" and "tier" not in self.by_kind):
                # The first tier counts, and no failure after it: it was sent before the program could speak.
                self.by_kind.setdefault(kind, content)
            elif kind in ("begun", "done") and self._progress is not None:
                self._progress(content)

    def renew(self) -> None:
        """Begin the account of the next cell; the tier stays."""
        self._shown = self._bytes = self.cut = 0
        self.by_kind = {kind: content for kind, content in self.by_kind.items() if kind == "tier"}

    def _show(self, content: dict[str, Any], length: int) -> None:
        data = content.get("data")
        kind = content.get("kind")
        self.cut += content["cut"] if isinstance(content.get("cut"), int) else 0
        if not isinstance(data, dict) or kind not in ("display", "result", "figure"):
            return
        bundle = {mime: clean(text) for mime, text in data.items() if mime in rich.MIMES and isinstance(text, str)}
        if not bundle:
            return
        self._shown += 1
        self._bytes += length
        if self._shown > DISPLAY_COUNT or self._bytes > DISPLAY_BYTES:
            self.cut += length
            return
        self._display(kind, bundle)
