"""Circles of a flow graph are what its values reach of themselves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.checkers.symbolic.circles import circles_of
from codesteer_kernel.checkers.symbolic.graph import Graph, Kind, Loop, Value

COUNT = 8
PLACES = st.integers(0, COUNT - 1)


def graph_of(edges: list[tuple[int, int]], moving: set[int]) -> list[Value]:
    """Values 0 to 7, each made of others; those in ``moving`` are variables of a loop."""
    graph = Graph()
    loop = Loop("while", 1, None, None, graph.pick(()))
    graph.values.clear()
    values = [graph.pick((), (), loop) if n in moving else graph.make(Kind.WORK, "sum") for n in range(COUNT)]
    for at, to in edges:
        values[at].inputs.append(values[to])
    return values


def reached(value: Value) -> set[int]:
    """The indices of all that ``value`` is made of, itself only where it is made of itself."""
    seen: set[int] = set()
    stack = [*value.inputs]
    while stack:
        part = stack.pop()
        if part.index not in seen:
            seen.add(part.index)
            stack += part.inputs
    return seen


@given(st.lists(st.tuples(PLACES, PLACES), max_size=20), st.sets(PLACES))
def test_values_share_a_circle_if_each_is_made_of_the_other(edges: list[tuple[int, int]], moving: set[int]) -> None:
    values = graph_of(edges, moving)
    circles = circles_of(values)
    made_of = [reached(value) for value in values]
    for one in range(COUNT):
        around = {other for other in range(COUNT) if other in made_of[one] and one in made_of[other]} | {one}
        assert bool(circles[one]) == (len(around) > 1 and not around.isdisjoint(moving))
        assert {other for other in range(COUNT) if circles[one] and circles[other] == circles[one]} in (around, set())


def test_a_long_chain_is_no_matter_of_recursion() -> None:
    graph = Graph()
    loop = Loop("while", 1, None, None, graph.pick(()))
    first = last = graph.pick((), (), loop)
    for _ in range(50_000):
        last = graph.make(Kind.WORK, "sum", [last])
    first.inputs.append(last)
    circles = circles_of(graph.values)
    assert circles[first.index] == circles[last.index] == 1
    assert circles[0] == 0
