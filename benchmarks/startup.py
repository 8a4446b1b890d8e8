"""What loading costs: ``import codesteer``, ``%load_ext codesteer``, ``codesteer --version``, each against its floor.

    python -m benchmarks.startup

Every figure is the median of fresh processes, measured side by side in one run.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 7

# What loading the extension adds to a shell that is there already.
_LOAD = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
start = time.perf_counter()
shell.run_line_magic("load_ext", "codesteer")
print(time.perf_counter() - start)
"""


def seconds(code: str) -> float:
    """Wall clock of one fresh interpreter that runs ``code``."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return time.perf_counter() - start


def printed(code: str) -> float:
    """The number that a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(done.stdout)


def main() -> None:
    programs = {
        "bare interpreter": "pass",
        "import IPython": "import IPython",
        "import codesteer": "import codesteer",
        "import codesteer_kernel.run": "import codesteer_kernel.run",
        "codesteer --version": "from codesteer_kernel.cli import main; main(['--version'])",
    }
    times: dict[str, list[float]] = {name: [] for name in programs}
    loads: list[float] = []
    for _ in range(RUNS):
        for name, code in programs.items():
            times[name].append(seconds(code))
        loads.append(printed(_LOAD))
    floor = statistics.median(times["bare interpreter"])
    for name, taken in times.items():
        middle = statistics.median(taken)
        print(f"{name:28} {middle * 1e3:7.1f} ms   {middle / floor:5.2f} x a bare interpreter")
    print(f"{'%load_ext codesteer':28} {statistics.median(loads) * 1e3:7.1f} ms   in a shell that is there already")


if __name__ == "__main__":
    main()
