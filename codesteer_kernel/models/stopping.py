"""End a stream at a stop string, where the backend cannot."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["StopCutter", "begun"]


class StopCutter:
    """Passes text on up to the first of ``stops`` to be complete, holding back what may become one."""

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.hit = False

    def feed(self, text: str) -> str:
        """What of ``text`` (and of what was held back) is certainly before any stop string."""
        if self.hit:
            return ""
        self._held += text
        # The one that ends first, as a model that is stopped at once would be, so that pieces make no difference.
        ends = [(place + len(stop), place) for stop in self._stops if (place := self._held.find(stop)) >= 0]
        if ends:
            self.hit = True
            out, self._held = self._held[: min(ends)[1]], ""
            return out
        keep = begun(self._held, self._stops)
        out, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return out

    def finish(self) -> str:
        """What was held back when the stream ended by itself."""
        out, self._held = self._held, ""
        return out


def begun(text: str, marks: Iterable[str]) -> int:
    """Length of the longest end of ``text`` that begins one of ``marks`` and is not all of it."""
    return max(
        (
            next((n for n in range(min(len(text), len(mark) - 1), 0, -1) if mark.startswith(text[-n:])), 0)
            for mark in marks
        ),
        default=0,
    )
