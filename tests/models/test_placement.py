"""Where weights go: tables of machines and what they lead to. No GPU is needed to decide for one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from codesteer_kernel.errors import BadInput, MissingDependency, OutOfMemory
from codesteer_kernel.models.gguf_header import GgufHeader
from codesteer_kernel.models.placement import (
    GB,
    Gpu,
    LoadOptions,
    Machine,
    Weights,
    free_on_gpus,
    load_plan,
    read_options,
    runtime_plan,
)

# Llama-3-8B by its shapes: 16.1 GB in 16 bit; 65,536 numbers of cache for each token, 1.07 GB for a full window.
LLAMA_8B = Weights(parameters=8_030_261_248, token_numbers=2 * 32 * 8 * 128, context=8_192)
BESIDE = 8_192 * LLAMA_8B.token_numbers * 2 + GB // 2  # cache and activations, kept free on every GPU
ALL = frozenset({"accelerate", "bitsandbytes", "peft", "torchao"})
BASE = frozenset({"accelerate"})


def machine(
    *gpus: float, memory: float = 64, bf16: bool = True, packages: frozenset[str] = ALL, **more: Any
) -> Machine:
    """A machine with so many GB free on each GPU."""
    return Machine(
        gpus=tuple(Gpu(free=int(free * GB), bf16=bf16) for free in gpus),
        memory=int(memory * GB),
        packages=packages,
        **more,
    )


A24, A80 = machine(23.5), machine(79)


@pytest.mark.parametrize(
    ("where", "options", "device", "arguments", "quantizer", "gigabytes"),
    [
        (A24, {}, "cuda", {"dtype": "bfloat16", "device_map": {"": 0}}, "", 17.6),
        (A80, {}, "cuda", {"dtype": "bfloat16", "device_map": {"": 0}}, "", 17.6),
        (machine(10, 40), {}, "cuda", {"dtype": "bfloat16", "device_map": {"": 1}}, "", 17.6),
        (
            machine(12, 12),
            {},
            "cuda",
            {"dtype": "bfloat16", "device_map": "auto", "max_memory": {0: 12 * GB - BESIDE, 1: 12 * GB - BESIDE}},
            "",
            17.6,
        ),
        # Cards before compute capability 8 have no bfloat16.
        (machine(30, bf16=False), {}, "cuda", {"dtype": "float16", "device_map": {"": 0}}, "", 17.6),
        (
            machine(10, memory=32),
            {},
            "cuda",
            {"dtype": "bfloat16", "device_map": "auto", "max_memory": {0: 10 * GB - BESIDE, "cpu": int(25.6 * GB)}},
            "",
            17.6,
        ),
        (
            machine(24),
            {"gpu_gb": 8, "cpu_gb": 12},
            "cuda",
            {"dtype": "bfloat16", "device_map": "auto", "max_memory": {0: 8 * GB - BESIDE, "cpu": 12 * GB}},
            "",
            17.6,
        ),
        (
            machine(4, memory=8),
            {"offload_folder": "/scratch"},
            "cuda",
            {
                "dtype": "bfloat16",
                "device_map": "auto",
                "max_memory": {0: 4 * GB - BESIDE, "cpu": int(6.4 * GB)},
                "offload_folder": "/scratch",
            },
            "",
            17.6,
        ),
        (machine(10), {"quantize": "4bit"}, "cuda", {"dtype": "bfloat16", "device_map": {"": 0}}, "bitsandbytes", 8.0),
        (machine(12), {"quantize": "8bit"}, "cuda", {"dtype": "float16", "device_map": {"": 0}}, "bitsandbytes", 11.2),
        (A24, {"dtype": "float16"}, "cuda", {"dtype": "float16", "device_map": {"": 0}}, "", 17.6),
        (machine(), {}, "cpu", {"dtype": "float32"}, "", 34.8),
        (A80, {"device": "cpu"}, "cpu", {"dtype": "float32"}, "", 34.8),
        (machine(cpu_bf16=True, memory=20), {}, "cpu", {"dtype": "bfloat16"}, "", 17.6),
        (machine(), {"quantize": "8bit"}, "cpu", {"dtype": "float32", "device_map": {"": "cpu"}}, "torchao", 12.3),
    ],
)
def test_how_an_8b_model_is_loaded(
    where: Machine, options: dict[str, Any], device: str, arguments: dict[str, Any], quantizer: str, gigabytes: float
) -> None:
    plan = load_plan("hf/m", LLAMA_8B, where, LoadOptions(**options))
    assert (plan.device, plan.arguments, plan.quantizer) == (device, arguments, quantizer)
    assert plan.needs / GB == pytest.approx(gigabytes, abs=0.1)
    slow = "cpu" in arguments.get("max_memory", {})
    assert ("slow" in plan.note) == slow


@pytest.mark.parametrize(
    ("where", "options", "said"),
    [
        (
            machine(memory=16),
            {},
            r"needs 34\.8 GB of memory and 16\.0 GB is free\. Quantize it \(\?quantize=8bit\), or",
        ),
        (machine(memory=10), {}, r"Quantize it \(\?quantize=4bit\), or choose .* such as local/qwen2\.5-coder-1\.5b\."),
        (machine(memory=1), {}, r"free\. Choose a smaller model such as local/smollm2-135m\."),
        (machine(memory=0.1), {}, r"free\. Choose a smaller model\.$"),
        (machine(4, memory=8), {}, r"GPU and host memory and 10\.4 GB is free\. Name a folder .*\?offload_folder=PATH"),
        (machine(9, memory=4), {}, r"free\. Quantize it \(\?quantize=4bit\), or name a folder"),
        (machine(9), {"quantize": "8bit"}, r"needs 11\.2 GB of GPU memory and 9\.0 GB is free\. Quantize.*=4bit"),
        (machine(4), {"quantize": "4bit"}, r"GPU memory and 4\.0 GB is free\. Choose a smaller model"),
    ],
)
def test_what_does_not_fit_is_refused_with_advice(where: Machine, options: dict[str, Any], said: str) -> None:
    with pytest.raises(OutOfMemory, match=said):
        load_plan("hf/m", LLAMA_8B, where, LoadOptions(**options))


@pytest.mark.parametrize(
    ("where", "options", "cure"),
    [
        (machine(24, packages=frozenset()), {}, "codesteer"),
        (machine(24, packages=BASE), {"quantize": "4bit"}, "pip install bitsandbytes"),
        (machine(24, packages=BASE | {"torchao"}), {"quantize": "4bit"}, "pip install bitsandbytes"),
        (machine(packages=BASE), {"quantize": "8bit"}, "pip install torchao"),
    ],
)
def test_a_missing_package_is_named(where: Machine, options: dict[str, Any], cure: str) -> None:
    with pytest.raises(MissingDependency, match=cure):
        load_plan("hf/m", LLAMA_8B, where, LoadOptions(**options))


def test_cuda_that_is_not_there_cannot_be_asked_for() -> None:
    with pytest.raises(BadInput, match="no CUDA device"):
        load_plan("hf/m", LLAMA_8B, machine(), LoadOptions(device="cuda"))


def test_weights_that_are_stored_quantised_count_as_stored() -> None:
    stored = Weights(parameters=2 * GB, stored=6 * GB, token_numbers=0)
    assert load_plan("hf/m", stored, machine(), LoadOptions()).needs == int(6.5 * GB)


def test_unknown_memory_refuses_nothing() -> None:
    assert load_plan("hf/m", LLAMA_8B, Machine(memory=None), LoadOptions()).free is None


def test_options_are_read_as_what_they_are() -> None:
    read = read_options("quantize=4bit&gpu_gb=20.5&context=4096&adapter=/a%26b", LoadOptions(device="cpu", context=1))
    assert read == LoadOptions(quantize="4bit", gpu_gb=20.5, context=4096, adapter="/a&b", device="cpu")
    assert read_options("") == LoadOptions()
    for wrong, said in (
        ("revison=x", "Did you mean 'revision'"),
        ("device=tpu", "tpu"),
        ("context=0", "context is 0"),
        ("context=many", "int"),
        ("gpu_gb=nan", "gpu_gb is nan"),
    ):
        with pytest.raises(BadInput, match=said):
            read_options(wrong)


# ---------------------------------------------------------------------------------------------------------- llama.cpp

QWEN = GgufHeader(architecture="qwen2", blocks=28, context=32_768, token_bytes=28_672, special=())
SIZE = 1_117_320_768


def test_gpus_are_told_from_the_runtimes_other_devices() -> None:
    kinds = ("CPU", "GPU", "IGPU", "ACCEL", "GPU")
    devices = [
        {"name": kind, "type": SimpleNamespace(name=f"GGML_BACKEND_DEVICE_TYPE_{kind}"), "memory_free": number * GB}
        for number, kind in enumerate(kinds, 1)
    ]
    assert free_on_gpus(devices) == [2 * GB, 5 * GB]
    assert free_on_gpus(devices[:1]) == []


@pytest.mark.parametrize(
    ("gpus", "layers", "batch"),
    [
        ((), 0, 16),
        ((8 * GB,), 29, 512),
        ((1 * GB, 1 * GB), 29, 512),
        ((1 * GB,), 17, 16),
        ((0,), 0, 16),
    ],
)
def test_what_a_gpu_has_room_for_goes_there(gpus: tuple[int, ...], layers: int, batch: int) -> None:
    plan = runtime_plan("m", SIZE, QWEN, context=4_096, lanes=2, memory=16 * GB, gpus=gpus)
    assert (plan.gpu_layers, plan.batch, plan.context) == (layers, batch, 4_096)
    assert plan.needs == SIZE + 2 * 4_096 * 28_672 + 150_000_000


@pytest.mark.parametrize(("size", "batch"), [(98_362_432, 64), (491_400_064, 32), (SIZE, 16), (5 * GB, 16)])
def test_a_pass_of_a_larger_model_takes_fewer_tokens(size: int, batch: int) -> None:
    """So that a stopped call is off its lane within a second on one slow core."""
    assert runtime_plan("m", size, QWEN, context=4_096, lanes=2, memory=None).batch == batch


def test_memory_counts_for_what_no_gpu_takes() -> None:
    with pytest.raises(OutOfMemory, match=r"Loading m needs 1\.5 GB of memory and 1\.0 GB is free.*smollm2-135m"):
        runtime_plan("m", SIZE, QWEN, context=4_096, lanes=2, memory=GB)
    assert runtime_plan("m", SIZE, QWEN, context=4_096, lanes=2, memory=GB, gpus=(8 * GB,)).gpu_layers == 29
    with pytest.raises(OutOfMemory, match=r"needs \d\.\d GB of memory and 0\.5 GB"):
        runtime_plan("m", SIZE, QWEN, context=4_096, lanes=2, memory=GB // 2, gpus=(GB,))


def test_no_more_window_is_given_than_was_trained_for() -> None:
    assert runtime_plan("m", SIZE, QWEN, context=100_000, lanes=1, memory=None).context == 32_768
