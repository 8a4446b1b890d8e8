"""The page on isolation claims only what a test tries."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_that_the_page_names_exists() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(named) > 20
    assert named <= defined, f"named, but nowhere defined: {sorted(named - defined)}"


def test_every_claim_names_a_test() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8").partition("## Platforms")[0]
    # The rows that name a tier are covered by one test, which stands above them.
    rows = [
        line
        for line in page.splitlines()
        if line.startswith("| ") and not line.startswith(("| a program", "| tier", "| `"))
    ]
    assert rows
    assert [row for row in rows if "`test_" not in row] == []
