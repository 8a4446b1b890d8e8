"""Find or start the worker process that holds a local model, and keep it by a lease.

One load per machine, user and weights file, however many notebooks ask: see :mod:`.worker` for the protocol.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from ..config import available_memory, cache_dir, child_environment, runtime_dir, worker_grace, writable
from ..errors import CodeSteerError, MissingDependency, ModelError, OutOfMemory
from .gguf_header import read_gguf_header
from .locks import FileLock
from .placement import runtime_needs
from .pull import Progress, ProgressEvent
from .worker import SLOTS

__all__ = ["Host", "Lease", "lease", "memory_needed", "running"]

START_SECONDS = 60.0
LOAD_SECONDS = 600.0


_KINDS: dict[str, type[CodeSteerError]] = {kind.code: kind for kind in (MissingDependency, OutOfMemory)}
"""What the worker's refusals are; the others are model errors."""


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """A running worker: its process, the weights file it holds, and the Unix time of its start."""

    pid: int
    model: str
    since: float


class Lease:
    """A claim on a loaded model; closing it (or dying) gives the claim back.

    ``url`` is the loopback address of its server, ``context`` the window of one lane in tokens, ``slots`` the number
    of lanes, ``pid`` the worker, ``special`` the texts of the model's control tokens.
    """

    def __init__(self, connection: socket.socket, state: dict[str, Any]) -> None:
        self._connection = connection
        self.url: str = state["url"]
        self.key: str = state["key"]
        self.context: int = state["context"]
        self.slots: int = state["slots"]
        self.pid: int = state["pid"]
        self.special: list[str] = state["special"]

    def __repr__(self) -> str:
        return f"<Lease of worker {self.pid}>"

    @property
    def alive(self) -> bool:
        """Whether the worker still holds its end."""
        try:
            return self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def close(self) -> None:
        """Give the claim back. Idempotent."""
        self._connection.close()

    def __del__(self) -> None:
        self._connection.close()


def _identity(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:12]


def log_path(path: Path) -> Path:
    """Where the worker of the weights at ``path`` logs (no prompts, at most about a MiB)."""
    return cache_dir() / "logs" / f"worker-{_identity(path)}.log"


def memory_needed(path: Path, context: int = 4096, slots: int = SLOTS) -> int:
    """Bytes that the model in the GGUF file at ``path`` takes once it runs, ``context`` tokens in each of its lanes.

    Raises:
        ModelError: it is no GGUF file.
    """
    return runtime_needs(path.stat().st_size, read_gguf_header(path), context=context, lanes=slots)


async def lease(path: Path, *, context: int = 4096, slots: int = SLOTS, progress: Progress | None = None) -> Lease:
    """A lease of the model in the GGUF file at ``path``, loading it where no worker has it yet.

    ``context`` (tokens per lane) and ``slots`` (lanes) count for the one who starts the worker.

    Raises:
        OutOfMemory: the machine has not enough free memory to load it; found before loading.
        MissingDependency: the runtime is not installed.
        ModelError: the file cannot be loaded, or the worker dies while loading.
    """
    address = runtime_dir() / f"{_identity(path)}.sock"
    deadline = time.monotonic() + START_SECONDS
    pause = 0.02
    told = False

    def tell() -> None:
        nonlocal told
        if progress is not None and not told:
            told = True
            size, needs, free = path.stat().st_size, memory_needed(path, context, slots), available_memory()
            has = "" if free is None else f", {free / 1e9:.1f} GB free"
            note = f"loading {size / 1e9:.1f} GB model: needs {needs / 1e9:.1f} GB of memory{has}"
            progress(ProgressEvent(done=0, total=size, source="load", note=note))

    while True:
        connection = await _connect(address)
        if connection is None:
            tell()
            await _start(path, context, slots)
            connection = await _connect(address)
        if connection is not None:
            try:
                state = await asyncio.wait_for(_await_ready(connection, path, tell), LOAD_SECONDS)
            except BaseException:
                connection.close()
                raise
            if state is not None:
                return Lease(connection, state)
            # The worker was just leaving, or died: a few more tries tell which.
            connection.close()
        if time.monotonic() > deadline:
            raise ModelError(f"The worker process of {path.name} does not start.", f"See {log_path(path)}.")
        await asyncio.sleep(pause)
        pause = min(2 * pause, 1.0)


async def _connect(address: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(connection, str(address))
    except OSError:
        connection.close()
        return None
    except BaseException:
        connection.close()
        raise
    return connection


async def _await_ready(connection: socket.socket, path: Path, tell: Callable[[], None]) -> dict[str, Any] | None:
    """What the worker says once it is ready; None where it left without a word.

    Raises:
        ModelError: loading failed, or the worker died while loading.
    """
    loop = asyncio.get_running_loop()
    buffer = b""
    loading = False
    while True:
        while b"\n" not in buffer:
            try:
                chunk = await loop.sock_recv(connection, 4096)
            except OSError:
                chunk = b""
            if not chunk:
                if loading:
                    raise ModelError(
                        f"The worker process died while it loaded {path.name}.",
                        f"The machine may be out of memory, or the file damaged; see {log_path(path)}.",
                    )
                return None
            buffer += chunk
        line, _, buffer = buffer.partition(b"\n")
        state: dict[str, Any] = json.loads(line)
        if state["state"] == "ready":
            return state
        if state["state"] == "failed":
            raise _KINDS.get(state["code"], ModelError)(state["message"], state["cure"])
        loading = True
        tell()


async def _start(path: Path, context: int, slots: int) -> None:
    log = log_path(path)
    writable(log.parent)
    environment = child_environment()
    # -P keeps the notebook's folder off the worker's path, so that no file there can pose as a module.
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    command = [sys.executable, "-P", "-m", "codesteer_kernel.models.worker", "--model", str(path.resolve())]
    command += ["--name", _identity(path), "--context", str(context), "--slots", str(slots)]
    command += ["--grace", str(worker_grace()), "--log", str(log)]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            cwd="/",
            start_new_session=True,
            text=True,
            errors="replace",
            timeout=START_SECONDS,
            check=False,
        )

    try:
        done = await asyncio.to_thread(run)
    except subprocess.TimeoutExpired:
        raise ModelError(f"The worker process of {path.name} does not start.", f"See {log}.") from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise ModelError(f"The worker process of {path.name} did not start ({last[0]}).")


def running() -> list[Host]:
    """The workers of this user on this machine."""
    found = []
    for note in sorted(runtime_dir().glob("*.json")):
        lock = FileLock(note.with_suffix(".lock"))
        if lock.acquire():
            lock.release()
            continue
        with contextlib.suppress(OSError, msgspec.DecodeError):
            found.append(msgspec.json.decode(note.read_bytes(), type=Host))
    return found
