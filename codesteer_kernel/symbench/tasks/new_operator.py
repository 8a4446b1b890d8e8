"""New Operator: compute with operators that the question defines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from random import Random
from typing import Any

from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.arithmetic import calculate
from codesteer_kernel.symbench.decimals import agrees, shown
from codesteer_kernel.symbench.knobs import option, whole
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]

_SIGNS = "#@$&%~"
_PLACES = 4
_TRIES = 500
_GREATEST = 10**12
_ORDERS = {
    "brackets": "Brackets say what is computed first.",
    "left": "What stands in brackets is computed first; apart from that, operators are applied from left to right, all with the same rank.",
    "right": "What stands in brackets is computed first; apart from that, operators are applied from right to left, all with the same rank: x#y#z is x#(y#z).",
    "ranked": "What stands in brackets is computed first; apart from that, operators have the rank in which they are defined above (the first one binds most tightly), and equal ones are applied from left to right.",
}
_LINEAR = re.compile(r"([0-9]+)\*a([+-])([0-9]+)\*b")
_PRODUCT = re.compile(r"([0-9]+)\*a\*b")
_MIXED = re.compile(r"a\*b([+-])([0-9]+)\*([ab])")
_RATIO = "(a + b)/b"
_FRACTION = re.compile(r"\\d?frac\{([0-9]{1,40})\}\{([0-9]{1,40})\}")
_TOKEN = re.compile(r"\s*([0-9]+|[()#@$&%~])")


class NewOperator(Task):
    """Operators by formula, one expression with brackets, an exact value."""

    name = "new_operator"
    paper_name = "New Operator"
    split = "seen"
    version = "1"
    about = "Evaluate an expression with newly defined operators."
    rule = "The answer is the expression's value under the stated order of operators; decimals may be rounded to four places or more."
    longest = 4000
    knobs = {
        "operators": whole(3, 1, 6, "operators that are defined"),
        "operands": whole(5, 2, 16, "numbers in the expression"),
        "depth": whole(2, 0, 5, "how deep brackets may lie in one another"),
        "order": option("left", tuple(_ORDERS), "what is computed first where brackets do not say it"),
        "high": whole(10, 1, 100, "greatest number of the expression"),
    }
    levels = {
        "1": {"operators": 1, "operands": 3, "order": "brackets"},
        "2": {"operators": 2, "operands": 4, "order": "brackets"},
        "3": {"operators": 3, "operands": 5},
        "4": {"operators": 4, "operands": 7, "order": "right"},
        "5": {"operators": 5, "operands": 10, "depth": 3, "order": "ranked"},
        "paper-2": {"operators": 1, "operands": 3, "depth": 1, "order": "brackets"},
        "paper-5": {"operators": 3, "operands": 4, "depth": 1, "order": "left"},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """Formulas and an expression by chance; its value is folded together as it is built."""
        for _ in range(_TRIES):
            signs = rng.sample(_SIGNS, level["operators"])
            operators = {sign: _formula(rng) for sign in signs}
            order = level["order"]
            used = [*signs, *rng.choices(signs, k=level["operands"])][: level["operands"] - 1]
            rng.shuffle(used)
            numbers = [rng.randint(1, level["high"]) for _ in range(level["operands"])]
            # Full brackets need any depth.
            depth = level["operands"] if order == "brackets" else level["depth"]
            try:
                text, value = _built(rng, numbers, used, depth, order, operators)
            except ZeroDivisionError:
                continue
            if abs(value) < _GREATEST and value.denominator < 10**6:
                payload = {"operators": [*map(list, operators.items())], "expression": text, "order": order}
                return Draft(payload, _spelled(value), {"unique": True})
        raise BadInput("These knobs give no expression of bearable size.", "Lower operands or high.")

    def ask(self, payload: Mapping[str, Any]) -> str:
        """Definitions, order, expression."""
        defined = "\n".join(f"a{sign}b = {formula}" for sign, formula in payload["operators"])
        return (
            "For numbers a and b, new operators are defined (with +, -, * and / as usual):\n\n"
            f"{defined}\n\n{_ORDERS[payload['order']]}\n\nWhat is the value of this expression?\n\n"
            f"{payload['expression']}\n\n"
            "Write it between <<< and >>>: a whole number, a fraction, or a decimal, rounded to at least "
            f"{_PLACES} places where it does not end; for example <<<-7>>> or <<<22/3>>>."
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """The number must be the value; of an equation its right side counts."""
        token = _FRACTION.sub(r"\1/\2", text).rpartition("=")[2].strip("\"'`[](){}\u2248 \t\n")
        if not token:
            raise Refused("unreadable", "There is no number in the answer.")
        value = _value(payload)
        if not agrees(token, value, _PLACES):
            raise Refused("not_goal", "This is not the value of the expression.")
        return _spelled(value)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """By rewriting the text: innermost brackets first, each operator replaced by its formula and calculated."""
        payload = problem.payload
        operators, order = dict(payload["operators"]), payload["order"]
        values: list[Fraction] = []

        def written(value: Fraction) -> str:
            return f"({value.numerator}/{value.denominator})"

        def reduced(chain: re.Match[str]) -> str:
            parts = [part for part in re.split(r"([#@$&%~])", re.sub(r"[\s()]", "", chain[0])) if part]
            while len(parts) > 1:
                places = range(1, len(parts), 2)
                at = places[-1] if order == "right" else places[0]
                if order == "ranked":
                    at = min(places, key=lambda place: (list(operators).index(parts[place]), place))
                a, b = (written(values[int(part[1:])]) for part in (parts[at - 1], parts[at + 1]))
                formula = re.sub("[ab]", lambda name: a if name[0] == "a" else b, operators[parts[at]])  # noqa: B023
                values.append(calculate(formula, signs=True).value)
                parts[at - 1 : at + 2] = [f"v{len(values) - 1}"]
            return parts[0]

        def kept(number: re.Match[str]) -> str:
            values.append(Fraction(int(number[0])))
            return f"v{len(values) - 1}"

        text = re.sub("[0-9]+", kept, payload["expression"])
        try:
            while re.fullmatch(r"v[0-9]+", text) is None:
                text, done = re.subn(r"\([^()]*\)", reduced, text)
                if not done:
                    text = re.sub(".+", reduced, text)
        except Refused:  # a division by zero: the expression has no value
            return []
        return [_spelled(values[int(text[1:])])][:limit]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Slips, other orders, operands the other way round, and the first operator alone."""
        payload, right = problem.payload, _value(problem.payload)
        wrong = {"one more": right + 1, "one less": right - 1, "sign": -right, "double": 2 * right}
        swapped = str.maketrans("ab", "ba")
        turned = [[sign, formula.translate(swapped)] for sign, formula in payload["operators"]]
        others = {f"order {order}": {**payload, "order": order} for order in ("left", "right", "ranked")}
        others["operands swapped"] = {**payload, "operators": turned}
        others["first bracket alone"] = {**payload, "expression": re.split(r"\)", payload["expression"])[0].strip("( ")}
        for kind, other in others.items():
            try:
                wrong[kind] = _value(other)
            except (KeyError, ValueError, ZeroDivisionError):
                continue
        for kind, value in wrong.items():
            if abs(value - right) > Fraction(1, 1000):
                yield kind, shown(value, 6)
        yield "no number", "the value"

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """Definitions from question and data, which must agree; the expression from the question.

        No order of operators is stated; they are applied from left to right.
        """
        said = dict(re.findall(r"^Let a and b be numbers\. Define a([#@$&%~])b to be (.+)\.$", question, re.MULTILINE))
        asked = re.search(r"^Calculate (.+)\.$", question, re.MULTILINE)
        if asked is None or not said or said != published["operator_definitions"]:
            raise ValueError("The question defines no operators, or others than the data.")
        payload = {"operators": [*map(list, said.items())], "expression": asked[1], "order": "left"}
        try:
            _value(payload)
        except (KeyError, ZeroDivisionError) as fault:
            raise ValueError(f"{asked[1]!r} cannot be computed.") from fault
        return payload

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's solution, which is often wrong."""
        return str(published["solution"]) if "solution" in published else None

    def effort(self, problem: Problem) -> float:
        """Operators to apply, and definitions to look up."""
        expression = problem.payload["expression"]
        return float(sum(expression.count(sign) for sign in _SIGNS)) + 0.5 * len(problem.payload["operators"])

    def space(self, level: Level) -> float:
        """Formulas, numbers, operators."""
        return float(60 ** int(level["operators"]) * int(level["high"]) ** int(level["operands"]))


