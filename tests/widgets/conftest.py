"""The browser for the view's own tests, and a page that holds the built widget bundle and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "widgets" / "codesteer_widgets" / "static"
SAMPLES = Path(__file__).with_name("samples")
ORIGIN = "http://run.test"
# The page's model speaks anywidget's front-end interface, so the bundle is used as a notebook uses it.
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>CodeSteer run</title>
<link rel="stylesheet" href="/style.css">
<style>body { margin: 12px; background: Canvas; color: CanvasText; }</style>
</head>
<body>
<main id="host"></main>
<script type="module">
import widget from '/widget.js';
const state = { record: {}, tail: {}, stop_requested: false, seen: false };
const listeners = {};
const model = {
  get: name => state[name],
  set: (name, value) => { state[name] = value; },
  save_changes: () => {},
  send: message => { window.sent.push(message); },
  on: (event, callback) => { (listeners[event] ??= []).push(callback); },
  off: (event, callback) => { listeners[event] = (listeners[event] ?? []).filter(one => one !== callback); },
};
window.state = state;
window.sent = [];
window.change = changes => {
  Object.assign(state, changes);
  for (const name of Object.keys(changes)) for (const callback of listeners[`change:${name}`] ?? []) callback();
  return new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)));
};
window.cleanup = widget.render({ model, el: document.getElementById('host') });
window.ready = true;
</script>
</body>
</html>"""


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def sample() -> Callable[[str], dict[str, Any]]:
    def read(name: str) -> dict[str, Any]:
        record: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
        return record

    return read


@pytest.fixture
def run_page(page: Any) -> Iterator[Any]:
    """A page with an empty view; ``page.strangers`` lists every request for anything but the page's own files."""
    files = {
        "/": ("text/html", PAGE),
        "/widget.js": ("text/javascript", (STATIC / "widget.js").read_text(encoding="utf-8")),
        "/style.css": ("text/css", (STATIC / "style.css").read_text(encoding="utf-8")),
        "/favicon.ico": ("image/x-icon", ""),
    }
    strangers: list[str] = []
    faults: list[str] = []

    def serve(route: Any) -> None:
        url = route.request.url
        if url.startswith("data:"):
            route.continue_()
        elif url.removeprefix(ORIGIN) in files:
            kind, body = files[url.removeprefix(ORIGIN)]
            route.fulfill(content_type=f"{kind}; charset=utf-8", body=body)
        else:
            strangers.append(url)
            route.abort()

    page.route("**/*", serve)
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto(f"{ORIGIN}/")
    page.wait_for_function("window.ready", timeout=10_000)
    page.strangers = strangers
    yield page
    assert faults == []
