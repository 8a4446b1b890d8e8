"""The pictures that a program drew, checked to be nothing but data."""

from __future__ import annotations

import re

from codesteer_kernel.record import Output

__all__ = ["picture"]

_IMAGES = ("image/png", "image/jpeg")
# Base64 and nothing else may stand in a data URL.
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


def picture(output: Output) -> tuple[str, str] | None:
    """The MIME type and the base64 data of an output's picture, or None where it has none that can be drawn safely."""
    for mime in _IMAGES:
        data = "".join(output.data.get(mime, "").split())
        if _BASE64.fullmatch(data):
            return mime, data
    return None
