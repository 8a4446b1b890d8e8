"""The process that holds one local model: llama.cpp's server on loopback, alive while somebody holds a lease.

``python -m codesteer_kernel.models.worker --model FILE --name ID --context TOKENS --slots N --grace SECONDS --log FILE``
returns as soon as a worker for ``ID`` listens on its lease socket, whether it started it or found it, so that starters
need no lock of their own. The worker itself runs on as a daemon: signals meant for the starter (a Ctrl-C in its
terminal) pass it by.

The lease socket (``ID.sock`` in the runtime folder, reachable by this user alone) speaks JSON lines, worker to client
only: one ``{"state": "loading"}``, then ``{"state": "ready", "url", "key", "context", "slots", "pid", "special"}`` or
``{"state": "failed", "code", "message", "cure"}``. The connection *is* the lease: however the client ends, the kernel
closes it. After the last one closed, the worker waits out its grace period for another, then exits. ``ID.json`` tells
what runs; the API key is never on disk.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from ..config import available_memory, default_threads, runtime_dir
from ..errors import CodeSteerError, MissingDependency, ModelError
from .gguf_header import read_gguf_header
from .locks import FileLock
from .placement import free_on_gpus, runtime_plan

__all__ = ["SLOTS", "main"]

SLOTS = 2
"""Cache lanes, where nobody asks for more: one for the steerer, one for the target."""

PROMPT_CACHE_MIB = 512
"""Host memory for prefixes that had to leave their lane (llama.cpp's own default is 8192)."""

LOG_BYTES = 1 << 20


def main(arguments: list[str] | None = None) -> int:
    """Entry point; see the module's text. Returns 0 when a worker listens."""
    parser = argparse.ArgumentParser(prog="python -m codesteer_kernel.models.worker")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--context", type=int, default=4096)
    parser.add_argument("--slots", type=int, default=SLOTS)
    parser.add_argument("--grace", type=float, default=120.0)
    parser.add_argument("--log", type=Path, required=True)
    given = parser.parse_args(arguments)

    folder = runtime_dir()
    alive = FileLock(folder / f"{given.name}.lock")
    if not alive.acquire():
        return 0
    _sweep(folder, given.name)
    address = folder / f"{given.name}.sock"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(address))
    listener.listen(64)

    if os.fork():
        os._exit(0)
    os.setsid()
    import resource  # where there is fork, there is this

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash must not leave prompts and weights on the disk
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _redirect(given.log)
    worker = _Worker(given.model, given.context, given.slots, given.log)
    note = folder / f"{given.name}.json"
    try:
        _write_private(note, {"pid": os.getpid(), "model": str(given.model), "since": time.time()})
        asyncio.new_event_loop().run_until_complete(worker.serve(listener, given.grace))
    finally:
        for leftover in (address, note):
            leftover.unlink(missing_ok=True)
        # The C++ server has no shutdown that waits for nothing; nobody holds a lease, so nothing is lost.
        os._exit(0)


