"""What tests look at to see that nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from codesteer_kernel.executor.child.processes import descendants


def children() -> set[int]:
    """Processes below this one."""
    return set(descendants(os.getpid()))


def run_directories() -> set[str]:
    """Run directories on the machine, of whoever made them."""
    base = Path(tempfile.gettempdir()) / f"codesteer-x-{os.getuid()}"
    return {entry.name for entry in base.iterdir() if entry.is_dir()} if base.exists() else set()


async def eventually(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Wait until ``holds()``; False if it does not within ``seconds``."""
    until = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < until:
        if holds():
            return True
        await asyncio.sleep(0.02)
    return False
