"""Settings of tunings: those that ship, those that are wrong, and those of the launcher."""

from __future__ import annotations

from pathlib import Path

import pytest

from codesteer_kernel.errors import BadInput
from codesteer_kernel.training.tuning.settings import CONFIGS, Lora, read_settings, shipped


@pytest.mark.parametrize("name", shipped())
def test_what_ships_can_be_read_and_says_its_stage(name: str) -> None:
    settings = read_settings(name)
    assert name.endswith(settings.stage)
    assert settings.max_tokens >= 512


def test_the_papers_settings_are_the_papers() -> None:
    sft = read_settings("paper-llama3-8b-sft")
    assert (sft.base, sft.lora, sft.max_tokens) == ("meta-llama/Meta-Llama-3-8B-Instruct", None, 7024)
    assert (sft.rate, sft.schedule, sft.warmup, sft.epochs, sft.dtype) == (1e-5, "cosine", 0.1, 12, "bfloat16")
    # On its four devices: 8 rows a step.
    assert sft.batch * sft.accumulate * 4 == 8
    assert (sft.held_out, sft.measure_every, sft.save_every) == (0.1, 200, 200)


def test_changes_win_and_numbers_may_be_written_as_people_do(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("stage: sft\nbase: somewhere\nrate: 1e-5\nlora: {r: 4}\n")
    settings = read_settings(path, {"lora.alpha": "8", "steps": "7", "packing": "true"})
    assert (settings.rate, settings.steps, settings.packing) == (1e-5, 7, True)
    assert settings.lora == Lora(r=4, alpha=8)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("stage: sft\nbase: x\nbatchh: 2", "no setting 'batchh'. Did you mean 'batch'"),
        ("stage: sft\nbase: x\nlora: {rank: 2, alpa: 1}", "lora has no setting 'rank'"),
        ("stage: sft\nbase: x\nrate: fast", "rate"),
        ("stage: sft\nbase: x\nrate: -1", "rate is -1"),
        ("stage: sft\nbase: x\nheld_out: 1", "held_out is 1"),
        ("stage: dpo\nbase: x\npacking: true", "cannot be packed"),
        ("stage: sft\nbase: x\nmargin: 2", "no margin"),
        ("stage: rlhf\nbase: x", "stage"),
        ("base: x", "stage"),
        ("- a", "does not hold settings"),
        ("a: [", "is no YAML"),
    ],
)
def test_what_cannot_work_is_named(text: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(BadInput, match=fault.replace(".", r"\.")):
        read_settings(path)


def test_the_nearest_settings_are_told() -> None:
    with pytest.raises(BadInput, match="Did you mean 'smollm2-135m-sft'"):
        read_settings("smollm-135m-sft")


@pytest.mark.parametrize("name", ["fsdp", "deepspeed-zero3"])
def test_the_launcher_takes_its_settings(name: str) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    read = load_config_from_file(str(CONFIGS / f"{name}.yaml"))
    assert read.mixed_precision == "bf16"
    assert {"fsdp": "FSDP", "deepspeed-zero3": "DEEPSPEED"}[name] in str(read.distributed_type)
