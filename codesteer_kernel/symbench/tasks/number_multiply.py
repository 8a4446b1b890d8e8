"""Number Multiply: the exact product of a few whole numbers, signs included."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from codesteer_kernel.symbench.knobs import flag, whole
from codesteer_kernel.symbench.problem import Draft, Level, Problem, Refused
from codesteer_kernel.symbench.reading import integer
from codesteer_kernel.symbench.task import Task

__all__ = ["TASK"]


class NumberMultiply(Task):
    """Factors of given lengths, one product."""

    name = "number_multiply"
    paper_name = "Number Multiply"
    split = "unseen"
    version = "1"
    about = "Multiply whole numbers, some of them negative."
    rule = "The answer is the exact product with its sign; marks between thousands are free."
    knobs = {
        "factors": whole(3, 2, 8, "how many numbers are multiplied"),
        "shortest": whole(1, 1, 40, "fewest digits of a factor"),
        "longest": whole(4, 1, 40, "most digits of a factor"),
        "negatives": flag(True, "half of the factors are negative"),
    }
    levels = {
        "1": {"factors": 2, "shortest": 2, "longest": 3, "negatives": False},
        "2": {"factors": 3, "shortest": 2, "longest": 3},
        "3": {"factors": 4, "shortest": 2, "longest": 4},
        "4": {"factors": 4, "shortest": 6, "longest": 8},
        "5": {"factors": 6, "shortest": 8, "longest": 12},
        "paper-1": {"factors": 3, "shortest": 1, "longest": 4},
        "paper-2": {"factors": 4, "shortest": 1, "longest": 4},
        "paper-complexity": {"factors": 2, "shortest": 8, "longest": 8},
    }

    def make(self, rng: Random, level: Mapping[str, Any]) -> Draft:
        """Factors by length, then sign; the product by the language's own multiplication."""
        shortest, longest = sorted((level["shortest"], level["longest"]))
        factors = []
        for _ in range(level["factors"]):
            digits = rng.randint(shortest, longest)
            size = rng.randint(max(2, 10 ** (digits - 1)), 10**digits - 1)
            factors.append(-size if level["negatives"] and rng.random() < 0.5 else size)
        return Draft({"factors": factors}, str(math.prod(factors)), {"unique": True})

    def ask(self, payload: Mapping[str, Any]) -> str:
        """The product written out, negative factors in brackets."""
        product = " * ".join(f"({factor})" if factor < 0 else str(factor) for factor in payload["factors"])
        return (
            f"Compute the exact value of this product of whole numbers:\n\n{product}\n\n"
            "Give every digit, and a minus sign if the product is negative. "
            "Write the number between <<< and >>>, for example <<<-1250>>>."
        )

    def check(self, payload: Mapping[str, Any], text: str) -> str:
        """The number must be the product."""
        found = integer(text)
        product = math.prod(payload["factors"])
        if found != product:
            raise Refused("not_goal", "The sign is wrong." if found == -product else "This is not the product.")
        return str(found)

    def solve(self, problem: Problem, limit: int = 1) -> list[str]:
        """By hand, digit by digit, as one learns it at school."""
        digits = [1]
        negative = False
        for factor in problem.payload["factors"]:
            negative ^= factor < 0
            other = [int(digit) for digit in reversed(str(abs(factor)))]
            columns = [0] * (len(digits) + len(other))
            for at, left in enumerate(digits):
                for shift, right in enumerate(other):
                    columns[at + shift] += left * right
            for at in range(len(columns) - 1):
                columns[at + 1] += columns[at] // 10
                columns[at] %= 10
            digits = columns
        text = "".join(map(str, reversed(digits))).lstrip("0") or "0"
        return [f"-{text}" if negative and text != "0" else text][:limit]

    def mutate(self, problem: Problem, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
        """Slips of the pen and of the carry."""
        value = int(answer)
        text = str(value)
        yield "off by one", str(value + rng.choice((-1, 1)))
        yield "sign", str(-value if value else 1)
        yield "digit appended", f"{text}{rng.randint(0, 9)}" if value else "10"
        yield "digit in front", f"{'-' if value < 0 else ''}{rng.randint(1, 9)}{abs(value)}"
        yield "sum instead", str(sum(problem.payload["factors"]) + (sum(problem.payload["factors"]) == value))
        yield "rounded", f"{value:.3e}"

    def parse(self, question: str, published: Mapping[str, Any]) -> dict[str, Any]:
        """From the data, else from the question: ``What is the result of 3*74*-52*-3484?``."""
        if "factors" in published:
            return {"factors": [int(factor) for factor in published["factors"]]}
        match = re.fullmatch(r"What is the result of (-?[0-9]+(?:\*-?[0-9]+)*)\?\s*", question)
        if match is None:
            raise ValueError("The question holds no product.")
        return {"factors": [int(factor) for factor in match[1].split("*")]}

    def published(self, published: Mapping[str, Any]) -> str | None:
        """The sample's target."""
        return str(published["target"]) if "target" in published else None

    def effort(self, problem: Problem) -> float:
        """Products of single digits in the schoolbook method."""
        steps, length = 0, 0
        for factor in problem.payload["factors"]:
            digits = len(str(abs(factor)))
            steps += length * digits
            length += digits
        return steps

    def space(self, level: Level) -> float:
        """Ordered choices of the factors."""
        shortest, longest = sorted((int(level["shortest"]), int(level["longest"])))
        sizes = 10**longest - 10 ** (shortest - 1)
        return float((sizes * (2 if level["negatives"] else 1)) ** int(level["factors"]))


TASK = NumberMultiply()
