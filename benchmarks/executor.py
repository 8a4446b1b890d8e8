"""Time the executor beside ``python3 file.py`` and a fresh stock kernel, interleaved, in one run.

    python benchmarks/executor.py [--rounds 15]

Prints medians in milliseconds and ratios; a ratio above 1 means that the executor is faster. Ratios hold on a busy
machine, times do not.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from codesteer_kernel.executor import Executor, Limits, open_executor

PROGRAMS = {
    "trivial": "print(41 + 1)",
    "numpy": "import numpy as np\nprint(np.arange(10).sum())",
    "pandas": "import pandas as pd\nprint(pd.DataFrame({'a': [1, 2, 3]})['a'].sum())",
    "sympy": "import sympy as s\nx = s.symbols('x')\nprint(s.solve(x**2 - 4, x))",
    "1e6 prints": "for i in range(1_000_000): print(i)",
}


def as_subprocess(code: str) -> float:
    """Seconds for ``python3 file.py`` with captured output."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "program.py")
        path.write_text(code)
        started = time.perf_counter()
        subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=60, check=True)
        return time.perf_counter() - started


async def in_executor(executor: Executor, code: str) -> float:
    """Seconds for one program on a warm executor."""
    started = time.perf_counter()
    result = await executor.run(code)
    assert result.ok, result
    return time.perf_counter() - started


async def cold() -> float:
    """Seconds from nothing to the first output, kernel start included."""
    started = time.perf_counter()
    async with open_executor(preload=()) as executor:
        await executor.run("print(1)")
        return time.perf_counter() - started


async def in_stock_kernel() -> float:
    """Seconds for one program in a fresh stock kernel, as most Jupyter-based executors do."""
    from jupyter_client.manager import start_new_async_kernel

    started = time.perf_counter()
    manager, client = await start_new_async_kernel()
    await client.execute_interactive(PROGRAMS["trivial"], output_hook=lambda _: None)
    seconds = time.perf_counter() - started
    client.stop_channels()
    await manager.shutdown_kernel(now=True)
    return seconds


async def repeat(rounds: int, measure: Callable[[], Awaitable[float]]) -> float:
    """Median in milliseconds."""
    return 1000 * statistics.median([await measure() for _ in range(rounds)])


async def main(rounds: int) -> None:
    few = max(3, rounds // 5)
    first = await repeat(few, cold)
    stock = await repeat(few, in_stock_kernel)
    print(
        f"cold start to first output      {first:8.0f} ms   stock kernel, fresh {stock:8.0f} ms   {stock / first:5.1f}x"
    )
    async with open_executor(limits=Limits(seconds=60)) as executor:
        for library in ("numpy", "pandas", "sympy"):
            await executor.run(f"import {library}")
        await asyncio.sleep(2)
        print(f"tier {executor.tier}\n")
        print(f"{'program':12} {'executor':>10} {'python3':>10} {'ratio':>8}")
        for name, code in PROGRAMS.items():
            ours, theirs = [], []
            for _ in range(few if name == "1e6 prints" else rounds):
                ours.append(await in_executor(executor, code))
                theirs.append(as_subprocess(code))
            mine, other = (1000 * statistics.median(times) for times in (ours, theirs))
            print(f"{name:12} {mine:7.1f} ms {other:7.1f} ms {other / mine:7.1f}x")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await executor.run("while True: print('x' * 1000)", timeout=2)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"\nendless printing for 2 s: this process grew by {grown:.1f} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    asyncio.run(main(parser.parse_args().rounds))
