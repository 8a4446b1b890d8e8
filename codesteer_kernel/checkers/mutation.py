"""Answers that are almost right, to find out whether a test notices: pure and repeatable."""

from __future__ import annotations

import re

__all__ = ["mutants"]

_NUMBER = re.compile(r"\d+")
_OPPOSITES = {
    "yes": "no",
    "no": "yes",
    "true": "false",
    "false": "true",
    "left": "right",
    "right": "left",
}
_LONGEST = 4_000


def mutants(answer: str) -> list[str]:
    """Up to three changed forms of ``answer``, each different from it: other numbers, another order, other letters.

    Any of them may happen to be right too; a test that accepts all of them tests nothing.
    """
    text = answer.strip()[:_LONGEST]
    found: list[str] = []
    if text.lower() in _OPPOSITES:
        found.append(_OPPOSITES[text.lower()])
    numbers = list(_NUMBER.finditer(text))
    if numbers:
        first, last = numbers[0], numbers[-1]
        found.append(_with(text, last, str(int(last[0][:18]) + 1)))
        found.append(_with(text, first, str(3 * int(first[0][:18]) + 7)))
    parts = re.split(r"(\s*[,;\n]\s*)", text)
    if len(parts) >= 5 and parts[0] != parts[2]:
        found.append("".join((parts[2], parts[1], parts[0], *parts[3:])))
    letters = [place for place, char in enumerate(text) if char.isalpha()]
    if letters and not numbers:
        place = letters[len(letters) // 2]
        found.append(text[:place] + ("x" if text[place].lower() != "x" else "y") + text[place + 1 :])
        found.append(f"not {text}")
    kept = [one for one in dict.fromkeys(found) if one.split() != text.split()]
    return kept[:3] or [f"{text} 1"]


def _with(text: str, found: re.Match[str], number: str) -> str:
    return text[: found.start()] + number + text[found.end() :]