@lru_cache(maxsize=4096)
def _function(formula: str) -> Callable[[Fraction, Fraction], Fraction]:
    """What a formula computes.

    Raises:
        ValueError: it is of no known form.
    """
    if linear := _LINEAR.fullmatch(formula):
        p, q = int(linear[1]), int(f"{linear[2]}{linear[3]}")
        return lambda a, b: p * a + q * b
    if product := _PRODUCT.fullmatch(formula):
        factor = int(product[1])
        return lambda a, b: factor * a * b
    if mixed := _MIXED.fullmatch(formula):
        extra, of_a = int(f"{mixed[1]}{mixed[2]}"), mixed[3] == "a"
        return lambda a, b: a * b + extra * (a if of_a else b)
    if formula == _RATIO:
        return lambda a, b: (a + b) / b
    if formula == "(b + a)/a":
        return lambda a, b: (a + b) / a
    # What swapped operands make of the others.
    swapped = formula.translate(str.maketrans("ab", "ba"))
    if _LINEAR.fullmatch(swapped) or _PRODUCT.fullmatch(swapped) or _MIXED.fullmatch(swapped):
        plain = _function(swapped)
        return lambda a, b: plain(b, a)
    raise ValueError(f"{formula!r} is no known formula.")


def _formula(rng: Random) -> str:
    kind = rng.randrange(4)
    if kind == 0:
        return f"{rng.randint(1, 5)}*a{rng.choice('+-')}{rng.randint(1, 5)}*b"
    if kind == 1:
        return f"{rng.randint(1, 5)}*a*b"
    if kind == 2:
        return f"a*b{rng.choice('+-')}{rng.randint(1, 5)}*{rng.choice('ab')}"
    return _RATIO


