"""Supervised tuning of a tiny Llama with random weights: what is learned, measured, kept, resumed, refused."""

from __future__ import annotations

import json
import math
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from codesteer_kernel.errors import BadInput, CacheNotWritable, ModelError, TuningFailed
from codesteer_kernel.training.tuning.curves import read_curves
from codesteer_kernel.training.tuning.encoding import Encoder
from codesteer_kernel.training.tuning.settings import Lora
from codesteer_kernel.training.tuning.trainers import last_checkpoint
from codesteer_kernel.training.tuning.tune import tune
from codesteer_kernel.training.weights import Weights
from tests.models import tiny_llama
from tests.training.small_rows import conversations, row, settings, written

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama.build(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("data"), conversations(24)).parent


def weights_of(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    (file,) = folder.glob("*.safetensors")
    return load_file(file)


def same(one: Path, other: Path) -> bool:
    import torch

    ours, theirs = weights_of(one), weights_of(other)
    return ours.keys() == theirs.keys() and all(torch.allclose(ours[name], theirs[name], atol=1e-6) for name in ours)


def test_it_learns_measures_and_tells(base: Path, data: Path, tmp_path: Path) -> None:
    tuned = tune(settings(base, licence="Apache-2.0"), data, tmp_path)
    lines = read_curves(tmp_path)
    losses = [line["loss"] for line in lines if "loss" in line]
    assert len(losses) == tuned.steps == 6
    assert losses[-1] < losses[0] / 2
    assert tuned.loss == losses[-1]
    measured = [line for line in lines if "eval_loss" in line]
    assert [line["step"] for line in measured] == [0, 3, 6]
    assert measured[-1]["eval_loss"] < measured[0]["eval_loss"] / 2
    # Both decisions of every held-out row are judged, and most are learned.
    assert tuned.measured["decisions"] == 2 * tuned.held_out > 0
    assert tuned.measured["decision_accuracy"] > max(0.5, measured[0]["eval_decision_accuracy"])
    assert tuned.learned + tuned.held_out == 24
    assert json.loads((tmp_path / "codesteer.json").read_text()) == {"dialect": "codesteer-v1"}
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "curves.csv").read_text().startswith("step,")
    assert not (tmp_path / "training_args.bin").exists()
    card = (tmp_path / "README.md").read_text()
    for said in (
        "license: apache-2.0",
        "0 with real targets, 24 with simulated",
        "decision accuracy",
        '"seed": 0',
        "trl",
    ):
        assert said in card
    assert f"{tuned.learned} were learned in 6 steps, {tuned.held_out} held out" in card


def losses_of_a_step(base: Path, folder: Path, rows: list[Any], **changes: Any) -> tuple[float, int]:
    """The loss of one step over all rows as the trainer computes it, and in how many sequences they came."""
    from codesteer_kernel.training.tuning import sft
    from codesteer_kernel.training.tuning.loading import load

    how = settings(base, **changes)
    model, tokenizer = load(how)
    encoder = Encoder(tokenizer)
    learned = [(number, encoder.conversation(one, "Row")) for number, one in enumerate(rows, 1)]
    trainer = sft.trainer(sft.configuration(how, folder), how, learned, [], model, tokenizer)
    batches = list(trainer.get_train_dataloader())
    count = trainer._get_num_items_in_batch(batches, trainer.args.device)
    model.train()
    return sum(trainer.compute_loss(model, one, num_items_in_batch=count).item() for one in batches), len(batches)


