"""What both trainers share: their arguments, checkpoints that are whole or not there, and an end where a loss is no number."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from codesteer_kernel.errors import BadInput, CacheNotWritable, TuningFailed
from codesteer_kernel.training.tuning.loading import computes_in_bf16
from codesteer_kernel.training.tuning.settings import TuneSettings

__all__ = [
    "CHECKPOINTS",
    "Guarded",
    "arguments",
    "drop_broken_checkpoints",
    "first_process",
    "last_checkpoint",
    "measuring",
    "writing",
]

CHECKPOINTS = "checkpoint-"
_STATE = "trainer_state.json"
"""The file that a trainer writes last: a checkpoint without it is none."""


def arguments(settings: TuneSettings, folder: Path) -> dict[str, Any]:
    """The arguments that the configurations of both trainers take.

    Raises:
        BadInput: one process would drive several GPUs, which the trainers cannot.
    """
    import torch

    cuda = torch.cuda.is_available()
    if torch.cuda.device_count() > 1 and "RANK" not in os.environ:
        raise BadInput(
            f"One process sees {torch.cuda.device_count()} GPUs.",
            "Start it with accelerate launch (docs/training.md), or set CUDA_VISIBLE_DEVICES=0.",
        )
    return {
        "output_dir": str(folder),
        "num_train_epochs": settings.epochs,
        "max_steps": settings.steps or -1,
        "per_device_train_batch_size": settings.batch,
        "per_device_eval_batch_size": settings.batch,
        "gradient_accumulation_steps": settings.accumulate,
        "learning_rate": settings.rate,
        "lr_scheduler_type": settings.schedule,
        "warmup_steps": settings.warmup,
        "eval_strategy": "steps",
        "eval_steps": settings.measure_every,
        "eval_on_start": last_checkpoint(folder) is None,
        "save_strategy": "steps",
        "save_steps": settings.save_every,
        "save_total_limit": settings.keep,
        "logging_steps": 1,
        # Else a loss that is no number would be told as the mean of those before it.
        "logging_nan_inf_filter": False,
        "activation_checkpointing": settings.checkpointing,
        "bf16": computes_in_bf16(settings),
        "use_cpu": not torch.accelerator.is_available(),
        "dataloader_pin_memory": cuda,
        "ddp_find_unused_parameters": False,
        "disable_tqdm": True,
        "report_to": "none",
        "seed": settings.seed,
    }


def first_process() -> bool:
    """Whether this is the process that writes and tells; ``accelerate launch`` starts one for each device."""
    return os.environ.get("RANK", "0") == "0"


def measuring(config: Any, held: Sequence[Any]) -> Any:
    """``config``, without measurements where nothing is held out."""
    if not held:
        config.eval_strategy = type(config.eval_strategy)("no")
        config.eval_on_start = False
    return config


def last_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint in ``folder``; what a killed process left of one is none."""
    return max(filter(_is_whole, folder.glob(f"{CHECKPOINTS}*")), key=_step, default=None)


def drop_broken_checkpoints(folder: Path) -> None:
    """Remove what killed processes left of checkpoints."""
    for path in folder.glob(f"{CHECKPOINTS}*"):
        if not _is_whole(path):
            shutil.rmtree(path, ignore_errors=True)


def _is_whole(checkpoint: Path) -> bool:
    try:
        json.loads((checkpoint / _STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True


def _step(path: Path) -> int:
    number = path.name.removeprefix(CHECKPOINTS)
    return int(number) if number.isdecimal() else -1


class Guarded:
    """Goes before a trainer of TRL among a class's bases."""

    args: Any
    state: Any

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """The card is ours, written at the end."""

    def _send_telemetry(self) -> None:
        """Nobody is told what is tuned here."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        folder = Path(self.args.output_dir)
        with writing(f"The checkpoint of step {self.state.global_step}", folder):
            super()._save_checkpoint(model, trial)  # type: ignore[misc]  # the trainer's

    def refuse_nonsense(self, loss: Any, rows: Sequence[int]) -> None:
        """Raise :class:`TuningFailed` naming the rows of a batch whose loss is no number."""
        value = float(loss.detach())
        if not math.isfinite(value):
            which = f"row{'s' if len(rows) > 1 else ''} {', '.join(str(row) for row in rows)}"
            raise TuningFailed(
                f"At step {self.state.global_step + 1} the loss of {which} is {value}.",
                "Look there, lower the rate, or compute in float32; the last checkpoint is from before.",
            )


@contextmanager
def writing(what: str, folder: Path) -> Iterator[None]:
    """Around the writing of weights: says what could not be written, and how to go on.

    Raises:
        CacheNotWritable: the disk is full, say. What was begun of a checkpoint is removed.
    """
    from safetensors import SafetensorError

    try:
        yield
    # torch and safetensors have errors of their own for a full disk.
    except (OSError, RuntimeError, SafetensorError) as fault:
        drop_broken_checkpoints(folder)
        kept = last_checkpoint(folder)
        on = f": it goes on from {kept.name}" if kept is not None else ""
        free = shutil.disk_usage(folder).free / 1e9
        reason = (str(fault).strip().splitlines() or [type(fault).__name__])[0]
        raise CacheNotWritable(
            f"{what} could not be written to {folder} ({reason}; {free:.1f} GB are free).",
            f"Make room, then start the same command{on}.",
        ) from None
