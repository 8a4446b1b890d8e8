"""A tuned steerer as a folder to use and to give away: ``hf//FOLDER``, ``local//FOLDER``, ``codesteer serve``.

Transformers and vLLM read such a folder. A GGUF file, which llama.cpp wants, is not written: its converter is in no
package (models.md, section 4).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Literal

import msgspec

from codesteer_kernel.errors import BadInput
from codesteer_kernel.models.hf import MARKER
from codesteer_kernel.models.hf_load import base_of_adapter, is_folder
from codesteer_kernel.training.tuning.card import CARD, merged_card
from codesteer_kernel.training.tuning.curves import PICTURE, TABLE
from codesteer_kernel.training.tuning.loading import find_base, needs, quiet
from codesteer_kernel.training.tuning.trainers import writing

__all__ = ["Packed", "pack"]

_TOLD = (MARKER, CARD, PICTURE, TABLE)
_ADAPTER = ("adapter_config.json", "adapter_model.safetensors")
_WORDS = ("tokenizer*", "*.jinja", "special_tokens_map.json", "vocab*", "merges.txt", "added_tokens.json")


class Packed(msgspec.Struct, frozen=True, kw_only=True):
    """What was packed: ``size`` in bytes; ``base`` is what an adapter needs beside it, empty for merged weights."""

    folder: Path
    size: int
    base: str


def pack(
    tuned: Path, folder: Path, *, merged: bool = True, dtype: Literal["bfloat16", "float32"] = "bfloat16"
) -> Packed:
    """Pack a tuned steerer; the folder is whole or not there.

    Args:
        tuned: what :func:`~codesteer_kernel.training.tuning.tune.tune` finished.
        folder: must not be there yet.
        merged: the adapter becomes part of the weights (computed in float32); False: the adapter alone.
        dtype: of merged weights. The published ones are bfloat16.

    Raises:
        BadInput: there is no finished steerer, or something at ``folder``.
        WeightsMissing: the adapter's base is not there.
        CacheNotWritable: it cannot be written.
    """
    if not (tuned / MARKER).is_file():
        raise BadInput(f"{tuned} holds no finished steerer.", "Finish it: codesteer train sft, or train dpo.")
    base = base_of_adapter(tuned)
    if base is None and not merged:
        raise BadInput(f"{tuned} holds whole weights and no adapter.", "Pack it without --adapter.")
    if folder.exists():
        raise BadInput(f"{folder} is there already.", "Name a new folder.")
    needs("torch", "transformers", "peft", "datasets")
    draft = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        with writing("The packed steerer", folder.parent), quiet():
            draft.mkdir(parents=True)
            if merged:
                _write_weights(tuned, base, draft, dtype)
            else:
                _copy_adapter(tuned, str(base), draft)
            for pattern in (*_WORDS, *_TOLD):
                for file in tuned.glob(pattern):
                    shutil.copy2(file, draft)
            if merged and (draft / CARD).is_file():
                card = (draft / CARD).read_text(encoding="utf-8")
                (draft / CARD).write_text(merged_card(card), encoding="utf-8")
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    size = sum(file.stat().st_size for file in folder.iterdir())
    return Packed(folder=folder, size=size, base="" if merged else str(base))


def _write_weights(tuned: Path, base: str | None, draft: Path, dtype: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    weights = find_base(base) if base is not None else tuned
    model: Any = AutoModelForCausalLM.from_pretrained(str(weights), dtype=torch.float32)
    if base is not None:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, str(tuned)).merge_and_unload()
    model.to(getattr(torch, dtype)).save_pretrained(str(draft))


def _copy_adapter(tuned: Path, base: str, draft: Path) -> None:
    for name in _ADAPTER:
        shutil.copy2(tuned / name, draft)
    if is_folder(base):
        config = json.loads((draft / _ADAPTER[0]).read_text(encoding="utf-8"))
        config["base_model_name_or_path"] = str(Path(base).expanduser().absolute())
        (draft / _ADAPTER[0]).write_text(json.dumps(config, indent=1), encoding="utf-8")
