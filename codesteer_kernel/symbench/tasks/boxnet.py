"""BoxNet: agents in the squares of a grid pass boxes on until each has met a target of its colour."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from random import Random
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.knobs import flag, whole
from codesteer_kernel.symbench.pictures import COLOURS, INK, Picture
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_Square = tuple[int, int]  # row and column from 0
_Action = tuple[_Square, str, _Square | str]  # the agent's square, the box's colour, a square or a target's colour
_Box = tuple[_Square, str, int]
_COLOURS = ("blue", "red", "green", "purple", "orange", "yellow", "pink", "black")
_AT = r"\[ ?(-?[0-9]{1,4}(?:\.[0-9]{1,4})?) ?[,_] ?(-?[0-9]{1,4}(?:\.[0-9]{1,4})?) ?\]"
_ACTION = re.compile(
    rf"[\"']?agent ?{_AT}[\"']? ?[:=] ?[\"']?move ?\( ?box_([a-z]{{1,20}}) ?, ?"
    rf"(?:square ?{_AT}|target_([a-z]{{1,20}})) ?\)[\"']?"
)
_STEP = re.compile(r"[\"']?\b(?:step|round) ?[0-9]{1,4}\b[\"']? ?[:.)]?")
_BETWEEN = str.maketrans("", "", "[],;{}: ")
_ORDERS = 400


class BoxNet(Task):
    """A grid with an agent in each square, boxes and targets; any plan that brings every box to a target is right."""

    name = "boxnet"
    paper_name = "BoxNet"
    split = "seen"
    version = "1"
    about = "Plan for the agents of a grid to pass coloured boxes on to targets of their colour."
    rule = (
        "In each step an agent moves at most one box out of its own square, into a neighbouring square or into a target of "
        "the box's colour there; nothing impossible is asked of an agent, and no box is left in the end."
    )
    longest = 120_000
    knobs = {
        "rows": whole(2, 1, 8, "rows of the grid"),
        "columns": whole(4, 1, 8, "columns of the grid"),
        "colours": whole(4, 1, 8, "colours of the boxes"),
        "most": whole(3, 1, 4, "most boxes of a colour; each colour has at least one"),
        "bounded": flag(False, "the number of steps is limited"),
        "slack": whole(2, 1, 20, "steps allowed beyond those of the plan behind the problem, where they are limited"),
    }
    levels = {
        "1": {"rows": 1, "columns": 3, "colours": 2, "most": 1},
        "2": {"rows": 2, "columns": 3, "colours": 3, "most": 2},
        "3": {"rows": 3, "columns": 4, "colours": 5, "most": 3},
        "4": {"rows": 4, "columns": 6, "colours": 6, "most": 3, "bounded": True, "slack": 3},
        "5": {"rows": 6, "columns": 8, "colours": 8, "most": 4, "bounded": True, "slack": 1},
        "paper-1-2": {"rows": 1, "columns": 2, "colours": 5},
        "paper-2-2": {"rows": 2, "columns": 2, "colours": 5},
        "paper-2-4": {"rows": 2, "columns": 4, "colours": 5},
        "paper-4-4": {"rows": 4, "columns": 4, "colours": 5},
        "paper-4-8": {"rows": 4, "columns": 8, "colours": 5},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """Boxes and targets by chance; all boxes travel at once, each to a near target, the farthest goes first."""
        rows, columns = level["rows"], level["columns"]
        if rows * columns < 2:
            raise BadInput("A grid of one square has no way to go.", "Ask for more rows or columns.")
        squares = [(row, column) for row in range(rows) for column in range(columns)]
        cells: dict[_Square, list[str]] = {square: [] for square in squares}
        travels: list[list[Any]] = []  # colour, where the box is, where it goes
        for colour in rng.sample(_COLOURS, level["colours"]):
            count = rng.randint(1, level["most"])
            starts, ends = rng.choices(squares, k=count), rng.choices(squares, k=count)
            if starts == ends and count == 1:
                ends = [rng.choice([square for square in squares if square != starts[0]])]
            for start, end in zip(starts, ends, strict=True):
                cells[start].append(f"box_{colour}")
                cells[end].append(f"target_{colour}")
            free = ends[:]
            for start in sorted(starts, key=lambda start: -min(_apart(start, end) for end in ends)):
                end = min(free, key=lambda end: _apart(start, end))
                free.remove(end)
                travels.append([colour, start, end])
        for things in cells.values():
            rng.shuffle(things)
        plan: list[list[_Action]] = []
        while travels:
            step: dict[_Square, list[Any]] = {}
            for travel in sorted(travels, key=lambda travel: -_apart(travel[1], travel[2])):
                step.setdefault(travel[1], travel)
            actions: list[_Action] = []
            for square, travel in step.items():
                colour, _, end = travel
                if square == end:
                    actions.append((square, colour, colour))
                    travels.remove(travel)
                else:
                    travel[1] = _toward(square, end, rng)
                    actions.append((square, colour, travel[1]))
            plan.append(sorted(actions, key=lambda action: action[0]))
        payload: dict[str, Any] = {
            "rows": rows,
            "cols": columns,
            "cells": {_key(square): things for square, things in cells.items()},
        }
        if level["bounded"]:
            payload["max_steps"] = len(plan) + level["slack"]
        return Draft(payload, _written(plan), {"unique": False, "steps": len(plan)})

    def ask(self, payload: Mapping[str, Any]) -> str:
        """What lies in each square, what an agent can do, what a step is."""
        squares = "\n".join(
            f"square[{key.replace('_', ', ')}]: {', '.join(things) or 'nothing'}"
            for key, things in payload["cells"].items()
        )
        limit = f" Use at most {payload['max_steps']} steps." if "max_steps" in payload else ""
        return (
            f"A grid has {payload['rows']} rows and {payload['cols']} columns of squares. A square is named by its middle, "
            "[row, column]: square[0.5, 0.5] is the first of the first row, square[0.5, 1.5] the one beside it, "
            "square[1.5, 0.5] the one in the next row. In each square stands an agent of the same name, and there lie boxes "
            f"and targets:\n\n{squares}\n\n"
            "Work goes in steps; all actions of a step happen at the same time. In a step an agent may move one box that is "
            "in its own square when the step begins: into a square that shares a side with its own, or into a target of the "
            "box's colour in its own square. Box and target are then gone: a target takes one box. A square holds any number "
            "of boxes; a box moves once in a step at most; agents may rest. Bring every box to a target of its colour. An "
            f"action that cannot be done makes the plan wrong.{limit}\n"
            "Write the plan between <<< and >>> as a JSON list with one object for each step, from agents to their actions, "
            'for example:\n<<<[{"Agent[0.5, 0.5]": "move(box_blue, square[0.5, 1.5])", "Agent[1.5, 0.5]": "move(box_red, '
            'target_red)"}, {"Agent[0.5, 1.5]": "move(box_blue, target_blue)"}]>>>'
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """Step after step; the first action that cannot be done is a fault."""
        cells = {_square(*key.split("_")): Counter(things) for key, things in payload["cells"].items()}
        boxes = sum(count for things in cells.values() for thing, count in things.items() if thing.startswith("box_"))
        plan = _read(text)
        for at, step in enumerate(plan, 1):
            acted: set[_Square] = set()
            arriving: list[tuple[_Square, str]] = []
            for agent, colour, where in step:
                if agent not in cells:
                    raise Refused("rule:agent", f"Step {at} names an agent that is not there.")
                if agent in acted:
                    raise Refused("rule:agent_twice", f"An agent acts twice in step {at}.")
                acted.add(agent)
                here = cells[agent]
                if here[f"box_{colour}"] < 1:
                    raise Refused("rule:box", f"In step {at} an agent moves a box that is not in its square.")
                if isinstance(where, str):
                    if where != colour or here[f"target_{where}"] < 1:
                        raise Refused(
                            "rule:target", f"In step {at} a box is moved to a target that is not there for it."
                        )
                    here[f"target_{where}"] -= 1
                    boxes -= 1
                elif where not in cells or _apart(agent, where) != 1:
                    raise Refused(
                        "rule:square", f"In step {at} a box is moved to a square that is not beside the agent's."
                    )
                else:
                    arriving.append((where, f"box_{colour}"))
                here[f"box_{colour}"] -= 1
            for square, box in arriving:
                cells[square][box] += 1
        if boxes:
            raise Refused("not_goal", "Every action can be done, but boxes are left in the end.")
        if len(plan) > payload.get("max_steps", len(plan)):
            raise Refused("rule:steps", f"The plan has {len(plan)} steps, {payload['max_steps']} are allowed.")
        return _written([sorted(step, key=lambda action: action[0]) for step in plan])

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """Box after box, each by the fastest way through squares and time that the boxes before it have left open.

        Other orders of the boxes give other plans; there are more right plans than can be listed.
        """
        payload = problem.payload
        most = payload.get("max_steps")
        rng = Random(0)  # noqa: S311 - orders to try, no secret
        found: dict[str, None] = {}
        order = _boxes(payload)
        for attempt in range(max(_ORDERS, 2 * limit)):
            timetable = _timetable(payload, order, rng if attempt % 2 else None)
            if timetable is None:
                return []
            plan, late = timetable
            if most is None or len(plan) <= most:
                found[_written(plan)] = None
                late = []
            if len(found) == limit:
                break
            # Whoever arrives last goes first; with nobody late, or by chance, another order.
            if not late or rng.random() < 0.2:
                rng.shuffle(order)
            order = [*late, *(box for box in order if box not in late)]
        return list(found)

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Actions missing, impossible or doubled; places and agents that are not there."""
        plan = _read(answer)
        rows, columns = problem.payload["rows"], problem.payload["cols"]
        last = plan[-1][-1]
        yield "last action missing", _written([*plan[:-1], plan[-1][:-1]])
        yield "first step missing", _written(plan[1:])
        yield "last action twice", _written([*plan, [last]])
        yield "empty plan", "[]"
        yield "idle plan", "[{}]"
        agent, colour, _ = plan[0][0]
        yield "off the grid", _written([[(agent, colour, (rows, columns))], *plan])
        yield "no such agent", _written([[((rows, columns), colour, colour)], *plan])
        yield "wrong target", _written([[(agent, colour, next(c for c in _COLOURS if c != colour))], *plan])
        # The same agent again in one step.
        yield "agent twice", _written([[plan[0][0], plan[0][0], *plan[0][1:]], *plan[1:]])
        far = max(((row, column) for row in range(rows) for column in range(columns)), key=lambda s: _apart(agent, s))
        if _apart(agent, far) > 1:
            yield "jump", _written([[(agent, colour, far), *plan[0][1:]], *plan[1:]])

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """The grid is in the sample's data, squares by their middles."""
        rows, columns = int(published["rows"]), int(published["cols"])
        cells = {str(key): [str(thing) for thing in things] for key, things in published["cells"].items()}
        expected = {_key((row, column)) for row in range(rows) for column in range(columns)}
        things = Counter(thing for inside in cells.values() for thing in inside)
        if set(cells) != expected or not expected:
            raise ValueError("The squares are not those of the grid.")
        if any(not re.fullmatch("(?:box|target)_[a-z]+", thing) for thing in things):
            raise ValueError("Something in a square is neither a box nor a target.")
        if any(things[f"target_{thing[4:]}"] < count for thing, count in things.items() if thing.startswith("box_")):
            raise ValueError("A colour has more boxes than targets.")
        return {"rows": rows, "cols": columns, "cells": cells}

    def effort(self, problem: Problem) -> float:
        """Actions that are needed at least: each box's way to the nearest target of its colour."""
        cells = {_square(*key.split("_")): things for key, things in problem.payload["cells"].items()}
        total = 0
        for square, colour, _ in _boxes(problem.payload):
            total += 1 + min(_apart(square, other) for other, things in cells.items() if f"target_{colour}" in things)
        return float(total)

    def draw(self, problem: Problem, answer: str | None = None) -> str:
        """Boxes as filled squares, targets as rings; the map does not change with an answer."""
        side = 96
        payload = problem.payload
        picture = Picture(
            side * payload["cols"], side * payload["rows"], "Boxes (squares) and targets (rings) on the grid"
        )
        for key, things in payload["cells"].items():
            row, column = _square(*key.split("_"))
            picture.box(column * side, row * side, side, side, "#f7f8fa")
            across = max(3, -(-len(things) // 3))
            for at, thing in enumerate(things):
                kind, _, colour = thing.partition("_")
                size = side / across
                x, y = column * side + (at % across + 0.5) * size, row * side + (at // across + 0.5) * side / 3
                shade = COLOURS.get(colour, COLOURS["grey"])
                if kind == "box":
                    picture.box(x - size * 0.36, y - size * 0.36, size * 0.72, size * 0.72, shade, INK)
                else:
                    picture.disc(x, y, size * 0.36, "none", shade)
                    picture.disc(x, y, size * 0.28, "none", shade)
                picture.label(x, y, colour[:2], size * 0.34, INK)
        return picture.svg()

    def space(self, level: Level) -> float:
        """Places of a box and a target of each colour."""
        return float((int(level["rows"]) * int(level["columns"])) ** (2 * int(level["colours"])))


def _apart(one: _Square, other: _Square) -> int:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _toward(square: _Square, end: _Square, rng: Random) -> _Square:
    """A neighbour that is nearer to the end."""
    row, column = square
    ways = []
    if row != end[0]:
        ways.append((row + (1 if end[0] > row else -1), column))
    if column != end[1]:
        ways.append((row, column + (1 if end[1] > column else -1)))
    return rng.choice(ways)


def _key(square: _Square) -> str:
    return f"{square[0]}.5_{square[1]}.5"


@lru_cache(maxsize=1000)
def _place(written: str) -> int:
    """The row or column of a middle; what is no middle is off every grid."""
    place = float(written) - 0.5
    return int(place) if place.is_integer() else -9


def _square(row: str, column: str) -> _Square:
    """The square of a middle."""
    return _place(row), _place(column)


def _written(plan: Sequence[Sequence[_Action]]) -> str:
    """JSON as asked; written by hand, so that an agent can stand twice in a step."""
    steps = []
    for step in plan:
        actions = []
        for (row, column), colour, where in step:
            goal = f"target_{where}" if isinstance(where, str) else f"square[{where[0]}.5, {where[1]}.5]"
            actions.append(f'"Agent[{row}.5, {column}.5]": "move(box_{colour}, {goal})"')
        steps.append(f"{{{', '.join(actions)}}}")
    return f"[{', '.join(steps)}]"


def _read(text: str) -> list[list[_Action]]:
    """The steps: objects in braces, else a step a line."""
    text = text.lower()
    if "{" in text:
        pieces = re.findall(r"\{([^{}]*)\}", text)
        outside = re.sub(r"\{[^{}]*\}", " ", text)
    else:
        pieces = [line for line in text.splitlines() if "[" in line.replace("[]", "")]
        outside = "" if pieces else text
    if _STEP.sub(" ", " ".join(outside.split())).translate(_BETWEEN):
        raise Refused("unreadable", "The answer is no list of steps.")
    return [_actions(" ".join(piece.split())) for piece in pieces]


def _actions(piece: str) -> list[_Action]:
    """The actions of one step, and nothing beside them."""
    step: list[_Action] = []
    end = 0
    for match in _ACTION.finditer(piece):
        _beside(piece[end : match.start()])
        end = match.end()
        row, column, colour, below, beside, target = match.groups()
        step.append((_square(row, column), colour, target or _square(below, beside)))
    _beside(piece[end:])
    return step


def _beside(text: str) -> None:
    rest = text.translate(_BETWEEN) and _STEP.sub(" ", text).translate(_BETWEEN)
    if rest:
        raise Refused("unreadable", f"{rest[:40]!r} is no action of an agent.")


def _boxes(payload: Mapping[str, Any]) -> list[_Box]:
    """All boxes: where they are, their colours, and a number each."""
    places = [
        (_square(*key.split("_")), thing[4:])
        for key, things in payload["cells"].items()
        for thing in things
        if thing.startswith("box_")
    ]
    return [(square, colour, at) for at, (square, colour) in enumerate(places)]


def _timetable(
    payload: Mapping[str, Any], order: list[_Box], rng: Random | None
) -> tuple[list[list[_Action]], list[_Box]] | None:
    """A plan in which the boxes are sent off in this order, and the boxes that arrive last; None without a target.

    A box takes the target that it can be at first; with ``rng``, some boxes take any of their targets.
    """
    rows, columns = payload["rows"], payload["cols"]
    targets: Counter[tuple[_Square, str]] = Counter()
    for key, things in payload["cells"].items():
        targets.update((_square(*key.split("_")), thing[7:]) for thing in things if thing.startswith("target_"))
    busy: dict[tuple[_Square, int], _Action] = {}
    arrivals: dict[_Box, int] = {}
    for box in order:
        start, colour, _ = box
        ends = [at for (at, other), count in targets.items() if count and other == colour]
        if not ends:
            return None
        if rng is not None and rng.random() < 0.3:
            ends = [rng.choice(ends)]
        # Where the box can be by now, and from where and when it came there first; it may wait wherever it is.
        origin: dict[_Square, tuple[_Square, int] | None] = {start: None}
        time = 0
        while (end := next((at for at in ends if at in origin and (at, time) not in busy), None)) is None:
            for square in [square for square in origin if (square, time) not in busy]:
                for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0)):
                    other = (square[0] + down, square[1] + right)
                    if 0 <= other[0] < rows and 0 <= other[1] < columns and other not in origin:
                        origin[other] = (square, time)
            time += 1
        targets[end, colour] -= 1
        busy[end, time] = (end, colour, colour)
        arrivals[box] = time
        while (came := origin[end]) is not None:
            busy[came] = (came[0], colour, end)
            end = came[0]
    plan: list[list[_Action]] = [[] for _ in range(1 + max(arrivals.values(), default=-1))]
    for (_, time), action in sorted(busy.items(), key=lambda item: item[0]):
        plan[time].append(action)
    return plan, [box for box, time in arrivals.items() if time == len(plan) - 1]


TASK = BoxNet()