def test_batched_packed_or_one_by_one_the_loss_is_the_same(base: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    rows = [*conversations(5), row("A longer question", "<<<Text>>>"), row("Q", "<<<Code>>>", "3", "Look again.")]
    rows = [
        replace(one, messages=row(*(t.content for t in one.messages), weights=Weights(last=2)).messages) for one in rows
    ]
    alone, sequences = losses_of_a_step(base, tmp_path, rows, batch=1)
    assert sequences == len(rows)
    batched, sequences = losses_of_a_step(base, tmp_path, rows, batch=4)
    assert sequences == 2
    packed, sequences = losses_of_a_step(base, tmp_path, rows, batch=1, packing=True)
    assert sequences < len(rows)
    assert batched == pytest.approx(alone, rel=1e-5)
    assert packed == pytest.approx(alone, rel=1e-5)
    # By hand: the mean over turns, by weight, of the mean of a turn's tokens.
    encoder = Encoder(AutoTokenizer.from_pretrained(base))
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    total = weight = 0.0
    for one in rows:
        encoded = encoder.conversation(one, "Row")
        with torch.no_grad():
            odds = torch.log_softmax(model(torch.tensor([encoded.input_ids])).logits[0], -1)
        for number, places in encoder.turns_of(one, "Row"):
            share = one.messages[number].weight
            total -= share * sum(odds[place - 1, encoded.input_ids[place]].item() for place in places) / len(places)
            weight += share
    assert alone == pytest.approx(total / weight, rel=1e-5)


def test_an_adapter_in_bfloat16_with_gradient_checkpointing(base: Path, data: Path, tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        "lora": Lora(r=4),
        "checkpointing": True,
        "dtype": "bfloat16",
        "steps": 3,
        "packing": True,
    }
    tuned = tune(settings(base, **changes), data, tmp_path)
    assert math.isfinite(tuned.loss)
    assert not (tmp_path / "config.json").exists()
    assert json.loads((tmp_path / "adapter_config.json").read_text())["base_model_name_or_path"] == str(base)
    names = weights_of(tmp_path)
    assert all("lora" in name for name in names)
    assert any(value.abs().sum() > 0 for name, value in names.items() if "lora_B" in name)


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.training.small_rows import settings
from codesteer_kernel.training.tuning.tune import tune

def die(step, steps, logged):
    if step == 5:
        os.kill(os.getpid(), signal.SIGKILL)

base, data, folder = map(Path, sys.argv[1:])
tune(settings(base), data, folder, on_step=die)
"""


def test_a_killed_tuning_loses_nothing_before_its_last_checkpoint(base: Path, data: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(base), str(data), str(killed)], cwd=Path(__file__).parents[2], check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert last_checkpoint(killed) == killed / "checkpoint-3"
    assert not (killed / "model.safetensors").exists()
    # What a kill in the middle of writing leaves of a checkpoint is none.
    (killed / "checkpoint-5").mkdir()
    (killed / "checkpoint-5" / "trainer_state.json").write_text('{"global_st')
    steps = []
    resumed = tune(settings(base), data, killed, on_step=lambda step, *_: steps.append(step))
    straight = tune(settings(base), data, whole)
    assert (min(steps), resumed.steps) == (4, straight.steps)
    assert [line["step"] for line in read_curves(killed) if "loss" in line] == [1, 2, 3, 4, 5, 6]
    assert resumed.loss == pytest.approx(straight.loss, rel=1e-5)
    assert resumed.measured == pytest.approx(straight.measured)
    assert same(killed, whole)


def test_a_stop_keeps_the_step_and_another_tuning_is_refused_in_its_folder(
    base: Path, data: Path, tmp_path: Path
) -> None:
    stop = threading.Event()
    stopped = tune(settings(base), data, tmp_path, on_step=lambda *_: stop.set(), stop=stop)
    assert (stopped.done, stopped.steps) == (False, 1)
    with pytest.raises(BadInput, match="holds another tuning"):
        tune(settings(base, rate=1e-3), data, tmp_path)
    gone_on = tune(settings(base), data, tmp_path)
    assert (gone_on.done, gone_on.steps) == (True, 6)


def test_a_loss_that_is_no_number_ends_it_with_the_row_named_and_the_checkpoint_kept(
    base: Path, data: Path, tmp_path: Path
) -> None:
    with pytest.raises(TuningFailed, match=r"At step \d+ the (loss of rows [\d, ]+|gradient's norm) is (nan|inf)"):
        tune(settings(base, rate=1e25, save_every=1, schedule="constant", warmup=0.0, steps=20), data, tmp_path)
    kept = last_checkpoint(tmp_path)
    assert kept is not None
    assert all(value.isfinite().all() for value in weights_of(kept).values())


@pytest.fixture
def full_disk() -> Iterator[Any]:
    """Once called, files cannot grow beyond 64 kB: writing fails as it does where there is no room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (64_000, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_where_there_is_no_room_the_checkpoint_before_stays(
    base: Path, data: Path, tmp_path: Path, full_disk: Any
) -> None:
    def fill(step: int, *_: Any) -> None:
        if step == 4:
            full_disk()

    with pytest.raises(CacheNotWritable, match="The checkpoint of step 6 could not be written") as caught:
        tune(settings(base), data, tmp_path, on_step=fill)
    assert "goes on from checkpoint-3" in str(caught.value)
    assert [path.name for path in tmp_path.glob("checkpoint-*")] == ["checkpoint-3"]
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert tune(settings(base), data, tmp_path).done


def test_bad_rows_are_named_before_anything_is_tuned(base: Path, tmp_path: Path) -> None:
    rows = conversations(4)
    long = row("word " * 900, "<<<Code>>>")
    path = written(tmp_path, [*rows, long])
    with pytest.raises(BadInput, match=r"Row 5 of conversations.jsonl has [\d,]+ tokens, and max_tokens is 512"):
        tune(settings(base), path, tmp_path / "out")
    for bad, fault in (
        (replace(rows[0], messages=rows[0].messages[:1]), "Row 5 of conversations.jsonl does not end with a turn"),
        (replace(rows[0], messages=rows[0].messages[1:]), "Row 5 of conversations.jsonl: turn 1 is the assistant's"),
        (replace(rows[0], messages=[]), "Row 5 of conversations.jsonl has no turns"),
        (
            replace(rows[0], dialect="mini"),
            "Row 5 of conversations.jsonl is in the words of mini, row 1 in those of codes",
        ),
    ):
        with pytest.raises(BadInput, match=fault):
            tune(settings(base), written(tmp_path, [*rows, bad]), tmp_path / "out")
    with pytest.raises(BadInput, match=r"max_tokens is 9,000, and .* reads 8,192"):
        tune(settings(base, max_tokens=9_000), written(tmp_path, rows), tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="empty cannot be loaded"):
        tune(settings(tmp_path / "empty"), tmp_path, tmp_path / "out")
    with pytest.raises(BadInput, match="no row to learn from: of 1, 1 are too long"):
        tune(settings(base, too_long="drop"), written(tmp_path, [long]), tmp_path / "out")
    assert not list((tmp_path / "out").glob("checkpoint-*"))
