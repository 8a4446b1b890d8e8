"""Logical Deduction: things in a fixed order, clues about it, one right statement among options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import factorial
from random import Random
from typing import Any

from codesteer_kernel.symbench.knobs import option, whole
from codesteer_kernel.symbench.options import lettered, listed, pick
from codesteer_kernel.symbench.orderings import Clue, by_thing, entailed, holds, true_clue, unique_clues
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")


@dataclass(frozen=True)
class _Scene:
    """How an order is told: who, and the words for places and for before and after.

    ``low`` and ``high`` name the ends ("leftmost"); ``from_low`` and ``from_high`` the places counted from them, with
    ``{}`` for the ordinal; ``before`` and ``after`` compare; ``near`` says that two are neighbours.
    """

    opening: str
    verb: str
    things: tuple[str, ...]
    low: str
    high: str
    from_low: str
    from_high: str
    before: str
    after: str
    near: str


_SCENES = (
    _Scene(
        "On a shelf, from left to right, stand {count} vases: {things}.",
        "is",
        tuple(
            f"the {colour} vase"
            for colour in [
                "red",
                "blue",
                "green",
                "white",
                "black",
                "yellow",
                "purple",
                "orange",
                "brown",
                "gray",
                "pink",
            ]
        ),
        "the leftmost",
        "the rightmost",
        "the {} from the left",
        "the {} from the right",
        "is to the left of",
        "is to the right of",
        "directly next to",
    ),
    _Scene(
        "A market stall sells {count} kinds of vegetables at different prices: {things}.",
        "are",
        tuple(
            f"the {name}"
            for name in [
                "beans",
                "carrots",
                "leeks",
                "onions",
                "peas",
                "radishes",
                "turnips",
                "beets",
                "potatoes",
                "cucumbers",
                "peppers",
            ]
        ),
        "the cheapest",
        "the most expensive",
        "the {}-cheapest",
        "the {}-most expensive",
        "are less expensive than",
        "are more expensive than",
        "directly next in price to",
    ),
    _Scene(
        "At a fair, {count} machines of different ages are shown: {things}.",
        "is",
        tuple(
            f"the {name}"
            for name in [
                "loom",
                "press",
                "mill",
                "lathe",
                "pump",
                "crane",
                "forge",
                "kiln",
                "clock",
                "plough",
                "engine",
            ]
        ),
        "the oldest",
        "the newest",
        "the {}-oldest",
        "the {}-newest",
        "is older than",
        "is newer than",
        "directly next in age to",
    ),
    _Scene(
        "In a race without ties there were {count} runners: {things}.",
        "finished",
        ("Ana", "Bo", "Cy", "Di", "Ed", "Flo", "Gus", "Hal", "Ivy", "Jo", "Kim"),
        "first",
        "last",
        "{}",
        "{}-to-last",
        "finished above",
        "finished below",
        "directly next to",
    ),
)
# Where places are told, in our words and the published ones: pattern, counted from the low end.
_PLACES = (
    (re.compile(r"(?:the )?(?:leftmost|cheapest|oldest|first)"), True, 1),
    (re.compile(r"(?:the )?(?:rightmost|most expensive|newest|last)"), False, 1),
    (re.compile(r"(?:the )?(\w+)(?: from the left|-cheapest|-oldest)"), True, 0),
    (re.compile(r"(?:the )?(\w+)(?: from the right|-most expensive|-newest|-to-last)"), False, 0),
    (re.compile(r"(\w+)"), True, 0),
)
_COMPARED = (
    (
        re.compile(r"(.+?) (?:is to the left of|(?:is|are) less expensive than|is older than|finished above) (.+)"),
        False,
    ),
    (
        re.compile(r"(.+?) (?:is to the right of|(?:is|are) more expensive than|is newer than|finished below) (.+)"),
        True,
    ),
)
_STANDS = re.compile(r"(.+?) (?:is|are|finished) (.+)")


class LogicalDeduction(Task):
    """An order with one solution; the question is who has a certain place."""

    name = "logical_deduction"
    paper_name = "Logical Deduction"
    split = "seen"
    version = "1"
    about = "Deduce the order of things from clues and say which one has a certain place."
    rule = "The chosen option is the one that holds in the only order that keeps all clues."
    longest = 500
    knobs = {
        "things": whole(7, 3, 9, "how many things are ordered"),
        "extra": whole(0, 0, 10, "true clues beyond those that are needed"),
        "clues": option(
            "plain", ("plain", "indirect"), "plain: places and comparisons; indirect: also neighbours and denials"
        ),
    }
    levels = {
        "1": {"things": 3},
        "2": {"things": 5},
        "3": {"things": 7, "extra": 1},
        "4": {"things": 8, "clues": "indirect"},
        "5": {"things": 9, "clues": "indirect"},
        "paper-3": {"things": 3},
        "paper-5": {"things": 5},
        "paper-7": {"things": 7},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """An order first, then clues until no other fits."""
        count = level["things"]
        scene = rng.randrange(len(_SCENES))
        names = rng.sample(_SCENES[scene].things, count)
        order = rng.sample(range(count), count)
        place = sorted(range(count), key=order.__getitem__)
        kinds = (
            ("at", "before", "before") if level["clues"] == "plain" else ("before", "not_at", "next", "apart", "before")
        )
        start = [true_clue(rng, place, kinds) for _ in range(max(1, count // 3))]
        clues = _told(rng, unique_clues(rng, order, kinds, start))
        needed = len(clues)
        for clue in _told(rng, [true_clue(rng, place, kinds) for _ in range(10 * level["extra"])]):
            if len(clues) < needed + level["extra"] and clue not in clues:
                clues.append(clue)
        rng.shuffle(clues)
        asked = rng.randrange(count)
        options = [["at", thing, asked] for thing in range(count)]
        payload = {"scene": scene, "things": names, "clues": clues, "options": options, "high": rng.random() < 0.5}
        return Draft(payload, f"({chr(65 + order[asked])})", {"unique": True})

    def ask(self, payload: Mapping[str, Any]) -> str:
        """The scene, the clues, the options."""
        scene = _SCENES[payload["scene"]]
        names = payload["things"]
        clues = " ".join(f"{_capital(_clue_text(scene, names, clue))}." for clue in payload["clues"])
        things = f"{', '.join(names[:-1])} and {names[-1]}"
        options = lettered(_option_texts(payload))
        return (
            f"{scene.opening.format(count=len(names), things=things)} No two have the same place, and the clues fit "
            f"exactly one order. {clues}\n"
            "Which statement is true?\n"
            f"{options}\n"
            "Write the letter of the true statement between <<< and >>>, for example <<<(A)>>>."
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """The chosen option must hold in every order that keeps the clues."""
        at = pick(text, _option_texts(payload))
        if at not in entailed(len(payload["things"]), [_plain(clue) for clue in payload["clues"]], payload["options"]):
            raise Refused("not_goal", "The chosen statement does not follow from the clues.")
        return f"({chr(65 + at)})"

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """By the places each thing may have; an option is right where no order breaks it."""
        payload = problem.payload
        right = list(range(len(payload["options"])))
        orders = by_thing(len(payload["things"]), [_plain(clue) for clue in payload["clues"]])
        found = False
        for order in islice(orders, 5000):
            found = True
            place = sorted(range(len(order)), key=order.__getitem__)
            right = [at for at in right if holds(payload["options"][at], place)]
        return [f"({chr(65 + at)})" for at in right][:limit] if found else []

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Other options, a letter with another text, none, all."""
        texts = _option_texts(problem.payload)
        right = ord(answer[1]) - 65
        others = [at for at in range(len(texts)) if at != right]
        wrong = rng.choice(others)
        yield "other option", f"({chr(65 + wrong)})"
        yield "other option with its text", f"({chr(65 + wrong)}) {texts[wrong]}"
        yield "letter and text disagree", f"({chr(65 + wrong)}) {texts[right]}"
        yield "right letter, other text", f"{answer} {texts[wrong]}"
        yield "no such option", "(Z)"
        yield "all options", ", ".join(chr(65 + at) for at in range(len(texts)))

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """The scene's things, the clues and the options from the question."""
        head, _, _ = question.partition("\nOptions:")
        named = re.search(r"(?:there (?:are|were) \w+ \w+|sells \w+ fruits): ([^.:]+)\. (.+)", head, re.DOTALL)
        if named is None:
            raise ValueError("The question names no things.")
        things = [_bare(one) for one in re.split(r",\s*(?:and )?|\s+and\s+", named[1])]
        if len(set(things)) != len(things):
            raise ValueError("A thing is named twice.")
        texts = listed(question)
        clues = [_read_clue(one, things) for one in filter(None, (one.strip() for one in named[2].split(".")))]
        options = [_read_clue(one, things) for one in texts]
        return {"things": things, "clues": clues, "options": options, "texts": texts, "story": head}

    def restate(self, problem: Problem) -> str:
        """The published story with our answer form behind it."""
        return (
            f"{problem.payload['story']}\nWhich statement is true?\n{lettered(problem.payload['texts'])}\n"
            "Write the letter of the true statement between <<< and >>>, for example <<<(A)>>>."
        )

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's target."""
        return str(published["target"]) if "target" in published else None

    def effort(self, problem: Problem) -> float:
        """The orders that there are without clues."""
        return float(factorial(len(problem.payload["things"])))

    def space(self, level: Level) -> float:
        """Scenes, names, orders and clues."""
        count = int(level["things"])
        return 4.0 * factorial(11) / factorial(11 - count) * factorial(count) * 3.0**count


