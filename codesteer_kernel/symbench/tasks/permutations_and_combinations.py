"""Permutations and Combinations: shelve books so that rules on places, order and neighbours hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from math import factorial
from random import Random
from string import ascii_uppercase
from typing import Any

from codesteer_kernel.symbench.knobs import flag, whole
from codesteer_kernel.symbench.orderings import Clue, by_thing, holds, true_clue, unique_clues
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.reading import tokens
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_KINDS = ("at", "not_at", "before", "next")
_RULES = (
    (re.compile(r"Book (\w) must be placed in position ([0-9]{1,2})"), "at"),
    (re.compile(r"Book (\w) cannot be placed in position ([0-9]{1,2})"), "not_at"),
    (re.compile(r"Book (\w) must be to the left of book (\w)"), "before"),
    (re.compile(r"Book (\w) must be to the right of book (\w)"), "after"),
    (re.compile(r"Book (\w) must be adjacent to book (\w)"), "next"),
)
_MARKS = re.compile(r"(?i)\bbooks?\b|\bpos(?:ition)?\b|[-=]+>|\u2192|[<>]|(?<=\w)\s*-\s*(?=\w)|\b[0-9]{1,2}\s*[.):=]")


class PermutationsAndCombinations(Task):
    """Lettered books and rules; any arrangement that keeps every rule is right."""

    name = "permutations_and_combinations"
    paper_name = "Permut. and Combina."
    split = "unseen"
    version = "1"
    about = "Arrange books on a shelf under rules on places, order and neighbours."
    rule = "Every book stands on the shelf exactly once and every rule holds."
    longest = 2000
    knobs = {
        "books": whole(8, 3, 16, "how many books there are"),
        "rules": whole(9, 1, 40, "how many rules are given; more where unique asks for more"),
        "unique": flag(False, "the rules leave one arrangement"),
    }
    levels = {
        "1": {"books": 4, "rules": 4},
        "2": {"books": 6, "rules": 7},
        "3": {"books": 8, "rules": 9},
        "4": {"books": 9, "rules": 11, "unique": True},
        "5": {"books": 12, "rules": 14, "unique": True},
        "paper-1": {"books": 6, "rules": 7},
        "paper-2": {"books": 7, "rules": 8},
        "paper-3": {"books": 8, "rules": 9},
        "paper-4": {"books": 9, "rules": 10},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """An arrangement first, then different rules that are true of it."""
        count = level["books"]
        order = rng.sample(range(count), count)
        place = sorted(range(count), key=order.__getitem__)
        clues: list[Clue] = []
        for _ in range(20 * level["rules"]):
            clue = true_clue(rng, place, _KINDS)
            if len(clues) < level["rules"] and clue not in clues and ["next", clue[2], clue[1]] not in clues:
                clues.append(clue)
        if level["unique"]:
            clues = unique_clues(rng, order, _KINDS, clues)
            rng.shuffle(clues)
        # Half of the order rules are said from the right.
        clues = [["after", c[2], c[1]] if c[0] == "before" and rng.random() < 0.5 else list(c) for c in clues]
        return Draft({"books": count, "rules": clues}, _spelled(order), {"unique": True if level["unique"] else None})

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Books, places, rules."""
        count = payload["books"]
        books = ascii_uppercase[:count]
        rules = "\n".join(f"{at}. {_said(clue)}" for at, clue in enumerate(payload["rules"], 1))
        return (
            f"{count} books, {', '.join(books)}, are to be put on a shelf with {count} places, numbered 1 to {count} "
            "from left to right, one book on each place, so that all of these rules hold:\n"
            f"{rules}\n"
            '"Left of" and "right of" mean anywhere on that side; "next to" means on the place directly before or behind.\n'
            "Give one arrangement that keeps all rules: the books from place 1 on, between <<< and >>>, in this form "
            '(which shows three books): <<<["A", "B", "C"]>>>.'
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """A permutation of the books that keeps every rule."""
        order = _read(text, payload["books"])
        place = sorted(range(len(order)), key=order.__getitem__)
        for at, clue in enumerate(payload["rules"], 1):
            if not holds(_plain(clue), place):
                raise Refused("rule:condition", f"Rule {at} is broken: {_said(clue)}")
        return _spelled(order)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """By the places that each book may have, narrowed rule by rule."""
        clues = [_plain(clue) for clue in problem.payload["rules"]]
        return [_spelled(order) for order in islice(by_thing(problem.payload["books"], clues), limit)]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Books missing, doubled, unknown, swapped; the rules ignored."""
        order = _read(answer, problem.payload["books"])
        yield "book missing", _spelled(order[:-1])
        yield "book twice", _spelled([*order[:-1], order[0]])
        yield "extra book", _spelled([*order, len(order)])
        clues = [_plain(clue) for clue in problem.payload["rules"]]
        swapped = list(order)
        first, second = rng.sample(range(len(order)), 2)
        swapped[first], swapped[second] = swapped[second], swapped[first]
        for kind, wrong in (("reversed", order[::-1]), ("alphabetical", sorted(order)), ("two swapped", swapped)):
            place = sorted(range(len(wrong)), key=wrong.__getitem__)
            if not all(holds(clue, place) for clue in clues):
                yield kind, _spelled(wrong)

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """Books and numbered rules, from the data or from the question."""
        items = published.get("items")
        if items is None:
            labelled = re.search(r"books labeled ([A-Z](?:, [A-Z])*) on a shelf", question)
            if labelled is None:
                raise ValueError("The question names no books.")
            items = labelled[1].split(", ")
        if list(items) != list(ascii_uppercase[: len(items)]):
            raise ValueError("The books are not labelled A, B, C, ...")
        text = published.get("constraints_text") or question.partition("constraints are:")[2].partition("Question:")[0]
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if not lines:
            raise ValueError("There are no rules.")
        return {"books": len(items), "rules": [_rule(line, len(items)) for line in lines]}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's arrangement."""
        return str(published["correct_solution"]) if "correct_solution" in published else None

    def effort(self, problem: Problem) -> float:
        """The arrangements that there are without rules."""
        return float(factorial(problem.payload["books"]))

    def space(self, level: Level) -> float:
        """Arrangements and sets of rules."""
        count, rules = int(level["books"]), int(level["rules"])
        return float((3 * count * count) ** min(rules, 60)) / factorial(min(rules, 60))


def _plain(clue: Clue) -> Clue:
    """The clue without the word that only turns another one around."""
    return ["before", clue[2], clue[1]] if clue[0] == "after" else clue


def _said(clue: Clue) -> str:
    kind, thing, other = clue
    book = ascii_uppercase[thing]
    if kind in ("at", "not_at"):
        return f"Book {book} {'stands' if kind == 'at' else 'does not stand'} on place {other + 1}."
    where = {"before": "left of", "after": "right of", "next": "next to", "apart": "not next to"}[kind]
    return f"Book {book} stands {where} book {ascii_uppercase[other]}."


def _rule(line: str, count: int) -> Clue:
    """A published rule as a clue.

    Raises:
        ValueError: it is none of the published kinds, or names a book or place that there is not.
    """
    text = re.sub(r"^[0-9]+\.\s*", "", line).rstrip(".")
    for pattern, kind in _RULES:
        match = pattern.fullmatch(text)
        if match is not None:
            thing = ascii_uppercase.index(match[1])
            other = int(match[2]) - 1 if match[2].isdigit() else ascii_uppercase.index(match[2])
            if thing < count and 0 <= other < count:
                return [kind, thing, other]
    raise ValueError(f"{line!r} is no known rule.")


def _read(text: str, count: int) -> list[int]:
    found = tokens(_MARKS.sub(" ", text.replace('"', " ").replace("'", " ")))
    if len(found) == 1 and len(found[0]) == count > 1:
        found = list(found[0])
    if not found:
        raise Refused("unreadable", "No books are named in the answer.")
    order = []
    for name in found:
        at = ascii_uppercase.find(name.upper()) if len(name) == 1 else -1
        if at < 0:
            raise Refused("unreadable", f"{name[:30]!r} is no book.")
        order.append(at)
    if len(order) != count:
        raise Refused("wrong_shape", f"{count} books were expected, {len(order)} found.")
    for at in order:
        if at >= count:
            raise Refused("rule:books", f"There is no book {ascii_uppercase[at]}.")
    if len(set(order)) != count:
        raise Refused("rule:books", "A book stands on the shelf twice.")
    return order


def _spelled(order: list[int]) -> str:
    return (
        f"[{', '.join(ascii_uppercase[at] for at in order)}]".replace("[", '["')
        .replace(", ", '", "')
        .replace("]", '"]')
    )


TASK = PermutationsAndCombinations()
