"""One host from its start to its end: claim the name, load the model, answer, tell, stop."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from codesteer_kernel.egress import is_loopback
from codesteer_kernel.errors import BadInput, ModelError
from codesteer_kernel.models import open_model
from codesteer_kernel.models.aliases import expand
from codesteer_kernel.models.discovery import HOST_KEY, HOST_URL, UNKNOWN_SERVER, Host, Notice
from codesteer_kernel.models.registry import check_allowed
from codesteer_kernel.serving.addresses import called, free_port, listening, make_token, token_path, url_of
from codesteer_kernel.serving.settings import ServeSettings
from codesteer_kernel.serving.vllm import Vllm, find_vllm, vllm_arguments

__all__ = ["serve"]

SLOTS = 4
"""Lanes of the local runtime: each costs the memory of its cache (115 MB for 4096 tokens of the 1.5B)."""

STOPPED, FAILED, CUT = 0, 1, 3


async def serve(settings: ServeSettings, tell: Callable[[str], None], announce: Callable[[str], None]) -> int:
    """Host a model until SIGTERM or SIGINT; a second signal cuts what still runs.

    Args:
        settings: what to host and how.
        tell: hears how the start and the stop go.
        announce: hears, once the host answers, where it is and how a notebook uses it.

    Returns:
        0 when everything that ran was finished, 3 when answers were cut, 1 when the model's process ended by itself.

    Raises:
        NotAllowed: the administrator does not allow the model.
        BadInput: another host has the name, the port or the socket, or an option cannot be had.
        CodeSteerError: what keeps the model from being loaded.
    """
    check_allowed(expand(settings.steerer))
    executable = find_vllm(settings)
    notice = Notice(settings.served_name)
    if not notice.claim():
        raise BadInput(
            f"A host called {settings.served_name} runs already.",
            f"Stop it (codesteer serve stop {settings.served_name}), or give this one another name by --name.",
        )
    try:
        notice.clear()
        with _signals() as stop:
            if executable is None:
                return await _serve_here(settings, notice, stop, tell, announce)
            return await _serve_vllm(executable, settings, notice, stop, tell, announce)
    finally:
        notice.release()


class _Stop:
    """Whether the host was asked to stop (``asked``), and to stop at once (``now``)."""

    def __init__(self) -> None:
        self.asked, self.now = asyncio.Event(), asyncio.Event()

    def signalled(self) -> None:
        (self.now if self.asked.is_set() else self.asked).set()

    async def before(self, work: asyncio.Future[Any]) -> bool:
        """Wait for ``work`` or for the wish to stop; whether the work came first. If not, it is cancelled."""
        asked = asyncio.ensure_future(self.asked.wait())
        try:
            await asyncio.wait({asked, work}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
        if not self.asked.is_set():
            return True
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        return False


async def _end(stop: _Stop, drain: Callable[[float], Coroutine[Any, Any, bool]], grace: float) -> int:
    """``drain(grace)``, or ``drain(0)`` as soon as the user is in a hurry; the exit code."""
    gently, hurried = asyncio.create_task(drain(grace)), asyncio.create_task(stop.now.wait())
    await asyncio.wait({gently, hurried}, return_when=asyncio.FIRST_COMPLETED)
    hurried.cancel()
    if gently.done():
        return STOPPED if gently.result() else CUT
    gently.cancel()
    await drain(0)
    return CUT


@contextmanager
def _signals() -> Iterator[_Stop]:
    loop, stop = asyncio.get_running_loop(), _Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.signalled)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


# -- our own runtimes


async def _serve_here(
    settings: ServeSettings,
    notice: Notice,
    stop: _Stop,
    tell: Callable[[str], None],
    announce: Callable[[str], None],
) -> int:
    from codesteer_kernel.serving.front import Front
    from codesteer_kernel.serving.queueing import FairQueue

    # Both may be refused, which is better known before a model is loaded.
    token = "" if settings.socket and not settings.token_file else make_token(settings, notice)
    with listening(settings) as sockets:
        async with _model(settings, stop, tell) as model:
            if model is None:
                return STOPPED
            slots = min(getattr(model, "slots", 1), settings.slots or SLOTS)
            host = Host(
                name=settings.served_name,
                model=model.name,
                dialect=getattr(model, "dialect", None),
                context=model.context_window,
                abilities=model.abilities,
                slots=slots,
                pid=os.getpid(),
                since=time.time(),
                token_file=str(token_path(settings, notice)) if token else "",
                url=f"{url_of(settings, sockets[0])}/v1",
                socket=str(sockets[0].getsockname()) if settings.socket else "",
            )
            names = None if settings.socket else called(settings)
            front = Front(model, host, FairQueue(slots, settings.queue), token=token, names=names)
            front.listen(sockets)
            notice.publish(host)
            announce(_greeting(host, settings))
            await stop.asked.wait()
            notice.withdraw()
            tell(f"Stopping: {len(front.working)} answers are finished, for at most {settings.grace:g} s.")
            return await _end(stop, front.drain, settings.grace)


@asynccontextmanager
async def _model(settings: ServeSettings, stop: _Stop, tell: Callable[[str], None]) -> AsyncIterator[Any]:
    """The model, loaded; None where the wish to stop came first."""
    model: Any = open_model(settings.steerer, context=settings.window)
    if not model.abilities.local or not hasattr(model, "ready"):
        raise BadInput(f"{model.name} does not run on this machine.", "Host an hf/ or a local/ model.")
    if hasattr(model, "slots"):
        model.slots = settings.slots or SLOTS
    elif (settings.slots or 1) > 1:
        tell(f"{model.name} writes one answer at a time: --slots is not used.")
    heard = ""

    def progress(event: Any) -> None:
        nonlocal heard
        share = f" {event.done / event.total:.0%}" if event.total and event.done else ""
        line = f"{event.note or event.source}{share}"
        if line != heard:
            heard = line
            tell(line)

    try:
        loading = asyncio.ensure_future(model.ready(progress))
        if not await stop.before(loading):
            yield None
            return
        await loading
        wanted = settings.slots
        if wanted is not None and getattr(model, "slots", wanted) < wanted:
            tell(f"The model was loaded already, with {model.slots} slots, which are shared now.")
        yield model
    finally:
        await model.aclose()


# -- vLLM


async def _serve_vllm(
    executable: Path,
    settings: ServeSettings,
    notice: Notice,
    stop: _Stop,
    tell: Callable[[str], None],
    announce: Callable[[str], None],
) -> int:
    token = make_token(settings, notice)
    port, url = free_port(settings)
    vllm = Vllm(
        executable,
        vllm_arguments(settings, host=settings.host, port=port),
        name=settings.served_name,
        key=token,
    )
    await vllm.start()
    try:
        tell(f"Starting vLLM (process {vllm.pid}); its log is {vllm.log}")
        starting = asyncio.ensure_future(vllm.ready(url, tell))
        if not await stop.before(starting):
            return STOPPED
        await starting
        host = Host(
            name=settings.served_name,
            model=settings.steerer,
            url=f"{url}/v1",
            engine="vllm",
            context=settings.window,
            abilities=UNKNOWN_SERVER,
            adapters=tuple(name for name, _ in settings.adapters),
            pid=os.getpid(),
            since=time.time(),
            token_file=str(token_path(settings, notice)),
        )
        notice.publish(host)
        announce(_greeting(host, settings))
        ended = asyncio.ensure_future(vllm.ended())
        if await stop.before(ended):
            notice.withdraw()
            await vllm.stop(0)
            raise ModelError(f"vLLM ended with exit code {ended.result()}.\n{vllm.tail}", f"See {vllm.log}.")
        notice.withdraw()
        tell(f"Stopping vLLM, for at most {settings.grace:g} s.")
        return await _end(stop, vllm.stop, settings.grace)
    finally:
        await vllm.stop(1.0)


def _greeting(host: Host, settings: ServeSettings) -> str:
    each = f", {host.context} tokens each" if host.context else ""
    slots = f"{host.slots} at a time{each}" if host.slots else f"by vLLM{each}"
    lines = [
        f"{host.model} is served as {host.name} at {host.address} ({slots}); codesteer serve stop {host.name} ends it."
    ]
    lines.append(
        f"In a notebook on this machine: %%codesteer --steerer {host.model}   (or --steerer hosted/{host.name})"
    )
    key = f' {HOST_KEY}="$(cat {host.token_file})"' if host.token_file else ""
    lines.append(f"By its address: export {HOST_URL}={host.address}{key}")
    if not is_loopback(f"http://[{settings.host}]" if ":" in settings.host else f"http://{settings.host}"):
        lines.append("Warning: other machines reach it, and nothing on the way is encrypted, the token included.")
    return "\n".join(lines)
