"""What a program shows, as MIME bundles: which types travel, and how large they may be.

JSON types travel as text, like all others; what reads them treats them as a stranger's.
"""

from __future__ import annotations

import base64
import io
import json
import sys
from typing import Any

from .capture import clean, shorten

TEXT_KEPT = 16 * 1024
"""Longest plain text of a bundle; a longer one is cut in its middle."""
MIME_KEPT = 1024 * 1024
"""Longest text of another type; a longer one is left out of its bundle and counted."""
PLOTLY = "application/vnd.plotly.v1+json"
CHARTS = (
    PLOTLY,
    "application/vnd.vegalite.v5+json",
    "application/vnd.vegalite.v6+json",
    "application/vnd.vega.v5+json",
    "application/vnd.vega.v6+json",
)
MIMES = (
    "text/plain",
    "text/html",
    "text/markdown",
    "text/latex",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    *CHARTS,
)


def bundle_of(value: Any) -> dict[str, Any]:
    """The forms in which ``value`` shows itself, or in which a notebook would show it."""
    if is_figure(value):
        return {"image/png": picture(value), "text/plain": repr(value)}
    try:
        chart = chart_of(value)
    except Exception as error:  # noqa: BLE001 - libraries refuse in their own ways, altair for example over 5,000 rows
        return {"text/plain": f"<{type(value).__name__} that cannot be shown: {shorten(str(error), 300)}>"}
    if chart:
        return chart
    from IPython.core.formatters import DisplayFormatter

    bundle, _ = DisplayFormatter().format(value)
    return dict(bundle)


def is_figure(value: Any) -> bool:
    """Whether ``value`` is a figure of matplotlib's."""
    module = sys.modules.get("matplotlib.figure")
    return module is not None and isinstance(value, module.Figure)


def picture(figure: Any) -> bytes:
    """A matplotlib figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight")
    return buffer.getvalue()


def chart_of(value: Any) -> dict[str, str]:
    """A chart of plotly's or altair's in its own MIME type; empty for anything else.

    Left to themselves both answer with markup that loads scripts from elsewhere.
    """
    family = type(value).__module__.partition(".")[0]
    plain = f"<{family} {type(value).__name__}>"
    if family == "plotly" and hasattr(value, "to_plotly_json"):
        return {PLOTLY: value.to_json(), "text/plain": plain}
    if family == "altair" and hasattr(value, "to_dict"):
        spec = value.to_dict()
        version = str(spec.get("$schema", "")).rpartition("/v")[2].partition(".")[0]
        return {f"application/vnd.vegalite.v{version}+json": json.dumps(spec), "text/plain": plain}
    return {}


def kept(bundle: dict[str, Any]) -> tuple[dict[str, str], int]:
    """What of a bundle travels, as text, and how many characters are left out."""
    data: dict[str, str] = {}
    cut = 0
    for mime in MIMES:
        held = bundle.get(mime)
        if isinstance(held, bytes):
            held = base64.b64encode(held).decode("ascii")
        elif isinstance(held, dict) and mime in CHARTS:
            held = json.dumps(held)
        if not isinstance(held, str):
            continue
        if mime == "text/plain" and len(held) > TEXT_KEPT:
            cut += len(held) - TEXT_KEPT
            held = shorten(held, TEXT_KEPT)
        elif len(held) > MIME_KEPT:
            cut += len(held)
            continue
        data[mime] = clean(held)
    return data, cut
