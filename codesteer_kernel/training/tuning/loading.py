"""What is tuned, in memory: weights and tokenizer of a folder, of the hub, or of a GGUF file of the catalogue."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

from codesteer_kernel.config import cache_dir
from codesteer_kernel.errors import BadInput, MissingDependency, WeightsMissing
from codesteer_kernel.models.catalogue import entry, weights_path
from codesteer_kernel.models.hf_load import base_of_adapter, fetch
from codesteer_kernel.training.tuning.settings import TuneSettings

__all__ = ["load"]

LOCAL = "local/"


def load(settings: TuneSettings) -> tuple[Any, Any]:
    """The model, ready to be tuned, and its tokenizer.

    A folder that holds an adapter is loaded with its base, and the adapter is tuned on. Otherwise ``settings.lora`` puts a
    fresh adapter on the model, or all of its weights are tuned.

    Raises:
        BadInput: the tokenizer has no chat template.
        MissingDependency: the extra ``train`` is not installed.
        WeightsMissing: there are no such weights.
    """
    try:
        import torch
        import transformers
        from peft import LoraConfig, PeftModel, get_peft_model
    except ImportError as fault:
        raise MissingDependency(f"Tuning needs {fault.name}.", "Install it with: pip install 'codesteer[train]'") from None
    dtype = {"auto": "auto", "float32": torch.float32, "bfloat16": torch.bfloat16}[settings.dtype]
    if settings.base.startswith(LOCAL):
        folder, adapter = _unpacked(settings.base), None
    else:
        folder = fetch(settings.base, "", lambda event: None, threading.Event())
        base = base_of_adapter(folder)
        adapter = folder if base is not None else None
        folder = fetch(base, "", lambda event: None, threading.Event()) if base is not None else folder
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(adapter or folder))
    if not tokenizer.chat_template:
        raise BadInput(f"{settings.base} has no chat template.", "Tune a chat model.")
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id == tokenizer.eos_token_id:
        # An end of turn that is taken for padding is never learned.
        tokenizer.pad_token = next(
            (token for token in tokenizer.all_special_tokens if token != tokenizer.eos_token), tokenizer.eos_token
        )
    model = transformers.AutoModelForCausalLM.from_pretrained(str(folder), dtype=dtype)
    model.config.pad_token_id = tokenizer.pad_token_id
    if adapter is not None:
        model = PeftModel.from_pretrained(model, str(adapter), is_trainable=True)
    elif settings.lora is not None:
        lora = settings.lora
        config = LoraConfig(
            r=lora.r,
            lora_alpha=lora.alpha,
            lora_dropout=lora.dropout,
            target_modules=lora.targets,
            task_type="CAUSAL_LM",
        )
        model = get_peft_model(model, config)
    return model, tokenizer


def _unpacked(name: str) -> Path:
    """The weights of a catalogue entry as a folder that transformers loads in a second; made once.

    Reading a GGUF file takes transformers half a minute, and it will not save what it read before it is told that
    nothing of it is quantised any more (models.md, section 2).
    """
    import torch
    import transformers

    model = entry(name.removeprefix(LOCAL))
    source, folder = weights_path(model), cache_dir() / "unpacked" / model.sha256[:16]
    if folder.is_dir():
        return folder
    if not source.is_file():
        raise WeightsMissing(f"{name} is not here.", f"Fetch it with: codesteer models pull {model.name}")
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(source.parent), gguf_file=source.name)
    network = transformers.AutoModelForCausalLM.from_pretrained(
        str(source.parent), gguf_file=source.name, dtype=torch.float32
    )
    for attribute, value in (("hf_quantizer", None), ("is_quantized", False)):
        setattr(network, attribute, value)
    if hasattr(network.config, "quantization_config"):
        del network.config.quantization_config
    draft = folder.with_name(folder.name + ".part")
    shutil.rmtree(draft, ignore_errors=True)
    network.save_pretrained(str(draft))
    tokenizer.save_pretrained(str(draft))
    draft.rename(folder)
    return folder
