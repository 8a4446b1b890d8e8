"""GGUF headers, written by hand: what a runtime reads of a file before its weights."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

SHAPE = {
    "general.architecture": "llama",
    "llama.block_count": 2,
    "llama.context_length": 512,
    "llama.embedding_length": 64,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
    "tokenizer.ggml.tokens": ["<unk>", "<s>", "</s>", "a", "<tool>", "é"],
    "tokenizer.ggml.token_type": [2, 3, 3, 1, 4, 1],
}


def header(pairs: dict[str, Any] = SHAPE, version: int = 3) -> bytes:
    """The header that holds ``pairs``: strings, whole numbers, fractions, and lists of one kind."""
    out = struct.pack("<4sIQQ", b"GGUF", version, 0, len(pairs))
    for name, value in pairs.items():
        kind, data = _value(value)
        out += _text(name) + struct.pack("<I", kind) + data
    return out


def write(path: Path, size: int, pairs: dict[str, Any] = SHAPE) -> Path:
    """A file of ``size`` bytes that is nothing behind its header, and takes no room on the disk."""
    with path.open("wb") as file:
        file.write(header(pairs))
        file.truncate(size)
    return path


def _value(value: Any) -> tuple[int, bytes]:
    match value:
        case str():
            return 8, _text(value)
        case int():
            return 4, struct.pack("<I", value)
        case float():
            return 6, struct.pack("<f", value)
        case [first, *_]:
            kind, _ = _value(first)
            return 9, struct.pack("<IQ", kind, len(value)) + b"".join(_value(one)[1] for one in value)
    raise TypeError(type(value))


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw
