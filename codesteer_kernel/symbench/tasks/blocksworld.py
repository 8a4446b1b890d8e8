"""Blocksworld: move blocks from stack to stack until the goal stands."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from heapq import heappop, heappush
from random import Random
from string import ascii_uppercase
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.knobs import flag, whole
from codesteer_kernel.symbench.pictures import COLOURS, INK, Picture
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused, Verdict
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_State = tuple[tuple[str, ...], ...]
_Move = tuple[str, int, int]  # block, from, to; stacks from 0
_NONE = "none"
_NOTHING = re.compile(
    r"(?:none|no moves?(?: (?:is|are))?(?: needed| required| necessary)?|nothing|empty)", re.IGNORECASE
)
_NUMBERED = re.compile(r"(?:step\s*)?[0-9]{1,5}\s*[.):]\s*|[-*\u2022]\s+", re.IGNORECASE)
_MOVE = re.compile(
    r"(?:move\s+)?(?:block\s+|box\s+)?(\w{1,12})\s+from\s+(?:stack[ _]*)?(\w{1,12})\s+(?:on)?to\s+(?:stack[ _]*)?(\w{1,12})",
    re.IGNORECASE,
)
_COUNTED = (5, 4)


class Blocksworld(Task):
    """Stacks of blocks and stacks to build; any plan of moves of top blocks that ends there is right."""

    name = "blocksworld"
    paper_name = "Blocksworld"
    split = "seen"
    version = "1"
    about = "Plan moves of blocks between stacks that lead from a start to a goal."
    rule = (
        "Every move takes the top block of a stack to another of the given stacks, and the last one ends at the goal, "
        "within the limit where one is set."
    )
    longest = 60_000
    knobs = {
        "blocks": whole(6, 2, 14, "how many blocks there are"),
        "stacks": whole(4, 3, 8, "how many stacks there are"),
        "goal_stacks": whole(2, 1, 8, "stacks of the goal; at most as many as there are"),
        "plan": whole(0, 0, 14, "moves of a shortest plan, 0 for any (with up to 5 blocks and 4 stacks)"),
        "bounded": flag(False, "a plan may be no longer than a shortest one (with up to 5 blocks and 4 stacks)"),
    }
    levels = {
        "1": {"blocks": 3, "stacks": 3, "goal_stacks": 2},
        "2": {"blocks": 5, "stacks": 4, "goal_stacks": 2},
        "3": {"blocks": 7, "stacks": 4, "goal_stacks": 2},
        "4": {"blocks": 10, "stacks": 4, "goal_stacks": 3},
        "5": {"blocks": 14, "stacks": 5, "goal_stacks": 3},
        "shortest": {"blocks": 5, "stacks": 4, "goal_stacks": 2, "plan": 8, "bounded": True},
        "paper-1": {"blocks": 2, "stacks": 3, "goal_stacks": 2},
        "paper-2": {"blocks": 3, "stacks": 4, "goal_stacks": 3},
        "paper-3": {"blocks": 4, "stacks": 5, "goal_stacks": 4},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """Both sides by chance; the plan builds the goal block by block, or is read off a map of all distances."""
        stacks, goals = level["stacks"], min(level["goal_stacks"], level["stacks"])
        blocks = list(ascii_uppercase[: level["blocks"]])
        goal = _dealt(rng, blocks, stacks, goals)
        limit: dict[str, int] = {}
        if level["plan"] or level["bounded"]:
            if level["blocks"] > _COUNTED[0] or stacks > _COUNTED[1]:
                raise BadInput("Shortest plans are known for up to 5 blocks and 4 stacks.", "Ask for fewer.")
            steps = _steps_to(goal)
            far = max(steps.values())
            wanted = {level["plan"]} if level["plan"] else set(range(1, far + 1))
            starts = [state for state, count in steps.items() if count in wanted]
            if not starts:
                raise BadInput(f"No start is {level['plan']} moves away.", f"Ask for up to {far}.")
            start = rng.choice(starts)
            plan = _downhill(start, steps)
            limit = {"limit": len(plan)} if level["bounded"] else {}
            facts = {"unique": None, "optimum": len(plan)}
        else:
            start = goal
            while start == goal:
                start = _dealt(rng, blocks, stacks, stacks)
            plan = _built(start, goal)
            facts = {"unique": False}
        payload = {"initial": _named(start), "goal": _named(goal[:goals]), **limit}
        return Draft(payload, _written(plan), facts)

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Start, goal, what a move is, and the limit where there is one."""
        goal = payload["goal"]
        limit = f" Use at most {payload['limit']} moves." if "limit" in payload else ""
        unnamed = [name for name in payload["initial"] if name not in goal]
        emptied = f" All other stacks ({', '.join(unnamed)}) must be empty in the end." if unnamed else ""
        return (
            "Blocks stand in stacks; each line names the blocks of a stack from the bottom to the top.\n\n"
            f"Start:\n{_listed(payload['initial'])}\n\nGoal:\n{_listed(goal)}\n\n"
            "A move takes the top block of one stack and puts it on top of another of the stacks named at the start, which "
            "may be empty. Nothing else can be moved, and there is no other place for a block. Give moves that lead from "
            f"the start to the goal.{emptied}{limit}\n"
            "Write the moves in order, one a line, between <<< and >>>, for example:\n"
            "<<<\nMove B from stack2 to stack1\nMove A from stack3 to stack2\n>>>\n"
            "If no move is needed, write <<<none>>>."
        )

    def verify(self, problem: Problem, answer: str) -> Verdict:
        """As for every task; where the start is the goal, empty markers are a right answer: the plan without moves."""
        verdict = super().verify(problem, answer)
        if verdict.code == "empty" and verdict.marked and _sides(problem.payload)[0] == _sides(problem.payload)[1]:
            return Verdict(True, "ok", "The answer is right.", _NONE, True)
        return verdict

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """Every move is done; the first that cannot be is a fault."""
        names = list(payload["initial"])
        start, goal = _sides(payload)
        stacks = [list(stack) for stack in start]
        blocks = {block for stack in start for block in stack}
        places = {spelled: at for at, name in enumerate(names) for spelled in (name, name.removeprefix("stack"))}
        plan = _read(text)
        if len(plan) > payload.get("limit", len(plan)):
            raise Refused("rule:limit", f"The plan has {len(plan)} moves, {payload['limit']} are allowed.")
        done: list[_Move] = []
        for at, (block, source, target) in enumerate(plan, 1):
            if block not in blocks:
                raise Refused("rule:block", f"Move {at} names a block that is not there.")
            if source not in places or target not in places:
                raise Refused("rule:stack", f"Move {at} names a stack that is not there.")
            here, there = places[source], places[target]
            if here == there:
                raise Refused("rule:same_stack", f"Move {at} stays on its stack.")
            if not stacks[here] or stacks[here][-1] != block:
                raise Refused("rule:top", f"The block of move {at} is not on top of that stack.")
            stacks[there].append(stacks[here].pop())
            done.append((block, here, there))
        if tuple(map(tuple, stacks)) != goal:
            raise Refused("not_goal", "All moves can be done, but they do not end at the goal.")
        return _written(done, names)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """A search forwards, guided by the blocks that are not yet in place; within a limit, all plans in turn."""
        names = list(problem.payload["initial"])
        start, goal = _sides(problem.payload)
        if "limit" in problem.payload:
            found = []
            for plan in _within(start, goal, problem.payload["limit"]):
                found.append(_written(plan, names))
                if len(found) == limit:
                    break
            return found
        best = _guided(start, goal)
        if best is None:
            return []
        # Detours give further plans without end.
        source = next(at for at, stack in enumerate(start) if stack)
        block, target = start[source][-1], (source + 1) % len(start)
        detour = [(block, source, target), (block, target, source)]
        return [_written([*(detour * times), *best], names) for times in range(limit)]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Moves left out or added, buried blocks, places that are not there."""
        names = list(problem.payload["initial"])
        moves = answer.split("\n")
        start = _sides(problem.payload)[0]
        yield "last move missing", "\n".join(moves[:-1]) or _NONE
        block, source, target = _read(moves[-1])[0]
        elsewhere = rng.choice([name for name in names if name != target])
        yield "one move too many", f"{answer}\nMove {block} from {target} to {elsewhere}"
        yield "no such stack", "\n".join([*moves[:-1], f"Move {block} from {source} to stack{len(names) + 1}"])
        yield "uses a table", "\n".join([*moves[:-1], f"Move {block} from {source} to table"])
        yield (
            "unknown block",
            f"{answer}\nMove {ascii_uppercase[-1]}{ascii_uppercase[-1]} from {names[0]} to {names[1]}",
        )
        yield "prose", f"First I clear the way.\n{answer}"
        buried = [(stack[0], names[at]) for at, stack in enumerate(start) if len(stack) > 1]
        if buried:
            block, source = rng.choice(buried)
            yield "buried block", f"Move {block} from {source} to {next(n for n in names if n != source)}\n{answer}"

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """Both sides are in the sample's data, stacks by name, blocks from the bottom."""
        sides: dict[str, dict[str, list[str]]] = {}
        for side in ("initial", "goal"):
            sides[side] = {str(name): [str(block) for block in stack] for name, stack in published[side].items()}
        blocks = {side: sorted(block for stack in stacks.values() for block in stack) for side, stacks in sides.items()}
        if blocks["initial"] != blocks["goal"] or len(set(blocks["goal"])) < len(blocks["goal"]):
            raise ValueError("Start and goal do not hold the same blocks, each once.")
        if not set(sides["goal"]) <= set(sides["initial"]) or not blocks["goal"]:
            raise ValueError("The goal names a stack that is not there.")
        return dict(sides)

    def effort(self, problem: Problem) -> float:
        """Moves that cannot be saved: blocks not in place, and blocks above the next ones that are needed."""
        start, goal = _sides(problem.payload)
        return float(_distance(start, goal))

    def draw(self, problem: Problem, answer: str | None = None) -> str:
        """Start and goal side by side; the moves below where an answer is given."""
        names = list(problem.payload["initial"])
        sides = _sides(problem.payload)
        moves = [] if answer in (None, _NONE) else str(answer).split("\n")
        tall = max(len(stack) for side in sides for stack in side)
        base, wide = 24 + 30 * tall, 46 * len(names)
        picture = Picture(2 * wide + 60, base + 24 + 18 * len(moves), "Stacks at the start and as they shall be")
        shades = [COLOURS[name] for name in ("blue", "orange", "green", "purple", "yellow", "pink", "red", "grey")]
        order = sorted(block for stack in sides[0] for block in stack)
        for side, (title, stacks) in enumerate(zip(("Start", "Goal"), sides, strict=True)):
            left = side * (wide + 60)
            picture.label(left + wide / 2, 8, title, 14, weight=700)
            for at, stack in enumerate(stacks):
                picture.line([(left + 46 * at + 4, base), (left + 46 * at + 42, base)])
                picture.label(left + 46 * at + 23, base + 12, names[at].removeprefix("stack"), 12)
                for height, block in enumerate(stack, 1):
                    shade = shades[order.index(block) % len(shades)]
                    picture.box(left + 46 * at + 8, base - 30 * height, 30, 30, shade, INK)
                    picture.label(left + 46 * at + 23, base - 30 * height + 15, block, 14, weight=700)
        for at, move in enumerate(moves, 1):
            picture.label(picture.width / 2, base + 18 + 18 * at - 6, f"{at}. {move}", 12)
        return picture.svg()

    def space(self, level: Level) -> float:
        """Orders of the blocks and their shares among the stacks, at the start and in the goal."""
        blocks, stacks = int(level["blocks"]), int(level["stacks"])
        total = 1.0
        for side in (stacks, min(stacks, int(level["goal_stacks"]))):
            for at in range(1, blocks + 1):
                total *= side - 1 + at
        return total / 4 if not level["bounded"] and not level["plan"] else total / 20


