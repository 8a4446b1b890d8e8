"""Packed steerers: folders that our backend loads and our server hosts, whichever way they were tuned."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel.errors import BadInput, MissingDependency
from codesteer_kernel.models import Message, open_model
from codesteer_kernel.models.hf_load import count_weights
from codesteer_kernel.models.served import HostClient
from codesteer_kernel.training.tuning.pack import pack
from codesteer_kernel.training.tuning.settings import Lora
from codesteer_kernel.training.tuning.tune import tune
from tests.models import tiny_llama
from tests.serving.process import HostProcess
from tests.training.small_rows import conversations, settings, written

# peft uses what transformers is about to rename.
pytestmark = [pytest.mark.timeout(600), pytest.mark.filterwarnings("ignore::FutureWarning")]
CHOICES = ("<<<Code>>>", "<<<Text>>>")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama.build(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module", params=["adapter", "whole"])
def tuned(request: pytest.FixtureRequest, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    lora = Lora(r=8) if request.param == "adapter" else None
    data = written(folder / "data", conversations(24))
    return tune(settings(base, lora=lora, steps=12, held_out=0.0), data, folder / "out").folder


async def chosen(name: str, question: str) -> dict[str, float]:
    """What a steerer thinks of the choices, as the loop asks it."""
    model: Any = open_model(name)
    try:
        return dict((await model.score([Message("user", question), Message("assistant", "")], CHOICES)).probabilities)
    finally:
        await model.aclose()


async def test_merged_weights_decide_as_they_were_tuned_to(tuned: Path, base: Path, tmp_path: Path) -> None:
    packed = pack(tuned, tmp_path / "steerer", dtype="float32")
    assert packed.base == ""
    assert not list(packed.folder.glob("checkpoint-*")) + list(packed.folder.glob("*.bin"))
    assert "library_name: transformers" in (packed.folder / "README.md").read_text()
    assert count_weights(packed.folder).parameters == count_weights(base).parameters
    model: Any = open_model(f"local/{packed.folder}")
    assert model.dialect == "codesteer-v1"
    odds = await chosen(f"hf/{packed.folder}?dtype=float32", "Number 1: add the primes")
    # What was tuned is an adapter's folder or a model's, and loads as it stands.
    before = await chosen(f"hf/{tuned}?dtype=float32", "Number 1: add the primes")
    assert odds == pytest.approx(before, abs=1e-4)
    untuned = await chosen(f"hf/{base}?dtype=float32", "Number 1: add the primes")
    assert abs(untuned[CHOICES[0]] - odds[CHOICES[0]]) > 0.05


async def test_an_adapter_is_packed_by_itself(tuned: Path, base: Path, tmp_path: Path) -> None:
    if not (tuned / "adapter_config.json").is_file():
        with pytest.raises(BadInput, match="no adapter"):
            pack(tuned, tmp_path / "steerer", merged=False)
        return
    packed = pack(tuned, tmp_path / "steerer", merged=False)
    assert packed.base == str(base)
    assert packed.size < (base / "model.safetensors").stat().st_size
    odds = await chosen(f"local/{packed.folder}?dtype=float32", "Number 1: add the primes")
    assert odds == pytest.approx(await chosen(f"hf/{tuned}?dtype=float32", "Number 1: add the primes"), abs=1e-4)


async def test_half_the_size_in_bfloat16_and_quantised_only_where_something_can(tuned: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    packed = pack(tuned, tmp_path / "steerer")
    assert {one.dtype for one in load_file(packed.folder / "model.safetensors").values()} == {torch.bfloat16}
    assert json.loads((packed.folder / "config.json").read_text())["dtype"] == "bfloat16"
    assert sum((await chosen(f"hf/{packed.folder}?dtype=bfloat16", "Q")).values()) == pytest.approx(1.0)
    # The options of the published 8B weights are read by the same code; neither package is among ours.
    for numbers, package in (("4bit", "bitsandbytes"), ("8bit", "torchao")):
        model: Any = open_model(f"hf/{packed.folder}?quantize={numbers}")
        with pytest.raises(MissingDependency, match=package):
            await model.ready()


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A runtime folder of the test's own, its path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="cs-") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield
        HostProcess.end_all()


@pytest.mark.usefixtures("runtime")
async def test_it_is_hosted_and_decides_there_as_it_does_here(base: Path, tmp_path: Path) -> None:
    # As tuned as any: what is packed are weights, a tokenizer and a dialect.
    packed = pack(base, tmp_path / "steerer", dtype="float32")
    with HostProcess("--steerer", f"hf/{packed.folder}?dtype=float32", "--port", "0", "--name", "mine") as process:
        host = process.host
        assert host.dialect == "codesteer-v1"
        choice = await HostClient(host).score([Message("user", "Q"), Message("assistant", "")], CHOICES)
    assert choice.probabilities == pytest.approx(await chosen(f"hf/{packed.folder}?dtype=float32", "Q"), abs=1e-4)


def test_what_is_not_finished_or_there_already_is_refused(base: Path, tuned: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no finished steerer"):
        pack(tmp_path, tmp_path / "steerer")
    (tmp_path / "there").mkdir()
    with pytest.raises(BadInput, match="is there already"):
        pack(tuned, tmp_path / "there")
