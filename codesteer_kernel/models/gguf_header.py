"""What a GGUF file says of itself, read from its first megabytes: shape, window, control tokens. No weights are touched.

The format: a magic, a version, two counts, then key-value pairs whose types are numbered (ggml's ``gguf.md``).
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import Any

import msgspec

from ..errors import ModelError

__all__ = ["GgufHeader", "read_gguf_header"]

_SCALARS = dict(enumerate("BbHhIif?")) | {10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_UNKNOWN, _CONTROL = 2, 3
KV_BYTES = 2
"""Bytes of one number in the runtime's cache (16 bit)."""


class GgufHeader(msgspec.Struct, frozen=True, kw_only=True):
    """``context`` is the window trained for, in tokens; ``token_bytes`` what the cache keeps of one token.

    ``special`` holds the texts of the control tokens: those that no user's text may turn into.
    """

    architecture: str
    blocks: int
    context: int
    token_bytes: int
    special: tuple[str, ...]


def read_gguf_header(path: Path) -> GgufHeader:
    """Read the header of the file at ``path``.

    Raises:
        ModelError: it is no GGUF file, or its header is cut.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            found = _Reader(data).pairs()
        return _header(found)
    except (OSError, ValueError, KeyError, IndexError, TypeError, struct.error) as fault:
        reason = f"its header lacks {fault}" if isinstance(fault, KeyError) else str(fault)
        raise ModelError(f"{path} could not be loaded ({reason}).", "Is it a whole GGUF file?") from None


class _Reader:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._place = 0

    def pairs(self) -> dict[str, Any]:
        if self._data[:4] != b"GGUF":
            raise ValueError("it does not begin like a GGUF file")
        self._place = 4
        version, _, count = self._take("I"), self._take("Q"), self._take("Q")
        if version not in (2, 3):
            raise ValueError(f"version {version} of the format is not known")
        return {self._text(): self._value(self._take("I")) for _ in range(count)}

    def _take(self, kind: str) -> Any:
        (value,) = struct.unpack_from(f"<{kind}", self._data, self._place)
        self._place += struct.calcsize(f"<{kind}")
        return value

    def _text(self) -> str:
        size = self._take("Q")
        begin, self._place = self._place, self._place + size
        if self._place > len(self._data):
            raise ValueError("it is cut")
        return self._data[begin : self._place].decode("utf-8", "replace")

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._text()
        if kind != _ARRAY:
            return self._take(_SCALARS[kind])
        of, count = self._take("I"), self._take("Q")
        if of == _STRING:
            return self._texts(count)
        layout = f"<{count}{_SCALARS[of]}"
        values = struct.unpack_from(layout, self._data, self._place)
        self._place += struct.calcsize(layout)
        return values

    def _texts(self, count: int) -> list[bytes]:
        """Hundreds of thousands in a vocabulary: no call for each."""
        data, place, size_at = self._data, self._place, struct.Struct("<Q").unpack_from
        texts = []
        for _ in range(count):
            begin = place + 8
            place = begin + size_at(data, place)[0]
            texts.append(data[begin:place])
        self._place = place
        return texts


def _header(found: dict[str, Any]) -> GgufHeader:
    name = found["general.architecture"]
    blocks, heads = found[f"{name}.block_count"], _most(found[f"{name}.attention.head_count"])
    width = found[f"{name}.embedding_length"] // max(heads, 1)
    kept = _most(found.get(f"{name}.attention.head_count_kv", heads))
    size = found.get(f"{name}.attention.key_length", width) + found.get(f"{name}.attention.value_length", width)
    kinds = found.get("tokenizer.ggml.token_type", ())
    tokens = found.get("tokenizer.ggml.tokens", ())
    return GgufHeader(
        architecture=name,
        blocks=blocks,
        context=found[f"{name}.context_length"],
        token_bytes=blocks * kept * size * KV_BYTES,
        special=tuple(
            token.decode("utf-8", "replace")
            for token, kind in zip(tokens, kinds, strict=False)
            if kind in (_UNKNOWN, _CONTROL) and token
        ),
    )


def _most(value: Any) -> int:
    """The largest of a number given once, or once for each block."""
    return int(max(value) if isinstance(value, (list, tuple)) else value)
