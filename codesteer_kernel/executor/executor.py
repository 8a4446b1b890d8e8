"""The executor: programs in, results out, one child kernel behind it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec

from codesteer_kernel.errors import CodeSteerError, ExecutorError, UnknownName
from codesteer_kernel.executor import exchange
from codesteer_kernel.executor.child.space import remove_tree
from codesteer_kernel.executor.kernel import ChildKernel, KernelLost, end, lost
from codesteer_kernel.executor.results import Limits, OutputEvent, Result
from codesteer_kernel.executor.rundir import RunDirectory
from codesteer_kernel.executor.running import Run
from codesteer_kernel.executor.session import Session
from codesteer_kernel.executor.spawned import SpawnedPrograms
from codesteer_kernel.executor.tiers import tier_name

__all__ = ["Executor"]

PRELOAD = ("numpy", "pandas", "pyarrow", "sympy")
"""Imported by an idle kernel where installed: scripts that use them start 100 to 800 ms sooner."""

_SPARE_S = 1.0


class Executor:
    """Runs programs one after another, each as a fresh script in a process of its own, in a child kernel.

    An async context manager. Entering starts the kernel in the background and does not wait for it; leaving ends every
    process and removes every file. It belongs to one event loop, whose thread must live as long as the executor: the
    kernel is told to die with the thread that started it.

    Args:
        limits: what each program may use unless a run says otherwise.
        preload: modules that the idle kernel imports.
        python: the interpreter; this one by default.
        tier: the isolation to put up, exactly; None or ``"best"`` for all that can be had, see :data:`tiers.TIERS`.
        floor: the weakest tier to accept.
        method: ``fork`` for a worker of a child kernel for each program, ``spawn`` for an interpreter of its own, which
            needs no kernel; None for ``fork`` where the system has it.
        spare: whether to keep a second kernel from a second after the first program on, to take over when a program
            takes the first one down. It costs 50 MB, more with what is preloaded.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        preload: Sequence[str] = PRELOAD,
        python: str | None = None,
        tier: str | None = None,
        floor: str | None = None,
        method: str | None = None,
        spare: bool = True,
    ) -> None:
        self._backend = _backend(method)
        self.limits = limits or Limits()
        self._preload = tuple(preload)
        self._python = python or sys.executable
        self._walls = {"tier": tier, "floor": floor}
        self._directory: RunDirectory | None = None
        self._kernel: asyncio.Task[ChildKernel] | None = None
        # Spawned programs cannot take down what starts them.
        self._keeps_spare = spare and self._backend is ChildKernel
        self._spare: asyncio.Task[ChildKernel] | None = None
        self._sparing: asyncio.TimerHandle | None = None
        self._count = 0
        self._inputs: dict[str, dict[str, Any]] = {}
        self._exports: dict[str, dict[str, Any]] = {}
        self._out: Path | None = None
        self._files: dict[str, Path] = {}
        self._work: Path | None = None
        self._turn = asyncio.Lock()
        self._current: Run | None = None
        self._export_mb = self.limits.export_mb
        self._chores: set[asyncio.Task[None]] = set()
        self._sessions: set[Session] = set()

    async def __aenter__(self) -> Self:
        self._directory = RunDirectory()
        (self._directory.path / "data").mkdir(mode=0o700)
        self._launch()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the kernel and whatever runs in it, remove the run directory. Closing twice is no error."""
        if self._directory is None:
            return
        directory, self._directory = self._directory, None
        if self._sparing is not None:
            self._sparing.cancel()
        kernel, self._kernel, spare, self._spare = self._kernel, None, self._spare, None
        await asyncio.gather(end(kernel), end(spare), *(session.close() for session in list(self._sessions)))
        while self._chores:
            await asyncio.gather(*self._chores, return_exceptions=True)
        await asyncio.to_thread(directory.remove)

    # The kernel

    def _folder(self, name: str) -> Path:
        if self._directory is None:
            raise ExecutorError("The executor is closed.", "Use it inside `async with open_executor()`.")
        self._count += 1
        return self._directory.folder(f"{name}{self._count}")

    def _start(self) -> asyncio.Task[ChildKernel]:
        folder = self._folder("k")
        assert self._directory is not None
        task = asyncio.create_task(
            self._backend.start(self._directory, folder, python=self._python, preload=self._preload, **self._walls)
        )
        # A failure is raised to whoever runs a program, not logged as forgotten.
        task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return task

    def _launch(self) -> None:
        """Have a kernel: the spare one where it is any good, else a new one."""
        self._kernel, self._spare = self._spare, None
        if self._kernel is not None and lost(self._kernel):
            self._chore(end(self._kernel))
            self._kernel = None
        self._kernel = self._kernel or self._start()

    async def _ready(self) -> ChildKernel:
        if self._kernel is not None and lost(self._kernel):
            self._replace()
        if self._kernel is None:
            self._launch()
        assert self._kernel is not None
        return await asyncio.shield(self._kernel)

    def _replace(self) -> None:
        """End the kernel in the background and have the next one now."""
        old, self._kernel = self._kernel, None
        self._chore(end(old))
        if self._directory is not None:
            self._launch()

    def _lend(self) -> asyncio.Task[ChildKernel]:
        """A kernel for a session to have for itself: the spare, else ours while no program has used it, else a new one."""
        task = None
        if self._spare is not None:
            task, self._spare = self._spare, None
        elif self._work is None and not self._turn.locked():
            task, self._kernel = self._kernel, None
        if task is not None and lost(task):
            self._chore(end(task))
            task = None
        self._keep_spare()
        return task or self._start()

    def _keep_spare(self) -> None:
        """Start a second kernel soon, now that programs are run; it takes over when the first one is lost."""
        if self._sparing is None and self._keeps_spare and self._directory is not None:
            self._sparing = asyncio.get_running_loop().call_later(_SPARE_S, self._start_spare)

    def _start_spare(self) -> None:
        self._sparing = None
        if self._directory is not None and (self._spare is None or lost(self._spare)):
            old, self._spare = self._spare, self._start()
            self._chore(end(old))

    def _chore(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    @property
    def tier(self) -> str | None:
        """The walls around the kernel, see :attr:`Result.tier`; None until it has started."""
        task = self._kernel
        if task is None or not task.done() or task.cancelled() or task.exception():
            return None
        return task.result().tier

    # Running

    async def run(
        self,
        code: str | bytes,
        *,
        timeout: float | None = None,
        on_output: Callable[[OutputEvent], None] | None = None,
        export: Iterable[str] = (),
        limits: Limits | None = None,
    ) -> Result:
        """Run a program to its end and return the :class:`Result`; see :meth:`stream`.

        Args:
            code: Python source, run as a script; bytes as they stand in a file.
            timeout: wall clock in seconds.
            on_output: called with each event as it happens.
            export: names of variables to bring back, for :meth:`get`.
            limits: limits of this run instead of the executor's.
        """
        result: Result | None = None
        async with contextlib.aclosing(self.stream(code, timeout=timeout, export=export, limits=limits)) as events:
            async for event in events:
                if isinstance(event, Result):
                    result = event
                elif on_output is not None:
                    on_output(event)
        assert result is not None
        return result

    async def stream(
        self,
        code: str | bytes,
        *,
        timeout: float | None = None,
        export: Iterable[str] = (),
        limits: Limits | None = None,
    ) -> AsyncGenerator[OutputEvent | Result, None]:
        """Run a program and yield its output as it happens, last of all the :class:`Result`.

        Programs take turns. What a program does wrong is in its result, never an exception. Ending the iteration early
        stops the program.

        Args:
            code: Python source, run as a script; bytes as they stand in a file.
            timeout: wall clock in seconds; default and other limits from ``limits``.
            export: names of variables to bring back, for :meth:`get`.
            limits: limits of this run instead of the executor's.

        Raises:
            BadInput: an export is no variable name, or a limit makes no sense.
            ExecutorError: the kernel cannot be started.
            MissingDependency: an input needs a package that the kernel does not have.
        """
        names = list(dict.fromkeys(export))
        for name in names:
            exchange.check_name(name)
        allowed = limits or self.limits
        if timeout is not None:
            allowed = msgspec.structs.replace(allowed, seconds=timeout)
        run = Run(code, names, allowed.filled())
        async with self._turn:
            self._current = run
            try:
                # Closed by hand: a caller who leaves must not leave the program running into the next turn.
                async with contextlib.aclosing(self._run(run)) as events:
                    async for event in events:
                        yield event
            finally:
                self._current = None

    async def _run(self, run: Run) -> AsyncGenerator[OutputEvent | Result, None]:
        kernel = await run.ready(self._ready())
        if kernel is None:
            yield run.unstarted()
            return
        work, out = self._folder("w"), self._folder("o")
        self._forget_last()
        self._out, self._work = out, work
        self._export_mb = run.limits.export_mb
        (work / exchange.PROGRAM).write_bytes(run.code)
        await self._lay_out(work)
        request = {
            "work": str(work),
            "out": str(out),
            "limits": msgspec.to_builtins(run.limits),
            "inputs": self._inputs,
            "export": run.export,
        }
        run.send(kernel, "codesteer_run", request)
        try:
            while (event := await run.next()) is not None:
                yield event
            try:
                reply = run.reply()
                result = self._finish(run, reply, kernel)
                self._exports = reply.get("exports", {})
            except (KernelLost, TimeoutError) as fault:
                result = run.lost(fault)
                self._replace()
        finally:
            if not run.done:
                # The caller left. Killing the kernel is the one stop that always works, and the next one is quick.
                run.cancel()
                self._replace()
            self._keep_spare()
        yield result

    async def _lay_out(self, work: Path) -> None:
        """Put fresh copies of the files where the next program finds them."""
        for name, path in self._files.items():
            await asyncio.to_thread(shutil.copyfile, path, work / name)

    def _finish(self, run: Run, reply: dict[str, Any], kernel: ChildKernel) -> Result:
        if reply.get("failure") == "missing":
            raise exchange.missing("inputs", reply["package"])
        if "failure" in reply:
            raise ExecutorError(f"The child kernel could not run the program: {reply['reason']}.")
        tier = tier_name(reply["tier"], kernel.transport)
        return msgspec.convert({**reply, "tier": tier, "outputs": run.outputs}, Result)

    async def interrupt(self) -> None:
        """Stop the program that runs now; its result has the status ``interrupted``. Without one nothing happens."""
        run = self._current
        if run is None:
            return
        run.stopped.set()
        if run.kernel is not None:
            await run.kernel.interrupt()

    async def restart(self) -> None:
        """End the kernel, and the program in it, and start a fresh one in the background. Inputs stay."""
        old, self._kernel = self._kernel, None
        await end(old)
        self._launch()

    def session(self, *, limits: Limits | None = None) -> Session:
        """Cells that keep their names, to be entered with ``async with``; see :class:`Session`.

        Args:
            limits: of the session; by default the executor's.

        Raises:
            ExecutorError: programs are spawned here, so that there is no kernel for a session.
        """
        if self._backend is not ChildKernel:
            raise ExecutorError("Sessions need a child kernel, and these programs are spawned.", "Say method='fork'.")
        return Session(self, limits or self.limits)

    # Data

    async def put(self, name: str, value: Any, *, pickle: bool = False) -> None:
        """Give every program run from now on a variable ``name`` with this value, as it is now.

        Plain data, dates, paths, numpy arrays, scipy's sparse matrices, pandas and polars frames and series, pyarrow
        tables. With ``pickle`` anything that cloudpickle takes, functions and objects of the notebook's own classes included; it is rebuilt by each
        program, behind its walls. Nothing ever comes back as a pickle.

        Raises:
            BadInput: not a variable name, or a value of a type that cannot be passed, or larger than
                ``Limits.input_mb``.
            MissingDependency: frames need pyarrow, pickles cloudpickle.
        """
        exchange.check_name(name)
        folder = self._folder("data/d")
        try:
            held = await asyncio.to_thread(exchange.write, name, value, folder, self.limits.input_mb, pickle=pickle)
        except CodeSteerError:
            remove_tree(folder)
            raise
        old = self._inputs.get(name)
        self._inputs = {**self._inputs, name: held}
        if old is not None:
            self._chore(asyncio.to_thread(remove_tree, Path(old["path"]).parent))

    async def get(self, name: str) -> Any:
        """The value that the last program left in ``name``; it must have been named in ``export``.

        A matplotlib figure comes back as a :class:`Picture`, a figure of plotly's or altair's as a :class:`Chart`.

        Raises:
            UnknownName: not exported, or the program did not set it.
            BadInput: of a type that has no safe format (the message names it), or larger than ``Limits.export_mb``.
            ExecutorError: the data is damaged or forged.
            MissingDependency: frames need pyarrow.
        """
        told = self._exports.get(name)
        if told is None or self._out is None:
            raise UnknownName(
                f"The last program exported no {name!r}.", f"Run it with export=({name!r},), and see that it ends well."
            )
        await self._bring(self._kernel, name, told, self._out)
        return await asyncio.to_thread(exchange.read, name, told, self._out, self._export_mb)

    async def _bring(self, kernel: asyncio.Task[ChildKernel] | None, name: str, told: Any, out: Path) -> None:
        """Have the file of an export in ``out``, where it already is."""

    async def put_file(self, path: str | os.PathLike[str], name: str | None = None) -> None:
        """Give every program run from now on a fresh copy of this file, as it is now, in its working directory.

        Args:
            path: the file.
            name: what programs find it as; its own name by default.

        Raises:
            BadInput: no such file, a name with folders, or larger than ``Limits.input_mb``.
        """
        source = Path(path)
        name = source.name if name is None else name
        exchange.check_file_name(name)
        kept = self._folder("data/f") / "file"
        try:
            await asyncio.to_thread(exchange.copy_in, source, kept, self.limits.input_mb)
        except CodeSteerError:
            remove_tree(kept.parent)
            raise
        old = self._files.get(name)
        self._files = {**self._files, name: kept}
        if old is not None:
            self._chore(asyncio.to_thread(remove_tree, old.parent))

    async def get_file(self, name: str, to: str | os.PathLike[str] | None = None) -> bytes:
        """The bytes of a file that the last program left in its working directory.

        Args:
            name: a plain name, without folders.
            to: also write them to this path.

        Raises:
            UnknownName: there is no such file.
            BadInput: a name with folders, or larger than ``Limits.export_mb``.
            ExecutorError: a link, a pipe or anything else that is not a plain file.
        """
        exchange.check_file_name(name)
        if self._work is None:
            raise UnknownName(f"No program has run that could have left a file {name!r}.")
        data = await self._fetch(self._kernel, name, self._work)
        if to is not None:
            await asyncio.to_thread(Path(to).write_bytes, data)
        return data

    def _given(self) -> dict[str, Any]:
        """What a session is told of inputs and files."""
        assert self._directory is not None
        files = {name: str(path) for name, path in self._files.items()}
        return {"given": str(self._directory.path / "data"), "inputs": self._inputs, "files": files}

    async def _fetch(self, kernel: asyncio.Task[ChildKernel] | None, name: str, work: Path) -> bytes:
        return await asyncio.to_thread(exchange.read_file, name, work, self._export_mb)

    def _forget_last(self) -> None:
        """Remove what the last program left."""
        old, self._out, self._work, self._exports = (self._out, self._work), None, None, {}
        for folder in old:
            if folder is not None:
                self._chore(asyncio.to_thread(remove_tree, folder))


def _backend(method: str | None) -> Any:
    """What starts kernels; or what starts programs without one, and speaks as a ChildKernel does."""
    forks = hasattr(os, "fork")
    if method not in (None, "fork", "spawn"):
        raise UnknownName(f"There is no way {method!r} to start programs.", "The ways: fork, spawn.")
    if method == "fork" and not forks:
        raise ExecutorError("This system cannot fork programs.", "Leave method out, or say method='spawn'.")
    return ChildKernel if method == "fork" or (method is None and forks) else SpawnedPrograms
