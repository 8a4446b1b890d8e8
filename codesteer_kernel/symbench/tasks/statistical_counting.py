"""Statistical Counting: points for runs of equal letters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from random import Random
from typing import Any

from codesteer_kernel.symbench.knobs import flag, whole
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.reading import integer
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_LETTERS = "ABCDEFGHIJK"
_SAID = re.compile(r"^(?:the )?(?:total )?score(?: is)?\s*[:=]?\s*|\s*points?$", re.IGNORECASE)
_AGAIN = 0.35


class StatisticalCounting(Task):
    """A string of a few letters; each letter has points and a least length of its runs."""

    name = "statistical_counting"
    paper_name = "Statistical Counting"
    split = "seen"
    version = "1"
    about = "Add up points for runs of equal letters in a string."
    rule = (
        "The answer is the sum of the points of all runs (or of all overlapping stretches, where the question says so)."
    )
    longest = 1000
    knobs = {
        "length": whole(30, 3, 500, "letters of the string"),
        "letters": whole(4, 1, 11, "different letters"),
        "least": whole(2, 2, 5, "shortest run that scores"),
        "overlap": flag(False, "a long run scores at each place where the least length fits, not once"),
    }
    levels = {
        "1": {"length": 10, "letters": 2},
        "2": {"length": 20, "letters": 3},
        "3": {"length": 45, "letters": 4},
        "4": {"length": 90, "letters": 6},
        "5": {"length": 220, "letters": 8, "least": 3},
        "overlap": {"length": 40, "overlap": True},
        "paper-1": {"length": 5, "letters": 2},
        "paper-2": {"length": 10, "letters": 3},
        "paper-3": {"length": 15, "letters": 4},
        "paper-4": {"length": 25, "letters": 6},
        "paper-5": {"length": 65, "letters": 7},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """A string that likes to repeat itself; its runs are counted one by one."""
        letters = _LETTERS[: level["letters"]]
        text = rng.choice(letters)
        while len(text) < level["length"]:
            text += text[-1] if rng.random() < _AGAIN else rng.choice(letters)
        scores = rng.sample(range(1, max(10, len(letters) + 1)), len(letters))
        rules = [
            {"letter": letter, "score": score, "least": level["least"]}
            for letter, score in zip(letters, scores, strict=True)
        ]
        payload = {"text": text, "rules": rules, "overlap": level["overlap"]}
        return Draft(payload, str(_total(payload)), {"unique": True})

    def ask(self, payload: Mapping[str, Any]) -> str:
        """String, points, and what counts as one."""
        if payload["overlap"]:
            rules = [
                f"{rule['score']} for every place where {rule['least']} letters {rule['letter']} stand next to one another"
                for rule in payload["rules"]
            ]
            meaning = "Places may overlap and each counts, so a run of 5 equal letters has 4 places of length 2."
        else:
            rules = [
                f"{rule['score']} for every run of at least {rule['least']} letters {rule['letter']}"
                for rule in payload["rules"]
            ]
            meaning = (
                "A run is a stretch of equal letters with other letters or the end of the string on both sides. It scores "
                "once, however long it is; shorter runs score nothing."
            )
        listed = "\n".join(f"- {rule}" for rule in rules)
        return (
            f"A string earns points:\n\n{listed}\n\n{meaning}\n\nHow many points does this string earn in all?\n\n"
            f"{payload['text']}\n\nWrite the number between <<< and >>>, for example <<<17>>>."
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """The number must be the sum."""
        found = integer(_SAID.sub("", text))
        if found != _total(payload):
            raise Refused("not_goal", "This is not the sum of the points.")
        return str(found)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """By patterns, a letter at a time."""
        total = 0
        for rule in problem.payload["rules"]:
            run = f"{rule['letter']}{{{rule['least']}"
            pattern = f"(?={run}}})" if problem.payload["overlap"] else f"{run},}}"
            total += rule["score"] * len(re.findall(pattern, problem.payload["text"]))
        return [str(total)][:limit]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Slips by one, and other meanings of a run."""
        right, payload = int(answer), problem.payload
        rules = payload["rules"]
        wrong = {
            "one more": right + 1,
            "one less": right - 1,
            "double": 2 * right,
            "other meaning": _total({**payload, "overlap": not payload["overlap"]}),
            "single letters too": _total({**payload, "rules": [{**rule, "least": 1} for rule in rules]}),
            "each letter once": sum(
                rule["score"] for rule in rules if rule["letter"] * rule["least"] in payload["text"]
            ),
            "last letter missed": _total({**payload, "text": payload["text"][:-1]}),
        }
        for kind, value in wrong.items():
            if value != right:
                yield kind, str(value)

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """String and rules from the data."""
        rules = [
            {
                "letter": str(rule["letter"]),
                "score": int(rule["score"]),
                "least": int(rule.get("min_consecutive", 2)),
            }
            for rule in published["rules"]
        ]
        text = str(published["sequence"])
        if not rules or not set(text) <= {rule["letter"] for rule in rules}:
            raise ValueError("There are no rules, or the string has letters without one.")
        return {"text": text, "rules": rules, "overlap": False}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's solution."""
        return str(published["solution"]) if "solution" in published else None

    def effort(self, problem: Problem) -> float:
        """Letters to look at and rules to keep in mind."""
        return len(problem.payload["text"]) * (1 + 0.1 * len(problem.payload["rules"]))

    def space(self, level: Level) -> float:
        """Strings; repeated letters make some likelier than others."""
        letters = max(1.0, float(level["letters"]) - 0.8)
        return float(letters ** min(200, int(level["length"])))


def _total(payload: Mapping[str, Any]) -> int:
    """The points, run by run."""
    rules = {rule["letter"]: rule for rule in payload["rules"]}
    total = 0
    for letter, run in groupby(payload["text"]):
        extra = len(list(run)) - rules[letter]["least"] + 1
        if extra > 0:
            total += rules[letter]["score"] * (extra if payload["overlap"] else 1)
    return total


TASK = StatisticalCounting()
