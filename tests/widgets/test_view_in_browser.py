"""The built bundle in a real browser: what it looks like, that everybody can read it, that nothing escapes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "out" / "screenshots" / "view"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ["refined", "streaming", "in_words", "rich", "exhausted", "stopped", "failed", "queued"]
WIDE, NARROW = 860, 320

Sample = Callable[[str], dict[str, Any]]


def show(page: Any, record: dict[str, Any], tail: dict[str, Any] | None = None) -> None:
    page.evaluate("changes => window.change(changes)", {"record": record, "tail": tail or {}})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_state_fits_and_is_accessible(run_page: Any, sample: Sample, name: str, scheme: str, width: int) -> None:
    run_page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    run_page.set_viewport_size({"width": width, "height": 900})
    show(run_page, sample(name))
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    run_page.screenshot(path=SCREENSHOTS / f"{name}-{scheme}-{width}.png", full_page=True)
    # What is folded must be as readable as what is open.
    run_page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    if width == WIDE and name in ("refined", "rich"):
        run_page.screenshot(path=SCREENSHOTS / f"{name}-{scheme}-open.png", full_page=True)
    assert run_page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"
    run_page.add_script_tag(path=AXE)
    found = run_page.evaluate("axe.run(document.body)")
    faults = [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
    assert faults == []
    # axe passes over what it takes for invisible; then it would have nothing to say of contrast at all.
    assert "color-contrast" in {rule["id"] for rule in found["passes"]}
