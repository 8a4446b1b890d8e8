"""Dates as people tell them: one date in many spellings, and the published little stories that say what today is."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

__all__ = ["MONTHS", "WEEKDAYS", "asked_move", "read_date", "today_of"]

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_COUNTED = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "ten": 10, "a": 1}
_NAMED = r"[A-Z][a-z]{2,8}\.? [0-9]{1,2}(?:st|nd|rd|th)?,? [0-9]{4}"
_SLASHED = r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}"
_DATE = rf"({_NAMED}|{_SLASHED})"


def read_date(text: str) -> date | None:
    """A date written with the month first (06/17/2019), in ISO order, or with the month's name; None for anything else."""
    text = re.sub(r"(?<=[0-9])(?:st|nd|rd|th)\b", "", text.strip()).replace(",", " ")
    numbers = re.fullmatch(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})", text)
    if numbers is not None:
        return _made(int(numbers[3]), int(numbers[1]), int(numbers[2]))
    iso = re.fullmatch(r"([0-9]{4})[/-]([0-9]{1,2})[/-]([0-9]{1,2})", text)
    if iso is not None:
        return _made(int(iso[1]), int(iso[2]), int(iso[3]))
    for pattern, day, month in (
        (r"([A-Za-z]{3,9})\.?\s+([0-9]{1,2})\s+([0-9]{4})", 2, 1),
        (r"([0-9]{1,2})\.?\s+([A-Za-z]{3,9})\.?\s+([0-9]{4})", 1, 2),
    ):
        named = re.fullmatch(pattern, text)
        if named is not None and (number := _month(named[month])):
            return _made(int(named[3]), number, int(named[day]))
    return None


def today_of(story: str) -> date | None:
    """What today is in a published story; None where it is not one of the known kinds or leaves a doubt."""
    found = {day for pattern, tell in _STORIES if (match := re.search(pattern, story)) and (day := tell(match))}
    return found.pop() if len(found) == 1 else None


def asked_move(question: str) -> tuple[str, int] | None:
    """Unit and number of what is asked from today on: ``What is the date one week ago from today in MM/DD/YYYY?``."""
    asked = re.search(r"What is the date (.+?) in MM/DD/YYYY\?", question)
    if asked is None:
        return None
    fixed = {"today": 0, "tomorrow": 1, "yesterday": -1, "24 hours later": 1}
    if asked[1] in fixed:
        return "day", fixed[asked[1]]
    move = re.fullmatch(r"(\w+) (day|week|month|year)s? (ago|from today|later|from now|ago from today)", asked[1])
    if move is None or not (number := _number(move[1])):
        return None
    return move[2], -number if move[3].startswith("ago") else number


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS.get(word.casefold(), 0)


def _month(name: str) -> int:
    """The number of a month by its name or the name's beginning; 0 where there is none."""
    fitting = [at for at, month in enumerate(MONTHS, 1) if month.casefold().startswith(name.casefold()[:3])]
    if not fitting or not (MONTHS[fitting[0] - 1].casefold().startswith(name.casefold()) or name.casefold() == "sept"):
        return 0
    return fitting[0]


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _moved(text: str, days: int) -> date | None:
    day = read_date(text)
    return None if day is None else day + timedelta(days)


def _later_years(text: str, years: int) -> date | None:
    day = read_date(text)
    return None if day is None else _made(day.year + years, day.month, day.day)


def _weekday_of_year(year: int, weekday: int, count: int, month: int = 1) -> date:
    first = date(year, month, 1)
    return first + timedelta((weekday - first.weekday()) % 7 + 7 * (count - 1))


