"""Exact arithmetic on written expressions: a small grammar, fractions, no evaluation of anything else."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from codesteer_kernel.symbench.problem import Refused

__all__ = ["Expression", "calculate", "plain"]

_TOKEN = re.compile(r"\s*([0-9]+|\*\*|//|[-+*/()])")
_CROSS = re.compile(r"(?<=[0-9)\]\s])[xX](?=[0-9(\[\s])")
_BRACKETS = str.maketrans("[]{}", "()()")
_RANK = {"+": 1, "-": 1, "*": 2, "/": 2}
_LONGEST_NUMBER = 60
_LONGEST_VALUE = 4000  # bits, of numerator and denominator


@dataclass(frozen=True, slots=True)
class Expression:
    """What was written: its exact value, its numbers in order, its tokens."""

    value: Fraction
    numbers: tuple[int, ...]
    tokens: tuple[str, ...]

    @property
    def text(self) -> str:
        """The expression without blanks."""
        return "".join(self.tokens)


def plain(text: str) -> str:
    """The expression with ``*``, ``/`` and round brackets for the other ways to write them."""
    for written, sign in ((r"\times", "*"), (r"\cdot", "*"), (r"\div", "/"), (r"\left", ""), (r"\right", "")):
        text = text.replace(written, sign)
    return _CROSS.sub("*", text).translate(_BRACKETS)


def calculate(text: str, *, signs: bool = False) -> Expression:
    """The exact value of whole numbers joined by ``+ - * /`` and round brackets.

    Args:
        text: the expression; blanks are free.
        signs: a minus may stand before a number or bracket.

    Raises:
        Refused: ``unreadable`` for anything else, ``rule:operator`` for powers and whole division, ``rule:division``
            for a division by zero, ``too_long`` for numbers beyond all use.
    """
    tokens = _tokens(text)
    values: list[Fraction] = []
    waiting: list[str] = []
    expects_value = True

    def apply() -> None:
        operator = waiting.pop()
        if operator == "negate":
            values.append(-values.pop())
            return
        right, left = values.pop(), values.pop()
        values.append(_OPERATIONS[operator](left, right))
        if max(values[-1].numerator.bit_length(), values[-1].denominator.bit_length()) > _LONGEST_VALUE:
            raise Refused("too_long", "The expression's values grow beyond all use.")

    for piece in tokens:
        if expects_value:
            if piece.isdigit():
                values.append(Fraction(int(piece)))
                expects_value = False
            elif piece == "(":
                waiting.append(piece)
            elif piece == "-" and signs:
                waiting.append("negate")
            else:
                raise Refused("unreadable", f"A number or a bracket was expected before {piece!r}.")
        elif piece in _RANK:
            while waiting and (waiting[-1] == "negate" or _RANK.get(waiting[-1], 0) >= _RANK[piece]):
                apply()
            waiting.append(piece)
            expects_value = True
        elif piece == ")":
            while waiting and waiting[-1] != "(":
                apply()
            if not waiting:
                raise Refused("unreadable", "A bracket closes that was never opened.")
            waiting.pop()
        else:
            raise Refused("unreadable", f"An operator was expected before {piece!r}.")
    if expects_value:
        raise Refused("unreadable", "The expression ends where a number was expected.")
    while waiting:
        if waiting[-1] == "(":
            raise Refused("unreadable", "A bracket is never closed.")
        apply()
    return Expression(values[0], tuple(int(piece) for piece in tokens if piece.isdigit()), tuple(tokens))


def _tokens(text: str) -> list[str]:
    found = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise Refused("unreadable", f"{text[position : position + 20].strip()!r} is not arithmetic.")
        piece = match[1]
        if piece in ("**", "//"):
            raise Refused("rule:operator", f"{piece} is not one of + - * /.")
        if len(piece) > _LONGEST_NUMBER:
            raise Refused("too_long", "A number is too long.")
        found.append(piece)
        position = match.end()
    return found


def _divide(left: Fraction, right: Fraction) -> Fraction:
    if right == 0:
        raise Refused("rule:division", "The expression divides by zero.")
    return left / right


_OPERATIONS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divide,
}
