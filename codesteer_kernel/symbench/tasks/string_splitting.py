"""String Splitting: machines are taken apart and parts joined until no method works."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from codesteer_kernel.symbench.knobs import option, whole
from codesteer_kernel.symbench.recipes import SCHEDULES, Method, RecipeTask

__all__ = ["TASK"]

_MACHINES, _PARTS = ["A", "B", "C"], ["X", "Y", "Z"]
_PAPER: list[Method] = [
    {"takes": {"A": 1}, "gives": {"X": 2, "Y": 1}},
    {"takes": {"B": 2}, "gives": {"X": 1}},
    {"takes": {"C": 2}, "gives": {"Y": 1}},
    {"takes": {"B": 1, "C": 1}, "gives": {"A": 1}},
    {"takes": {"X": 1, "Y": 1}, "gives": {"Z": 1}},
]
_NUMBERS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4}
_METHOD = re.compile(r"^Method ([0-9]+): (.+)\.$", re.MULTILINE)
_VERB = re.compile(
    r"can be dismantled into|can be combined into|breaks? down into|merge to form|yields|produces|results in|creates"
)
_THING = re.compile(
    r"(a single|one|two|three|four) (?:units? of )?(?:machines?|parts?) ([ABCXYZ])(?: units?)?", re.IGNORECASE
)
_START = re.compile(r"([0-9]+) units of Machine ([ABC])")


class StringSplitting(RecipeTask):
    """Machines A, B, C and parts X, Y, Z; six final counts."""

    name = "string_splitting"
    paper_name = "String Splitting"
    split = "unseen"
    version = "1"
    about = "Take machines apart by given methods until none works, and count machines and parts."
    rule = "All six counts agree with the methods, carried out by the stated schedule until none can be carried out."
    knobs = {
        "least": whole(5, 0, 60, "lowest number of machines of a kind at the start"),
        "most": whole(15, 1, 60, "highest number of machines of a kind at the start"),
        "recipes": option("random", ("paper", "random"), "the published methods, or methods drawn anew"),
        "methods": whole(5, 2, 8, "how many methods are drawn"),
        "schedule": option("once", tuple(SCHEDULES), "in which order the methods are carried out"),
    }
    levels = {
        "1": {"least": 1, "most": 3, "methods": 3},
        "2": {"least": 2, "most": 7, "methods": 4},
        "3": {"least": 4, "most": 12, "methods": 5},
        "4": {"least": 8, "most": 25, "methods": 6},
        "5": {"least": 12, "most": 36, "methods": 8},
        "exhaust": {"schedule": "exhaust"},
        "restart": {"schedule": "restart"},
        "paper-1": {"least": 1, "most": 3, "recipes": "paper"},
        "paper-2": {"least": 2, "most": 4, "recipes": "paper"},
        "paper-3": {"least": 3, "most": 6, "recipes": "paper"},
        "paper-4": {"least": 4, "most": 7, "recipes": "paper"},
        "paper-5": {"least": 5, "most": 10, "recipes": "paper"},
    }

    def kit(self, recipes: str) -> tuple[list[str], list[str], list[Method]]:
        """Machines are there, parts are made."""
        return _MACHINES, _PARTS, _PAPER if recipes == "paper" else []

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Methods, schedule, start, and the order of the six counts."""
        methods = "\n".join(
            f"Method {at}: use up {_listed(method['takes'])}; get {_listed(method['gives'])}."
            for at, method in enumerate(payload["methods"], 1)
        )
        return (
            "A workshop owns machines of the kinds A, B and C and can turn them into parts of the "
            "kinds X, Y and Z by these methods:\n\n"
            f"{methods}\n\n"
            f"{SCHEDULES[payload['schedule']].format(last=len(payload['methods']))}\n\n"
            f"At the start there are {_listed(payload['start'])}, and no parts. How many machines and parts of each kind are "
            "there at the end?\n"
            "Write the six counts between <<< and >>> as a list in the order A, B, C, X, Y, Z, "
            "for example <<<[1, 0, 0, 4, 12, 3]>>>."
        )

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """Methods and start from the question, where alone they stand.

        The text leaves the schedule open; the published answers come from carrying out each method once a round.
        """
        found = _METHOD.findall(question)
        numbers = [int(number) for number, _ in found]
        start = {name: int(count) for count, name in _START.findall(question)}
        if not found or numbers != list(range(1, len(found) + 1)) or list(start) != _MACHINES:
            raise ValueError("The question holds no numbered methods or no start.")
        methods = [_method(sentence) for _, sentence in found]
        return {"start": start, "made": _PARTS, "methods": methods, "schedule": "once"}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's expected answer."""
        answer = published.get("expected_answer")
        return None if answer is None else f"[{', '.join(answer)}]"


def _listed(counts: Mapping[str, int]) -> str:
    return " and ".join(
        f"{count} {'machine' if name in _MACHINES else 'part'}{'s' * (count > 1)} {name}"
        for name, count in counts.items()
    )


def _method(sentence: str) -> Method:
    """One of the published wordings: things, a verb, things; every word has to be understood."""
    sides = _VERB.split(sentence)
    if len(sides) != 2:
        raise ValueError(f"{sentence!r} is no method.")
    takes, gives = ({name: _count(number) for number, name in _THING.findall(side)} for side in sides)
    known = r"[\s,]|\band\b|\bwith\b|Each round|Every round|per round|each cycle|[Dd]ismantling|[Cc]ombining|[Mm]erging"
    rest = re.sub(known, "", _THING.sub("", " ".join(sides)))
    if rest or not takes or not gives:
        raise ValueError(f"{sentence!r} is no method.")
    return {"takes": takes, "gives": gives}


def _count(number: str) -> int:
    return _NUMBERS[number.lower().split()[0]]


TASK = StringSplitting()
