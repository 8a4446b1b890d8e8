"""What is tuned where ``base`` names an embedded model: its GGUF file, unpacked once into a folder of transformers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codesteer_kernel.errors import UnknownModel, WeightsMissing
from codesteer_kernel.models.catalogue import Entry
from codesteer_kernel.training.tuning import loading
from codesteer_kernel.training.tuning.loading import find_base, licence_of, load
from tests.models import tiny_llama
from tests.training.small_rows import settings

TINY = Entry(
    name="tiny",
    aliases=(),
    file="tiny.gguf",
    size=1,
    sha256="0123456789abcdef" * 4,
    licence="Apache-2.0",
    hub_repo="",
    mirror=None,
    memory=1,
)


def gguf_of(folder: Path, path: Path) -> None:
    """Write the Llama in ``folder`` as a GGUF file, as llama.cpp's converter lays it out."""
    import gguf
    from safetensors.torch import load_file

    config = json.loads((folder / "config.json").read_text())
    words = json.loads((folder / "tokenizer.json").read_text())
    special = {token["content"] for token in words["added_tokens"]}
    heads, kept = config["num_attention_heads"], config["num_key_value_heads"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(kept)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(config["hidden_size"] // heads)
    writer.add_vocab_size(config["vocab_size"])
    tokens = sorted(words["model"]["vocab"], key=words["model"]["vocab"].__getitem__)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token in special else 1 for token in tokens])
    writer.add_token_merges([" ".join(pair) for pair in words["model"]["merges"]])
    writer.add_bos_token_id(tokens.index("<|begin_of_text|>"))
    writer.add_eos_token_id(tokens.index("<|eot_id|>"))
    writer.add_chat_template(tiny_llama.LLAMA3)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    for name, tensor in load_file(folder / "model.safetensors").items():
        for part, count in (("q_proj", heads), ("k_proj", kept)):
            if part in name:
                # Its rotary halves lie beside each other.
                rows, columns = tensor.shape
                tensor = tensor.view(count, 2, rows // count // 2, columns).transpose(1, 2).reshape(rows, columns)
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight",)), tensor.contiguous().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, and a catalogue that knows the tiny model."""
    monkeypatch.setenv("CODESTEER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(loading, "entry", lambda name: TINY)
    return tmp_path / "cache"


def test_a_gguf_file_becomes_the_model_that_it_was_made_of(cache: Path, tmp_path: Path) -> None:
    import torch

    base = tiny_llama.build(tmp_path / "base")
    (cache / "models").mkdir(parents=True)
    gguf_of(base, cache / "models" / "tiny.gguf")
    how = settings(Path("local/tiny"))
    with loading.quiet():
        model, tokenizer = load(how)
        original, words = load(settings(base))
    text = "<|start_header_id|>user<|end_header_id|>\n\nCode or Text?<|eot_id|>"
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert ids == words(text, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        ours, theirs = (one(torch.tensor([ids])).logits for one in (model, original))
    assert torch.allclose(ours, theirs, atol=1e-4)
    assert tokenizer.chat_template == words.chat_template
    # It is made once, and its licence is the catalogue's.
    (cache / "models" / "tiny.gguf").unlink()
    assert find_base("local/tiny").is_dir()
    assert licence_of(how) == "Apache-2.0"


def test_weights_that_are_not_here_are_not_guessed(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WeightsMissing, match="codesteer models pull tiny"):
        find_base("local/tiny")
    monkeypatch.undo()
    with pytest.raises(UnknownModel, match="smollm2-135m"):
        find_base("local/smollm-135m")
