"""The finished cell output: the record under our MIME type, and the same run as HTML, Markdown and plain text."""

from __future__ import annotations

from typing import Any

import msgspec

from codesteer_kernel.record import MIME_TYPE, Record, bounded
from codesteer_kernel.render.html import to_html
from codesteer_kernel.render.markdown import to_markdown
from codesteer_kernel.render.text import to_text

__all__ = ["mime_bundle"]


def mime_bundle(record: Record) -> dict[str, Any]:
    """Return the MIME bundle of a run; it holds no widget view, so that a saved notebook reads without a kernel."""
    record = bounded(record)
    return {
        # First: VS Code keeps the order of vendor types.
        MIME_TYPE: msgspec.to_builtins(record),
        "text/html": to_html(record),
        "text/markdown": to_markdown(record),
        "text/plain": to_text(record),
    }