def _end_of_month(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(1)


_Tell = Callable[[re.Match[str]], date | None]
_STORIES: tuple[tuple[str, _Tell], ...] = (
    (rf"^(?:Today is|It is) {_DATE}(?: today)?\.", lambda m: read_date(m[1])),
    (rf"^Yesterday was {_DATE}\.|^Yesterday, {_DATE},", lambda m: _moved(m[1] or m[2], 1)),
    (rf"^Tomorrow is {_DATE}\.", lambda m: _moved(m[1], -1)),
    (rf"(?:for|11 am) tomorrow(?:,| \([A-Z][a-z]{{2}},) {_DATE}\b", lambda m: _moved(m[1], -1)),
    (rf"^The day before yesterday was {_DATE}\.", lambda m: _moved(m[1], 2)),
    (rf"^It was {_DATE} a week ago\.", lambda m: _moved(m[1], 7)),
    (rf"^The deadline is {_DATE}, which is ([0-9]+) days? away from now\.", lambda m: _moved(m[1], -int(m[2]))),
    (rf"scheduled to be on {_DATE}, but was delayed by one day to today\.", lambda m: _moved(m[1], 1)),
    (
        rf"(\w+) thinks today is {_DATE}, but (\w+) thinks today is {_DATE}\. (\w+) is correct\.",
        lambda m: read_date(m[2] if m[5] == m[1] else m[4]) if m[5] in (m[1], m[3]) else None,
    ),
    (
        rf"thought today is {_DATE}, but today is in fact [A-Z][a-z]{{2}} [0-9]+, which is 1 day later",
        lambda m: _moved(m[1], 1),
    ),
    (
        r"put the day before the month when formatting the date\. Therefore, today is ([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})",
        lambda m: _made(int(m[3]), int(m[2]), int(m[1])),
    ),
    (rf"on {_DATE}\. ([0-9]+) days have passed since then\.", lambda m: _moved(m[1], int(m[2]))),
    (r"^Today is Christmas Eve of ([0-9]{4})\.", lambda m: date(int(m[1]), 12, 24)),
    (
        r"^Today is the last day of the (first|second|third|fourth) quarter of ([0-9]{4})\.",
        lambda m: _end_of_month(int(m[2]), 3 * _COUNTED[m[1]]),
    ),
    (r"^This is the last day of ([0-9]{4})\.", lambda m: date(int(m[1]), 12, 31)),
    (
        r"celebrating the last day of ([A-Z][a-z]{2}) ([0-9]{4})\.",
        lambda m: _end_of_month(int(m[2]), month) if (month := _month(m[1])) else None,
    ),
    (
        r"^Today is the (first|second|third|fourth|fifth) day of the (first|second|third|fourth|fifth) month of ([0-9]{4})\.",
        lambda m: date(int(m[3]), _COUNTED[m[2]], _COUNTED[m[1]]),
    ),
    (
        rf"^{_DATE} is like yesterday to \w+, but that is actually (\w+) years ago\.",
        lambda m: _later_years(m[1], _number(m[2])) if _number(m[2]) else None,
    ),
    (rf"married on {_DATE}\. Today is their golden wedding anniversary\.", lambda m: _later_years(m[1], 50)),
    (rf"married on {_DATE}\. It is their ([0-9]+)-year anniversary today\.", lambda m: _later_years(m[1], int(m[2]))),
    (
        r"^Today is ([0-9]{1,2})/([0-9]{1,2})\. \w+ is watching NFL ([0-9]{4})\.",
        lambda m: _made(int(m[3]), int(m[1]), int(m[2])),
    ),
    (
        r"fourth Thursday of November\. Today is the US Thanksgiving of ([0-9]{4})\.",
        lambda m: _weekday_of_year(int(m[1]), 3, 4, 11),
    ),
    (
        r"^([0-9]{4}) is coming in ([0-9]+) hours\.",
        lambda m: date(int(m[1]), 1, 1) - timedelta(-(-int(m[2]) // 24)),
    ),
    (rf"^The current local time is [0-9]{{1,2}}:[0-9]{{2}} [ap]m of {_DATE}\.", lambda m: read_date(m[1])),
    (
        r"today is the (first|second|third|fourth) ([A-Z][a-z]+day) of ([0-9]{4})",
        lambda m: _weekday_of_year(int(m[3]), WEEKDAYS.index(m[2]), _COUNTED[m[1]]) if m[2] in WEEKDAYS else None,
    ),
)
