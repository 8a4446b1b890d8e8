"""``codesteer exec``: run Python files as the programs of a model are run, one after another in one executor."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from codesteer_kernel.errors import BadInput, SessionLost
from codesteer_kernel.executor import Executor, GatewayExecutor, Limits, Result, open_executor

__all__ = ["as_json", "exec_files"]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadInput(f"codesteer exec: {message}.", "See codesteer help.")


def exec_files(words: Sequence[str]) -> int:
    """Run the files that ``words`` name, and print one result for each; returns 0 when all ended well, 1 otherwise.

    With ``--cells`` the files are cells of one session. One that loses the state is followed by an empty session.

    Raises:
        BadInput: an option or a file that cannot be used; nothing was run then.
        ExecutorError: no executor can be started.
    """
    parser = _Parser(prog="codesteer exec", add_help=False, allow_abbrev=False)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--timeout", type=float, metavar="S")
    parser.add_argument("--memory", type=int, metavar="MB")
    parser.add_argument("--file-size", type=int, metavar="MB")
    parser.add_argument("--tier", metavar="T")
    parser.add_argument("--cells", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(list(words))
    limits: dict[str, Any] = {"seconds": given.timeout, "memory_mb": given.memory, "file_mb": given.file_size}
    executor = _open(given.tier, Limits(**{name: value for name, value in limits.items() if value is not None}))
    # All are read before the first runs: a wrong name should not be found out after an hour.
    programs = [(name, _read(name)) for name in given.files]
    run = _run_cells if given.cells else _run
    return asyncio.run(run(executor, programs, _print_json if given.json else _print_text))


def as_json(result: Result) -> dict[str, Any]:
    """The result as ``--json`` prints it; sizes in MB, times in seconds, ``cut`` in bytes left out of each stream.

    Results of cells have a ``state`` too: ``kept`` or ``lost``.
    """
    return {
        "status": result.status,
        "stdout": result.stdout,
        "stderr": result.stderr,
        "error": ": ".join(part for part in (result.error_name, result.error_text) if part),
        "traceback": result.traceback,
        "seconds": round(result.seconds, 4),
        "cpu_seconds": round(result.cpu_seconds, 4),
        "peak_mb": round(result.peak_mb, 2),
        "tier": result.tier,
        "cut": result.cut,
        **({} if result.state is None else {"state": result.state}),
    }


def _open(tier: str | None, limits: Limits) -> Executor:
    if tier == "gateway":
        return GatewayExecutor(limits=limits)
    return open_executor(limits=limits, tier=tier)


def _read(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise BadInput(f"The file {name!r} cannot be read: {error.strerror}.") from None


async def _run(executor: Executor, programs: list[tuple[str, bytes]], tell: Any) -> int:
    worst = 0
    async with executor:
        for name, code in programs:
            result = await executor.run(code)
            tell(name, result)
            worst = max(worst, 0 if result.ok else 1)
    return worst


async def _run_cells(executor: Executor, cells: list[tuple[str, bytes]], tell: Any) -> int:
    worst = 0
    async with executor, executor.session() as session:
        for name, code in cells:
            try:
                result = await session.run(code)
            except SessionLost as lost:
                print(f"{name}: {lost.message} It runs in an empty session.", file=sys.stderr, flush=True)
                await session.restart()
                result = await session.run(code)
            tell(name, result)
            worst = max(worst, 0 if result.ok else 1)
    return worst


def _print_json(name: str, result: Result) -> None:
    print(json.dumps(as_json(result)), flush=True)


def _print_text(name: str, result: Result) -> None:
    sys.stdout.write(result.stdout)
    sys.stdout.flush()
    sys.stderr.write(result.stderr)
    told = as_json(result)
    cut = ", ".join(f"{count} bytes of {stream} cut" for stream, count in result.cut.items())
    state = "state lost" if result.state == "lost" else ""
    parts = [f"{result.seconds:.2f} s", f"peak {result.peak_mb:.0f} MB", result.tier, cut, state]
    end = result.status + (f" ({told['error']})" if told["error"] else "")
    print(f"{name}: {end}; {', '.join(part for part in parts if part)}", file=sys.stderr, flush=True)
