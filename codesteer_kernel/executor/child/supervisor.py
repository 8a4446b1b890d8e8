"""The child kernel: a Jupyter kernel that forks a worker for each program and runs none itself.

It answers the standard messages, and two of its own on the shell channel:

``codesteer_run``   a request (see :meth:`Supervisor.codesteer_run`); output is published on iopub as it comes
                    (``stream``, ``display_data``), the reply is the bounded result.
``codesteer_drop``  ``{"names": [...]}``: forget named inputs.

SIGINT means: interrupt the program.
"""

# The child works with descriptors and with paths that came as text.
# ruff: noqa: PTH116, PTH123, PTH208

from __future__ import annotations

import asyncio
import codecs
import contextlib
import fcntl
import gc
import json
import mmap
import os
import re
import signal
import struct
import sys
import time
import types
import warnings
from typing import Any, ClassVar

from ipykernel.iostream import IOPubThread
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

from . import journal, namespaces, processes, rich, sandbox, space, values, worker
from .capture import Capture, clean, shorten
from .warming import Warming

GRACE_S = 1.0
"""Between the interrupt and the kill."""
WATCH_S = 0.1
WEIGH_S = 0.5
WEIGH_SHARE = 10
"""Between two looks at the disk, at least so many times as long as a look takes."""
STREAM_EVERY_S = 0.1
STREAM_BYTES = journal.LIVE_BYTES
"""Live output of one stream of one program; the rest is in the result only, as far as it is kept."""
FRAME_BYTES = 4 * 1024 * 1024
DISPLAY_BYTES = 8 * 1024 * 1024
DISPLAY_COUNT = 64
PIPE_BYTES = 1 << 20
FLOOD_PAUSE_S = 0.005
MEGABYTE = 1024 * 1024
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


class Stream:
    """One output stream of the program: captured for the result, forwarded in batches while it is short."""

    def __init__(self, keep: int, publish: Any) -> None:
        self.capture = Capture(keep)
        self._publish = publish
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._pending: list[bytes] = []
        self._sent = 0
        self._due = 0.0

    def feed(self, data: bytes) -> None:
        """Take the next bytes that the program wrote."""
        self.capture.feed(data)
        room = STREAM_BYTES - self._sent
        if room > 0:
            self._pending.append(data[:room])
            self._sent += min(room, len(data))
            self.flush(time.monotonic())

    def flush(self, now: float, *, final: bool = False) -> None:
        """Publish what is pending, at most every ``STREAM_EVERY_S`` unless it is the end."""
        if (self._pending and now >= self._due) or final:
            text = self._decoder.decode(b"".join(self._pending), final)
            self._pending.clear()
            self._due = now + STREAM_EVERY_S
            if text:
                self._publish(text)


class Frames:
    """What the worker reports. Whatever comes is bounded, and anything malformed ends the listening."""

    def __init__(self, display: Any) -> None:
        self._display = display
        self._buffer = bytearray()
        self._broken = False
        self._shown = 0
        self._bytes = 0
        self.cut = 0
        self.by_kind: dict[str, dict[str, Any]] = {}

    def feed(self, data: bytes) -> None:
        """Take the next bytes from the report pipe."""
        if self._broken:
            return
        self._buffer += data
        while len(self._buffer) >= 4:
            (length,) = struct.unpack_from("!I", self._buffer)
            if length > FRAME_BYTES:
                self._broken = True
                self._buffer.clear()
                return
            if len(self._buffer) < 4 + length:
                return
            frame = bytes(self._buffer[4 : 4 + length])
            del self._buffer[: 4 + length]
            try:
                content = json.loads(frame)
                kind = content["frame"]
            except (ValueError, KeyError, TypeError, RecursionError):
                self._broken = True
                return
            if kind == "display":
                self._show(content, length)
            elif kind in ("tier", "error", "exports"):
                # The first tier counts: it was sent before the program could speak.
                self.by_kind.setdefault(kind, content)

    def _show(self, content: dict[str, Any], length: int) -> None:
        data = content.get("data")
        kind = content.get("kind")
        self.cut += content["cut"] if isinstance(content.get("cut"), int) else 0
        if not isinstance(data, dict) or kind not in ("display", "result", "figure"):
            return
        bundle = {mime: clean(text) for mime, text in data.items() if mime in rich.MIMES and isinstance(text, str)}
        if not bundle:
            return
        self._shown += 1
        self._bytes += length
        if self._shown > DISPLAY_COUNT or self._bytes > DISPLAY_BYTES:
            self.cut += length
            return
        self._display(kind, bundle)


