"""Texts that would harm a reader, were they drawn as what they are; and records full of them."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

from tests.widgets.page import ORIGIN, read_sample

__all__ = ["CORPUS", "INTRUDERS", "PLACE", "filled"]

AWAY = "http://127.0.0.1:9"


def _png(width: int, height: int) -> str:
    """A small file that says it is a picture of this size."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 64)), (b"IEND", b""))
    )
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + body).decode()


BOMB = _png(100_000, 100_000)
CORPUS: dict[str, str] = {
    "script": "<script>window.pwned = 1</script><ScRiPt src='//127.0.0.1:9/x.js'></sCrIpT>",
    "handlers": "<img src=x onerror=window.pwned=1><b onmouseover='window.pwned=1' onclick=window.pwned=1>b</b>"
    "<details open ontoggle=window.pwned=1><summary>s</summary></details><input autofocus onfocus=window.pwned=1>",
    "links": "[a](javascript:window.pwned=1) <a href=' java\tscript:window.pwned=1'>b</a> <javascript:window.pwned=1> "
    f"[c](data:text/html,<script>1</script>) [d](vbscript:x) <a href='{AWAY}/ping' ping='{AWAY}/ping'>e</a>"
    " <svg><a xlink:href='javascript:window.pwned=1'><text y=9>f</text></a></svg>",
    "loads": f"![x]({AWAY}/leak.png) <img src='{AWAY}/a.png' srcset='{AWAY}/b.png 2x'><link rel=stylesheet href={AWAY}/c.css>"
    f"<iframe src='{AWAY}/d'></iframe><video src={AWAY}/e autoplay></video><object data={AWAY}/f></object>"
    f"<style>@import '{AWAY}/g.css'; body {{ background: url({AWAY}/h) }}</style><p style='background:url({AWAY}/i)'>p</p>"
    f"<base href={AWAY}/><meta http-equiv=refresh content='0;url={AWAY}/j'><table background={AWAY}/k><tr><td>l</table>",
    "frames": "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe><form action='javascript:window.pwned=1'><button>go",
    "overlay": "<div style='position:fixed;inset:0;z-index:9999;background:red'>over</div><dialog open>d</dialog>"
    "<p style='font-size:900px'>big</p><marquee>m</marquee><p popover=manual>pop</p>",
    "clobber": "<img name=getElementById><form id=body><input name=attributes></form><a id=ready name=ready>x</a>",
    "mutation": "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=window.pwned=1&gt;'>"
    "<svg></p><style><a id='</style><img src=1 onerror=window.pwned=1>'>",
    "code": "```python\nprint('</code></pre><script>window.pwned = 1</script>')\n```\n\n```<img src=x onerror=window.pwned=1>\nx\n```",
    "formula": r"$\href{javascript:window.pwned=1}{x}$ $$\require{html}\style{position:fixed}{x}$$ \(</span><script>window.pwned=1</script>\) $<img src=x onerror=window.pwned=1>$",
    "ansi": "\x1b]0;title\x07\x1b]8;;javascript:window.pwned=1\x07link\x1b]8;;\x07\x1b[2J\x1b[H\x1b[31;1m<img src=x onerror=window.pwned=1>\x1b[0m\x1b[999999999999m",
    "ansi-flood": "\x1b[31ma\x1b[32mb" * 20_000,
    "bidi": "if access != '\u202e\u2066user\u2069 \u2066': # admin\u200b\u200f \u2028 \u00ad\u061c",
    "controls": "".join(map(chr, range(32))) + "\x7f\x85\x9b31m",
    "one-line": "x" * 1_000_000,
    "one-word-markdown": "*" * 50_000,
    "many-lines": "line\n" * 200_000,
    "redrawn": "\r".join(f"{number}%" for number in range(100_000)),
    "deep-quotes": ">" * 20_000 + " deep",
    "deep-lists": "\n".join("  " * depth + "- x" for depth in range(1_000)),
    "deep-html": "<div>" * 20_000 + "deep",
    "deep-emphasis": "*a **b " * 5_000,
    "brackets": "[" * 20_000 + "]" * 20_000 + "(" * 5_000,
    "dollars": "$x " * 15_000,
    "parens": "\\(" * 20_000 + "\\[" * 20_000,
    "wide-table": "|" + "a|" * 2_000 + "\n|" + "-|" * 2_000 + "\n|" + "b|" * 2_000,
    "many-nodes": "<b>x</b>" * 100_000,
    "zalgo": "a" + "\u0301" * 20_000,
    "surrogates": "a\ud800b\udfffc",
    "template": "{question} {n} {{7*7}} ${7*7} <%= 7 %>",
    "origin": f"<a href='{ORIGIN}/widget.js' target=_top>own</a><img src='/leak.png'>",
}
"""Names and texts; some are long, so that a browser could be kept busy or a page be torn apart."""


