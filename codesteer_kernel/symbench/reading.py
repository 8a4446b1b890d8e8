"""Readers of answers: any sensible layout in, typed values out, never an evaluation of text.

Each reader takes the extracted answer (bounded by :attr:`Task.longest`) and either returns values or raises
:class:`Refused` with ``unreadable`` or ``wrong_shape``. All of them read the whole text: what they cannot place is a
fault, not noise, so ``1, 2, 3 or maybe 4`` is no list of numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import TypeVar

from codesteer_kernel.symbench.problem import Refused

__all__ = [
    "choice",
    "grid",
    "integer",
    "integers",
    "lines",
    "number",
    "numbers",
    "pairs",
    "points",
    "spelled",
    "tidy",
    "tokens",
    "word",
    "words",
]

T = TypeVar("T")

# Signs that people and models write for the plain ones: dashes, times, division, quotes, blanks, full-width forms.
_PLAIN = {
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-"),
    **dict.fromkeys(map(ord, "\u00d7\u00b7\u2217\u22c5\u2715"), "*"),
    **dict.fromkeys(map(ord, "\u00f7\u2215\u2044"), "/"),
    **dict.fromkeys(map(ord, "\u2018\u2019\u2032"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u2033"), '"'),
    **dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000"), " "),
    **dict.fromkeys(map(ord, "\u200b\u200c\u200d\ufeff\u2060"), None),
    **{full: chr(full - 0xFEE0) for full in range(0xFF01, 0xFF5F)},
}
_LABEL = re.compile(
    r"\W{0,4}(?:(?:so|thus|therefore|hence),?\s+)?(?:(?:the|my)\s+)?(?:(?:final|correct|resulting)\s+)?"
    r"(?:answer|result|solution|output)\b(?:\*\*)?\s*(?:(?:is|are)\b)?\s*[:=]?(?:\*\*(?=\s))?\s*(?=\S)",
    re.IGNORECASE,
)
_WRAPPINGS = (("$$", "$$"), ("$", "$"), ("**", "**"), ("`", "`"), ("\\boxed{", "}"), ("\\(", "\\)"), ("\\[", "\\]"))
_TOKEN = re.compile(r"[^\s,;|\[\](){}\"'`]+")
_WHOLE = re.compile(r"[-+]?[0-9]+(?:\.0*)?")
_GROUPED = re.compile(r"[-+]?[0-9]{1,3}(?:([, _'])[0-9]{3})(?:\1[0-9]{3})*(?:\.0*)?")
_DECIMAL = re.compile(r"([-+]?)(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))(?:[eE]([-+]?[0-9]{1,3}))?")
_ROW = re.compile(r"[\[({]([^\[\](){}]*)[\])}]")
_NUMBERED = re.compile(r"^(?:[-*\u2022]\s+|\(?[0-9]{1,4}[.):]\s+)")
_RULER = frozenset("-+=|: \t")
_MOST_DIGITS = 2000


def tidy(text: str) -> str:
    """The answer in plain signs, without a label in front ("The answer is:"), ``$`` or ``**`` around, a full stop behind."""
    if not text.isascii():
        text = text.translate(_PLAIN)
    text = text.strip()
    label = _LABEL.match(text[:200])
    if label is not None:
        text = text[label.end() :]
    while True:
        bare = _unwrapped(text.strip())
        if bare.endswith(".") and not bare.endswith(".."):
            bare = bare[:-1]
        if bare == text:
            return bare
        text = bare


def tokens(text: str) -> list[str]:
    """The text cut at blanks, commas, semicolons, bars, brackets and quotes."""
    return _TOKEN.findall(text)


def words(text: str, count: int | None = None) -> list[str]:
    """The tokens of a list; ``count`` of them where it is given."""
    found = tokens(text)
    if not found:
        raise Refused("unreadable", "There is nothing to read in the answer.")
    return _counted(found, count)


def word(text: str) -> str:
    """The one token of the answer, quotes and brackets removed."""
    found = tokens(text)
    if len(found) != 1:
        raise Refused("unreadable" if not found else "wrong_shape", f"One word was expected, {len(found)} found.")
    return found[0]


def integer(text: str) -> int:
    """One whole number: signs, thousands marks (comma, blank, underscore, apostrophe) and ``.0`` are understood.

    Of an equation (``3*4 = 12``) the right side counts.
    """
    text = text.rpartition("=")[2].strip().strip("\"'`[](){} \t\n")
    if _WHOLE.fullmatch(text):
        return _int(text.partition(".")[0])
    if _GROUPED.fullmatch(text):
        return _int(re.sub(r"[, _']", "", text.partition(".")[0]))
    raise Refused("unreadable", f"{_short(text)} is not one whole number.")


def integers(text: str, count: int | None = None) -> list[int]:
    """A list of whole numbers in any layout; ``count`` of them where it is given."""
    found = tokens(text)
    if not found:
        raise Refused("unreadable", "There are no numbers in the answer.")
    values = []
    for token in found:
        if not _WHOLE.fullmatch(token):
            raise Refused("unreadable", f"{_short(token)} is not a whole number.")
        values.append(_int(token.partition(".")[0]))
    return _counted(values, count)


def number(text: str) -> Fraction:
    """One number, exactly: whole, decimal, with an exponent, or ``a/b``; thousands marks are understood.

    Of an equation the right side counts.
    """
    text = text.rpartition("=")[2].strip().strip("\"'`[](){} \t\n")
    if _GROUPED.match(text):
        text = re.sub(r"(?<=[0-9])[, _'](?=[0-9]{3})", "", text)
    return _fraction(text)


def numbers(text: str, count: int | None = None) -> list[Fraction]:
    """A list of numbers, exactly, each whole, decimal or ``a/b``; ``count`` of them where it is given."""
    found = tokens(text)
    if not found:
        raise Refused("unreadable", "There are no numbers in the answer.")
    return _counted([_fraction(token) for token in found], count)


def grid(text: str, height: int, width: int) -> list[list[str]]:
    """A table of tokens, ``height`` rows of ``width``.

    A row a line (rulers between them are passed over), rows in brackets, one flat list, a cell a line, letters of a row or of
    the whole table in one piece.
    """
    if "--" in text or "==" in text:
        text = "\n".join(line for line in text.splitlines() if len(line) < 2 or not _RULER.issuperset(line))
    inner = _ROW.findall(text)
    rows = [tokens(row) for row in (inner if len(inner) == height and height > 1 else text.splitlines())]
    rows = [row for row in rows if row]
    flat = [token for row in rows for token in row]
    if not flat:
        raise Refused("unreadable", "There is nothing to read in the answer.")
    if len(flat) == 1 and len(flat[0]) == height * width:
        flat, rows = list(flat[0]), [list(flat[0])]
    elif len(rows) == height and width > 1 and all(len(row) == 1 for row in rows):
        rows = [list(row[0]) for row in rows]
    if len(flat) == height * width and len(rows) in (1, len(flat)):
        return [flat[at : at + width] for at in range(0, len(flat), width)]
    if len(rows) != height:
        told = f"{len(rows)} rows, {len(flat)} cells found"
        raise Refused("wrong_shape", f"{height} rows of {width} were expected; {told}.")
    for at, row in enumerate(rows, 1):
        if len(row) != width:
            raise Refused("wrong_shape", f"Row {at} holds {len(row)} cells, {width} were expected.")
    return rows


def spelled(rows: Sequence[Sequence[str]]) -> str:
    """A table as text that :func:`grid` reads: a row a line, commas between the cells."""
    return "\n".join(",".join(row) for row in rows)


def pairs(text: str) -> list[tuple[int, int]]:
    """Pairs of whole numbers: ``0 1, 2 3``, ``(0, 1) (2, 3)``, ``[[0,1],[2,3]]`` or a pair a line."""
    return [(left, right) for left, right in _twos(integers(text), text)]


def points(text: str) -> list[tuple[Fraction, Fraction]]:
    """Points in the plane, exactly, laid out as :func:`pairs` are."""
    return [(left, right) for left, right in _twos(numbers(text), text)]


def choice(text: str, options: Sequence[str]) -> str:
    """Which of some words was chosen, without regard to case: ``yes``, ``(Yes)``, ``"yes"``.

    An option's letter may be followed by its text: of options A, B, C the answer ``(B) 05/01/2021`` is B.
    """
    spelled = {option.casefold(): option for option in options}
    bare = text.strip().strip("\"'`()[]{}<>.:* \t\n").casefold()
    if bare in spelled:
        return spelled[bare]
    lead = re.match(r"\s*[(\[]?\s*([A-Za-z0-9]+)\s*[)\]:.](?=\s|$)", text)
    if lead is not None and lead[1].casefold() in spelled:
        return spelled[lead[1].casefold()]
    raise Refused("unreadable", f"{_short(text)} is not one of {', '.join(options)}.")


def lines(text: str) -> list[str]:
    """The lines that hold something, without numbering, bullets and a full stop behind."""
    kept = []
    for line in text.splitlines():
        bare = _NUMBERED.sub("", line.strip()).strip().rstrip(".;,").strip()
        if bare:
            kept.append(bare)
    return kept


def _unwrapped(text: str) -> str:
    """Without one pair of signs that only say how the answer shall look; never across lines."""
    for left, right in _WRAPPINGS:
        inside = text[len(left) : -len(right)]
        if inside and text.startswith(left) and text.endswith(right) and "\n" not in inside and left not in inside:
            balanced = right != "}" or inside.count("{") == inside.count("}")
            return inside if balanced else text
    return text


def _twos(values: list[T], text: str) -> list[tuple[T, T]]:
    if len(values) % 2:
        raise Refused("wrong_shape", f"Pairs were expected, {len(values)} numbers found.")
    for part in _ROW.findall(text):
        if len(tokens(part)) % 2:
            raise Refused("wrong_shape", f"{_short(part)} is not a pair.")
    return list(zip(values[::2], values[1::2], strict=True))


def _counted(values: list[T], count: int | None) -> list[T]:
    if count is not None and len(values) != count:
        raise Refused("wrong_shape", f"{count} values were expected, {len(values)} found.")
    return values


def _int(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise Refused("too_long", f"A number of {len(digits)} digits is beyond all use.")
    return int(digits)


def _fraction(text: str) -> Fraction:
    over, slash, under = text.partition("/")
    top = _decimal(over.strip())
    if not slash:
        return top
    bottom = _decimal(under.strip())
    if bottom == 0:
        raise Refused("unreadable", f"{_short(text)} divides by zero.")
    return top / bottom


def _decimal(text: str) -> Fraction:
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise Refused("unreadable", f"{_short(text)} is not a number.")
    sign, whole, tail, bare_tail, exponent = match.groups()
    tail = tail or bare_tail or ""
    value = Fraction(_int((whole or "") + tail), 10 ** len(tail)) * Fraction(10) ** int(exponent or 0)
    return -value if sign == "-" else value


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
