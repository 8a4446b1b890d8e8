"""Keeping records small: long text is cut in the middle and the cut is counted, never silent."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from typing import Any

import msgspec

from codesteer_kernel.record.document import Record, encode_record

__all__ = ["RECORD_BYTES", "bounded", "cut_middle"]

# DESIGN section 4: a record travels in notebooks, so it stays under 256 kB unless asked otherwise.
RECORD_BYTES = 256_000
_SMALLEST_FIELD = 200
_GIST_BYTES = 60
# Room for the number in ``cut``, which is written last.
_COUNT_BYTES = 16


def cut_middle(text: str, limit: int) -> str:
    """Return ``text``, or its head and tail around a count of what was left out, about ``limit`` characters long."""
    if len(text) <= limit:
        return text
    head = max(1, limit * 2 // 3)
    tail = max(1, limit - head)
    return f"{text[:head]}\n[... {len(text) - head - tail:,} characters cut ...]\n{text[-tail:]}"


def bounded(record: Record, limit: int = RECORD_BYTES) -> Record:
    """Return a record whose JSON is at most ``limit`` bytes; the work grows with the record's size and no faster.

    Images and charts that take more than half of it give way to a note, then texts are cut in the middle, longest first; where
    that is not enough, early rounds keep their facts and lose their texts. The number of bytes left out stands in
    ``record.cut``.
    """
    size = len(encode_record(record))
    if size <= limit:
        return record
    plain: dict[str, Any] = msgspec.to_builtins(record)
    _leave_out_images(plain["rounds"], limit // 2)
    form, left = plain, size
    for form, left in _smaller(plain, limit):  # noqa: B007 - the last one tried is used below
        if left <= limit - _COUNT_BYTES:
            break
    return msgspec.convert({**form, "cut": record.cut + size - left}, Record)


def _smaller(plain: dict[str, Any], limit: int) -> Iterator[tuple[dict[str, Any], int]]:
    """Ever smaller forms of a record, with their sizes; the last round and the one that won lose their texts last."""
    whole = _bytes(plain)
    texts = sorted(_bytes(text) for text in _texts(plain))
    field = limit // 4
    while field > _SMALLEST_FIELD:
        # Cutting to so many characters leaves as many bytes of each text at least: often it is plain without trying.
        longer = texts[bisect(texts, field) :]
        if whole - sum(longer) + field * len(longer) <= limit:
            shorter = _shorten(plain, field)
            yield shorter, _bytes(shorter)
        field //= 2
    short = _shorten(plain, _SMALLEST_FIELD)
    left = _bytes(short)
    yield short, left
    rounds: list[dict[str, Any]] = short["rounds"]
    kept = {len(rounds), (plain["answer"] or {}).get("round")}
    for place in sorted(range(len(rounds)), key=lambda place: place + 1 in kept):
        full, rounds[place] = rounds[place], _gist(rounds[place])
        left += _bytes(rounds[place]) - _bytes(full)
        yield short, left


def _bytes(value: Any) -> int:
    return len(msgspec.json.encode(value))


def _texts(value: Any) -> Iterator[str]:
    """Every text in ``value`` that may be cut."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not key.startswith("image/"):
                yield from _texts(item)


def _shorten(value: Any, field: int) -> Any:
    if isinstance(value, str):
        return cut_middle(value, field) if len(value) > field + 60 else value
    if isinstance(value, list):
        return [_shorten(item, field) for item in value]
    if isinstance(value, dict):
        return {key: item if _whole(key) else _shorten(item, field) for key, item in value.items()}
    return value


def _whole(mime: str) -> bool:
    """Whether half of it would be none: such data is kept whole, or left out."""
    return mime.startswith("image/") or mime.endswith("+json")


def _gist(value: Any) -> Any:
    """``value`` without its outputs and with a count in place of every text that is longer than a word or two."""
    if isinstance(value, str):
        return value if len(msgspec.json.encode(value)) <= _GIST_BYTES else f"[{len(value):,} characters cut]"
    if isinstance(value, dict):
        return {k: [] if k == "outputs" and isinstance(item, list) else _gist(item) for k, item in value.items()}
    return [_gist(item) for item in value] if isinstance(value, list) else value


def _leave_out_images(rounds: list[dict[str, Any]], room: int) -> None:
    """Replace images by notes, first rounds first, until the others take at most ``room`` bytes."""
    bundles = [
        output["data"]
        for this in rounds
        for run in (this["execution"], (this["self_answer"] or {}).get("execution"))
        for output in (run or {}).get("outputs", ())
    ]
    images = [(data, mime) for data in bundles for mime in data if _whole(mime)]
    total = sum(len(data[mime]) for data, mime in images)
    for data, mime in images:
        if total <= room:
            return
        size = len(data.pop(mime))
        total -= size
        data["text/plain"] = f"{data.get('text/plain', '')}\n[{mime} of {size:,} bytes left out]".strip()
