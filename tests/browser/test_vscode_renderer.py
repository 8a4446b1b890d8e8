"""The built notebook renderer of the VS Code extension, in a page like VS Code's own; nothing escapes, nothing breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.accessibility import assert_accessible, bring_axe
from tests.browser.vscode.webview import ROOT, THEMES, Webview, open_webview
from tests.widgets.hostile import CORPUS, INTRUDERS, PLACE, filled
from tests.widgets.page import STATES, UNFOLD, read_sample, show_all

pytestmark = pytest.mark.browser

SCREENSHOTS = ROOT / "out" / "screenshots" / "vscode"


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 960, "height": 700})
    yield context.new_page()
    context.close()


@pytest.fixture
def webview(page: Any) -> Iterator[Webview]:
    """Outputs in the dark theme, with an extension that has answered."""
    opened = open_webview(page)
    opened.answer()
    yield opened
    assert opened.faults == []
    assert opened.strangers == []


def growing(step: int) -> dict[str, Any]:
    """The record of a run that goes on, some steps later."""
    record = read_sample("streaming")
    record["seq"] += step
    record["rounds"][1]["answer"]["text"] += "".join(f"\n# {number}" for number in range(step))
    return record


def test_updates_keep_open_rounds_focus_selection_and_scroll(webview: Webview) -> None:
    page = webview.page
    page.set_viewport_size({"width": 960, "height": 300})
    assert webview.render("a", growing(0)) == "codesteer"
    page.locator("[data-round='1'] > summary").click()
    page.locator("[data-round='1']").get_by_text("The program that checked it").click()
    page.locator("[data-round='1'] .cs-code").get_by_role("button", name="Copy code").first.focus()
    page.evaluate("getSelection().selectAllChildren(document.querySelector('[data-round=\"2\"] .cs-guidance'))")
    page.evaluate("window.scrollTo(0, 260)")
    look = """() => ({
        open: [...document.querySelectorAll('.cs-run details[open]')].map(one => one.className),
        focus: document.activeElement.textContent + document.activeElement.closest('.cs-round')?.dataset.round,
        selected: getSelection().toString(), scrolled: window.scrollY })"""
    before = page.evaluate(look)
    assert before["scrolled"] == 260
    assert "Count only the squares" in before["selected"]
    page.evaluate("window.first = document.querySelector('.cs-run')")
    for step in range(1, 30):
        webview.render("a", growing(step))
    assert page.evaluate(look) == before
    assert "# 28" in page.inner_text("[data-round='2'] code")
    assert page.evaluate("first === document.querySelector('.cs-run')")
    # The end of the run is an update like any other.
    webview.render("a", {**read_sample("refined"), "seq": 1000})
    after = page.evaluate(look)
    assert (after["open"], after["focus"]) == (before["open"], before["focus"])
    assert page.locator(".cs-run").get_attribute("data-status") == "done"


def test_an_output_keeps_its_state_in_a_new_element(webview: Webview) -> None:
    """VS Code makes the element anew, for example when an output was out of sight."""
    webview.render("a", read_sample("refined"))
    webview.page.locator("[data-round='1'] > summary").click()
    webview.page.evaluate("forget('a')")
    assert webview.page.locator(".cs-run").count() == 0
    webview.render("a", read_sample("refined"))
    assert webview.page.locator("#a .cs-round[open]").first.get_attribute("data-round") == "1"


def test_outputs_are_apart_and_leave_nothing_when_they_go(webview: Webview) -> None:
    page = webview.page
    webview.render("a", read_sample("refined"))
    webview.render("b", read_sample("streaming"))
    assert page.locator("#a .cs-run").get_attribute("data-status") == "done"
    assert page.locator("#b .cs-run").get_attribute("data-status") == "running"
    page.evaluate("renderer.disposeOutputItem('a')")
    assert page.inner_html("#a") == ""
    assert page.locator("#b .cs-run").count() == 1
    page.evaluate("renderer.disposeOutputItem()")
    assert page.inner_html("#b") == ""
    # What comes after it begins anew.
    webview.render("a", read_sample("refined"))
    assert page.locator("#a .cs-run").count() == 1


def test_buttons_ask_the_extension(webview: Webview) -> None:
    page = webview.page
    record = read_sample("refined")
    webview.render("a", record)
    page.locator(".cs-final").get_by_role("button", name="Insert into a cell").click()
    page.get_by_role("button", name="Copy answer").click()
    page.get_by_role("button", name="Open in an editor").click()
    page.get_by_role("textbox", name="What should be different?").fill("From b2.")
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("Started.").wait_for()
    page.get_by_role("button", name="Run again").click()
    webview.render("b", read_sample("streaming"))
    page.locator("#b").get_by_role("button", name="Stop").press("Enter")
    page.wait_for_function("sent.length === 7")
    ready, insert, copy, opened, again_with, again, stop = page.evaluate("sent")
    assert ready == {"type": "ready"}
    assert insert == {"type": "insert-code", "runId": record["id"], "code": record["answer"]["code"]}
    assert copy == {"type": "copy", "text": record["answer"]["text"]}
    assert (opened["type"], opened["runId"], opened["record"]["question"]) == ("open", record["id"], record["question"])
    assert again_with == {"type": "continue", "runId": record["id"], "words": "From b2."}
    assert again == {"type": "run-again", "runId": record["id"]}
    assert stop == {"type": "stop", "runId": read_sample("streaming")["id"]}


ASKING = ["Insert into a cell", "Open in an editor", "Continue", "Run again", "Stop", "Good steering"]


def shown_buttons(webview: Webview) -> list[str]:
    return [name for name in ASKING if webview.page.get_by_role("button", name=name).count() > 0]


def test_nothing_is_offered_that_nobody_would_do(page: Any) -> None:
    webview = open_webview(page, messaging=False)
    webview.render("a", read_sample("refined"))
    webview.render("b", read_sample("streaming"))
    assert shown_buttons(webview) == []
    # Copying needs nobody.
    assert page.get_by_role("button", name="Copy answer").count() == 1
    assert page.evaluate("sent") == []
    assert webview.faults == []


def test_buttons_come_when_the_extension_answers_and_an_untrusted_workspace_runs_nothing(page: Any) -> None:
    webview = open_webview(page)
    webview.render("a", read_sample("refined"))
    webview.render("b", read_sample("streaming"))
    assert shown_buttons(webview) == []
    assert page.evaluate("sent") == [{"type": "ready"}]
    webview.answer(trusted=False)
    assert shown_buttons(webview) == ["Open in an editor"]
    webview.answer(trusted=True)
    assert shown_buttons(webview) == ["Insert into a cell", "Open in an editor", "Continue", "Run again", "Stop"]
    # What is no message of the extension changes nothing.
    page.evaluate("[null, 1, 'preferences', {}, { type: 'preferences' }, { type: 'x' }].forEach(answer)")
    assert len(shown_buttons(webview)) == 5
    assert webview.faults == []


def test_the_reader_says_which_rounds_stand_open(webview: Webview) -> None:
    opened = "[...document.querySelectorAll('.cs-round[open]')].map(one => one.dataset.round)"
    webview.render("a", read_sample("exhausted"))
    rounds = [str(one["index"]) for one in read_sample("exhausted")["rounds"]]
    webview.answer(rounds="all")
    assert webview.page.evaluate(opened) == rounds
    webview.answer(rounds="none")
    assert webview.page.evaluate(opened) == []
    webview.page.locator("[data-round='1'] > summary").click()
    webview.answer(rounds="newest")
    assert "1" in webview.page.evaluate(opened)


def test_a_run_that_nobody_runs_is_lost(webview: Webview) -> None:
    record = read_sample("streaming")
    webview.answer(lost=[record["id"], read_sample("refined")["id"]])
    webview.render("a", record)
    webview.render("b", read_sample("refined"))
    status = "[...document.querySelectorAll('.cs-run')].map(one => one.dataset.status)"
    assert webview.page.evaluate(status) == ["lost", "done"]
    assert webview.page.get_by_role("button", name="Stop").count() == 0
    # Somebody is at it after all.
    webview.answer()
    webview.page.locator("#a .cs-run[data-status='running']").wait_for()


NO_RECORDS = {
    "truncated": json.dumps(read_sample("refined"))[:-40],
    "empty": "",
    "no object": "[1, 2]",
    "null": "null",
    "something else": '{"a": 1}',
    "a newer schema": json.dumps({**read_sample("refined"), "schema": 99}),
    "a strange schema": json.dumps({**read_sample("refined"), "schema": {"a": "<img src=x onerror=window.pwned=1>"}}),
    "deep": "[" * 200_000 + "]" * 200_000,
}


@pytest.mark.parametrize("name", NO_RECORDS)
def test_what_is_no_record_is_left_to_the_next_renderer(webview: Webview, name: str) -> None:
    assert webview.render("a", NO_RECORDS[name]) == "next"
    assert webview.page.inner_html("#a") == "the plain text"


def test_a_record_that_turns_bad_and_good_again(webview: Webview) -> None:
    page = webview.page
    assert webview.render("a", read_sample("refined")) == "codesteer"
    assert webview.render("a", "{") == "next"
    assert page.inner_html("#a") == "the plain text"
    assert webview.render("a", read_sample("refined")) == "codesteer"
    assert page.locator("#a .cs-run").count() == 1
    assert "the plain text" not in page.inner_text("#a")


def test_an_older_record_is_drawn_as_far_as_it_goes(webview: Webview) -> None:
    record = read_sample("refined")
    for name in ("schema", "usage", "support", "timing", "versions", "bound"):
        del record[name]
    for this in record["rounds"]:
        del this["usage"], this["timing"], this["self_answer"]
    assert webview.render("a", {**record, "of_no_known_name": 1}) == "codesteer"
    assert webview.page.locator(".cs-round").count() == len(record["rounds"])
    assert webview.render("b", {"status": "done"}) == "codesteer"


MEGABYTES = 50


@pytest.mark.timeout(600)
def test_fifty_megabytes_do_not_break_the_page(webview: Webview) -> None:
    """As a record, as an unknown one, and as no record at all; made in the page, so that they need not travel."""
    page = webview.page
    page.evaluate(
        """async ([record, size]) => {
            const text = 'A long answer. '.repeat(size / 15);
            record.rounds[0].answer.text = text;
            record.rounds[1].execution.stdout = 'line\\n'.repeat(size / 20);
            window.huge = JSON.stringify(record);
            window.drawn = [await render('a', huge),
              await render('b', huge.replace(/"schema": ?\\d+/, '"schema":99')), await render('c', huge.slice(0, -20))];
        }""",
        [read_sample("refined"), MEGABYTES * 1_000_000],
    )
    assert page.evaluate("huge.length") > MEGABYTES * 1_000_000
    assert page.evaluate("drawn") == ["codesteer", "codesteer", "codesteer"]
    assert page.locator("#a .cs-round").count() == 2
    assert "written by a newer CodeSteer (record version 99)" in page.inner_text("#b .cs-run")
    assert "not readable JSON" in page.inner_text("#c .cs-run")
    for place in ("b", "c"):
        assert page.inner_text(f"#{place} pre.codesteer-plain").startswith('{"')
    assert page.evaluate("document.body.textContent.length") < 4_000_000
    assert page.evaluate("document.querySelectorAll('*').length") < 30_000
    page.get_by_role("button", name="Open all rounds").click()
    assert page.locator("#a .cs-round[open]").count() == 2


HOSTILE = ["script", "handlers", "links", "loads", "frames", "overlay", "clobber", "mutation", "code", "origin", "bidi"]


@pytest.mark.timeout(600)
def test_hostile_texts_in_every_field_are_only_texts(page: Any) -> None:
    webview = open_webview(page)
    webview.answer()
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    for name in HOSTILE:
        record = json.loads(json.dumps(filled()).replace(json.dumps(PLACE), json.dumps(CORPUS[name])))
        assert webview.render("a", record) == "codesteer"
        page.evaluate(UNFOLD)
        page.evaluate(
            "document.querySelectorAll('.cs-run *').forEach(one => "
            "['mouseover', 'error', 'toggle', 'focus'].forEach(kind => one.dispatchEvent(new Event(kind))))"
        )
        assert page.evaluate(INTRUDERS) == [], name
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("window.pwned") is None
    assert dialogs == []
    assert webview.strangers == []
    assert page.evaluate("document.title") == "Outputs"
    # Nothing of it was thrown; the page's policy speaks of handlers that the sanitiser has read and thrown away.
    assert [fault for fault in webview.faults if "Content Security Policy" not in fault] == []


@pytest.mark.parametrize("theme", THEMES)
def test_every_state_is_accessible_in_every_theme(page: Any, theme: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    webview = open_webview(page, theme)
    webview.answer()
    bring_axe(page)
    for name in STATES:
        webview.render("a", read_sample(name))
        page.screenshot(path=SCREENSHOTS / f"{name}-{theme}.png", full_page=True)
        show_all(page)
        assert_accessible(page, about=name)
    assert webview.faults == []


@pytest.mark.parametrize("theme", THEMES)
def test_the_view_wears_the_theme(page: Any, theme: str) -> None:
    webview = open_webview(page, theme)
    webview.answer()
    webview.render("a", read_sample("refined"))
    page.evaluate(UNFOLD)
    look = page.evaluate(
        """() => {
            const of = (selector, name) => getComputedStyle(document.querySelector(selector))[name];
            return { ground: of('.cs-run', 'backgroundColor'), text: of('.cs-run', 'color'), font: of('.cs-run', 'fontFamily'),
                page: of('body', 'backgroundColor'), line: of('.cs-run', 'borderTopColor'), scheme: of('.cs-run', 'colorScheme'),
                code: of('.cs-run .cs-code code', 'fontFamily'), size: of('.cs-run .cs-code pre', 'fontSize') };
        }"""
    )
    variables = THEMES[theme]["variables"]

    def computed(color: str) -> str:
        value: str = page.evaluate(
            "color => { const one = document.createElement('i'); one.style.color = color; document.body.append(one);"
            " const { color: found } = getComputedStyle(one); one.remove(); return found; }",
            color,
        )
        return value

    assert look["ground"] == look["page"] == computed(variables["--vscode-editor-background"])
    assert look["text"] == computed(variables["--vscode-foreground"])
    border = variables.get("--vscode-contrastBorder", variables["--vscode-notebook-cellBorderColor"])
    assert look["line"] == computed(border)
    assert look["scheme"] == ("light" if theme.endswith("light") else "dark")
    assert look["size"] == variables["--notebook-cell-output-font-size"]
    assert "Droid Sans Mono" in look["code"]
    assert "system-ui" in look["font"]


def test_everything_can_be_reached_by_the_keyboard(webview: Webview) -> None:
    page = webview.page
    webview.render("a", read_sample("refined"))
    reached: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        name = page.evaluate(
            "(document.activeElement.closest('.cs-run') ? document.activeElement.getAttribute('aria-label') "
            "?? document.activeElement.innerText : '').split('\\n')[0]"
        )
        if not name:
            break
        reached.append(name)
        width = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert width != "0px", f"no focus ring on {name}"
    wanted = [
        "Find",
        "Open all rounds",
        "Open in an editor",
        "Insert into a cell",
        "Copy answer",
        "Continue",
        "Run again",
    ]
    assert [one for one in wanted if one not in reached] == []
    assert reached[-1] == "Run again"
    page.locator("[data-round='1'] > summary").press("Enter")
    assert page.locator("[data-round='1']").get_attribute("open") is not None


@pytest.mark.parametrize("width", [400, 600, 1400])
def test_it_fits_every_width(webview: Webview, width: int) -> None:
    webview.page.set_viewport_size({"width": width, "height": 800})
    for name in STATES:
        webview.render("a", read_sample(name))
        webview.page.evaluate(UNFOLD)
        assert webview.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        assert webview.page.evaluate(
            "document.getElementById('a').scrollWidth <= document.getElementById('a').clientWidth"
        )
    webview.render("a", read_sample("refined"))
    webview.page.screenshot(path=SCREENSHOTS / f"width-{width}.png", full_page=True)
