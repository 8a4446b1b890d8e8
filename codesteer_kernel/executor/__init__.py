"""The executor: generated programs run here, in a child kernel, isolated and limited.

Programs, each for itself, and cells that keep their names::

    async with open_executor(limits=Limits(memory_mb=1024)) as executor:
        await executor.put("table", frame)
        async for event in executor.stream(code, timeout=20):
            ...  # OutputEvent as it happens, the last one is the Result

        async with executor.session() as cells:
            await cells.run("import math")
            result = await cells.run("math.tau", timeout=20)

Every program is a fresh script in a process of its own, forked from a warm Jupyter kernel or, where nothing can be
forked, spawned; nothing of the program before is left, and nothing it does ends the user's kernel. The cells of a session
share one process, in a kernel of their own: names, imports and files stay from cell to cell, and nothing of it outlives the
session or reaches a program.
``child/`` is what runs on the other side of the wall. Nothing that comes back from there is ever unpickled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from codesteer_kernel.executor.executor import Executor
    from codesteer_kernel.executor.gateway import GatewayExecutor
    from codesteer_kernel.executor.pictures import Chart, Picture
    from codesteer_kernel.executor.pool import ExecutorPool, PooledExecutor, ProgramRunner
    from codesteer_kernel.executor.results import Limits, OutputEvent, Result, RichOutput, Status
    from codesteer_kernel.executor.session import Session
    from codesteer_kernel.executor.summary import InputSummary, Showing, check_hidden, summarise, without_hidden
    from codesteer_kernel.executor.sync import SyncExecutor, SyncSession

__all__ = [
    "Chart",
    "Executor",
    "ExecutorPool",
    "GatewayExecutor",
    "InputSummary",
    "Limits",
    "OutputEvent",
    "Picture",
    "PooledExecutor",
    "ProgramRunner",
    "Result",
    "RichOutput",
    "Session",
    "Showing",
    "Status",
    "SyncExecutor",
    "SyncSession",
    "check_hidden",
    "open_executor",
    "summarise",
    "without_hidden",
]

_HOMES = {
    "Chart": "pictures",
    "Executor": "executor",
    "ExecutorPool": "pool",
    "GatewayExecutor": "gateway",
    "InputSummary": "summary",
    "Limits": "results",
    "OutputEvent": "results",
    "Picture": "pictures",
    "PooledExecutor": "pool",
    "ProgramRunner": "pool",
    "Result": "results",
    "RichOutput": "results",
    "Session": "session",
    "Showing": "summary",
    "Status": "results",
    "SyncExecutor": "sync",
    "SyncSession": "sync",
    "check_hidden": "summary",
    "summarise": "summary",
    "without_hidden": "summary",
}


def open_executor(
    *,
    limits: Limits | None = None,
    preload: Sequence[str] | None = None,
    python: str | None = None,
    tier: str | None = None,
    floor: str | None = None,
    method: str | None = None,
    spare: bool = True,
) -> Executor:
    """An :class:`Executor` to be entered with ``async with``, which starts its kernel in the background.

    Args:
        limits: what each program may use unless a run says otherwise.
        preload: modules that the idle kernel imports; default numpy, pandas, pyarrow and sympy where installed.
        python: the interpreter; this one by default.
        tier: the isolation to put up, exactly: ``limits``, ``landlock``, ``seccomp``, ``namespaces`` or ``bubblewrap``
            on Linux, ``limits`` or ``seatbelt`` on macOS, each with the walls of the one before. None or ``"best"`` for
            all that this machine has.
        floor: the weakest tier to accept. The environment variable ``CODESTEER_TIER_FLOOR`` counts as well. What cannot
            be had is an ExecutorError when the first program runs, which says what is missing and how to get it.
        method: ``fork`` for a worker of a warm child kernel for each program, ``spawn`` for an interpreter of its own.
            By default ``fork`` where the system has it; Windows does not. Spawned programs have fewer walls, see
            ``docs/security.md``.
        spare: whether to keep a second kernel once programs run, to take over at once when the first is lost.

    Raises:
        UnknownName: no such method.
        ExecutorError: this system does not have the method.
    """
    from codesteer_kernel.executor.executor import PRELOAD, Executor

    return Executor(
        limits=limits,
        preload=PRELOAD if preload is None else preload,
        python=python,
        tier=tier,
        floor=floor,
        method=method,
        spare=spare,
    )


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
