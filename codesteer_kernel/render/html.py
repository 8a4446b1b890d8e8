"""HTML that stands alone: no script, no handler, everything escaped, readable after any sanitiser.

It is the fall-back wherever our own view is absent (nbconvert, GitHub, front ends without the extension), so it uses
plain tags, ``details`` for rounds and inherits the page's colours. A few inline styles, half transparent so that they
suit light and dark pages, make it pleasant where they are let through; nothing depends on them.
"""

from __future__ import annotations

import base64
from html import escape

from codesteer_kernel.record import Execution, Record, Round, SelfAnswer
from codesteer_kernel.render.pictures import picture
from codesteer_kernel.render.tables import tables_of
from codesteer_kernel.render.words import (
    bound_lines,
    cost_line,
    decision_line,
    ending_line,
    execution_line,
    split_line,
    status_line,
    verdict_line,
)

__all__ = ["STYLES", "to_html", "to_page"]

_BOX = "border:1px solid rgba(127,127,127,.35);border-radius:8px;padding:4px 16px;margin:4px 0;max-width:62em"
_ANSWER = "border-left:4px solid rgba(46,125,50,.8);padding:2px 14px;margin:10px 0"
_BIG = "font-size:1.3em;white-space:pre-wrap;margin:2px 0;background:none"
_CODE = "background:rgba(127,127,127,.12);border-radius:6px;padding:8px 12px;margin:6px 0;white-space:pre-wrap"
_FOLD = "border-top:1px solid rgba(127,127,127,.25);padding:6px 0"
STYLES = frozenset({_BOX, _ANSWER, _BIG, _CODE, _FOLD})
"""Every inline style that :func:`to_html` may write; none holds anything of a record."""


def to_html(record: Record) -> str:
    """The run as one block of HTML: answer first, rounds folded but the one that won."""
    parts = [f"<p><strong>CodeSteer</strong> · {escape(status_line(record))}</p>"]
    parts.append(f"<blockquote>{_lines(record.question.prompt.strip())}</blockquote>")
    winner = 0
    if record.answer is not None:
        winner = record.answer.round
        tag = "pre" if record.answer.code else "p"
        text = escape(record.answer.text) if tag == "pre" else _lines(record.answer.text)
        # No heading tag: JupyterLab would list it in the notebook's table of contents.
        note = f"<em>{escape(record.support.note)}</em>" if record.support is not None else ""
        parts.append(
            f'<div style="{_ANSWER}"><small>Answer</small><{tag} style="{_BIG}"><strong>{text}</strong></{tag}>{note}</div>'
        )
    parts += [f"<p>{escape(line)}</p>" for line in bound_lines(record)]
    parts += [_round(one, opened=one.index == (winner or len(record.rounds))) for one in record.rounds]
    if ended := ending_line(record):
        parts.append(f"<p>{escape(ended)}</p>")
    where = split_line(record)
    parts.append(f"<p><small>{escape(cost_line(record))}{f'<br>Time: {escape(where)}' if where else ''}</small></p>")
    return f'<div class="codesteer-run" style="{_BOX}">{"".join(parts)}</div>'


def to_page(record: Record) -> str:
    """The run as a whole document, to be opened by itself; it loads nothing and runs nothing."""
    title = escape(" ".join(record.question.prompt.split())[:80] or record.id)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n</head>\n"
        f'<body style="font-family:system-ui,sans-serif">\n{to_html(record)}\n</body>\n</html>\n'
    )


def _round(this: Round, *, opened: bool) -> str:
    took = f" <small>{this.timing.seconds:.1f} s</small>" if this.complete and this.timing.seconds else ""
    parts = [f"<summary>Round {this.index}: {escape(decision_line(this.decision))}{_badge(this)}{took}</summary>"]
    if this.decision.guidance:
        parts.append(f"<blockquote>{_lines(this.decision.guidance)}</blockquote>")
    if this.answer.code is not None:
        parts.append(f'<pre style="{_CODE}"><code>{escape(this.answer.code)}</code></pre>')
    elif this.answer.text:
        parts.append(f"<p>{_lines(this.answer.text)}</p>")
    if this.execution is not None and this.execution.status is not None:
        parts.append(f"<p><small>Ran: {escape(execution_line(this))}</small></p>")
        parts.append(_outputs(this.execution))
    checks = []
    if this.symbolic is not None:
        checks.append(f"<li>symbolic checker: {this.symbolic.score:g} of 10. {escape(this.symbolic.note)}</li>")
    if this.self_answer is not None:
        checks.append(
            f"<li>self-answer checker: {escape(verdict_line(this.self_answer))}{_tester(this.self_answer)}</li>"
        )
    if checks:
        parts.append(f"<ul>{''.join(checks)}</ul>")
    return f'<details style="{_FOLD}"{" open" if opened else ""}>{"".join(parts)}</details>'


def _tester(verdict: SelfAnswer) -> str:
    """The program that tested the answer, folded."""
    if not verdict.program.strip():
        return ""
    program = f'<pre style="{_CODE}"><code>{escape(verdict.program.strip())}</code></pre>'
    return f"<details><summary>The program that checked it</summary>{program}</details>"


def _badge(this: Round) -> str:
    verdict = this.self_answer.verdict if this.self_answer else ""
    if verdict in ("pass", "fail"):
        return " ✓" if verdict == "pass" else " ✗"
    if this.execution is not None and this.execution.status not in (None, "ok"):
        return " ✗"
    return ""


def _outputs(run: Execution) -> str:
    parts = [f'<pre style="{_CODE}">{escape(text.rstrip())}</pre>' for text in (run.stdout, run.stderr) if text.strip()]
    if run.traceback.strip():
        parts.append(
            f"<details><summary>{escape(run.error or 'Traceback')}</summary><pre>{escape(run.traceback)}</pre></details>"
        )
    for output in run.outputs:
        if drawn := picture(output):
            mime, data = drawn
            alt = escape(output.data.get("text/plain", "figure")[:200], quote=True)
            parts.append(f'<p><img alt="{alt}" src="data:{mime};base64,{data}"></p>')
        elif "<svg" in output.data.get("image/svg+xml", ""):
            # As an image, where no script of it runs and nothing is loaded.
            drawing = base64.b64encode(output.data["image/svg+xml"].encode("utf-8", "replace")).decode()
            parts.append(f'<p><img alt="figure" src="data:image/svg+xml;base64,{drawing}"></p>')
        elif table := tables_of(output.data.get("text/html", "")):
            parts.append(table)
        elif output.data.get("text/plain"):
            parts.append(f"<pre>{escape(output.data['text/plain'])}</pre>")
    return "".join(parts)


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")
