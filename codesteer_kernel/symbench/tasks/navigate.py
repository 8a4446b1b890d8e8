"""Navigate: does a walk, given step by step, end where it began?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from codesteer_kernel.symbench.knobs import option, whole
from codesteer_kernel.symbench.options import yes_or_no
from codesteer_kernel.symbench.pictures import COLOURS, Picture
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

# A step is ["walk", steps, where] or ["turn", where]. Where one walks: a side of the body ("forward", "right",
# "backward", "left") or a wind ("north", ...); one looks north at the start.
_SIDES = ("forward", "right", "backward", "left")
_WINDS = ("north", "east", "south", "west")
_TURNS = {"right": 1, "around": 2, "left": 3}
_MOVES = ((0, 1), (1, 0), (0, -1), (-1, 0))
_TAKE = re.compile(r"Take ([0-9]+) steps?(?: (forward|backward|left|right))?")
_TURN = re.compile(r"Turn (left|right|around)")


class Navigate(Task):
    """A walk on a grid, facing forward, turning, by compass, or all of it."""

    name = "navigate"
    paper_name = "Navigation"
    split = "seen"
    version = "1"
    about = "Say whether a walk returns to its starting point."
    rule = "Yes where the walk ends at its starting point, whatever direction is faced there, else No."
    longest = 300
    knobs = {
        "moves": whole(6, 2, 80, "walks in the instructions"),
        "largest": whole(10, 1, 1000, "most steps of a walk"),
        "style": option("facing", ("facing", "turning", "compass", "mixed"), "sides of the body, turns, winds, or all"),
    }
    levels = {
        "1": {"moves": 4, "largest": 5},
        "2": {"moves": 6, "style": "turning", "largest": 9},
        "3": {"moves": 14, "style": "mixed", "largest": 15},
        "4": {"moves": 20, "style": "mixed", "largest": 50},
        "5": {"moves": 40, "style": "mixed", "largest": 200},
        "paper-facing": {"moves": 6, "style": "facing"},
        "paper-turning": {"moves": 6, "style": "turning"},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """A closed walk by winds, told in the style asked for; every other one spoiled by a step or a turn of the map."""
        walk = _closed(rng, level["moves"], level["largest"])
        closed = rng.random() < 0.5
        if not closed:
            at = rng.randrange(len(walk))
            wind, steps = walk[at]
            if rng.random() < 0.5:
                walk[at] = ((wind + rng.choice((1, 2, 3))) % 4, steps)
            else:
                walk[at] = (wind, steps + 1 if steps == 1 or rng.random() < 0.5 else steps - 1)
        return Draft({"steps": _told(rng, walk, level["style"])}, "Yes" if closed else "No", {"unique": True})

    def ask(self, payload: Mapping[str, Any]) -> str:
        """How one stands, what the words mean, the instructions."""
        steps = payload["steps"]
        turns = any(step[0] == "turn" for step in steps)
        winds = any(step[0] == "walk" and step[2] in _WINDS for step in steps)
        start = "You stand on a large flat square and look north. "
        if turns:
            start += "A turn changes where you look (left and right by a quarter turn, around by half a turn), not where you stand. "
        else:
            start += "You look north all the time. "
        start += (
            "Walking left, right or backward is done sideways or in reverse, seen from where you look, without turning"
        )
        start += "; walking to a point of the compass is done without turning, too. " if winds else ". "
        return (
            f"{start}All steps are equally long.\n"
            f"{' '.join(_said(step) for step in steps)}\n"
            "Are you at your starting point again at the end? The direction in which you look then does not matter. "
            "Write Yes or No between <<< and >>>, for example <<<Yes>>>."
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """Yes or no, compared with a replay."""
        back = yes_or_no(
            text,
            ("I return to the starting point", "you return to the starting point"),
            ("I do not return to the starting point", "you do not return to the starting point"),
        )
        if back != (_replayed(payload["steps"]) == (0, 0)):
            raise Refused("not_goal", "This is not where the walk ends.")
        return "Yes" if back else "No"

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """With numbers of the complex plane: looking is a factor, a turn multiplies it."""
        look, place = 1j, 0j
        factors = dict(zip(_SIDES, (1, -1j, -1, 1j), strict=True))
        winds = dict(zip(_WINDS, (1j, 1, -1j, -1), strict=True))
        for step in problem.payload["steps"]:
            if step[0] == "turn":
                look *= {"right": -1j, "around": -1, "left": 1j}[step[1]]
            elif step[2] in winds:
                place += step[1] * winds[step[2]]
            else:
                place += step[1] * look * factors[step[2]]
        return ["Yes" if place == 0 else "No"][:limit]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """The other answer, both, none, a place."""
        other = "No" if answer == "Yes" else "Yes"
        yield "other answer", other
        yield "hedge", "Yes or No"
        yield "unknown", "Unknown"
        yield "a place", str(_replayed(problem.payload["steps"]))
        yield "both", f"{answer} {other}"

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """Sentence by sentence from the question."""
        head, mark, rest = question.partition("do you return to the starting point?")
        text = rest.partition("Options:")[0]
        if not mark or not head.startswith("If you follow these instructions"):
            raise ValueError("The question gives no instructions.")
        steps: list[list[Any]] = []
        for sentence in filter(None, (one.strip() for one in text.split("."))):
            take, turn = _TAKE.fullmatch(sentence), _TURN.fullmatch(sentence)
            if take is not None:
                steps.append(["walk", int(take[1]), take[2] or "forward"])
            elif turn is not None:
                steps.append(["turn", turn[1]])
            elif sentence != "Always face forward":
                raise ValueError(f"{sentence!r} is no instruction.")
        if not steps:
            raise ValueError("The question gives no instructions.")
        return {"steps": steps}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's target."""
        return str(published["target"]) if "target" in published else None

    def effort(self, problem: Problem) -> float:
        """Instructions, each turn counted twice."""
        return float(sum(2 if step[0] == "turn" else 1 for step in problem.payload["steps"]))

    def draw(self, problem: Problem, answer: str | None = None) -> str | None:
        """The walk as a line; the start a filled dot, the end a ring. The answer is in the picture already."""
        trail = [(0, 0), *_trail(problem.payload["steps"])]
        left, right = min(x for x, _ in trail), max(x for x, _ in trail)
        low, high = min(y for _, y in trail), max(y for _, y in trail)
        scale = 200 / max(right - left, high - low, 1)
        points = [((x - left) * scale, (high - y) * scale) for x, y in trail]
        picture = Picture((right - left) * scale, (high - low) * scale, "A walk from the dot to the ring")
        picture.line(points, COLOURS["blue"], 3)
        picture.disc(*points[0], 5, COLOURS["black"])
        picture.disc(*points[-1], 9, "none", COLOURS["red"])
        return picture.svg()

    def space(self, level: Level) -> float:
        """Lengths and directions."""
        return (4.0 * int(level["largest"])) ** min(int(level["moves"]) - 2, 20)


