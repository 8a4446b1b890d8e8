from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tornado.netutil import bind_sockets

from codesteer_kernel.models.catalogue import Entry, entry
from codesteer_kernel.models.discovery import Host
from codesteer_kernel.models.openai import OpenAIModel
from codesteer_kernel.models.providers import resolve
from codesteer_kernel.models.pull import pull_sync
from codesteer_kernel.serving.front import Front
from codesteer_kernel.serving.queueing import FairQueue
from tests.scripted import Reply, Request, ScriptedServer
from tests.serving.process import HostProcess

TOKEN = "canary-token-of-the-front"
Script = list[Reply | str] | Callable[[Request], Reply | str]


@pytest.fixture(scope="module")
def runtime() -> Iterator[Path]:
    """A runtime folder of the module's own, its path short enough for sockets; all of its hosts end with it."""
    folder = Path(tempfile.mkdtemp(prefix="cs-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        patch.setenv("CODESTEER_WORKER_GRACE", "0.3")
        try:
            yield folder
        finally:
            HostProcess.end_all()
            shutil.rmtree(folder)


@pytest.fixture(scope="session")
def smollm() -> Entry:
    """SmolLM2's entry, its weights in the user's cache (98 MB, fetched the first time)."""
    known = entry("smollm2-135m")
    pull_sync(known)
    return known


@asynccontextmanager
async def fronted(
    script: Script, *, slots: int = 1, queue: int = 8, token: str = TOKEN, window: int | None = None, buffer: int = 0
) -> AsyncIterator[tuple[Front, ScriptedServer]]:
    """A front before a scripted model server, in this loop."""
    async with ScriptedServer(script) as behind:
        model: Any = OpenAIModel(resolve("llamacpp", "behind", base_url=f"{behind.url}/v1"))
        model.context_window = window
        sockets = bind_sockets(0, "127.0.0.1")
        if buffer:
            sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}/v1"
        host = Host(name="front", model="hf/some/front", url=url, abilities=model.abilities, context=window)
        front = Front(model, host, FairQueue(slots, queue), token=token, names=frozenset({"localhost"}))
        front.listen(sockets)
        try:
            yield front, behind
        finally:
            await front.drain(0)
            await model.aclose()
