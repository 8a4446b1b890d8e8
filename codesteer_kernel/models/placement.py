"""Decide where weights go and as which numbers: pure functions from facts to a plan, or to a refusal with advice.

:func:`load_plan` is for transformers in this process, :func:`runtime_plan` for llama.cpp in the worker.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import parse_qsl

import msgspec

from ..errors import BadInput, MissingDependency, OutOfMemory, nearest
from .catalogue import CATALOGUE
from .gguf_header import GgufHeader

__all__ = [
    "Gpu",
    "LoadOptions",
    "LoadPlan",
    "Machine",
    "RuntimePlan",
    "Weights",
    "free_on_gpus",
    "load_plan",
    "read_options",
    "runtime_needs",
    "runtime_plan",
    "smaller",
]

GB = 10**9
DType = Literal["float32", "bfloat16", "float16"]
BYTES: dict[str, float] = {"float32": 4, "bfloat16": 2, "float16": 2, "8bit": 1.2, "4bit": 0.8}
"""Bytes of one weight. Quantised, embeddings stay 16-bit: an 8B Llama comes to 1.13 and 0.75 by its shapes."""

WINDOW_TOKENS = 8_192
"""Tokens of cache that must fit beside the weights; a longer window is used as far as memory goes."""

TORCH_BYTES = GB // 2
"""What torch and the activations of one pass take beside weights and cache."""

HOST_SHARE = 0.8
"""Of free memory, what offloaded weights may take."""


class Gpu(msgspec.Struct, frozen=True, kw_only=True):
    """``free`` is in bytes; ``bf16`` says that it computes in bfloat16 (compute capability 8 and later)."""

    free: int
    bf16: bool = True


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What loading depends on.

    ``gpus`` in the order of CUDA; ``memory`` is the free host memory in bytes, None where unknown; ``cpu_bf16`` says that
    the CPU has units for bfloat16; ``packages`` are the optional ones that are installed.
    """

    gpus: tuple[Gpu, ...] = ()
    memory: int | None = None
    cpu_bf16: bool = False
    packages: frozenset[str] = frozenset()


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to load.

    ``parameters`` counts numbers, ``token_numbers`` those that the cache keeps of one token; ``context`` is in tokens;
    ``stored`` is in bytes, where the file itself is quantised.
    """

    parameters: int
    token_numbers: int = 0
    context: int = WINDOW_TOKENS
    stored: int | None = None


class LoadOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a user may say after ``?`` in ``hf/NAME?option=value&...``.

    Args:
        revision: branch, tag or commit of a hub repository.
        adapter: a folder with a LoRA adapter, or its name on the hub.
        template: ``llama3`` or ``chatml`` instead of the model's own chat template.
        device: ``cuda``, ``cpu``, or ``auto``: CUDA where there is one.
        dtype: numbers to compute in; ``auto``: bfloat16 where the device has it.
        quantize: ``4bit`` or ``8bit`` weights.
        offload_folder: a folder for weights that fit into no memory (slow).
        gpu_gb: use at most so much of each GPU, in 10^9 bytes.
        cpu_gb: put at most so much of the weights into host memory.
        context: context window in tokens.
    """

    revision: str = ""
    adapter: str = ""
    template: Literal["", "llama3", "chatml"] = ""
    device: Literal["auto", "cuda", "cpu"] = "auto"
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    quantize: Literal["", "4bit", "8bit"] = ""
    offload_folder: str = ""
    gpu_gb: float | None = None
    cpu_gb: float | None = None
    context: int | None = None


def read_options(query: str, usual: LoadOptions | None = None) -> LoadOptions:
    """The options in ``name=value&...``, and ``usual`` where it is silent.

    Raises:
        BadInput: an option that does not exist (the nearest is named), or a value that it cannot have.
    """
    given = dict(parse_qsl(query, keep_blank_values=True))
    for name in given:
        if name not in LoadOptions.__struct_fields__:
            known = ", ".join(LoadOptions.__struct_fields__)
            raise BadInput(
                f"There is no option {name!r}.", f"{nearest(name, LoadOptions.__struct_fields__)} Known: {known}."
            )
    try:
        options = msgspec.convert(
            {**msgspec.structs.asdict(usual or LoadOptions()), **given}, LoadOptions, strict=False
        )
    except msgspec.ValidationError as fault:
        raise BadInput(f"The option cannot have this value: {fault}.") from None
    for name in ("gpu_gb", "cpu_gb", "context"):
        value = getattr(options, name)
        if value is not None and not 0 < value < float("inf"):
            raise BadInput(f"{name} is {value}.", "Give a number above zero.")
    return options


class LoadPlan(msgspec.Struct, frozen=True, kw_only=True):
    """``arguments`` are for ``from_pretrained`` as plain data: ``dtype`` by name, without the quantiser.

    ``quantizer`` is the package that quantises ("" for none); ``needs`` and ``free`` are in bytes; ``note`` says what a
    user should know before waiting.
    """

    device: Literal["cuda", "cpu"]
    arguments: dict[str, Any]
    quantizer: Literal["", "bitsandbytes", "torchao"] = ""
    needs: int
    free: int | None
    note: str = ""


