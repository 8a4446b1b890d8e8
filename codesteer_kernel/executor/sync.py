"""The executor for code without an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, Self, TypeVar

from codesteer_kernel.errors import ExecutorError
from codesteer_kernel.executor import open_executor

if TYPE_CHECKING:
    from codesteer_kernel.executor.executor import Executor
    from codesteer_kernel.executor.results import Limits, OutputEvent, Result
    from codesteer_kernel.executor.session import Session

__all__ = ["SyncExecutor", "SyncSession"]

T = TypeVar("T")


class SyncExecutor:
    """An :class:`Executor` behind plain calls, which block; it works in a notebook's cells too.

        with SyncExecutor(limits=Limits(seconds=10)) as executor:
            executor.put("x", 20)
            print(executor.run("print(x + 1)").stdout)

    A context manager. The executor lives on a thread of its own, as long as this object is open. Every method may be
    called from any thread; Ctrl-C during :meth:`run` stops the program and is then raised. What methods do and raise
    is told by those of the same name of :class:`Executor`.

    Args:
        executor: the executor to drive, not yet entered; by default one that :func:`open_executor` makes of ``options``.
        options: arguments of :func:`open_executor`.
    """

    def __init__(self, executor: Executor | None = None, **options: Any) -> None:
        self._executor = open_executor(**options) if executor is None else executor
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._thread is not None:
            raise ExecutorError("This executor was opened before.", "Make a new one.")
        ready = threading.Event()

        async def live() -> None:
            self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
            ready.set()
            await self._end.wait()

        # A daemon, so that a forgotten executor does not keep the interpreter from ending.
        self._thread = threading.Thread(target=asyncio.run, args=(live(),), name="codesteer-executor", daemon=True)
        self._thread.start()
        ready.wait()
        try:
            self._do(self._executor.__aenter__())
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the kernel and the thread. Closing twice is no error."""
        loop, self._loop = self._loop, None
        if loop is None or self._thread is None:
            return
        with contextlib.suppress(CancelledError):
            asyncio.run_coroutine_threadsafe(self._executor.close(), loop).result()
        loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def run(
        self,
        code: str | bytes,
        *,
        timeout: float | None = None,
        on_output: Callable[[OutputEvent], None] | None = None,
        export: Iterable[str] = (),
        limits: Limits | None = None,
    ) -> Result:
        """Run a program to its end; ``on_output`` is called on the executor's thread."""
        return self._do(self._executor.run(code, timeout=timeout, on_output=on_output, export=export, limits=limits))

    def interrupt(self) -> None:
        """Stop the program that another thread is running."""
        self._do(self._executor.interrupt())

    def restart(self) -> None:
        """Start a fresh kernel; inputs stay."""
        self._do(self._executor.restart())

    def put(self, name: str, value: Any, *, pickle: bool = False) -> None:
        """Give programs a variable."""
        self._do(self._executor.put(name, value, pickle=pickle))

    def get(self, name: str) -> Any:
        """The value of an exported variable."""
        return self._do(self._executor.get(name))

    def put_file(self, path: str | os.PathLike[str], name: str | None = None) -> None:
        """Give programs a copy of a file."""
        self._do(self._executor.put_file(path, name))

    def get_file(self, name: str, to: str | os.PathLike[str] | None = None) -> bytes:
        """The bytes of a file that the last program left."""
        return self._do(self._executor.get_file(name, to))

    def session(self, *, limits: Limits | None = None) -> SyncSession:
        """Cells that keep their names, to be entered with ``with``."""
        return SyncSession(self, self._executor.session(limits=limits))

    @property
    def tier(self) -> str | None:
        """The walls around the kernel; None until it has started."""
        return self._executor.tier

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the executor's thread and wait for it."""
        if self._loop is None:
            work.close()
            raise ExecutorError("The executor is closed.", "Use it inside `with SyncExecutor()`.")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            # Ctrl-C reaches this thread alone: the program must not run on.
            future.cancel()
            raise


class SyncSession:
    """A :class:`Session` behind plain calls, on the thread of its executor; made by :meth:`SyncExecutor.session`.

    What methods do and raise is told by those of the same name of :class:`Session`.
    """

    def __init__(self, owner: SyncExecutor, session: Session) -> None:
        self._do = owner._do
        self._session = session

    def __enter__(self) -> Self:
        self._do(self._session.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the session with everything that its cells have left running. Closing twice is no error."""
        # Its executor may have been closed, and has closed it then.
        with contextlib.suppress(ExecutorError):
            self._do(self._session.close())

    def run(
        self,
        code: str | bytes,
        *,
        timeout: float | None = None,
        on_output: Callable[[OutputEvent], None] | None = None,
        export: Iterable[str] = (),
    ) -> Result:
        """Run a cell to its end; ``on_output`` is called on the executor's thread."""
        return self._do(self._session.run(code, timeout=timeout, on_output=on_output, export=export))

    def interrupt(self) -> None:
        """Stop the cell that another thread is running."""
        self._do(self._session.interrupt())

    def restart(self) -> None:
        """Have an empty session; inputs and files stay."""
        self._do(self._session.restart())

    def get(self, name: str) -> Any:
        """The value of a variable."""
        return self._do(self._session.get(name))

    def get_file(self, name: str, to: str | os.PathLike[str] | None = None) -> bytes:
        """The bytes of a file in the session's working directory."""
        return self._do(self._session.get_file(name, to))

    @property
    def alive(self) -> bool:
        """Whether cells can run."""
        return self._session.alive

    @property
    def tier(self) -> str | None:
        """The walls around the session; None until its kernel has started."""
        return self._session.tier
