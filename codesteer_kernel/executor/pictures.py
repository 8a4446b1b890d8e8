"""Pictures and charts that came back from a program: data that shows itself, and nothing more."""

from __future__ import annotations

from typing import Any

from codesteer_kernel.record import safe_chart

__all__ = ["Chart", "Picture"]


class Picture(bytes):
    """A PNG that a notebook shows as an image; still the bytes that it is, for ``Path.write_bytes`` and the like."""

    def _repr_png_(self) -> bytes:
        return bytes(self)

    def __repr__(self) -> str:
        return f"<Picture, PNG of {len(self):,} bytes>"


class Chart:
    """A chart of plotly's or altair's as the MIME bundle that it was shown by.

    A notebook draws it with its own renderer, if it is one that loads nothing from elsewhere (see
    :func:`codesteer_kernel.record.safe_chart`).

    Attributes:
        data: MIME type to JSON text.
    """

    def __init__(self, data: dict[str, str]) -> None:
        self.data = dict(data)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        found = {mime: spec for mime, text in self.data.items() if (spec := safe_chart(mime, text)) is not None}
        return {**found, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<Chart {', '.join(mime for mime in self.data if mime != 'text/plain')}>"