def _built(
    rng: Random, numbers: list[int], signs: list[str], depth: int, order: str, operators: Mapping[str, str]
) -> tuple[str, Fraction]:
    """An expression of these numbers and signs, with its value."""
    if len(numbers) == 1:
        return str(numbers[0]), Fraction(numbers[0])
    # Cut into parts; parts of several numbers get brackets.
    if order == "brackets":
        cuts = [rng.randint(1, len(numbers) - 1)]
    else:
        cuts = [at for at in range(1, len(numbers)) if depth == 0 or rng.random() < 0.65]
        cuts = cuts or [rng.randint(1, len(numbers) - 1)]
    parts: list[tuple[str, Fraction]] = []
    for start, end in zip([0, *cuts], [*cuts, len(numbers)], strict=True):
        text, value = _built(rng, numbers[start:end], signs[start : end - 1], depth - 1, order, operators)
        parts.append((f"({text})" if end - start > 1 else text, value))
    between = [signs[cut - 1] for cut in cuts]
    text = parts[0][0] + "".join(f" {sign} {part}" for sign, (part, _) in zip(between, parts[1:], strict=True))
    values = [value for _, value in parts]
    rank = [*operators]
    while between:
        at = {"right": len(between) - 1, "ranked": min(range(len(between)), key=lambda i: (rank.index(between[i]), i))}
        first = at.get(order, 0)
        values[first : first + 2] = [_function(operators[between.pop(first)])(values[first], values[first + 1])]
    return text, values[0]


def _value(payload: Mapping[str, Any]) -> Fraction:
    """The value of the expression, its tokens read once from left to right.

    Raises:
        KeyError: an operator is not defined.
        ValueError: it is no expression.
        ZeroDivisionError: it has no value.
    """
    operators, order = dict(payload["operators"]), payload["order"]
    rank = {sign: -at if order == "ranked" else 0 for at, sign in enumerate(operators)}
    values: list[Fraction] = []
    waiting: list[str] = []

    def apply() -> None:
        right = values.pop()
        values[-1] = _function(operators[waiting.pop()])(values[-1], right)

    wants_number = True
    for piece in _tokens(payload["expression"]):
        if piece == "(" and wants_number:
            waiting.append(piece)
        elif piece.isdigit() and wants_number:
            values.append(Fraction(int(piece)))
            wants_number = False
        elif piece == ")" and not wants_number:
            while waiting and waiting[-1] != "(":
                apply()
            if not waiting:
                raise ValueError("A bracket is closed that was not opened.")
            waiting.pop()
        elif piece not in "()" and not piece.isdigit() and not wants_number:
            while waiting and waiting[-1] != "(":
                gap = rank[waiting[-1]] - rank[piece]
                if gap < 0 or (gap == 0 and order == "right"):
                    break
                apply()
            waiting.append(piece)
            wants_number = True
        else:
            raise ValueError(f"{piece!r} stands where it cannot.")
    if wants_number or "(" in waiting:
        raise ValueError("The expression is not complete.")
    while waiting:
        apply()
    return values[0]


def _tokens(expression: str) -> Iterator[str]:
    at = 0
    while at < len(expression):
        token = _TOKEN.match(expression, at)
        if token is None:
            raise ValueError(f"{expression[at:]!r} cannot be read.")
        yield token[1]
        at = token.end()


def _spelled(value: Fraction) -> str:
    return str(value)


TASK = NewOperator()
