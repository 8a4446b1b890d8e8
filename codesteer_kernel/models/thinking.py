"""Tell inline reasoning, such as a ``<think>`` block, from the answer, in a stream."""

from __future__ import annotations

from .protocol import ReasoningDelta, Restarted, TextDelta
from .stopping import begun

__all__ = ["ThinkSplitter", "effort"]

# DeepSeek, Qwen and most others; some fine-tunes; Gemini's OpenAI-style endpoint; Magistral.
BLOCKS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "[THINK]": "[/THINK]",
}
Piece = TextDelta | ReasoningDelta | Restarted


class ThinkSplitter:
    """Splits streamed text into reasoning (a leading block) and answer.

    Only a block at the very start counts: later tags are the answer's own text.

    Args:
        inside: the prompt itself opened a ``<think>`` block.
        bare: the prompt may have: an answer in which a block is closed that none opened was reasoning up to there, and
            :class:`~codesteer_kernel.models.protocol.Restarted` takes it back. ``seen_bare`` tells that it happened.
        hold: it has before: nothing is passed on until the block is closed or the stream ends.
    """

    def __init__(self, *, inside: bool = False, bare: bool = False, hold: bool = False) -> None:
        self._state = "inside" if inside else "held" if hold else "start"
        self._close = "</think>"
        self._bare = bare or hold
        self._held = ""
        self._answer = ""
        self.seen_bare = False

    def feed(self, text: str) -> list[Piece]:
        """The deltas that ``text`` settles; a piece that may still become a tag is held back."""
        self._held += text
        out: list[Piece] = []
        if self._state in ("start", "held"):
            seen = self._held.lstrip()
            opened = next((tag for tag in BLOCKS if seen.startswith(tag)), "")
            if opened:
                self._state, self._close, self._held = "inside", BLOCKS[opened], seen.removeprefix(opened)
            elif not seen or any(tag.startswith(seen) for tag in BLOCKS):
                return out
            elif self._state == "start":
                self._state = "answer"
            elif self._bare and (end := self._bare_close()) >= 0:
                out.extend(self._reasoning(end))
        if self._state == "inside":
            out.extend(self._reasoning(self._held.find(self._close)))
        if self._state == "gap":
            self._held = self._held.lstrip()
            if self._held:
                self._state, self._bare = "answer", False
        if self._state == "answer":
            out.extend(self._text())
        return out

    def finish(self) -> list[Piece]:
        """What was held back when the stream ended."""
        held, self._held = self._held, ""
        if not held or self._state == "gap":
            return []
        return [ReasoningDelta(held) if self._state == "inside" else TextDelta(held)]

    def outside(self) -> list[Piece]:
        """Reasoning comes by another way: no block is opened unseen, and what is held for that reason is answer."""
        self._bare = False
        if self._state != "held":
            return []
        self._state = "start"
        return self.feed("")

    def _reasoning(self, end: int) -> list[Piece]:
        """Pass reasoning on: up to ``end``, where the block is closed, or what cannot be part of its end (-1)."""
        if end >= 0:
            thought, self._held = self._held[:end], self._held[end + len(self._close) :]
            self._state = "gap"
        else:
            keep = begun(self._held, (self._close,))
            thought, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return [ReasoningDelta(thought)] if thought else []

    def _text(self) -> list[Piece]:
        keep = 0
        if self._bare:
            end = self._bare_close()
            if end >= 0:
                said, self._answer = self._answer, ""
                self._held = said + self._held
                out: list[Piece] = [Restarted("What looked like an answer was reasoning.")] if said else []
                return out + self._reasoning(len(said) + end) + self.feed("")
            keep = begun(self._held, (self._close,)) if self._bare else 0
        text, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        if self._bare:
            self._answer += text
        return [TextDelta(text)] if text else []

    def _bare_close(self) -> int:
        """Where in the held text a block is closed that none opened, or -1."""
        end = self._held.find(self._close)
        if end < 0:
            return -1
        before = self._answer + self._held[:end]
        # Text about such tags names the opening one first, or quotes the closing one.
        self.seen_bare = "<think>" not in before and not before.endswith(('"', "'", "`"))
        self._bare = False
        return end if self.seen_bare else -1


def effort(thinking: int) -> str:
    """The level of effort that a number of reasoning tokens stands for (Gemini's table: 1,024, 8,192, 24,576)."""
    if thinking == 0:
        return "none"
    return "low" if thinking <= 1024 else "medium" if thinking <= 8192 else "high"