def _read(text: str) -> list[tuple[str, str, str]]:
    """The moves as (block, from, to), as written."""
    if _NOTHING.fullmatch(text):
        return []
    moves = []
    for piece in re.split(r"[\n,;]", re.sub(r"[\[\](){}\"'`*]", " ", text)):
        piece = _NUMBERED.sub("", piece.strip(), count=1).strip().rstrip(".").rstrip()
        if not piece:
            continue
        match = _MOVE.fullmatch(piece)
        if match is None:
            raise Refused("unreadable", f"{piece[:50]!r} is not a move.")
        moves.append((match[1].upper(), match[2].lower(), match[3].lower()))
    if not moves:
        raise Refused("unreadable", "There is no move in the answer.")
    return moves


def _sides(payload: Mapping[str, Any]) -> tuple[_State, _State]:
    """Start and goal as stacks in the order of their names at the start."""
    initial, goal = payload["initial"], payload["goal"]
    return tuple(tuple(stack) for stack in initial.values()), tuple(tuple(goal.get(name, ())) for name in initial)


def _named(state: _State) -> dict[str, list[str]]:
    return {f"stack{at}": list(stack) for at, stack in enumerate(state, 1)}


def _listed(stacks: Mapping[str, list[str]]) -> str:
    return "\n".join(f"{name}: {' '.join(stack) or '(empty)'}" for name, stack in stacks.items())


