"""BoxLift: lift all boxes in few steps with lifters that join forces."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice, permutations
from random import Random
from typing import Any

from codesteer_kernel.symbench.knobs import flag, whole
from codesteer_kernel.symbench.pictures import COLOURS, Picture
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_Step = list[tuple[int, list[int]]]  # a box's weight and the lifters that lift it, counted from 0
_STEP = re.compile(r"\bstep\s{0,3}([0-9]{1,4})\b[\"'*]{0,3}\s{0,3}[:.)\-]?[*]{0,2}", re.IGNORECASE)
_LIFT = re.compile(
    r"[(\[]\s{0,3}([0-9]{1,9})(?:\.0{1,3})?\s{0,3}(?:kg)?\s{0,3}[,:]\s{0,9}[\[(]([0-9,\s]*)[\])]\s{0,9},?\s{0,9}[)\]]",
    re.IGNORECASE,
)
_BESIDE = str.maketrans("", "", "[](){},;.\"'* \t\r\n")
_NODES = 300_000


class BoxLift(Task):
    """Weights, strengths and a number of steps; any plan that lifts every box within them is right."""

    name = "boxlift"
    paper_name = "BoxLift"
    split = "seen"
    version = "1"
    about = "Plan steps in which lifters, alone or together, lift boxes until all are lifted."
    rule = (
        "In a step each lifter helps with one box at most, the lifters of a box are together strong enough for it, every "
        "box is lifted once, and there are no more steps than allowed."
    )
    knobs = {
        "boxes": whole(12, 1, 40, "how many boxes there are"),
        "lifters": whole(4, 2, 9, "how many lifters there are"),
        "weakest": whole(40, 2, 1000, "strength of the weakest lifter possible"),
        "strongest": whole(110, 2, 1000, "strength of the strongest lifter possible"),
        "slack": whole(0, 0, 20, "steps allowed beyond those of the plan behind the problem"),
        "anchored": flag(
            True, "one box of each step needs over half of all strength: the plan is provably the shortest"
        ),
    }
    levels = {
        "1": {"boxes": 5, "lifters": 2, "slack": 1},
        "2": {"boxes": 10, "lifters": 3},
        "3": {"boxes": 15, "lifters": 4},
        "4": {"boxes": 20, "lifters": 5},
        "5": {"boxes": 30, "lifters": 7},
        "open": {"boxes": 15, "lifters": 4, "slack": 1, "anchored": False},
        "paper-10-3": {"boxes": 10, "lifters": 3, "slack": 1, "anchored": False},
        "paper-15-4": {"boxes": 15, "lifters": 4, "slack": 1, "anchored": False},
        "paper-20-5": {"boxes": 20, "lifters": 5, "slack": 1, "anchored": False},
        "paper-25-7": {"boxes": 25, "lifters": 7, "slack": 1, "anchored": False},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """The plan first: in each step lifters form groups, and each group gets a box that it can just about lift."""
        weakest, strongest = sorted((level["weakest"], level["strongest"]))
        lifters = [rng.randint(weakest, strongest) for _ in range(level["lifters"])]
        total = sum(lifters)
        plan: list[_Step] = []
        left = level["boxes"]
        while left:
            step: _Step = []
            free = rng.sample(range(len(lifters)), len(lifters))
            if level["anchored"]:
                group = [free.pop()]
                while 2 * sum(lifters[at] for at in group) <= total:
                    group.append(free.pop())
                step.append((rng.randint(total // 2 + 1, sum(lifters[at] for at in group)), sorted(group)))
            while free and len(step) < left:
                group = [free.pop() for _ in range(min(len(free), rng.choice((1, 1, 2, 2, 3))))]
                strength = sum(lifters[at] for at in group)
                step.append((rng.randint(max(1, strength // 2), strength), sorted(group)))
            plan.append(step)
            left -= len(step)
        boxes = [weight for step in plan for weight, _ in step]
        payload = {
            "boxes": rng.sample(boxes, len(boxes)),
            "lifters": lifters,
            "max_steps": len(plan) + level["slack"],
        }
        optimum = len(plan) if _fewest(boxes, lifters) == len(plan) else None
        return Draft(payload, _written(plan), {"unique": False, "optimum": optimum})

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Weights, strengths with their numbers, the rules, the allowed steps."""
        lifters = ", ".join(f"lifter {at}: {strength}" for at, strength in enumerate(payload["lifters"]))
        return (
            f"Boxes of these weights have to be lifted: {', '.join(map(str, payload['boxes']))}\n"
            f"Lifters and the most that each can lift: {lifters}\n\n"
            "Work goes in steps. In a step, each lifter helps with one box at most. Several lifters may lift one box "
            "together if their strengths add up to at least its weight. Several boxes may be lifted in the same step. Each "
            "box is lifted exactly once (a weight listed twice means two boxes), and lifters may rest. Lift all boxes in "
            f"at most {payload['max_steps']} steps.\n"
            "Write the steps between <<< and >>>, one a line, each as a list of (weight of the box, [numbers of its "
            "lifters]), for example:\n<<<\nStep 1: [(50, [0, 2]), (30, [1])]\nStep 2: [(40, [0, 1])]\n>>>"
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """Step after step; the first lift that cannot be done is a fault."""
        lifters = payload["lifters"]
        plan = _read(text)
        left = Counter(payload["boxes"])
        for at, step in enumerate(plan, 1):
            busy: set[int] = set()
            for weight, group in step:
                if not left[weight]:
                    raise Refused("rule:box", f"Step {at} lifts a box of weight {weight}, and none is left.")
                strength = 0
                for lifter in group:
                    if lifter >= len(lifters):
                        raise Refused("rule:lifter", f"Step {at} names a lifter that is not there.")
                    if lifter in busy:
                        raise Refused("rule:lifter_twice", f"A lifter is used twice in step {at}.")
                    busy.add(lifter)
                    strength += lifters[lifter]
                if strength < weight:
                    raise Refused("rule:strength", f"In step {at} the lifters of a box are too weak for it.")
                left[weight] -= 1
        if any(left.values()):
            raise Refused("not_goal", "Not all boxes are lifted.")
        if len(plan) > payload["max_steps"]:
            raise Refused("rule:steps", f"The plan has {len(plan)} steps, {payload['max_steps']} are allowed.")
        return _written([sorted((weight, sorted(group)) for weight, group in step) for step in plan])

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """A search over steps, each with the heaviest box left in it, by the tightest groups first."""
        payload = problem.payload
        plan = _Search(payload["lifters"]).plan(payload["boxes"], payload["max_steps"])
        if plan is None:
            return []
        # The steps of a plan can be done in any order.
        orders = islice(permutations(plan), limit)
        return list(dict.fromkeys(_written([sorted(step) for step in order]) for order in orders))

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Boxes left, lifters too weak, used twice, or not there; a step too many."""
        payload = problem.payload
        plan, lifters = _read(answer), payload["lifters"]
        weight, group = plan[0][0]
        yield "box left", _written([*plan[:-1], plan[-1][1:]] if len(plan[-1]) > 1 else plan[:-1] or [[]])
        yield "no such box", _written([[(max(payload["boxes"]) + 1, group), *plan[0][1:]], *plan[1:]])
        yield "no such lifter", _written([[(weight, [len(lifters)]), *plan[0][1:]], *plan[1:]])
        yield "negative lifter", answer.replace(", [", ", [-", 1)
        yield "lifter counted many times", _written([[(weight, [group[0]] * 9), *plan[0][1:]], *plan[1:]])
        yield "box twice", _written([*plan, [(max(payload["boxes"]), list(range(len(lifters))))]])
        yield "box without lifters", _written([[(weight, []), *plan[0][1:]], *plan[1:]])
        rest: _Step = []
        yield "empty steps behind", _written([*plan, *([rest] * (payload["max_steps"] + 1 - len(plan)))])
        yield "all at once", _written([[(box, [at % len(lifters)]) for at, box in enumerate(payload["boxes"])], *plan])

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """Weights, strengths and the number of steps are in the sample's data."""
        boxes, lifters = ([int(number) for number in published[name]] for name in ("boxes", "lifters"))
        steps = int(published["max_steps"])
        if not boxes or not lifters or min(*boxes, *lifters, steps) < 1:
            raise ValueError("The data holds no boxes, no lifters or no steps.")
        stated = re.search(r"less than or equal to ([0-9]+) steps", question)
        if stated is not None and int(stated[1]) != steps:
            raise ValueError("The question allows another number of steps.")
        return {"boxes": boxes, "lifters": lifters, "max_steps": steps}

    def effort(self, problem: Problem) -> float:
        """Boxes times the groups that lifters can form."""
        return float(len(problem.payload["boxes"]) * (2 ** len(problem.payload["lifters"]) - 1))

    def draw(self, problem: Problem, answer: str | None = None) -> str:
        """Weights and strengths as bars; with an answer, a row for each step."""
        boxes, lifters = problem.payload["boxes"], problem.payload["lifters"]
        if answer is None:
            scale = 110 / max(*boxes, *lifters)
            picture = Picture(
                26 * (len(boxes) + len(lifters)) + 40, 150, "Weights of the boxes, strengths of the lifters"
            )
            for at, size in enumerate([*boxes, *lifters]):
                left = 26 * at + (40 if at >= len(boxes) else 0)
                colour = COLOURS["orange" if at < len(boxes) else "blue"]
                picture.box(left, 130 - size * scale, 22, size * scale, colour)
                picture.label(left + 11, 122 - size * scale, str(size), 10)
            picture.label(13 * len(boxes), 142, "boxes", 12)
            picture.label(26 * len(boxes) + 40 + 13 * len(lifters), 142, "lifters", 12)
            return picture.svg()
        plan = _read(answer)
        scale = 420 / sum(lifters)
        picture = Picture(460, 34 * len(plan), "Lifters at work, step by step, and the weights that they lift")
        for row, step in enumerate(plan):
            picture.label(10, 34 * row + 14, str(row + 1), 12, weight=700)
            across = 30.0
            for weight, group in step:
                wide = sum(lifters[lifter] for lifter in group) * scale
                picture.box(across, 34 * row + 2, wide, 26, COLOURS["grey"])
                picture.box(across, 34 * row + 2, weight * scale, 26, COLOURS["orange"])
                picture.label(across + wide / 2, 34 * row + 15, f"{weight}: {'+'.join(map(str, group))}", 11)
                across += wide
        return picture.svg()

    def space(self, level: Level) -> float:
        """Strengths, and weights within half of a group's strength."""
        span = abs(int(level["strongest"]) - int(level["weakest"])) + 1
        return float(span ** int(level["lifters"]) * max(1, int(level["weakest"]) // 2) ** int(level["boxes"]))


def _read(text: str) -> list[_Step]:
    """The steps: behind ``Step 1:``, ``Step 2:`` ..., else a step a line, else a list of lists."""
    labels = list(_STEP.finditer(text))
    if labels:
        if [int(label[1]) for label in labels] != list(range(1, len(labels) + 1)):
            raise Refused("wrong_shape", "The steps are not numbered 1, 2, 3 and so on.")
        if _LIFT.search(text, 0, labels[0].start()):
            raise Refused("unreadable", "A box is lifted before the first step.")
        ends = [*(label.start() for label in labels[1:]), len(text)]
        pieces = [text[label.end() : end] for label, end in zip(labels, ends, strict=True)]
    else:
        pieces = [line for line in text.splitlines() if line.strip()]
        if len(pieces) == 1 or any(line.count("[") != line.count("]") for line in pieces):
            # A list of steps, each a list of lifts: steps are parted where two brackets close and two open.
            pieces = re.split(r"(?<=[)\]])\s{0,9}\]\s{0,9},\s{0,9}\[\s{0,9}(?=[\[(])", " ".join(text.split()))
    plan = [_lifts(piece) for piece in pieces]
    if not any(plan):
        raise Refused("unreadable", "There is no step in the answer.")
    return plan


def _lifts(piece: str) -> _Step:
    """The lifts of one step, and nothing beside them."""
    rest = _LIFT.sub(" ", piece.lstrip(" \t-\u2022")).translate(_BESIDE)
    if rest:
        raise Refused("unreadable", f"{rest[:40]!r} is no list of (weight, [lifters]).")
    step = []
    for lift in _LIFT.finditer(piece):
        group = re.findall("[0-9]+", lift[2])
        if any(len(lifter) > 4 for lifter in group):
            raise Refused("rule:lifter", "A lifter is named that is not there.")
        step.append((int(lift[1]), [int(lifter) for lifter in group]))
    return step


def _fewest(boxes: list[int], lifters: list[int]) -> int:
    """Steps that are needed for sure: by strength, by number, and by boxes that cannot share a step."""
    total = sum(lifters)
    return max(-(-sum(boxes) // total), -(-len(boxes) // len(lifters)), sum(2 * box > total for box in boxes))


def _written(plan: list[_Step]) -> str:
    return "\n".join(
        f"Step {at}: [{', '.join(f'({weight}, {group})' for weight, group in step)}]" for at, step in enumerate(plan, 1)
    )


class _Search:
    """Looks for plans; groups of lifters are bits."""

    def __init__(self, lifters: list[int]) -> None:
        self.lifters = lifters
        self.total = sum(lifters)
        self.strengths = [
            sum(strength for at, strength in enumerate(lifters) if group >> at & 1)
            for group in range(1 << len(lifters))
        ]
        self.by_strength = sorted(range(1, len(self.strengths)), key=self.strengths.__getitem__)
        self.tight: dict[int, list[int]] = {}
        self.nodes = 0
        self.dead: set[tuple[tuple[int, ...], int]] = set()

    def plan(self, boxes: list[int], steps: int) -> list[_Step] | None:
        """A plan of at most so many steps; None where there is none, or none was found in time."""
        return self._go(tuple(sorted(boxes, reverse=True)), steps)

    def groups(self, weight: int) -> list[int]:
        """Groups that can lift the weight and of which nobody can be spared, weakest first."""
        if weight not in self.tight:
            self.tight[weight] = [
                group
                for group in self.by_strength
                if self.strengths[group] >= weight
                and all(
                    self.strengths[group] - strength < weight
                    for at, strength in enumerate(self.lifters)
                    if group >> at & 1
                )
            ]
        return self.tight[weight]

    def _go(self, waiting: tuple[int, ...], steps: int) -> list[_Step] | None:
        if not waiting:
            return []
        if self.nodes > _NODES or (waiting, steps) in self.dead or _fewest(list(waiting), self.lifters) > steps:
            return None
        for step in self._steps(waiting, 0, (1 << len(self.lifters)) - 1):
            self.nodes += 1
            rest = list(waiting)
            for weight, _ in step:
                rest.remove(weight)
            plan = self._go(tuple(rest), steps - 1)
            if plan is not None:
                named = [(weight, [at for at in range(len(self.lifters)) if group >> at & 1]) for weight, group in step]
                return [named, *plan]
            if self.nodes > _NODES:
                return None
        self.dead.add((waiting, steps))
        return None

    def _steps(self, waiting: tuple[int, ...], start: int, free: int) -> Iterator[list[tuple[int, int]]]:
        """Ways to use the free lifters for boxes from ``start`` on; the heaviest box of all must be in every step."""
        idle = True
        tried: set[int] = set()
        for at in range(start, len(waiting)):
            weight = waiting[at]
            if weight in tried or self.strengths[free] < weight:
                continue
            tried.add(weight)
            for group in self.groups(weight):
                if group & free == group:
                    idle = False
                    for step in self._steps(waiting, at + 1, free & ~group):
                        yield [(weight, group), *step]
            if start == 0:
                return
        if idle:
            yield []


TASK = BoxLift()
