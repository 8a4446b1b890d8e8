"""``codesteer.solve``, ``asolve`` and ``steer``: a steered run from code, with the same record as a cell's."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import msgspec

from codesteer_kernel.errors import UnknownName, nearest
from codesteer_kernel.record import Record
from codesteer_kernel.record import events as ev
from codesteer_kernel.run import LiveRun, Run, RunFailed, RunSettings, engine

__all__ = ["acheck", "asolve", "check", "last", "remember", "settings_of", "solve", "steer"]

last: Run | None = None

OnEvent = Callable[[ev.Event, Record], None]


def solve(
    prompt: str,
    *,
    inputs: Mapping[str, Any] | None = None,
    outputs: Sequence[str] = (),
    on_event: OnEvent | None = None,
    raise_on_failure: bool = True,
    **settings: Any,
) -> Run:
    """Steer ``prompt`` to an answer and return the run; blocks. An interrupt stops the run and returns what it has.

    Args:
        prompt: the question, taken as typed.
        inputs: named values that programs may use; the models see a summary only.
        outputs: names to bring back from the winning program, in ``Run.values``.
        on_event: called (in another thread) for every event, with the record after it.
        raise_on_failure: raise when the run ended without an answer.
        settings: the fields of :class:`RunSettings`: ``target``, ``steerer``, ``rounds``, ``seconds``, ...

    Raises:
        RunFailed: the run failed; its ``run`` holds everything it did.
        UnknownName: there is no such setting.
        CodeSteerError: nothing was started: empty prompt, unknown model, missing key, ...
    """
    live = _submit(prompt, inputs, outputs, on_event, settings)
    return _settled(_waited(live), raise_on_failure)


async def asolve(
    prompt: str,
    *,
    inputs: Mapping[str, Any] | None = None,
    outputs: Sequence[str] = (),
    on_event: OnEvent | None = None,
    raise_on_failure: bool = True,
    **settings: Any,
) -> Run:
    """:func:`solve` without blocking the event loop. Cancelling stops the run; its journal keeps what it has."""
    live = _submit(prompt, inputs, outputs, on_event, settings)
    return _settled(await _joined(live), raise_on_failure)


def check(
    prompt: str,
    answer: str,
    *,
    inputs: Mapping[str, Any] | None = None,
    on_event: OnEvent | None = None,
    **settings: Any,
) -> Run:
    """Have the checkers look at an answer to ``prompt`` and return the run of one round; blocks, steers nothing.

    Args:
        prompt: the question.
        answer: an answer in words, or a program in a fenced block of Python, which is rated and run.
        inputs: named values that the program, and the test of it, may use.
        on_event: called (in another thread) for every event, with the record after it.
        settings: the fields of :class:`RunSettings`; ``checker`` (default: ``target``) is the model that writes the test.

    Returns:
        The run: ``.verdict`` is what the test said, ``.rounds[0]`` has everything.

    Raises:
        As :func:`solve`.
    """
    live = _submit(prompt, inputs, (), on_event, settings, given=answer)
    return _settled(_waited(live), True)


async def acheck(
    prompt: str,
    answer: str,
    *,
    inputs: Mapping[str, Any] | None = None,
    on_event: OnEvent | None = None,
    **settings: Any,
) -> Run:
    """:func:`check` without blocking the event loop. Cancelling stops the run."""
    live = _submit(prompt, inputs, (), on_event, settings, given=answer)
    return _settled(await _joined(live), True)


def remember(run: Run) -> Run:
    """Make ``run`` the one that ``codesteer.last`` names."""
    global last
    last = run
    return run


async def steer(
    prompt: str,
    *,
    inputs: Mapping[str, Any] | None = None,
    outputs: Sequence[str] = (),
    **settings: Any,
) -> AsyncIterator[ev.Event]:
    """Steer ``prompt`` and yield the run's events as they happen, the last one ``RunEnded``.

    Close it when you leave early::

        async with contextlib.aclosing(codesteer.steer("...")) as events:
            async for event in events: ...

    ``codesteer_kernel.record.fold`` makes the record of them. Leaving the iteration stops the run. Arguments and what is
    raised before the first event as for :func:`solve`.
    """
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[ev.Event] = asyncio.Queue()

    def hand_over(event: ev.Event, _record: Record) -> None:
        loop.call_soon_threadsafe(waiting.put_nowait, event)

    live = _submit(prompt, inputs, outputs, hand_over, settings)
    try:
        while True:
            event = await waiting.get()
            yield event
            if isinstance(event, ev.RunEnded):
                break
        remember(await live.join())
    finally:
        live.stop()


def settings_of(given: Mapping[str, Any]) -> RunSettings:
    """The settings of a run by their names; those that are not given are the configured ones.

    Raises:
        UnknownName: there is no such setting; the nearest is suggested.
    """
    known = RunSettings.__struct_fields__
    for name in given:
        if name not in known:
            raise UnknownName(f"There is no setting {name!r}.", nearest(name, known) or f"Known: {', '.join(known)}.")
    return msgspec.structs.replace(_defaults(), **given)


def _waited(live: LiveRun) -> Run:
    """The run, once it has ended; the kernel's interrupt stops it and keeps what it has."""
    try:
        return live.wait()
    except KeyboardInterrupt:
        live.stop()
        return live.wait(timeout=30)


async def _joined(live: LiveRun) -> Run:
    """The run, once it has ended; being cancelled stops it."""
    try:
        return await live.join()
    except asyncio.CancelledError:
        live.stop()
        raise


def _defaults() -> RunSettings:
    """What the notebook's ``%config CodeSteer`` says, or, where the extension is not loaded, the configuration files."""
    core = sys.modules.get("IPython.core.getipython")
    shell = core.get_ipython() if core is not None else None
    magics = getattr(shell, "_codesteer_magics", None)
    if magics is None:
        from codesteer_kernel.configuring import configured

        magics = configured()
    settings: RunSettings = magics.settings()
    return settings


def _submit(
    prompt: str,
    inputs: Mapping[str, Any] | None,
    outputs: Sequence[str],
    on_event: OnEvent | None,
    settings: dict[str, Any],
    given: str | None = None,
) -> LiveRun:
    return engine().submit(
        prompt, settings_of(settings), inputs=inputs, outputs=tuple(outputs), given=given, on_event=on_event
    )


def _settled(run: Run, raise_on_failure: bool) -> Run:
    remember(run)
    if raise_on_failure and run.status == "failed":
        raise RunFailed(run)
    return run
