"""Get a transformers model off the hub or a folder and into memory, as a plan says; the effects beside :mod:`.placement`."""

from __future__ import annotations

import json
import math
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..config import available_memory
from ..egress import OFFLINE_VARIABLE, admit, offline
from ..errors import MissingDependency, ModelError, WeightsMissing
from .placement import Gpu, LoadPlan, Machine, Weights
from .pull import Progress, ProgressEvent, hub

__all__ = ["base_of_adapter", "count_weights", "fetch", "is_folder", "load_network", "load_tokenizer", "survey"]

FILES = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja"]
NOT_FILES = ["*/*", "consolidated*"]
OPTIONAL = ("accelerate", "bitsandbytes", "peft", "torchao")


def is_folder(source: str) -> bool:
    """Whether ``source`` names a folder of this machine (or is written as one) and not a repository of the hub."""
    return source.startswith(("/", "~", ".")) or Path(source).is_dir()


def fetch(source: str, revision: str, progress: Progress, stop: threading.Event) -> Path:
    """The folder of a model or an adapter: the one named, or the hub's, downloaded where its cache has it not.

    Args:
        source: a path, or ``ORG/NAME``.
        revision: branch, tag or commit; "" is the main branch.
        progress: told about the bytes.
        stop: set it, from another thread, to give up.

    Raises:
        WeightsMissing: there is no such folder, repository or revision, or it cannot be reached.
    """
    if is_folder(source):
        folder = Path(source).expanduser()
        if not folder.is_dir():
            raise WeightsMissing(f"There is no folder {source}.", "Give a folder, or ORG/NAME.")
        return folder
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import snapshot_download
    from huggingface_hub.utils.tqdm import tqdm

    class Bar(tqdm):
        """The hub's progress, told instead of drawn."""

        def __init__(self, *given: Any, **options: Any) -> None:
            self._counts_bytes = options.get("unit") == "B"
            super().__init__(*given, **{**options, "disable": True})  # type: ignore[no-untyped-call]

        def update(self, n: float | None = 1) -> None:
            if stop.is_set():
                raise InterruptedError("it was given up")
            self.n += n or 0
            if self._counts_bytes:
                note = f"downloading {source}"
                progress(ProgressEvent(done=int(self.n), total=int(self.total or 0), source="hub", note=note))

    endpoint = hub()
    if not offline():
        admit(endpoint)
    try:
        found = snapshot_download(
            source,
            revision=revision or None,
            endpoint=endpoint,
            local_files_only=offline(),  # the hub's library has more ways to the network than one client
            allow_patterns=FILES,
            ignore_patterns=NOT_FILES,
            tqdm_class=Bar,
        )
    except Exception as fault:  # noqa: BLE001 - the hub's errors and its HTTP library's have no common base
        reason = _first_line(fault)
        if type(fault).__name__ == "GatedRepoError":
            cure = "Ask for access on its page, then set HF_TOKEN."
        elif offline():
            cure = f"Fetch it once with {OFFLINE_VARIABLE}=0: offline mode is on."
        else:
            cure = "Check the name, the revision and the network."
        raise WeightsMissing(f"hf/{source} could not be fetched ({reason}).", cure) from None
    return Path(found)


def base_of_adapter(folder: Path) -> str | None:
    """The model that the adapter in ``folder`` belongs on; None where ``folder`` holds a model of its own.

    Raises:
        ModelError: its configuration cannot be read.
    """
    config = folder / "adapter_config.json"
    if (folder / "config.json").is_file() or not config.is_file():
        return None
    try:
        return str(json.loads(config.read_text(encoding="utf-8"))["base_model_name_or_path"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError(f"{config} does not name the model that the adapter belongs on.") from None


def survey() -> Machine:
    """What this machine offers to torch, now."""
    import torch

    gpus: tuple[Gpu, ...] = ()
    if torch.cuda.is_available():
        gpus = tuple(
            Gpu(free=torch.cuda.mem_get_info(place)[0], bf16=torch.cuda.get_device_capability(place)[0] >= 8)
            for place in range(torch.cuda.device_count())
        )
    return Machine(
        gpus=gpus,
        memory=available_memory(),
        cpu_bf16=_cpu_has_bf16(),
        packages=frozenset(package for package in OPTIONAL if find_spec(package) is not None),
    )


def _cpu_has_bf16() -> bool:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.startswith("flags")), "").split()
    return bool({"avx512_bf16", "amx_bf16"} & set(flags))


