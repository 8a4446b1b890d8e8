"""Preference tuning of a tiny Llama: from an adapter or whole weights, compared with where it began, resumed."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel.errors import BadInput
from codesteer_kernel.training.tuning.curves import read_curves
from codesteer_kernel.training.tuning.settings import Lora
from codesteer_kernel.training.tuning.tune import Tuned, tune
from tests.models import tiny_llama
from tests.training.small_rows import conversations, pairs, settings, written

pytestmark = pytest.mark.timeout(600)
DPO: dict[str, Any] = {"stage": "dpo", "rate": 5e-3, "beta": 1.0}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama.build(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter of a few steps of supervised tuning."""
    folder = tmp_path_factory.mktemp("adapter")
    how = settings(base, lora=Lora(r=4), steps=2, held_out=0.0)
    return tune(how, written(folder / "data", conversations(8)), folder / "out").folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("data"), pairs(24))


def first_and_last(folder: Path) -> tuple[dict[str, float], dict[str, float]]:
    measured = [line for line in read_curves(folder) if "eval_loss" in line]
    return measured[0], measured[-1]


def checked(tuned: Tuned) -> None:
    """It began at the model it is compared with (a loss of ln 2), and ranks more held-out pairs right than then."""
    begun, ended = first_and_last(tuned.folder)
    assert begun["eval_loss"] == pytest.approx(0.6931, abs=1e-3)
    assert ended["eval_loss"] < begun["eval_loss"]
    assert ended["eval_rewards/accuracies"] > 0.5
    card = (tuned.folder / "README.md").read_text()
    assert "preference tuning (DPO)" in card
    assert "24 preference pairs: 24 with real targets, 0 with simulated" in card


def test_an_adapter_is_tuned_on_from_where_it_stands(base: Path, adapter: Path, data: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    tuned = tune(settings(adapter, **DPO), data, tmp_path)
    checked(tuned)
    assert (tuned.learned + tuned.held_out, tuned.left_out) == (24, 0)
    # The copy that it was compared with is not shipped; the adapter's base is still the first one's.
    assert not (tmp_path / "ref").exists()
    assert json.loads((tmp_path / "adapter_config.json").read_text())["base_model_name_or_path"] == str(base)
    before, after = (load_file(folder / "adapter_model.safetensors") for folder in (adapter, tmp_path))
    assert before.keys() == after.keys()
    assert any(not before[name].equal(after[name]) for name in before)


def test_stopped_and_gone_on_it_ends_where_it_would_have(adapter: Path, data: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    stop, how = threading.Event(), settings(adapter, **DPO)

    def halt(step: int, *_: Any) -> None:
        if step == 4:
            stop.set()

    assert not tune(how, data, tmp_path / "cut", on_step=halt, stop=stop).done
    resumed, straight = tune(how, data, tmp_path / "cut"), tune(how, data, tmp_path / "whole")
    assert resumed.steps == straight.steps == 6
    assert [line["step"] for line in read_curves(resumed.folder) if "loss" in line] == [1, 2, 3, 4, 5, 6]
    assert resumed.measured == pytest.approx(straight.measured, rel=1e-4)
    ours, theirs = (load_file(one.folder / "adapter_model.safetensors") for one in (resumed, straight))
    assert all((ours[name] - theirs[name]).abs().max() < 1e-5 for name in ours)


def test_all_weights_and_only_pairs_that_differ_enough(base: Path, data: Path, tmp_path: Path) -> None:
    tuned = tune(settings(base, **DPO, margin=5.0, checkpointing=True), data, tmp_path)
    checked(tuned)
    # A third of the pairs has a margin of 1.
    assert (tuned.left_out, tuned.learned + tuned.held_out) == (8, 16)
    assert (tmp_path / "model.safetensors").is_file()


def test_an_adapter_upon_an_adapter_and_a_pair_that_is_too_long_are_refused(
    adapter: Path, data: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="is an adapter already"):
        tune(settings(adapter, **DPO, lora=Lora()), data, tmp_path)
    with pytest.raises(BadInput, match=r"Row 1 of pairs.jsonl has \d+ tokens, and max_tokens is 20"):
        tune(settings(adapter, **DPO, max_tokens=20), data, tmp_path)
