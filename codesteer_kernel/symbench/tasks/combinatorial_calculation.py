"""Combinatorial Calculation: operators and brackets between numbers whose order is fixed, so that a target comes out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import comb
from random import Random
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.arithmetic import calculate, plain
from codesteer_kernel.symbench.knobs import option, whole
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_TRIES = 4000
_MOST_EXHAUSTED = 6
_BEAM = 150
_MIRRORED = str.maketrans("()", ")(")
_Value = int | Fraction
# Values of a stretch of numbers, each with some of the expressions that have it.
_Ways = dict[_Value, list[str]]


class CombinatorialCalculation(Task):
    """Numbers in order and a target; any expression over them in that order with the target's value is right."""

    name = "combinatorial_calculation"
    paper_name = "Combinatorial Calcul."
    split = "unseen"
    version = "1"
    about = "Put operators and brackets between numbers, in the given order, to reach a target."
    rule = (
        "The expression uses exactly the given numbers in the given order, only the allowed operators and brackets, "
        "and its exact value is the target."
    )
    longest = 4000
    knobs = {
        "count": whole(6, 2, 20, "how many numbers are given"),
        "target": whole(100, 0, 100_000, "the value to reach"),
        "low": whole(1, 1, 100, "smallest number"),
        "high": whole(15, 2, 1000, "largest number"),
        "operators": option("+-*/", ("+-*/", "+-*", "+-"), "operators that may be used"),
    }
    levels = {
        "1": {"count": 3, "target": 10, "high": 9},
        "2": {"count": 4, "target": 24, "high": 9},
        "3": {"count": 5, "target": 69, "high": 12},
        "4": {"count": 7, "target": 150},
        "5": {"count": 10, "target": 300},
        "no-division": {"operators": "+-*"},
        "paper-1": {"count": 3, "target": 10, "high": 9},
        "paper-2": {"count": 4, "target": 24, "high": 9},
        "paper-3": {"count": 5, "target": 69, "high": 9},
        "paper-4": {"count": 5, "target": 78, "high": 9},
        "paper-5": {"count": 6, "target": 100, "high": 9},
        "paper-complexity": {"count": 20, "target": 500, "high": 9},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """Forwards with chance, the last two numbers chosen so that the target comes out."""
        low, high = sorted((level["low"], level["high"]))
        for _ in range(_TRIES):
            text = _walk(rng, level["count"], low, high, level["target"], level["operators"])
            if text is not None:
                numbers = [int(number) for number in re.findall("[0-9]+", text)]
                payload = {"numbers": numbers, "target": level["target"], "operators": level["operators"]}
                return Draft(payload, _listed(text))
        raise BadInput(
            f"No {level['count']} numbers from {low} to {high} with target {level['target']} were found.",
            "Widen the range, move the target or allow more operators.",
        )

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Numbers, target, what may be put between them."""
        signs = payload["operators"]
        division = " Division is exact, so fractions may occur on the way." if "/" in signs else ""
        ranks = {"+-*/": " * and / are done before + and -.", "+-*": " * is done before + and -."}.get(signs, "")
        return (
            f"Here are {len(payload['numbers'])} numbers in a fixed order: {', '.join(map(str, payload['numbers']))}.\n"
            f"Put one of the operators {' '.join(signs)} between each two neighbours, and round brackets where you want "
            f"them, so that the value is {payload['target']}. Every number is used exactly once and the order must not "
            f"change; numbers must not be glued together, and no sign may stand before the first number or behind an "
            f"opening bracket.{ranks} Operators of equal rank are done from left to right.{division}\n"
            "Write the expression between <<< and >>> as a list of its numbers, operators and brackets, for example "
            "<<<[(, 1, +, 2, ), *, 8]>>>."
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """The numbers in their order, the allowed signs, the exact value; "= target" may follow."""
        target, given = payload["target"], payload["numbers"]
        parts = [part.strip(" ,") for part in plain(re.sub("[,\"'`]", " ", text)).split("=")]
        if len(parts) > 2 or (len(parts) == 2 and parts[1].rstrip(")") != str(target)):
            raise Refused("unreadable", f"Of an equation, the right side must be {target}.")
        expression = calculate(parts[0] + (")" if len(parts) == 2 and parts[1].endswith(")") else ""))
        if list(expression.numbers) != given:
            if sorted(expression.numbers) == sorted(given):
                raise Refused("rule:order", "The numbers do not stand in the given order.")
            raise Refused("rule:numbers", "The expression does not use each of the given numbers exactly once.")
        for sign in expression.tokens:
            if sign in "+-*/" and sign not in payload["operators"]:
                raise Refused("rule:operator", f"{sign} is not one of the allowed operators.")
        if expression.value != target:
            raise Refused("not_goal", f"The expression is {expression.value}, not {target}.")
        return _listed(expression.text)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """All values of all stretches of numbers, short ones first, for up to six numbers.

        Of more numbers so many expressions exist that the search keeps some values after each number only: what it
        finds is right, what it does not find may still exist.
        """
        numbers, target = problem.payload["numbers"], problem.payload["target"]
        signs = problem.payload["operators"]
        if len(numbers) <= _MOST_EXHAUSTED:
            return [_listed(text) for text in _stretches(numbers, target, signs, limit)[:limit]]
        found = _beam(numbers, target, signs, limit) or _beam(numbers, target, signs, limit, 40 * _BEAM)
        return [_listed(text) for text in found[:limit]]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Another operator, another order, numbers left out or added, powers, open brackets."""
        numbers, target = problem.payload["numbers"], problem.payload["target"]
        tokens = answer.strip("[]").split(", ")
        yield "just the target", f"[{target}]" if numbers != [target] else "[]"
        yield "extra number", f"[(, {', '.join(tokens)}, ), *, 1]"
        yield "unbalanced", f"[(, {', '.join(tokens)}]"
        yield "power", f"[{', '.join(map(str, numbers))}]".replace(", ", ", *, *, ", 1)
        yield "number left out", f"[{', +, '.join(map(str, numbers[:-1]))}]"
        signs = [at for at, piece in enumerate(tokens) if piece in "+-*/"]
        changed = list(tokens)
        at = rng.choice(signs)
        changed[at] = rng.choice([sign for sign in "+-*/" if sign != tokens[at]])
        try:
            still = calculate("".join(changed)).value == target
        except Refused:
            still = False
        if not still:
            yield "operator changed", f"[{', '.join(changed)}]"
        if numbers[::-1] != numbers:
            back = [piece.translate(_MIRRORED) for piece in reversed(tokens)]
            yield "order reversed", f"[{', '.join(back)}]"

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """From the data, else from ``Now the input numbers are: 7, 9, the target values is: 16``."""
        if "numbers" in published and "target" in published:
            numbers, target = [int(one) for one in published["numbers"]], int(published["target"])
        else:
            match = re.search(r"input numbers are: ([0-9]+(?:, [0-9]+)*), the target values? is: ([0-9]+)", question)
            if match is None:
                raise ValueError("The question holds no numbers or no target.")
            numbers, target = [int(one) for one in match[1].split(", ")], int(match[2])
        return {"numbers": numbers, "target": target, "operators": "+-*/"}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's list of tokens."""
        return f"[{', '.join(map(str, published['solution']))}]" if "solution" in published else None

    def effort(self, problem: Problem) -> float:
        """The expressions that there are: shapes and operators."""
        gaps = len(problem.payload["numbers"]) - 1
        return float(comb(2 * gaps, gaps) // (gaps + 1) * len(problem.payload["operators"]) ** gaps)

    def space(self, level: Level) -> float:
        """Lists of numbers; a part of them reaches the target."""
        size, count = abs(int(level["high"]) - int(level["low"])) + 1, int(level["count"])
        return float(size**count) * min(1.0, 4.0**count / 3000)


def _listed(text: str) -> str:
    """An expression as the list that is asked for."""
    return f"[{', '.join(re.findall('[0-9]+|[-+*/()]', text))}]"


def _exact(left: _Value, sign: str, right: _Value) -> _Value | None:
    """The value of two joined ones; whole values stay ``int``. None for a division by zero."""
    if sign == "+":
        return left + right
    if sign == "-":
        return left - right
    if sign == "*":
        return left * right
    if right == 0:
        return None
    quotient = Fraction(left) / right
    return quotient.numerator if quotient.denominator == 1 else quotient


def _walk(rng: Random, count: int, low: int, high: int, target: int, signs: str) -> str | None:
    """An expression with the target's value, or None where the way taken leads nowhere."""
    first = rng.randint(low, high)
    value, text, loose = first, str(first), False
    left, bound = count - 1, 4 * target + high * high

    def join(sign: str, piece: str) -> str:
        return f"({text}){sign}{piece}" if loose and sign in "*/" else f"{text}{sign}{piece}"

    while left > 2:
        number = rng.randint(low, high)
        piece, size, used = str(number), number, 1
        if left > 3 and rng.random() < 0.3:
            other, sign = rng.randint(low, high), rng.choice(signs.replace("/", ""))
            joined = _exact(number, sign, other)
            piece, size, used = f"({number}{sign}{other})", int(joined or 0), 2
        steps = []
        for sign in signs:
            result = _exact(value, sign, size)
            if isinstance(result, int) and abs(result) <= bound:
                steps.append((result, sign))
        if not steps:
            return None
        # Near the end, the better of two steps.
        picked = [rng.choice(steps) for _ in range(2 if left < 7 else 1)]
        result, sign = min(picked, key=lambda step: abs(step[0] - target))
        text, value, loose, left = join(sign, piece), result, sign in "+-", left - used
    numbers = list(range(low, high + 1))
    if left == 1:
        for sign in rng.sample(signs, len(signs)):
            need = _missing(value, sign, target)
            if need is not None and low <= need <= high:
                return join(sign, str(need))
        return None
    for number in rng.sample(numbers, min(6, len(numbers))):
        for sign in rng.sample(signs, len(signs)):
            for last in rng.sample(signs, len(signs)):
                inner = _missing(value, sign, target)
                need = None if inner is None else _missing(number, last, inner)
                if need is not None and low <= need <= high:
                    return join(sign, f"({number}{last}{need})")
                result = _exact(value, sign, number)
                need = None if not isinstance(result, int) else _missing(result, last, target)
                if need is not None and low <= need <= high:
                    whole = join(sign, str(number))
                    return f"({whole}){last}{need}" if last in "*/" and sign in "+-" else f"{whole}{last}{need}"
    return None


def _missing(value: int, sign: str, target: int) -> int | None:
    """The whole number that takes ``value`` to ``target`` by this sign."""
    if sign == "+":
        return target - value
    if sign == "-":
        return value - target
    if value == 0:
        return None
    over, under = (target, value) if sign == "*" else (value, target)
    if under == 0 or over % under or (sign == "/" and over == 0):
        return None
    return over // under


def _stretches(numbers: list[int], target: int, signs: str, limit: int) -> list[str]:
    """Up to ``limit`` expressions for each value of each stretch, the whole one last."""
    count = len(numbers)
    ways: dict[tuple[int, int], _Ways] = {(at, at + 1): {number: [str(number)]} for at, number in enumerate(numbers)}
    for size in range(2, count + 1):
        for start in range(count - size + 1):
            end = start + size
            here: _Ways = {}
            for middle in range(start + 1, end):
                _cross(ways[start, middle], ways[middle, end], signs, limit, here, target if size == count else None)
            ways[start, end] = here
    return ways[0, count].get(target, [])


def _cross(lefts: _Ways, rights: _Ways, signs: str, limit: int, into: _Ways, only: int | None) -> None:
    for left, left_texts in lefts.items():
        for right, right_texts in rights.items():
            for sign in signs:
                value = _exact(left, sign, right)
                if value is None or (only is not None and value != only):
                    continue
                texts = into.setdefault(value, [])
                if len(texts) < limit:
                    texts += [f"({one}{sign}{other})" for one in left_texts for other in right_texts]
                    del texts[limit:]


def _beam(numbers: list[int], target: int, signs: str, limit: int, width: int = _BEAM) -> list[str]:
    """From left to right, ``width`` whole values kept after each number, pairs in brackets tried too."""
    fronts: list[_Ways] = [{} for _ in range(len(numbers) + 1)]
    fronts[1] = {numbers[0]: [str(numbers[0])]}
    bound = 4 * target + 1000
    for at in range(1, len(numbers)):
        here = sorted(fronts[at].items(), key=lambda way: abs(float(way[0]) - target))
        kept: _Ways = dict(here[:width])
        pieces: list[tuple[_Value, str, int]] = [(numbers[at], str(numbers[at]), at + 1)]
        if at + 1 < len(numbers):
            for sign in signs:
                value = _exact(numbers[at], sign, numbers[at + 1])
                if value is not None:
                    pieces.append((value, f"({numbers[at]}{sign}{numbers[at + 1]})", at + 2))
        for piece, text, end in pieces:
            for value, texts in kept.items():
                for sign in signs:
                    result = _exact(value, sign, piece)
                    if isinstance(result, int) and abs(result) <= bound:
                        known = fronts[end].setdefault(result, [])
                        if len(known) < limit:
                            known += [f"({one}{sign}{text})" for one in texts[: limit - len(known)]]
    return fronts[-1].get(target, [])


TASK = CombinatorialCalculation()
