"""A page like the one in which VS Code draws a notebook's outputs, with the built renderer of the extension in it.

It keeps to VS Code's contract for renderers: outputs have identities, the same element is drawn into again, an error named
``vscode.fallbackToNextRenderer`` hands over to the next renderer, of any other error the reader is told. Its content policy is
stricter than VS Code's, and ``themes.json`` holds the colours of VS Code's own default themes as its web pages get them
(``test_vscode.py`` compares them with those of a real VS Code).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["MIME_TYPE", "ORIGIN", "RENDERER", "THEMES", "Webview", "open_webview"]

ROOT = Path(__file__).parents[3]
RENDERER = ROOT / "extension" / "vscode" / "dist" / "renderer.js"
THEMES: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("themes.json").read_text(encoding="utf-8"))
MIME_TYPE = "application/vnd.codesteer.run.v1+json"
ORIGIN = "http://webview.test"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src https: http: data:;"
    " font-src https:; connect-src https:; child-src https: data:"
)

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Outputs</title>
<link rel="stylesheet" href="/webview.css">
</head>
<body>
<main id="container"></main>
<script type="module" src="/webview.js"></script>
</body>
</html>"""

# What VS Code's own rules do to whatever stands in an output.
STYLE = """
@layer vscode-default {
  body { margin: 0; padding: 0 20px; color: var(--vscode-editor-foreground);
    font: var(--vscode-font-weight) var(--vscode-font-size) var(--vscode-font-family); }
  img { max-width: 100%; max-height: 100%; }
  a { color: var(--vscode-textLink-foreground); }
  code { padding: 1px 3px; border-radius: 4px; color: var(--vscode-textPreformat-foreground);
    background: var(--vscode-textPreformat-background); }
  blockquote { background: var(--vscode-textBlockQuote-background); }
  a:focus, input:focus, textarea:focus { outline: 1px solid -webkit-focus-ring-color; outline-offset: -1px; }
}
body { background: var(--vscode-editor-background); }
.cell_container, .output_container { width: 100%; }
.output { box-sizing: border-box; width: var(--notebook-output-width); margin-left: var(--notebook-output-left-margin);
  padding: var(--notebook-output-node-padding); font-size: var(--notebook-cell-output-font-size); overflow-x: auto; }
#container div.output > div { box-sizing: border-box; padding: 0 8px; border: 1px solid transparent; }
table, thead, tr, th, td, tbody { border: none; border-spacing: 0; border-collapse: collapse; }
table, th, tr { vertical-align: middle; text-align: right; }
thead { font-weight: bold; background-color: rgba(130, 130, 130, 0.16); }
th, td { padding: 4px 8px; }
tr:nth-child(even) { background-color: rgba(130, 130, 130, 0.08); }
"""

SCRIPT = """
import { activate } from '/renderer.js';
const container = document.getElementById('container');
const listeners = new Set();
const bytes = new TextEncoder();
window.sent = [];
window.setUp = async messaging => {
  const context = { workspace: { isTrusted: true }, setState() {}, getState() {}, getRenderer: async () => undefined };
  if (messaging) {
    context.postMessage = message => { window.sent.push(structuredClone(message)); };
    context.onDidReceiveMessage = listener => {
      listeners.add(listener);
      return { dispose: () => listeners.delete(listener) };
    };
  }
  window.renderer = await activate(Object.freeze(context));
};
window.answer = message => { for (const listener of listeners) listener(message); };
const frames = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
const place = id => {
  let output = document.getElementById(id);
  if (!output) {
    const cell = document.createElement('div');
    cell.className = 'cell_container';
    const around = document.createElement('div');
    around.className = 'output_container';
    output = document.createElement('div');
    output.className = 'output';
    output.id = id;
    around.append(output);
    cell.append(around);
    container.append(cell);
  }
  return output;
};
// Draws an output and tells by whom it was drawn.
window.render = async (id, text, plain = 'the plain text') => {
  const element = place(id);
  const data = bytes.encode(text);
  const item = Object.freeze({ id, mime: 'MIME_TYPE', metadata: {}, text: () => text,
    json: () => JSON.parse(text), data: () => data, blob: () => new Blob([data]) });
  try {
    await window.renderer.renderOutputItem(item, element, new AbortController().signal);
    await frames();
    return 'codesteer';
  } catch (fault) {
    if (!(fault instanceof Error) || fault.name !== 'vscode.fallbackToNextRenderer') throw fault;
    element.textContent = plain;
    return 'next';
  }
};
// A cell that comes back into sight has a new element for the output it had.
window.forget = id => { document.getElementById(id).closest('.cell_container').remove(); };
window.ready = true;
""".replace("MIME_TYPE", MIME_TYPE)


class Webview:
    """The page, and what it asked for besides its own files; ``faults`` are errors of its scripts and of its policy."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.strangers: list[str] = []
        self.faults: list[str] = []
        page.route("**/*", self._serve)
        page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        page.on("console", lambda message: message.type == "error" and self.faults.append(message.text))
        page.goto(f"{ORIGIN}/")
        page.wait_for_function("window.ready", timeout=60_000)

    def set_up(self, *, messaging: bool = True) -> None:
        """Load the renderer, with or without somebody to send messages to."""
        self.page.evaluate("messaging => setUp(messaging)", messaging)

    def answer(self, *, trusted: bool = True, rounds: str = "newest", lost: Sequence[str] = ()) -> None:
        """Answer as the extension does when the renderer says that it is ready, or later."""
        self.page.evaluate(
            "message => answer(message)",
            {"type": "preferences", "preferences": {"rounds": rounds}, "trusted": trusted, "lost": list(lost)},
        )

    def render(self, output: str, record: dict[str, Any] | str) -> str:
        """Draw an output; returns ``codesteer``, or ``next`` when it was handed over."""
        text = record if isinstance(record, str) else json.dumps(record)
        drawn: str = self.page.evaluate("([output, text]) => render(output, text)", [output, text])
        return drawn

    def wear(self, theme: str) -> None:
        """Dress the page in a theme of VS Code."""
        self.page.emulate_media(reduced_motion="reduce")
        self.page.evaluate(
            """theme => {
                document.body.className = theme.class;
                for (const [name, value] of Object.entries(theme.attributes)) document.body.setAttribute(name, value);
                const { style } = document.documentElement;
                for (const name of [...style]) style.removeProperty(name);
                for (const [name, value] of Object.entries(theme.variables)) style.setProperty(name, value);
            }""",
            THEMES[theme],
        )

    def _serve(self, route: Any) -> None:
        files = {
            "/": ("text/html", PAGE),
            "/webview.css": ("text/css", STYLE),
            "/webview.js": ("text/javascript", SCRIPT),
            "/renderer.js": ("text/javascript", RENDERER.read_text(encoding="utf-8")),
            "/favicon.ico": ("image/x-icon", ""),
        }
        url = route.request.url
        if url.startswith("data:"):
            route.continue_()
        elif url.removeprefix(ORIGIN) in files:
            kind, body = files[url.removeprefix(ORIGIN)]
            headers = {"Content-Security-Policy": POLICY} if kind == "text/html" else {}
            route.fulfill(content_type=f"{kind}; charset=utf-8", body=body, headers=headers)
        else:
            self.strangers.append(url)
            route.abort()


def open_webview(page: Any, theme: str = "dark", *, messaging: bool = True) -> Webview:
    """Fill ``page`` with an empty notebook's outputs and load the renderer."""
    webview = Webview(page)
    webview.wear(theme)
    webview.set_up(messaging=messaging)
    return webview
