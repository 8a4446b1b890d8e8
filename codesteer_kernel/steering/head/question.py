"""What can be read off a question by rule, and off a model's probabilities, as named numbers. Pure and bounded.

Names that begin with ``q.`` are facts of the question (from -1 to 1), those with ``r.`` are of the model's read-out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from zlib import crc32

from codesteer_kernel.steering.forms import asked_form

__all__ = ["LOWEST", "question_facts", "readout_facts", "readout_of"]

LOWEST = -40.0
"""No log-probability is taken to be lower."""

_LONGEST = 20_000
_BUCKETS = 32
_FORMS = ("free", "yes_no", "option", "decimals", "integer", "number", "json", "commas")
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?")
_WORD = re.compile(r"[^\W\d_]+(?:'[a-z]+)?")
_GRID = re.compile(r"^[ \t]*\S{1,4}(?:[ \t,|]+\S{1,4}){2,}[ \t]*$", re.MULTILINE)
_ITEM = re.compile(r"^[ \t]*(?:[-*•]|\(?\w{1,2}[).:])[ \t]+\S", re.MULTILINE)
_SIGN = re.compile(r"(?<=[\d)\s])[-+*/^%\u00d7\u00f7=](?=[\d(\s])")
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+")
# Word fields: what kinds of work a question speaks of.
_FIELDS = {
    "count": "count counts many number times letters occurrences often frequency",
    "compute": "sum product calculate compute multiply add divide total average percent price cost result value",
    "chance": "probability ways arrangements permutations combinations choose dice cards",
    "search": "minimum maximum shortest longest least most fewest optimal arrange assign schedule path obtain reach",
    "order": "first last before after between left right above below next order sorted rank older taller",
    "logic": "true truth lies lie false if then either neither not all some every implies says",
    "space": "north south east west turn step steps forward backward move moves grid row column position facing",
    "time": "day days date month year week yesterday tomorrow today ago monday born time hour hours",
    "edit": "string letter word insert replace delete reverse swap substring character characters text list",
    "program": "python code program function algorithm json print output",
    "tell": "why explain describe meaning who whom opinion think summarise summarize write story name",
}
_FIELD_OF = {word: field for field, words in _FIELDS.items() for word in words.split()}


def question_facts(text: str) -> dict[str, float]:
    """Facts of a question: sizes, numbers, lists, grids, the asked form, kinds of words, hashed words.

    Args:
        text: the question as the steerer is told it; what is beyond 20,000 characters is not looked at.

    Returns:
        the same names for every text; every value from -1 to 1.
    """
    text = text[:_LONGEST]
    words = [word.lower() for word in _WORD.findall(text)]
    numbers = _NUMBER.findall(text)
    lines = [line for line in text.splitlines() if line.strip()]
    form = asked_form(text)
    facts = {
        "q.length": _grown(len(text), 4_000),
        "q.words": _grown(len(words), 800),
        "q.lines": _grown(len(lines), 60),
        "q.numbers": _grown(len(numbers), 60),
        "q.largest": _grown(
            max((len(one.split(".")[0].strip("+-").replace(",", "")) for one in numbers), default=0), 12
        ),
        "q.decimals": _grown(sum("." in one for one in numbers), 20),
        "q.digits": _share(sum(map(str.isdigit, text)), len(text)),
        "q.signs": _grown(len(_SIGN.findall(text)), 20),
        "q.brackets": _grown(sum(map(text.count, "[({")), 30),
        "q.commas": _grown(text.count(","), 60),
        "q.quotes": _grown(sum(map(text.count, "\"'“`")), 20),
        "q.arrows": _grown(text.count("->") + text.count("=>") + text.count("→"), 10),
        "q.grid": _grown(len(_GRID.findall(text)), 20),
        "q.items": _grown(len(_ITEM.findall(text)), 20),
        "q.options": _grown(len(form.words) if form.kind == "option" else 0, 8),
        "q.asks": _grown(text.count("?"), 6),
        "q.names": _grown(len(_NAME.findall(text)), 20),
        "q.long_words": _share(sum(len(word) > 8 for word in words), len(words)),
        "q.repeats": 1 - _share(len(set(words)), len(words)),
        "q.marked": float(form.marked),
    }
    facts |= {f"q.form.{kind}": float(form.kind == kind) for kind in _FORMS}
    fields = dict.fromkeys(_FIELDS, 0)
    for word in words:
        if word in _FIELD_OF:
            fields[_FIELD_OF[word]] += 1
    facts |= {f"q.of.{field}": math.sqrt(_share(count, len(words))) for field, count in fields.items()}
    return facts | _hashed(words)


def readout_facts(code: float, probes: Mapping[str, float]) -> dict[str, float]:
    """Facts of a model's read-out.

    Args:
        code: the probability that the model gives to code against text.
        probes: log-probabilities of the probed tokens at the same place, by word; among themselves they are centred, so
            that only their differences count.

    Returns:
        ``r.odds``, the log-odds of code, and ``r.WORD`` for each probe, each from :data:`LOWEST` to its negative.
    """
    kept = {word: max(LOWEST, log) for word, log in probes.items()}
    middle = sum(kept.values()) / len(kept) if kept else 0.0
    likely = min(1 - 1e-12, max(1e-12, code))
    return {"r.odds": math.log(likely / (1 - likely))} | {f"r.{word}": log - middle for word, log in kept.items()}


def readout_of(facts: Mapping[str, float]) -> dict[str, float]:
    """Of a question's facts those of its read-out: later rounds weigh them too, as they tell what kind of question it is."""
    return {name: value for name, value in facts.items() if name.startswith("r.")}


def _hashed(words: list[str]) -> dict[str, float]:
    """Words and pairs of neighbours, each adding its sign to one of few buckets; shorter texts weigh the same."""
    sums = [0.0] * _BUCKETS
    count = 0
    for count, mark in enumerate(_marks(words), 1):  # noqa: B007 - it is used below
        code = crc32(mark.encode())
        sums[code % _BUCKETS] += 1.0 if code & 0x8000_0000 else -1.0
    return {f"q.hash.{place}": max(-1.0, min(1.0, one / math.sqrt(count or 1))) for place, one in enumerate(sums)}


def _marks(words: list[str]) -> Iterator[str]:
    yield from words
    yield from map(" ".join, pairwise(words))


def _grown(count: int, much: int) -> float:
    """A count on a scale that grows by factors: 0 for none, 1 for ``much`` and more."""
    return min(1.0, math.log1p(count) / math.log1p(much))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
