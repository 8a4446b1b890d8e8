"""Recipes: methods that turn things into other things, carried out by a schedule until none can be carried out.

What string_synthesis, string_splitting and synthesis_decomposition share. A method is plain data,
``{"takes": {"A": 2}, "gives": {"X": 1}}``. What "cycle through the methods" means is a schedule, stated in the question
and kept in the payload:

* ``once``: down the list, each method at most once as it is come to, then over again;
* ``exhaust``: down the list, each method as often as it goes, then over again;
* ``restart``: back to the first method after every single step.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, Literal

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.reading import tokens
from codesteer_kernel.symbench.task import Task

__all__ = ["SCHEDULES", "Method", "RecipeTask", "amounts", "drawn", "exchanged", "rewritten"]

Method = Mapping[Literal["takes", "gives"], Mapping[str, int]]

SCHEDULES = {
    "once": (
        "Go down the list from method 1 to method {last}. Carry out each method once when you come to it, if everything that "
        "it uses up is there; otherwise skip it. After method {last} go on with method 1. Stop when you have gone down the "
        "whole list without carrying out any method."
    ),
    "exhaust": (
        "Go down the list from method 1 to method {last}. When you come to a method, carry it out again and again as long as "
        "everything that it uses up is there, then go on to the next one. After method {last} go on with method 1. Stop when "
        "no method can be carried out any more."
    ),
    "restart": (
        "In every step, look through the list from method 1 on and carry out, once, the first method for which everything "
        "that it uses up is there. Then look again from method 1 on. Stop when no method can be carried out any more."
    ),
}
"""Schedules by name, in words; ``{last}`` is the number of the last method."""

_TRIES = 200
# Words that may stand beside a name: "Machine A: 0".
_NOUNS = frozenset(
    ["machine", "machines", "part", "parts", "crop", "crops", "product", "products", "unit", "units", "of", "and"]
)


class RecipeTask(Task):
    """What the three tasks have in common: generator, verifier, solver and mutants.

    A task brings its knobs (``least``, ``most``, ``recipes``, ``methods``, ``schedule``), levels, words and :meth:`kit`.
    """

    @abstractmethod
    def kit(self, recipes: str) -> tuple[list[str], list[str], list[Method]]:
        """Names of what one starts with, names of what is only made, and the methods of a published set.

        The methods are empty for ``random``, which are drawn.
        """

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """Amounts and, for ``random``, methods by chance; then step by step."""
        sources, products, fixed = self.kit(level["recipes"])
        least, most = sorted((level["least"], level["most"]))
        for _ in range(_TRIES):
            methods = fixed or drawn(rng, sources, products, level["methods"])
            start = {name: rng.randint(least, most) for name in sources}
            payload = {"start": start, "made": products, "methods": methods, "schedule": level["schedule"]}
            final, steps = exchanged(start, products, methods, level["schedule"])
            if fixed or steps >= 3:
                return Draft(payload, self.spelled(payload, final), {"unique": True, "steps": steps})
        raise BadInput("These knobs allow nothing to happen.", "Raise most.")

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """The final amount of everything, in the stated order."""
        names = [*payload["start"], *payload["made"]]
        found = amounts(text, names)
        final, _ = exchanged(payload["start"], payload["made"], payload["methods"], payload["schedule"])
        right = [final[name] for name in names]
        if found != right:
            raise Refused("not_goal", f"{_differing(found, right)} of the {len(names)} amounts are wrong.")
        return self.spelled(payload, final)

    def spelled(self, payload: Mapping[str, Any], final: Mapping[str, int]) -> str:
        """The amounts in the form that the question asks for."""
        return f"[{', '.join(str(final[name]) for name in [*payload['start'], *payload['made']])}]"

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """By rewriting a string in which every thing is a sign of its own."""
        payload = problem.payload
        final = rewritten(payload["start"], payload["made"], payload["methods"], payload["schedule"])
        return [self.spelled(payload, final)][:limit]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Slips in one amount, a missing or added one, other schedules, and nothing done at all."""
        payload = problem.payload
        names = [*payload["start"], *payload["made"]]
        right = amounts(answer, names)

        def spelled(values: Sequence[int]) -> str:
            return " ".join(map(str, values))

        at = rng.randrange(len(right))
        yield "one amount off", spelled([*right[:at], right[at] + 1, *right[at + 1 :]])
        yield "last amount off", spelled([*right[:-1], right[-1] + 1])
        yield "amount missing", spelled(right[:-1])
        yield "amount added", spelled([*right, 0])
        wrong = {
            "reversed": right[::-1],
            "two swapped": [right[1], right[0], *right[2:]],
            "nothing done": [*payload["start"].values(), *(0 for _ in payload["made"])],
        }
        for schedule in SCHEDULES:
            final, _ = exchanged(payload["start"], payload["made"], payload["methods"], schedule)
            wrong[f"schedule {schedule}"] = [final[name] for name in names]
        for kind, values in wrong.items():
            if values != right:
                yield kind, spelled(values)

    def effort(self, problem: Problem) -> float:
        """Looks at a method until the end: steps and the methods that are passed over."""
        payload = problem.payload
        _, steps = exchanged(payload["start"], payload["made"], payload["methods"], payload["schedule"])
        return float(steps * len(payload["methods"]))

    def space(self, level: Level) -> float:
        """Choices of the amounts; drawn methods are as good as endless."""
        if level["recipes"] == "random":
            return float("inf")
        sources, _, _ = self.kit(str(level["recipes"]))
        return float((abs(int(level["most"]) - int(level["least"])) + 1) ** len(sources))


