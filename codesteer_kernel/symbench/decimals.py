"""Numbers that may be rounded: what a written number says, and whether it says a given value."""

from __future__ import annotations

import re
from fractions import Fraction

from codesteer_kernel.symbench.reading import number

__all__ = ["agrees", "shown"]

_PLAIN = re.compile(r"[-+]?(?:[0-9]{1,300}(?:\.([0-9]{0,300}))?|\.([0-9]{1,300}))")
_CLOSE = 1e-6
# Below this size, floats are exact to far more than _CLOSE.
_SMALL = 1_000_000


def agrees(token: str, value: Fraction | int, places: int, over: int = 1) -> bool:
    """Whether a written number says ``value / over``: within 1e-6, or rounded rightly to at least ``places`` places.

    Raises:
        Refused: the text is not a number.
    """
    if over == 1 and token == str(value):
        return True
    plain = _PLAIN.fullmatch(token)
    if plain is not None and -_SMALL * over < value < _SMALL * over:
        gap = abs(float(token) - float(value) / over)
    else:
        # Compared exactly first: the gap of two huge numbers must not vanish in a float.
        exact = abs(number(token) - Fraction(value, over))
        gap = float(exact) if exact < 1 else 1.0
    if gap <= _CLOSE:
        return True
    digits = len(plain[1] or plain[2] or "") if plain is not None else 0
    return digits >= places and gap <= 0.5000001 * 0.1**digits


def shown(value: Fraction, places: int) -> str:
    """A value as one would write it: whole, an exact decimal, or rounded to ``places``."""
    if value.denominator == 1:
        return str(value.numerator)
    scaled = value * 10**places
    text = f"{round(scaled):0{places + 2 if scaled < 0 else places + 1}d}"
    written = f"{text[:-places]}.{text[-places:]}"
    return written.rstrip("0") if scaled.denominator == 1 else written
