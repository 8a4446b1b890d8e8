"""The child kernel: a Jupyter kernel that forks a worker for each program and runs none itself.

It answers the standard messages, and two of its own on the shell channel:

``codesteer_run``   a request (see :meth:`Supervisor.codesteer_run`); output is published on iopub as it comes
                    (``stream``, ``display_data``), the reply is the bounded result.
``codesteer_drop``  ``{"names": [...]}``: forget named inputs.

SIGINT means: interrupt the program.
"""

# The child works with descriptors and with paths that came as text.

from __future__ import annotations

import asyncio
import contextlib
import importlib
import signal
import sys
import types
from typing import Any, ClassVar

from ipykernel.iostream import IOPubThread
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

from . import processes, sandbox, values
from .capture import clean
from .running import Running
from .streams import Output


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
        self._running: Running | None = None
        self.shell_handlers["codesteer_run"] = self.codesteer_run
        self.shell_handlers["codesteer_drop"] = self.codesteer_drop

    def start(self) -> None:
        """Take over SIGINT, and begin to preload."""
        super().start()
        self._loop: asyncio.AbstractEventLoop = self.io_loop.asyncio_loop
        self._loop.add_signal_handler(signal.SIGINT, self._interrupt)
        self._preload = list(self.policy["preload"])
        self._loop.call_later(0.05, self._preload_next)

    def _preload_next(self) -> None:
        """Import one library while idle, so that programs find it loaded; a waiting request comes in between."""
        if not self._preload or self._running is not None:
            return
        with contextlib.suppress(Exception):
            importlib.import_module(self._preload.pop(0))
        self._loop.call_later(0.01, self._preload_next)

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
        request = dict(parent["content"])
        request.update({key: self.policy[key] for key in ("landlock", "read", "nice", "walls", "transport", "alone")})
        request["processes_now"] = processes.threads_of_user()

        def publish(kind: str, content: dict[str, Any]) -> None:
            self.session.send(self.iopub_socket, kind, content, parent=parent, ident=self._topic(kind))

        try:
            data = {name: self._input(name, held) for name, held in request["inputs"].items()}
            self._running = Running(request, Output(request["limits"]["output_bytes"], publish))
            reply = await self._running.run(data)
        except values.Missing as error:
            reply = {"failure": "missing", "package": str(error)}
        except Exception as error:  # noqa: BLE001 - the reason belongs in the reply, whatever it is
            reply = {"failure": "supervisor", "reason": f"{type(error).__name__}: {clean(str(error))}"}
        finally:
            self._running = None
            self._loop.call_later(0.05, self._preload_next)
        self.session.send(stream, "codesteer_reply", reply, parent, ident=ident)

    def _input(self, name: str, held: dict[str, Any]) -> Any:
        """The value of a named input, loaded once; every program gets a copy-on-write view of it."""
        path = held["path"]
        known = self._inputs.get(name)
        if known is not None and known[0] == path:
            return known[1]
        value = values.load(held["about"], path)
        self._inputs[name] = (path, value)
        return value


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