class Running:
    """One program, from fork to reaped."""

    def __init__(self, request: dict[str, Any], stdout: Stream, stderr: Stream, frames: Frames) -> None:
        self.request = request
        self.limits = request["limits"]
        self._pipes: dict[int, Any] = {}
        self._streams = {"stdout": stdout, "stderr": stderr}
        self._frames = frames
        self._ended = asyncio.Event()
        self._kill_at: float | None = None
        self.stopped_by: str | None = None
        self.peak = 0
        self._seen = 0
        self._weigh_at = 0.0
        self._folders = [request["work"], request["out"]]
        if request["alone"]:
            self._folders.append(namespaces.SHARED_MEMORY)

    def interrupt(self, why: str) -> None:
        """Ask the program to stop for the reason ``why``; a second later it is killed."""
        if self.stopped_by is None and not self._ended.is_set():
            self.stopped_by = why
            self._kill_at = time.monotonic() + GRACE_S
            processes.signal_group(self.pid, signal.SIGINT)

    def _kill(self, why: str) -> None:
        if self.stopped_by is None:
            self.stopped_by = why
        processes.signal_group(self.pid, signal.SIGKILL)
        processes.kill_all()

    async def run(self, data: dict[str, Any]) -> dict[str, Any]:
        """Fork, watch, reap; returns the content of the reply."""
        loop = asyncio.get_running_loop()
        pipes = [os.pipe() for _ in range(3)]
        base, base_resident = _own_weight()
        journals = [journal.allocate() for _ in range(2)]
        gc.collect(0)
        gc.freeze()
        self._crowd = processes.crowd()
        started = time.monotonic()
        self.pid = _fork()
        if self.pid == 0:
            worker.main(self.request, data, journals, *(write for _, write in pipes))
        for _, write in pipes:
            os.close(write)
        sinks = (self._streams["stdout"].feed, self._streams["stderr"].feed, self._frames.feed)
        for (read, _), sink in zip(pipes, sinks, strict=True):
            os.set_blocking(read, False)
            self._pipes[read] = sink
            loop.add_reader(read, self._read, read)
        for read, _ in pipes:
            _widen(read)
        handle = self._watch_end(loop)
        deadline = started + self.limits["seconds"]
        next_look = started + WATCH_S
        try:
            while not self._ended.is_set():
                now = time.monotonic()
                wait = min(next_look, deadline if self.stopped_by is None else now + WATCH_S) - now
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._ended.wait(), max(0.001, wait))
                now = time.monotonic()
                for stream in self._streams.values():
                    stream.flush(now)
                if now >= deadline:
                    self.interrupt("wall")
                if self._kill_at is not None and now >= self._kill_at:
                    self._kill("wall")
                    self._kill_at = now + GRACE_S
                if now >= next_look:
                    next_look = now + WATCH_S
                    self._look(base, base_resident)
        finally:
            if handle is not None:
                loop.remove_reader(handle)
                os.close(handle)
            seconds = time.monotonic() - started
            status, usage = self._reap()
            # All writers are dead, so each pipe now ends.
            for read in list(self._pipes):
                while self._read(read):
                    pass
                if read in self._pipes:
                    self._forget(read)
            gc.unfreeze()
            for kept, stream in zip(journals, self._streams.values(), strict=True):
                stream.feed(journal.rest(kept))
                kept.close()
            if self.request["alone"]:
                space.empty(namespaces.SHARED_MEMORY)
        for stream in self._streams.values():
            stream.flush(time.monotonic(), final=True)
        return self._result(status, usage, seconds)

    def _watch_end(self, loop: asyncio.AbstractEventLoop) -> int | None:
        """Set the event when the worker has ended; at once where there are pidfds, else within a few milliseconds."""
        try:
            handle = os.pidfd_open(self.pid)
        except (AttributeError, OSError):
            handle = None
        if handle is not None:
            loop.add_reader(handle, self._ended.set)
            return handle

        def poll() -> None:
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                self._ended.set()
            else:
                loop.call_later(0.005, poll)

        poll()
        return None

    def _read(self, read: int) -> bool:
        """One read of a pipe; False when there is nothing more for now."""
        if read not in self._pipes:
            return False
        try:
            data = os.read(read, PIPE_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._forget(read)
            return False
        self._pipes[read](data)
        self._seen += len(data)
        if self._seen > STREAM_BYTES and not self._ended.is_set():
            # A flood: let the pipe fill instead of being woken for each line.
            loop = asyncio.get_running_loop()
            loop.remove_reader(read)
            loop.call_later(FLOOD_PAUSE_S, self._resume, read)
        return True

    def _resume(self, read: int) -> None:
        if read in self._pipes:
            asyncio.get_running_loop().add_reader(read, self._read, read)

    def _forget(self, read: int) -> None:
        asyncio.get_running_loop().remove_reader(read)
        os.close(read)
        del self._pipes[read]

    def _look(self, base: int, base_resident: int) -> None:
        """The watchdog: memory and number of processes of the whole tree."""
        # Counting a flood of processes takes longer than the flood: hold it first.
        crowded = processes.crowd() - self._crowd > self.limits["processes"]
        with processes.frozen() if crowded else contextlib.nullcontext():
            tree = processes.descendants(os.getpid())
            if len(tree) > self.limits["processes"]:
                self._kill("processes")
                return
        limit = self.limits["memory_mb"] * MEGABYTE
        held = processes.resident(tree)
        # A fork shares what the supervisor holds. The cheap sum is the gate, the exact one decides.
        # Frozen, because a process that forks without pause holds the lock that the exact one needs.
        if held - base_resident > limit:
            with processes.frozen():
                held = max(0, processes.proportional([os.getpid(), *tree]) - base)
            if held > limit:
                self._kill("memory")
        self.peak = max(self.peak, held)
        started = time.monotonic()
        if started >= self._weigh_at:
            if space.taken(self._folders, tree) > self.limits["directory_mb"] * MEGABYTE:
                self._kill("directory_size")
            now = time.monotonic()
            self._weigh_at = now + max(WEIGH_S, WEIGH_SHARE * (now - started))

    def _reap(self) -> tuple[int, Any]:
        """The worker's wait status and resource use; on return nothing is left below this process."""
        # The worker has ended, or must: what else is here has outlived its program.
        processes.signal_group(self.pid, signal.SIGKILL)
        processes.kill_all()
        _, status, usage = os.wait4(self.pid, 0)
        processes.end_all()
        return status, usage

    def _result(self, status: int, usage: Any, seconds: float) -> dict[str, Any]:
        code = os.waitstatus_to_exitcode(status)
        error = self._frames.by_kind.get("error", {})
        name, text, trace = (_text(error.get(key)) for key in ("name", "text", "traceback"))
        cpu_seconds = usage.ru_utime + usage.ru_stime
        limit = None
        if self.stopped_by == "interrupt":
            ended = "interrupted"
        elif self.stopped_by == "wall":
            ended, limit = "timeout", "seconds"
            name, text = "Timeout", f"the program was still running after {self.limits['seconds']:g} s"
        elif self.stopped_by is not None:
            ended, limit = "killed", self.stopped_by
        elif code in (-signal.SIGXCPU, -signal.SIGKILL) and cpu_seconds >= self.limits["cpu_seconds"]:
            ended, limit = "killed", "cpu"
        elif code < 0:
            ended = "died"
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
            text = f"the program's process was ended by {name}"
        elif code == 0:
            ended = "ok"
        else:
            ended = "error"
            if not name:
                name, text = "SystemExit", str(code)
            limit = {"MemoryError": "memory", "OSError": "file_size" if "[Errno 27]" in text else None}.get(name)
        if ended == "killed":
            name, text = "LimitExceeded", _LIMIT_TEXT[str(limit)].format(**self.limits)
        streams = self._streams
        cut = {key: stream.capture.cut for key, stream in streams.items() if stream.capture.cut}
        if self._frames.cut:
            cut["outputs"] = self._frames.cut
        exports = self._frames.by_kind.get("exports", {}).get("values", {})
        return {
            "status": ended,
            "exit_code": code if code >= 0 else None,
            "stdout": streams["stdout"].capture.text(),
            "stderr": streams["stderr"].capture.text(),
            "error_name": name if ended != "ok" else "",
            "error_text": text if ended != "ok" else "",
            "traceback": _ANSI.sub("", trace) if ended != "ok" else "",
            "limit": limit,
            "seconds": seconds,
            "cpu_seconds": cpu_seconds,
            # Linux counts kilobytes, macOS bytes.
            "peak_mb": max(usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024), self.peak) / MEGABYTE,
            "cut": cut,
            "tier": self._frames.by_kind.get("tier", {}),
            "exports": exports if isinstance(exports, dict) else {},
        }


