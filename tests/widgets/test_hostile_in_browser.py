"""Hostile texts in every field of a record, in a real browser: nothing runs, nothing leaves, nothing breaks out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.widgets.hostile import CORPUS, INTRUDERS, PLACE, filled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

WIDTH = 860
FILL = """([record, place, text]) => {
  const put = JSON.parse(text);
  const full = JSON.parse(JSON.stringify(record), (_, value) => (value === place ? put : value));
  return change({ actions: ['stop', 'insert', 'feedback', 'rerun', 'rate'], record: full });
}"""


@pytest.mark.parametrize("name", CORPUS)
def test_a_hostile_text_is_only_text(run_page: Any, name: str) -> None:
    run_page.set_viewport_size({"width": WIDTH, "height": 900})
    dialogs: list[str] = []
    run_page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    run_page.evaluate(FILL, [filled(), PLACE, json.dumps(CORPUS[name])])
    run_page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert run_page.locator(".cs-run .cs-round").count() == 2
    run_page.evaluate(
        "document.querySelectorAll('.cs-run :is(a, img, b, p, td)').forEach(one => "
        "['click', 'mouseover', 'error', 'toggle', 'focus'].forEach(kind => one.dispatchEvent(new Event(kind))))"
    )
    # Whatever was to be loaded or run has had its turn when two frames have been drawn.
    run_page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert run_page.evaluate("window.pwned") is None
    assert dialogs == []
    assert run_page.strangers == []
    assert run_page.evaluate(INTRUDERS) == []
    assert run_page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    assert run_page.evaluate("document.querySelectorAll('.cs-run *').length") < 30_000
    assert run_page.evaluate("document.title") == "CodeSteer run"
    # The page is still its own: the view's controls work.
    run_page.get_by_role("button", name="Close all rounds").click()
    assert run_page.locator(".cs-round[open]").count() == 0
