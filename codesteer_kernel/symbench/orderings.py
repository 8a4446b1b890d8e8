"""Orders of things under clues: kept or broken, and two searches that share nothing but the clues.

A clue is a list: ``["at", thing, place]``, ``["not_at", thing, place]``, ``["before", thing, other]``,
``["next", thing, other]``, ``["apart", thing, other]`` (not next to each other). Things are numbers from 0, places too.
An order is the list of things from place 0 on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Any

__all__ = ["KINDS", "Clue", "by_place", "by_thing", "entailed", "holds", "true_clue", "unique_clues"]

Clue = Sequence[Any]
KINDS = ("at", "not_at", "before", "next", "apart")


def holds(clue: Clue, place: Sequence[int]) -> bool:
    """Whether a clue holds where ``place[thing]`` is known."""
    kind, thing, other = clue
    if kind == "at":
        return bool(place[thing] == other)
    if kind == "not_at":
        return bool(place[thing] != other)
    if kind == "before":
        return place[thing] < place[other]
    near = abs(place[thing] - place[other]) == 1
    return near if kind == "next" else not near


def true_clue(rng: Random, place: Sequence[int], kinds: Sequence[str]) -> Clue:
    """A clue of one of the kinds that is true of an order."""
    count = len(place)
    while True:
        kind = rng.choice(kinds)
        thing = rng.randrange(count)
        if kind == "at":
            return ["at", thing, place[thing]]
        if kind == "not_at":
            other = rng.randrange(count)
        else:
            other = rng.randrange(count - 1)
            other += other >= thing
        for clue in ([kind, thing, other], [kind, other, thing]):
            if (clue[0] != "not_at" or clue[1] == thing) and holds(clue, place):
                return clue


def unique_clues(rng: Random, order: Sequence[int], kinds: Sequence[str], clues: Iterable[Clue] = ()) -> list[Clue]:
    """Clues that leave only this order, none of those added in vain; ``clues`` are kept as they are.

    Whenever another order still fits, a clue is added that is true here and false there.
    """
    place = _places(order)
    kept = list(clues)
    firm = len(kept)
    while (other := _other(order, kept)) is not None:
        there = _places(other)
        clue = true_clue(rng, place, kinds)
        tries = 0
        while holds(clue, there):
            tries += 1
            clue = true_clue(rng, place, kinds if tries < 60 else KINDS[:3])
        kept.append(clue)
    for clue in kept[firm:]:
        without = [one for one in kept if one is not clue]
        if _other(order, without) is None:
            kept = without
    return kept


def by_place(count: int, clues: Sequence[Clue]) -> Iterator[list[int]]:
    """All orders that keep the clues, place after place from the first: what may stand here, given who has been?"""
    fixed = [-1] * count
    banned = [0] * count  # by place
    earlier = [0] * count  # by thing: who must have been before it
    near = [0] * count
    far = [0] * count
    for kind, thing, other in clues:
        if kind == "at":
            if fixed[other] not in (-1, thing):
                return
            fixed[other] = thing
            for place in range(count):
                if place != other:
                    banned[place] |= 1 << thing
        elif kind == "not_at":
            banned[other] |= 1 << thing
        elif kind == "before":
            earlier[other] |= 1 << thing
        else:
            beside = near if kind == "next" else far
            beside[thing] |= 1 << other
            beside[other] |= 1 << thing
    order: list[int] = []

    def fill(used: int) -> Iterator[list[int]]:
        place = len(order)
        if place == count:
            yield list(order)
            return
        last = order[-1] if order else -1
        due = near[last] & ~used if order else 0
        for thing in range(count) if fixed[place] < 0 else (fixed[place],):
            bit = 1 << thing
            if used & bit or banned[place] & bit or earlier[thing] & ~used or (due and due != bit):
                continue
            # A neighbour that has been must be the last one.
            if near[thing] & used and near[thing] & used != 1 << last:
                continue
            if order and far[thing] >> last & 1:
                continue
            order.append(thing)
            yield from fill(used | bit)
            order.pop()

    yield from fill(0)


def by_thing(count: int, clues: Sequence[Clue]) -> Iterator[list[int]]:
    """All orders that keep the clues, by the places each thing may still have: narrow, then split the narrowest."""
    full = (1 << count) - 1
    about: list[list[tuple[str, int]]] = [[] for _ in range(count)]
    start = [full] * count
    for kind, thing, other in clues:
        if kind == "at":
            start[thing] &= 1 << other
        elif kind == "not_at":
            start[thing] &= ~(1 << other)
        else:
            about[thing].append((kind, other))
            about[other].append(("after" if kind == "before" else kind, thing))

    def narrowed(places: list[int]) -> list[int] | None:
        """The same places without those that some clue rules out; None where a thing has none left."""
        open_things = list(range(count))
        while open_things:
            thing = open_things.pop()
            mask = places[thing]
            if not mask:
                return None
            for kind, other in about[thing]:
                less = places[other] & _allowed(kind, mask, full)
                if less != places[other]:
                    places[other] = less
                    open_things.append(other)
            if mask & (mask - 1) == 0:
                for other in range(count):
                    if other != thing and places[other] & mask:
                        places[other] &= ~mask
                        open_things.append(other)
        return places

    def split(places: list[int]) -> Iterator[list[int]]:
        wide = [thing for thing in range(count) if places[thing] & (places[thing] - 1)]
        if not wide:
            order = [0] * count
            for thing, mask in enumerate(places):
                order[mask.bit_length() - 1] = thing
            yield order
            return
        thing = min(wide, key=lambda one: places[one].bit_count())
        rest = places[thing]
        while rest:
            bit = rest & -rest
            rest ^= bit
            deeper = list(places)
            deeper[thing] = bit
            less = narrowed(deeper)
            if less is not None:
                yield from split(less)

    narrow = narrowed(start)
    if narrow is not None:
        yield from split(narrow)


def entailed(count: int, clues: Sequence[Clue], claims: Sequence[Clue]) -> list[int]:
    """Which claims hold in every order that keeps the clues, by their numbers; none where no order does.

    Looks at up to 5,000 orders: enough for puzzles with one or few.
    """
    left = list(range(len(claims)))
    found = 0
    for order in by_place(count, clues):
        place = _places(order)
        left = [at for at in left if holds(claims[at], place)]
        found += 1
        if not left or found == 5000:
            break
    return left if found else []


def _places(order: Sequence[int]) -> list[int]:
    place = [0] * len(order)
    for at, thing in enumerate(order):
        place[thing] = at
    return place


def _other(order: Sequence[int], clues: Sequence[Clue]) -> list[int] | None:
    """An order that keeps the clues and is not this one."""
    wanted = list(order)
    return next((found for found in by_place(len(order), clues) if found != wanted), None)


def _allowed(kind: str, mask: int, full: int) -> int:
    """The places that another thing may have when this one has one of ``mask``."""
    if kind == "before":  # this one before the other
        lowest = mask & -mask
        return full & ~(lowest | (lowest - 1))
    if kind == "after":
        return (1 << (mask.bit_length() - 1)) - 1
    near = ((mask << 1) | (mask >> 1)) & full
    if kind == "next":
        return near
    return full & ~near if mask & (mask - 1) == 0 else full
