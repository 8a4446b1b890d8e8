"""Keeping records small: long text is cut in the middle and the cut is counted, never silent."""

from __future__ import annotations

from typing import Any

import msgspec

from codesteer_kernel.record.document import Record, encode_record

__all__ = ["RECORD_BYTES", "bounded", "cut_middle"]

# DESIGN section 4: a record travels in notebooks, so it stays under 256 kB unless asked otherwise.
RECORD_BYTES = 256_000
_SMALLEST_FIELD = 200


def cut_middle(text: str, limit: int) -> str:
    """Return ``text``, or its head and tail around a count of what was left out, about ``limit`` characters long."""
    if len(text) <= limit:
        return text
    head = max(1, limit * 2 // 3)
    tail = max(1, limit - head)
    return f"{text[:head]}\n[... {len(text) - head - tail:,} characters cut ...]\n{text[-tail:]}"


def bounded(record: Record, limit: int = RECORD_BYTES) -> Record:
    """Return a record whose JSON is at most about ``limit`` bytes.

    Texts are cut in the middle, longest first; binary outputs (images) that do not fit are replaced by a note. The
    number of bytes left out stands in ``record.cut``.
    """
    size = len(encode_record(record))
    if size <= limit:
        return record
    plain: dict[str, Any] = msgspec.to_builtins(record)
    field = limit // 4
    while True:
        shortened = _shorten(plain, field)
        left = len(msgspec.json.encode(shortened))
        if left <= limit or field <= _SMALLEST_FIELD:
            break
        field //= 2
    shortened["cut"] = record.cut + size - left
    return msgspec.convert(shortened, Record)


def _shorten(value: Any, field: int) -> Any:
    if isinstance(value, str):
        return cut_middle(value, field) if len(value) > field + 60 else value
    if isinstance(value, list):
        return [_shorten(item, field) for item in value]
    if isinstance(value, dict):
        return {key: _shorten_entry(key, item, field) for key, item in value.items()}
    return value


def _shorten_entry(key: str, value: Any, field: int) -> Any:
    if key.startswith("image/") and isinstance(value, str) and len(value) > field:
        # Half an image is no image: say what stood here instead.
        return ""
    return _shorten(value, field)
