"""String Synthesis: blocks of nine kinds are put together until nothing more can be put together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from codesteer_kernel.symbench.knobs import option, whole
from codesteer_kernel.symbench.recipes import SCHEDULES, Method, RecipeTask

__all__ = ["TASK"]

_SQUARE = ["[A]", "[B]", "[C]"]
_OTHERS = ["{A}", "{B}", "{C}", "(A)", "(B)", "(C)"]
_PAPER: list[Method] = [
    {"takes": {"[A]": 1, "[B]": 1, "[C]": 1}, "gives": {"{A}": 1}},
    {"takes": {"[A]": 1, "[B]": 1}, "gives": {"{C}": 1}},
    {"takes": {"[B]": 1, "[C]": 1}, "gives": {"{B}": 1}},
    {"takes": {"[C]": 2}, "gives": {"{C}": 1}},
    {"takes": {"{A}": 1, "{C}": 1}, "gives": {"(A)": 1, "(B)": 1}},
    {"takes": {"{B}": 2}, "gives": {"(C)": 1}},
]
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4}
_PART = re.compile(r"(One|one|Two|two|Three|three|Four|four) (\[[A-C]\]|\{[A-C]\}|\([A-C]\))")


class StringSynthesis(RecipeTask):
    """Square, curly and round blocks A, B, C; nine final counts."""

    name = "string_synthesis"
    paper_name = "String Synthesis"
    split = "seen"
    version = "1"
    about = "Put blocks together by given methods until none works, and count the nine kinds."
    rule = "All nine counts agree with the methods, carried out by the stated schedule until none can be carried out."
    knobs = {
        "least": whole(6, 0, 60, "lowest number of blocks of a kind at the start"),
        "most": whole(20, 1, 60, "highest number of blocks of a kind at the start"),
        "recipes": option("random", ("paper", "random"), "the published methods, or methods drawn anew"),
        "methods": whole(6, 2, 10, "how many methods are drawn"),
        "schedule": option("once", tuple(SCHEDULES), "in which order the methods are carried out"),
    }
    levels = {
        "1": {"least": 1, "most": 4, "methods": 3},
        "2": {"least": 2, "most": 8, "methods": 4},
        "3": {"least": 4, "most": 14, "methods": 6},
        "4": {"least": 8, "most": 24, "methods": 8},
        "5": {"least": 10, "most": 32, "methods": 10},
        "exhaust": {"schedule": "exhaust"},
        "restart": {"schedule": "restart"},
        "paper-1": {"least": 1, "most": 5, "recipes": "paper", "schedule": "exhaust"},
        "paper-2": {"least": 1, "most": 8, "recipes": "paper", "schedule": "exhaust"},
    }

    def kit(self, recipes: str) -> tuple[list[str], list[str], list[Method]]:
        """Square blocks are there, curly and round ones are made."""
        return _SQUARE, _OTHERS, _PAPER if recipes == "paper" else []

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Kinds, methods, schedule, start, and the order of the nine counts."""
        methods = "\n".join(
            f"Method {at}: use up {_listed(method['takes'])}; make {_listed(method['gives'])}."
            for at, method in enumerate(payload["methods"], 1)
        )
        return (
            "There are nine kinds of blocks: square [A], [B], [C], curly {A}, {B}, {C} and round (A), (B), (C). They are "
            "made of one another by these methods:\n\n"
            f"{methods}\n\n"
            f"{SCHEDULES[payload['schedule']].format(last=len(payload['methods']))}\n\n"
            f"At the start there are {_listed(payload['start'])}, and no other blocks. How many blocks of each kind are "
            "there at the end?\n"
            "Write the nine counts between <<< and >>>, parted by blanks, in the order [A] [B] [C] {A} {B} {C} (A) (B) (C), "
            "for example <<<2 0 1 0 0 0 3 12 0>>>."
        )

    def spelled(self, payload: Mapping[str, Any], final: Mapping[str, int]) -> str:
        """The counts parted by blanks."""
        return " ".join(str(final[name]) for name in [*payload["start"], *payload["made"]])

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """Counts from the data, methods from the question.

        The text leaves the schedule open; the published answers come from carrying out each method as often as it goes.
        """
        lines = re.findall(r"^[0-9]+\. (.+) can be combined to form (.+)\.$", question, re.MULTILINE)
        methods = [{"takes": _parts(takes), "gives": _parts(gives)} for takes, gives in lines]
        if not methods:
            raise ValueError("The question holds no methods.")
        start = {f"[{letter}]": int(published[f"{letter}_count"]) for letter in "ABC"}
        return {"start": start, "made": _OTHERS, "methods": methods, "schedule": "exhaust"}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's final counts."""
        counts = published.get("final_counts")
        return None if counts is None else " ".join(map(str, counts))


def _listed(counts: Mapping[str, int]) -> str:
    return " and ".join(f"{count} {name}" for name, count in counts.items())


def _parts(text: str) -> dict[str, int]:
    """``One [A], one [B], and one [C]`` as counts; every word has to be understood."""
    if re.sub(r"[\s,]|\band\b", "", _PART.sub("", text)):
        raise ValueError(f"{text!r} is no list of blocks.")
    return {name: _NUMBERS[number.lower()] for number, name in _PART.findall(text)}


TASK = StringSynthesis()
