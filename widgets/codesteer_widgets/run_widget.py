"""The anywidget that draws one run.

Two traits carry a run to the browser. ``record`` is the whole record and is sent whole, so it changes at phase and
round boundaries and at most a few times a second. ``tail`` is the text that has streamed in since that record, so a
token costs a few bytes: ``{"round": index, "seq": the record's seq, "text": everything since}``. A view that opens
late needs nothing but the two, and a tail that belongs to an older record is ignored.

Buttons are there for what somebody listens for: ``on_stop``, ``on_insert``, ``on_feedback``, ``on_rerun``, ``on_rate``.
By hand, in any ipywidgets layout or a Voila page::

    view = RunWidget(codesteer.last.record)
    view.on_feedback(lambda text: print(text))
    view.observe(lambda change: print(change["new"]), names="selected")
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Literal

import anywidget
import msgspec
import traitlets

from codesteer_kernel.errors import MissingDependency
from codesteer_kernel.record import Record, bounded
from codesteer_widgets import STATIC, is_built

__all__ = ["Rating", "RunWidget", "plain"]

Rating = Literal["good", "bad"]
"""What a person thinks of the steering in a round."""

# A view's round numbers are a stranger's; no run has more.
_MOST_ROUNDS = 10_000

# A browser draws at most once an animation frame; sending tokens more often than this only fills the socket.
FLUSH_SECONDS = 0.03
# The tail is resent with every flush, so it is folded into the record (sent once) before it grows costly.
TAIL_CHARS = 4_000

if not is_built():
    raise MissingDependency(
        f"The run view is not built: {STATIC} lacks widget.js or style.css.",
        "Install the codesteer wheel, or run `npm ci` and `npm run build:widget` in the source tree.",
    )


def plain(record: Record | dict[str, Any]) -> dict[str, Any]:
    """``record`` as the plain JSON types that travel, small enough to travel."""
    if isinstance(record, dict):
        return record
    built: dict[str, Any] = msgspec.to_builtins(bounded(record))
    return built


class RunWidget(anywidget.AnyWidget):  # type: ignore[misc,unused-ignore]
    """Draws a run record and keeps it current.

    :meth:`show` and :meth:`append` may be called from one worker thread while the kernel's own thread handles the
    browser's messages. Outside a kernel the widget is an ordinary object that nobody looks at.

    Attributes:
        record: the record last shown, as plain JSON types.
        tail: answer text newer than ``record``.
        stop_requested: True once the end of the run has been asked for: every view says that it is stopping.
        seen: True once a view has drawn the record: the proof that the notebook's front end can draw widgets.
        selected: the round that the reader opened last, from 1; 0 for none. Setting it opens a round in all views.
        ratings: what is thought of the rounds, by their index: ``{2: "good"}``.
        actions: names of the buttons that are served; set by the ``on_`` methods.
    """

    _esm = STATIC / "widget.js"
    _css = STATIC / "style.css"

    record = traitlets.Dict(default_value={}).tag(sync=True)
    tail = traitlets.Dict(default_value={}).tag(sync=True)
    stop_requested = traitlets.Bool(default_value=False).tag(sync=True)
    seen = traitlets.Bool(default_value=False).tag(sync=True)
    selected = traitlets.Int(default_value=0, min=0).tag(sync=True)
    ratings = traitlets.Dict(default_value={}).tag(sync=True)
    actions = traitlets.List(traitlets.Unicode(), default_value=[]).tag(sync=True)

    def __init__(self, record: Record | dict[str, Any] | None = None) -> None:
        self._lock = threading.RLock()
        self._round = 0
        self._text = ""
        self._flushed = 0.0
        self._stop_callbacks: list[Callable[[], None]] = []
        self._insert_callbacks: list[Callable[[str], object]] = []
        self._feedback_callbacks: list[Callable[[str], object]] = []
        self._rerun_callbacks: list[Callable[[], object]] = []
        self._rate_callbacks: list[Callable[[int, Rating | None], object]] = []
        super().__init__(record=plain(record) if record is not None else {})
        self.on_msg(self._heard)

    def show(self, record: Record | dict[str, Any]) -> None:
        """Draw ``record``; it must hold all text appended so far."""
        drawn = plain(record)
        with self._lock:
            self._round, self._text = 0, ""
            with self.hold_sync():
                self.record = drawn
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
                self._serve("stop")
                return
        callback()

    def stop(self) -> None:
        """Do what a click on Stop does, for those who were told to stop in another way."""
        with self._lock:
            self.stop_requested = True
            stops, self._stop_callbacks = self._stop_callbacks, []
        for stop in stops:
            stop()

    def on_insert(self, callback: Callable[[str], object]) -> None:
        """Call ``callback(code)`` when the user wants a program put into a cell."""
        self._insert_callbacks.append(callback)
        self._serve("insert")

    def on_feedback(self, callback: Callable[[str], object]) -> None:
        """Call ``callback(text)`` when the user wants to go on from a run that has ended, with these words."""
        self._feedback_callbacks.append(callback)
        self._serve("feedback")

    def on_rerun(self, callback: Callable[[], object]) -> None:
        """Call ``callback()`` when the user wants the question asked again."""
        self._rerun_callbacks.append(callback)
        self._serve("rerun")

    def on_rate(self, callback: Callable[[int, Rating | None], object]) -> None:
        """Call ``callback(round, rating)`` when the user rates the steering of a round; None takes a rating back.

        ``ratings`` changes when no callback raised.
        """
        self._rate_callbacks.append(callback)
        self._serve("rate")

    def _serve(self, action: str) -> None:
        if action not in self.actions:
            self.actions = [*self.actions, action]

    def _heard(self, _widget: RunWidget, content: Any, _buffers: list[Any]) -> None:
        """Take a message of a view; what is not one of ours is ignored."""
        match content:
            case {"event": "stop"}:
                self.stop()
            case {"event": "insert", "code": str(code)}:
                for insert in self._insert_callbacks:
                    insert(code)
            case {"event": "feedback", "text": str(text)} if text.strip():
                for feed in self._feedback_callbacks:
                    feed(text)
            case {"event": "rerun"}:
                for rerun in self._rerun_callbacks:
                    rerun()
            case {"event": "rate", "round": int(index), "rating": "good" | "bad" | None as rating} if (
                0 < index <= _MOST_ROUNDS and self._rate_callbacks
            ):
                for rate in self._rate_callbacks:
                    rate(index, rating)
                others = {name: held for name, held in self.ratings.items() if int(name) != index}
                self.ratings = {**others, index: rating} if rating else others

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
