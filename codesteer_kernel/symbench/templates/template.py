"""One kind of word problem."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from codesteer_kernel.symbench.exact import Exact

__all__ = ["Numbers", "Result", "Template"]

Numbers = Mapping[str, int]
Result = int | Fraction | Exact | tuple[int | Fraction | Exact, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A reasoning graph with its words.

    Attributes:
        name: names the graph, not its story.
        steps: how many steps the shortest way to the answer takes, 1 to 5.
        draw: numbers from chance and a size (the task says what a size is); they make a sensible problem.
        words: the whole question, without the answer form.
        answer: the right answer, by formula.
        again: the same by another method: enumeration, coordinates, counting, equations, search, replay.
    """

    name: str
    steps: int
    draw: Callable[[Random, int], Numbers]
    words: Callable[[Numbers], str]
    answer: Callable[[Numbers], Result]
    again: Callable[[Numbers], Result]