def load_plan(name: str, weights: Weights, machine: Machine, options: LoadOptions) -> LoadPlan:
    """How to load ``weights`` on ``machine``.

    One GPU that holds everything is used alone; else all of them; else host memory takes the rest (slow, and said);
    else the disk, where a folder was named. Nothing is started that cannot fit.

    Args:
        name: the model's name, for messages.
        weights: how much there is to load.
        machine: where to.
        options: what the user asked for.

    Raises:
        MissingDependency: what was asked for needs a package; the cure names it.
        BadInput: CUDA was asked for and there is none.
        OutOfMemory: it does not fit; the cure says what would.
    """
    if options.device == "cuda" and not machine.gpus:
        raise BadInput("There is no CUDA device that torch can use.", "Leave device out, or install torch for CUDA.")
    cuda = bool(machine.gpus) and options.device != "cpu"
    quantizer = _quantizer(machine, options, cuda=cuda)
    dtype = _dtype(machine, options, quantizer, cuda=cuda)
    held, beside = _bytes(weights, options.quantize, dtype)
    plan = LoadPlan(
        device="cuda" if cuda else "cpu",
        arguments={"dtype": dtype},
        quantizer=quantizer,
        needs=held + beside,
        free=machine.memory,
    )
    if cuda:
        return _on_gpus(name, weights, plan, machine, options)
    if machine.memory is not None and plan.needs > machine.memory:
        raise _does_not_fit(name, weights, plan, options, "memory", machine.memory)
    if quantizer:
        plan.arguments["device_map"] = {"": "cpu"}
    return plan


def _bytes(weights: Weights, quantize: str, dtype: str) -> tuple[int, int]:
    """What the weights take, and what cache and passes take beside them."""
    cache = min(weights.context, WINDOW_TOKENS) * weights.token_numbers * BYTES[dtype]
    return int(weights.stored or weights.parameters * BYTES[quantize or dtype]), int(cache) + TORCH_BYTES


def _on_gpus(name: str, weights: Weights, plan: LoadPlan, machine: Machine, options: LoadOptions) -> LoadPlan:
    if "accelerate" not in machine.packages:
        raise MissingDependency("Loading onto a GPU needs accelerate.", "Run: pip install 'codesteer[hf]'")
    limit = int(options.gpu_gb * GB) if options.gpu_gb else None
    free = [gpu.free if limit is None else min(gpu.free, limit) for gpu in machine.gpus]
    largest = max(range(len(free)), key=free.__getitem__)

    def placed(device_map: Any, note: str = "", **more: Any) -> LoadPlan:
        arguments = {**plan.arguments, "device_map": device_map, **more}
        return msgspec.structs.replace(plan, arguments=arguments, free=sum(free), note=note)

    if plan.needs <= free[largest]:
        return placed({"": largest})
    held, beside = _bytes(weights, options.quantize, plan.arguments["dtype"])
    room: dict[int | str, int] = {place: max(0, one - beside) for place, one in enumerate(free)}
    if held <= sum(room.values()):
        return placed("auto", max_memory=room)
    if plan.quantizer:
        # The quantisers run on the device that holds the weights.
        raise _does_not_fit(name, weights, plan, options, "GPU memory", sum(free))
    room["cpu"] = int(options.cpu_gb * GB) if options.cpu_gb else int(HOST_SHARE * (machine.memory or 0))
    if held <= sum(room.values()):
        return placed("auto", "Part of it runs from host memory: slow.", max_memory=room)
    if options.offload_folder:
        note = f"Part of it runs from {options.offload_folder}: very slow."
        return placed("auto", note, max_memory=room, offload_folder=options.offload_folder)
    raise _does_not_fit(name, weights, plan, options, "GPU and host memory", sum(free) + room["cpu"], sum(free))


def _dtype(machine: Machine, options: LoadOptions, quantizer: str, *, cuda: bool) -> DType:
    if options.dtype != "auto":
        return options.dtype
    if cuda and quantizer == "bitsandbytes" and options.quantize == "8bit":
        return "float16"  # its 8-bit kernels take nothing else; they would cast, and say so at every layer
    if cuda:
        return "bfloat16" if all(gpu.bf16 for gpu in machine.gpus) else "float16"
    # Without units for it bfloat16 is unusable on a CPU: 0.8 tokens/s were measured.
    return "bfloat16" if machine.cpu_bf16 else "float32"


