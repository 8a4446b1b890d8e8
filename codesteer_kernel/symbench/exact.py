r"""Exact values of school mathematics - fractions, square roots, powers of pi - and the reader of answers in any notation.

A value is a sum of terms ``q * sqrt(n) * pi**k`` with a fraction q and n without square factors; so two values are equal
exactly where their terms are. Written answers are read by a small grammar, never evaluated: ``3/4``, ``0.75``,
``\frac{3}{4}``, ``1 1/2``, ``2\sqrt{3}``, ``2*sqrt(3)``, ``12\pi``, ``64 - 16 pi``, ``50%``, ``30^\circ``, ``17.5 cm``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import comb, factorial, gcd, isqrt

from codesteer_kernel.symbench.problem import Refused

__all__ = ["PI", "Answer", "Exact", "exact", "read_answer", "read_value", "root", "same"]

_MOST_TERMS = 24
_MOST_BITS = 8000
_MOST_RADICAND = 10**15
_MOST_READ = 10**12
_MOST_UNDER = 10**8
_MOST_DEPTH = 25
_MOST_ROOTS = 20


@dataclass(frozen=True, slots=True)
class Exact:
    """A sum of terms; ``terms`` maps (radicand, power of pi) to a coefficient that is not zero."""

    terms: Mapping[tuple[int, int], Fraction]

    def __add__(self, other: Exact | Fraction | int) -> Exact:
        terms = dict(self.terms)
        for key, factor in exact(other).terms.items():
            terms[key] = terms.get(key, Fraction(0)) + factor
        return _made(terms)

    def __neg__(self) -> Exact:
        return Exact({key: -factor for key, factor in self.terms.items()})

    def __sub__(self, other: Exact | Fraction | int) -> Exact:
        return self + -exact(other)

    def __mul__(self, other: Exact | Fraction | int) -> Exact:
        terms: dict[tuple[int, int], Fraction] = {}
        for (left, low), factor in self.terms.items():
            for (right, high), by in exact(other).terms.items():
                shared = gcd(left, right)
                key = (left // shared * (right // shared), low + high)
                terms[key] = terms.get(key, Fraction(0)) + factor * by * shared
        return _made(terms)

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: Fraction | int) -> Exact:
        return exact(other) - self

    def __truediv__(self, other: Exact | Fraction | int) -> Exact:
        over, under = self, exact(other)
        if not under.terms:
            raise Refused("unreadable", "The answer divides by zero.")
        # A sum of roots is made rational by its conjugates, prime by prime.
        while len(under.terms) > 1:
            largest = max(radicand for radicand, _ in under.terms)
            prime = _smallest_factor(largest) if 1 < largest <= _MOST_UNDER else 0
            if not prime:
                raise Refused("unreadable", "The answer divides by a sum that cannot be divided by here.")
            other_sign = Exact({key: -q if key[0] % prime == 0 else q for key, q in under.terms.items()})
            over, under = over * other_sign, under * other_sign
        [((radicand, power), factor)] = under.terms.items()
        return over * Exact({(radicand, -power): 1 / (factor * radicand)})

    def power(self, exponent: int) -> Exact:
        """A whole power, bounded in size."""
        if abs(exponent) > 2000:
            raise Refused("too_long", "The answer holds a power beyond all use.")
        if exponent < 0:
            return exact(1) / self.power(-exponent)
        result, base = exact(1), self
        while exponent:
            if exponent & 1:
                result = result * base
            exponent >>= 1
            if exponent:
                base = base * base
        return result

    @property
    def fraction(self) -> Fraction | None:
        """The value as a fraction, where it is one."""
        if not self.terms:
            return Fraction(0)
        return self.terms.get((1, 0)) if len(self.terms) == 1 else None

    def __str__(self) -> str:
        parts = []
        for (radicand, power), factor in sorted(self.terms.items(), key=lambda term: (term[0][1], term[0][0])):
            signs = [f"sqrt({radicand})"] if radicand > 1 else []
            if power:
                signs.append("pi" if power == 1 else f"pi^({power})" if power < 0 else f"pi^{power}")
            if abs(factor.numerator) != 1 or not signs:
                signs.insert(0, str(abs(factor.numerator)))
            under = f"/{factor.denominator}" if factor.denominator > 1 else ""
            parts.append(("-" if factor < 0 else "+") + "*".join(signs) + under)
        return "".join(parts).removeprefix("+") or "0"


def exact(value: Exact | Fraction | int) -> Exact:
    """A plain number as an exact value; an exact value as it is."""
    if isinstance(value, Exact):
        return value
    return Exact({(1, 0): Fraction(value)} if value else {})


def root(value: Fraction | int) -> Exact:
    """The square root of a fraction that is not negative.

    Raises:
        Refused: it is negative, or too large to be taken apart.
    """
    value = Fraction(value)
    if value < 0:
        raise Refused("unreadable", "The answer holds the root of a negative number.")
    if not value:
        return exact(0)
    over, top = _square_free(value.numerator)
    under, bottom = _square_free(value.denominator)
    return Exact({(top * bottom, 0): Fraction(over, under * bottom)})


PI = Exact({(1, 1): Fraction(1)})


def _made(terms: Mapping[tuple[int, int], Fraction]) -> Exact:
    kept = {key: factor for key, factor in terms.items() if factor}
    if len(kept) > _MOST_TERMS:
        raise Refused("too_long", "The answer is a sum beyond all use.")
    for factor in kept.values():
        if max(factor.numerator.bit_length(), factor.denominator.bit_length()) > _MOST_BITS:
            raise Refused("too_long", "The answer's numbers are beyond all use.")
    return Exact(kept)


@lru_cache(maxsize=4096)
def _square_free(number: int) -> tuple[int, int]:
    """``(a, b)`` with ``number = a * a * b`` and b without square factors."""
    whole = isqrt(number)
    if whole * whole == number:
        return whole, 1
    if number > _MOST_RADICAND:
        raise Refused("too_long", "The answer holds the root of a number beyond all use.")
    outside, radicand, factor = 1, 1, 2
    while factor * factor * factor <= number:
        times = 0
        while number % factor == 0:
            number //= factor
            times += 1
        outside *= factor ** (times // 2)
        radicand *= factor ** (times % 2)
        factor += 1 if factor == 2 else 2
    # What is left has at most two prime factors.
    whole = isqrt(number)
    return (outside * whole, radicand) if whole * whole == number else (outside, radicand * number)


def _smallest_factor(number: int) -> int:
    factor = 2
    while factor * factor <= number:
        if number % factor == 0:
            return factor
        factor += 1
    return number


# ------------------------------------------------------------------------------------------------------------ reading


@dataclass(frozen=True, slots=True)
class Answer:
    """What was read: values, or text where it is no mathematics.

    Attributes:
        kind: ``value``, ``tuple`` (ordered, in brackets), ``list`` (values parted by commas, without brackets) or ``text``.
        values: one value, or several.
        brackets: the two brackets of a tuple.
        percent: a percent sign stood behind the value.
        text: the folded text of ``text``.
    """

    kind: str
    values: tuple[Exact, ...] = ()
    brackets: str = ""
    percent: bool = False
    text: str = ""

    def __str__(self) -> str:
        if self.kind == "text":
            return self.text
        inside = ", ".join(map(str, self.values)) + ("%" if self.percent else "")
        return f"{self.brackets[0]}{inside}{self.brackets[1]}" if self.kind == "tuple" else inside


def same(found: Answer, right: Answer, *, interval: bool = False) -> bool:
    """Whether an answer says what the right one says.

    Percent signs are read as the right answer has them; the brackets of a pair count only for intervals; a list without
    brackets is the pair in that order, and a set where the right answer is a list.
    """
    if "text" in (found.kind, right.kind):
        return found.kind == right.kind and found.text == right.text
    if len(found.values) != len(right.values):
        return False
    if right.kind == "value":
        if found.kind != "value":
            return False
        if found.percent and not right.percent:
            share = right.values[0].fraction
            # "25%" is a quarter; of a number asked for in percent, it is 25.
            as_written = share is None or abs(share) >= 1
            return found.values[0] / 100 == right.values[0] or (as_written and found.values == right.values)
        return found.values == right.values
    if right.kind == "list":
        return sorted(map(str, found.values)) == sorted(map(str, right.values))
    if interval and found.brackets != right.brackets:
        return False
    return found.values == right.values


_SIGNS = (
    (re.compile(r"\\!"), ""),
    (re.compile(r"\\(?:left|right|displaystyle|limits|[,;: ])"), " "),
    (re.compile(r"\\[dtc]frac"), r"\\frac"),
    (re.compile(r"\\dbinom|\\tbinom"), r"\\binom"),
    (re.compile(r"\\cdot|\\times|\\ast"), "*"),
    (re.compile(r"\\div"), "/"),
    (re.compile(r"\\pi(?![a-z])|\u03c0"), " pi "),
    (re.compile(r"\u221a"), " sqrt "),
    (re.compile(r"\u00b2"), "^2"),
    (re.compile(r"\u00b3"), "^3"),
    (re.compile(r"\*\*"), "^"),
    (re.compile(r"\u00bd"), " 1/2"),
    (re.compile(r"\u00bc"), " 1/4"),
    (re.compile(r"\u00be"), " 3/4"),
    (re.compile(r"\^\s*\{?\s*\\circ\s*\}?|\\circ|\u00b0|\\degree"), " "),
    (re.compile(r"\{,\}"), ","),
    (re.compile(r"\\?%"), "%"),
    (re.compile(r"\\?\$|\u20ac|\u00a3"), " "),
    (re.compile(r"~"), " "),
    (re.compile(r"\\(?:text|mbox|textrm|mathrm|textbf|mathbf|textit)\s*\{([^{}]*)\}"), r" \1 "),
    (re.compile(r"\\frac\s*([0-9])\s*([0-9])"), r"\\frac{\1}{\2}"),
    (re.compile(r"\\frac\s*([0-9])\s*\{"), r"\\frac{\1}{"),
    (re.compile(r"(\\frac\s*\{[^{}]*\})\s*([0-9])"), r"\1{\2}"),
    (
        re.compile(r"(?<![0-9.^/])([0-9]{1,9})\s*\\frac\s*\{\s*([0-9]{1,9})\s*\}\s*\{\s*([0-9]{1,9})\s*\}"),
        r"(\1+\2/\3)",
    ),
    (re.compile(r"(?<![0-9.^/])([0-9]{1,9})\s+([0-9]{1,9})\s*/\s*([0-9]{1,9})(?![0-9.])"), r"(\1+\2/\3)"),
)
_UNIT = re.compile(r"[\s/]*(?<![A-Za-z\\])([A-Za-z]+)\.?(?:\s*\^\s*\{?[23]\}?)?\s*$")
_NO_UNITS = frozenset(
    [
        "pi",
        "sqrt",
        "frac",
        "binom",
        "or",
        "and",
        "not",
        "nor",
        "if",
        "hundred",
        "thousand",
        "million",
        "billion",
        "trillion",
        "dozen",
        "about",
        "approximately",
        "x",
        "y",
        "z",
        "n",
        "k",
        "r",
        "a",
        "b",
        "e",
        "i",
    ]
)
_SIMPLE = re.compile(r"[-+*/(). ,0-9a-z]*")
_MIXED = re.compile(r"[0-9] +[0-9]")
_GROUPED = re.compile(r"(?<![0-9.,])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9,])")
_TOKEN = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+|\\?[A-Za-z]+|[-+*/^!(){}\[\]])")
_NAMES = {
    "sqrt": "sqrt",
    "\\sqrt": "sqrt",
    "pi": "pi",
    "\\frac": "frac",
    "frac": "frac",
    "\\binom": "binom",
    "binom": "binom",
}
_ENDS = {"(": ")", "[": "]", "{": "}"}


@lru_cache(maxsize=2048)
def read_answer(text: str, *, words: bool = True) -> Answer:
    """Read an answer: a value, a tuple in brackets, a list, or - where ``words`` allows it - text.

    Raises:
        Refused: it is none of these, or beyond all use.
    """
    plain = _plain(text)
    try:
        return _structured(plain)
    except Refused as refusal:
        folded = re.sub(r"[^a-z0-9^_+\-*/=<>]", "", plain.casefold())
        if not words or not folded or refusal.code == "too_long":
            raise
        return Answer("text", text=folded)


def read_value(text: str) -> Exact:
    """Read one value.

    Raises:
        Refused: ``unreadable`` for what is none, ``too_long`` for what is beyond all use.
    """
    text = _GROUPED.sub(lambda match: match[0].replace(",", ""), _plain(text))
    return _Reader(text.strip()).whole()


def _plain(text: str) -> str:
    """The text in plain signs; most answers are written in them already."""
    if _SIMPLE.fullmatch(text) and "**" not in text and not _MIXED.search(text):
        return text.strip()
    for pattern, sign in _SIGNS:
        text = pattern.sub(sign, text)
    return text.strip()


def _structured(text: str) -> Answer:
    if text.count("=") == 1 and re.fullmatch(r"\s*\\?[A-Za-z][A-Za-z0-9_ ]{0,12}\s*", text.partition("=")[0]):
        text = text.partition("=")[2].strip()
    if text[:1] in ("(", "[") and text[-1:] in (")", "]") and _closes(text):
        parts = _parts(text[1:-1])
        if len(parts) > 1:
            return Answer("tuple", tuple(map(_value, parts)), text[0] + text[-1])
    inner = (
        text[1:-1]
        if text[:1] == "{" and text[-1:] == "}" and _closes(text)
        else text.removeprefix("\\{").removesuffix("\\}")
    )
    inner = _GROUPED.sub(lambda match: match[0].replace(",", ""), inner)
    parts = _parts(re.sub(r"\s+and\s+", ",", inner))
    if len(parts) > 1:
        return Answer("list", tuple(map(_value, parts)))
    bare = _without_units(inner)
    percent = bare.endswith("%") or bool(re.search(r"[0-9\s]percent$", inner))
    return Answer("value", (_Reader(bare.removesuffix("%").strip()).whole(),), percent=percent)


def _value(text: str) -> Exact:
    return _Reader(_without_units(text)).whole()


def _without_units(text: str) -> str:
    """The text without a unit behind it: a few words, none of which means anything else."""
    bare = text.strip()
    for _ in range(4):
        match = _UNIT.search(bare, max(0, len(bare) - 40))
        if match is None or match.start() == 0 or match[1].casefold() in _NO_UNITS:
            break
        bare = bare[: match.start()]
    return bare


def _closes(text: str) -> bool:
    """Whether the first bracket is closed by the last sign only; an interval's two brackets may differ."""
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0:
            return at == len(text) - 1
    return False


