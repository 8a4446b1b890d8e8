"""Circles of a flow graph: values that are made of what they were themselves, the run of a loop before."""

from __future__ import annotations

from collections.abc import Sequence

from codesteer_kernel.checkers.symbolic.graph import Kind, Value

__all__ = ["circles_of"]


def circles_of(values: Sequence[Value]) -> list[int]:
    """Number the circles that loops run; by the index of a value the number of its circle, 0 where it lies on none.

    Tarjan's strongly connected components over the inputs, without recursion: linear in values and inputs.
    """
    count = len(values)
    circles = [0] * count
    number = 0
    # When a value was first met (0: not yet), and the earliest one on the way that it leads back to.
    met = [0] * count
    low = [0] * count
    done = bytearray(count)
    clock = 0
    way: list[Value] = []
    for start in values:
        if met[start.index] or start.kind is not Kind.PICK or start.loop is None:
            continue
        stack = [(start, iter(start.inputs))]
        clock += 1
        met[start.index] = low[start.index] = clock
        way.append(start)
        while stack:
            value, parts = stack[-1]
            at = value.index
            for part in parts:
                to = part.index
                if not met[to]:
                    clock += 1
                    met[to] = low[to] = clock
                    way.append(part)
                    stack.append((part, iter(part.inputs)))
                    break
                if not done[to] and met[to] < low[at]:
                    low[at] = met[to]
            else:
                stack.pop()
                if stack and low[at] < low[stack[-1][0].index]:
                    low[stack[-1][0].index] = low[at]
                if low[at] == met[at]:
                    circle = []
                    while True:
                        member = way.pop()
                        done[member.index] = True
                        circle.append(member)
                        if member is value:
                            break
                    if len(circle) > 1 and any(one.kind is Kind.PICK and one.loop is not None for one in circle):
                        number += 1
                        for member in circle:
                            circles[member.index] = number
    return circles
