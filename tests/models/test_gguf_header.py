"""What a GGUF file says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from codesteer_kernel.errors import ModelError
from codesteer_kernel.models.gguf_header import GgufHeader, read_gguf_header
from tests.models.gguf_file import SHAPE, header, write


def test_shape_window_and_control_tokens_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "m.gguf", 10_000, {"general.name": "m", "llama.rope.freq_base": 10_000.0, **SHAPE})
    # 2 blocks, 2 heads of 16 numbers, keys and values, 2 bytes each.
    assert read_gguf_header(path) == GgufHeader(
        architecture="llama", blocks=2, context=512, token_bytes=256, special=("<unk>", "<s>", "</s>")
    )


def test_heads_may_differ_by_block_and_have_a_width_of_their_own(tmp_path: Path) -> None:
    pairs = {
        **SHAPE,
        "llama.attention.head_count_kv": [1, 4],
        "llama.attention.key_length": 32,
        "llama.attention.value_length": 8,
    }
    assert read_gguf_header(write(tmp_path / "m.gguf", 10_000, pairs)).token_bytes == 2 * 4 * 40 * 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "could not be loaded"),
        (b"not a model at all", "does not begin like a GGUF file"),
        (header(version=1), "version 1"),
        (header()[:-9], "could not be loaded"),
        (header()[:300], "could not be loaded"),
        (header({"general.architecture": "llama"}), "llama.block_count"),
        (b"GGUF" + b"\xff" * 40, "version"),
        (header()[:24] + b"\xff" * 40, "it is cut"),
    ],
)
def test_what_is_no_whole_header_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "bad.gguf").write_bytes(content)
    with pytest.raises(ModelError, match=said):
        read_gguf_header(tmp_path / "bad.gguf")
