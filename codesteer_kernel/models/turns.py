"""Fold a stream of deltas into the turn it makes."""

from __future__ import annotations

from collections.abc import AsyncIterator

from .protocol import Delta, Finish, Message, ReasoningDelta, Restarted, TextDelta, TokenUsage, ToolCall, UsageDelta

__all__ = ["Turn", "gather"]


class Turn:
    """What a model said in one call. Feed it every delta; it heeds :class:`Restarted`.

    ``finish`` is None until the stream ended by itself; ``usage`` is what is known of it so far.
    """

    def __init__(self) -> None:
        self.text = ""
        self.reasoning = ""
        self.calls: list[ToolCall] = []
        self.usage = TokenUsage()
        self.finish: Finish | None = None

    def feed(self, delta: Delta) -> None:
        """Take in the next delta."""
        match delta:
            case TextDelta(text=text):
                self.text += text
            case ReasoningDelta(text=text):
                self.reasoning += text
            case ToolCall():
                self.calls.append(delta)
            case UsageDelta(usage=usage):
                self.usage = usage
            case Restarted():
                self.text = self.reasoning = ""
                self.calls.clear()
            case Finish(usage=usage):
                self.finish, self.usage = delta, usage

    @property
    def message(self) -> Message:
        """The turn as the conversation keeps it: text, calls, and what its provider wants to see again."""
        thoughts = self.finish.thoughts if self.finish else ()
        return Message("assistant", self.text, tool_calls=tuple(self.calls), thoughts=thoughts)


async def gather(deltas: AsyncIterator[Delta]) -> Turn:
    """Read a stream to its end. It is closed when this is cancelled."""
    turn = Turn()
    try:
        async for delta in deltas:
            turn.feed(delta)
    finally:
        close = getattr(deltas, "aclose", None)
        if close is not None:
            await close()
    return turn
