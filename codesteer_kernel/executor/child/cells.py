"""The cells of a session: code that runs piece by piece in one process, which keeps its names between them.

The process is a worker as any other, see :mod:`worker`. It hears requests on a socket: a 4-byte length and a JSON
document. Besides the frames of a program it reports ``begun`` and ``done``, each with the number of the cell.
"""

# The child works with descriptors and with paths that came as text; whatever a cell raises is an answer.
# ruff: noqa: BLE001, PTH118

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import shutil
import signal
import socket
import struct
import sys
import threading
import traceback
from collections.abc import Coroutine, Sequence
from mmap import mmap
from typing import Any, NoReturn

from . import program, values, worker

BROKEN = 70
"""Exit code when a cell has broken what runs the cells (``EX_SOFTWARE`` of sysexits.h)."""
_REQUESTS = 4
_decode, _facts = json.JSONDecoder().decode, os.fstat
"""Kept from cells that replace them."""


def main(
    request: dict[str, Any], data: dict[str, Any], journals: Sequence[mmap], descriptors: Sequence[int]
) -> NoReturn:
    """Become the session of ``request``; never returns.

    Args:
        request: for the first cell.
        data: named inputs, already loaded.
        journals: shared memory for what is printed to stdout and stderr.
        descriptors: pipes for stdout, stderr and reports, and the socket on which cells come.
    """
    code = BROKEN
    try:
        worker.settle(request, journals, *descriptors)
        code = Cells(request, data).run()
    except BaseException:
        with contextlib.suppress(BaseException):
            os.write(2, traceback.format_exc().encode("utf-8", "backslashreplace"))
    finally:
        worker.leave(code)


class Whole(program.Report):
    """The report pipe, on which an interrupt cuts no frame in two: it is raised when the frame has gone."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor)
        self._main = threading.get_ident()
        self._late = False
        self.busy = False

    def defer(self) -> None:
        """Raise an interrupt when the frame has gone."""
        self._late = True

    def send(self, frame: str, **content: Any) -> None:
        """As of any report."""
        if threading.get_ident() != self._main:
            super().send(frame, **content)
            return
        self.busy = True
        try:
            super().send(frame, **content)
        finally:
            self.busy = False
            late, self._late = self._late, False
            if late:
                raise KeyboardInterrupt


class Cells:
    """What the process of a session keeps: the namespace, the event loop, what it has been given.

    Args:
        request: for the first cell.
        data: named inputs, already loaded.
    """

    def __init__(self, request: dict[str, Any], data: dict[str, Any]) -> None:
        self._owner = os.getpid()
        self._work, self._out = request["work"], request["out"]
        self._report = Whole(3)
        self._module = program.prepare(self._work, data, self._report)
        sys.argv = [""]
        self._new = data
        self._given = {name: held["path"] for name, held in request["inputs"].items()}
        self._laid: dict[str, str] = {}
        self._names: set[str] = set()
        self._flags = 0
        # As they are now: a cell may put others in their place, or take these apart.
        self._streams: list[tuple[Any, Any]] = [(stream, stream.buffer) for stream in (sys.stdout, sys.stderr)]
        self._requests = socket.socket(fileno=_REQUESTS)
        self._requests.setblocking(False)
        # A child that a cell forks must not take the next request.
        os.register_at_fork(after_in_child=self._requests.close)
        self._loop = asyncio.new_event_loop()
        self._listening = False

    def run(self) -> int:
        """Run cells until one ends the session; returns the exit code."""
        while True:
            try:
                request = self._next()
            except SystemExit as leaving:
                # A task that a cell has left in the event loop.
                program.finish()
                return program.exit_code(leaving, self._report)
            signal.signal(signal.SIGINT, self._heard)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
            try:
                self._listening = True
                self._report.send("begun", cell=request["cell"])
                code = self._cell(request)
                if code is not None:
                    program.finish()
                    return code
                self._listening = False
            except KeyboardInterrupt:
                self._listening = False
            for stream, buffer in self._streams:
                with contextlib.suppress(ValueError):
                    stream.flush()
                buffer.renew()
            # Raises when the cell has closed it: better now than with the next cell.
            _facts(_REQUESTS)
            self._report.send("done", cell=request["cell"])

    def _heard(self, *_: object) -> None:
        """An interrupt: once for each cell, and never outside of one."""
        if self._listening and self._report.busy:
            self._report.defer()
        elif self._listening:
            self._listening = False
            raise KeyboardInterrupt

    # Requests

    def _next(self) -> dict[str, Any]:
        """The next request. What cells have left in the event loop goes on meanwhile."""
        if self._loop.is_closed() or self._loop.is_running():
            self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        receiving = self._loop.create_task(self._receive())
        while not receiving.done():
            with contextlib.suppress(KeyboardInterrupt):
                self._loop.run_until_complete(receiving)
        return receiving.result()

    async def _receive(self) -> dict[str, Any]:
        async def exactly(count: int) -> bytes:
            found = bytearray()
            while len(found) < count:
                more = await self._loop.sock_recv(self._requests, min(count - len(found), 1 << 20))
                if not more:
                    raise EOFError("the supervisor has gone")
                found += more
            return bytes(found)

        (length,) = struct.unpack("!I", await exactly(4))
        request: dict[str, Any] = _decode((await exactly(length)).decode("ascii"))
        return request

    # Running

    def _cell(self, request: dict[str, Any]) -> int | None:
        """Run one cell; returns the exit code of the process if it is to end."""
        code, report, namespace = None, self._report, self._module.__dict__
        name = request["name"]
        failed = False
        try:
            self._give(request)
            if request["code"] is not None:
                self._names.add(name)
                source = base64.b64decode(request["code"])
                self._flags = program.execute(source, name, namespace, report, self._flags, self._await)
        except SystemExit as leaving:
            code = program.exit_code(leaving, report)
        except BaseException as error:
            failed = True
            program.tell(error, report, self._names)
        if os.getpid() != self._owner:
            # A child that came by the end of the cell, as a script's comes by the end of the script.
            return int(failed) if code is None else code
        with contextlib.suppress(Exception):
            program.show_figures(report)
            if "matplotlib.pyplot" in sys.modules:
                sys.modules["matplotlib.pyplot"].close("all")
        if request["export"]:
            report.send("exports", values=program.export(namespace, request["export"], self._out))
        return code

    def _give(self, request: dict[str, Any]) -> None:
        """Set the inputs and lay out the files that are new since the last cell."""
        new, self._new = self._new, {}
        for name, held in request["inputs"].items():
            if self._given.get(name) != held["path"]:
                self._given[name] = held["path"]
                try:
                    new[name] = self._module.__dict__[name] = values.load(held["about"], held["path"])
                except values.Missing as error:
                    raise ModuleNotFoundError(f"the input {name!r} needs {error}") from None
        program.rebuild(new, self._module)
        for name, path in request["files"].items():
            if self._laid.get(name) != path:
                self._laid[name] = path
                shutil.copyfile(path, os.path.join(self._work, name))

    def _await(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run an ``await`` that stands outside of functions."""
        task = self._loop.create_task(coroutine)
        try:
            return self._loop.run_until_complete(task)
        except BaseException:
            if not task.done():
                task.cancel()
                with contextlib.suppress(BaseException):
                    self._loop.run_until_complete(task)
            raise