def _quantizer(machine: Machine, options: LoadOptions, *, cuda: bool) -> Literal["", "bitsandbytes", "torchao"]:
    if not options.quantize:
        return ""
    if "accelerate" not in machine.packages:
        raise MissingDependency(f"quantize={options.quantize} needs accelerate.", "Run: pip install 'codesteer[hf]'")
    # torchao's 8-bit numbers run well on a CPU; its 4-bit ones need kernels that no package index has.
    order: tuple[Literal["bitsandbytes", "torchao"], ...] = ("bitsandbytes", "torchao")
    fitting = order[:1] if options.quantize == "4bit" else order if cuda else order[::-1]
    for package in fitting:
        if package in machine.packages:
            return package
    raise MissingDependency(
        f"quantize={options.quantize} needs {' or '.join(fitting)}.", f"Run: pip install {fitting[0]}"
    )


def _does_not_fit(
    name: str,
    weights: Weights,
    plan: LoadPlan,
    options: LoadOptions,
    where: str,
    free: int,
    quantised: int | None = None,
) -> OutOfMemory:
    """The refusal for ``free`` bytes; ``quantised`` are those that quantised weights could use, if fewer."""
    ways = [
        f"quantize it (?quantize={numbers})"
        for numbers in ("8bit", "4bit")
        if sum(_bytes(weights, numbers, plan.arguments["dtype"])) <= (quantised or free) and not weights.stored
    ][:1]
    if quantised is not None:
        ways.append("name a folder for the rest (?offload_folder=PATH)")
    ways.append(f"choose a smaller model{smaller(free)}")
    cure = ", or ".join(ways)
    return OutOfMemory(
        f"Loading {name} needs {plan.needs / GB:.1f} GB of {where} and {free / GB:.1f} GB is free.",
        f"{cure[0].upper()}{cure[1:]}.",
    )


def smaller(free: int) -> str:
    """`` such as NAME`` for the largest embedded model that runs in ``free`` bytes; empty where none does."""
    fitting = [entry for entry in CATALOGUE if entry.memory <= free]
    return f" such as local/{max(fitting, key=lambda entry: entry.size).name}" if fitting else ""


# ---------------------------------------------------------------------------------------------------------- llama.cpp

RUNTIME_BYTES = 150 * 10**6
"""What a worker takes beside weights and cache (65 to 115 MB were measured on three models)."""

GPU_SHARE = 0.9
PASS_BYTES = 15 * 10**9
"""Weights that one pass may read, each token counted: half a second on one slow core (54 tokens/s of the 491 MB
file, 27 of the 1,117 MB one). A pass cannot be interrupted, so this is what bounds how long a stopped call lingers."""


class RuntimePlan(msgspec.Struct, frozen=True, kw_only=True):
    """``needs`` is in bytes, ``gpu_layers`` how many layers go to GPUs (0: none), ``batch`` the tokens of one pass."""

    needs: int
    gpu_layers: int
    batch: int
    context: int


def free_on_gpus(devices: Sequence[Mapping[str, Any]]) -> list[int]:
    """Free bytes of each GPU in the runtime's list of devices (``xllamacpp.get_device_info()``).

    Integrated ones are left out: their memory is the host's, and the cores beside them read it as fast.
    """
    return [device["memory_free"] for device in devices if device["type"].name == "GGML_BACKEND_DEVICE_TYPE_GPU"]


def runtime_needs(size: int, header: GgufHeader, *, context: int, lanes: int) -> int:
    """Bytes that a file of ``size`` bytes takes once it runs; see :func:`runtime_plan`."""
    return size + min(context, header.context) * lanes * header.token_bytes + RUNTIME_BYTES


def runtime_plan(
    name: str,
    size: int,
    header: GgufHeader,
    *,
    context: int,
    lanes: int,
    memory: int | None,
    gpus: Sequence[int] = (),
) -> RuntimePlan:
    """How llama.cpp should load a file.

    Args:
        name: the file's name, for messages.
        size: of the file, in bytes.
        header: what the file says of itself.
        context: tokens of one lane; no more than the model was trained for are given.
        lanes: cache lanes.
        memory: free host memory in bytes; None where unknown.
        gpus: free bytes of each GPU that the runtime sees.

    Raises:
        OutOfMemory: what does not fit onto GPUs does not fit into memory either.
    """
    context = min(context, header.context)
    needs = runtime_needs(size, header, context=context, lanes=lanes)
    layers = header.blocks + 1
    placed = min(layers, int(layers * GPU_SHARE * sum(gpus) / needs))
    host = int(needs * (1 - placed / layers)) + (RUNTIME_BYTES if placed else 0)
    if memory is not None and host > memory:
        raise OutOfMemory(
            f"Loading {name} needs {host / GB:.1f} GB of memory and {memory / GB:.1f} GB is free.",
            f"Close other programs, or choose a smaller model{smaller(memory)}.",
        )
    return RuntimePlan(needs=needs, gpu_layers=placed, batch=_batch(size, gpu=placed == layers), context=context)


def _batch(size: int, *, gpu: bool) -> int:
    if gpu:
        return 512
    return min(64, max(16, 1 << round(math.log2(max(1, PASS_BYTES / size)))))
