"""What a question states, so that a program's literals can be traced to it. Words and numbers only; no language model."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate, pairwise
from typing import TypeGuard, TypeVar

__all__ = ["Question"]

# 1,850 is one number, 1,2 are two; what could be either counts as both.
_NUMBER = re.compile(r"\d++(?:\.\d++)?")
_GROUPED = re.compile(r"(?<![\d,])\d{1,3}(?:,\d{3})++(?:\.\d++)?(?![\d,]*\d)")
_WORD = re.compile(r"[^\W_]+")
_JOINED = re.compile(r"\b[A-Z]{2,3}\b")
_NAMED = {
    word: value
    for value, words in {
        2: "two second twice double doubled pair both half",
        3: "three third thrice triple",
        4: "four fourth quarter",
        5: "five fifth",
        6: "six sixth",
        7: "seven seventh week",
        8: "eight eighth",
        9: "nine ninth",
        10: "ten tenth",
        11: "eleven eleventh",
        12: "twelve twelfth dozen",
        13: "thirteen",
        14: "fourteen",
        15: "fifteen",
        16: "sixteen",
        17: "seventeen",
        18: "eighteen",
        19: "nineteen",
        20: "twenty twentieth",
        30: "thirty",
        40: "forty",
        50: "fifty",
        60: "sixty",
        70: "seventy",
        80: "eighty",
        90: "ninety",
        100: "hundred",
        1000: "thousand",
    }.items()
    for word in words.split()
}
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_NAMED |= {month: number for number, month in enumerate(_MONTHS, 1)}
_MONTH_LENGTHS = (28, 29, 30, 31, 365, 366)
# Part of nearly every program, so no sign of the question: counting, starting, telling apart.
_STRUCTURAL = (0, 1)
_COUNTED_FROM = {"0", "1", "00", "01"}
# Numbers that formulas bring along, whatever the question: units of time, angles, percent; and those up to ten.
_COMMON = {12, 24, 52, 60, 90, 100, 180, 360, 365, 366, 1000, 3600}
# Constants of nature, units and masses of atoms that people know or look up.
_LOOKED_UP = """
    9.8 9.81 9.80665 299792458 3e8 6.022e23 8.314 1.38e-23 6.626e-34 1.602e-19 1.6e-19 6.674e-11 96485 22.4 0.0821 0.08206
    273.15 101325 4.18 4.184 4.186 343 2.54 0.3048 30.48 0.9144 0.4536 0.45359237 453.592 28.35 1.609 1.60934 3.785 3.78541
    0.6214 2.2046 1.8 1.008 1.01 4.003 6.94 9.012 10.81 12.01 12.011 14.01 14.007 15.999 18.998 22.99 24.305 26.982 28.085
    28.086 30.974 32.06 32.065 35.45 35.453 39.098 40.078 40.08 54.938 55.845 58.69 63.546 65.38 79.904 107.87 107.868 126.9
    126.904 137.33 196.97 200.59 207.2
