"""A program or a cell on its way through a kernel: what is sent, what is seen of it, what comes of it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from codesteer_kernel.executor.kernel import ChildKernel
from codesteer_kernel.executor.results import Limits, OutputEvent, Result, RichOutput

__all__ = ["Run"]

_GRACE_S = 5.0
"""Beyond the time limit before the kernel itself is given up: its own ladder takes about 1 s."""


class Run:
    """One program or cell: :meth:`ready`, :meth:`send`, :meth:`next` until it is None, then :meth:`reply`."""

    def __init__(self, code: str | bytes, export: list[str], limits: Limits) -> None:
        self.code = code.encode("utf-8", "surrogatepass") if isinstance(code, str) else code
        self.export = export
        self.limits = limits
        self.stopped = asyncio.Event()
        self.kernel: ChildKernel | None = None
        self.outputs: list[RichOutput] = []
        self.task: asyncio.Task[dict[str, Any]] | None = None
        self._events: asyncio.Queue[OutputEvent | None] = asyncio.Queue()
        self._started = time.monotonic()
        self._seen: dict[str, list[str]] = {"stdout": [], "stderr": []}

    async def ready(self, kernel: Any) -> ChildKernel | None:
        """The kernel that ``kernel`` awaits; None when this run is stopped first."""
        starting = asyncio.ensure_future(kernel)
        stopping = asyncio.ensure_future(self.stopped.wait())
        try:
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if self.stopped.is_set():
                return None
            found: ChildKernel = await starting
            return found
        finally:
            starting.cancel()
            stopping.cancel()

    def send(self, kernel: ChildKernel, kind: str, request: dict[str, Any]) -> None:
        """Send the request to the kernel."""
        seconds = self.limits.seconds + _GRACE_S
        self.kernel = kernel
        self.task = asyncio.create_task(kernel.request(kind, request, seconds, self._collect))
        self.task.add_done_callback(lambda _: self._events.put_nowait(None))

    async def next(self) -> OutputEvent | None:
        """What is seen next; None when the reply, or the end of the kernel, has come."""
        return await self._events.get()

    @property
    def done(self) -> bool:
        """Whether the reply, or the end of the kernel, has come."""
        return self.task is not None and self.task.done()

    def cancel(self) -> None:
        """Wait for the reply no longer."""
        assert self.task is not None
        self.task.cancel()

    def reply(self) -> dict[str, Any]:
        """The content of the reply.

        Raises:
            KernelLost, TimeoutError: see :meth:`ChildKernel.request`.
        """
        assert self.task is not None
        return self.task.result()

    def _collect(self, kind: str, message: dict[str, Any]) -> None:
        """Turn a message of the kernel into an event, and keep it for the case that no reply comes."""
        content = message["content"]
        if kind == "stream":
            name = "stderr" if content["name"] == "stderr" else "stdout"
            self._seen[name].append(content["text"])
            self._events.put_nowait(OutputEvent(kind="stderr" if name == "stderr" else "stdout", text=content["text"]))
        elif kind == "display_data":
            output = RichOutput(kind=content["metadata"]["codesteer"], data=content["data"])
            self.outputs.append(output)
            self._events.put_nowait(OutputEvent(kind="rich", output=output))

    def unstarted(self) -> Result:
        """The result when it was stopped before it started."""
        return Result(status="interrupted", error_name="Interrupted", error_text="stopped before it started")

    def lost(self, fault: Exception) -> Result:
        """The result when the kernel went away under it, or did not answer: what was seen until then."""
        status: Any = "timeout" if isinstance(fault, TimeoutError) else "died"
        if self.stopped.is_set():
            status = "interrupted"
        assert self.kernel is not None
        return Result(
            status=status,
            stdout="".join(self._seen["stdout"]),
            stderr="".join(self._seen["stderr"]),
            outputs=self.outputs,
            error_name="KernelLost",
            error_text="the child kernel ended with the program",
            seconds=time.monotonic() - self._started,
            tier=self.kernel.tier,
            limit="seconds" if status == "timeout" else None,
        )
