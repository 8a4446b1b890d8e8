"""What watches over a tuning: curves on disk, progress, a stop, and an early end where nothing good can come of it."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from codesteer_kernel.errors import CodeSteerError

__all__ = ["CURVES", "TuningFailed", "Watch"]

CURVES = "curves.jsonl"
OnStep = Callable[[int, int, dict[str, float]], None]


class TuningFailed(CodeSteerError):
    """A tuning that cannot go on; what was saved before is there."""

    code = "tuning_failed"


class Watch(TrainerCallback):  # type: ignore[misc]  # transformers' classes are untyped here
    """Writes what the trainer logs to ``curves.jsonl``, line by line, and ends the tuning where it must.

    Args:
        folder: where the curves go; lines of an earlier session that were made behind the checkpoint that this one goes
            on from are replaced.
        on_step: called with the step, how many there will be, and what was logged.
        stop: set it to end after the running step, with a checkpoint.
    """

    def __init__(self, folder: Path, on_step: OnStep | None, stop: threading.Event) -> None:
        self._path = folder / CURVES
        self._on_step = on_step
        self._stop = stop

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Keep of the curves what belongs to the steps that are done."""
        if self._path.is_file():
            lines = self._path.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= state.global_step]
            self._path.write_text("".join(kept), encoding="utf-8")

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        """Keep a line; end where the loss is no number."""
        told = {name: float(value) for name, value in (logs or {}).items() if isinstance(value, int | float)}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": state.global_step, **told}, allow_nan=True) + "\n")
        for name in ("loss", "eval_loss", "grad_norm"):
            if name in told and not math.isfinite(told[name]):
                raise TuningFailed(
                    f"At step {state.global_step} the {name} is {told[name]}.",
                    "Lower the rate, or train in float32; the last checkpoint is from before.",
                )
        if self._on_step is not None:
            self._on_step(state.global_step, state.max_steps, told)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """End here if a stop is wanted."""
        if self._stop.is_set():
            control.should_save = True
            control.should_training_stop = True
