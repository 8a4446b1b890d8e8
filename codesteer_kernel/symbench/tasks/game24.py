"""Game 24: join the given numbers by arithmetic so that the target comes out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import combinations
from math import factorial
from random import Random
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.arithmetic import calculate, plain
from codesteer_kernel.symbench.knobs import flag, whole
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_TRIES = 3000


class Game24(Task):
    """Numbers and a target; any expression that uses each number once and has the target's value is right."""

    name = "game24"
    paper_name = "Game 24"
    split = "seen"
    version = "1"
    about = "Combine numbers with + - * / to reach a target, each exactly once."
    rule = "The expression uses each given number exactly once, only + - * / and brackets, and its exact value is the target."
    longest = 2000
    knobs = {
        "count": whole(4, 2, 8, "how many numbers are given"),
        "target": whole(24, 0, 100_000, "the value to reach"),
        "low": whole(1, 1, 100, "smallest number"),
        "high": whole(13, 2, 1000, "largest number"),
        "needs_fractions": flag(False, "no way without a fraction on the way (for up to 5 numbers)"),
    }
    levels = {
        "1": {"count": 3, "high": 9},
        "2": {"count": 4},
        "3": {"count": 5},
        "4": {"count": 6, "high": 20},
        "5": {"count": 7, "high": 30, "target": 120},
        "fractions": {"needs_fractions": True},
        "paper-1": {"count": 4, "target": 24, "low": 1, "high": 13},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """Backwards: the target is taken apart until every part is one of the numbers."""
        low, high = sorted((level["low"], level["high"]))
        target, count, fractions = level["target"], level["count"], level["needs_fractions"]
        if fractions and not 3 <= count <= 5:
            raise BadInput("needs_fractions works with 3 to 5 numbers.", "Set count to 3, 4 or 5.")
        for _ in range(_TRIES * (20 if fractions else 1)):
            apart = _apart(rng, Fraction(target), count, low, high, fractions)
            if apart is None:
                continue
            text, broken = apart
            numbers = [int(number) for number in re.findall("[0-9]+", text)]
            if fractions and (not broken or _whole_way(numbers, target)):
                continue
            rng.shuffle(numbers)
            return Draft({"numbers": numbers, "target": target}, text, {"needs_fractions": fractions or None})
        raise BadInput(
            f"No game of {count} numbers from {low} to {high} with target {target} was found.",
            "Widen the range or move the target.",
        )

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Numbers, target and the whole rule."""
        return (
            f"Use the numbers {', '.join(map(str, payload['numbers']))} to obtain {payload['target']}.\n"
            "Use every listed number exactly once (a number listed twice is used twice) and no other number. "
            "Join them with + - * / (each between two operands) and round brackets; * and / are done before + and -, "
            "equal ones from left to right. Division is exact, so fractions may occur on the way. Digits must not be "
            "glued to make other numbers.\n"
            "Write the expression between <<< and >>>, for example <<<(1+2)*8>>> for the numbers 1, 2, 8."
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """Exact value, the numbers as a multiset; "= target" may follow or lead."""
        target = payload["target"]
        parts = [part.strip() for part in plain(text).split("=")]
        if len(parts) == 2 and parts[0] == str(target):
            parts.reverse()
        if len(parts) > 2 or (len(parts) == 2 and parts[1] != str(target)):
            raise Refused("unreadable", f"Of an equation, the other side must be {target}.")
        expression = calculate(parts[0])
        if sorted(expression.numbers) != sorted(payload["numbers"]):
            raise Refused("rule:numbers", "The expression does not use each of the given numbers exactly once.")
        if expression.value != target:
            raise Refused("not_goal", f"The expression is {expression.value}, not {target}.")
        return expression.text

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """Forwards: any two are joined until one is left, without looking twice at the same rest."""
        target = Fraction(problem.payload["target"])
        found: list[str] = []
        seen: set[tuple[Fraction, ...]] = set()

        def join(values: list[Fraction], texts: list[str]) -> None:
            if len(values) == 1:
                if values[0] == target and texts[0] not in found:
                    found.append(texts[0])
                return
            # To list every expression, a rest of other texts counts as another rest.
            state = tuple(sorted(values))
            if limit == 1 and state in seen:
                return
            seen.add(state)
            for first, second in combinations(range(len(values)), 2):
                others = [at for at in range(len(values)) if at not in (first, second)]
                for left, right in ((first, second), (second, first)):
                    x, y = values[left], values[right]
                    ways = [(x - y, "-")] + ([(x / y, "/")] if y else [])
                    ways += [(x + y, "+"), (x * y, "*")] if left < right else []
                    for value, sign in ways:
                        text = f"({texts[left]}{sign}{texts[right]})"
                        join([*(values[at] for at in others), value], [*(texts[at] for at in others), text])
                        if len(found) >= limit:
                            return

        join([Fraction(n) for n in problem.payload["numbers"]], [str(n) for n in problem.payload["numbers"]])
        return found

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """The target written down, numbers added, dropped or changed, forbidden operators."""
        numbers, target = problem.payload["numbers"], problem.payload["target"]
        yield "just the target", str(target)
        yield "extra number", f"({answer})*1"
        yield "claims the target", f"{'+'.join(map(str, numbers))}+1={target}"
        yield "number left out", "+".join(map(str, numbers[:-1]))
        yield "power", f"{answer}**1"
        yield "wrong right side", f"{answer}={target + 1}"
        digits = [match.span() for match in re.finditer("[0-9]+", answer)]
        start, end = rng.choice(digits)
        yield "number changed", f"{answer[:start]}{int(answer[start:end]) + 1}{answer[end:]}"

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """From the data, else the numbers of the last ``Input: ... Answer:`` and the target of ``to obtain N``."""
        if "numbers" in published and "target" in published:
            return {"numbers": [int(number) for number in published["numbers"]], "target": int(published["target"])}
        inputs = re.findall(r"Input: ([0-9]+(?: [0-9]+)*),? Answer:", question)
        target = re.search(r"to obtain ([0-9]+)", question)
        if not inputs or target is None:
            raise ValueError("The question holds no numbers or no target.")
        return {"numbers": [int(number) for number in inputs[-1].split()], "target": int(target[1])}

    def effort(self, problem: Problem) -> float:
        """The expressions that a plain search would try: orders, shapes, operators."""
        count = len(problem.payload["numbers"])
        shapes = factorial(2 * count - 2) // (factorial(count) * factorial(count - 1))
        return float(factorial(count) * shapes * 4 ** (count - 1))

    def space(self, level: Level) -> float:
        """Multisets of numbers; a part of them reaches the target."""
        count, size = int(level["count"]), abs(int(level["high"]) - int(level["low"])) + 1
        return float(size**count) / factorial(count) * 0.3


def _apart(rng: Random, value: Fraction, count: int, low: int, high: int, fractions: bool) -> tuple[str, bool] | None:
    """An expression of ``count`` numbers with this value and whether a fraction occurs on its way.

    None where the way taken leads nowhere.
    """
    if count == 1:
        return (str(value), False) if value.denominator == 1 and low <= value <= high else None
    operand, used = Fraction(rng.randint(low, high)), 1
    text = str(operand)
    if count > 3 and rng.random() < 0.4:
        other = rng.randint(low, high)
        sign = rng.choice("+-*")
        operand, used = {"+": operand + other, "-": operand - other, "*": operand * other}[sign], 2
        text = f"({text}{sign}{other})"
    # value = rest op operand, or operand op rest, solved for rest.
    ways = [
        (value - operand, "({rest}+{text})"),
        (value + operand, "({rest}-{text})"),
        (operand - value, "({text}-{rest})"),
    ]
    if operand:
        ways += [(value * operand, "({rest}/{text})"), (value / operand, "({rest}*{text})")]
        if value:
            ways.append((operand / value, "({text}/{rest})"))
    rng.shuffle(ways)
    for rest, shape in ways:
        if rest.denominator > 1 and not fractions:
            continue
        inner = _apart(rng, rest, count - used, low, high, fractions)
        if inner is not None:
            return shape.format(rest=inner[0], text=text), inner[1] or rest.denominator > 1
    return None


def _whole_way(numbers: list[int], target: int) -> bool:
    """Whether the target can be reached with whole numbers only: all values of all subsets, small subsets first."""
    everything = (1 << len(numbers)) - 1
    values = {1 << at: {number} for at, number in enumerate(numbers)}
    for subset in sorted(range(1, everything + 1), key=int.bit_count):
        if subset in values:
            continue
        values[subset] = set()
        part = (subset - 1) & subset
        while part:
            for x in values[part]:
                for y in values[subset ^ part]:
                    values[subset] |= {x + y, x - y, x * y}
                    if y and x % y == 0:
                        values[subset].add(x // y)
            part = (part - 1) & subset
    return target in values[everything]


TASK = Game24()