def _written(plan: list[_Move], names: list[str] | None = None) -> str:
    if not plan:
        return _NONE
    names = names or [f"stack{at}" for at in range(1, 10)]
    return "\n".join(f"Move {block} from {names[source]} to {names[target]}" for block, source, target in plan)


def _dealt(rng: Random, blocks: list[str], stacks: int, used: int) -> _State:
    """The blocks in some order, spread over the first ``used`` stacks."""
    piles: list[list[str]] = [[] for _ in range(stacks)]
    for block in rng.sample(blocks, len(blocks)):
        piles[rng.randrange(used)].append(block)
    return tuple(map(tuple, piles))


def _after(state: _State, source: int, target: int) -> _State:
    piles = list(state)
    block = piles[source][-1]
    piles[source] = piles[source][:-1]
    piles[target] = (*piles[target], block)
    return tuple(piles)


def _nexts(state: _State) -> Iterator[tuple[_Move, _State]]:
    for source, stack in enumerate(state):
        if stack:
            for target in range(len(state)):
                if target != source:
                    yield (stack[-1], source, target), _after(state, source, target)


def _steps_to(goal: _State) -> dict[_State, int]:
    """How many moves every state is away from the goal; moves can be undone, so the way back counts as well."""
    steps = {goal: 0}
    queue = deque([goal])
    while queue:
        state = queue.popleft()
        for _, other in _nexts(state):
            if other not in steps:
                steps[other] = steps[state] + 1
                queue.append(other)
    return steps


