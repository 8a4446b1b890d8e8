"""What watches over a tuning: curves on the disk, progress, a stop, and an end where the gradient is no number."""

from __future__ import annotations

import json
import math
import threading
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from codesteer_kernel.errors import TuningFailed
from codesteer_kernel.training.tuning.curves import CURVES, OnStep, read_curves
from codesteer_kernel.training.tuning.trainers import writing

__all__ = ["Watch"]


class Watch(TrainerCallback):  # type: ignore[misc]  # transformers' classes are untyped here
    """Writes what the trainer logs to ``curves.jsonl``, line by line, and ends the tuning where it must.

    Args:
        folder: where the curves go; lines of an earlier session that were made behind the checkpoint that this one goes
            on from are dropped.
        on_step: called with the step, how many there will be, and what was logged.
        stop: set it to end after the running step, with a checkpoint.
    """

    def __init__(self, folder: Path, on_step: OnStep | None, stop: threading.Event) -> None:
        self._folder = folder
        self._on_step = on_step
        self._stop = stop

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Keep of the curves what belongs to the steps that are done."""
        if state.is_world_process_zero:
            kept = [line for line in read_curves(self._folder) if line["step"] <= state.global_step]
            lines = [json.dumps(line) + "\n" for line in kept] if state.global_step else []
            (self._folder / CURVES).write_text("".join(lines), encoding="utf-8")

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        """Keep a line; end where the gradient is no number: the weights it led to are of no use."""
        told = {name: float(value) for name, value in (logs or {}).items() if isinstance(value, int | float)}
        if state.is_world_process_zero:
            line = json.dumps({"step": state.global_step, **told}) + "\n"
            with writing("The log", self._folder), (self._folder / CURVES).open("a", encoding="utf-8") as file:
                file.write(line)
        if not math.isfinite(told.get("grad_norm", 0.0)):
            raise TuningFailed(
                f"At step {state.global_step} the gradient's norm is {told['grad_norm']}.",
                "Lower the rate, or compute in float32; the last checkpoint is from before.",
            )
        if self._on_step is not None and state.is_world_process_zero:
            self._on_step(state.global_step, state.max_steps, told)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """End here if a stop is wanted."""
        if self._stop.is_set():
            control.should_save = True
            control.should_training_stop = True
