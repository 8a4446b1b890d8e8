"""Light Puzzles: press buttons that switch lights, or find the buttons to press."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from random import Random
from string import ascii_uppercase
from typing import Any

from codesteer_kernel.symbench.knobs import flag, whole
from codesteer_kernel.symbench.pictures import COLOURS, board
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.reading import grid, spelled, tokens
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_Grid = list[list[int]]
_NONE = "none"


class LightPuzzles(Task):
    """A grid of lights and buttons that switch some of them; the lights after the presses, or the presses, are asked."""

    name = "light_puzzles"
    paper_name = "Light Puzzles"
    split = "seen"
    version = "1"
    about = "Follow button presses that switch lights, or find the presses that lead to a given picture."
    rule = (
        "Every press switches each light of its button once; the answer is the picture after the last press, "
        "or, where presses are asked, a set of buttons that leads to the given picture."
    )
    knobs = {
        "size": whole(5, 2, 12, "rows and columns of the grid"),
        "buttons": whole(3, 1, 12, "how many buttons there are"),
        "rounds": whole(4, 1, 40, "how many presses there are (not where presses are asked)"),
        "presses": flag(False, "ask for the buttons to press instead of the picture"),
    }
    levels = {
        "1": {"size": 3, "buttons": 2, "rounds": 2},
        "2": {"size": 4, "buttons": 3, "rounds": 4},
        "3": {"size": 5, "buttons": 4, "rounds": 8},
        "4": {"size": 7, "buttons": 6, "rounds": 14},
        "5": {"size": 9, "buttons": 8, "rounds": 24},
        "presses": {"size": 4, "buttons": 7, "presses": True},
        "paper-1": {"size": 3, "buttons": 2, "rounds": 2},
        "paper-2": {"size": 4, "buttons": 2, "rounds": 3},
        "paper-3": {"size": 5, "buttons": 3, "rounds": 4},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """Lights and buttons by chance; presses are done on the grid, one light after the other."""
        size, names = level["size"], ascii_uppercase[: level["buttons"]]
        lights = [[int(rng.random() < 0.45) for _ in range(size)] for _ in range(size)]
        places = [[row, column] for row in range(1, size + 1) for column in range(1, size + 1)]
        most = max(2, min(len(places) - 1, 2 * size))
        buttons = {name: sorted(rng.sample(places, rng.randint(2, most))) for name in names}
        payload: dict[str, Any] = {"lights": lights, "buttons": buttons}
        after = [row[:] for row in lights]
        if level["presses"]:
            pressed = sorted(rng.sample(names, rng.randint(1, len(names))))
        else:
            pressed = [rng.choice(names) for _ in range(level["rounds"])]
        for name in pressed:
            for row, column in buttons[name]:
                after[row - 1][column - 1] = 1 - after[row - 1][column - 1]
        if level["presses"]:
            return Draft({**payload, "goal": after}, ", ".join(pressed), {"unique": None})
        return Draft({**payload, "presses": pressed}, _written(after), {"unique": True})

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Lights, buttons, and presses or goal."""
        size = len(payload["lights"])
        buttons = "\n".join(
            f"Button {name}: {' '.join(f'({row},{column})' for row, column in places)}"
            for name, places in payload["buttons"].items()
        )
        head = (
            f"A grid of {size} rows and {size} columns holds lights: 1 is on, 0 is off.\n\n{_rows(payload['lights'])}\n\n"
            "Each button switches the lights at the listed places, (row,column), rows counted from the top and columns "
            "from the left, both from 1. Switching turns a light that is on off, and one that is off on.\n\n"
            f"{buttons}\n\n"
        )
        if "goal" in payload:
            return (
                f"{head}The grid shall become:\n\n{_rows(payload['goal'])}\n\n"
                "Which buttons have to be pressed? Press each button at most once; the order does not matter.\n"
                "Write the letters between <<< and >>>, for example <<<A, C>>>, or <<<none>>> if no press is needed."
            )
        return (
            f"{head}The buttons are pressed in this order: {', '.join(payload['presses'])}.\n"
            f"What does the grid show after the last press? Write its {size} rows, one a line and a comma between the "
            "lights, between <<< and >>>, for example for 2 rows:\n<<<\n0,1\n1,1\n>>>"
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """The picture cell by cell; or the presses by doing them."""
        lights = payload["lights"]
        if "goal" in payload:
            pressed = _letters(text, payload["buttons"])
            if _after(lights, payload["buttons"], pressed) != payload["goal"]:
                raise Refused("not_goal", "These presses do not lead to the picture that is asked.")
            return ", ".join(pressed) or _NONE
        found = grid(text, len(lights), len(lights[0]))
        for row in found:
            for cell in row:
                if cell not in ("0", "1"):
                    raise Refused("unreadable", f"{cell[:20]!r} is neither 0 nor 1.")
        if [[int(cell) for cell in row] for row in found] != _after(lights, payload["buttons"], payload["presses"]):
            raise Refused("not_goal", "This is not the picture after the last press.")
        return spelled(found)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """By parity: presses of a button cancel in pairs; presses that are asked, by elimination over bits."""
        payload = problem.payload
        width = len(payload["lights"][0])
        lights = _mask(payload["lights"])
        switches = {
            name: _xor(1 << ((row - 1) * width + column - 1) for row, column in places)
            for name, places in payload["buttons"].items()
        }
        if "goal" in payload:
            found = _combinations(list(switches.values()), lights ^ _mask(payload["goal"]), limit)
            names = list(switches)
            return [", ".join(names[at] for at in range(len(names)) if chosen >> at & 1) or _NONE for chosen in found]
        odd = {name for name in switches if payload["presses"].count(name) % 2}
        lights ^= _xor(switches[name] for name in odd)
        bits = [
            [lights >> (row * width + column) & 1 for column in range(width)] for row in range(len(payload["lights"]))
        ]
        return [_written(bits)][:limit]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """A round missed, a light wrong, the start copied; a press too many or too few."""
        payload = problem.payload
        if "goal" in payload:
            pressed = [] if answer == _NONE else answer.split(", ")
            name = rng.choice(list(payload["buttons"]))
            yield "one press changed", ", ".join(sorted({name} ^ set(pressed))) or _NONE
            yield "button twice", ", ".join([name, name])
            yield "no such button", f"{answer}, Z"
            yield "nothing pressed", _NONE
            return
        right = [line.split(",") for line in answer.splitlines()]
        row, column = rng.randrange(len(right)), rng.randrange(len(right[0]))
        flipped = [line[:] for line in right]
        flipped[row][column] = "10"[int(right[row][column])]
        yield "one light off", spelled(flipped)
        yield "row missing", spelled(right[:-1])
        yield "light missing", spelled([*right[:-1], right[-1][:-1]])
        yield "last press missed", _written(_after(payload["lights"], payload["buttons"], payload["presses"][:-1]))
        turned = [list(line) for line in zip(*right, strict=True)]
        if turned != right:
            yield "rows and columns swapped", spelled(turned)
        if _written(payload["lights"]) != answer:
            yield "nothing switched", _written(payload["lights"])

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """Everything is in the sample's data; places count from 1 there too."""
        size = int(published["n"])
        lights = [[int(light) for light in row] for row in published["initial_state"]]
        buttons = {
            str(name): [[int(row), int(column)] for row, column in places]
            for name, places in published["buttons"].items()
        }
        presses = [str(name) for name in published["operations"]]
        if [len(row) for row in lights] != [size] * size or any(light not in (0, 1) for row in lights for light in row):
            raise ValueError("The lights are no square of 0 and 1.")
        if any(not 1 <= place <= size for places in buttons.values() for pair in places for place in pair):
            raise ValueError("A button switches a light outside the grid.")
        if not presses or not set(presses) <= set(buttons):
            raise ValueError("A button is pressed that is not there.")
        return {"lights": lights, "buttons": buttons, "presses": presses}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The flat list."""
        return ",".join(map(str, published["solution"])) if "solution" in published else None

    def effort(self, problem: Problem) -> float:
        """Lights that are switched, one by one; where presses are asked, the sets of buttons."""
        payload = problem.payload
        if "goal" in payload:
            return float(2 ** len(payload["buttons"]))
        return float(sum(len(payload["buttons"][name]) for name in payload["presses"]))

    def draw(self, problem: Problem, answer: str | None = None) -> str:
        """Lights on in yellow; with an answer, the picture that is answered."""
        lights = problem.payload["lights"]
        if answer is not None:
            pressed = problem.payload.get("presses") or _letters(answer, problem.payload["buttons"])
            lights = _after(lights, problem.payload["buttons"], pressed)
        title = "Lights at the start" if answer is None else "Lights after the last press"
        return board(title, lights, lambda row, column: COLOURS["yellow" if lights[row][column] else "grey"]).svg()

    def space(self, level: Level) -> float:
        """Choices of the lights and of two lights a button."""
        places = int(level["size"]) ** 2
        return float(2 ** min(places, 100)) * (places * (places - 1) / 2) ** int(level["buttons"])


def _after(lights: _Grid, buttons: Mapping[str, list[list[int]]], presses: list[str]) -> _Grid:
    """The picture after presses, button by button."""
    lights = [row[:] for row in lights]
    for name in presses:
        for row, column in buttons[name]:
            lights[row - 1][column - 1] ^= 1
    return lights


def _letters(text: str, buttons: Mapping[str, Any]) -> list[str]:
    """The named buttons, in alphabetical order."""
    found = [token.upper() for token in tokens(re.sub(r"(?i)\b(?:press|buttons?|and)\b", " ", text))]
    if found == [_NONE.upper()]:
        return []
    if not found:
        raise Refused("unreadable", "No button is named.")
    for name in found:
        if name not in buttons:
            raise Refused("unreadable" if len(name) > 1 else "rule:button", f"There is no button {name[:20]}.")
    if len(set(found)) < len(found):
        raise Refused("rule:twice", "A button is pressed twice.")
    return sorted(found)


def _combinations(switches: list[int], wanted: int, limit: int) -> list[int]:
    """Up to ``limit`` sets of buttons, as bits, whose switches make ``wanted``: elimination, then the free choices."""
    pivots: list[tuple[int, int]] = []  # a reduced sum of switches, and which buttons make it
    free: list[int] = []
    for at, mask in enumerate(switches):
        made = 1 << at
        for reduced, parts in pivots:
            if mask ^ reduced < mask:
                mask, made = mask ^ reduced, made ^ parts
        if mask:
            pivots.append((mask, made))
            pivots.sort(reverse=True)
        else:
            free.append(made)
    chosen = 0
    for reduced, parts in pivots:
        if wanted ^ reduced < wanted:
            wanted, chosen = wanted ^ reduced, chosen ^ parts
    if wanted:
        return []
    return [
        chosen ^ _xor(made for at, made in enumerate(free) if which >> at & 1)
        for which in range(min(limit, 1 << len(free)))
    ]


def _mask(lights: _Grid) -> int:
    return int("".join(str(light) for row in lights for light in row)[::-1], 2)


def _xor(masks: Iterable[int]) -> int:
    total = 0
    for mask in masks:
        total ^= mask
    return total


def _rows(lights: _Grid) -> str:
    return "\n".join("".join(map(str, row)) for row in lights)


def _written(lights: _Grid) -> str:
    return "\n".join(",".join(map(str, row)) for row in lights)


TASK = LightPuzzles()
