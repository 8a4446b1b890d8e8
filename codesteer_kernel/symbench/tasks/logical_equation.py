"""Logical Equation: give each letter one of the listed numbers so that sums, differences, ratios and orders hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from math import perm
from random import Random
from string import ascii_uppercase
from typing import Any

from codesteer_kernel.symbench.knobs import flag, whole
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.reading import numbers
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

# A relation is [kind, letter, letter, value]: "sum" a + b = v, "difference" a - b = v, "ratio" a = v * b (v as text,
# exact), "greater" a > b (v is 0). Letters are numbers from 0.
_Relation = Sequence[Any]
_SAID = (
    (re.compile(r"([A-Z]) \+ ([A-Z]) = (-?[0-9]+)"), "sum"),
    (re.compile(r"([A-Z]) - ([A-Z]) = (-?[0-9]+)"), "difference"),
    (re.compile(r"([A-Z]) = ([0-9]+(?:\.[0-9]+)?) ?\*? ?([A-Z])"), "ratio"),
    (re.compile(r"([A-Z]) > ([A-Z])"), "greater"),
)
_LABELLED = re.compile(r"[\"']?\b([A-Z])\b[\"']?\s*[:=]\s*([-+.0-9]+)")
_EQUATIONS = ("sum", "difference", "ratio")


class LogicalEquation(Task):
    """Letters, numbers, relations; any one-to-one choice that keeps every relation is right."""

    name = "logical_equation"
    paper_name = "Logical Equation"
    split = "seen"
    version = "1"
    about = "Give each letter a different listed number so that all equations and inequalities hold."
    rule = "Every letter has one of the listed numbers, no two the same, and every relation holds exactly."
    longest = 2000
    knobs = {
        "letters": whole(9, 3, 20, "how many letters there are"),
        "relations": whole(8, 1, 40, "how many relations are given; more where unique asks for more"),
        "high": whole(150, 10, 10_000, "largest number"),
        "spare": whole(0, 0, 10, "listed numbers beyond the letters"),
        "unique": flag(False, "the relations leave one answer"),
    }
    levels = {
        "1": {"letters": 5, "relations": 5, "high": 30},
        "2": {"letters": 7, "relations": 7, "high": 60},
        "3": {"letters": 9, "relations": 8},
        "4": {"letters": 13, "relations": 12, "unique": True},
        "5": {"letters": 16, "relations": 15, "high": 400, "spare": 3, "unique": True},
        "paper-1": {"letters": 9, "relations": 7},
        "paper-2": {"letters": 9, "relations": 8},
        "paper-3": {"letters": 11, "relations": 10},
        "paper-4": {"letters": 11, "relations": 11},
        "paper-5": {"letters": 13, "relations": 10},
        "paper-6": {"letters": 13, "relations": 11},
        "paper-7": {"letters": 13, "relations": 12},
        "paper-8": {"letters": 15, "relations": 12},
        "paper-9": {"letters": 15, "relations": 13},
        "paper-10": {"letters": 15, "relations": 14},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """An assignment first, then different relations that are true of it."""
        count = level["letters"]
        listed = min(count + level["spare"], level["high"])
        count = min(count, listed)
        values = sorted(rng.sample(range(1, level["high"] + 1), listed))
        assigned = rng.sample(values, count)
        relations: list[_Relation] = []
        pairs: set[tuple[int, int]] = set()
        for _ in range(10 * level["relations"]):
            relation = _true_relation(rng, assigned)
            pair = (min(relation[1:3]), max(relation[1:3]))
            if len(relations) < level["relations"] and pair not in pairs:
                pairs.add(pair)
                relations.append(relation)
        if level["unique"]:
            while (other := _second(values, relations, assigned)) is not None:
                relation = _true_relation(rng, assigned)
                while _holds(relation, other):
                    relation = _true_relation(rng, assigned)
                relations.append(relation)
            rng.shuffle(relations)
        payload = {"letters": count, "values": values, "relations": relations}
        return Draft(payload, str(assigned), {"unique": True if level["unique"] else None})

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Letters, numbers, one-to-one said, relations."""
        letters = ascii_uppercase[: payload["letters"]]
        listed = ", ".join(map(str, payload["values"]))
        spare = len(payload["values"]) - len(letters)
        relations = "\n".join(f"{at}. {_said(one)}" for at, one in enumerate(payload["relations"], 1))
        unused = f" {spare} of the numbers {'is' if spare == 1 else 'are'} not used." if spare else ""
        return (
            f"Each of the {len(letters)} letters {', '.join(letters)} stands for one of the numbers {listed}. Different "
            f"letters stand for different numbers.{unused} All of these relations hold exactly (* is multiplication):\n"
            f"{relations}\n"
            "Find numbers for the letters that keep all relations. Write them in alphabetical order of the letters, "
            "starting with A, between <<< and >>>, in this form (which shows three letters): <<<[1, 2, 3]>>>."
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """A one-to-one choice from the list that keeps every relation."""
        values = _read(text, payload["letters"])
        listed = set(payload["values"])
        for at, value in enumerate(values):
            if value not in listed:
                raise Refused("rule:value", f"The number given to {ascii_uppercase[at]} is not one of the listed ones.")
        if len(set(values)) != len(values):
            raise Refused("rule:distinct", "Two letters have the same number.")
        for at, relation in enumerate(payload["relations"], 1):
            if not _holds(relation, values):
                raise Refused("rule:relation", f"Relation {at} does not hold: {_said(relation)}.")
        return str(values)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """Letters tied by equations follow from one of them: list what each such group can be, then join the groups."""
        payload = problem.payload
        found = _joined(payload["letters"], payload["values"], payload["relations"])
        return [str(values) for values in islice(found, limit)]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Numbers swapped, missing, doubled, not on the list; the list itself."""
        payload = problem.payload
        values = _read(answer, payload["letters"])
        first, second = rng.sample(range(len(values)), 2)
        swapped, twice, changed = list(values), list(values), list(values)
        swapped[first], swapped[second] = values[second], values[first]
        twice[first] = values[second]
        changed[first] = max(payload["values"]) + 1
        yield "one missing", str(values[:-1])
        yield "one extra", str([*values, values[0]])
        yield "twice the same", str(twice)
        yield "not on the list", str(changed)
        for kind, wrong in (("two swapped", swapped), ("sorted", sorted(values)), ("reversed", values[::-1])):
            if not all(_holds(relation, wrong) for relation in payload["relations"]):
                yield kind, str(wrong)

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """Letters, numbers and numbered relations stand in the question only."""
        head = re.search(
            r"There are ([0-9]+) letters ([A-Z](?:, [A-Z])*), each representing one of the numbers ", question
        )
        if head is None:
            raise ValueError("The question names no letters.")
        listed, _, rest = question[head.end() :].partition(". The system of inequalities is satisfied as follows:")
        letters = head[2].split(", ")
        if letters != list(ascii_uppercase[: int(head[1])]):
            raise ValueError("The letters are not A, B, C, ...")
        lines = [line.strip() for line in rest.partition("Return the answers")[0].splitlines() if line.strip()]
        if not lines:
            raise ValueError("There are no relations.")
        values = [int(one) for one in listed.split(", ")]
        return {"letters": len(letters), "values": values, "relations": [_relation(one, len(letters)) for one in lines]}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's list."""
        return str(published["solution"]) if "solution" in published else None

    def effort(self, problem: Problem) -> float:
        """Letters, weighed by the numbers each may have."""
        return float(problem.payload["letters"] * len(problem.payload["values"]) + len(problem.payload["relations"]))

    def space(self, level: Level) -> float:
        """Choices of numbers for letters."""
        return float(perm(int(level["high"]), min(int(level["letters"]), int(level["high"]))))


def _holds(relation: _Relation, values: Sequence[int]) -> bool:
    kind, left, right, value = relation
    one, other = values[left], values[right]
    if kind == "sum":
        return bool(one + other == value)
    if kind == "difference":
        return bool(one - other == value)
    if kind == "greater":
        return one > other
    ratio = Fraction(value)
    return one * ratio.denominator == other * ratio.numerator


def _true_relation(rng: Random, values: Sequence[int]) -> _Relation:
    """A relation that is true of an assignment; ratios are whole or have at most two decimals."""
    left, right = rng.sample(range(len(values)), 2)
    kind = rng.choice((*_EQUATIONS, "greater"))
    if kind == "ratio":
        ratio = Fraction(values[left], values[right])
        if 100 % ratio.denominator == 0:
            return ["ratio", left, right, str(ratio.numerator) if ratio.denominator == 1 else f"{float(ratio):.10g}"]
        kind = rng.choice(("sum", "difference"))
    if kind == "greater":
        return ["greater", left, right, 0] if values[left] > values[right] else ["greater", right, left, 0]
    value = values[left] + values[right] if kind == "sum" else values[left] - values[right]
    return [kind, left, right, value]


def _second(values: Sequence[int], relations: Sequence[_Relation], assigned: Sequence[int]) -> list[int] | None:
    """An assignment other than this one, by trying letter after letter, the most tied ones first."""
    count = len(assigned)
    about: list[list[_Relation]] = [[] for _ in range(count)]
    for relation in relations:
        about[relation[1]].append(relation)
        about[relation[2]].append(relation)
    order: list[int] = []
    while len(order) < count:
        rest = [letter for letter in range(count) if letter not in order]
        order.append(max(rest, key=lambda one: (_tied(about[one], order), len(about[one]))))
    place = sorted(range(count), key=order.__getitem__)
    checks = [
        [relation for relation in about[letter] if max(place[relation[1]], place[relation[2]]) == at]
        for at, letter in enumerate(order)
    ]
    chosen = [0] * count

    def fill(at: int, free: frozenset[int], same: bool) -> bool:
        if at == count:
            return not same
        letter = order[at]
        for value in sorted(free):
            chosen[letter] = value
            if all(_holds(relation, chosen) for relation in checks[at]) and fill(
                at + 1, free - {value}, same and value == assigned[letter]
            ):
                return True
        return False

    return chosen if fill(0, frozenset(values), True) else None


def _tied(relations: Sequence[_Relation], order: Sequence[int]) -> int:
    return sum((one[1] in order or one[2] in order) * (2 if one[0] in _EQUATIONS else 1) for one in relations)


def _joined(count: int, values: Sequence[int], relations: Sequence[_Relation]) -> Iterator[list[int]]:
    """All assignments: groups of letters tied by equations, each with its possible values, joined without repeats."""
    equations = [relation for relation in relations if relation[0] in _EQUATIONS]
    orders = [(relation[1], relation[2]) for relation in relations if relation[0] == "greater"]
    groups = _groups(count, equations)
    ways = [
        [way for value in values if (way := _spread(group, equations, value, values)) is not None] for group in groups
    ]

    def fits(way: Mapping[int, int], chosen: Mapping[int, int], used: set[int]) -> bool:
        if not used.isdisjoint(way.values()):
            return False
        for greater, less in orders:
            high, low = way.get(greater, chosen.get(greater)), way.get(less, chosen.get(less))
            if high is not None and low is not None and high <= low:
                return False
        return True

    def join(left: list[list[dict[int, int]]], chosen: dict[int, int]) -> Iterator[list[int]]:
        if not left:
            yield [chosen[letter] for letter in range(count)]
            return
        used = set(chosen.values())
        still = [[way for way in some if fits(way, chosen, used)] for some in left]
        fewest = min(range(len(still)), key=lambda at: len(still[at]))
        for way in still[fewest]:
            yield from join(still[:fewest] + still[fewest + 1 :], {**chosen, **way})

    yield from join(ways, {})


def _groups(count: int, equations: Sequence[_Relation]) -> list[list[int]]:
    group = list(range(count))
    for _, left, right, _ in equations:
        old, new = group[right], group[left]
        group = [new if one == old else one for one in group]
    return [[letter for letter in range(count) if group[letter] == name] for name in sorted(set(group))]


def _spread(
    group: Sequence[int], equations: Sequence[_Relation], value: int, values: Sequence[int]
) -> dict[int, int] | None:
    """The numbers of a group once its first letter has this one; None where that breaks an equation or repeats a number."""
    known = {group[0]: value}
    waiting = [relation for relation in equations if relation[1] in group]
    while waiting:
        later = []
        for relation in waiting:
            kind, left, right, given = relation
            if left not in known and right not in known:
                later.append(relation)
                continue
            if kind == "ratio":
                ratio = Fraction(given)
                found = known[left] / ratio if left in known else known[right] * ratio
            elif kind == "sum":
                found = Fraction(given - known[left if left in known else right])
            else:
                found = Fraction(known[left] - given if left in known else known[right] + given)
            target = right if left in known else left
            if found.denominator != 1 or known.setdefault(target, found.numerator) != found:
                return None
        waiting = later
    kept = set(known.values())
    return known if len(kept) == len(known) and kept <= set(values) else None


def _said(relation: _Relation) -> str:
    kind, left, right, value = relation
    one, other = ascii_uppercase[left], ascii_uppercase[right]
    if kind == "sum":
        return f"{one} + {other} = {value}"
    if kind == "difference":
        return f"{one} - {other} = {value}"
    return f"{one} > {other}" if kind == "greater" else f"{one} = {value} * {other}"


def _relation(line: str, count: int) -> _Relation:
    """A published relation.

    Raises:
        ValueError: it is of none of the published forms, or names a letter that there is not.
    """
    text = re.sub(r"^[0-9]+\.\s*", "", line)
    for pattern, kind in _SAID:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        if kind == "ratio":
            left, value, right = match.groups()
            if len(value.partition(".")[2]) > 6:
                # A ratio that was written as a float stands for the fraction next to it.
                value = str(Fraction(value).limit_denominator(1000))
        else:
            left, right = match[1], match[2]
            value = int(match[3]) if kind != "greater" else 0
        places = [ascii_uppercase.index(left), ascii_uppercase.index(right)]
        if max(places) < count:
            return [kind, *places, value]
    raise ValueError(f"{line!r} is no known relation.")


def _read(text: str, count: int) -> list[int]:
    """The numbers by letter: a list in their order, or each behind its letter."""
    labelled = _LABELLED.findall(text)
    if len(labelled) == count and len({letter for letter, _ in labelled}) == count:
        if _LABELLED.sub("", text).strip(" \n\t,;.{}[]()\"'"):
            raise Refused("unreadable", "There is more than a number for each letter.")
        text = " ".join(value for _, value in sorted(labelled))
    found = numbers(text, count)
    for value in found:
        if value.denominator != 1:
            raise Refused("rule:value", "A number is not whole.")
    return [value.numerator for value in found]


TASK = LogicalEquation()