def _told(rng: Random, clues: Sequence[Clue]) -> list[Clue]:
    """Half of the comparisons the other way round, half of the places counted from the high end."""
    told: list[Clue] = []
    for clue in clues:
        if clue[0] == "before" and rng.random() < 0.5:
            told.append(["after", clue[2], clue[1]])
        elif clue[0] in ("at", "not_at") and rng.random() < 0.5:
            told.append([f"{clue[0]}_high", clue[1], clue[2]])
        else:
            told.append(list(clue))
    return told


def _plain(clue: Clue) -> Clue:
    """The clue without the ways of telling it."""
    if clue[0] == "after":
        return ["before", clue[2], clue[1]]
    return [str(clue[0]).removesuffix("_high"), clue[1], clue[2]]


def _place_text(scene: _Scene, place: int, count: int, high: bool) -> str:
    at = count - 1 - place if high else place
    if at == 0:
        return scene.high if high else scene.low
    return (scene.from_high if high else scene.from_low).format(_ORDINALS[at])


def _clue_text(scene: _Scene, names: Sequence[str], clue: Clue) -> str:
    kind, thing, other = clue
    name = names[thing]
    if kind == "before":
        return f"{name} {scene.before} {names[other]}"
    if kind == "after":
        return f"{name} {scene.after} {names[other]}"
    if kind in ("next", "apart"):
        denied = "" if kind == "next" else ("did not finish " if scene.verb == "finished" else f"{scene.verb} not ")
        verb = denied or f"{scene.verb} "
        return f"{name} {verb}{scene.near} {names[other]}"
    where = _place_text(scene, other, len(names), kind.endswith("_high"))
    if kind.startswith("not_at"):
        return f"{name} did not finish {where}" if scene.verb == "finished" else f"{name} {scene.verb} not {where}"
    return f"{name} {scene.verb} {where}"


