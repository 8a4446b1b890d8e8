"""Path Plan: waypoints through a walled room that enter some boxes and stay out of others."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from itertools import pairwise
from math import ceil, lcm
from random import Random
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.knobs import flag, real, whole
from codesteer_kernel.symbench.pictures import COLOURS, INK, Picture
from codesteer_kernel.symbench.problem import Draft, Problem, Refused
from codesteer_kernel.symbench.reading import points, tokens
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_Point = tuple[int, int]
_Box = tuple[int, int, int, int]  # x from, x to, y from, y to

_NAMES = ("yellow", "red", "green", "blue", "pink", "purple", "orange", "black", "grey", "white")
_WALLS = [[-1.5, -1.4, -1.5, 1.5], [1.4, 1.5, -1.5, 1.5], [-1.5, 1.5, -1.5, -1.4], [-1.5, 1.5, 1.4, 1.5]]
_NEAR = Fraction(1, 1_000_000)
_MOST_POINTS = 1000
_FINEST = 2000  # bits of the common denominator
_STEP, _EDGE = 5, 140  # hundredths: the generator's lattice, and where the walls begin
_TRIES = 300
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
_QUAD = rf"\(({_NUMBER}), ({_NUMBER}), ({_NUMBER}), ({_NUMBER})\)"
_PAIR = rf"\(({_NUMBER}), ({_NUMBER})\)"


class PathPlan(Task):
    """A room with coloured boxes; any chain of straight legs that keeps the instruction is right."""

    name = "path_plan"
    paper_name = "Path Plan"
    split = "seen"
    version = "1"
    about = "Plan waypoints from start to end that enter some boxes, in order where that is asked, and avoid others."
    rule = (
        "Straight legs lead from start to end, meet every box to visit (in the given order where one is given), and touch "
        "no wall and no box to avoid, edges included; all by exact arithmetic."
    )
    longest = 40_000
    knobs = {
        "rooms": whole(6, 1, 10, "boxes in the room"),
        "visits": whole(2, 0, 6, "boxes to visit; at most as many as there are"),
        "avoids": whole(2, 0, 8, "boxes to avoid, of those that are not visited"),
        "ordered": flag(False, "the visits have an order"),
        "clearance": real(0.0, 0.0, 0.1, "distance to keep from walls and boxes to avoid, in whole hundredths"),
    }
    levels = {
        "1": {"rooms": 3, "visits": 1, "avoids": 1},
        "2": {"rooms": 5, "visits": 2, "avoids": 2},
        "3": {"rooms": 7, "visits": 3, "avoids": 3, "ordered": True},
        "4": {"rooms": 8, "visits": 4, "avoids": 4, "ordered": True, "clearance": 0.02},
        "5": {"rooms": 10, "visits": 5, "avoids": 5, "ordered": True, "clearance": 0.04},
        "paper-1": {"rooms": 7, "visits": 2, "avoids": 0, "ordered": True},
        "paper-2": {"rooms": 7, "visits": 4, "avoids": 1, "ordered": True},
        "paper-3": {"rooms": 7, "visits": 1, "avoids": 6},
        "paper-4": {"rooms": 7, "visits": 3, "avoids": 4},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """Boxes with gaps between them on a lattice, so that every box can be reached; a walk over lattice points."""
        rooms, visits = level["rooms"], min(level["visits"], level["rooms"])
        avoids, clearance = min(level["avoids"], rooms - visits), round(100 * level["clearance"])
        names = rng.sample(_NAMES, rooms)
        boxes = _scene(rng, rooms, 2 * _STEP + 2 * _STEP * ceil(clearance / _STEP))
        visit, avoid = list(range(visits)), list(range(visits, visits + avoids))
        free = _lattice(_grown((-_EDGE, _EDGE, -_EDGE, _EDGE), -clearance - 1))
        for at in avoid:
            free -= _lattice(_grown(boxes[at], clearance))
        start, end = rng.sample(sorted(free.difference(*map(_lattice, boxes))), 2)
        way = [start]
        for goals in [*(_lattice(_grown(boxes[at], -1)) for at in visit), {end}]:
            way += _walk(way[-1], goals, free)[1:]
        shown = rng.sample(range(rooms), rooms)
        payload = {
            "boxes": {names[at]: [_hundredths(side) for side in boxes[at]] for at in shown},
            "walls": _WALLS,
            "start": [_hundredths(side) for side in start],
            "end": [_hundredths(side) for side in end],
            "visit": [names[at] for at in visit],
            "avoid": [names[at] for at in avoid],
            "ordered": bool(level["ordered"]) and visits > 1,
            "clearance": clearance / 100,
        }
        return Draft(
            payload, _written([(Fraction(x, 100), Fraction(y, 100)) for x, y in _corners(way)]), {"unique": False}
        )

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Room, boxes, what is to be visited and avoided, and what touching means."""

        def told(boxes: Any) -> str:
            return "\n".join(f"- {name}: x from {x0} to {x1}, y from {y0} to {y1}" for name, (x0, x1, y0, y1) in boxes)

        visit, avoid = payload["visit"], payload["avoid"]
        walls = told((f"wall {at}", wall) for at, wall in enumerate(payload["walls"], 1))
        wishes = []
        if visit:
            order = ", in this order" if payload["ordered"] else " (in any order)" if len(visit) > 1 else ""
            wishes.append(f"visit these boxes{order}: {', '.join(visit)}")
        if avoid:
            wishes.append(f"avoid these boxes: {', '.join(avoid)}")
        clearance = ""
        if payload["clearance"]:
            clearance = (
                f" Keep clear of walls and of boxes to avoid: each of them counts as larger by {payload['clearance']} on all "
                "four sides, edges included."
            )
        ordered = (
            " Visits in an order: walking along the path, one must be able to name a point in the first box, then the same "
            "or a later point in the second one, and so on; boxes may also be entered at other times."
            if payload["ordered"]
            else ""
        )
        return (
            "A robot moves in the plane from waypoint to waypoint, in straight lines. There are walls and coloured boxes, "
            f"rectangles with their edges:\n\n{walls}\n{told(payload['boxes'].items())}\n\n"
            f"Plan a path from ({', '.join(map(str, payload['start']))}) to ({', '.join(map(str, payload['end']))})."
            f"{' It must ' + ' and '.join(wishes) + '.' if wishes else ''} It must not touch a wall.\n"
            "A box is visited if any point of the path, on a line between waypoints too, lies in it or on its edge. A box is "
            "avoided if no point of the path lies in it or on its edge; the same holds for walls. All other boxes may be "
            f"crossed.{ordered}{clearance}\n"
            f"Give the waypoints, start and end included, at most {_MOST_POINTS}, between <<< and >>> in this form: "
            "<<<[(0.5, -1.2), (0.5, 0.3), (1.1, 1.25)]>>>."
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """Start, end, then every leg against every wall and box, in whole numbers."""
        text = text.replace("->", ",").replace("\u2192", ",")
        if len(tokens(text)) > 2 * _MOST_POINTS:
            raise Refused("too_long", f"The path has more than {_MOST_POINTS} waypoints.")
        found = points(text)
        if len(found) < 2:
            raise Refused("wrong_shape", "A path has two waypoints at least.")
        for at, name in ((0, "start"), (-1, "end")):
            place = (_exact(payload[name][0]), _exact(payload[name][1]))
            if abs(found[at][0] - place[0]) > _NEAR or abs(found[at][1] - place[1]) > _NEAR:
                raise Refused(f"rule:{name}", f"The path does not {name} where it should.")
            found[at] = place
        scene = _Scene(payload, [side for point in found for side in point])
        legs = list(pairwise(scene.scaled(found)))
        for kind, barred in (("wall", scene.walls), ("avoid", scene.avoid)):
            for box in barred:
                for at, leg in enumerate(legs, 1):
                    if _touches(leg, box):
                        name = "a wall" if kind == "wall" else "a box that is to be avoided"
                        raise Refused(f"rule:{kind}", f"Leg {at} of the path touches {name}.")
        for name, box in zip(payload["visit"], scene.visit, strict=True):
            if not any(_touches(leg, box) for leg in legs):
                raise Refused("rule:visit", f"The path does not visit the {name} box.")
        if payload["ordered"] and not _in_order(legs, scene.visit):
            raise Refused("rule:order", "The boxes are visited, but not in the order that is asked.")
        return _written(found)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """The plane cut at every edge of a box: a search over the cuts and the middles between them.

        Detours at the start give further paths without end.
        """
        scene = _Scene(problem.payload, [])
        way = _cut(scene, bool(problem.payload["ordered"]))
        if way is None:
            return []
        path = [(Fraction(x, 2 * scene.scale), Fraction(y, 2 * scene.scale)) for x, y in _corners(way)]
        if len(path) == 1:
            path *= 2
        most = (_MOST_POINTS - len(path)) // 2
        return [_written([*path[:2] * times, *path]) for times in range(min(limit, most))]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Ends missing, backwards, through walls and boxes, out of the room."""
        payload = problem.payload
        path = points(answer)
        yield "end missing", _written(path[:-1])
        yield "start missing", _written(path[1:])
        yield "backwards", _written(path[::-1])
        yield "one point", _written(path[:1])
        x0, x1, y0, y1 = map(_exact, rng.choice(payload["walls"]))
        yield "through a wall", _written([path[0], ((x0 + x1) / 2, (y0 + y1) / 2), *path[1:]])
        yield "outside", _written([*path[:-1], (Fraction(2), Fraction(2)), path[-1]])
        yield "start moved", _written([(path[0][0] + Fraction(1, 100), path[0][1]), *path[1:]])
        yield "number missing", answer.rpartition(",")[0]
        if payload["avoid"]:
            x0, x1, y0, y1 = map(_exact, payload["boxes"][rng.choice(payload["avoid"])])
            yield "through a box to avoid", _written([*path[:-1], ((x0 + x1) / 2, (y0 + y1) / 2), path[-1]])
            grown = _exact(payload["clearance"])
            yield "along its edge", _written([*path[:-1], (x0 - grown, y0), (x0 - grown, y1), path[-1]])

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """The scene from the data, else from the question; visits and their order from the instruction."""
        scene = {**_told(question), **published}
        boxes = {str(name): _four(box) for name, box in scene["boxes"].items()}
        walls = [_four(wall) for wall in scene["walls"]]
        instruction = str(scene["instruction"])
        visit, avoid, ordered = _wishes(instruction, list(boxes))
        visit, avoid = list(scene.get("visit", visit)), list(scene.get("avoid", avoid))
        if not set(visit) | set(avoid) <= set(boxes) or set(visit) & set(avoid) or not (visit or avoid):
            raise ValueError("The instruction names boxes that are not there, or asks for both of one.")
        start, end = ([float(side) for side in scene[name]] for name in ("start", "end"))
        if len(start) != 2 or len(end) != 2 or not walls:
            raise ValueError("The scene has no start, no end or no walls.")
        ordered = ordered and len(visit) > 1
        return {
            "boxes": boxes,
            "walls": walls,
            "start": start,
            "end": end,
            "visit": visit,
            "avoid": avoid,
            "ordered": ordered,
            "clearance": 0.0,
        }

    def effort(self, problem: Problem) -> float:
        """Legs between what has to be met, times the boxes and walls that each of them has to mind."""
        payload = problem.payload
        legs = 1 + len(payload["visit"]) + (len(payload["visit"]) if payload["ordered"] else 0)
        return float(legs * (len(payload["walls"]) + len(payload["avoid"]) + len(payload["boxes"]) / 2))

    def draw(self, problem: Problem, answer: str | None = None) -> str:
        """The room from above; boxes to visit are numbered or ticked, boxes to avoid crossed; the path with an answer."""
        payload = problem.payload
        sides = [*payload["walls"], *payload["boxes"].values()]
        left, right = min(box[0] for box in sides), max(box[1] for box in sides)
        low, high = min(box[2] for box in sides), max(box[3] for box in sides)
        scale = 360 / max(right - left, high - low)

        def place(x: float, y: float) -> tuple[float, float]:
            return round((float(x) - left) * scale, 2), round((high - float(y)) * scale, 2)

        picture = Picture(round((right - left) * scale), round((high - low) * scale), "The room from above")
        for wall in payload["walls"]:
            x, y = place(wall[0], wall[3])
            picture.box(x, y, (wall[1] - wall[0]) * scale, (wall[3] - wall[2]) * scale, COLOURS["black"])
        for name, box in payload["boxes"].items():
            x, y = place(box[0], box[3])
            wide, tall = round((box[1] - box[0]) * scale, 2), round((box[3] - box[2]) * scale, 2)
            picture.box(x, y, wide, tall, COLOURS.get(name, COLOURS["grey"]), INK)
            ink = "#ffffff" if name in ("black", "blue", "purple", "green", "red") else INK
            if name in payload["avoid"]:
                picture.line([(x, y), (x + wide, y + tall)], ink, 1)
                picture.line([(x, y + tall), (x + wide, y)], ink, 1)
            mark = ""
            if name in payload["visit"]:
                mark = f" {payload['visit'].index(name) + 1}" if payload["ordered"] else " \u2713"
            picture.label(x + wide / 2, y + tall / 2, f"{name}{mark}", 11, ink, 700 if mark else 400)
        if answer is not None:
            path = [place(float(x), float(y)) for x, y in points(answer)]
            picture.line(path, "#ffffff", 5)
            picture.line(path, "#c2185b", 2.5)
        for name in ("start", "end"):
            x, y = place(*payload[name])
            picture.disc(x, y, 7, "#ffffff")
            picture.label(x, y, name[0].upper(), 10, weight=700)
        return picture.svg()


class _Scene:
    """The room in whole numbers: every coordinate times ``scale``, walls and boxes to avoid grown by the clearance."""

    def __init__(self, payload: Mapping[str, Any], beside: Sequence[Fraction]) -> None:
        boxes = payload["boxes"]
        numbers = {_exact(side) for box in (*boxes.values(), *payload["walls"]) for side in box}
        numbers |= {_exact(side) for side in (*payload["start"], *payload["end"], payload["clearance"])}
        scale = 1
        for denominator in {number.denominator for number in (*numbers, *beside)}:
            scale = lcm(scale, denominator)
            if scale.bit_length() > _FINEST:
                raise Refused("too_long", "The waypoints are given more finely than can be checked.")
        self.scale = scale
        grown = self._whole(_exact(payload["clearance"]))
        self.walls = [_grown(self._box(wall), grown) for wall in payload["walls"]]
        self.avoid = [_grown(self._box(boxes[name]), grown) for name in payload["avoid"]]
        self.visit = [self._box(boxes[name]) for name in payload["visit"]]
        self.start, self.end = self.scaled(
            [(_exact(payload[name][0]), _exact(payload[name][1])) for name in ("start", "end")]
        )

    def scaled(self, path: Sequence[tuple[Fraction, Fraction]]) -> list[_Point]:
        """Points in whole numbers."""
        return [(self._whole(x), self._whole(y)) for x, y in path]

    def _whole(self, number: Fraction) -> int:
        return number.numerator * (self.scale // number.denominator)

    def _box(self, box: Sequence[float]) -> _Box:
        x0, x1, y0, y1 = (self._whole(_exact(side)) for side in box)
        return x0, x1, y0, y1


@lru_cache(maxsize=4096)
def _exact(number: float) -> Fraction:
    """The decimal that is written, not the binary fraction behind it."""
    return Fraction(str(number))


def _grown(box: _Box, by: int) -> _Box:
    return box[0] - by, box[1] + by, box[2] - by, box[3] + by


def _holds(box: _Box, point: _Point) -> bool:
    """Whether the point is in the box or on its edge."""
    return box[0] <= point[0] <= box[1] and box[2] <= point[1] <= box[3]


def _lattice(box: _Box) -> set[_Point]:
    """The lattice points in the box or on its edge."""
    low, high = (range(-(-box[at] // _STEP) * _STEP, box[at + 1] + 1, _STEP) for at in (0, 2))
    return {(x, y) for x in low for y in high}


def _touches(leg: tuple[_Point, _Point], box: _Box) -> bool:
    """Whether a leg and a box, edges included, share a point: no side of the box and not the leg's line parts them."""
    (ax, ay), (bx, by) = leg
    x0, x1, y0, y1 = box
    if (ax < x0 and bx < x0) or (ax > x1 and bx > x1) or (ay < y0 and by < y0) or (ay > y1 and by > y1):
        return False
    dx, dy = bx - ax, by - ay
    low, high = dx * (y0 - ay), dx * (y1 - ay)
    left, right = dy * (x0 - ax), dy * (x1 - ax)
    sides = (low - left, low - right, high - left, high - right)
    return min(sides) <= 0 <= max(sides)


def _in_order(legs: list[tuple[_Point, _Point]], visit: list[_Box]) -> bool:
    """Whether points of the boxes follow each other along the legs; each is taken as early as it can be."""
    at, since = 0, Fraction(0)
    for box in visit:
        for later in range(at, len(legs)):
            times = _times(legs[later], box)
            if times is not None and (later > at or times[1] >= since):
                since = max(since, times[0]) if later == at else times[0]
                at = later
                break
        else:
            return False
    return True


def _times(leg: tuple[_Point, _Point], box: _Box) -> tuple[Fraction, Fraction] | None:
    """When a point that goes along the leg from 0 to 1 enters the box and when it leaves it; None for never."""
    (ax, ay), (bx, by) = leg
    enter, leave = Fraction(0), Fraction(1)
    for start, step, low, high in ((ax, bx - ax, box[0], box[1]), (ay, by - ay, box[2], box[3])):
        if step == 0:
            if not low <= start <= high:
                return None
            continue
        first, last = sorted((Fraction(low - start, step), Fraction(high - start, step)))
        enter, leave = max(enter, first), min(leave, last)
    return (enter, leave) if enter <= leave else None


def _scene(rng: Random, rooms: int, gap: int) -> list[_Box]:
    """Boxes on the lattice, in hundredths, with a gap between each other and to the walls."""
    span = _EDGE // _STEP
    for _ in range(_TRIES):
        largest = 16 if rooms < 8 else 12
        boxes: list[_Box] = []
        for _ in range(40 * rooms):
            wide, tall = rng.randint(6, largest), rng.randint(6, largest)
            left, low = rng.randint(-span, span - wide), rng.randint(-span, span - tall)
            box = (left * _STEP, (left + wide) * _STEP, low * _STEP, (low + tall) * _STEP)
            if max(map(abs, box)) <= _EDGE - gap and all(
                box[0] >= other[1] + gap
                or box[1] <= other[0] - gap
                or box[2] >= other[3] + gap
                or box[3] <= other[2] - gap
                for other in boxes
            ):
                boxes.append(box)
                if len(boxes) == rooms:
                    return boxes
    raise BadInput(f"{rooms} boxes do not fit into the room.", "Ask for fewer boxes or less clearance.")


def _walk(start: _Point, goals: set[_Point], free: set[_Point]) -> list[_Point]:
    """The shortest walk over free lattice points to one of the goals."""
    origin: dict[_Point, _Point | None] = {start: None}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        if here in goals:
            way = [here]
            while (before := origin[way[-1]]) is not None:
                way.append(before)
            return way[::-1]
        x, y = here
        for there in ((x + _STEP, y), (x, y + _STEP), (x - _STEP, y), (x, y - _STEP)):
            if there in free and there not in origin:
                origin[there] = here
                queue.append(there)
    raise AssertionError("the gaps between the boxes join everything")


def _corners(way: list[_Point]) -> list[_Point]:
    """The walk without the points between two of its turns."""
    kept: list[_Point] = []
    for at, point in enumerate(way):
        if 0 < at < len(way) - 1:
            (ax, ay), (bx, by) = way[at - 1], way[at + 1]
            if (point[0] - ax) * (by - point[1]) == (point[1] - ay) * (bx - point[0]) and (
                (point[0] - ax) * (bx - point[0]) + (point[1] - ay) * (by - point[1]) > 0
            ):
                continue
        kept.append(point)
    return kept


def _cut(scene: _Scene, ordered: bool) -> list[_Point] | None:
    """A way over the cuts, coordinates doubled: what is free between two cuts is free in their middle."""
    barred = [_doubled(box) for box in (*scene.walls, *scene.avoid)]
    visit = [_doubled(box) for box in scene.visit]
    start, end = ((2 * x, 2 * y) for x, y in (scene.start, scene.end))
    lines = []
    for axis in (0, 1):
        edges = {side for box in (*barred, *visit) for side in box[2 * axis : 2 * axis + 2]} | {start[axis], end[axis]}
        cuts = sorted(edges)
        lines.append(sorted({*cuts, *((low + high) // 2 for low, high in pairwise(cuts))}))
    across, along = lines
    everything = (1 << len(visit)) - 1

    @cache
    def met(i: int, j: int) -> int:
        """The boxes to visit that hold this point, as bits; -1 where it is barred."""
        point = (across[i], along[j])
        if any(_holds(box, point) for box in barred):
            return -1
        return sum(1 << at for at, box in enumerate(visit) if _holds(box, point))

    def seen(done: int, here: int) -> int:
        if not ordered:
            return done | here
        while done < everything and here & (done + 1):
            done |= done + 1
        return done

    first = (across.index(start[0]), along.index(start[1]))
    if met(*first) < 0:
        return None
    state = (*first, seen(0, met(*first)))
    goal = (across.index(end[0]), along.index(end[1]), everything)
    origin: dict[tuple[int, int, int], tuple[int, int, int] | None] = {state: None}
    queue = deque([state])
    while queue:
        state = queue.popleft()
        if state == goal:
            way = [state]
            while (before := origin[way[-1]]) is not None:
                way.append(before)
            return [(across[i], along[j]) for i, j, _ in way[::-1]]
        i, j, done = state
        for k, m in ((i + 1, j), (i, j + 1), (i - 1, j), (i, j - 1)):
            if 0 <= k < len(across) and 0 <= m < len(along) and (here := met(k, m)) >= 0:
                other = (k, m, seen(done, here))
                if other not in origin:
                    origin[other] = state
                    queue.append(other)
    return None


def _doubled(box: _Box) -> _Box:
    return 2 * box[0], 2 * box[1], 2 * box[2], 2 * box[3]


def _told(question: str) -> dict[str, Any]:
    """The scene of a published question; what it does not say is left out."""
    told: dict[str, Any] = {}
    boxes = re.findall(rf"an? ([a-z]+) colored box {_QUAD}", question)
    walls = re.search(rf"walls with position ((?:{_QUAD}(?:, )?)+)", question)
    if boxes and walls is not None:
        told["boxes"] = {name: sides for name, *sides in boxes}
        told["walls"] = re.findall(_QUAD, walls[1])
    for name in ("start", "end"):
        place = re.search(rf"{name}ing position of the car is {_PAIR}", question)
        if place is not None:
            told[name] = place.groups()
    instruction = re.search(r"instruction is '([^']*)'", question)
    if instruction is not None:
        told["instruction"] = instruction[1]
    return told


def _wishes(instruction: str, names: list[str]) -> tuple[list[str], list[str], bool]:
    """Boxes to visit, boxes to avoid, and whether the visits are told as a route, one after the other."""
    text = instruction.lower()
    never = re.search(r"(?:\bnot|\bnever|n't) enter", text)
    wanted, unwanted = (text[: never.start()], text[never.end() :]) if never is not None else (text, "")
    visit = [name for name in re.findall("[a-z]+", wanted) if name in names]
    avoid = [name for name in re.findall("[a-z]+", unwanted) if name in names]
    if re.search(r"\bothers?\b", unwanted):
        avoid = [name for name in names if name not in visit]
    ordered = re.search(r"\bnavigate\b|\bthen\b|\bfirst\b|\bfinally\b|\bafter", wanted) is not None
    return list(dict.fromkeys(visit)), list(dict.fromkeys(avoid)), ordered


def _four(box: Sequence[Any]) -> list[float]:
    x0, x1, y0, y1 = (float(side) for side in box)
    if x0 > x1 or y0 > y1:
        raise ValueError("A box ends before it begins.")
    return [x0, x1, y0, y1]


def _hundredths(value: int) -> float:
    return value / 100


def _decimal(number: Fraction) -> str:
    """The number as a decimal where it is one, else as a fraction."""
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest > 1 or number.denominator.bit_length() > 60:
        return str(number)
    text = format(Decimal(number.numerator) / Decimal(number.denominator), "f")
    return text if Fraction(text) == number else str(number)


def _written(path: Sequence[tuple[Fraction, Fraction]]) -> str:
    return f"[{', '.join(f'({_decimal(x)}, {_decimal(y)})' for x, y in path)}]"


TASK = PathPlan()
