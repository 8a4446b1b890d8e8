"""``python -m codesteer_kernel.attacks PAGE``: renew the tables of attacks in a page; without one, print them."""

from __future__ import annotations

import sys
from pathlib import Path

from codesteer_kernel.attacks.page import renewed
from codesteer_kernel.attacks.tables import markdown_table
from codesteer_kernel.errors import CodeSteerError


def main(words: list[str]) -> int:
    """Renew the pages that ``words`` name; returns the exit code."""
    if not words:
        print(markdown_table(), end="")
    try:
        for word in words:
            page = Path(word)
            page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
    except CodeSteerError as fault:
        print(f"attacks: {fault}", file=sys.stderr)
        return 2
    except OSError as fault:
        print(f"attacks: {fault.filename} cannot be used: {fault.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
