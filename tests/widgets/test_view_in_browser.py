"""The built bundle in a real browser: what it looks like, that everybody can read it, that nothing escapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.accessibility import assert_accessible, bring_axe
from tests.widgets.page import DRESSES, ROOT, STATES, UNFOLD, dress, show, show_all

pytestmark = pytest.mark.browser

SCREENSHOTS = ROOT / "out" / "screenshots" / "view"
WIDTHS = [280, 320, 480, 860, 1280, 2000]
ALL = ["stop", "insert", "feedback", "rerun", "rate"]

# Elements that stand out of the view on a side, other than inside something that scrolls.
CUT_OFF = """() => {
  const { left, right } = document.querySelector('.cs-run').getBoundingClientRect();
  return [...document.querySelectorAll('.cs-run *')]
    .filter(node => !node.closest('pre, .cs-html, .cs-block, .cs-hidden, .cs-code-lines, .cs-kind, svg'))
    .filter(node => !node.closest('.cs-button-label'))
    .filter(node => node.getBoundingClientRect().width > 0)
    .filter(node => node.getBoundingClientRect().right > right + 1 || node.getBoundingClientRect().left < left - 1)
    .map(node => `${node.className} ${node.textContent.slice(0, 40)}`);
}"""
# Buttons and marks that lie upon each other, or are too small to be hit.
CROWDED = """() => {
  const boxes = [...document.querySelectorAll('.cs-run button, .cs-run .cs-badge')]
    .map(node => [node, node.getBoundingClientRect()]).filter(([, box]) => box.width > 0);
  const over = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const found = [];
  boxes.forEach(([one, a], place) => {
    if (one.tagName === 'BUTTON' && (a.height < 24 || a.width < 24)) found.push(`small: ${one.outerHTML.slice(0, 90)}`);
    for (const [other, b] of boxes.slice(place + 1)) {
      if (over(a, b) && !one.contains(other)) found.push(`${one.className} over ${other.className}`);
    }
  });
  return found;
}"""
# Changes of the page while it is looked at.
WATCH = """() => {
  window.changes = 0;
  const count = list => { window.changes += list.length; };
  const observer = new MutationObserver(count);
  window.watched = () => { count(observer.takeRecords()); return window.changes; };
  observer.observe(document.querySelector('.cs-run'),
    { subtree: true, childList: true, characterData: true, attributes: true });
}"""

Sample = Callable[[str], dict[str, Any]]


@pytest.mark.parametrize("name", STATES)
def test_every_state_fits_every_width(run_page: Any, sample: Sample, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for width in WIDTHS:
        run_page.set_viewport_size({"width": width, "height": 900})
        show(run_page, sample(name), actions=ALL)
        run_page.screenshot(path=SCREENSHOTS / f"{name}-{width}.png", full_page=True)
        run_page.evaluate(UNFOLD)
        assert run_page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"scrolls at {width}"
        assert run_page.evaluate(CUT_OFF) == [], width
        assert run_page.evaluate(CROWDED) == [], width


@pytest.mark.parametrize("looks", DRESSES)
def test_every_state_is_accessible_in_every_theme(run_page: Any, sample: Sample, looks: str) -> None:
    dress(run_page, looks)
    run_page.set_viewport_size({"width": 860, "height": 900})
    bring_axe(run_page)
    for name in STATES:
        show(run_page, sample(name), actions=ALL, ratings={"1": "good"})
        show_all(run_page)
        assert_accessible(run_page, about=name)


def test_only_states_are_announced(run_page: Any, sample: Sample) -> None:
    show(run_page, sample("streaming"), actions=ALL)
    live = "[...document.querySelectorAll('.cs-run :is([role=status], [role=alert], [role=log], [aria-live])')]"
    assert run_page.evaluate(f"{live}.map(one => one.textContent).filter(Boolean)") == ["Round 2 of 3: answering"]
    region = run_page.get_by_role("region", name="CodeSteer run: A knight stands on a1")
    headings = region.get_by_role("heading").all_inner_texts()
    assert [one for one in headings if one.startswith(("Question", "Answer", "Round"))][:2] == [
        "Question",
        "Round 1\nCode",
    ]


def test_everything_can_be_reached_by_the_keyboard(run_page: Any, sample: Sample) -> None:
    show(run_page, sample("refined"), actions=ALL)
    reached: list[str] = []
    for _ in range(60):
        run_page.keyboard.press("Tab")
        name = run_page.evaluate(
            "(document.activeElement.closest('.cs-run') ? document.activeElement.getAttribute('aria-label') "
            "?? document.activeElement.innerText : '').split('\\n')[0]"
        )
        if not name:
            break
        reached.append(name)
    wanted = ["Find", "Open all rounds", "Insert into a cell", "Copy answer", "Good steering", "Continue", "Run again"]
    assert [one for one in wanted if one not in reached] == []
    assert reached.index("Find") < reached.index("Copy answer") < reached.index("Good steering")
    assert reached[-1] == "Run again"
    assert run_page.evaluate("[...document.querySelectorAll('.cs-run [tabindex]')].every(one => one.tabIndex === 0)")


def test_motion_is_spared_those_who_ask(run_page: Any, sample: Sample) -> None:
    moving = """() => [...document.querySelectorAll('.cs-run *')]
        .filter(one => getComputedStyle(one).animationName !== 'none').length"""
    show(run_page, sample("streaming"))
    assert run_page.evaluate(moving) > 0
    run_page.emulate_media(reduced_motion="reduce")
    assert run_page.evaluate(moving) == 0


def test_find_marks_all_matches_and_opens_what_is_folded(run_page: Any, sample: Sample) -> None:
    show(run_page, sample("refined"))
    run_page.get_by_role("button", name="Find", exact=True).press("Enter")
    run_page.keyboard.type("colour of its square")
    assert run_page.locator(".cs-find-place").inner_text() == "1 of 2"
    assert run_page.evaluate("CSS.highlights.get('cs-find').size") == 2
    assert run_page.get_by_text("A knight changes the colour").first.is_visible()
    run_page.keyboard.press("Escape")
    assert run_page.evaluate("CSS.highlights.size") == 0
    assert run_page.evaluate("document.activeElement.getAttribute('aria-label')") == "Find"


def test_buttons_send_what_was_asked_and_go_when_nobody_listens(run_page: Any, sample: Sample) -> None:
    record = sample("refined")
    show(run_page, record, actions=ALL)
    run_page.locator(".cs-answer").get_by_role("button", name="Insert into a cell").first.click()
    run_page.get_by_role("textbox", name="What should be different?").fill("From b2.")
    run_page.get_by_role("button", name="Continue").click()
    run_page.get_by_text("Started.").wait_for()
    run_page.get_by_role("button", name="Run again").click()
    run_page.locator("[data-round='2']").get_by_role("button", name="Good steering").click()
    run_page.wait_for_function("sent.length === 4")
    assert run_page.evaluate("sent") == [
        {"event": "insert", "code": record["answer"]["code"]},
        {"event": "feedback", "text": "From b2."},
        {"event": "rerun"},
        {"event": "rate", "round": 2, "rating": "good"},
    ]
    show(run_page, record, actions=[])
    for name in ("Insert into a cell", "Continue", "Run again", "Good steering", "Stop"):
        assert run_page.get_by_role("button", name=name).count() == 0
    assert run_page.get_by_role("button", name="Copy answer").count() == 1


def test_a_chosen_round_is_known_to_the_kernel_and_the_other_way_round(run_page: Any, sample: Sample) -> None:
    show(run_page, sample("refined"))
    run_page.locator(".cs-chip").first.click()
    assert run_page.evaluate("state.selected") == 1
    run_page.get_by_role("button", name="Close all rounds").click()
    run_page.evaluate("change({ selected: 2 })")
    assert run_page.locator(".cs-round[open]").get_attribute("data-round") == "2"


def test_stop_and_seen_travel_to_the_kernel(run_page: Any, sample: Sample) -> None:
    assert run_page.evaluate("state.seen") is True
    show(run_page, sample("streaming"))
    stop = run_page.get_by_role("button", name="Stop")
    stop.focus()
    run_page.keyboard.press("Enter")
    assert run_page.evaluate("sent") == [{"event": "stop"}]
    assert run_page.get_by_role("button", name="Stopping…").evaluate("node => node === document.activeElement")


def test_streaming_keeps_the_selection_and_the_scroll_position(run_page: Any, sample: Sample) -> None:
    run_page.set_viewport_size({"width": 860, "height": 300})
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


def test_a_long_answer_streams_in_bounded_changes(run_page: Any, sample: Sample) -> None:
    """20,000 characters in 500 steps: every step drawn, nodes and changes in proportion to the text, not its square."""
    record = sample("streaming")
    record["rounds"][1]["answer"]["text"] = ""
    show(run_page, record)
    run_page.evaluate(WATCH)
    paragraph = "The **knight** moves on, and the *colour* of its square changes with every single move it makes.\n\n"
    text = paragraph * 206
    run_page.evaluate(
        """async ([record, text]) => {
            for (let end = 40; end < text.length + 40; end += 40) {
                await change({ tail: { round: 2, seq: record.seq, text: text.slice(0, end) } });
            }
        }""",
        [record, text],
    )
    answer = run_page.query_selector('[data-round="2"] .cs-markdown')
    assert answer.inner_text().count("knight") == 206
    assert answer.evaluate("node => node.querySelectorAll('*').length") == 206 * 4
    # A step of 40 characters changes a handful of nodes; the clocks tick besides.
    assert run_page.evaluate("watched()") < 500 * 8


def test_a_thousand_lines_of_output_are_appended(run_page: Any, sample: Sample) -> None:
    record = sample("streaming")
    this = record["rounds"][1]
    this["answer"] |= {"complete": True, "text": "", "code": None}
    this["execution"] = {**record["rounds"][0]["execution"], "status": None, "stdout": ""}
    show(run_page, record)
    run_page.evaluate(WATCH)
    nodes = run_page.evaluate("document.querySelectorAll('.cs-run *').length")
    run_page.evaluate(
        """async record => {
            const { execution } = record.rounds[1];
            for (let line = 0; line < 1000; line += 10) {
                for (let more = line; more < line + 10; more += 1) execution.stdout += `line ${more}\\n`;
                record.seq += 1;
                await change({ record: structuredClone(record) });
            }
        }""",
        record,
    )
    stream = run_page.locator('[data-round="2"] .cs-row > .cs-row-content > .cs-execution > .cs-stdout')
    assert stream.evaluate("node => node.textContent.split('\\n').length") == 1000
    assert stream.evaluate("node => node.childNodes.length") == 1
    assert run_page.evaluate("document.querySelectorAll('.cs-run *').length") == nodes
    assert run_page.evaluate("watched()") < 100 * 6
    # It follows its end while the reader is there, and stays where the reader scrolled to.
    assert stream.evaluate("node => node.scrollHeight - node.scrollTop - node.clientHeight") < 8
    stream.evaluate("node => { node.scrollTop = 40 }")
    this["execution"]["stdout"] = "".join(f"line {number}\n" for number in range(1100))
    show(run_page, record)
    assert stream.evaluate("node => node.scrollTop") == 40


def test_what_the_reader_does_survives_the_stream(run_page: Any, sample: Sample) -> None:
    """Focus, an opened fold, half a written word and the place in a program stay through updates of all kinds."""
    run_page.set_viewport_size({"width": 860, "height": 700})
    record = sample("streaming")
    show(run_page, record, actions=ALL)
    run_page.locator("[data-round='1'] > summary").click()
    run_page.locator("[data-round='1']").get_by_text("The program that checked it").click()
    run_page.locator("[data-round='1']").get_by_role("button", name="Good steering").focus()
    opened = run_page.evaluate("[...document.querySelectorAll('.cs-run details[open]')].map(one => one.className)")
    run_page.evaluate("window.scrollTo(0, 300)")
    for number in range(40):
        record["seq"] += 1
        record["rounds"][1]["answer"]["text"] += f"\n# {number}"
        show(run_page, record)
    show(run_page, {**sample("refined"), "seq": record["seq"] + 1})
    assert run_page.evaluate("document.activeElement.getAttribute('aria-label')") == "Good steering"
    assert run_page.evaluate("document.activeElement.closest('.cs-round').dataset.round") == "1"
    now = run_page.evaluate("[...document.querySelectorAll('.cs-run details[open]')].map(one => one.className)")
    assert now == opened
    field = run_page.get_by_role("textbox", name="What should be different?")
    field.fill("half a wor")
    show(run_page, {**sample("refined"), "seq": record["seq"] + 2}, ratings={"2": "bad"})
    field.press("d")
    assert field.input_value() == "half a word"


def test_a_removed_view_leaves_nothing(run_page: Any, sample: Sample) -> None:
    show(run_page, sample("streaming"))
    run_page.evaluate("window.cleanup()")
    show(run_page, sample("refined"))
    assert run_page.inner_html("#host") == ""
