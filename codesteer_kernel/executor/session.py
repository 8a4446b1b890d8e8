"""Cells: pieces of code that run one after another in one process, which keeps its names between them.

A session has a child kernel of its own, not the one that programs run in. What keeps hostile code from outliving its
time is that everything below a kernel can be ended at once; nothing that belongs to somebody else may be there. So a
session and programs do not know of each other, run at the same time, and die each their own death.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
from collections.abc import AsyncGenerator, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec

from codesteer_kernel.errors import CodeSteerError, ExecutorError, SessionLost, UnknownName
from codesteer_kernel.executor import exchange
from codesteer_kernel.executor.child.space import remove_tree
from codesteer_kernel.executor.kernel import ChildKernel, KernelLost, end, lost
from codesteer_kernel.executor.results import Limits, OutputEvent, Result
from codesteer_kernel.executor.running import Run

if TYPE_CHECKING:
    from codesteer_kernel.executor.executor import Executor

__all__ = ["Session"]

_STOP_S = 3.0
"""For a cell to end when nobody waits for it any more; its kernel's own ladder takes about 1 s."""
_REPEAT_S = 0.3
_END_S = 10.0


class Session:
    """Cells of one namespace. Made by :meth:`Executor.session`, to be entered with ``async with``.

    State is all that a process has: names, imports, open files, threads and children that a cell has left running, the
    working directory with its files. It is kept when a cell raises, and when a cell that is stopped (its time is up, or
    :meth:`interrupt`) obeys within a second. It is lost when the process ends: by ``exit()``, by a limit, by a crash,
    or because a cell did not obey. :attr:`Result.state` says which. After a loss nothing runs until :meth:`restart`.

    Inputs and files of the executor are there; those put later come with the next cell. ``await`` may stand outside of
    functions: such a cell runs inside of the session's event loop, any other outside of it, so that ``asyncio.run``
    works too. What runs on between two cells speaks in the output of the next one, as far as output is kept; what it
    says after the last is dropped.

    Args:
        executor: whose inputs, files and walls these cells have.
        limits: of the session: memory, processes and files of all its cells together, time of each.
    """

    def __init__(self, executor: Executor, limits: Limits) -> None:
        self.limits = limits
        self._memory = limits.filled().memory_mb
        self._executor = executor
        self._kernel: asyncio.Task[ChildKernel] | None = None
        self._open = False
        self._start = True
        self._lost = ""
        self._work: Path | None = None
        self._out: Path | None = None
        self._exports: dict[str, Any] = {}
        self._turn = asyncio.Lock()
        self._current: Run | None = None

    async def __aenter__(self) -> Self:
        if self._open:
            raise ExecutorError("This session is open already.", "Make another one.")
        self._kernel = self._executor._lend()
        self._executor._sessions.add(self)
        self._open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the session with everything that its cells have left running, and remove its files. Twice is no error."""
        self._open = False
        kernel, self._kernel = self._kernel, None
        self._executor._sessions.discard(self)
        await end(kernel)
        await self._clear()

    async def _clear(self) -> None:
        """Forget what the process had, its files included."""
        folders, self._work, self._out = (self._work, self._out), None, None
        self._start, self._lost, self._exports = True, "", {}
        for folder in folders:
            if folder is not None:
                await asyncio.to_thread(remove_tree, folder)

    @property
    def alive(self) -> bool:
        """Whether cells can run: the session is open, and its state, as far as is known, has not been lost."""
        return self._open and not self._lost

    @property
    def tier(self) -> str | None:
        """The walls around the session, see :attr:`Result.tier`; None until its kernel has started."""
        task = self._kernel
        return task.result().tier if task and task.done() and not task.cancelled() and not task.exception() else None

    # Running

    async def run(
        self,
        code: str | bytes,
        *,
        timeout: float | None = None,
        on_output: Callable[[OutputEvent], None] | None = None,
        export: Iterable[str] = (),
    ) -> Result:
        """Run a cell to its end and return the :class:`Result`; see :meth:`stream`.

        Args:
            code: Python source.
            timeout: wall clock in seconds.
            on_output: called with each event as it happens.
            export: names of variables to bring back with the result, for :meth:`get`.
        """
        async with contextlib.aclosing(self.stream(code, timeout=timeout, export=export)) as events:
            async for event in events:
                if isinstance(event, Result):
                    return event
                if on_output is not None:
                    on_output(event)
        raise AssertionError("a stream ends with its result")

    async def stream(
        self, code: str | bytes, *, timeout: float | None = None, export: Iterable[str] = ()
    ) -> AsyncGenerator[OutputEvent | Result, None]:
        """Run a cell and yield its output as it happens, last of all the :class:`Result`.

        Cells take turns. What a cell does wrong is in its result, never an exception. Ending the iteration early
        interrupts the cell.

        Args:
            code: Python source; bytes as they stand in a file.
            timeout: wall clock in seconds; by default that of the session's limits.
            export: names of variables to bring back with the result. Others can still be had from :meth:`get`.

        Raises:
            SessionLost: the state has gone, with a cell before or since then; nothing was run.
            BadInput: an export is no variable name, or the time makes no sense.
            ExecutorError: the kernel cannot be started, or the session is closed.
            MissingDependency: an input needs a package that the kernel does not have.
        """
        names = list(dict.fromkeys(export))
        for name in names:
            exchange.check_name(name)
        allowed = self._limits(timeout)
        async with self._turn:
            run = self._current = Run(code, names, allowed)
            try:
                async with contextlib.aclosing(self._run(run, base64.b64encode(run.code).decode("ascii"))) as events:
                    async for event in events:
                        yield event
            finally:
                self._current = None

    def _limits(self, timeout: float | None) -> Limits:
        seconds = self.limits.seconds if timeout is None else timeout
        return msgspec.structs.replace(self.limits, seconds=seconds, memory_mb=self._memory).filled()

    async def _run(self, run: Run, code: str | None) -> AsyncGenerator[OutputEvent | Result, None]:
        """One request, for a cell or without code for exports alone."""
        if self._open and not self._lost and (self._kernel is None or lost(self._kernel)):
            self._give_up("" if self._start else "its kernel ended")
        self._check()
        self._kernel = self._kernel or self._executor._lend()
        kernel = await run.ready(asyncio.shield(self._kernel))
        if kernel is None:
            yield msgspec.structs.replace(run.unstarted(), state="kept")
            return
        request = self._request(run, code)
        started, self._start = self._start, False
        run.send(kernel, "codesteer_cell", request)
        try:
            while (event := await run.next()) is not None:
                yield event
            result = self._conclude(run, kernel, started=started)
        finally:
            if not run.done:
                await self._leave(run, kernel, started=started)
        yield result

    def _check(self) -> None:
        if not self._open:
            raise ExecutorError("The session is closed.", "Use it inside `async with executor.session()`.")
        if self._lost:
            raise SessionLost(
                f"The session has ended ({self._lost}), and what its cells had made is gone.",
                "Call restart() to go on with an empty one.",
            )

    def _request(self, run: Run, code: str | None) -> dict[str, Any]:
        if self._work is None or self._out is None:
            self._work, self._out = self._executor._folder("w"), self._executor._folder("o")
        return {
            "start": self._start,
            "code": code,
            "work": str(self._work),
            "out": str(self._out),
            "limits": msgspec.to_builtins(run.limits),
            "export": run.export,
            **self._executor._given(),
        }

    def _conclude(self, run: Run, kernel: ChildKernel, *, started: bool) -> Result:
        """The result, when the reply has come or will not come."""
        try:
            reply = run.reply()
        except (KernelLost, TimeoutError) as fault:
            self._give_up("its kernel ended or did not answer")
            return msgspec.structs.replace(run.lost(fault), state="lost")
        if "failure" in reply:
            if reply["failure"] == "lost" or not started:
                self._lost = reply.get("reason", "an input could not be loaded")
                self._check()
            # Nothing has begun, so that nothing is lost.
            self._start = True
        result = self._executor._finish(run, reply, kernel)
        self._exports = reply.get("exports", {})
        if result.state == "lost":
            self._lost = reply.get("reason") or result.status
        return result

    def _give_up(self, why: str) -> None:
        """End the kernel in the background, with the state."""
        kernel, self._kernel = self._kernel, None
        self._lost = why
        self._executor._chore(end(kernel))

    async def _leave(self, run: Run, kernel: ChildKernel, *, started: bool) -> None:
        """Stop a cell that nobody waits for any more."""
        run.stopped.set()
        try:
            async with asyncio.timeout(_STOP_S):
                await self._stop(run, kernel)
            with contextlib.suppress(CodeSteerError):
                self._conclude(run, kernel, started=started)
        except BaseException as fault:
            run.cancel()
            self._give_up("a cell that was left did not stop")
            if not isinstance(fault, TimeoutError):
                raise

    async def _stop(self, run: Run, kernel: ChildKernel) -> None:
        """Interrupt until it is heard: the kernel may not have taken the request yet."""
        assert run.task is not None
        while not run.done:
            with contextlib.suppress(CodeSteerError):
                await kernel.interrupt()
            await asyncio.wait({run.task}, timeout=_REPEAT_S)

    async def interrupt(self) -> None:
        """Stop the cell that runs now; its result has the status ``interrupted``. Without one nothing happens."""
        run = self._current
        if run is not None:
            run.stopped.set()
            if run.kernel is not None:
                self._executor._chore(self._stop(run, run.kernel))

    async def restart(self) -> None:
        """End the process, with all that cells have left running, and have an empty session. Inputs and files stay."""
        await self.interrupt()
        async with self._turn:
            if not self._open:
                self._check()
            task = self._kernel
            if task is not None and task.done() and not lost(task):
                try:
                    await task.result().request("codesteer_end", {}, _END_S, lambda *_: None)
                except (KernelLost, TimeoutError):
                    self._give_up("restarted")
            elif task is not None and task.done():
                self._give_up("restarted")
            await self._clear()

    # Data

    async def get(self, name: str) -> Any:
        """The value of a variable, as the last cell left it. A matplotlib figure comes back as PNG bytes.

        Raises:
            UnknownName: there is no such variable.
            SessionLost: the state has gone, and the last cell did not export it.
            BadInput, MissingDependency: as of :meth:`Executor.get`.
            ExecutorError: the data is damaged or forged, or could not be had within the time limit.
        """
        exchange.check_name(name)
        async with self._turn:
            told = self._exports.get(name)
            if told is None:
                told = await self._ask_for(name)
            if self._out is None or (isinstance(told, dict) and told.get("missing")):
                raise UnknownName(f"The session has no variable {name!r}.", "Let a cell set it first.")
            await self._executor._bring(self._kernel, name, told, self._out)
            return await asyncio.to_thread(exchange.read, name, told, self._out, self.limits.export_mb)

    async def _ask_for(self, name: str) -> dict[str, Any]:
        """Have a variable exported now; returns what was told of it."""
        if self._start and not self._lost:
            return {"missing": True}
        run = self._current = Run("", [name], self._limits(None))
        try:
            async with contextlib.aclosing(self._run(run, None)) as events:
                *_, last = [event async for event in events]
        finally:
            self._current = None
            # What is told now is true now.
            exports, self._exports = self._exports, {}
        told = exports.get(name)
        if not isinstance(told, dict):
            why = f"{last.status}: {last.error_text}" if isinstance(last, Result) else "no reply"
            raise ExecutorError(f"The value of {name!r} could not be had ({why}).")
        return told

    async def get_file(self, name: str, to: str | os.PathLike[str] | None = None) -> bytes:
        """The bytes of a file in the session's working directory; arguments and errors as of :meth:`Executor.get_file`."""
        exchange.check_file_name(name)
        async with self._turn:
            if self._work is None:
                raise UnknownName(f"No cell has run that could have left a file {name!r}.")
            data = await self._executor._fetch(self._kernel, name, self._work)
        if to is not None:
            await asyncio.to_thread(Path(to).write_bytes, data)
        return data
