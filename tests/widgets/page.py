"""A page that holds the built widget bundle and nothing else, in the dress of any host; for tests, figures, pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = [
    "DRESSES",
    "ORIGIN",
    "ROOT",
    "SAMPLES",
    "STATES",
    "STATIC",
    "UNFOLD",
    "dress",
    "open_page",
    "read_sample",
    "show",
    "show_all",
]

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "widgets" / "codesteer_widgets" / "static"
SAMPLES = Path(__file__).with_name("samples")
ORIGIN = "http://run.test"
STATES = ["refined", "streaming", "in_words", "formulas", "rich", "exhausted", "stopped", "failed", "queued"]
"""The samples that have each state of a run, and each kind of content."""
UNFOLD = "document.querySelectorAll('.cs-run details').forEach(one => { one.open = true })"

# What the hosts set around a view: their own colours, as they ship them.
_LAB = {
    "light": "--jp-layout-color1:#fff;--jp-ui-font-color1:rgba(0,0,0,.87);--jp-border-color2:#e0e0e0",
    "dark": "--jp-layout-color1:#111;--jp-ui-font-color1:#fff;--jp-border-color2:#424242",
    "contrast": "--jp-layout-color1:#000;--jp-ui-font-color1:#fff;--jp-border-color0:#fff;--jp-border-color2:#fff",
}
_CODE = {
    "light": "--vscode-editor-background:#fff;--vscode-editor-foreground:#3b3b3b;--vscode-panel-border:#e5e5e5",
    "dark": "--vscode-editor-background:#1f1f1f;--vscode-editor-foreground:#ccc;--vscode-panel-border:#2b2b2b",
    "contrast": "--vscode-editor-background:#000;--vscode-editor-foreground:#fff;--vscode-contrastBorder:#6fc3df",
    "contrast-light": "--vscode-editor-background:#fff;--vscode-editor-foreground:#292929;--vscode-contrastBorder:#0f4a85",
}
DRESSES: dict[str, dict[str, Any]] = {
    "page-light": {"media": {"color_scheme": "light"}},
    "page-dark": {"media": {"color_scheme": "dark"}},
    "page-contrast": {"media": {"color_scheme": "light", "contrast": "more"}},
    "page-forced": {"media": {"color_scheme": "dark", "forced_colors": "active"}},
    "lab-light": {"style": _LAB["light"], "attributes": {"data-jp-theme-light": "true"}},
    "lab-dark": {"style": _LAB["dark"], "attributes": {"data-jp-theme-light": "false"}},
    "lab-contrast": {
        "style": _LAB["contrast"],
        "attributes": {"data-jp-theme-light": "false", "data-jp-theme-name": "JupyterLab Dark High Contrast"},
    },
    "code-light": {"style": _CODE["light"], "attributes": {"class": "vscode-light"}},
    "code-dark": {"style": _CODE["dark"], "attributes": {"class": "vscode-dark"}},
    "code-contrast": {"style": _CODE["contrast"], "attributes": {"class": "vscode-high-contrast"}},
    "code-contrast-light": {
        "style": _CODE["contrast-light"],
        "attributes": {"class": "vscode-high-contrast vscode-high-contrast-light"},
    },
}

# The page's model speaks anywidget's front-end interface, so the bundle is used as a notebook uses it.
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>CodeSteer run</title>
<link rel="stylesheet" href="/style.css">
<style>
body { margin: 12px; color: CanvasText;
  background: var(--jp-layout-color1, var(--vscode-editor-background, Canvas)); }
</style>
</head>
<body>
<main id="host"></main>
<script type="module">
import widget from '/widget.js';
const state = { record: {}, tail: {}, actions: ['stop'], ratings: {}, selected: 0, seen: false };
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


def open_page(page: Any) -> tuple[list[str], list[str]]:
    """Fill ``page`` with an empty view; returns two lists that grow: requests for anything else, and errors."""
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
    page.wait_for_function("window.ready", timeout=30_000)
    return strangers, faults


def dress(page: Any, name: str) -> None:
    """Give the page the looks of a host."""
    wanted = DRESSES[name]
    page.emulate_media(reduced_motion="reduce", **wanted.get("media", {}))
    attributes = {**wanted.get("attributes", {}), "style": wanted.get("style", "")}
    page.evaluate(
        "wanted => { for (const [name, value] of Object.entries(wanted)) document.body.setAttribute(name, value); }",
        attributes,
    )


def show(page: Any, record: dict[str, Any], tail: dict[str, Any] | None = None, **state: Any) -> None:
    """Draw a record, and wait until it is drawn."""
    page.evaluate("changes => window.change(changes)", {**state, "record": record, "tail": tail or {}})


def show_all(page: Any) -> None:
    """Unfold what is folded, and show the find bar: all of it must be as readable as what is open."""
    page.evaluate(UNFOLD)
    find = page.get_by_role("button", name="Find", exact=True)
    if find.is_visible() and not page.locator(".cs-find").is_visible():
        find.click()


def read_sample(name: str) -> dict[str, Any]:
    """A record beside this file."""
    record: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return record
