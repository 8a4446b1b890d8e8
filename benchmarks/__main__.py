"""Runs every benchmark and writes ``docs/performance.md``; see :mod:`benchmarks.report`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.report import BENCHMARKS, PAGE, report


def main() -> int:
    """Run what is asked for. A benchmark that failed is on the page and does not fail the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Every benchmark in one run, as a page.")
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=BENCHMARKS, metavar="NAME")
    parser.add_argument("--out", type=Path, default=PAGE)
    given = parser.parse_args()
    failed = report(given.only, given.out)
    print(f"{given.out}: {len(given.only) - failed} of {len(given.only)} ended well")
    return 0


if __name__ == "__main__":
    sys.exit(main())