def _parts(text: str) -> list[str]:
    """Cut at commas and semicolons outside of brackets."""
    parts, depth, start = [], 0, 0
    for at, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if sign in ",;" and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    return parts


class _Reader:
    """A reader of one expression, from left to right, bounded in depth."""

    def __init__(self, text: str) -> None:
        self._tokens: Sequence[str] = _cut(text)
        self._at = 0
        self._depth = 0
        self._roots = 0

    def whole(self) -> Exact:
        value = self._sum()
        if self._at < len(self._tokens):
            raise Refused("unreadable", f"{self._next()[:20]!r} was not expected there.")
        return value

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, sign: str) -> None:
        if self._next() != sign:
            raise Refused("unreadable", f"{sign!r} was expected in the answer.")
        self._at += 1

    def _sum(self) -> Exact:
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise Refused("too_long", "The answer's brackets are nested beyond all use.")
        negative = False
        while self._next() in ("+", "-"):
            negative ^= self._next() == "-"
            self._at += 1
        value = -self._product() if negative else self._product()
        while self._next() in ("+", "-"):
            sign = self._next()
            self._at += 1
            value = value + self._product() if sign == "+" else value - self._product()
        self._depth -= 1
        return value

    def _product(self) -> Exact:
        value = self._power()
        while True:
            sign = self._next()
            if sign in ("*", "/"):
                self._at += 1
                negative = self._next() == "-"
                self._at += negative
                factor = self._power()
                factor = -factor if negative else factor
                value = value * factor if sign == "*" else value / factor
            elif sign in _NAMES or sign in ("(", "{"):
                value = value * self._power()
            else:
                return value

    def _power(self) -> Exact:
        value = self._atom()
        while self._next() in ("^", "!"):
            sign = self._next()
            self._at += 1
            if sign == "!":
                value = exact(factorial(_small(value, 300)))
                continue
            negative = self._next() == "-"
            self._at += negative
            exponent = self._atom().fraction
            if self._next() == "^":
                raise Refused("unreadable", "A power of a power needs brackets.")
            exponent = None if exponent is None else -exponent if negative else exponent
            if exponent == Fraction(1, 2):
                value = self._square_root(value)
            elif exponent is not None and exponent.denominator == 1:
                value = value.power(exponent.numerator)
            else:
                raise Refused("unreadable", "A power in the answer is not a whole number.")
        return value

    def _atom(self) -> Exact:
        piece = self._next()
        self._at += 1
        if piece[:1].isdigit() or piece[:1] == ".":
            return exact(_decimal(piece))
        if piece in ("(", "{", "["):
            value = self._sum()
            self._take(_ENDS[piece])
            return value
        name = _NAMES.get(piece)
        if name == "pi":
            return PI
        if name == "sqrt":
            return self._root()
        if name in ("frac", "binom"):
            over, under = self._group(), self._group()
            return over / under if name == "frac" else exact(comb(_small(over, 400), _small(under, 400)))
        raise Refused(
            "unreadable", f"{piece[:20]!r} is no part of a number." if piece else "The answer ends too early."
        )

    def _group(self) -> Exact:
        self._take("{")
        value = self._sum()
        self._take("}")
        return value

    def _root(self) -> Exact:
        order = 2
        if self._next() == "[":
            self._at += 1
            order = _small(self._sum(), 20)
            self._take("]")
        inside = self._atom()
        if order == 2:
            return self._square_root(inside)
        if inside.fraction is None:
            raise Refused("unreadable", "The answer holds the root of something that is no fraction.")
        return exact(_whole_root(inside.fraction, order))

    def _square_root(self, value: Exact) -> Exact:
        inside = value.fraction
        if inside is None:
            raise Refused("unreadable", "The answer holds the root of something that is no fraction.")
        self._roots += 1
        if self._roots > _MOST_ROOTS or max(inside.numerator, inside.denominator) > _MOST_READ:
            raise Refused("too_long", "The answer holds roots beyond all use.")
        return root(inside)


def _cut(text: str) -> list[str]:
    found = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise Refused("unreadable", f"{text[position : position + 20].strip()!r} is no part of a number.")
        found.append(match[1])
        position = match.end()
    return found


def _decimal(text: str) -> Fraction:
    if len(text) > 1000:
        raise Refused("too_long", "A number in the answer is too long.")
    whole, _, tail = text.partition(".")
    return Fraction(int(f"{whole}{tail}"), 10 ** len(tail))


def _small(value: Exact, most: int) -> int:
    number = value.fraction
    if number is None or number.denominator != 1 or not 0 <= number <= most:
        raise Refused("unreadable", "A number in the answer does not fit where it stands.")
    return number.numerator


def _whole_root(value: Fraction, order: int) -> Fraction:
    """The root of a fraction, where it is one itself."""
    if order < 1 or value < 0:
        raise Refused("unreadable", "A root in the answer cannot be read.")
    tops = []
    for number in (value.numerator, value.denominator):
        found = round(number ** (1 / order)) if number < 10**15 else 0
        if found**order != number:
            raise Refused("unreadable", "A root in the answer has no exact value here.")
        tops.append(found)
    return Fraction(*tops)