def exchanged(
    start: Mapping[str, int], made: Sequence[str], methods: Sequence[Method], schedule: str
) -> tuple[dict[str, int], int]:
    """The amounts when nothing can be done any more, and the steps until then."""
    place = {name: at for at, name in enumerate([*start, *made])}
    store = [*start.values(), *(0 for _ in made)]
    takes = [[(place[name], amount) for name, amount in method["takes"].items()] for method in methods]
    gives = [[(place[name], amount) for name, amount in method["gives"].items()] for method in methods]
    steps = at = idle = 0
    while idle < len(takes):
        for name, amount in takes[at]:
            if store[name] < amount:
                idle += 1
                break
        else:
            times = min([store[name] // amount for name, amount in takes[at]]) if schedule == "exhaust" else 1
            for name, amount in takes[at]:
                store[name] -= amount * times
            for name, amount in gives[at]:
                store[name] += amount * times
            steps += times
            idle = 0
            if schedule == "restart":
                at = -1
        at = (at + 1) % len(takes)
    return dict(zip(place, store, strict=True)), steps


def rewritten(
    start: Mapping[str, int], made: Sequence[str], methods: Sequence[Method], schedule: str
) -> dict[str, int]:
    """The same amounts, found by rewriting a sorted string: a sign a thing, a pattern and a replacement a method."""
    sign = {name: chr(0x100 + at) for at, name in enumerate([*start, *made])}
    rules = []
    for method in methods:
        taken = {sign[name]: amount for name, amount in method["takes"].items()}
        pattern = r"\A" + "".join(f"(.*?){one}{{{taken[one]}}}" for one in sorted(taken))
        added = "".join(sign[name] * amount for name, amount in method["gives"].items())
        rest = "".join(f"\\{group}" for group in range(1, len(taken) + 1))
        rules.append((re.compile(pattern, re.DOTALL), rest + added))
    text = "".join(sign[name] * amount for name, amount in start.items())
    changed = True
    while changed:
        changed = False
        for rule, put in rules:
            while True:
                text, done = rule.subn(put, "".join(sorted(text)), count=1)
                changed |= bool(done)
                if not done or schedule != "exhaust":
                    break
            if changed and schedule == "restart":
                break
    return {name: text.count(one) for name, one in sign.items()}


def drawn(rng: Random, sources: Sequence[str], products: Sequence[str], count: int) -> list[Method]:
    """Methods by chance, none of them endless: everything has a hidden worth, and each method loses some."""
    worth = {name: rng.randint(4, 7) for name in sources}
    worth.update({name: rng.randint(1, 4) for name in products})
    names = [*worth]
    methods: list[Method] = []
    while len(methods) < count:
        # The first methods work on what is there from the start.
        usable = list(sources) if len(methods) < (count + 1) // 2 else names
        takes = {name: rng.randint(1, 3) for name in sorted(rng.sample(usable, rng.randint(1, min(3, len(usable)))))}
        rest = sum(worth[name] * amount for name, amount in takes.items()) - 1
        gives: dict[str, int] = {}
        for name in rng.sample(names, len(names)):
            amount = min(rest // worth[name], rng.randint(1, 3))
            if amount and name not in takes and len(gives) < 2:
                gives[name] = amount
                rest -= worth[name] * amount
        method: Method = {"takes": takes, "gives": dict(sorted(gives.items()))}
        if gives and all(takes != other["takes"] for other in methods):
            methods.append(method)
    return methods


def amounts(text: str, names: Sequence[str]) -> list[int]:
    """One amount for each name: a list in any layout, digits in one piece, or amounts with their names before them.

    A name may be written as ``remaining_A`` or ``Machine A``.
    """
    found = [token.rpartition("_")[2] for token in tokens(text.replace(":", " ").replace("=", " "))]
    found = [token for token in found if token.casefold() not in _NOUNS]
    if not found:
        raise Refused("unreadable", "There are no amounts in the answer.")
    if len(found) == 1 and len(found[0]) == len(names):
        # Only single digits can stand for that many amounts in one piece.
        found = list(found[0])
    if len(found) == 2 * len(names) and sorted(found[::2]) == sorted(_bare(name) for name in names):
        labels = found[::2]
        found = found[1::2]
        if len(set(labels)) == len(labels):
            found = [found[labels.index(_bare(name))] for name in names]
        elif labels != [_bare(name) for name in names]:
            raise Refused("unreadable", "The amounts are not in the stated order.")
    values = []
    for token in found:
        whole = token.removesuffix(".0")
        if not (whole.isascii() and whole.isdigit() and len(whole) < 16):
            raise Refused("unreadable", f"{token[:40]!r} is not an amount.")
        values.append(int(whole))
    if len(values) != len(names):
        raise Refused("wrong_shape", f"{len(names)} amounts were expected, {len(values)} found.")
    return values


def _bare(name: str) -> str:
    return name.strip("[]{}()")


def _differing(found: Sequence[int], right: Sequence[int]) -> int:
    return sum(one != other for one, other in zip(found, right, strict=True))