def _closed(rng: Random, count: int, largest: int) -> list[tuple[int, int]]:
    """Walks by wind that lead back: chance first, then what is missing, mixed among them."""
    while True:
        walk = [(rng.randrange(4), rng.randint(1, largest)) for _ in range(max(1, count - 2))]
        x = sum(steps * _MOVES[wind][0] for wind, steps in walk)
        y = sum(steps * _MOVES[wind][1] for wind, steps in walk)
        home = [(3 if x > 0 else 1, abs(x)), (2 if y > 0 else 0, abs(y))]
        missing = [(wind, steps) for wind, steps in home if steps]
        if all(steps <= largest for _, steps in missing) and len(walk) + len(missing) >= 2:
            walk += missing
            while len(walk) < count:
                wind, steps = rng.randrange(4), rng.randint(1, largest)
                walk += [(wind, steps), ((wind + 2) % 4, steps)]
            rng.shuffle(walk)
            return walk


def _told(rng: Random, walk: Sequence[tuple[int, int]], style: str) -> list[list[Any]]:
    """The walk in words of the style: turns are put in where a walk would not be straight ahead."""
    told: list[list[Any]] = []
    look = 0
    for wind, steps in walk:
        how = style if style != "mixed" else rng.choice(("facing", "turning", "turning", "compass"))
        if how == "turning":
            turn = (wind - look) % 4
            if turn == 2 and rng.random() < 0.3:
                told += [["turn", "left"], ["turn", "left"]]
            elif turn:
                told.append(["turn", {number: name for name, number in _TURNS.items()}[turn]])
            look = wind
        told.append(["walk", steps, _WINDS[wind] if how == "compass" else _SIDES[(wind - look) % 4]])
    return told


def _said(step: Sequence[Any]) -> str:
    if step[0] == "turn":
        return f"Turn {step[1]}."
    return f"Take {step[1]} step{'' if step[1] == 1 else 's'} {step[2]}."


def _trail(steps: Sequence[Sequence[Any]]) -> Iterator[tuple[int, int]]:
    """The place after each walk."""
    x = y = look = 0
    for step in steps:
        if step[0] == "turn":
            look += _TURNS[step[1]]
            continue
        where = step[2]
        east, north = _MOVES[_WINDS.index(where) if where in _WINDS else (look + _SIDES.index(where)) % 4]
        x, y = x + step[1] * east, y + step[1] * north
        yield x, y


def _replayed(steps: Sequence[Sequence[Any]]) -> tuple[int, int]:
    *_, place = ((0, 0), *_trail(steps))
    return place


TASK = Navigate()
