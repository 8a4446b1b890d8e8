"""Replies that go round in circles. Small models fall into saying the same few lines until their tokens are used up.

Of 117 retries of the 0.5B on a slice of SymBench (docs/results/half-billion.md) 39 ended so, and 60 held nothing but comments.
Pure, and bounded: only the end of a text is looked at, whatever its length.
"""

from __future__ import annotations

__all__ = ["EVERY_CHARS", "UNFINISHED", "circle", "without_circles"]

UNFINISHED = ("length", "repetition")
"""Why a reply stopped that has no proper end: its tokens were used up, or it was cut off going round in circles."""

EVERY_CHARS = 200
"""A stream is looked at each time that so much was added to it."""

# A circle is certain after five rounds and six hundred characters. What it repeats must hold words: rows of a grid or
# of numbers may be equal.
_ROUNDS = 5
_SPAN = 600
_SHORTEST, _LONGEST = 12, 400
_LETTERS = 8
_KEY = 32
_WINDOW = _LONGEST * _ROUNDS + _SPAN


def circle(text: str) -> int | None:
    """Return the length of the piece that the end of ``text`` repeats without end, or None."""
    if len(text) < _SPAN:
        return None
    tail = text[-_WINDOW:]
    key = tail[-_KEY:]
    place = len(tail) - _KEY
    while (place := tail.rfind(key, 0, place + _KEY - 1)) >= 0:
        period = len(tail) - _KEY - place
        if period > _LONGEST:
            return None
        span = max(_SPAN, _ROUNDS * period)
        if len(tail) >= span and tail[-span:-period] == tail[period - span :]:
            words = period >= _SHORTEST and sum(map(str.isalpha, tail[-period:])) >= _LETTERS
            return period if words else None
    return None


def without_circles(text: str) -> str:
    """``text`` with the piece that its end repeats said once; a model that reads its own circles goes on in them."""
    period = circle(text)
    if period is None:
        return text
    begin = len(text) - period
    while begin > 0 and text[begin - 1] == text[begin - 1 + period]:
        begin -= 1
    return text[: begin + period]
