"""What is tuned, in memory: weights and tokenizer of a folder, of the hub, or of a GGUF file of the catalogue."""

from __future__ import annotations

import os
import shutil
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from codesteer_kernel.config import cache_dir, default_threads
from codesteer_kernel.errors import BadInput, MissingDependency, ModelError, WeightsMissing
from codesteer_kernel.models.catalogue import entry, weights_path
from codesteer_kernel.models.hf_load import base_of_adapter, fetch, is_folder
from codesteer_kernel.training.tuning.settings import Lora, TuneSettings

__all__ = ["computes_in_bf16", "find_base", "licence_of", "load", "needs", "quiet"]

_INSTALL = "Install it with: pip install 'codesteer[train]'"


def needs(*packages: str) -> None:
    """Raise :class:`MissingDependency` naming the first of ``packages`` that is not installed."""
    from importlib.util import find_spec

    for package in packages:
        if find_spec(package) is None:
            raise MissingDependency(f"Tuning needs {package}.", _INSTALL)


@contextmanager
def quiet() -> Iterator[None]:
    """The packages draw no bars and tell no news of theirs; what they had been told about that holds again afterwards."""
    from datasets.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
    from transformers.utils import logging

    shown, told = logging.is_progress_bar_enabled(), logging.get_verbosity()
    drawn = not are_progress_bars_disabled()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    disable_progress_bars()
    try:
        with warnings.catch_warnings():
            # What one of them must change before a later version of another.
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        logging.set_verbosity(told)
        if shown:
            logging.enable_progress_bar()
        if drawn:
            enable_progress_bars()


def find_base(name: str) -> Path:
    """The folder of what ``base`` names: a folder, a name on the hub (fetched), or ``local/NAME`` of the catalogue.

    Raises:
        UnknownModel: the catalogue has no such entry.
        WeightsMissing: there are no such weights, or they cannot be fetched.
    """
    plain = name.removeprefix("hf/").removeprefix("local/")
    if name.startswith("local/") and not is_folder(plain):
        return _unpacked(plain)
    return fetch(plain, "", lambda event: None, threading.Event()).absolute()


def licence_of(settings: TuneSettings) -> str:
    """The licence of what is tuned, as far as it is known: the settings', or that of a catalogue entry; else empty."""
    plain = settings.base.removeprefix("local/")
    if settings.licence or plain == settings.base or is_folder(plain):
        return settings.licence
    return entry(plain).licence


def load(settings: TuneSettings) -> tuple[Any, Any]:
    """The model, ready to be tuned, and its tokenizer.

    A folder that holds an adapter is loaded with its base, and the adapter is tuned on. Otherwise ``settings.lora`` puts a
    fresh adapter on the model, or all of its weights are tuned. Weights that are tuned are float32, so that small steps
    are not rounded away; frozen ones are what ``settings.dtype`` says.

    Raises:
        BadInput: an adapter cannot be put on this model, or on another adapter.
        WeightsMissing: there are no such weights.
        ModelError: what is there cannot be loaded.
    """
    import torch
    import transformers

    transformers.set_seed(settings.seed)
    if not torch.cuda.is_available():
        torch.set_num_threads(default_threads())
    folder = find_base(settings.base)
    inner = base_of_adapter(folder)
    if inner is not None and settings.lora is not None:
        raise BadInput(f"{settings.base} is an adapter already.", "Leave lora out: that adapter is tuned on.")
    frozen = inner is not None or settings.lora is not None
    weights = find_base(inner) if inner is not None else folder
    dtype = torch.bfloat16 if frozen and computes_in_bf16(settings) else torch.float32
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(str(weights))
        model = transformers.AutoModelForCausalLM.from_pretrained(str(weights), dtype=dtype)
        if inner is not None:
            model = _tuned_on(model, folder)
    except (OSError, ValueError, KeyError, RuntimeError) as fault:
        reason = (str(fault).strip().splitlines() or [type(fault).__name__])[0]
        raise ModelError(f"{settings.base} cannot be loaded ({reason}).", "Give a folder of transformers.") from None
    if tokenizer.pad_token_id is None:
        # What is learned is told by weights and lengths, so an end of turn in the padding is not taken for padding.
        tokenizer.pad_token = tokenizer.eos_token
    if settings.lora is not None:
        model = _with_adapter(model, settings.lora, settings.base)
    return model, tokenizer


def computes_in_bf16(settings: TuneSettings) -> bool:
    """Whether passes are computed in bfloat16."""
    import torch

    if settings.dtype == "auto":
        return bool(torch.cuda.is_available() and torch.cuda.is_bf16_supported())
    return settings.dtype == "bfloat16"


def _tuned_on(model: Any, adapter: Path) -> Any:
    from peft import PeftModel

    return PeftModel.from_pretrained(model, str(adapter), is_trainable=True)


def _with_adapter(model: Any, lora: Lora, base: str) -> Any:
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=lora.targets,
        task_type="CAUSAL_LM",
    )
    try:
        model = get_peft_model(model, config)
    except ValueError as fault:
        raise BadInput(
            f"The adapter does not fit {base}: {str(fault).splitlines()[0]}", "Change lora: targets."
        ) from None
    plain = base.removeprefix("hf/")
    if not base.startswith("local/") and not is_folder(plain):
        # Not the folder of this machine's cache: the adapter must find its base elsewhere too.
        model.peft_config["default"].base_model_name_or_path = plain
    return model


def _unpacked(name: str) -> Path:
    """The weights of a catalogue entry as a folder that transformers loads in a second; made once.

    Reading a GGUF file takes transformers half a minute, and it will not save what it read before it is told that
    nothing of it is quantised any more (models.md, section 2).
    """
    model = entry(name)
    source, folder = weights_path(model), cache_dir() / "unpacked" / model.sha256[:16]
    if folder.is_dir():
        return folder
    if not source.is_file():
        raise WeightsMissing(f"local/{name} is not here.", f"Fetch it with: codesteer models pull {model.name}")
    needs("gguf")
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(str(source.parent), gguf_file=source.name)
    network = transformers.AutoModelForCausalLM.from_pretrained(
        str(source.parent), gguf_file=source.name, dtype=torch.float32
    )
    for attribute, value in (("hf_quantizer", None), ("is_quantized", False)):
        setattr(network, attribute, value)
    if hasattr(network.config, "quantization_config"):
        del network.config.quantization_config
    # Of several processes that do this at once the first wins.
    draft = folder.with_name(f"{folder.name}.{os.getpid()}")
    network.save_pretrained(str(draft))
    tokenizer.save_pretrained(str(draft))
    try:
        draft.rename(folder)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
    return folder
