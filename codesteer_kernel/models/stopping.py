"""End a stream at a stop string, where the backend cannot."""

from __future__ import annotations

__all__ = ["StopCutter"]


class StopCutter:
    """Passes text on up to the first of ``stops``, holding back what may become one."""

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = stops
        self._held = ""
        self.hit = False

    def feed(self, text: str) -> str:
        """What of ``text`` (and of what was held back) is certainly before any stop string."""
        if self.hit:
            return ""
        self._held += text
        places = [place for stop in self._stops if (place := self._held.find(stop)) >= 0]
        if places:
            self.hit = True
            out, self._held = self._held[: min(places)], ""
            return out
        keep = max((_begun(self._held, stop) for stop in self._stops), default=0)
        out, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return out

    def finish(self) -> str:
        """What was held back when the stream ended by itself."""
        out, self._held = self._held, ""
        return out


def _begun(text: str, stop: str) -> int:
    """Length of the longest end of ``text`` that begins ``stop``."""
    return next((n for n in range(min(len(text), len(stop) - 1), 0, -1) if stop.startswith(text[-n:])), 0)
