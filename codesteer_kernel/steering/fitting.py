"""Make a conversation that outgrew a model's window smaller: the question and the newest turns stay. Pure.

Histories are only ever appended to, so that prefix caches hold them; an overflow is the one time when that is given up.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from codesteer_kernel.models.protocol import Message
from codesteer_kernel.record import cut_middle

__all__ = ["condensed"]

_SHORTEST = 400


def condensed(messages: Sequence[Message]) -> tuple[Message, ...] | None:
    """A smaller form of ``messages``; None when there is no sensible one left.

    First the older half of the exchanges between the question and the newest turn gives way, in whole pairs, so that the
    roles still alternate; when no exchange is left, the longest text after the question is cut in the middle, to half its
    length. The question itself is never cut: one that does not fit is the user's to shorten.
    """
    first = next((place for place, one in enumerate(messages) if one.role == "user"), None)
    newest = next((place for place in range(len(messages) - 1, -1, -1) if messages[place].role == "user"), None)
    if first is None or newest is None:
        return None
    pairs = (newest - first) // 2
    if pairs > 0:
        dropped = 2 * ((pairs + 1) // 2)
        return (*messages[: first + 1], *messages[first + 1 + dropped :])
    after = range(first + 1, len(messages))
    if not after:
        return None
    longest = max(after, key=lambda place: len(messages[place].content))
    text = messages[longest].content
    if len(text) < 2 * _SHORTEST:
        return None
    return (
        *messages[:longest],
        replace(messages[longest], content=cut_middle(text, len(text) // 2)),
        *messages[longest + 1 :],
    )
