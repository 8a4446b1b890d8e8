"""What a tuning is to be: a YAML file, every name and value checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from codesteer_kernel.errors import BadInput, MissingDependency, nearest

__all__ = ["CONFIGS", "Lora", "Stage", "TuneSettings", "read_settings", "shipped"]

CONFIGS = Path(__file__).parent / "configs"
"""The settings that ship: the paper's, and those of small models."""

Stage = Literal["sft", "dpo"]


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
        margin: pairs whose scores differ by less are left out (dpo only).
        packing: several rows in one sequence of ``max_tokens``, none of which sees another (sft only).
        epochs, steps: how long; ``steps`` above 0 wins.
        batch, accumulate: rows in one pass on each device, passes in one step.
        rate: the learning rate; ``schedule`` and ``warmup`` (share of the steps) shape it.
        beta: how strongly DPO holds on to where it began.
        held_out: share of the rows that are not trained on but measured.
        measure_every, save_every: steps between measurements and between checkpoints; ``keep`` of those are kept.
        checkpointing: gradient checkpointing: less memory, about half again the time.
        dtype: what passes are computed in; ``auto``: bfloat16 on GPUs that have it, else float32. Weights that are
            tuned are float32 all the same.
        seed: of everything that is drawn.
        licence: of the result, for its card; empty: that of the base, which its page tells.
    """

    stage: Stage
    base: str
    lora: Lora | None = None
    max_tokens: int = 1024
    too_long: Literal["stop", "drop"] = "stop"
    margin: float = 0.0
    packing: bool = False
    epochs: float = 1.0
    steps: int = 0
    batch: int = 1
    accumulate: int = 1
    rate: float = 1e-5
    schedule: Literal["cosine", "linear", "constant", "constant_with_warmup"] = "cosine"
    warmup: float = 0.1
    beta: float = 0.1
    held_out: float = 0.1
    measure_every: int = 200
    save_every: int = 200
    keep: int = 2
    checkpointing: bool = False
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    seed: int = 0
    licence: str = ""

    def checked(self) -> TuneSettings:
        """The settings; raises :class:`BadInput` naming the first that cannot work."""
        positive = (
            "max_tokens",
            "epochs",
            "batch",
            "accumulate",
            "rate",
            "measure_every",
            "save_every",
            "keep",
            "beta",
        )
        for name in positive:
            if not 0 < getattr(self, name) < float("inf"):
                raise BadInput(f"{name} is {getattr(self, name)}.", "Give a number above zero.")
        for name in ("warmup", "held_out"):
            if not 0 <= getattr(self, name) < 1:
                raise BadInput(f"{name} is {getattr(self, name)}.", "Give a share from 0 up to, not including, 1.")
        for name in ("steps", "margin", "seed"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise BadInput(f"{name} is {getattr(self, name)}.", "Give 0 or more.")
        if self.lora is not None and not (self.lora.r > 0 and self.lora.alpha > 0 and 0 <= self.lora.dropout < 1):
            raise BadInput("lora has a rank, an alpha or a dropout that cannot be.", "Try r: 16, alpha: 32.")
        if self.packing and self.stage == "dpo":
            raise BadInput("Preference pairs cannot be packed.", "Leave packing out.")
        if self.margin and self.stage == "sft":
            raise BadInput("Conversations have no margin.", "Leave margin out.")
        return self


def shipped() -> list[str]:
    """The names of the settings that ship."""
    return sorted(one.stem for one in CONFIGS.glob("*.yaml") if one.stem.endswith(("-sft", "-dpo")))


def read_settings(source: Path | str, changes: Mapping[str, Any] | None = None) -> TuneSettings:
    """Settings from a YAML file, or from one that ships (``paper-llama3-8b-sft``).

    Args:
        source: the file, or a name of :func:`shipped`.
        changes: win over what the file says; ``lora.r`` is the ``r`` of ``lora``.

    Raises:
        BadInput: there is no such file, a name is unknown (the nearest is told), or a value cannot work.
        MissingDependency: PyYAML is missing.
    """
    try:
        import yaml  # type: ignore[import-untyped]
    except ImportError:
        raise MissingDependency("Settings are YAML.", "Install it with: pip install 'codesteer[train]'") from None
    path = Path(source)
    if not path.suffix:
        if path.name not in shipped():
            hint = nearest(path.name, shipped()) or f"Those that ship: {', '.join(shipped())}."
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
    for name, value in (changes or {}).items():
        outer, _, inner = name.partition(".")
        if inner:
            said[outer] = {**(said.get(outer) or {}), inner: value}
        else:
            said[outer] = value
    _refuse_unknown(said, TuneSettings, path.name)
    if isinstance(said.get("lora"), dict):
        _refuse_unknown(said["lora"], Lora, f"{path.name}: lora")
    try:
        # Not strict: YAML takes 1e-5 for a word.
        return msgspec.convert(said, TuneSettings, strict=False).checked()
    except msgspec.ValidationError as fault:
        raise BadInput(f"{path.name}: {fault}.", "See docs/training.md for the settings.") from None


def _refuse_unknown(said: dict[Any, Any], kind: type[msgspec.Struct], place: str) -> None:
    known = kind.__struct_fields__
    for name in said:
        if name not in known:
            hint = nearest(str(name), known) or f"There are {', '.join(known)}."
            raise BadInput(f"{place} has no setting {str(name)!r}.", hint)
