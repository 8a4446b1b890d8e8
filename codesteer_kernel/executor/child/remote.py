"""The supervisor's work inside a stock kernel behind a gateway: these modules are sent there, and this one is called.

The kernel runs no program itself either: it forks a worker for each, as the local supervisor does, with the same limits
and the walls that a worker can put up around itself. What surrounds the kernel is the gateway's business.
"""

# The child works with descriptors and with paths that came as text.
# ruff: noqa: ASYNC230, PTH102, PTH118, PTH119, PTH123

from __future__ import annotations

import asyncio
import atexit
import base64
import contextlib
import json
import os
import shutil
import signal
import stat
import sys
import sysconfig
from collections.abc import Callable, Coroutine
from typing import Any

from . import processes, sandbox, seccomp, space, values
from .capture import clean
from .running import Running
from .session import Session
from .streams import Output, Publish
from .warming import Warming

KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH")


class Answer:
    """Shows as JSON, so that it travels as the value of an expression."""

    def __init__(self, content: Any) -> None:
        self._text = json.dumps(content)

    def __repr__(self) -> str:
        return self._text


class Remote:
    """One per kernel. Every method is called by an expression that the user's side sends.

    Args:
        shell: the kernel's ``get_ipython()``.
        folder: a private folder, which holds these modules too.
        preload: modules to import while idle.
    """

    def __init__(self, shell: Any, folder: str, preload: list[str]) -> None:
        self._shell = shell
        self._folder = folder
        os.mkdir(os.path.join(folder, "data"))
        atexit.register(self.close)
        self._count = 0
        self._loaded: dict[str, Any] = {}
        self._last: dict[str, str] = {}
        self._reply: dict[str, Any] = {}
        self._running: Running | Session | None = None
        self._session: Session | None = None
        self._loop = asyncio.get_running_loop()
        self._warming = Warming(self._loop, preload, self._busy)
        sandbox.prctl(sandbox.PR_SET_CHILD_SUBREAPER, 1)
        # The gateway's own secrets are not for programs.
        for name in set(os.environ) - set(KEPT_VARIABLES):
            del os.environ[name]
        os.environ["MPLBACKEND"] = "Agg"
        self._filter = _can_filter()
        os.register_at_fork(after_in_child=self._after_fork)
        self._warming.resume()

    def close(self) -> Answer:
        """End what still runs and remove all files."""
        processes.end_all()
        space.remove_tree(self._folder)
        return Answer(None)

    def _busy(self) -> bool:
        return self._running is not None or self._session is not None

    def _after_fork(self) -> None:
        """In a worker: be a plain interpreter again, without what a notebook adds to it."""
        shell, self._shell = self._shell, None
        if shell is not None:
            shell.builtin_trap.deactivate()
            shell.kernel._restore_input()
            sys.excepthook, sys.displayhook = sys.__excepthook__, sys.__displayhook__

    # Data

    def take(self, name: str, chunk: str) -> Answer:
        """Append base64 data to the file ``name`` of the inputs."""
        with open(os.path.join(self._folder, "data", name), "ab") as file:
            file.write(base64.b64decode(chunk))
        return Answer(None)

    def give(self, place: str, name: str, start: int, length: int, cap: int) -> Answer:
        """A piece of a file that the last program left in ``place`` (``work`` or ``out``): no link, no pipe, no giant."""
        path = os.path.join(self._last.get(place, self._folder), os.path.basename(name))
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return Answer({"missing": True})
        except OSError as error:
            return Answer({"refused": error.strerror})
        with os.fdopen(descriptor, "rb") as file:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
                return Answer({"refused": "it is not a plain file of its own"})
            if facts.st_size > cap:
                return Answer({"size": facts.st_size})
            file.seek(start)
            return Answer({"size": facts.st_size, "data": base64.b64encode(file.read(length)).decode("ascii")})

    # Running

    def reply(self) -> Answer:
        """How the last program or cell ended."""
        return Answer(self._reply)

    async def run(self, text: str) -> None:
        """Run one program.

        ``text`` is the JSON of a request as ``Supervisor.codesteer_run`` gets it, but for two things: ``code`` is the
        program in base64, ``files`` says which inputs to lay under which names in the working directory.
        """

        async def run(request: dict[str, Any], publish: Publish) -> dict[str, Any]:
            self._renew()
            with open(os.path.join(self._last["work"], "program.py"), "wb") as file:
                file.write(base64.b64decode(request.pop("code")))
            for name, path in request.pop("files").items():
                shutil.copyfile(path, os.path.join(self._last["work"], name))
            data = self._data(request)
            self._running = program = Running(
                {**request, **self._last}, Output(request["limits"]["output_bytes"], publish)
            )
            return await program.run(data)

        await self._answer(text, run)

    async def cell(self, text: str) -> None:
        """Run one cell; ``text`` is the JSON of a request as ``Supervisor.codesteer_cell`` gets it, without folders."""

        async def run(request: dict[str, Any], publish: Publish) -> dict[str, Any]:
            if request["start"]:
                self.end()
                self._renew()
                given = os.path.join(self._folder, "data")
                self._session = Session({**request, **self._last, "given": given}, self._data(request))
            if self._session is None:
                return {"failure": "lost", "reason": "its kernel has gone"}
            self._running = self._session
            return await self._session.cell(request, publish)

        await self._answer(text, run)

    def end(self) -> Answer:
        """End the session and everything that it has left running."""
        session, self._session = self._session, None
        if session is not None:
            session.end()
        return Answer({})

    def _renew(self) -> None:
        """Fresh folders for what is about to run."""
        for folder in self._last.values():
            space.remove_tree(folder)
        self._count += 1
        self._last = {place: os.path.join(self._folder, f"{place}{self._count}") for place in ("work", "out")}
        for folder in self._last.values():
            os.mkdir(folder, 0o700)

    async def _answer(
        self, text: str, run: Callable[[dict[str, Any], Publish], Coroutine[Any, Any, dict[str, Any]]]
    ) -> None:
        """Keep as the reply what ``run`` makes of the request in ``text``."""
        request = json.loads(text)
        kernel = self._shell.kernel
        parent = kernel.get_parent()

        def publish(kind: str, content: dict[str, Any]) -> None:
            kernel.session.send(kernel.iopub_socket, kind, content, parent=parent, ident=kernel._topic(kind))

        data = os.path.join(self._folder, "data")
        request["files"] = {name: os.path.join(data, path) for name, path in request["files"].items()}
        for held in request["inputs"].values():
            held["path"] = os.path.join(data, held["path"])
        self._reply = {"failure": "remote", "reason": "the program did not run"}
        self._loop.add_signal_handler(signal.SIGINT, self._interrupt)
        try:
            self._reply = await run({**request, **self._policy()}, publish)
        except values.Missing as error:
            self._reply = {"failure": "missing", "package": str(error)}
        except Exception as error:  # noqa: BLE001 - the reason belongs in the reply, whatever it is
            self._reply = {"failure": "remote", "reason": f"{type(error).__name__}: {clean(str(error))}"}
        finally:
            self._loop.remove_signal_handler(signal.SIGINT)
            self._running = None
            self._warming.resume()

    def _interrupt(self) -> None:
        if self._running is not None:
            self._running.interrupt("interrupt")

    def _policy(self) -> dict[str, Any]:
        """What the guard's policy file says to a local supervisor."""
        places = [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, os.path.realpath(sys.executable)]
        places += [path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")]
        places += [path for name in ("stdlib", "platstdlib") if (path := sysconfig.get_path(name))]
        read = [*sandbox.SYSTEM_PATHS, *(place for place in places if place not in ("", "/"))]
        return {
            "landlock": True,
            "read": read,
            "nice": os.getpriority(os.PRIO_PROCESS, 0),
            # The kernel listens on TCP, and so has no filter that workers would inherit: each installs its own.
            "transport": "tcp",
            "walls": {"seccomp": self._filter, "enclosure": None},
            "alone": False,
            "processes_now": processes.threads_of_user(),
        }

    def _data(self, request: dict[str, Any]) -> dict[str, Any]:
        """The values of inputs, each loaded once; what runs gets a copy-on-write view of them."""
        for held in request["inputs"].values():
            if held["path"] not in self._loaded:
                self._loaded[held["path"]] = values.load(held["about"], held["path"])
        return {name: self._loaded[held["path"]] for name, held in request["inputs"].items()}


def _can_filter() -> bool:
    """Whether a process here can install the filter of system calls: one tries."""
    pid = os.fork()
    if pid == 0:
        installed = False
        with contextlib.suppress(BaseException):
            installed = seccomp.install()
        os._exit(0 if installed else 1)
    return os.waitpid(pid, 0)[1] == 0