"""
_KNOWN = frozenset(map(float, _LOOKED_UP.split()))
# Half past nine is 9.5 and 570 minutes after midnight.
_CLOCK = re.compile(r"\b([01]?\d|2[0-3])[:.h]([0-5]\d)\b")
_SMALL = 10
# So much of a list must be found in the question for the list to count as a fact of it.
_SHARE = 0.6
_SHARE_OF_NUMBERS, _SHARE_OF_NAMES = 0.8, 0.5
# Between these marks questions show the form of an answer: what stands there is no fact.
_EXAMPLE = re.compile(r"<<<.*?>>>", re.DOTALL)
# An expression is to be found: operators are to be used, not only told of.
_EXPRESSION = re.compile(
    r"\b(?:use|put|join|insert|combine|place|write|(?<!\()with)\b[^.?!;()\n]{0,80}[-+*/](?:,? ?(?:and |or )?[-+*/]){2,}|"
    r"\b(?:arithmetic|basic) operations\b|\bone expression\b|\bexpression (?:worth|equal to|that (?:gives|makes|equals))\b|"
    r"\b(?:make|reach|get|hit|obtain|form) -?\d+ (?:from|with|using|out of)\b[^.?!;\n]{0,40}?(?:\d+(?:, and |, ?| and )){2,}\d|"
    r"\b(?:use|using|with|combine|from)\b[^.?!;\n]{0,20}?(?:\d+(?:, and |, ?| and )){2,}\d[^.?!;\n]{0,60}?"
    r"\b(?:make|makes|reach|get|hit|obtain|form) -?\d",
    re.IGNORECASE,
)
# Something else is to be found (moves, an arrangement): to evaluate a find of one's own is not what is asked.
_SEEKS = re.compile(
    r"\barrange(?:ment)?\b|\bplace (?:\w+ ){0,3}queens\b|\bassign\w* (?:the|each|every)\b|"
    r"\bfill (?:\w+ ){0,4}(?:grid|cells?|board|rest|blanks?|square)\b|\bcomplete this\b|"
    r"\bmagic square\b|\bkeeps? (?:all|these|the) (?:\w+ )?(?:rules|relations|conditions)\b|\bany of them (?:is|will)\b|"
    r"\bstands? for (?:\w+ ){0,3}(?:numbers|digits?)\b|\bsecret code\b|\bcryptarithm\b|\balphametic\b|\bso that all of this holds\b|"
    r"\bplan a path\b|\bwrite the (?:plan|steps)\b|\bin at most \d+ steps\b|\bwhat is the code\b|"
    r"\bmoves? that\b|\b(?:sequence|series|list) of (?:moves|steps|actions?|rooms)\b|\blist the (?:moves|steps)\b|"
    r"\bshortest (?:path|way|route|list)\b|\bas few \w+ as\b|\bminimum number of (?:steps|moves)\b|\btrajectory\b|"
    r"\b(?:so|such) that (?:no|none|each|every|the value|the result)\b|\bsudoku\b|\bpassword\b|\bopens it\b",
    re.IGNORECASE,
)
# A number is asked for, whatever is arranged or moved.
_COUNTS = re.compile(r"\bhow many\b|\bprobability\b|\bchance\b", re.IGNORECASE)
# One of several is to be chosen or put together: somebody, an order, a way, a word.
_CHOICE = re.compile(
    r"\bwho\b|\b(?:which|what) order\b|\border (?:of|in which)\b|\bpath\b|\broute\b|\btour\b|\bplan\b|\bschedule\b|\bseat\w*\b|"
    r"\bfind (?:an?|one|the) (?:\w+ ){0,3}(?:word|order|sequence|way|anagram|colouring|coloring|combination|set|team)\b|"
    r"\bwhich (?:\w+ ){1,6}(?:most|least|best|highest|lowest|largest|smallest|greatest|cheapest|should|must)\b|"
    r"\banagram\b|\b(?:in|on|at) which\b|\bhow (?:can|could|should|must|do|does)\b|\bpick\b|\bwhich (?:moves|steps|turns)\b|"
    r"\b(?:put|insert|place)\b[^.?!]{0,60}\bbetween\b|\bwhich (?:\w+ ){1,3}(?:is|stands?|sits?|comes?|finish\w*|stays?|remains?|keeps?|now|came|won|finished|sat|stood)\b|"
    r"\bcolou?r (?:the|each|every|all)\b|\bgive the (?:moves|steps|path|route|order|plan)\b|"
    r"\blist the \w+\b|\brearrange\b|\bladder\b|\b(?:list|give|name) the \w+ from (?:left to right|first to last)\b|\bchange [A-Z]{3,} (?:in)?to [A-Z]{3,}|\bassign\b|\bcomplete the\b|\bwhich (?:\w+ ){1,3}(?:maxi|mini)mi[sz]e|"
    r"\bcorrect the\b|\binvent\b|\bat what time\b|\bshow the (?:moves|steps|way|path)\b|"
    r"\bgive an? (?:\w+ )?(?:sequence|list|order|plan|way|schedule|arrangement)\b|\b(?:split|divide|partition)\b[^.?!\n]{0,60}\binto (?:\w+ )?(?:groups|teams|parts|sets|halves|piles)\b|"
    r"\bchoose\b|\bselect\b|\bpack\b",
    re.IGNORECASE,
)
# Whether something holds is asked, not what.
_ASKS_WHETHER = re.compile(r"(?:^|[.:;!?]\s+)(?:is|are|was|were|does|do|did|has|have)\b[^.?!]*\?\s*$", re.IGNORECASE)
# How letters are written is asked.
_CASE = re.compile(r"\bcapital\w*|\bcase\b|\btitle\b|\bupper|\blower", re.IGNORECASE)
# Things change hands or places.
_SWAPS = re.compile(
    r"\bswap\w*|\btrad(?:e|es|ed|ing)\b|\bexchang\w+|\bswitch\w*|\bchange\w* (?:\w+ )?(?:places|seats|hands|sides)\b",
    re.IGNORECASE,
)
# The question is about a text: something quoted, or a run of capitals.
_TEXTUAL = re.compile(r"(?<!\w)'[^'\n]{3,}'|\"[^\"\n]{3,}\"|\b[A-Z]{5,}\b")
# Whether somebody lies is stated, not what somebody else says of it.
_JUDGED = re.compile(r"(?<!that )\b([A-Z][a-z]+) (?:always )?(?:lies|tells the truth)\b")
# A bit or a truth value that is stated by a name: "A = 1", "p is false".
_SWITCHED = re.compile(r"\b([A-Za-z]\w*) ?(?:=|:| is) ?(?:[01]|true|false)\b(?!\.\d)", re.IGNORECASE)
_PART_OF_NAME = re.compile(r"[a-z]+")
# A string to work on, and so many of its letters in a row as are no chance: copied with a slip at an end.
_CODE = re.compile(r"\b[A-Z]{9,}\b")
_MOST_OF_A_CODE = 8
# What is asked is no number: a picture, a person, one of several things, a yes or no.
_NO_NUMBER = re.compile(
    r"\blooks? like\b|\bshow the\b|\brotate\b|\bwho\b|\bwhich (?:one|word|letter|person|colour)\b|\bof these words\b|"
    r"\b(?:lower|upper) (?:left|right)\b|\byes or no\b|\btrue or false\b",
    re.IGNORECASE,
)
# Numbers of more bits than that are no facts that people write down.
_BITS = 1_000
# Fewer signs in a row are no chance.
_SIGNS = 4
# So many words stand between two things that are told of one after the other, at most.
_GAP = 3
# So many words before its name, and behind it, a number belongs to it.
_BEFORE, _BEHIND = 1, 4
# In so many places of the question a text is looked for.
_PLACES = 50
# Longer runs of digits are no part of a date.
_DIGITS = 9

_Key = TypeVar("_Key", str, float)


class Question:
    """The facts of one question. Where the text is not known (empty), every literal of substance may be a fact.

    ``is_arithmetic`` tells whether plain arithmetic on its numbers could be what is asked, ``asks_number`` whether the
    answer could be a number, ``seeks`` whether something is to be found that can be tested (an expression, moves, an
    arrangement), ``seeks_expression`` whether it is an expression, ``seeks_choice`` whether, more loosely, one of several
    things is to be chosen or put together, ``tells_swaps`` whether things change places, ``asks_case`` whether it is about
    capitals.
    """

    def __init__(self, text: str) -> None:
        self.known = bool(text.strip())
        # Signs stand there without words.
        self._signs = "".join(text.split())
        self.seeks_expression = _EXPRESSION.search(text) is not None
        text = _EXAMPLE.sub(" ", text)
        words = [word.lower() for word in _WORD.findall(text)]
        self._words = Counter(words)
        self._order = words
        self._first = {word: place for place, word in reversed(list(enumerate(words)))}
        # AB is an edge from A to B.
        self._letters = Counter("".join(_JOINED.findall(text)).lower())
        self._squashed = "".join(words)
        self._initials = {word[0] for word in words}
        self._judged = {name.lower() for name in _JUDGED.findall(text)}
        self.asks_case = _CASE.search(text) is not None
        self.tells_swaps = _SWAPS.search(text) is not None
        self._switched = {name.lower() for name in _SWITCHED.findall(text)}
        self._codes = [word.lower() for word in _CODE.findall(text)]
        # Where words begin and end in it.
        self._edges = set(accumulate(map(len, words), initial=0))
        numbers = [*_NUMBER.findall(text), *(number.replace(",", "") for number in _GROUPED.findall(text))]
        self._sequence = list(map(float, _NUMBER.findall(text)))
        self._numbers = Counter(map(float, numbers))
        named = [_NAMED.get(word, 0) for word in words]
        self._numbers.update(float(number) for number in named if number)
        # Twenty-five.
        self._numbers.update(
            float(tens + units) for tens, units in pairwise(named) if 20 <= tens < 100 and 0 < units < 10
        )
        for hour, minute in _CLOCK.findall(text):
            self._numbers.update((int(hour) + int(minute) / 60, float(60 * int(hour) + int(minute))))
        if any(word in _MONTHS for word in words):
            self._numbers.update({float(length): len(_MONTHS) for length in _MONTH_LENGTHS})
        told = _COUNTS.search(text) is not None or _ASKS_WHETHER.search(text) is not None
        self.seeks = self.seeks_expression or (_SEEKS.search(text) is not None and not told)
        self.seeks_choice = self.seeks or (_CHOICE.search(text) is not None and not told)
        self.is_arithmetic = not self.seeks and _TEXTUAL.search(text) is None
        self.asks_number = _NO_NUMBER.search(text) is None

    def tells_of(self, name: str) -> bool:
        """Tell whether the question says outright of somebody after whom a variable is called ``name`` who lies."""
        return any(part in self._judged for part in _PART_OF_NAME.findall(name.lower()))

    def tells_bit(self, name: str) -> bool:
        """Tell whether the question states by ``name`` that something is 0 or 1, true or false."""
        return name.lower() in self._switched

    def states(self, atom: object) -> bool:
        """Tell whether a number or a string of a program is a fact of the question."""
        if isinstance(atom, str):
            return self._has_text(atom) if self.known else bool(atom.strip())
        if _is_number(atom):
            return atom not in _STRUCTURAL and (not self.known or self._has_number(atom))
        return False

    def knows(self, atom: object) -> bool:
        """Tell whether ``atom`` is a constant that people look up: of nature, a unit's, an atom's mass."""
        return self.known and self.asks_number and _is_number(atom) and abs(atom) in _KNOWN

    def states_all(self, atoms: Iterable[object], *, ordered: bool = False) -> bool:
        """Tell whether the atoms of a list, table or grid are, as a whole, a fact of the question.

        ``ordered``: it is a list of texts; in another order than that of the question it is somebody's answer.
        """
        told = [atom for atom in atoms if isinstance(atom, str) or _is_number(atom)]
        if self.known and not self.seeks and any(map(_is_number, told)):
            # Where numbers tell how far, letters stand for ways: (2, "B"), (3, "L").
            told = [atom for atom in told if not (isinstance(atom, str) and atom.lower() in self._initials)]
        if not told or not self.known:
            return bool(told)
        squashed = "".join(_squash(str(atom)) for atom in told)
        if len(squashed) > 2 and squashed in self._squashed:
            return True
        if (ordered or self.seeks) and not self._tells_in_order(map(str, told)):
            return False
        # Each number or word counts as often as the question has it: moves spelled with the question's letters do not.
        numbers, words, letters = self._numbers.copy(), self._words.copy(), self._letters.copy()
        found = 0
        for atom in told:
            if isinstance(atom, str):
                parts = [part.lower() for part in _WORD.findall(atom)]
                whole = "".join(parts)
                taken = sum(_take(words, part) or _take(letters, part) for part in parts)
                found += bool(parts) and (taken == len(parts) or (len(whole) > 2 and whole in self._squashed))
            elif _is_number(atom):
                found += _take(numbers, abs(atom))
        return found >= _SHARE * len(told)

    def tells_pairs(self, pairs: list[tuple[str, float]]) -> bool:
        """Tell whether names have the numbers that the question gives them, near by or in the same order.

        False only if it surely gives them others: none stands near its name, and their order is another one.
        """
        if len(pairs) < 2 or not all(_is_number(number) for _, number in pairs):
            return True
        numbers = [str(int(number)) if number == int(number) else str(number) for _, number in pairs]
        if not all(number in self._first for number in numbers):
            return True
        places = [self._first[number] for number in numbers]
        near = any(self._stand_near(name, number) for (name, _), number in zip(pairs, numbers, strict=True))
        return near or all(one < other for one, other in pairwise(places))

    def _stand_near(self, name: str, number: str) -> bool:
        words = [word.lower() for word in _WORD.findall(name)]
        places = [place for place, word in enumerate(self._order) if word in words[:1]][:_PLACES]
        ends = [place + len(words) for place in places]
        return any(
            number in self._order[max(0, place - _BEFORE) : end + _BEHIND]
            for place, end in zip(places, ends, strict=True)
        )

    def tells_numbers(self, numbers: list[float]) -> bool:
        """Tell whether numbers stand in the question in that order, others between them or not."""
        rest = iter(self._sequence)
        return not self.known or all(abs(number) in rest for number in numbers)

    def tells_list(self, atoms: Iterable[object]) -> bool:
        """Tell whether the atoms of a list stand in the question in that order, each where it comes first."""
        told = [str(atom) for atom in atoms if isinstance(atom, str) or _is_number(atom)]
        words = [word.lower() for text in told for word in _WORD.findall(text)]
        places = [place for word in words if (place := self._first.get(word)) is not None]
        # Numbers stand there by chance more often than names.
        share = _SHARE_OF_NUMBERS if all(map(str.isdecimal, words)) else _SHARE_OF_NAMES
        if any(count > max(1, self._words[word]) for word, count in Counter(words).items()):
            # More often than the question has it.
            return False
        return len(places) >= share * len(words) and all(one <= other for one, other in pairwise(places))

    def lists(self, texts: list[str]) -> bool:
        """Tell whether texts follow each other in the question, without others between them: none was left out."""
        first: int | None = None
        for text in texts:
            words = [word.lower() for word in _WORD.findall(text)]
            place = self._first.get(words[0]) if words else None
            if place is None or (first is not None and not 0 <= place - first <= _GAP):
                return False
            first = place + len(words)
        return True

    def tells_texts(self, texts: list[str]) -> bool:
        """Tell whether texts stand in the question, and in that order, each where it comes first, if no two are alike."""
        if len(set(texts)) < len(texts):
            return any(word.lower() in self._words for text in texts for word in _WORD.findall(text))
        return self.tells_list(texts)

    def explains(self, number: object) -> bool:
        """Tell whether a number in a formula is no surprise: stated, small, or one of those that everyone knows."""
        if not self.known or not _is_number(number):
            return True
        return abs(number) <= _SMALL or abs(number) in _COMMON or abs(number) in _KNOWN or self._has_number(number)

    def _tells_in_order(self, texts: Iterable[str]) -> bool:
        words = (word.lower() for text in texts for word in _WORD.findall(text))
        rest = iter(self._order)
        return all(word in rest for word in words if word in self._words)

    def _has_number(self, value: float) -> bool:
        # 4 percent is written 0.04, 0.96 or 96 too, a quarter 0.25.
        inverse = 1 / value if 0 < value < 1 else value
        forms = (abs(value), abs(value) * 100, 100 - value, 100 - 100 * value, inverse)
        return any(round(form, 9) in self._numbers for form in forms)

    def _has_text(self, text: str) -> bool:
        words = [word.lower() for word in _WORD.findall(text)]
        squashed = "".join(words)
        if not words:
            signs = "".join(text.split())
            return len(signs) >= _SIGNS and signs in self._signs
        if len(squashed) < 2:
            return squashed in self._words
        if self._has_words(squashed):
            return True
        if any(word.isdecimal() and word not in _COUNTED_FROM and not self._has_word(word) for word in words):
            # A number that the question does not state, whatever stands around it.
            return False
        # The first of the month tells nothing of the question.
        telling = [word for word in words if word not in _COUNTED_FROM] if len(words) > 1 else []
        return bool(telling) and sum(map(self._has_word, telling)) >= _SHARE * len(telling)

    def _has_words(self, squashed: str) -> bool:
        """Tell whether whole words of the question, run together, are ``squashed``, or most of one that is a code."""
        if len(squashed) >= _MOST_OF_A_CODE and any(squashed in code for code in self._codes):
            return True
        at = -1
        for _ in range(_PLACES):
            at = self._squashed.find(squashed, at + 1)
            if at < 0:
                break
            if at in self._edges and at + len(squashed) in self._edges:
                return True
        return False

    def _has_word(self, word: str) -> bool:
        # The third month is 03 too.
        return word in self._words or (word.isdecimal() and len(word) < _DIGITS and float(word) in self._numbers)


def _is_number(atom: object) -> TypeGuard[int | float]:
    if isinstance(atom, int):
        return not isinstance(atom, bool) and atom.bit_length() < _BITS
    return isinstance(atom, float) and math.isfinite(atom)


def _take(counts: Counter[_Key], key: _Key) -> bool:
    taken = counts[key] > 0
    counts[key] -= 1
    return taken


def _squash(text: str) -> str:
    return "".join(_WORD.findall(text.lower()))
