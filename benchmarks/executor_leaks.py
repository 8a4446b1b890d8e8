"""Run many programs that leave everything lying about, and count what is left of it.

    python benchmarks/executor_leaks.py [--programs 1000] [--tier best]

Prints processes, descriptors, threads, files, shared memory and resident size before and after.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from codesteer_kernel.executor import Executor, Limits, open_executor
from codesteer_kernel.executor.child.processes import descendants, resident

PROGRAMS = (
    "print(1)",
    "import subprocess\nsubprocess.Popen(['sleep', '60'])\nprint(1)",
    "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(60)\n    os._exit(0)\nprint(1)",
    "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\nprint(1)",
    "from multiprocessing import shared_memory as s\nm = s.SharedMemory(create=True, size=10**6)\nprint(1)",
    "import os\nos.mkdir('d', 0)\nos.symlink('/', 'l')\nk = [open(f'f{i}', 'w') for i in range(50)]\nprint(1)",
    "import os, socket\nk = [socket.socketpair() for _ in range(20)] + [os.pipe() for _ in range(20)]\nprint(1)",
    "print(1, flush=True)\nimport os\nos.kill(os.getpid(), 9)",
    "print(1, flush=True)\nraise SystemExit(3)",
    "for i in range(50_000): print(1)",
)


def held(executor: Executor) -> dict[str, float]:
    """What this process, the kernel and the machine hold now."""
    below = descendants(os.getpid())
    directory = executor._directory
    assert directory is not None
    kernels = [pid for pid in below if Path(f"/proc/{pid}/fd").exists()]
    return {
        "processes": len(below),
        "zombies": sum("Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3] for pid in below),
        "descriptors here": len(list(Path("/proc/self/fd").iterdir())),
        "descriptors below": sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in kernels),
        "threads here": threading.active_count(),
        "files in the run directory": sum(1 for path in directory.path.rglob("*") if path.is_file()),
        "shared memory files": len(list(Path("/dev/shm").iterdir())),
        "temporary folders": len(list(Path(tempfile.gettempdir()).iterdir())),
        "resident here, MB": resident([os.getpid()]) / 2**20,
        "resident below, MB": resident(below) / 2**20,
    }


async def main(programs: int, tier: str) -> None:
    async with open_executor(limits=Limits(seconds=20), preload=(), tier=tier, spare=False) as executor:
        for code in PROGRAMS:
            await executor.run(code)
        await asyncio.sleep(0.5)
        print(f"tier {executor.tier}")
        before, started = held(executor), time.perf_counter()
        wrong = 0
        for number in range(programs):
            result = await executor.run(PROGRAMS[number % len(PROGRAMS)])
            wrong += not result.stdout.startswith("1\n")
        seconds = time.perf_counter() - started
        await asyncio.sleep(0.5)
        after = held(executor)
    print(f"{programs} programs in {seconds:.1f} s, {wrong} of them with the wrong output\n")
    print(f"{'':28} {'before':>10} {'after':>10}")
    for name, count in before.items():
        print(f"{name:28} {count:10.0f} {after[name]:10.0f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--tier", default="best")
    given = parser.parse_args()
    asyncio.run(main(given.programs, given.tier))