PLACE = "@@"
"""Stands in :func:`filled` for the text: put in by the page, so that a long one travels once."""


# What stands in the view and no view makes: by tag, by attribute, by place.
INTRUDERS = """() => {
  const found = [];
  const tags = 'script, iframe, frame, object, embed, style, link, base, meta, form, video, audio, dialog, template';
  for (const node of document.querySelectorAll(`.cs-run :is(${tags})`)) found.push(node.tagName);
  for (const node of document.querySelectorAll('.cs-run *')) {
    for (const { name, value } of node.attributes) {
      if (/^on|^srcset$|^srcdoc$|^ping$|^popover$|^background$|^formaction$|xlink/.test(name)) found.push(name);
      if (name === 'id' || name === 'name') found.push(`${name}=${value}`);
      if (name === 'href' && !/^(https?:|mailto:)/.test(value)) found.push(value.slice(0, 80));
      if (name === 'src' && !/^data:image\\//.test(value)) found.push(value.slice(0, 80));
      if (name === 'style' && !/^(width|flex-grow): [\\d.]+%?;$/.test(value)) found.push(value.slice(0, 80));
    }
    if (['fixed', 'sticky'].includes(getComputedStyle(node).position) && !node.matches('.cs-find, .cs-gutter')) {
      found.push(node.className);
    }
  }
  return found;
}"""


def filled() -> dict[str, Any]:
    """The record of a run in which everything that a model, a program or a user wrote is :data:`PLACE`."""
    text = PLACE
    record: dict[str, Any] = _filled(read_sample("refined"), text)
    record |= {"schema": 1, "status": "done", "id": "r-1"}
    for this in record["rounds"]:
        this["decision"] |= {"kind": "refine", "source": "model", "guidance_source": "template"}
        this["self_answer"] |= {"verdict": "fail"}
        for run in (this["execution"], this["self_answer"]["execution"]):
            run["status"] = "error"
            run["outputs"] = [
                {"kind": "display", "data": {"text/html": text, "text/plain": text}},
                {
                    "kind": "display",
                    "data": {
                        "image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg'><script>window.pwned=1</script><image href='{AWAY}/z'/></svg>"
                    },
                },
                {"kind": "display", "data": {"image/png": text}},
                {"kind": "display", "data": {"image/png": BOMB}},
                {"kind": "display", "data": {"application/javascript": text}},
                {"kind": "display", "data": {"application/vnd.vegalite.v5+json": text}},
                {"kind": "result", "data": {"text/plain": text}},
            ]
    record["support"]["level"] = "verified"
    record["support"]["decision"] |= {"kind": "return", "source": "model"}
    record["bound"] = [
        {"name": text, "type": text, "error": ""},
        {"name": "__proto__", "type": "", "error": text},
    ]
    record["question"]["inputs"] = [{"name": text, "type": text, "shape": text, "summary": text}]
    record["error"] = {"code": text, "message": text, "cure": text}
    return record


def _filled(value: Any, text: str) -> Any:
    if isinstance(value, str):
        return text
    if isinstance(value, list):
        return [_filled(item, text) for item in value]
    if isinstance(value, dict):
        return {key: _filled(item, text) for key, item in value.items()}
    return value