_LIMIT_TEXT = {
    "memory": "the program used more than {memory_mb} MB of memory",
    "processes": "the program started more than {processes} processes",
    "cpu": "the program used more than {cpu_seconds:g} s of processor time",
    "directory_size": "the program's files grew beyond {directory_mb} MB",
}


def _text(found: Any) -> str:
    return shorten(clean(found), 2 * worker.TEXT_KEPT) if isinstance(found, str) else ""


_weighed = (0, 0)


def _own_weight() -> tuple[int, int]:
    """Proportional and resident size of this process in bytes.

    The first takes several milliseconds to learn, so it is learnt anew only when the second has moved by a megabyte.
    """
    global _weighed
    resident = processes.resident([os.getpid()])
    if abs(resident - _weighed[1]) > MEGABYTE or not _weighed[0]:
        _weighed = processes.proportional([os.getpid()]), resident
    return _weighed[0], resident


def _widen(pipe: int) -> None:
    with contextlib.suppress(AttributeError, OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _fork() -> int:
    with warnings.catch_warnings():
        # From 3.12 on Python warns about a fork beside threads. The kernel's threads hold no lock that a worker takes.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _threads_of_user() -> int:
    """Threads of this user on the machine, which is what ``RLIMIT_NPROC`` counts; 0 for root, whom it does not bind."""
    mine, total = os.getuid(), 0
    if mine == 0:
        return 0
    for name in os.listdir("/proc") if sys.platform == "linux" else ():
        if name.isdigit():
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{name}").st_uid == mine:
                    total += len(os.listdir(f"/proc/{name}/task"))
    return total or 512


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
        self._warming = Warming(self._loop, self.policy["preload"], lambda: self._running is not None)
        self._warming.resume()

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
        request["processes_now"] = _threads_of_user()

        def publish(kind: str, content: dict[str, Any]) -> None:
            self.session.send(self.iopub_socket, kind, content, parent=parent, ident=self._topic(kind))

        def stream_to(name: str) -> Stream:
            keep = request["limits"]["output_bytes"]
            return Stream(keep, lambda text: publish("stream", {"name": name, "text": text}))

        def display(kind: str, bundle: dict[str, str]) -> None:
            publish("display_data", {"data": bundle, "metadata": {"codesteer": kind}})

        try:
            data = {name: self._input(name, held) for name, held in request["inputs"].items()}
            self._running = Running(request, stream_to("stdout"), stream_to("stderr"), Frames(display))
            reply = await self._running.run(data)
        except values.Missing as error:
            reply = {"failure": "missing", "package": str(error)}
        except Exception as error:  # noqa: BLE001 - the reason belongs in the reply, whatever it is
            reply = {"failure": "supervisor", "reason": f"{type(error).__name__}: {clean(str(error))}"}
        finally:
            self._running = None
            self._warming.resume()
        self.session.send(stream, "codesteer_reply", reply, parent, ident=ident)

    def _input(self, name: str, held: dict[str, Any]) -> Any:
        """The value of a named input, loaded once; every program gets a copy-on-write view of it."""
        path = held["path"]
        known = self._inputs.get(name)
        if known is not None and known[0] == path:
            return known[1]
        with open(path, "rb") as file:
            data: Any = file.read() if held["about"]["format"] == "json" else None
            if data is None:
                # Private: what is written there is seen by the writer alone, so that arrays need no copy.
                data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
                _touch(data)
        pickled = held["about"]["format"] == "pickle"
        value = values.Pickled(bytes(data)) if pickled else values.decode(held["about"], data)
        self._inputs[name] = (path, value)
        return value


def _touch(data: memoryview) -> None:
    """Have all of a mapped file in memory here, so that it does not count as the memory of programs that read it."""
    for page in range(0, len(data), mmap.PAGESIZE):
        data[page]


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
