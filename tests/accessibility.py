"""What axe, which knows the rules of accessible pages, says of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["assert_accessible", "bring_axe"]

AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"


def bring_axe(page: Any) -> None:
    """Give the page axe, by the way of the debugger: a content policy lets no foreign script in."""
    page.evaluate(AXE.read_text(encoding="utf-8"))


def assert_accessible(page: Any, selector: str = "body", *, about: str = "") -> None:
    """No fault that axe finds in what ``selector`` names, and contrast was looked at; ``about`` names it in a failure."""
    found = page.evaluate("selector => axe.run(selector)", selector)
    faults = [
        f"{about} {violation['id']}: {node['html'][:160]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
    assert not faults, "\n".join(faults)
    # axe passes over what it takes for invisible; then it would have nothing to say of contrast at all.
    assert "color-contrast" in {rule["id"] for rule in found["passes"]}, about