def _option_texts(payload: Mapping[str, Any]) -> list[str]:
    """The options in words: as published, or of our scene."""
    if "texts" in payload:
        return list(payload["texts"])
    scene, names = _SCENES[payload["scene"]], payload["things"]
    kind = "at_high" if payload["high"] else "at"
    return [_capital(_clue_text(scene, names, [kind, thing, place])) for _, thing, place in payload["options"]]


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _bare(name: str) -> str:
    """A thing's name without its article."""
    return re.sub(r"^(?:an?|the) ", "", name.strip(), flags=re.IGNORECASE)


def _read_clue(text: str, things: Sequence[str]) -> Clue:
    """A published clue or option.

    Raises:
        ValueError: it is of no known form or names an unknown thing.
    """
    for pattern, turned in _COMPARED:
        match = pattern.fullmatch(text)
        if match is not None:
            one, other = (things.index(_bare(name)) for name in match.groups())
            return ["before", other, one] if turned else ["before", one, other]
    match = _STANDS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no known clue.")
    thing = things.index(_bare(match[1]))
    for pattern, low, number in _PLACES:
        where = pattern.fullmatch(match[2])
        if where is not None and (number or where[1] in _ORDINALS):
            at = number - 1 if number else _ORDINALS.index(where[1])
            if at < len(things):
                return ["at", thing, at if low else len(things) - 1 - at]
    raise ValueError(f"{text!r} names no known place.")


TASK = LogicalDeduction()