def _downhill(state: _State, steps: Mapping[_State, int]) -> list[_Move]:
    plan = []
    while steps[state]:
        move, state = next(step for step in _nexts(state) if steps[step[1]] < steps[state])
        plan.append(move)
    return plan


def _built(start: _State, goal: _State) -> list[_Move]:
    """A plan that puts block after block in place, from the bottom of the first stack on, without loops."""
    state = start
    moves: list[_Move] = []
    seen = {start: 0}

    def move(source: int, target: int) -> None:
        nonlocal state
        moves.append((state[source][-1], source, target))
        state = _after(state, source, target)
        if state in seen:  # a loop: forget it
            del moves[seen[state] :]
            for other in [other for other, at in seen.items() if at > seen[state]]:
                del seen[other]
        seen[state] = len(moves)

    for home, wanted in enumerate(goal):
        for height, block in enumerate(wanted):
            if state[home][height : height + 1] == (block,):
                continue
            place = next(at for at, stack in enumerate(state) if block in stack)
            aside = next(at for at in range(len(state)) if at not in (home, place))
            while state[place][-1] != block:
                move(place, aside)
            if place == home:
                place = next(at for at in range(len(state)) if at not in (home, aside))
                move(home, place)
            while len(state[home]) > height:
                move(home, aside)
            move(place, home)
    return moves


def _distance(state: _State, goal: _State) -> int:
    """A guess at the moves left: two for every block out of place, and one for each that is in the next one's way."""
    misplaced, ways = 0, []
    for home, wanted in enumerate(goal):
        here = state[home]
        right = 0
        while right < min(len(here), len(wanted)) and here[right] == wanted[right]:
            right += 1
        misplaced += len(wanted) - right
        if right < len(wanted):
            place = next(stack for stack in state if wanted[right] in stack)
            ways.append(len(place) - 1 - place.index(wanted[right]) + len(here) - right)
    return 2 * misplaced + min(ways, default=0)


def _guided(start: _State, goal: _State) -> list[_Move] | None:
    """A plan, found by always going on from the state that looks nearest to the goal; None where there is none."""
    origin: dict[_State, tuple[_State, _Move] | None] = {start: None}
    heap = [(_distance(start, goal), 0, start)]
    while heap:
        _, _, state = heappop(heap)
        if state == goal:
            plan = []
            while (step := origin[state]) is not None:
                state = step[0]
                plan.append(step[1])
            return plan[::-1]
        for move, other in _nexts(state):
            if other not in origin:
                origin[other] = (state, move)
                heappush(heap, (_distance(other, goal), len(origin), other))
    return None


def _within(start: _State, goal: _State, limit: int) -> Iterator[list[_Move]]:
    """Every plan of at most ``limit`` moves; a state from which too many blocks have to move is left."""

    def least(state: _State) -> int:
        count = 0
        for here, wanted in zip(state, goal, strict=True):
            right = 0
            while right < min(len(here), len(wanted)) and here[right] == wanted[right]:
                right += 1
            count += len(here) - right
        return count

    def go(state: _State, plan: list[_Move]) -> Iterator[list[_Move]]:
        if state == goal:
            yield plan
            return
        if len(plan) + least(state) <= limit:
            for move, other in _nexts(state):
                yield from go(other, [*plan, move])

    return go(start, [])


TASK = Blocksworld()
