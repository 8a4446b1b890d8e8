"""Who is next: a bounded queue in front of a few slots, fair between clients."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from codesteer_kernel.errors import RateLimited

__all__ = ["FairQueue", "QueueFull", "Ticket"]

FIRST_GUESS = 5.0
"""Seconds that a turn takes, until one was measured."""

MEMORY = 0.8
"""Weight of the past in the running mean of a turn's seconds."""

LONGEST_HINT = 60


class QueueFull(RateLimited):
    """Nobody else may wait; ``retry_after`` says in how many seconds it is worth trying again."""

    code = "queue_full"

    def __init__(self, waiting: int, retry_after: int) -> None:
        super().__init__(f"The queue is full ({waiting} requests wait).", f"Try again in {retry_after} s.")
        self.retry_after = retry_after


class Ticket:
    """A place in the queue; ``called`` is set, and ``began`` known, when it has become a turn."""

    def __init__(self, client: str) -> None:
        self.client = client
        self.called = asyncio.Event()
        self.began = 0.0


class FairQueue:
    """Turns at ``slots`` slots for at most ``limit`` waiting requests.

    Each client's requests are served in their order, and free slots go to the clients in rotation: one that asks for
    much waits for itself, and comes before another at most once for each slot. Used from one event loop.
    """

    def __init__(self, slots: int, limit: int) -> None:
        self.slots, self.limit = slots, limit
        self.running = 0
        self._lines: dict[str, deque[Ticket]] = {}  # in the order of the rotation; no line is empty
        self._seconds = FIRST_GUESS

    @property
    def waiting(self) -> int:
        """Requests that have no turn yet."""
        return sum(map(len, self._lines.values()))

    @property
    def retry_after(self) -> int:
        """Whole seconds until a place in the queue is probably free (1 to 60)."""
        return min(LONGEST_HINT, max(1, math.ceil(self._seconds / self.slots)))

    def position(self, ticket: Ticket) -> int:
        """1 for the one that is called next, and so on; 0 once it is called."""
        if ticket.called.is_set():
            return 0
        place = self._lines[ticket.client].index(ticket)
        before, ahead = place, 1
        for client, line in self._lines.items():
            if client == ticket.client:
                ahead = 0
            else:
                before += min(len(line), place + ahead)
        return before + 1

    @asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[Ticket]:
        """Take a place; wait for ``called`` inside. Leaving gives the place, or the slot, back.

        Raises:
            QueueFull: no slot is free and ``limit`` requests wait already.
        """
        if self.running >= self.slots and self.waiting >= self.limit:
            raise QueueFull(self.waiting, self.retry_after)
        ticket = Ticket(client)
        self._lines.setdefault(client, deque()).append(ticket)
        self._call()
        try:
            yield ticket
        finally:
            if ticket.called.is_set():
                self.running -= 1
                self._seconds = MEMORY * self._seconds + (1 - MEMORY) * (time.monotonic() - ticket.began)
                self._call()
            else:
                self._leave(ticket)

    def _leave(self, ticket: Ticket) -> None:
        line = self._lines[ticket.client]
        line.remove(ticket)
        if not line:
            del self._lines[ticket.client]

    def _call(self) -> None:
        """Give the free slots to the next in rotation."""
        while self.running < self.slots and self._lines:
            client = next(iter(self._lines))
            line = self._lines.pop(client)
            ticket = line.popleft()
            if line:
                self._lines[client] = line
            self.running += 1
            ticket.began = time.monotonic()
            ticket.called.set()
