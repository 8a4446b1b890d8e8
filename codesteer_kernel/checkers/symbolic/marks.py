"""What is noted of each value of a flow graph while it is judged."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from codesteer_kernel.checkers.symbolic.calling import recursive_in
from codesteer_kernel.checkers.symbolic.circles import circles_of
from codesteer_kernel.checkers.symbolic.graph import TRUTHS, Graph, Kind, Value
from codesteer_kernel.checkers.symbolic.library import COUNTS, Meaning, meaning_of, method_of
from codesteer_kernel.checkers.symbolic.question import Question

__all__ = [
    "ATOMS",
    "FACT",
    "FOREIGN",
    "POOR",
    "READ",
    "RICH",
    "STRUCTURAL",
    "TESTS",
    "VARIES",
    "Marks",
    "is_search",
    "is_written",
]

# Marks. FACT: of a fact of the question. READ: of one that is read off a text or a list, not a number in a formula.
# VARIES: worked out from facts, or one of many. FOREIGN: a number or a list that the question does not state, which is
# what an answer looks like. RICH: more than literals and bare counters.
FACT, READ, VARIES, FOREIGN, RICH = 1, 2, 4, 8, 16
# Part of nearly every program, so no answer.
STRUCTURAL = (0, 1, "0", "1")
# What a test ends in.
TESTS = TRUTHS | {"builtins.all", "builtins.any"}
# Counting from one thing to the next, and up to the length of a list: no more than going through it.
POOR = {"counter", "step", "builtins.len"} | COUNTS
# Constants looked at in one literal; longer tables are judged by their beginning.
ATOMS = 5_000
# So many records of a list are compared.
_RECORDS = 50
_SOLVERS = {"constraint solver", "symbolic algebra"}
# A counter is set and counted on in few places.
_COUNTED = 10


class Marks:
    """The marks of all values of ``graph`` as an answer to ``question``, by their index, and which of them work.

    ``works``: operations that count. ``real``: choices that do. ``guesses``: tests of an answer that was written down.
    ``counted``: choices between what was worked out, such as how often something was counted. ``fed``: operations one
    of whose inputs is rich. ``several``: variables with more than one value. ``circles``: the circle that a value lies
    on, if a loop runs it: it is then made of what it was the run before. ``recursive``: functions that may come to call
    themselves. ``given``: parameters, by their index. ``users`` and, by index, ``choosers``: what is made of a value, and what it decides. ``changed`` holds
    values whose marks were not yet passed on. ``steps`` counts what was looked at.
    """

    def __init__(self, graph: Graph, question: Question) -> None:
        self.graph = graph
        self.values = graph.values
        self.question = question
        self.steps = 0
        count = len(self.values)
        self.works = bytearray(count)
        self.real = bytearray(count)
        self.guesses = bytearray(count)
        self.counted: set[int] = set()
        self.fed = bytearray(count)
        self.several = bytearray(
            len(set(map(id, one.inputs))) > 1 if one.kind is Kind.PICK else False for one in self.values
        )
        self.circles = circles_of(self.values)
        self.recursive = recursive_in(graph)
        self.given = {one.index for function in graph.functions for one in function.parameters.values()}
        self.users: list[list[Value]] = [[] for _ in range(count)]
        self.choosers: dict[int, list[Value]] = {}
        for value in self.values:
            for part in value.inputs:
                self.users[part.index].append(value)
            for part in value.control:
                self.choosers.setdefault(part.index, []).append(value)
        self.changed: deque[Value] = deque()
        self._bits = bytearray(count)

    def of(self, value: Value) -> int:
        """The marks of ``value``."""
        return self._bits[value.index]

    def has(self, value: Value, mark: int) -> bool:
        """Tell whether ``value`` has ``mark``."""
        return bool(self._bits[value.index] & mark)

    def set(self, value: Value, marks: int) -> None:
        """Add ``marks`` to those of ``value``."""
        new = self._bits[value.index] | marks
        if new != self._bits[value.index]:
            self._bits[value.index] = new
            self.changed.append(value)

    def is_counter(self, value: Value) -> bool:
        """Tell whether ``value`` is a variable that counts runs of a loop, from a constant and by one."""
        return (
            value.kind is Kind.PICK
            and value.loop is not None
            and 1 < len(value.inputs) < _COUNTED
            and all(one.kind is Kind.LITERAL or (one.what == "step" and value in one.inputs) for one in value.inputs)
        )

    def atoms(self, value: Value) -> Iterator[object]:
        """The constants in a literal, in order, as many as are looked at; without the names that all records share."""
        stack = [value]
        left = ATOMS
        while stack and left:
            one = stack.pop()
            left -= 1
            if one.what == "constant":
                yield one.known
            else:
                stack += reversed(_telling_parts(one))

    def slice(self, roots: Iterable[Value], parts_of: Callable[[Value], Iterable[Value]]) -> list[Value]:
        """``roots`` and all that they are made of; ``parts_of`` says which parts of a value are followed."""
        found = list(dict.fromkeys(roots))
        seen = bytearray(len(self.values))
        for root in found:
            seen[root.index] = True
        for value in found:
            self.steps += 1 + len(value.inputs)
            for part in parts_of(value):
                if not seen[part.index]:
                    seen[part.index] = True
                    found.append(part)
        return found


def is_search(path: str) -> bool:
    """Tell whether a call of ``path`` makes candidates or belongs to a solver."""
    return meaning_of(path) is Meaning.SEARCH or method_of(path) in _SOLVERS


def is_written(value: Value) -> bool:
    """Tell whether ``value`` is a literal."""
    return value.kind is Kind.LITERAL


def _telling_parts(value: Value) -> list[Value]:
    """The parts of a list or table; of records, which all have the same names for what they hold, without the names."""
    records = value.parts[1::2] if value.what == "Dict" else value.parts
    keys = [tuple(map(id, one.parts[::2])) for one in records[:_RECORDS]]
    if len(keys) > 1 and len(set(keys)) == 1 and keys[0] and all(one.what == "Dict" for one in records[:_RECORDS]):
        held = [list(one.parts[1::2]) if one.what == "Dict" else [one] for one in records]
        names = value.parts[::2] if value.what == "Dict" else [None] * len(held)
        return [part for name, parts in zip(names, held, strict=True) for part in ([name] if name else []) + parts]
    return list(value.parts)
