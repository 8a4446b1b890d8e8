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

# Elements that stand out of the view on the right, other than inside something that scrolls.
CUT_OFF = """() => {
  const right = document.querySelector('.cs-run').getBoundingClientRect().right;
  return [...document.querySelectorAll('.cs-run *')]
    .filter(node => !node.closest('pre, .cs-html, .cs-block, .cs-hidden, .cs-code-lines, .cs-kind, svg'))
    .filter(node => node.getBoundingClientRect().right > right)
    .map(node => node.className);
}"""

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
    assert run_page.evaluate(CUT_OFF) == []
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


def test_a_hostile_record_runs_nothing_and_reaches_nobody(run_page: Any, sample: Sample) -> None:
    run_page.set_viewport_size({"width": WIDE, "height": 900})
    show(run_page, sample("hostile"))
    run_page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    for link in run_page.query_selector_all(".cs-run a"):
        link.dispatch_event("click")
    run_page.wait_for_timeout(300)
    assert run_page.evaluate("window.pwned") is None
    assert run_page.strangers == []
    assert run_page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    box = run_page.query_selector(".cs-run").bounding_box()
    over = run_page.evaluate(
        "[...document.querySelectorAll('.cs-run *')].filter(n => getComputedStyle(n).position === 'fixed').length"
    )
    assert box["width"] <= WIDE
    assert over == 0


def test_stop_and_seen_travel_to_the_kernel(run_page: Any, sample: Sample) -> None:
    assert run_page.evaluate("state.seen") is True
    show(run_page, sample("streaming"))
    stop = run_page.get_by_role("button", name="Stop")
    stop.focus()
    run_page.keyboard.press("Enter")
    assert run_page.evaluate("sent") == [{"event": "stop"}]
    assert run_page.get_by_role("button", name="Stopping…").evaluate("node => node === document.activeElement")


def test_streaming_keeps_the_selection_and_the_scroll_position(run_page: Any, sample: Sample) -> None:
    run_page.set_viewport_size({"width": WIDE, "height": 300})
    record = sample("streaming")
    show(run_page, record)
    run_page.evaluate("window.scrollTo(0, 120)")
    guidance = "document.querySelector('[data-round=\"2\"] .cs-guidance')"
    run_page.evaluate(f"getSelection().selectAllChildren({guidance})")
    selected = run_page.evaluate("getSelection().toString()")
    assert "Count only the squares" in selected
    tail = {"round": 2, "seq": record["seq"], "text": ""}
    for number in range(60):
        tail["text"] += f"\n    # line {number}"
        show(run_page, record, tail)
    assert run_page.evaluate("getSelection().toString()") == selected
    assert run_page.evaluate("window.scrollY") == 120
    assert "# line 59" in run_page.inner_text('[data-round="2"] code')


def test_a_long_answer_streams_in_bounded_nodes(run_page: Any, sample: Sample) -> None:
    """20,000 characters in 500 steps: every step drawn, the nodes in proportion to the text, not to the steps."""
    record = sample("streaming")
    record["rounds"][1]["answer"]["text"] = ""
    show(run_page, record)
    paragraph = "The **knight** moves on, and the *colour* of its square changes with every single move it makes.\n\n"
    text = paragraph * 206
    worst = run_page.evaluate(
        """async ([record, text]) => {
            let worst = 0;
            for (let end = 40; end <= text.length; end += 40) {
                const began = performance.now();
                const drawn = change({ tail: { round: 2, seq: record.seq, text: text.slice(0, end) } });
                await drawn;
                worst = Math.max(worst, performance.now() - began);
            }
            return worst;
        }""",
        [record, text],
    )
    print(f"longest step, two frames included: {worst:.0f} ms")
    answer = run_page.query_selector('[data-round="2"] .cs-markdown')
    assert answer.inner_text().count("knight") == 206
    assert answer.evaluate("node => node.querySelectorAll('*').length") == 206 * 4


def test_a_removed_view_leaves_nothing(run_page: Any, sample: Sample) -> None:
    show(run_page, sample("streaming"))
    run_page.evaluate("window.cleanup()")
    show(run_page, sample("refined"))
    assert run_page.inner_html("#host") == ""
