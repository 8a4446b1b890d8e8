"""Run attacks in a tier, and see from outside what came of each."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Sequence

import msgspec

from codesteer_kernel.attacks.attack import Attack, Outcome, Tried, possible_here, promised
from codesteer_kernel.attacks.bait import Bait
from codesteer_kernel.attacks.preamble import source
from codesteer_kernel.attacks.readers import read_text, read_verdict
from codesteer_kernel.errors import CodeSteerError
from codesteer_kernel.executor import Executor, Limits, Result, open_executor
from codesteer_kernel.executor.child import rich, sandbox
from codesteer_kernel.executor.tiers import TIERS, choose
from codesteer_kernel.together import together

__all__ = ["LIMITS", "attack_tier", "strike", "walls_of"]

LIMITS = Limits(
    seconds=30,
    cpu_seconds=20,
    memory_mb=256,
    file_mb=4,
    directory_mb=8,
    output_bytes=8192,
    processes=24,
    open_files=128,
    export_mb=2,
)
"""What attacking programs are allowed; bombs are measured to it."""

_FETCH_S = 30.0


def walls_of(tier: str | None) -> tuple[str, frozenset[str]]:
    """The name of a tier, and its walls that can be had here; None for the best.

    Raises:
        UnknownName: no such tier.
        ExecutorError: it cannot be had here.
    """
    plan = choose(tier, None, sys.executable)
    standing = [each for each in TIERS if each.walls <= plan.walls]
    return standing[-1].name, plan.walls


async def attack_tier(tier: str | None, attacks: Sequence[Attack], lanes: int = 2) -> AsyncIterator[Tried]:
    """Try attacks in a tier, side by side; yields each as it is done.

    Args:
        tier: name of the tier; None for the best that can be had.
        attacks: which.
        lanes: how many at once; each has an executor and a bait of its own.

    Raises:
        UnknownName, ExecutorError: see :func:`walls_of`.
    """
    walls_of(tier)
    done = asyncio.Queue[Tried | None]()

    async def lane(waiting: list[Attack]) -> None:
        with Bait() as bait:
            async with open_executor(limits=LIMITS, preload=(), spare=False, tier=tier) as executor:
                while waiting:
                    done.put_nowait(await strike(waiting.pop(), executor, bait, tier))

    async def work() -> None:
        try:
            beside = [attack for attack in reversed(attacks) if not attack.alone]
            await together(lane(beside) for _ in range(min(lanes, len(beside))))
            if alone := [attack for attack in reversed(attacks) if attack.alone]:
                await lane(alone)
        finally:
            done.put_nowait(None)

    working = asyncio.create_task(work())
    try:
        while (tried := await done.get()) is not None:
            yield tried
        await working
    finally:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working


async def strike(attack: Attack, executor: Executor, bait: Bait, tier: str | None) -> Tried:
    """Try one attack.

    Args:
        attack: which.
        executor: one with :data:`LIMITS` in this tier.
        bait: what it is after.
        tier: name of the tier; None for the best.
    """
    name, walls = walls_of(tier)
    promise = promised(attack, walls, sandbox.landlock_abi())
    told = Tried(attack=attack, tier=name, promise=promise, outcome=None)
    impossible = possible_here(attack)
    if impossible:
        return _with(told, None, [impossible], 0.0)
    started = time.monotonic()
    if attack.program:
        outcome, shown = await _run(attack, executor, bait)
    elif attack.runs:
        outcome, shown = await read_verdict(attack, executor)
    else:
        outcome, shown = read_text(attack)
    return _with(told, outcome, shown, time.monotonic() - started)


def _with(told: Tried, outcome: Outcome | None, shown: Sequence[str], seconds: float) -> Tried:
    return msgspec.structs.replace(
        told, outcome=outcome, detail="; ".join(one for one in dict.fromkeys(shown) if one), seconds=seconds
    )


async def _run(attack: Attack, executor: Executor, bait: Bait) -> tuple[Outcome, list[str]]:
    """What came of a program, and what shows it."""
    result = await executor.run(source(attack.program, bait.values), timeout=attack.seconds)
    reached = _shown(result, bait)
    # One that was stopped before it began has told of no wall.
    claimed = set(result.tier.split("+")) - set((executor.tier or result.tier).split("+")) - {"none"}
    if claimed:
        reached.append(f"it passes for {result.tier}")
    refused = ""
    if attack.fetch:
        try:
            async with asyncio.timeout(_FETCH_S):
                await (executor.get("x") if attack.fetch == "value" else executor.get_file("x"))
            reached.append("what it handed back was taken")
        except CodeSteerError as fault:
            refused = fault.message
        except TimeoutError:
            reached.append("reading what it handed back did not end")
    reached += bait.touched()
    if attack.then or attack.end == "contained" or result.status not in ("ok", "error"):
        after = await executor.run(source(attack.then + "\nprint(41 + 1)", bait.values))
        reached += _shown(after, bait)
        if not after.stdout.endswith("42\n"):
            reached.append(f"the next program did not run: {after.error_name} {after.error_text}")
    if reached:
        return "not stopped", reached
    if result.status not in ("ok", "error") or result.limit or result.cut:
        cut = ", ".join(f"{stream} was cut" for stream in result.cut)
        return "contained", [result.error_text or cut or result.status]
    return "stopped", [": ".join(part for part in (result.error_name, result.error_text) if part)[:200], refused]


def _shown(result: Result, bait: Bait) -> list[str]:
    """What a result shows to have been reached."""
    outputs = [text for output in result.outputs for text in output.data.values()]
    found = bait.read("\n".join((result.stdout, result.stderr, result.error_text, result.traceback, *outputs)))
    foreign = {kind for output in result.outputs for kind in output.data} - set(rich.MIMES)
    return [*found, *(f"{kind} is shown" for kind in sorted(foreign))]
