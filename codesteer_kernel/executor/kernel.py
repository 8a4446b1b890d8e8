"""One child kernel: start it, talk to it, end it.

Thin over :mod:`jupyter_client`: what is ours is the command line (the guard), the environment (an allow-list), the
wait for readiness, and an end that leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from codesteer_kernel.errors import ExecutorError, MissingDependency
from codesteer_kernel.executor.rundir import RunDirectory
from codesteer_kernel.executor.tiers import tier_name

__all__ = ["ChildKernel", "KernelLost", "end", "lost"]

_READY_S = 30.0
_WELCOME_S = 2.0
_POLL_S = 0.1


class KernelLost(Exception):
    """The kernel's process has gone; the argument is the tail of its log."""


class _KilledAtStart(ExecutorError):
    """The kernel's process has gone before it answered."""


class ChildKernel:
    """A started kernel. Make one with :meth:`start`; :meth:`close` ends it and everything below it."""

    def __init__(self, manager: Any, folder: Path, log: Path) -> None:
        self._manager = manager
        self._folder = folder
        self._log = log
        self._client: Any = None
        self._inbox: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self._pumps: list[asyncio.Task[None]] = []
        self._closed = False

    @classmethod
    async def start(
        cls,
        directory: RunDirectory,
        folder: Path,
        *,
        python: str,
        preload: Sequence[str],
        tier: str | None = None,
        floor: str | None = None,
    ) -> ChildKernel:
        """Start a kernel and wait until it answers.

        One that is killed meanwhile, as the system does when memory runs out, is started once more.

        Args:
            directory: the run directory, all that the kernel may write.
            folder: an empty folder in it, for this kernel's own files.
            python: the interpreter.
            preload: modules to import while idle.
            tier: the isolation to put up, see :func:`codesteer_kernel.executor.tiers.choose`.
            floor: the weakest tier to accept.

        Raises:
            ExecutorError: the isolation cannot be had, or the kernel did not start; the message has the end of what it wrote to stderr.
            MissingDependency: jupyter_client or ipykernel is not installed.
        """
        try:
            return await cls._begin(directory, folder, python, preload, tier, floor)
        except _KilledAtStart:
            again = directory.folder(f"{folder.name}-again")
            return await cls._begin(directory, again, python, preload, tier, floor)

    @classmethod
    async def _begin(
        cls,
        directory: RunDirectory,
        folder: Path,
        python: str,
        preload: Sequence[str],
        tier: str | None,
        floor: str | None,
    ) -> ChildKernel:
        """Start a kernel; see :meth:`start`."""
        try:
            from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
            from jupyter_client.manager import AsyncKernelManager

            from codesteer_kernel.executor.provisioner import SandboxProvisioner
        except ImportError as error:
            raise MissingDependency(
                f"The child kernel needs {error.name}, which is not installed.",
                "Install it with: pip install jupyter_client ipykernel",
            ) from None

        specification = KernelSpec(
            argv=[python, "-f", "{connection_file}"],
            display_name="codesteer child kernel",
            language="python",
            interrupt_mode="signal",
        )

        class Specifications(KernelSpecManager):
            """Knows one kernel, ours; the user's kernelspecs do not matter here."""

            def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
                return specification

        manager = AsyncKernelManager(kernel_name="codesteer", kernel_spec_manager=Specifications())
        # Not by its entry point, which a source tree does not have.
        manager.provisioner = provisioner = SandboxProvisioner(
            kernel_id=folder.name,
            kernel_spec=specification,
            parent=manager,
            tier=tier or "",
            floor=floor or "",
            preload=list(preload),
        )
        provisioner.supervisor = True
        provisioner.directory, provisioner.folder = directory, folder
        log = folder / "log"
        kernel = cls(manager, folder, log)
        try:
            with log.open("wb") as sink:
                await manager.start_kernel(stdout=sink, stderr=sink)
            await asyncio.wait_for(kernel._connect(), _READY_S)
        except (TimeoutError, KernelLost, OSError) as error:
            tail = kernel._log_tail()
            await kernel.close()
            cure = "Install it with: pip install ipykernel" if "No module named 'ipykernel" in tail else ""
            why = "did not answer in time" if isinstance(error, asyncio.TimeoutError) else "ended while it started"
            if isinstance(error, OSError) and not isinstance(error, asyncio.TimeoutError):
                why = f"could not be started ({error})"
            gone = isinstance(error, KernelLost) and not cure
            raise (_KilledAtStart if gone else ExecutorError)(
                f"The child kernel {why}." + (f" It wrote:\n{tail}\n" if tail else ""),
                cure or f"Check that this works: {python} -m ipykernel_launcher --version",
            ) from None
        except BaseException:
            await kernel.close()
            raise
        return kernel

    async def _connect(self) -> None:
        client = self._client = self._manager.client()
        client.start_channels(  # noqa: S604 - a channel by that name
            shell=True, iopub=True, stdin=False, hb=False, control=False
        )
        self._pumps = [
            asyncio.create_task(self._pump("iopub", client.iopub_channel.get_msg)),
            asyncio.create_task(self._pump("shell", client.shell_channel.get_msg)),
        ]
        loop = asyncio.get_running_loop()
        ask_from = loop.time() + _WELCOME_S
        while True:
            # The welcome says that our subscription is in place; asked for info is the way of kernels before 7.
            found = await self._next(_POLL_S)
            if found is not None:
                kind = found[1]["header"]["msg_type"]
                if kind == "iopub_welcome" or (found[0] == "iopub" and kind == "status" and loop.time() > ask_from):
                    break
            if loop.time() > ask_from:
                client.kernel_info()
        self.tier = tier_name(self._manager.provisioner.report, self._manager.transport)

    async def _pump(self, channel: str, get: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        while True:
            self._inbox.put_nowait((channel, await get()))

    async def _next(self, seconds: float) -> tuple[str, dict[str, Any]] | None:
        """The next message; None after ``seconds`` without one. Raises :class:`KernelLost`."""
        with contextlib.suppress(asyncio.TimeoutError):
            return await asyncio.wait_for(self._inbox.get(), seconds)
        if not self.alive:
            raise KernelLost(self._log_tail())
        return None

    @property
    def transport(self) -> str:
        """``ipc`` or ``tcp``."""
        return str(self._manager.transport)

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        process = getattr(self._manager.provisioner, "process", None)
        return not self._closed and process is not None and process.poll() is None

    async def request(
        self, kind: str, content: dict[str, Any], seconds: float, published: Callable[[str, dict[str, Any]], None]
    ) -> dict[str, Any]:
        """Send a shell request and wait for its reply and for all that it published.

        Args:
            kind: message type.
            content: JSON content.
            seconds: give up after this long.
            published: called with message type and whole message for each iopub message of this request.

        Raises:
            KernelLost: the process ended first.
            TimeoutError: no reply in time; the kernel is of no more use.
        """
        message = self._client.session.msg(kind, content)
        mine = message["header"]["msg_id"]
        self._client.shell_channel.send(message)
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        reply: dict[str, Any] | None = None
        while True:
            found = await self._next(_POLL_S)
            if found is not None and found[1]["parent_header"].get("msg_id") == mine:
                channel, told = found
                if channel == "shell":
                    reply = told["content"]
                    # What was published came before, by another socket: a moment for it to arrive.
                    until = min(until, loop.time() + 2.0)
                elif told["header"]["msg_type"] == "status":
                    if told["content"]["execution_state"] == "idle" and reply is not None:
                        return reply
                    if told["content"]["execution_state"] == "idle":
                        idle = True
                        reply = await self._reply(mine, until - loop.time())
                        if reply is not None and idle:
                            return reply
                else:
                    published(told["header"]["msg_type"], told)
            if loop.time() > until:
                if reply is not None:
                    return reply
                raise TimeoutError

    async def _reply(self, mine: str, seconds: float) -> dict[str, Any] | None:
        """The reply, when idle was published before it arrived."""
        until = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < until:
            found = await self._next(_POLL_S)
            if found is not None and found[0] == "shell" and found[1]["parent_header"].get("msg_id") == mine:
                content: dict[str, Any] = found[1]["content"]
                return content
        return None

    async def interrupt(self) -> None:
        """Interrupt the program that runs, if one does."""
        if self.alive:
            await self._manager.interrupt_kernel()

    async def close(self) -> None:
        """End the kernel and all below it, free sockets and files. Closing twice is no error."""
        if self._closed:
            return
        self._closed = True
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        if self._client is not None:
            self._client.stop_channels()
        process = getattr(self._manager.provisioner, "process", None)
        if process is not None:
            await self._manager.provisioner.kill()
            await self._manager.provisioner.wait()
        with contextlib.suppress(Exception):
            await self._manager.cleanup_resources()

    def _log_tail(self) -> str:
        try:
            with self._log.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - 2000))
                return file.read().decode("utf-8", "replace").strip()
        except OSError:
            return ""


def lost(kernel: asyncio.Task[ChildKernel]) -> bool:
    """Whether a kernel has failed to start, or has ended since."""
    return kernel.done() and (kernel.cancelled() or kernel.exception() is not None or not kernel.result().alive)


async def end(kernel: asyncio.Task[ChildKernel] | None) -> None:
    """End a kernel, started or starting."""
    if kernel is None:
        return
    if not kernel.done():
        kernel.cancel()
    with contextlib.suppress(BaseException):
        await (await kernel).close()
