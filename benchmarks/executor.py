"""Time the executor beside ``python3 file.py`` and other ways of running a program, in one run.

    python -m benchmarks.executor [--quick] [--rounds 50]

Prints medians in milliseconds, ratios, and what was promised of them: ratios hold on a busy machine, times do not. Each
pair is measured interleaved. A ratio above 1 means that the executor is faster. Exits with 1 when a promise is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from codesteer_kernel.executor import Executor, Limits, open_executor

PROGRAMS = {
    "bare": "print(41 + 1)",
    "numpy": "import numpy as np\nprint(np.arange(10).sum())",
    "pandas": "import pandas as pd\nprint(pd.DataFrame({'a': [1, 2, 3]})['a'].sum())",
    "pandas group": (
        "import pandas as pd\nf = pd.DataFrame({'k': [n % 7 for n in range(5000)], 'v': range(5000)})\n"
        "print(f.groupby('k')['v'].mean().round(2).to_dict())"
    ),
    "sympy": "import sympy as s\nx = s.symbols('x')\nprint(s.solve(x**2 - 4, x))",
    "annealing": (
        "import math, random\nrandom.seed(1)\nx = b = 5.0\nfor _ in range(20000):\n    y = x + random.uniform(-1, 1)\n"
        "    x = y if y * y + math.sin(5 * y) < x * x + math.sin(5 * x) or random.random() < 0.1 else x\n    b = min(b, x * x)\n"
        "print(round(b, 3))"
    ),
}
PRINTS = "for i in range(1_000_000): print(i)"
LIBRARIES = ("numpy", "pandas", "sympy")
missed: list[str] = []


def python3(code: str) -> float:
    """Seconds for ``python3 file.py`` with captured output."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "program.py")
        path.write_text(code)
        started = time.perf_counter()
        subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=60, check=True)
        return time.perf_counter() - started


async def ours(executor: Executor, code: str) -> float:
    """Seconds for one program on an executor."""
    started = time.perf_counter()
    result = await executor.run(code)
    assert result.ok, result
    return time.perf_counter() - started


async def fresh_kernel(code: str) -> float:
    """Seconds for one program in a fresh stock kernel, from its start to its end."""
    from jupyter_client.manager import start_new_async_kernel

    started = time.perf_counter()
    manager, client = await start_new_async_kernel(stderr=subprocess.DEVNULL)
    await client.execute_interactive(code, output_hook=lambda _: None)
    client.stop_channels()
    await manager.shutdown_kernel(now=True)
    return time.perf_counter() - started


async def median(rounds: int, *ways: Callable[[], Awaitable[float]]) -> list[float]:
    """Medians in milliseconds of several ways, interleaved."""
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds):
        for way, found in zip(ways, times, strict=True):
            found.append(await way())
    return [1000 * statistics.median(found) for found in times]


def promise(name: str, value: float, bound: float, *, least: bool = True, unit: str = "x") -> str:
    """What was promised, and whether it holds."""
    kept = value >= bound if least else value <= bound
    if not kept:
        missed.append(f"{name}: {value:.2f}{unit}, promised {'at least' if least else 'at most'} {bound:g}{unit}")
    return f"promised {'>=' if least else '<='} {bound:g}{unit}{'' if kept else '   MISSED'}"


def grown_since(before: int) -> float:
    """MB that this process has grown at its peak."""
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


async def beside_python3(executor: Executor, rounds: int) -> None:
    print(f"\n{'program':14} {'executor':>10} {'python3 file.py':>16} {'ratio':>7}")
    bounds = {"bare": 0.5, "pandas": 12, "pandas group": 12, "sympy": 5}
    for name, code in PROGRAMS.items():
        mine, other = await median(rounds, lambda code=code: ours(executor, code), lambda code=code: as_async(code))
        told = promise(name, other / mine, bounds[name]) if name in bounds else ""
        print(f"{name:14} {mine:7.1f} ms {other:13.1f} ms {other / mine:6.1f}x  {told}")


async def beside_cells(executor: Executor, rounds: int) -> None:
    """The same code as a cell of a session, whose process stays."""
    async with executor.session() as cells:

        async def in_cell(code: str) -> float:
            started = time.perf_counter()
            result = await cells.run(code)
            assert result.ok, result
            return time.perf_counter() - started

        for name in ("bare", "pandas"):
            code = PROGRAMS[name]
            await in_cell(code)
            mine, other = await median(rounds, lambda code=code: in_cell(code), lambda code=code: ours(executor, code))
            print(f"{name + ' cell':14} {mine:7.1f} ms {other:13.1f} ms {other / mine:6.1f}x  (beside the program)")


async def as_async(code: str) -> float:
    return python3(code)