def count_weights(folder: Path) -> Weights:
    """How much there is to load in ``folder``, by its configuration and the headers of its weights.

    Raises:
        WeightsMissing: it holds no safetensors. Other formats are not read: pickles can hold programs.
        ModelError: its configuration or a header cannot be read.
    """
    from transformers import AutoConfig

    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise WeightsMissing(f"{folder} holds no weights as safetensors.", "Convert the model to safetensors.")
    try:
        whole = AutoConfig.from_pretrained(folder, local_files_only=True)
        config = whole.get_text_config()
        tensors = [tensor for file in files for tensor in _tensors(file)]
    except (OSError, ValueError, KeyError, TypeError, struct.error) as fault:
        raise ModelError(f"{folder} could not be read ({_first_line(fault)}).") from None
    heads = config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // heads
    kept = getattr(config, "num_key_value_heads", None) or heads
    quantised = getattr(whole, "quantization_config", None) is not None
    return Weights(
        parameters=sum(math.prod(shape) for shape, _ in tensors),
        stored=sum(size for _, size in tensors) if quantised else None,
        token_numbers=2 * config.num_hidden_layers * kept * width,
        context=config.max_position_embeddings,
    )


def _tensors(file: Path) -> Iterator[tuple[list[int], int]]:
    """Shape and bytes of each tensor of a safetensors file: eight bytes of length, then JSON."""
    with file.open("rb") as opened:
        (size,) = struct.unpack("<Q", opened.read(8))
        header = json.loads(opened.read(min(size, 1 << 28)))
    for name, tensor in header.items():
        if name != "__metadata__":
            begin, end = tensor["data_offsets"]
            yield tensor["shape"], end - begin


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer in ``folder``; raises what transformers raises."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


def load_network(folder: Path, plan: LoadPlan, quantize: str, adapter: Path | None) -> Any:
    """The network in ``folder``, where and as ``plan`` says, with ``adapter`` on it; raises what the packages raise.

    Raises:
        MissingDependency: an adapter without peft.
    """
    import torch
    from transformers import AutoModelForCausalLM

    if adapter is not None and find_spec("peft") is None:
        raise MissingDependency("A LoRA adapter needs peft.", "Run: pip install peft")
    arguments = {**plan.arguments, "dtype": getattr(torch, plan.arguments["dtype"])}
    if plan.quantizer:
        arguments["quantization_config"] = _quantizer(plan.quantizer, quantize, arguments["dtype"])
    with _no_bars():
        network = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, use_safetensors=True, **arguments)
    if adapter is not None:
        network = import_module("peft").PeftModel.from_pretrained(network, str(adapter))
    return network.eval()


def _quantizer(package: str, quantize: str, dtype: Any) -> Any:
    if package == "bitsandbytes":
        from transformers import BitsAndBytesConfig

        if quantize == "8bit":
            return BitsAndBytesConfig(load_in_8bit=True)
        # NF4: the 4-bit numbers that suit normally distributed weights (QLoRA, Dettmers et al. 2023).
        return BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype)
    from transformers import TorchAoConfig

    return TorchAoConfig(import_module("torchao.quantization").Int8WeightOnlyConfig())


@contextmanager
def _no_bars() -> Iterator[None]:
    """Loading draws no bars into the notebook's cell; the user's own setting is put back."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _first_line(fault: BaseException) -> str:
    """What ``fault`` says first, or its kind."""
    return (str(fault).strip().splitlines() or [type(fault).__name__])[0]
