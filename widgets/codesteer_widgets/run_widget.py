"""The anywidget that draws one run.

Two traits carry a run to the browser. ``record`` is the whole record and is sent whole, so it changes at phase and
round boundaries and at most a few times a second. ``tail`` is the text that has streamed in since that record, so a
token costs a few bytes: ``{"round": index, "seq": the record's seq, "text": everything since}``. A view that opens
late needs nothing but the two, and a tail that belongs to an older record is ignored.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from codesteer_kernel.errors import MissingDependency
from codesteer_widgets import STATIC, is_built

__all__ = ["RunWidget"]

# A browser draws at most once an animation frame; sending tokens more often than this only fills the socket.
FLUSH_SECONDS = 0.03
# The tail is resent with every flush, so it is folded into the record (sent once) before it grows costly.
TAIL_CHARS = 4_000

if not is_built():
    raise MissingDependency(
        f"The run view is not built: {STATIC} lacks widget.js or style.css.",
        "Install the codesteer wheel, or run `npm ci` and `npm run build:widget` in the source tree.",
    )


class RunWidget(anywidget.AnyWidget):  # type: ignore[misc,unused-ignore]
    """Draws a run record and keeps it current.

    :meth:`show` and :meth:`append` may be called from one worker thread while the kernel's own thread handles the
    browser's messages. Outside a kernel the widget is an ordinary object that nobody looks at.

    Attributes:
        record: the record last shown, as plain JSON types.
        tail: answer text newer than ``record``.
        stop_requested: True once the user clicked Stop in any view.
        seen: True once a view has drawn the record: the proof that the notebook's front end can draw widgets.
    """

    _esm = STATIC / "widget.js"
    _css = STATIC / "style.css"

    record = traitlets.Dict(default_value={}).tag(sync=True)
    tail = traitlets.Dict(default_value={}).tag(sync=True)
    stop_requested = traitlets.Bool(default_value=False)
    seen = traitlets.Bool(default_value=False).tag(sync=True)

    def __init__(self, record: dict[str, Any] | None = None) -> None:
        self._lock = threading.RLock()
        self._round = 0
        self._text = ""
        self._flushed = 0.0
        self._stop_callbacks: list[Callable[[], None]] = []
        super().__init__(record=record or {})
        self.on_msg(self._heard)

    def show(self, record: dict[str, Any]) -> None:
        """Draw ``record`` (plain JSON types); it must hold all text appended so far."""
        with self._lock:
            self._round, self._text = 0, ""
            with self.hold_sync():
                self.record = record
                self.tail = {}

    def append(self, index: int, text: str) -> None:
        """Add streamed ``text`` to the answer of round ``index`` (from 1) of the record last shown.

        Text goes out at most every 30 ms; what is held back leaves with the next call of this or of :meth:`show`.
        """
        with self._lock:
            if index != self._round:
                self._fold()
                self._round, self._text = index, ""
            self._text += text
            if len(self._text) > TAIL_CHARS:
                self._fold()
                return
            now = time.monotonic()
            if now - self._flushed >= FLUSH_SECONDS:
                self._flushed = now
                self.tail = {"round": self._round, "seq": self.record.get("seq", 0), "text": self._text}

    def on_stop(self, callback: Callable[[], None]) -> None:
        """Call ``callback()`` when the user clicks Stop: at once if that has happened already, and never twice.

        It may be called on any thread, so it should only set an event.
        """
        with self._lock:
            if not self.stop_requested:
                self._stop_callbacks.append(callback)
                return
        callback()

    def _heard(self, _widget: RunWidget, content: dict[str, Any], _buffers: list[Any]) -> None:
        """Take a message of a view; anything but a stop is ignored."""
        if not isinstance(content, dict) or content.get("event") != "stop":
            return
        with self._lock:
            self.stop_requested = True
            callbacks, self._stop_callbacks = self._stop_callbacks, []
        for callback in callbacks:
            callback()

    def _fold(self) -> None:
        """Move the tail into the record."""
        rounds = self.record.get("rounds", [])
        if self._text and 1 <= self._round <= len(rounds):
            rounds = list(rounds)
            old = rounds[self._round - 1]
            answer = old.get("answer", {})
            rounds[self._round - 1] = {**old, "answer": {**answer, "text": answer.get("text", "") + self._text}}
            with self.hold_sync():
                self.record = {**self.record, "rounds": rounds}
                self.tail = {}
        self._text = ""

    def __repr__(self) -> str:
        # Cheap on purpose: the record may hold 256 kB and the module text is part of the state.
        return f"RunWidget(id={self.record.get('id', '')!r}, status={self.record.get('status', '')!r})"