async def first_use(rounds: int) -> None:
    """The very first program of a new executor, start and imports included."""
    print(f"\nfirst use      {'executor':>10} {'python3 file.py':>16} {'ratio':>7}   (a new executor for each)")

    async def once(code: str, **options: Any) -> float:
        started = time.perf_counter()
        async with open_executor(**options) as executor:
            await executor.run(code)
            return time.perf_counter() - started

    for name in ("bare", "pandas", "sympy"):
        code = PROGRAMS[name]
        mine, other = await median(rounds, lambda code=code: once(code), lambda code=code: as_async(code))
        print(f"{name:14} {mine:7.0f} ms {other:13.0f} ms {other / mine:6.2f}x")
    (mine,) = await median(rounds, lambda: once("print(1)", preload=()))
    print(f"cold start to first output, nothing preloaded: {mine:.0f} ms")


async def beside_fresh_kernels(executor: Executor, rounds: int) -> None:
    print(f"\n{'program':14} {'executor':>10} {'fresh kernel':>16} {'ratio':>7}")
    for name, bound in (("bare", 25), ("pandas", 25), ("sympy", 12)):
        code = PROGRAMS[name]
        mine, other = await median(rounds, lambda code=code: ours(executor, code), lambda code=code: fresh_kernel(code))
        told = promise(f"{name} against a fresh kernel", other / mine, bound)
        print(f"{name:14} {mine:7.1f} ms {other:13.1f} ms {other / mine:6.1f}x  {told}")


async def beside_peers(executor: Executor, rounds: int) -> None:
    """The same programs one after another in executors that keep one interpreter: faster, and nothing is fresh there."""
    print("\nthe same programs in executors that run all of them in one interpreter, with what the others left (ms)")
    print(f"{'':14} " + " ".join(f"{name:>13}" for name in PROGRAMS))

    async def row(name: str, run: Callable[[str], Awaitable[float]]) -> None:
        cells = []
        for code in PROGRAMS.values():
            try:
                async with asyncio.timeout(60):
                    await run(code)
                    (found,) = await median(rounds, lambda code=code: run(code))
                cells.append(f"{found:13.1f}")
            except Exception as error:  # a peer that cannot run it says so in the table
                cells.append(f"{type(error).__name__[:13]:>13}")
        print(f"{name:14} " + " ".join(cells), flush=True)

    await row("executor", lambda code: ours(executor, code))
    if importlib.util.find_spec("nbclient"):
        import nbformat
        from nbclient import NotebookClient

        book = nbformat.v4.new_notebook()
        client = NotebookClient(book, timeout=60)
        async with client.async_setup_kernel(stderr=subprocess.DEVNULL):

            async def in_notebook(code: str) -> float:
                cell = nbformat.v4.new_code_cell(code)
                book.cells.append(cell)
                started = time.perf_counter()
                await client.async_execute_cell(cell, len(book.cells) - 1)
                return time.perf_counter() - started

            await row("nbclient", in_notebook)
    else:
        print("nbclient       not installed")
    try:
        from smolagents.local_python_executor import LocalPythonExecutor
    except ImportError as error:
        print(f"smolagents     not installed ({error})")
    else:
        local = LocalPythonExecutor(additional_authorized_imports=["*"])
        local.send_tools({})

        async def in_smolagents(code: str) -> float:
            started = time.perf_counter()
            local(code)
            return time.perf_counter() - started

        await row("smolagents", in_smolagents)


