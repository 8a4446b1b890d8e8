"""What a tuning is to be: a YAML file, every name checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from codesteer_kernel.errors import BadInput, MissingDependency, nearest

__all__ = ["CONFIGS", "Lora", "TuneSettings", "read_settings"]

CONFIGS = Path(__file__).parent / "configs"
"""The settings that ship: the paper's, and those of small models."""


class Lora(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An adapter in place of full fine-tuning. ``targets`` are module names, or ``all-linear``."""

    r: int = 16
    alpha: int = 32
    dropout: float = 0.0
    targets: str | list[str] = "all-linear"


class TuneSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one tuning.

    Attributes:
        stage: ``sft`` learns conversations, ``dpo`` preference pairs.
        base: what is tuned: a folder, a name on the hub, or ``local/NAME`` of the catalogue.
        lora: an adapter; None: all weights.
        max_tokens: the most tokens of a row.
        too_long: what becomes of longer rows: ``stop`` names the first and ends, ``drop`` leaves them out.
        packing: several rows in one sequence of ``max_tokens``, none of which sees another (sft only).
        epochs, steps: how long; ``steps`` above 0 wins.
        batch, accumulate: rows in one pass, passes in one step.
        rate: the learning rate; ``schedule`` and ``warmup`` (share of the steps) shape it.
        beta: how far DPO may go from where it began.
        held_out: share of the rows that are not trained on but measured.
        measure_every, save_every: steps between measurements and between checkpoints; ``keep`` of those are kept.
        checkpointing: gradient checkpointing: less memory, about half again the time.
        dtype: of the weights while training.
        seed: of everything that is drawn.
    """

    stage: Literal["sft", "dpo"] = "sft"
    base: str
    lora: Lora | None = None
    max_tokens: int = 1024
    too_long: Literal["stop", "drop"] = "stop"
    packing: bool = False
    epochs: float = 1.0
    steps: int = 0
    batch: int = 1
    accumulate: int = 1
    rate: float = 1e-5
    schedule: str = "cosine"
    warmup: float = 0.1
    beta: float = 0.1
    held_out: float = 0.1
    measure_every: int = 200
    save_every: int = 200
    keep: int = 2
    checkpointing: bool = False
    dtype: Literal["float32", "bfloat16", "auto"] = "auto"
    seed: int = 0

    def checked(self) -> TuneSettings:
        """The settings; raises :class:`BadInput` naming the first that cannot work."""
        for name in ("max_tokens", "epochs", "batch", "accumulate", "rate", "measure_every", "save_every", "keep", "beta"):
            if not getattr(self, name) > 0:
                raise BadInput(f"{name} is {getattr(self, name)}.", "Give a number above zero.")
        for name in ("warmup", "held_out"):
            if not 0 <= getattr(self, name) < 1:
                raise BadInput(f"{name} is {getattr(self, name)}.", "Give a share from 0 up to, not including, 1.")
        if self.packing and self.stage == "dpo":
            raise BadInput("Preference pairs cannot be packed.", "Leave packing out.")
        if self.steps < 0:
            raise BadInput(f"steps is {self.steps}.", "Give 0 for whole epochs, or a number of steps.")
        return self


def read_settings(source: Path | str, **changes: Any) -> TuneSettings:
    """Settings from a YAML file, or from one that ships (``paper-llama3-8b-sft``); ``changes`` win over what it says.

    Raises:
        BadInput: there is no such file, a name in it is unknown, or a value cannot work.
        MissingDependency: PyYAML is missing.
    """
    try:
        import yaml
    except ImportError:
        raise MissingDependency("Settings are YAML.", "Install it with: pip install 'codesteer[train]'") from None
    path = Path(source)
    if not path.suffix:
        known = sorted(one.stem for one in CONFIGS.glob("*.yaml") if one.stem.endswith(("-sft", "-dpo")))
        if path.name not in known:
            hint = nearest(path.name, known) or f"Those that ship: {', '.join(known)}."
            raise BadInput(f"There are no settings {str(source)!r}.", hint)
        path = CONFIGS / f"{path.name}.yaml"
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise BadInput(f"{path} cannot be read: {fault.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise BadInput(f"{path.name} is no YAML: {' '.join(str(fault).split())[:200]}") from None
    if not isinstance(said, dict):
        raise BadInput(f"{path.name} does not hold settings.", "Write one setting a line, as name: value.")
    try:
        return msgspec.convert({**said, **changes}, TuneSettings).checked()
    except msgspec.ValidationError as fault:
        raise BadInput(f"{path.name}: {fault}.", "See docs/training.md for the settings.") from None
