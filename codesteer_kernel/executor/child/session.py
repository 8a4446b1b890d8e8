"""A session as the supervisor sees it: one worker that stays, and runs a cell for each request.

The supervisor must have nothing else below it while a session lasts: whatever is there belongs to the session and ends
with it.
"""

from __future__ import annotations

import asyncio
import json
import math
import socket
import struct
import time
from collections.abc import Sequence
from functools import partial
from mmap import mmap
from typing import Any, NoReturn

from . import cells, outcome, processes
from .running import Forked
from .streams import Frames, Output, Publish

IDLE_S = 0.5
"""Between two looks at the limits while no cell runs."""
ROOM = 1000
"""What else the user may start while the session lasts, beyond what runs when it starts: ``RLIMIT_NPROC`` counts the
user's processes, and the watchdog the session's."""
_PARTS = ("code", "inputs", "files", "export")


class Session:
    """A session, from fork to reaped. What its process does between two cells is output of the next one.

    Args:
        request: for the first cell, see ``Supervisor.codesteer_cell``; the limits but those of time hold for all.
        data: named inputs, already loaded.
    """

    def __init__(self, request: dict[str, Any], data: dict[str, Any]) -> None:
        self._keep = request["limits"]["output_bytes"]
        self._count = self._cells = 0
        self._running = False
        self._lost = ""
        self._listener: Publish | None = None
        self._held: list[tuple[str, dict[str, Any]]] = []
        self._output = Output(self._keep, self._publish)
        self._frames = Frames(self._display, self._progress)
        self._idle: asyncio.Task[None] | None = None
        mine, other = socket.socketpair()
        mine.setblocking(False)
        self._requests = mine
        wanted = {
            **request,
            "limits": {**request["limits"], "cpu_seconds": None},
            "read": [*request["read"], request["given"]],
            "processes_now": request["processes_now"] + ROOM,
        }

        def child(journals: Sequence[mmap], pipes: Sequence[int]) -> NoReturn:
            cells.main(wanted, data, journals, [*pipes, other.fileno()])

        sinks = (partial(self._hear, "stdout"), partial(self._hear, "stderr"), self._report)
        self._forked = Forked(request, sinks, child)
        other.close()

    # What the worker says

    def _publish(self, kind: str, content: dict[str, Any]) -> None:
        if self._listener is not None:
            self._listener(kind, content)
        elif kind == "stream" and self._held and self._held[-1][1].get("name") == content["name"]:
            # One message for what comes in drops: what is held stays as small as its text.
            self._held[-1][1]["text"] += content["text"]
        else:
            self._held.append((kind, content))

    def _hear(self, stream: str, data: bytes) -> None:
        self._output.streams[stream].feed(data)

    def _display(self, kind: str, bundle: dict[str, str]) -> None:
        self._output.display(kind, bundle)

    def _report(self, data: bytes) -> None:
        self._frames.feed(data)
        if self._frames.broken:
            self._forked.settled.set()

    def _progress(self, content: dict[str, Any]) -> None:
        # A cell can forge these; it then only deceives itself about when it has ended.
        if not self._running or content.get("cell") != self._count:
            return
        if content["frame"] == "begun":
            self._forked.hear()
        else:
            self._forked.settled.set()

    # Running

    def interrupt(self, why: str) -> None:
        """Ask the cell to stop for the reason ``why``; a second later the session is killed."""
        self._forked.interrupt(why)

    async def cell(self, request: dict[str, Any], publish: Publish) -> dict[str, Any]:
        """Run one cell; returns the content of the reply.

        ``state`` in it says whether the next cell will find the namespace: ``kept`` or ``lost``. A session that was
        lost before runs nothing; the reply then is ``{"failure": "lost", "reason": ...}``.
        """
        asked = request["code"] is not None
        if asked:
            self._listener = publish
            for held in self._held:
                publish(*held)
            self._held.clear()
        try:
            # Without a pause until the cell has begun, so that no interrupt comes between.
            self._wake()
            if self._lost:
                self._output.flush(time.monotonic(), final=True)
                return {"failure": "lost", "reason": self._lost}
            reply = await self._run(request, asked)
        except Exception:
            self.end()
            raise
        finally:
            if asked:
                self._listener = None
                self._output = Output(self._keep, self._publish)
        if reply["state"] == "kept":
            self._idle = asyncio.ensure_future(self._rest())
        return reply

    async def _run(self, request: dict[str, Any], asked: bool) -> dict[str, Any]:
        forked, limits = self._forked, request["limits"]
        self._count += 1
        self._running = True
        self._cells += asked
        forked.begin(limits)
        forked.hears = False
        used = processes.processor_seconds(forked.pid)
        told = {part: request[part] for part in _PARTS}
        text = json.dumps({**told, "cell": self._count, "name": f"cell {self._cells}"}).encode("ascii")
        started = time.monotonic()
        sending = asyncio.ensure_future(
            asyncio.get_running_loop().sock_sendall(self._requests, struct.pack("!I", len(text)) + text)
        )
        sending.add_done_callback(lambda sent: sent.cancelled() or sent.exception())
        output = self._output
        await forked.watch(started + limits["seconds"], output.flush)
        seconds = time.monotonic() - started
        self._running = False
        broken = not forked.ended and (self._frames.broken or not sending.done())
        sending.cancel()
        if forked.ended or broken:
            reply = self._conclude(limits, seconds, used, broken=broken)
        else:
            forked.drain()
            failed = "error" in self._frames.by_kind
            end = outcome.End(
                code=1 if failed else 0,
                by="",
                seconds=seconds,
                cpu_seconds=processes.processor_seconds(forked.pid) - used,
                peak=max(forked.peak, processes.peak(forked.pid)),
            )
            reply = {**self._told(end, limits), "exit_code": None, "state": "kept"}
        if asked:
            output.flush(time.monotonic(), final=True)
            self._frames.renew()
        else:
            # What else has been reported belongs to the next cell.
            for kind in ("error", "exports"):
                self._frames.by_kind.pop(kind, None)
        return reply

    def _conclude(self, limits: dict[str, Any], seconds: float, used: float, *, broken: bool) -> dict[str, Any]:
        """End what is left of a session whose process has ended, or cannot be trusted to answer any more."""
        status, usage = self._forked.end()
        self._requests.close()
        end = outcome.from_wait(status, usage, seconds, self._forked.peak, math.inf)
        end = end._replace(cpu_seconds=max(0.0, end.cpu_seconds - used))
        if broken or end.code == cells.BROKEN:
            end = end._replace(code=None, by="SessionBroken")
        reply = {**self._told(end, limits), "state": "lost"}
        if end.by == "SessionBroken" and reply["status"] == "died":
            reply["error_text"] = "the cell broke what the session is run by: its pipes, or modules of Python"
        how = f"{reply['status']}: {reply['error_text']}"
        if end.code is not None:
            how = f"it left with exit code {end.code}"
        elif reply["status"] == "interrupted":
            how = "it was interrupted and did not obey"
        self._lost = reply["reason"] = how
        return reply

    def _told(self, end: outcome.End, limits: dict[str, Any]) -> dict[str, Any]:
        return outcome.reply(end, self._forked.stopped_by, limits, self._output.streams, self._frames)

    # Between cells

    async def _rest(self) -> None:
        self._forked.rest()
        await self._forked.watch(math.inf, lambda now: None, IDLE_S)
        # Some versions of Python forget a cancellation that comes together with the end.
        if self._idle is asyncio.current_task():
            self._wake()

    def _wake(self) -> None:
        """Stop resting, and see whether the process has lived through it."""
        idle, self._idle = self._idle, None
        if idle is None:
            return
        idle.cancel()
        forked = self._forked
        if forked.settled.is_set() and not self._lost:
            self._conclude(forked.limits, 0.0, 0.0, broken=not forked.ended)

    def end(self) -> None:
        """End the session and everything below it."""
        idle, self._idle = self._idle, None
        if idle is not None:
            idle.cancel()
        if not self._lost:
            self._lost = "it was ended"
            self._forked.end()
            self._requests.close()
