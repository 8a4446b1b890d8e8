"""Date Understanding: find out what today is, move through the calendar, name the date."""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.knobs import option, whole
from codesteer_kernel.symbench.options import lettered, listed, pick
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.task import Task
from codesteer_kernel.symbench.told_dates import MONTHS, WEEKDAYS, asked_move, read_date, today_of

__all__ = ["TASK"]

_PEOPLE = ("Ana", "Bruno", "Carla", "Dario", "Emma", "Felix", "Greta", "Henri")
_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_EASY = ("plain", "day_first", "shifted", "dispute", "month_end", "quarter_end")
_TRAPS = (
    "weekday", "day_number", "supply", "clock", "anniversary", "monthly", "every", "working_days", "leap_day", "zones",
    "new_year",
)  # fmt: skip
_UNITS = ("day", "week", "month", "year")


class DateUnderstanding(Task):
    """A little story tells what today is; the date some moves away is asked, among options or freely."""

    name = "date_understanding"
    paper_name = "Date Understanding"
    split = "seen"
    version = "1"
    about = "Work out a date from a little story, over month ends, leap years and time zones."
    rule = "The date that follows from the story in the Gregorian calendar: its option, or the date itself."
    longest = 300
    knobs = {
        "moves": whole(1, 0, 8, "moves through the calendar after today is known"),
        "span": whole(40, 1, 3000, "most days of a move"),
        "stories": option("any", ("any", "easy", "traps", *_EASY, *_TRAPS), "which kinds of stories"),
        "options": whole(6, 0, 10, "dates to choose from; with fewer than 2 the date itself is asked for"),
        "first": whole(1900, 1800, 2400, "earliest year of today"),
        "last": whole(2099, 1800, 2400, "latest year of today"),
    }
    levels = {
        "1": {"stories": "easy", "span": 10},
        "2": {"stories": "easy", "moves": 2},
        "3": {"stories": "traps", "moves": 2, "span": 100},
        "4": {"stories": "traps", "moves": 4, "span": 400},
        "5": {"stories": "traps", "moves": 6, "span": 2000, "options": 0, "first": 1800, "last": 2400},
        "open": {"options": 0},
        "paper-bbh": {"moves": 1, "span": 10, "options": 6},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """Today first; the story is told backwards from it."""
        first, last = sorted((level["first"], level["last"]))
        groups = {"any": (*_EASY, *_TRAPS), "easy": _EASY, "traps": _TRAPS}
        kind = rng.choice(groups.get(level["stories"], (level["stories"],)))
        story = None
        for _ in range(500):
            today = _trappy(rng, first, last)
            if kind == "leap_day":
                today = date(rng.randint(first, last) // 4 * 4, 2, 28) + timedelta(1)
            elif kind in ("month_end", "quarter_end"):
                month = rng.randint(1, 4) * 3 if kind == "quarter_end" else today.month
                today = date(today.year, month, monthrange(today.year, month)[1])
            story = _BACKWARDS[kind](rng, today)
            if story is not None:
                break
        else:
            raise BadInput(f"No {kind} story was found for these years.", "Widen first and last.")
        moves, goal = _moves(rng, today, level)
        right = _written(goal)
        payload: dict[str, Any] = {"story": story, "moves": moves, "who": rng.randrange(len(_PEOPLE)), "options": []}
        reference = right
        if level["options"] >= 2:
            payload["options"] = _options(rng, today, goal, level["options"])
            reference = f"({chr(65 + payload['options'].index(right))})"
        return Draft(payload, reference, {"unique": True})

    def ask(self, payload: Mapping[str, Any]) -> str:
        """The calendar, the story, the moves, the form of the answer."""
        if "text" in payload:
            return self._form(f"{payload['text']}", payload)
        story = _tell(payload["story"], _PEOPLE[payload["who"]], _PEOPLE[(payload["who"] + 3) % len(_PEOPLE)])
        moves = payload["moves"]
        if moves:
            goes = ", then ".join(_moved_text(unit, number) for unit, number in moves)
            asked = f"Start at today's date and go {goes}. Which date do you reach?"
        else:
            asked = "Which date is today?"
        months = (
            " A month or a year keeps the day of the month."
            if any(unit in ("month", "year") for unit, _ in moves)
            else ""
        )
        return self._form(f"All dates are of the Gregorian calendar. {story}\n{asked}{months}", payload)

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """The option or date must be the one that follows."""
        right = payload.get("target") or _written(_follow(payload))
        if not payload["options"]:
            found = read_date(text.strip("\"'`()[] "))
            if found is None:
                raise Refused("unreadable", "This is no date.")
            if _written(found) != right:
                raise Refused("not_goal", "This is not the date that is asked for.")
            return right
        if payload["options"][at := _picked(text, payload["options"])] != right:
            raise Refused("not_goal", "This is not the date that is asked for.")
        return f"({chr(65 + at)})"

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """Day by day through a calendar of our own."""
        payload = problem.payload
        right = payload.get("target") or _walked(payload)
        if not payload["options"]:
            return [right][:limit]
        return [f"({chr(65 + at)})" for at, one in enumerate(payload["options"]) if one == right][:limit]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Other options; days, months and years off; day and month swapped."""
        payload = problem.payload
        options = payload["options"]
        goal = _follow(payload)
        if options:
            right = options.index(_written(goal))
            wrong = rng.choice([at for at in range(len(options)) if at != right])
            yield "other option", f"({chr(65 + wrong)})"
            yield "letter and text disagree", f"({chr(65 + wrong)}) {options[right]}"
            yield "right letter, other text", f"{answer} {options[wrong]}"
            yield "all options", ", ".join(chr(65 + at) for at in range(len(options)))
        yield "a day later", _written(goal + timedelta(1))
        yield "a day earlier", _written(goal - timedelta(1))
        yield "a year later", f"{goal.month:02d}/{goal.day:02d}/{goal.year + 1:04d}"
        yield "no year", f"{goal.month:02d}/{goal.day:02d}"
        if goal.day != goal.month:
            yield "day first", f"{goal.day:02d}/{goal.month:02d}/{goal.year:04d}"

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """The story by rule where it is of a known kind and one option fits, else the stored letter.

        ``unlisted`` holds the date that follows from the story where no option has it.
        """
        options = listed(question)
        text = question.partition("\nOptions:")[0]
        today, move = today_of(text), asked_move(text)
        stored = {}
        if today is not None and move is not None:
            payload = {"text": text, "story": ["plain", _numbers(today)], "moves": [list(move)], "options": options}
            try:
                unlisted = _written(_follow(payload))
            except ValueError:
                unlisted = ""  # that month has no such day
            if options.count(unlisted) == 1:
                return payload
            stored["unlisted"] = unlisted
        target = options[pick(str(published["target"]), options)]
        return {"text": text, "options": options, "target": target, **stored}

    def restate(self, problem: Problem) -> str:
        """The published story with our answer form behind it."""
        return self.ask(problem.payload)

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's target."""
        return str(published["target"]) if "target" in published else None

    def effort(self, problem: Problem) -> float:
        """Moves, their length, and whether the story itself has to be worked out."""
        payload = problem.payload
        moves = payload.get("moves", [])
        length = sum(len(str(abs(number))) for _, number in moves)
        trap = payload.get("story", ["plain"])[0] in _TRAPS
        return float(3 * len(moves) + length + 4 * trap)

    def space(self, level: Level) -> float:
        """Days, stories and moves."""
        days = 365.0 * (abs(int(level["last"]) - int(level["first"])) + 1)
        return days * (2.0 * int(level["span"])) ** int(level["moves"]) * 20

    def _form(self, text: str, payload: Mapping[str, Any]) -> str:
        if not payload["options"]:
            return f"{text}\nWrite the date as MM/DD/YYYY between <<< and >>>, for example <<<03/09/2021>>>."
        return (
            f"{text}\nOptions (MM/DD/YYYY):\n{lettered(payload['options'])}\n"
            "Write the letter of the right option between <<< and >>>, for example <<<(A)>>>."
        )


# ------------------------------------------------------------------------------------------------- told, from today back


def _numbers(day: date) -> list[int]:
    return [day.year, day.month, day.day]


def _trappy(rng: Random, first: int, last: int) -> date:
    """A day, often near the end of a month, a year or February."""
    year = rng.randint(first, last)
    corner = rng.choice(((1, 1), (2, 28), (3, 1), (12, 31), (rng.randint(1, 12), 1), None, None, None))
    if corner is None:
        return date(year, 1, 1) + timedelta(rng.randrange(365))
    near = date(year, *corner) + timedelta(rng.randint(-3, 3))
    return near if first <= near.year <= last else date(year, *corner)


def _shifted(rng: Random, today: date) -> list[Any]:
    off = rng.choice((-2, -1, 1, 2, 7, -7, rng.randint(3, 300), -rng.randint(3, 300)))
    return ["shifted", _numbers(today - timedelta(off)), off]


def _weekday(rng: Random, today: date) -> list[Any]:
    return ["weekday", [today.year, today.month], (today.day - 1) // 7 + 1, today.weekday()]


def _working(rng: Random, today: date) -> list[Any] | None:
    if today.weekday() > 4:
        return None
    count, day = rng.randint(3, 60), today
    left = count
    while left:
        day -= timedelta(1)
        left -= day.weekday() < 5
    return ["working_days", _numbers(day), count]


def _clock(rng: Random, today: date) -> list[Any]:
    arrival, hours, minutes = rng.randrange(1440), rng.randint(1, 200), rng.randrange(60)
    days, start = divmod(arrival - 60 * hours - minutes, 1440)
    return ["clock", _numbers(today + timedelta(days)), start, hours, minutes]


def _zones(rng: Random, today: date) -> list[Any]:
    there, ahead = rng.randrange(1440), rng.choice([hours for hours in range(-20, 21) if hours])
    days, here = divmod(there - 60 * ahead, 1440)
    return ["zones", _numbers(today + timedelta(days)), here, ahead]


def _new_year(rng: Random, today: date) -> list[Any]:
    begins = date(today.year + 1, 1, 1)
    return ["new_year", begins.year, 24 * (begins - today).days - rng.randint(1, 23)]


def _anniversary(rng: Random, today: date) -> list[Any] | None:
    years = rng.randint(2, 120)
    if (today.month, today.day) == (2, 29) or today.year - years < 1583:
        return None
    return ["anniversary", [today.year - years, today.month, today.day], years]


def _monthly(rng: Random, today: date) -> list[Any] | None:
    visit = rng.randint(2, 40)
    if today.day > 28:
        return None
    months = 12 * today.year + today.month - 1 - (visit - 1)
    return ["monthly", [months // 12, months % 12 + 1, today.day], visit]


def _every(rng: Random, today: date) -> list[Any]:
    gap, count = rng.randint(2, 45), rng.randint(2, 20)
    return ["every", _numbers(today - timedelta(gap * (count - 1))), gap, count]


def _supply(rng: Random, today: date) -> list[Any]:
    amount = rng.randint(5, 200)
    return ["supply", _numbers(today - timedelta(amount - 1)), amount]


def _leap_day(rng: Random, today: date) -> list[Any] | None:
    if (today.month, today.day) != (2, 29):
        return None
    start = today.year - rng.randint(1, 90)
    return ["leap_day", start, sum(isleap(year) for year in range(start, today.year + 1))]


def _dispute(rng: Random, today: date) -> list[Any]:
    off = rng.choice((-1, 1, rng.randint(2, 40), -rng.randint(2, 40)))
    return ["dispute", _numbers(today - timedelta(off)), off]


_BACKWARDS: Mapping[str, Callable[[Random, date], list[Any] | None]] = {
    "plain": lambda rng, today: ["plain", _numbers(today)],
    "day_first": lambda rng, today: ["day_first", _numbers(today)],
    "shifted": _shifted,
    "dispute": _dispute,
    "month_end": lambda rng, today: ["month_end", [today.year, today.month]],
    "quarter_end": lambda rng, today: ["quarter_end", today.year, today.month // 3],
    "weekday": _weekday,
    "day_number": lambda rng, today: ["day_number", today.year, today.timetuple().tm_yday],
    "supply": _supply,
    "clock": _clock,
    "anniversary": _anniversary,
    "monthly": _monthly,
    "every": _every,
    "working_days": _working,
    "leap_day": _leap_day,
    "zones": _zones,
    "new_year": _new_year,
}


def _moves(rng: Random, today: date, level: Mapping[str, Any]) -> tuple[list[list[Any]], date]:
    moves: list[list[Any]] = []
    day = today
    while len(moves) < level["moves"]:
        unit = rng.choice(("day", "day", "week", "month", "year"))
        days = {"day": 1, "week": 7, "month": 30, "year": 365}[unit]
        number = rng.randint(1, max(1, level["span"] // days)) * rng.choice((-1, 1))
        try:
            day = _step(day, unit, number)
        except ValueError:
            continue
        moves.append([unit, number])
    return moves, day


def _options(rng: Random, today: date, goal: date, count: int) -> list[str]:
    """The right date among near ones: off by days, by a month, a year, to the wrong side, or not moved at all."""
    near = [goal + timedelta(days) for days in (-2, -1, 1, 2, 7, -7, 10, -10, 30, -30, 31, -31)]
    near += [today, today + (today - goal), goal.replace(day=1)]
    for month, year in ((0, 1), (0, -1), (1, 0), (-1, 0), (0, 10), (0, 100)):
        place = 12 * (goal.year + year) + goal.month - 1 + month
        if goal.day <= 28:
            near.append(date(place // 12, place % 12 + 1, goal.day))
    if goal.day <= 12:
        near.append(date(goal.year, goal.day, goal.month))
    others = sorted({_written(day) for day in near} - {_written(goal)})
    chosen = [_written(goal), *rng.sample(others, min(count - 1, len(others)))]
    rng.shuffle(chosen)
    return chosen


# ------------------------------------------------------------------------------------------------------------- in words


def _named(numbers: Sequence[int]) -> str:
    year, month, day = numbers
    return f"{MONTHS[month - 1]} {day}, {year}"


def _clock_text(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _nth(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _moved_text(unit: str, number: int) -> str:
    return f"{abs(number)} {unit}{'' if abs(number) == 1 else 's'} {'forward' if number > 0 else 'back'}"


def _tell(story: Sequence[Any], who: str, other: str) -> str:
    """The story in words: every kind says what today is, in one meaning."""
    kind, *facts = story
    return _TOLD[kind](facts, who, other)


def _tell_shifted(facts: Sequence[Any], who: str, other: str) -> str:
    day, off = _named(facts[0]), facts[1]
    known = {1: "Yesterday was", 2: "The day before yesterday was", -1: "Tomorrow is", -2: "The day after tomorrow is"}
    if off in known:
        return f"{known[off]} {day}."
    return f"{abs(off)} days ago it was {day}." if off > 0 else f"In {-off} days it will be {day}."


def _tell_dispute(facts: Sequence[Any], who: str, other: str) -> str:
    off = facts[1]
    late = f"{abs(off)} day{'' if abs(off) == 1 else 's'} {'later' if off > 0 else 'earlier'}"
    return f"{who} thinks that today is {_named(facts[0])}. {other} says that it is {late} than that, and {other} is right."


def _tell_weekday(facts: Sequence[Any], who: str, other: str) -> str:
    (year, month), count, weekday = facts
    first = WEEKDAYS[date(year, month, 1).weekday()]
    return f"{MONTHS[month - 1]} 1, {year} is a {first}. Today is the {_ORDINALS[count - 1]} {WEEKDAYS[weekday]} of that month."


def _tell_zones(facts: Sequence[Any], who: str, other: str) -> str:
    day, minute, ahead = facts
    side = "ahead of" if ahead > 0 else "behind"
    return (
        f"Where {who} is, it is {_clock_text(minute)} on {_named(day)}. The clocks where {other} is are {abs(ahead)} "
        f"hour{'' if abs(ahead) == 1 else 's'} {side} {who}'s. Today means the date where {other} is at this moment."
    )


_TOLD: Mapping[str, Callable[[Sequence[Any], str, str], str]] = {
    "plain": lambda f, who, other: f"Today is {_named(f[0])}.",
    "day_first": lambda f, who, other: (
        f"{who} writes the day before the month, and writes today's date as {f[0][2]:02d}/{f[0][1]:02d}/{f[0][0]:04d}."
    ),
    "shifted": _tell_shifted,
    "dispute": _tell_dispute,
    "month_end": lambda f, who, other: f"Today is the last day of {MONTHS[f[0][1] - 1]} {f[0][0]}.",
    "quarter_end": lambda f, who, other: (
        f"Today is the last day of the {_ORDINALS[f[1] - 1]} quarter of {f[0]} (a quarter has three months, the first one "
        "begins in January)."
    ),
    "weekday": _tell_weekday,
    "day_number": lambda f, who, other: f"Today is day number {f[1]} of the year {f[0]}; January 1 is day number 1.",
    "supply": lambda f, who, other: (
        f"On {_named(f[0])} {who} bought {f[1]} eggs and ate the first one. Since then {who} has eaten exactly one a day, and "
        "today eats the last one."
    ),
    "clock": lambda f, who, other: (
        f"{who} left at {_clock_text(f[1])} on {_named(f[0])} and travelled for {f[2]} hours and {f[3]} minutes, without any "
        "change of time zone or clocks. Today is the day of the arrival."
    ),
    "anniversary": lambda f, who, other: (
        f"{who}'s house was finished on {_named(f[0])}. Today is the {_nth(f[1])} anniversary of that day (the first one was "
        "a year after it)."
    ),
    "monthly": lambda f, who, other: (
        f"{who} visits {other} on day {f[0][2]} of every month, for the first time in {MONTHS[f[0][1] - 1]} {f[0][0]}. Today is "
        f"the {_nth(f[1])} visit."
    ),
    "every": lambda f, who, other: (
        f"A club met for the first time on {_named(f[0])} and then again every {f[1]} days. Today is the {_nth(f[2])} meeting, "
        "the first one counted."
    ),
    "working_days": lambda f, who, other: (
        f"{who} ordered a table on {_named(f[0])}, which was a {WEEKDAYS[date(*f[0]).weekday()]}. It comes today, {f[1]} "
        "working days later. Working days are Monday to Friday, there are no holidays, and the day of the order is not counted."
    ),
    "leap_day": lambda f, who, other: (
        f"Counting from January 1, {f[0]} on, today is the {_nth(f[1])} February 29 that occurs."
    ),
    "zones": _tell_zones,
    "new_year": lambda f, who, other: (
        f"At this moment it is exactly {f[1]} hours until the first moment of the year {f[0]}, by the clocks here, which are "
        "not changed in between."
    ),
}


# ------------------------------------------------------------------------------------------- forwards, by the library


def _written(day: date) -> str:
    return f"{day.month:02d}/{day.day:02d}/{day.year:04d}"


def _step(day: date, unit: str, number: int) -> date:
    """One move; a month or a year keeps the day.

    Raises:
        ValueError: that month has no such day.
    """
    if unit in ("day", "week"):
        return day + timedelta(number * (7 if unit == "week" else 1))
    months = 12 * day.year + day.month - 1 + number * (12 if unit == "year" else 1)
    return date(months // 12, months % 12 + 1, day.day)


def _follow(payload: Mapping[str, Any]) -> date:
    """The date that is asked for."""
    day = _today(payload["story"])
    for unit, number in payload["moves"]:
        day = _step(day, unit, number)
    return day


def _today(story: Sequence[Any]) -> date:
    kind, *facts = story
    if kind in ("plain", "day_first"):
        return date(*facts[0])
    if kind in ("shifted", "dispute"):
        return date(*facts[0]) + timedelta(facts[1])
    if kind == "month_end":
        year, month = facts[0]
        return date(year, month, monthrange(year, month)[1])
    if kind == "quarter_end":
        return date(facts[0], 3 * facts[1], monthrange(facts[0], 3 * facts[1])[1])
    if kind == "weekday":
        first = date(facts[0][0], facts[0][1], 1)
        return first + timedelta((facts[2] - first.weekday()) % 7 + 7 * (facts[1] - 1))
    if kind == "day_number":
        return date(facts[0], 1, 1) + timedelta(facts[1] - 1)
    if kind == "supply":
        return date(*facts[0]) + timedelta(facts[1] - 1)
    if kind == "clock":
        return date(*facts[0]) + timedelta((facts[1] + 60 * facts[2] + facts[3]) // 1440)
    if kind == "anniversary":
        year, month, day = facts[0]
        return date(year + facts[1], month, day)
    if kind == "monthly":
        return _step(date(*facts[0]), "month", facts[1] - 1)
    if kind == "every":
        return date(*facts[0]) + timedelta(facts[1] * (facts[2] - 1))
    if kind == "working_days":
        weeks, rest = divmod(facts[1], 5)
        day = date(*facts[0])
        return day + timedelta(7 * weeks + rest + (2 if day.weekday() + rest > 4 else 0))
    if kind == "leap_day":
        leaps = (year for year in range(facts[0], facts[0] + 1000) if isleap(year))
        return date([next(leaps) for _ in range(facts[1])][-1], 2, 29)
    if kind == "zones":
        return date(*facts[0]) + timedelta((facts[1] + 60 * facts[2]) // 1440)
    return date(facts[0], 1, 1) + timedelta(-facts[1] // 24)


# ------------------------------------------------------------------------------------------ forwards, day after day


_Day = tuple[int, int, int]
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _length(year: int, month: int) -> int:
    return _LENGTHS[month - 1] + (month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))


def _after(day: _Day, count: int) -> _Day:
    """So many days later (or earlier, for a negative count), one at a time."""
    year, month, number = day
    for _ in range(abs(count)):
        number += 1 if count > 0 else -1
        if number > _length(year, month):
            year, month, number = (year + 1, 1, 1) if month == 12 else (year, month + 1, 1)
        elif number == 0:
            year, month = (year - 1, 12) if month == 1 else (year, month - 1)
            number = _length(year, month)
    return year, month, number


def _weekday_of(day: _Day) -> int:
    """0 for Monday, by Zeller's rule."""
    year, month, number = day
    if month < 3:
        year, month = year - 1, month + 12
    return (number + 13 * (month + 1) // 5 + year + year // 4 - year // 100 + year // 400 + 5) % 7


def _months_after(day: _Day, count: int) -> _Day:
    year, month, number = day
    for _ in range(abs(count)):
        month += 1 if count > 0 else -1
        if month in (0, 13):
            year, month = (year - 1, 12) if month == 0 else (year + 1, 1)
    return year, month, number


def _hours_after(day: _Day, minute: int, hours: int) -> _Day:
    """The day so many hours after a time of day, hour by hour."""
    for _ in range(abs(hours)):
        minute += 60 if hours > 0 else -60
        if minute >= 1440:
            day, minute = _after(day, 1), minute - 1440
        elif minute < 0:
            day, minute = _after(day, -1), minute + 1440
    return day


def _walked(payload: Mapping[str, Any]) -> str:
    """The date that is asked for, day after day."""
    day = _walked_today(payload["story"])
    for unit, number in payload["moves"]:
        if unit in ("day", "week"):
            day = _after(day, number * (7 if unit == "week" else 1))
        else:
            day = _months_after(day, number * (12 if unit == "year" else 1))
    year, month, number = day
    return f"{month:02d}/{number:02d}/{year:04d}"


def _walked_today(story: Sequence[Any]) -> _Day:
    kind, *facts = story
    if kind == "weekday":
        day, left = (*facts[0], 1), facts[1]
        while left := left - (_weekday_of(day) == facts[2]):
            day = _after(day, 1)
        return day
    if kind in ("month_end", "quarter_end"):
        year, month = facts[0] if kind == "month_end" else (facts[0], 3 * facts[1])
        return year, month, _length(year, month)
    if kind == "day_number":
        return _after((facts[0], 1, 1), facts[1] - 1)
    if kind == "leap_day":
        year = facts[0] - 1
        for _ in range(facts[1]):
            year += 1
            while _length(year, 2) < 29:
                year += 1
        return year, 2, 29
    if kind == "new_year":
        return _hours_after((facts[0], 1, 1), 0, -facts[1])
    day = (facts[0][0], facts[0][1], facts[0][2])
    if kind in ("plain", "day_first"):
        return day
    if kind in ("shifted", "dispute"):
        return _after(day, facts[1])
    if kind == "supply":
        for _ in range(facts[1] - 1):
            day = _after(day, 1)
        return day
    if kind == "clock":
        late = facts[1] + facts[3] >= 1440
        return _hours_after(_after(day, 1) if late else day, (facts[1] + facts[3]) % 1440, facts[2])
    if kind == "anniversary":
        return _months_after(day, 12 * facts[1])
    if kind == "monthly":
        return _months_after(day, facts[1] - 1)
    if kind == "every":
        for _ in range(facts[2] - 1):
            day = _after(day, facts[1])
        return day
    if kind == "zones":
        return _hours_after(day, facts[1], facts[2])
    left = facts[1]
    while left:
        day = _after(day, 1)
        left -= _weekday_of(day) < 5
    return day


def _picked(text: str, options: Sequence[str]) -> int:
    """The chosen option: as any, or by its date in another spelling."""
    bare = read_date(text.strip("\"'`()[] "))
    if bare is not None:
        if (written := _written(bare)) not in options:
            raise Refused("rule:option", "This date is not among the options.")
        return list(options).index(written)
    return pick(text, options)


TASK = DateUnderstanding()
