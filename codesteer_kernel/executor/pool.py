"""Few kernels for many runs: programs take turns on them.

Every program is a fresh script in a process of its own, so that runs can share a kernel from one program to the next. What
a run must not share is its inputs: :meth:`ExecutorPool.private` gives it a kernel for itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any, Protocol

from codesteer_kernel.errors import CodeSteerError, ExecutorError, UnknownName
from codesteer_kernel.executor.executor import Executor
from codesteer_kernel.executor.results import Limits, OutputEvent, Result

__all__ = ["ExecutorPool", "PooledExecutor", "ProgramRunner"]

_IDLE_S = 60.0
"""How long a kernel that nobody uses is kept, except for the last one, which stays warm."""


class ProgramRunner(Protocol):
    """What a run wants of an executor; :class:`Executor` has it, whatever else it can do."""

    def stream(
        self, code: str, *, timeout: float | None = None, export: Iterable[str] = ()
    ) -> AsyncGenerator[OutputEvent | Result, None]:
        """Run a program and yield its output as it happens, last of all the :class:`Result`."""
        ...

    async def run(self, code: str, *, timeout: float | None = None) -> Result:
        """Run a program to its end."""
        ...

    async def get(self, name: str) -> Any:
        """The value of an exported variable of the last program."""
        ...

    async def interrupt(self) -> None:
        """Stop the program that runs now."""
        ...


class ExecutorPool:
    """At most ``size`` executors, opened when they are needed. It belongs to one event loop.

    Args:
        make: makes an executor to be entered; it is called when one is needed and none is free.
        size: how many at once; default: one for each core, at least two.
    """

    def __init__(self, make: Callable[[], Executor], size: int | None = None) -> None:
        self._make = make
        self._size = size or max(2, os.cpu_count() or 1)
        # Whoever holds one of these may have an executor: one that is idle, or else there is room for another.
        self._turns = asyncio.Semaphore(self._size)
        self._opened = 0
        self._idle: list[Executor] = []
        self._retiring: dict[Executor, asyncio.TimerHandle] = {}
        self._chores: set[asyncio.Task[None]] = set()
        self._closed = False

    def warm(self) -> None:
        """Have an executor on its way, for whoever comes first."""
        self._chore(self._open_first())

    @contextlib.asynccontextmanager
    async def lease(self) -> AsyncIterator[Executor]:
        """An executor for a while; whoever came first gets the next free one.

        Raises:
            ExecutorError: the pool is closed, or an executor cannot be opened.
        """
        async with self._turns:
            executor = self._claim(self._idle[-1]) if self._idle else await self._open()
            try:
                yield executor
            finally:
                self._release(executor)

    @contextlib.asynccontextmanager
    async def private(self, inputs: Mapping[str, Any], limits: Limits) -> AsyncIterator[PooledExecutor]:
        """An executor that holds ``inputs``, for one run alone; it is closed afterwards, and nobody else finds them.

        A path stands for the file that it names: it lies in the working directory of every program, under the input's
        name or, where that is a variable's, under its own; the variable is then its path there.
        """
        async with self._turns:
            if self._opened >= self._size:
                await self._retire(self._claim(self._idle[0]))
            executor = await self._open()
            try:
                executor.limits = limits  # also for what goes in
                for name, value in inputs.items():
                    if isinstance(value, PurePath):
                        await executor.put_file(value, value.name if name.isidentifier() else name)
                    if name.isidentifier():
                        await executor.put(name, Path(value.name) if isinstance(value, PurePath) else value)
                yield PooledExecutor(lambda: contextlib.nullcontext(executor), limits)
            finally:
                await self._retire(executor)

    def shared(self, limits: Limits) -> PooledExecutor:
        """What a run without inputs uses: for each of its programs whatever executor is free."""
        return PooledExecutor(self.lease, limits)

    async def close(self) -> None:
        """End every executor that nobody uses; the others end when they are given back."""
        self._closed = True
        for executor in list(self._idle):
            self._chore(self._retire(self._claim(executor)))
        while self._chores:
            await asyncio.gather(*self._chores, return_exceptions=True)

    async def _open(self) -> Executor:
        if self._closed:
            raise ExecutorError("The executors are closed.")
        self._opened += 1
        try:
            return await self._make().__aenter__()
        except BaseException:
            self._opened -= 1
            raise

    async def _open_first(self) -> None:
        if not self._opened:
            with contextlib.suppress(CodeSteerError):  # whoever needs one will hear of it
                async with self.lease():
                    pass

    def _claim(self, executor: Executor) -> Executor:
        self._idle.remove(executor)
        retiring = self._retiring.pop(executor, None)
        if retiring is not None:
            retiring.cancel()
        return executor

    def _release(self, executor: Executor) -> None:
        if self._closed:
            self._chore(self._retire(executor))
            return
        self._idle.append(executor)
        if len(self._idle) > 1:
            # Not the one that was used last: that is the warmest.
            oldest = self._idle[0]
            if oldest not in self._retiring:
                loop = asyncio.get_running_loop()
                self._retiring[oldest] = loop.call_later(_IDLE_S, self._retire_idle, oldest)

    def _retire_idle(self, executor: Executor) -> None:
        if executor in self._idle:
            self._chore(self._retire(self._claim(executor)))

    async def _retire(self, executor: Executor) -> None:
        try:
            await executor.close()
        finally:
            self._opened -= 1

    def _chore(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)


class PooledExecutor:
    """The programs of one run, each on an executor that is its own for as long as the program runs.

    Args:
        lease: gives an executor for a while.
        limits: what each program may use.
    """

    def __init__(self, lease: Callable[[], Any], limits: Limits) -> None:
        self._lease = lease
        self._limits = limits
        self._running: Executor | None = None
        self._values: dict[str, Any] = {}

    async def stream(
        self, code: str, *, timeout: float | None = None, export: Iterable[str] = ()
    ) -> AsyncGenerator[OutputEvent | Result, None]:
        """As :meth:`Executor.stream`. What is exported is fetched before the next run's program has its turn."""
        names = tuple(export)
        result: Result | None = None
        async with self._lease() as executor:
            self._running = executor
            try:
                events = executor.stream(code, timeout=timeout, export=names, limits=self._limits)
                async with contextlib.aclosing(events):
                    async for event in events:
                        if isinstance(event, Result):
                            result = event
                        else:
                            yield event
                self._values = {name: await _value(executor, name) for name in names}
            finally:
                self._running = None
        if result is not None:
            yield result

    async def run(self, code: str, *, timeout: float | None = None) -> Result:
        """As :meth:`Executor.run`."""
        async with self._lease() as executor:
            self._running = executor
            try:
                result: Result = await executor.run(code, timeout=timeout, limits=self._limits)
            finally:
                self._running = None
        return result

    async def get(self, name: str) -> Any:
        """As :meth:`Executor.get`."""
        if name not in self._values:
            raise UnknownName(f"The last program exported no {name!r}.")
        value = self._values[name]
        if isinstance(value, CodeSteerError):
            raise value
        return value

    async def interrupt(self) -> None:
        """As :meth:`Executor.interrupt`."""
        if self._running is not None:
            await self._running.interrupt()


async def _value(executor: Executor, name: str) -> Any:
    try:
        return await executor.get(name)
    except CodeSteerError as fault:
        return fault