class _Worker:
    def __init__(self, model: Path, context: int, slots: int, log: Path) -> None:
        self.model, self.context, self.slots, self.log = model, context, slots, log
        self.server: Any = None
        self.state: dict[str, Any] = {"state": "loading"}
        self.settled = asyncio.Event()
        self.leases = 0
        self.changed = asyncio.Event()

    async def serve(self, listener: socket.socket, grace: float) -> None:
        """Hand out leases until nobody wants one for ``grace`` seconds, or until SIGTERM."""
        await asyncio.start_unix_server(self._lease, sock=listener)
        ended = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
        tasks = [asyncio.ensure_future(work) for work in (self._load(), self._until_unused(grace), ended.wait())]
        await asyncio.wait(tasks[1:], return_when=asyncio.FIRST_COMPLETED)

    async def _load(self) -> None:
        try:
            state = await asyncio.to_thread(self._load_blocking)
        except CodeSteerError as fault:
            state = _failed(fault)
        except ImportError as fault:
            reason = f"The local runtime cannot be imported ({fault})."
            state = _failed(MissingDependency(reason, "Run: pip install xllamacpp"))
        except Exception as fault:  # noqa: BLE001 - the reason goes to the clients; this process has nobody else to tell
            reason = f"{self.model} could not be loaded ({fault})."
            state = _failed(ModelError(reason, f"Is it a whole GGUF file? See {self.log}."))
        self.state = state
        self.settled.set()

    def _load_blocking(self) -> dict[str, Any]:
        import xllamacpp

        header = read_gguf_header(self.model)
        plan = runtime_plan(
            self.model.name,
            self.model.stat().st_size,
            header,
            context=self.context,
            lanes=self.slots,
            memory=available_memory(),
            gpus=free_on_gpus(xllamacpp.get_device_info()),
        )
        threads = default_threads()
        key = secrets.token_urlsafe(32)
        params = xllamacpp.CommonParams()
        params.model.path = str(self.model)
        params.model_alias = {self.model.stem}
        params.hostnames = ["127.0.0.1"]
        params.port = 0
        params.api_keys = [key]
        params.cors_origins = "null"
        params.cors_credentials = False
        params.ui = False
        params.n_parallel = self.slots
        params.n_ctx = plan.context * self.slots
        params.kv_unified = False
        params.cpuparams.n_threads = threads
        params.cpuparams_batch.n_threads = threads
        params.n_batch = params.n_ubatch = plan.batch
        params.n_gpu_layers = plan.gpu_layers
        params.cache_prompt = True
        params.cache_ram_mib = PROMPT_CACHE_MIB
        params.endpoint_slots = True
        params.use_jinja = True
        params.fit_params = False
        params.sse_ping_interval = 10
        params.verbosity = 2
        self.server = xllamacpp.Server(params)
        return {
            "state": "ready",
            "url": self.server.listening_address,
            "key": key,
            "context": plan.context,
            "slots": self.slots,
            "pid": os.getpid(),
            "special": header.special,
        }

    async def _lease(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.leases += 1
        self.changed.set()
        try:
            writer.write(_line(self.state))
            if not self.settled.is_set():
                gone = asyncio.ensure_future(reader.read())
                settled = asyncio.ensure_future(self.settled.wait())
                await asyncio.wait({gone, settled}, return_when=asyncio.FIRST_COMPLETED)
                settled.cancel()
                if not gone.done():
                    writer.write(_line(self.state))
                    await gone
            else:
                await reader.read()
        except OSError:
            pass
        finally:
            self.leases -= 1
            self.changed.set()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _until_unused(self, grace: float) -> None:
        """Return when no lease was held for ``grace`` seconds, or when loading failed and everybody has heard it.

        The time counts from the end of loading: until then this loop may be held up, and clients wait at the door.
        """
        await self.settled.wait()
        if self.state["state"] == "failed":
            grace = min(grace, 1.0)
        while True:
            self.changed.clear()
            try:
                await asyncio.wait_for(self.changed.wait(), 30.0 if self.leases else grace)
            except TimeoutError:
                await asyncio.sleep(0.05)  # whoever knocks at this moment comes in first
                if not self.leases and not self.changed.is_set():
                    return
            _cap(self.log)


def _failed(fault: CodeSteerError) -> dict[str, Any]:
    return {"state": "failed", "code": fault.code, "message": fault.message, "cure": fault.cure}


def _line(state: dict[str, Any]) -> bytes:
    return json.dumps(state).encode() + b"\n"


def _write_private(path: Path, content: dict[str, Any]) -> None:
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file)
    fresh.replace(path)


def _sweep(folder: Path, mine: str) -> None:
    """Remove what killed workers left: the sockets and notes of names whose lock nobody holds, and of ``mine``."""
    for lock in folder.glob("*.lock"):
        probe = FileLock(lock)
        if lock.stem == mine or probe.acquire():
            (folder / f"{lock.stem}.sock").unlink(missing_ok=True)
            (folder / f"{lock.stem}.json").unlink(missing_ok=True)
            probe.release()


def _redirect(log: Path) -> None:
    """Send output to the log (which the server's own, prompt-free messages go to) and read nothing."""
    _cap(log)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.dup2(nothing, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(out)
    os.close(nothing)


def _cap(log: Path) -> None:
    with contextlib.suppress(OSError):
        if log.stat().st_size > LOG_BYTES:
            os.truncate(log, 0)


if __name__ == "__main__":
    raise SystemExit(main())
