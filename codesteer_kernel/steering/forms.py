"""The form in which a question wants its answer, and bringing an answer into it. Pure, and careful: what is not certain stays.

Read by rule, never by a model (codesteer.md, D-16: a model that is told to repair a format can change the answer).
"""

from __future__ import annotations

import ast
import json
import re
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any, Literal

import msgspec

__all__ = ["Form", "asked_form", "shaped"]

Kind = Literal["free", "yes_no", "option", "decimals", "integer", "number", "json", "commas"]

_YES_NO = re.compile(r"\b(yes)\s*(?:/|or|,)\s*(no)\b|\b(true)\s*(?:/|or|,)\s*(false)\b", re.IGNORECASE)
_OPTIONS = re.compile(r"^[ \t]*\(([A-Z])\)|[ \t]\(([A-Z])\)[ \t]\S", re.MULTILINE)
_DECIMALS = re.compile(r"\b(\d{1,2}|one|two|three|four|five|six) decimals?\b(?: place)?", re.IGNORECASE)
_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_INTEGER = re.compile(r"(?<!not )\b(?:as|to|is|nearest|an?|whole) (?:an? )?(?:integer|whole number)\b", re.IGNORECASE)
_ONLY_NUMBER = re.compile(r"\b(?:only|just) (?:the|a|one|as an?) (?:\w+ )?number\b", re.IGNORECASE)
_JSON = re.compile(r"\bjson\b", re.IGNORECASE)
_COMMAS = re.compile(r"\bcomma[- ]separated\b|\bseparated by commas?\b", re.IGNORECASE)
_MARKED = re.compile(r"<<<[^<>]*>>>")
_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_LONGEST = 20_000
_EXACT = Context(prec=200, rounding=ROUND_HALF_UP)


class Form(msgspec.Struct, frozen=True):
    """What a question asks for.

    ``words`` are the two words of a yes-or-no question, or the letters of the options; ``places`` counts decimals;
    ``marked`` says that the answer is wanted between ``<<<`` and ``>>>``.
    """

    kind: Kind = "free"
    words: tuple[str, ...] = ()
    places: int = 0
    marked: bool = False


def asked_form(prompt: str) -> Form:
    """Read off ``prompt`` in which form it wants its answer; ``free`` where it does not say."""
    prompt = prompt[:_LONGEST]
    marked = bool(_MARKED.search(prompt))
    letters = tuple(dict.fromkeys(one or other for one, other in _OPTIONS.findall(prompt)))
    if len(letters) >= 2 and list(letters) == [chr(ord("A") + place) for place in range(len(letters))]:
        return Form("option", letters, marked=marked)
    if found := _DECIMALS.search(prompt):
        places = _WORDS.get(found[1].lower())
        return Form("decimals", places=int(found[1]) if places is None else places, marked=marked)
    if _JSON.search(prompt):
        return Form("json", marked=marked)
    if _COMMAS.search(prompt):
        return Form("commas", marked=marked)
    if found := _YES_NO.search(prompt):
        return Form("yes_no", tuple(word for word in found.groups() if word), marked=marked)
    if _INTEGER.search(prompt):
        return Form("integer", marked=marked)
    if _ONLY_NUMBER.search(prompt):
        return Form("number", marked=marked)
    return Form(marked=marked)


def shaped(answer: str, form: Form) -> str:
    """``answer`` in the form asked for; as it is where it does not plainly fit."""
    text = answer.strip()
    if len(text) > _LONGEST:
        return text
    half = text.endswith(">>>") and form.marked
    inner = text.removeprefix("<<<").removesuffix(">>>").strip() if text.startswith("<<<") or half else text
    match form.kind:
        case "yes_no":
            inner = _one_of(inner, form.words)
        case "option":
            inner = _option(inner, form.words)
        case "decimals":
            inner = _rounded(inner, form.places)
        case "integer":
            inner = _whole(inner)
        case "number":
            inner = _only_number(inner)
        case "json":
            inner = _json(inner)
        case "commas":
            inner = _commas(inner)
    return f"<<<{inner}>>>" if form.marked and inner and "<<<" not in inner else inner


def _one_of(text: str, words: tuple[str, ...]) -> str:
    said = [word for word in words if re.search(rf"\b{word}\b", text, re.IGNORECASE)]
    if not said and len(words) == 2 and text.lower() in ("true", "false", "1", "0"):
        # What a program prints for yes and no.
        return words[0] if text.lower() in ("true", "1") else words[1]
    return said[0] if len(said) == 1 else text


def _option(text: str, letters: tuple[str, ...]) -> str:
    said = list(dict.fromkeys(letter for letter in re.findall(r"\(([A-Z])\)", text) if letter in letters))
    bare = text.strip(" .():").upper()
    if not said and bare in letters:
        said = [bare]
    if not said and (opening := re.match(r"([A-Z])[).:]\s", text)) and opening[1] in letters:
        said = [opening[1]]
    return f"({said[0]})" if len(said) == 1 else text


def _number(text: str) -> Decimal | None:
    """The number that ``text`` is, or the only one it holds."""
    found = _NUMBER.findall(text)
    if len(found) != 1:
        return None
    try:
        number = Decimal(found[0].replace(",", ""))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 100 else None


def _rounded(text: str, places: int) -> str:
    number = _number(text)
    if number is None or places > 30:
        return text
    return f"{number.quantize(Decimal(1).scaleb(-places), context=_EXACT):f}"


def _whole(text: str) -> str:
    number = _number(text)
    return f"{number:.0f}" if number is not None and number == number.to_integral_value() else text


def _only_number(text: str) -> str:
    """The only number in a sentence; fractions, ratios and the like stay as they are."""
    found = _NUMBER.findall(text)
    return str(found[0]).replace(",", "") if len(found) == 1 and re.search(r"[a-z]{2}", text, re.IGNORECASE) else text


def _json(text: str) -> str:
    value = _literal(text)
    return text if value is None else json.dumps(value, ensure_ascii=False)


def _commas(text: str) -> str:
    value = _literal(text)
    return ", ".join(map(str, value)) if isinstance(value, list) else text


def _literal(text: str) -> Any:
    """The list or dictionary that ``text`` writes in Python or JSON; None for anything else."""
    if text[:1] not in "[({" or not text:
        return None
    try:
        value = ast.literal_eval(text)
        # As JSON would hold it: tuples and sets are lists, keys are text.
        plain = json.loads(json.dumps(sorted(value) if isinstance(value, (set, frozenset)) else value))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None
    return plain if isinstance(plain, (list, dict)) else None
