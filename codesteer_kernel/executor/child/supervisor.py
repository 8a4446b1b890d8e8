"""The child kernel: a Jupyter kernel that forks a worker for each program and runs none itself.

It answers the standard messages, and two of its own on the shell channel:

``codesteer_run``   a request (see :meth:`Supervisor.codesteer_run`); output is published on iopub as it comes
                    (``stream``, ``display_data``), the reply is the bounded result.
``codesteer_cell``  the same for one cell of the session that this kernel keeps, see :meth:`Supervisor.codesteer_cell`.
``codesteer_end``   end that session.
``codesteer_drop``  ``{"names": [...]}``: forget named inputs.

SIGINT means: interrupt the program, or the cell.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import types
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from ipykernel.iostream import IOPubThread
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

from . import processes, sandbox, values
from .capture import clean
from .running import Running
from .session import Session
from .streams import Output, Publish
from .warming import Warming


class Supervisor(Kernel):
    """The kernel proper. One program at a time; further requests wait in the shell channel."""

    implementation = "codesteer"
    implementation_version = "1"
    language_info: ClassVar[dict[str, str]] = {"name": "python", "mimetype": "text/x-python", "file_extension": ".py"}
    banner = "codesteer child kernel"
    policy: ClassVar[dict[str, Any]] = {}

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._inputs: dict[str, tuple[str, Any]] = {}
        self._running: Running | Session | None = None
        self._session: Session | None = None
        self.shell_handlers["codesteer_run"] = self.codesteer_run
        self.shell_handlers["codesteer_cell"] = self.codesteer_cell
        self.shell_handlers["codesteer_end"] = self.codesteer_end
        self.shell_handlers["codesteer_drop"] = self.codesteer_drop

    def start(self) -> None:
        """Take over SIGINT, and begin to preload."""
        super().start()
        self._loop: asyncio.AbstractEventLoop = self.io_loop.asyncio_loop
        self._loop.add_signal_handler(signal.SIGINT, self._interrupt)
        self._warming = Warming(self._loop, self.policy["preload"], self._busy)
        self._warming.resume()

    def _busy(self) -> bool:
        # A session is weighed beside what this process held when it began.
        return self._running is not None or self._session is not None

    def _interrupt(self) -> None:
        if self._running is not None:
            self._running.interrupt("interrupt")

    # The base class would hand SIGINT to whatever Python code runs; here it always means the program.
    def pre_handler_hook(self) -> None:
        """Leave the signal handler alone."""

    def post_handler_hook(self) -> None:
        """Leave the signal handler alone."""

    async def do_execute(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Cells are not run here: this kernel never runs a stranger's code in its own process."""
        return {
            "status": "error",
            "ename": "NotSupported",
            "evalue": "this kernel runs programs through codesteer_run",
            "traceback": [],
            "execution_count": self.execution_count,
        }

    def codesteer_drop(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        """Forget named inputs."""
        for name in parent["content"]["names"]:
            self._inputs.pop(name, None)

    async def codesteer_run(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        """Run one program and reply with its result.

        The request holds ``work`` (folder with ``program.py``), ``out`` (folder for exports), ``limits`` (the fields of
        ``Limits``), ``inputs`` (name to ``{"about", "path"}``) and ``export`` (names).
        """

        async def run(request: dict[str, Any], publish: Publish) -> dict[str, Any]:
            request["processes_now"] = processes.threads_of_user()
            data = self._data(request)
            self._running = program = Running(request, Output(request["limits"]["output_bytes"], publish))
            return await program.run(data)

        await self._answer(stream, ident, parent, run)

    async def codesteer_cell(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        """Run one cell and reply with its result.

        The request is that for a program, but for: ``start`` (whether to begin a new session), ``code`` (base64, or
        None to export only), ``given`` (folder of inputs and files), ``files`` (name to path).
        """

        async def run(request: dict[str, Any], publish: Publish) -> dict[str, Any]:
            if request["start"]:
                data = self._data(request)
                self._end_session()
                self._session = Session({**request, "processes_now": processes.threads_of_user()}, data)
            if self._session is None:
                return {"failure": "lost", "reason": "its kernel has gone"}
            self._running = self._session
            return await self._session.cell(request, publish)

        await self._answer(stream, ident, parent, run)

    def codesteer_end(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        """End the session and everything that it has left running."""
        self._end_session()
        self.session.send(stream, "codesteer_reply", {}, parent, ident=ident)

    def _end_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.end()

    async def _answer(
        self,
        stream: Any,
        ident: Any,
        parent: dict[str, Any],
        run: Callable[[dict[str, Any], Publish], Awaitable[dict[str, Any]]],
    ) -> None:
        """Reply to a request with what ``run`` makes of it."""
        request = dict(parent["content"])
        request.update({key: self.policy[key] for key in ("landlock", "read", "nice", "walls", "transport", "alone")})

        def publish(kind: str, content: dict[str, Any]) -> None:
            self.session.send(self.iopub_socket, kind, content, parent=parent, ident=self._topic(kind))

        try:
            reply = await run(request, publish)
        except values.Missing as error:
            reply = {"failure": "missing", "package": str(error)}
        except Exception as error:  # noqa: BLE001 - the reason belongs in the reply, whatever it is
            reply = {"failure": "supervisor", "reason": f"{type(error).__name__}: {clean(str(error))}"}
        finally:
            self._running = None
            self._warming.resume()
        self.session.send(stream, "codesteer_reply", reply, parent, ident=ident)

    def _data(self, request: dict[str, Any]) -> dict[str, Any]:
        return {name: self._input(name, held) for name, held in request["inputs"].items()}

    def _input(self, name: str, held: dict[str, Any]) -> Any:
        """The value of a named input, loaded once; every program gets a copy-on-write view of it."""
        path = held["path"]
        known = self._inputs.get(name)
        if known is None or known[0] != path:
            known = self._inputs[name] = (path, values.load(held["about"], path))
        return known[1]


class App(IPKernelApp):
    """The kernel application without what a supervisor does not want: shell, history, captured streams, pollers."""

    kernel_class = Supervisor
    load_connection_dir = None

    def init_io(self) -> None:
        """Standard streams stay as they are: they go to the log."""
        self.displayhook = types.SimpleNamespace()

    def init_poller(self) -> None:
        """The warden watches the parent."""
        self.poller = None

    def init_crash_handler(self) -> None:
        """A traceback in the log is enough."""

    def init_signal(self) -> None:
        """SIGINT is handled by the supervisor."""

    def init_iopub(self, context: Any) -> None:
        """As the base class, but without the loopback TCP listener for output of forked children."""
        pipe = IOPubThread.__init__

        def without_pipe(thread: IOPubThread, socket: Any, pipe_: bool = False, **options: Any) -> None:
            options["pipe"] = False
            pipe(thread, socket, **options)

        IOPubThread.__init__ = without_pipe
        try:
            super().init_iopub(context)
        finally:
            IOPubThread.__init__ = pipe


def main(policy: dict[str, Any]) -> None:
    """Be the kernel until told to end; ``sys.argv`` holds ``-f CONNECTION_FILE``."""
    sandbox.prctl(sandbox.PR_SET_CHILD_SUBREAPER, 1)
    Supervisor.policy = policy
    app = App.instance()
    app.initialize(sys.argv[1:])
    app.start()
