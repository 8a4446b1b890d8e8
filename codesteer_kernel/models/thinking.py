"""Tell an inline ``<think>`` block from the answer, in a stream."""

from __future__ import annotations

from .protocol import ReasoningDelta, TextDelta

__all__ = ["ThinkSplitter"]

OPEN, CLOSE = "<think>", "</think>"


class ThinkSplitter:
    """Splits streamed text into reasoning (a leading ``<think>`` block) and answer.

    Only a block at the very start counts: later tags are the answer's own text. ``inside`` says that the prompt
    itself opened the block.
    """

    def __init__(self, *, inside: bool = False) -> None:
        self._state = "inside" if inside else "start"
        self._held = ""

    def feed(self, text: str) -> list[TextDelta | ReasoningDelta]:
        """The deltas that ``text`` settles; a piece that may still become a tag is held back."""
        self._held += text
        out: list[TextDelta | ReasoningDelta] = []
        if self._state == "start":
            seen = self._held.lstrip()
            if not seen or (len(seen) < len(OPEN) and OPEN.startswith(seen)):
                return out
            if seen.startswith(OPEN):
                self._state, self._held = "inside", seen.removeprefix(OPEN)
            else:
                self._state = "answer"
        if self._state == "inside":
            reasoning, found, rest = self._held.partition(CLOSE)
            if found:
                self._state, self._held = "gap", rest
            else:
                keep = _overlap(reasoning, CLOSE)
                reasoning, self._held = reasoning[: len(reasoning) - keep], reasoning[len(reasoning) - keep :]
            if reasoning:
                out.append(ReasoningDelta(reasoning))
        if self._state == "gap":
            self._held = self._held.lstrip()
            if self._held:
                self._state = "answer"
        if self._state == "answer" and self._held:
            out.append(TextDelta(self._held))
            self._held = ""
        return out

    def finish(self) -> list[TextDelta | ReasoningDelta]:
        """What was held back when the stream ended."""
        held, self._held = self._held, ""
        if not held or self._state == "gap":
            return []
        return [ReasoningDelta(held) if self._state == "inside" else TextDelta(held)]


def _overlap(text: str, tag: str) -> int:
    """Length of the longest end of ``text`` that begins ``tag``."""
    return next((n for n in range(min(len(text), len(tag) - 1), 0, -1) if tag.startswith(text[-n:])), 0)
