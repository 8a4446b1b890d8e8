"""What a cell shows: the live widget (or text rounds) while a run goes on, the static bundle when it has ended.

The finished output holds the record, HTML, Markdown and plain text, and no widget view: a saved widget view without a
kernel shows an error instead of the run.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from IPython.display import display

from codesteer_kernel.errors import CodeSteerError
from codesteer_kernel.record import Record, reduce
from codesteer_kernel.record import events as ev
from codesteer_kernel.render import chart_bundles, mime_bundle
from codesteer_kernel.run import Run

__all__ = ["CellRun", "LiveCell", "replay_events", "show_record"]

# The whole record is sent at round and phase boundaries and otherwise this often at most (seconds); tokens go apart.
_RECORD_SECONDS = 0.5
_TEXT_SECONDS = 1.0
# A front end that can draw widgets says so within a fraction of a second; then text rounds take over.
_SEEN_SECONDS = 5.0
_BOUNDARIES = (
    ev.RunStarted,
    ev.RoundStarted,
    ev.Answered,
    ev.Executed,
    ev.CheckedSelfAnswer,
    ev.RoundEnded,
    ev.RunEnded,
)


def show_record(record: Record) -> None:
    """Display a record as a finished cell does."""
    display(mime_bundle(record), raw=True)
    show_charts(record)


def show_charts(record: Record) -> None:
    """Display the charts of the program that won, for the front end's own renderers."""
    for bundle in chart_bundles(record):
        display(bundle, raw=True)


def replay_events(events: Iterable[ev.Event], record: Record) -> None:
    """Display the events of a run as they come, in place, and at the end ``record``; an interrupt goes to the end."""
    handle = display(mime_bundle(Record()), raw=True, display_id=True)
    so_far, sent = Record(), 0.0
    with contextlib.suppress(KeyboardInterrupt):
        for event in events:
            so_far = reduce(so_far, event)
            if isinstance(event, _BOUNDARIES) or time.monotonic() - sent > _RECORD_SECONDS:
                handle.update(mime_bundle(so_far), raw=True)
                sent = time.monotonic()
    handle.update(mime_bundle(record), raw=True)


class CellRun(Run):
    """The value of a ``%%codesteer`` cell: the cell has shown the run already, so the value shows nothing at first."""

    _shown = False

    def _ipython_display_(self) -> None:
        if self._shown:
            show_record(self.record)
        self._shown = True


class LiveCell:
    """The output of one running cell. All methods belong to the cell's own thread."""

    def __init__(self, mode: str, stop: Callable[[], None]) -> None:
        mode = os.environ.get("CODESTEER_LIVE", mode)
        self._widget = None if mode == "text" else _widget(stop)
        self._trusting = mode == "widget" or not _answers_while_busy()
        self._handle: Any = None
        self._record = Record()
        self._began = self._sent = time.monotonic()
        self._timer: asyncio.TimerHandle | None = None

    def update(self, event: ev.Event, record: Record) -> None:
        """Draw one more event; ``record`` is the fold up to it."""
        self._record = record
        if self._handle is None:
            self._begin()
        elif self._widget is not None:
            self._update_widget(event)
        elif isinstance(event, _BOUNDARIES):
            self._send_text()
        else:
            self._later(_TEXT_SECONDS)

    def stopping(self) -> None:
        """Say that the run is about to end, as it does when Stop is clicked."""
        if self._widget is not None:
            self._widget.stop()

    def finish(self, record: Record) -> None:
        """Replace whatever is shown by the static bundle."""
        self._record = record
        if self._timer is not None:
            self._timer.cancel()
        bundle = mime_bundle(record)
        if self._handle is None:
            display(bundle, raw=True)
        else:
            self._handle.update(bundle, raw=True)
        if self._widget is not None:
            self._widget.close()
            self._widget = None
        show_charts(record)

    def _begin(self) -> None:
        if self._widget is None:
            self._handle = display(mime_bundle(self._record), raw=True, display_id=True)
            return
        self._widget.show(self._record)
        self._let_rate(self._record.id)
        self._handle = display(self._widget, display_id=True)
        if not self._trusting:
            asyncio.get_running_loop().call_later(_SEEN_SECONDS, self._check_seen)

    def _let_rate(self, run_id: str) -> None:
        """Have the view's ratings kept beside the run, if the run is kept."""
        from codesteer_kernel.history import rate
        from codesteer_kernel.store import Store

        assert self._widget is not None
        with contextlib.suppress(CodeSteerError):
            Store().resolve(run_id)
            self._widget.on_rate(partial(rate, run_id))

    def _check_seen(self) -> None:
        """Fall back to text rounds when no front end has drawn the widget."""
        if self._widget is not None and not self._widget.seen:
            self._widget.close()
            self._widget = None
            self._send_text()

    def _update_widget(self, event: ev.Event) -> None:
        assert self._widget is not None
        if isinstance(event, ev.AnswerDelta):
            self._widget.append(event.round, event.text)
        elif isinstance(event, _BOUNDARIES):
            self._send_record()
        else:
            self._later(_RECORD_SECONDS)

    def _later(self, pause: float) -> None:
        """Send soon: at once if the last time is long ago, else when the pause is over, and only once."""
        if self._timer is not None:
            return
        wait = max(0.0, self._sent + pause - time.monotonic())
        self._timer = asyncio.get_running_loop().call_later(wait, self._due)

    def _due(self) -> None:
        self._timer = None
        if self._widget is not None:
            self._send_record()
        else:
            self._send_text()

    def _send_record(self) -> None:
        assert self._widget is not None
        self._sent = time.monotonic()
        self._widget.show(self._record)

    def _send_text(self) -> None:
        self._sent = time.monotonic()
        self._handle.update(mime_bundle(self._record), raw=True)


def _widget(stop: Callable[[], None]) -> Any:
    """The live widget, or None where it cannot be had: then the run shows as text rounds."""
    try:
        from codesteer_widgets import RunWidget, is_built

        if not is_built():
            return None
        widget = RunWidget()
    except Exception:  # noqa: BLE001  # whatever is wrong with widgets here must not cost the run
        return None
    widget.on_stop(stop)
    return widget


def _answers_while_busy() -> bool:
    """Tell whether widget messages arrive while a cell is awaited (ipykernel 7.4 and later)."""
    import ipykernel

    return tuple(ipykernel.version_info[:2]) >= (7, 4)