async def floods(executor: Executor, rounds: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await ours(executor, PRINTS)
    grown = grown_since(before)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await executor.run("while True: print('x' * 1000)", timeout=2)
    endless = grown_since(before)
    mine, other = await median(rounds, lambda: ours(executor, PRINTS), lambda: as_async(PRINTS))
    told = promise("a million prints", other / mine, 3)
    print(f"\na million prints: {mine:.0f} ms, python3 {other:.0f} ms, {other / mine:.1f}x  {told}")
    told = promise("growth by a million prints", grown, 32, least=False, unit=" MB")
    print(f"this process grew by {grown:.1f} MB  {told}")
    told = promise("growth by endless printing", endless, 32, least=False, unit=" MB")
    print(f"endless printing for 2 s: by {endless:.1f} MB  {told}")


async def beside_a_large_frame(rounds: int, megabytes: int) -> None:
    import numpy as np
    import pandas as pd

    limits = Limits(seconds=60, input_mb=2 * megabytes, memory_mb=4096)
    async with open_executor(limits=limits) as plain, open_executor(limits=limits) as laden:
        frame = pd.DataFrame(np.zeros((megabytes * 2**20 // 80, 10)), columns=list("abcdefghij"))
        started = time.perf_counter()
        await laden.put("frame", frame)
        del frame
        reads = "x = frame['a'].iloc[-1]\nprint(x)"
        for executor, code in ((plain, "import pandas"), (laden, reads)):
            await executor.run(code)
        loaded = time.perf_counter() - started
        await asyncio.sleep(2)
        base, present, used = await median(
            rounds,
            lambda: ours(plain, PROGRAMS["bare"]),
            lambda: ours(laden, PROGRAMS["bare"]),
            lambda: ours(laden, reads),
        )
        told = promise("a large frame present", present - base, 30, least=False, unit=" ms")
        print(f"\na frame of {megabytes} MB (put and first use {loaded:.1f} s): a bare program takes {present:.1f} ms")
        print(f"beside {base:.1f} ms without, +{present - base:.1f} ms  {told}; one that reads it {used:.1f} ms")


async def tiers(rounds: int) -> None:
    """What walls cost on a warm kernel."""
    names = ("limits", "landlock", "seccomp", "namespaces", "bubblewrap")
    opened: dict[str, Executor] = {}
    try:
        for name in names:
            try:
                opened[name] = await open_executor(preload=(), tier=name, spare=False).__aenter__()
                await ours(opened[name], "pass")
            except Exception as error:  # not on this machine
                opened.pop(name, None)
                print(f"tier {name}: {error}")
        if not opened:
            return
        found = await median(rounds, *(lambda one=one: ours(one, PROGRAMS["bare"]) for one in opened.values()))
        print("\nwalls, bare program on a warm kernel")
        for (name, executor), milliseconds in zip(opened.items(), found, strict=True):
            cost = 100 * (milliseconds / found[0] - 1)
            told = promise(f"tier {name}", cost, 20, least=False, unit=" %")
            print(f"{name:12} {milliseconds:7.1f} ms  {cost:+.0f} %  {told}   ({executor.tier})")
    finally:
        for executor in opened.values():
            await executor.close()


async def at_once(count: int) -> None:
    """Programs on as many executors at once, against one after another."""
    code = "import time\ntime.sleep(0.2)\nprint(sum(range(200_000)))"
    executors = [open_executor(preload=()) for _ in range(count)]
    try:
        started = time.perf_counter()
        for executor in executors:
            await executor.__aenter__()
        results = await asyncio.gather(*(executor.run(code) for executor in executors))
        cold = time.perf_counter() - started
        started = time.perf_counter()
        results += await asyncio.gather(*(executor.run(code) for executor in executors))
        warm = time.perf_counter() - started
        assert all(result.ok for result in results), results
        started = time.perf_counter()
        await asyncio.gather(*(executors[0].run(code) for _ in range(count)))
        alone = time.perf_counter() - started
        print(
            f"\n{count} programs at once, each 0.2 s asleep: {warm:.2f} s warm, {cold:.2f} s with {count} kernels to start"
        )
        print(f"one after another in one executor: {alone:.2f} s")
    finally:
        await asyncio.gather(*(executor.close() for executor in executors))


def held() -> dict[str, int]:
    """What this process and the processes below it hold."""
    from codesteer_kernel.executor.child.processes import descendants

    below = descendants(os.getpid())
    folders = Path(tempfile.gettempdir(), f"codesteer-x-{os.getuid()}")
    return {
        "processes": len(below),
        "descriptors": sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in (os.getpid(), *below)),
        "threads": sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in (os.getpid(), *below)),
        "files": sum(1 for _ in folders.rglob("*")),
    }


async def many(count: int) -> None:
    """Nothing may be left of many programs."""
    code = "import os, threading\nopen('f', 'w').close()\nif os.fork() == 0: os._exit(0)\nprint(1)"
    async with open_executor(preload=()) as executor:
        for _ in range(20):
            await ours(executor, code)
        await asyncio.sleep(3)
        before = held()
        started = time.perf_counter()
        for _ in range(count):
            await ours(executor, code)
        seconds = time.perf_counter() - started
        await asyncio.sleep(1)
        after = held()
    print(f"\n{count} programs, {1000 * seconds / count:.1f} ms each; left by them:")
    for name, number in after.items():
        more = number - before[name]
        # The pool of threads that clears up grows to its size at some time.
        print(
            f"{name:14} {more:+d}  {promise(f'{name} left', more, 4 if name == 'threads' else 0, least=False, unit='')}"
        )


async def main(rounds: int, quick: bool) -> int:
    few = 2 if quick else max(5, rounds // 8)
    async with open_executor(limits=Limits(seconds=60)) as executor:
        for library in LIBRARIES:
            await executor.run(f"import {library}")
        await asyncio.sleep(2)
        print(f"tier {executor.tier}, {rounds} warm runs each")
        await beside_python3(executor, rounds)
        await beside_cells(executor, rounds)
        await beside_fresh_kernels(executor, few)
        await beside_peers(executor, few)
        await floods(executor, few)
    await first_use(few)
    await tiers(rounds)
    await beside_a_large_frame(max(5, rounds // 3), 128 if quick else 1024)
    await at_once(4 if quick else 16)
    if sys.platform == "linux":
        await many(100 if quick else 1000)
    print("\n" + ("\n".join(["missed:", *missed]) if missed else "every promise kept"))
    return 1 if missed and not quick else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, help="warm runs of each program; default 50, quick 5")
    parser.add_argument("--quick", action="store_true", help="few runs and small data, misses do not count")
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.rounds or (5 if given.quick else 50), given.quick)))
