"""The queue's promises, whatever comes in whatever order."""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.serving.queueing import FairQueue, QueueFull, Ticket

CLIENTS = "abcd"
# What happens: a request of a client, the end of the n-th turn that goes on, the n-th waiting one giving up.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from(CLIENTS)),
        st.tuples(st.sampled_from(["end", "leave"]), st.integers(0, 5)),
    ),
    max_size=60,
)


class Bench:
    """A queue and what became of each request: places are taken and given back by hand."""

    def __init__(self, slots: int, limit: int) -> None:
        self.queue = FairQueue(slots, limit)
        self.open: dict[Ticket, AsyncExitStack] = {}
        self.called: list[Ticket] = []

    async def ask(self, client: str) -> Ticket:
        stack = AsyncExitStack()
        ticket = await stack.enter_async_context(self.queue.turn(client))
        self.open[ticket] = stack
        self.note()
        return ticket

    async def give_back(self, ticket: Ticket) -> None:
        await self.open.pop(ticket).aclose()
        self.note()

    def note(self) -> None:
        """Remember who was called, in the order of the calls."""
        fresh = [one for one in self.open if one.called.is_set() and one not in self.called]
        self.called += sorted(fresh, key=lambda one: one.began)

    @property
    def running(self) -> list[Ticket]:
        return [one for one in self.open if one.called.is_set()]

    @property
    def waiting(self) -> list[Ticket]:
        return [one for one in self.open if not one.called.is_set()]


def complete(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never has to wait."""
    with pytest.raises(StopIteration):
        work.send(None)


@given(st.integers(1, 3), st.integers(0, 8), STEPS)
def test_slots_are_never_idle_nor_given_twice_and_everybody_comes_in_turn(
    slots: int, limit: int, steps: list[tuple[str, Any]]
) -> None:
    async def play() -> None:
        bench = Bench(slots, limit)
        queue = bench.queue
        for act, which in steps:
            before = sorted(bench.waiting, key=queue.position)
            if act == "ask":
                full = queue.running == slots and queue.waiting >= limit
                if full:
                    with pytest.raises(QueueFull) as refused:
                        await bench.ask(which)
                    assert 1 <= refused.value.retry_after <= 60
                else:
                    await bench.ask(which)
            elif act == "end" and bench.running:
                await bench.give_back(bench.running[which % len(bench.running)])
                # Whoever was at position 1 is served, and nobody else.
                assert [one.called.is_set() for one in before] == [True] * bool(before) + [False] * (len(before) - 1)
            elif act == "leave" and bench.waiting:
                await bench.give_back(bench.waiting[which % len(bench.waiting)])
            assert queue.running == len(bench.running) <= slots
            assert queue.waiting == len(bench.waiting) <= limit
            assert not bench.waiting or queue.running == slots, "somebody waits beside a free slot"
            assert sorted(map(queue.position, bench.waiting)) == list(range(1, len(bench.waiting) + 1))
            for client in CLIENTS:
                own = [queue.position(one) for one in bench.waiting if one.client == client]
                assert own == sorted(own), "a client's requests changed their order"

    complete(play())


@given(st.lists(st.sampled_from(CLIENTS), min_size=1, max_size=40), st.integers(1, 3))
def test_nobody_comes_twice_while_another_waits(clients: list[str], slots: int) -> None:
    async def play() -> None:
        bench = Bench(slots, len(clients))
        for client in clients:
            await bench.ask(client)
        foreseen = sorted(bench.waiting, key=bench.queue.position)
        queued = {client: [one.client for one in foreseen].count(client) for client in CLIENTS}
        order = []
        while bench.waiting:
            known = len(bench.called)
            await bench.give_back(bench.running[0])
            order += bench.called[known:]
        assert order == foreseen, "the positions told the order"
        for turn, ticket in enumerate(order):
            served = [one.client for one in order[: turn + 1]].count(ticket.client)
            for other in CLIENTS:
                # Among clients that still wait, nobody is more than one turn ahead.
                had = [one.client for one in order[:turn]].count(other)
                assert had >= min(queued[other], served - 1)

    complete(play())


async def test_a_slot_comes_back_when_its_work_fails() -> None:
    queue = FairQueue(1, 1)

    async def fail() -> None:
        async with queue.turn("a") as ticket:
            assert queue.position(ticket) == 0
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert (queue.running, queue.waiting) == (0, 0)


async def test_the_hint_follows_what_turns_take() -> None:
    queue = FairQueue(2, 0)
    first = queue.retry_after
    for _ in range(40):
        async with queue.turn("a"):
            pass
    assert queue.retry_after == 1 < first
