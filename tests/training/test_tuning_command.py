"""``codesteer train sft``, ``dpo`` and ``pack``: from rows to a steerer that is served, by commands alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from codesteer_kernel.cli import main
from tests.models import tiny_llama
from tests.training.small_rows import conversations, pairs, written

pytestmark = pytest.mark.timeout(600)
SETTINGS = (
    "stage: {stage}\nbase: {base}\nmax_tokens: 512\nsteps: 2\nbatch: 2\nrate: 1e-3\nheld_out: 0.2\ndtype: float32\n"
)
Output = pytest.CaptureFixture[str]


def test_a_steerer_is_tuned_twice_and_packed(tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    base = tiny_llama.build(tmp_path / "base")
    written(tmp_path / "chats", conversations(12))
    written(tmp_path / "pairs", pairs(12))
    Path("sft.yaml").write_text(SETTINGS.format(stage="sft", base=base))
    Path("dpo.yaml").write_text(SETTINGS.format(stage="dpo", base="first"))
    assert (
        main(["train", "sft", "sft.yaml", "--data", "chats", "-o", "first", "--set", "lora.r=4", "--set", "steps=3"])
        == 0
    )
    told = capsys.readouterr()
    assert "3 steps (" in told.out
    assert "decision accuracy" in told.out
    assert "step 3 of 3: held-out loss" in told.err
    assert main(["train", "dpo", "dpo.yaml", "--data", "pairs", "-o", "second"]) == 0
    assert "rewards/accuracies" in capsys.readouterr().out
    assert main(["train", "pack", "second", "-o", "steerer"]) == 0
    assert f"--steerer local/{tmp_path / 'steerer'}" in capsys.readouterr().out
    assert (tmp_path / "steerer" / "model.safetensors").is_file()


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["sft", "paper-llama3-8b-dpo", "--data", "x", "-o", "y"], "is for train dpo"),
        (["sft", "paper-llama3-8b-sft", "--data", "x", "-o", "y", "--set", "rats=1"], "Did you mean 'rate'"),
        (["sft", "paper-llama3-8b-sft", "--data", "x", "-o", "y", "--set", "rate"], "not NAME=VALUE"),
        (["dpo", "paper-llama3-8b-dpo", "--data", "nowhere", "-o", "y"], "nowhere cannot be read"),
        (["sft", "paper-llama3-8b-sft", "-o", "y"], "--data"),
        (["pack", "nowhere", "-o", "y"], "no finished steerer"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(
    words: list[str], fault: str, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", *words]) == 2
    told = capsys.readouterr().err
    assert fault in told
    assert "Traceback" not in told
