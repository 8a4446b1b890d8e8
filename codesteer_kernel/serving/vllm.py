"""vLLM as a child process: found, started, watched, stopped with its whole tree.

Its flags are those of vLLM 0.18 and later; they were checked against the parser of 0.32.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from codesteer_kernel.config import cache_dir, child_environment, writable
from codesteer_kernel.egress import client, offline
from codesteer_kernel.errors import BadInput, MissingDependency, ModelError
from codesteer_kernel.executor.child.processes import descendants
from codesteer_kernel.models.templates import LLAMA3
from codesteer_kernel.serving.settings import ServeSettings

__all__ = ["KEY_VARIABLE", "Vllm", "find_vllm", "vllm_arguments"]

KEY_VARIABLE = "VLLM_API_KEY"
_QUIET = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
START_SECONDS = 1800.0
"""A first start downloads 16 GB and compiles."""
PROGRESS_SECONDS = 10.0
TAIL_LINES = 20
LOG_BYTES = 4 * 1024**2
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def find_vllm(settings: ServeSettings) -> Path | None:
    """The vLLM executable to use; None where our own runtimes shall answer.

    Raises:
        MissingDependency: vLLM was asked for and is not there.
        BadInput: vLLM was asked for and cannot host this model, or an option needs vLLM and there is none.
    """
    asked = settings.engine == "vllm" or bool(settings.vllm)
    if settings.engine == "local" or not settings.steerer.startswith("hf/") or "?" in settings.steerer:
        if asked:
            raise BadInput(f"vLLM cannot host {settings.steerer}.", "It hosts hf/ORG/NAME and hf//FOLDER, as they are.")
        found = None
    else:
        # The environment's own programs come first, activated or not.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        found = shutil.which(settings.vllm or "vllm", path=path)
        if found is None and asked:
            raise MissingDependency(
                f"There is no program {settings.vllm or 'vllm'}.",
                "Install vLLM in an environment of its own and name it: --vllm /path/to/bin/vllm",
            )
    if found is None:
        for option in ("dtype", "quantization", "tensor_parallel", "adapters", "more"):
            if getattr(settings, option):
                said = {"adapters": "--adapter", "more": "--"}.get(option, f"--{option.replace('_', '-')}")
                cure = "Name it by --vllm, or say it to transformers: hf/NAME?quantize=4bit&adapter=FOLDER"
                raise BadInput(f"{said} is for vLLM, which is not used here.", cure)
    elif settings.socket:
        raise BadInput("vLLM is reached by TCP, guarded by its token.", "Leave out --socket, or use --engine local.")
    return Path(found) if found else None


def vllm_arguments(settings: ServeSettings, *, host: str, port: int) -> list[str]:
    """What follows ``vllm`` on its command line. No secret is among it: the key goes by the environment."""
    words = ["serve", settings.source, "--served-model-name", settings.served_name]
    words += ["--host", host, "--port", str(port)]
    words += ["--dtype", settings.dtype or "bfloat16", "--enable-prefix-caching", "--enable-prompt-tokens-details"]
    if settings.window is not None:
        words += ["--max-model-len", str(settings.window)]
    if settings.slots is not None:
        words += ["--max-num-seqs", str(settings.slots)]
    if settings.is_codesteer_v1:
        words += ["--chat-template", LLAMA3]
    if settings.quantization:
        words += ["--quantization", settings.quantization]
    if settings.tensor_parallel is not None:
        words += ["--tensor-parallel-size", str(settings.tensor_parallel)]
    if settings.adapters:
        words += ["--enable-lora", "--lora-modules", *(f"{name}={path}" for name, path in settings.adapters)]
    # No prompt in its log, no pages, no other web page's scripts.
    words += ["--max-log-len", "0", "--disable-fastapi-docs", "--allowed-origins", "[]"]
    words += ["--shutdown-timeout", str(round(settings.grace))]
    return [*words, *settings.more]


class Vllm:
    """A running vLLM; ``log`` is where its output goes (a few MiB at most).

    Its whole tree has ended when :meth:`stop` returns; if this process dies without a word, the system stops vLLM.
    """

    def __init__(self, executable: Path, arguments: list[str], *, name: str, key: str) -> None:
        self._command = [str(executable), *arguments]
        self._environment = child_environment() | {KEY_VARIABLE: key, **_QUIET}
        if offline():
            self._environment |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
        self._key = key.encode()
        self.log = cache_dir() / "logs" / f"vllm-{name}.log"
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)

    async def start(self) -> None:
        """Start it.

        Raises:
            ModelError: it cannot be executed.
        """
        writable(self.log.parent)
        # Orphans of its tree become ours, so that they can be found.
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        # A pipe of our own: asyncio's would have us wait for every worker that holds it, not for the process.
        reading, writing = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                env=self._environment,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        except OSError as fault:
            os.close(reading)
            raise ModelError(f"{self._command[0]} cannot be started ({fault.strerror}).") from None
        finally:
            os.close(writing)
        self._reading = asyncio.create_task(self._read(reading))

    @property
    def pid(self) -> int:
        """Its main process."""
        assert self._process is not None
        return self._process.pid

    @property
    def tail(self) -> str:
        """The last lines of its output."""
        return "\n".join(self._tail)

    async def ready(self, url: str, tell: Callable[[str], None]) -> None:
        """Wait until it answers at ``url``, telling every few seconds how far it is.

        Raises:
            ModelError: it ended first, or takes longer than half an hour.
        """
        import httpx

        begin = told = time.monotonic()
        async with client(httpx.AsyncClient, url, timeout=2.0) as asking:
            while time.monotonic() - begin < START_SECONDS:
                if self._process is None or self._process.returncode is not None:
                    await self.stop(0)
                    raise ModelError(f"vLLM ended while it started.\n{self.tail}", f"See {self.log}.")
                with contextlib.suppress(httpx.HTTPError):
                    if (await asking.get(f"{url}/health")).status_code == 200:
                        return
                if time.monotonic() - told >= PROGRESS_SECONDS:
                    told = time.monotonic()
                    last = self._tail[-1][:120] if self._tail else ""
                    tell(f"vLLM starts, {told - begin:.0f} s: {last}")
                await asyncio.sleep(0.25)
        raise ModelError(f"vLLM does not answer after {START_SECONDS:.0f} s.\n{self.tail}", f"See {self.log}.")

    async def ended(self) -> int:
        """Wait until it ends by itself; its exit code."""
        assert self._process is not None
        return await self._process.wait()

    async def stop(self, grace: float) -> bool:
        """Ask it to stop, give it ``grace`` seconds, then end its whole tree; whether it ended by itself."""
        process = self._process
        if process is None:
            return True
        willing = True
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), grace)
            except TimeoutError:
                willing = False
        for pid in descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        if self._reading is not None:
            await asyncio.wait({self._reading}, timeout=2.0)
        return willing

    async def _read(self, descriptor: int) -> None:
        """Keep its output: the end in memory, some MiB in the log."""
        stream = asyncio.StreamReader(limit=1 << 20)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(descriptor, "rb")
        )
        try:
            with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb", buffering=0) as log:
                while line := await _line(stream):
                    line = line.replace(self._key, b"...")
                    self._tail.append(line.decode(errors="replace").rstrip().rpartition("\r")[2])
                    if log.tell() + len(line) > LOG_BYTES:
                        log.seek(0)
                        log.truncate()
                    log.write(line)
        finally:
            transport.close()


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:  # a line without end
        return await stream.read(1 << 16)


def _die_with_parent() -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _prctl(option: int, value: int) -> None:
    """Linux's own call; elsewhere there is none, and process groups have to do."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value)
