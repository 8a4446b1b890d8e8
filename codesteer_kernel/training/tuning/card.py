"""The card of a tuned steerer: the README.md of its folder, which says what it is made of and how good it is."""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec

from codesteer_kernel.models.hf_load import is_folder
from codesteer_kernel.training.rows import Conversation, Origin, Pair
from codesteer_kernel.training.tuning.curves import PICTURE, TABLE, measured
from codesteer_kernel.training.tuning.settings import TuneSettings

__all__ = ["CARD", "merged_card", "write_card"]

CARD = "README.md"
_PACKAGES = ("codesteer", "torch", "transformers", "trl", "peft", "datasets", "accelerate")
_MEASURES = ("loss", "decision_accuracy", "decisions", "rewards/accuracies", "rewards/margins")
_STAGES = {"sft": "supervised tuning on steered runs", "dpo": "preference tuning (DPO) on pairs of decisions"}


def write_card(
    folder: Path,
    settings: TuneSettings,
    rows: Sequence[Conversation] | Sequence[Pair],
    counts: dict[str, int],
    lines: Sequence[dict[str, Any]],
    licence: str,
) -> Path:
    """Write the card.

    Args:
        folder: the tuned steerer's.
        settings: how it was tuned.
        rows: the data, all of it.
        counts: what became of the rows: ``learned``, ``held out``, ``left out``; and the ``steps`` made.
        lines: what was logged.
        licence: of the result; empty: the base's.
    """
    dialect = rows[0].dialect
    base = settings.base.removeprefix("hf/")
    head = ["---", "tags: [codesteer, steerer]", "library_name: " + ("peft" if settings.lora else "transformers")]
    head += [f"base_model: {base}"] if not (base.startswith("local/") or is_folder(base)) else []
    head += [f"license: {licence.lower()}"] if licence else []
    parts = [
        "\n".join([*head, "---"]),
        f"# {folder.name}",
        f"A steerer for codesteer that speaks the dialect `{dialect}`: {_STAGES[settings.stage]}, from `{settings.base}`, "
        + ("as an adapter (LoRA)." if settings.lora else "all weights.")
        + f" It decides; it does not solve. Licence: {licence or 'that of the base, see there'}.",
        "## Data\n\n" + _data(rows, counts),
        "## Measured\n\n" + _measured(lines, counts["held out"]),
        f"![curves]({PICTURE})\n\nEvery step is in `{TABLE}`.",
        "## Made with\n\n" + _table(("package", "version"), _versions()),
        "Settings, seed included:\n\n```json\n" + json.dumps(msgspec.to_builtins(settings), indent=1) + "\n```",
    ]
    path = folder / CARD
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return path


def merged_card(card: str) -> str:
    """The card of an adapter, after that became part of its base's weights."""
    told = card.replace("library_name: peft", "library_name: transformers", 1)
    return told.replace("as an adapter (LoRA).", "as an adapter (LoRA), merged here into the weights.", 1)


def _data(rows: Sequence[Conversation] | Sequence[Pair], counts: dict[str, int]) -> str:
    origins = [row.origin for row in rows]
    simulated = sum(origin.simulated for origin in origins)
    what = "preference pairs" if isinstance(rows[0], Pair) else "conversations"
    said = (
        f"{len(rows):,} {what}: {len(rows) - simulated:,} with real targets, {simulated:,} with simulated ones. "
        f"{counts['learned']:,} were learned in {counts['steps']:,} steps, {counts['held out']:,} held out "
        f"(whole problems), {counts['left out']:,} left out."
    )
    return "\n\n".join([said, _by("task", origins), _by("target", origins), _by("policy", origins)]).rstrip()


def _by(field: str, origins: Sequence[Origin]) -> str:
    """Real and simulated rows by a field of their origin."""
    real, simulated = (
        Counter(str(getattr(one, field) or one.source or "not said") for one in origins if one.simulated is made_up)
        for made_up in (False, True)
    )
    rows = [(name, f"{real[name]:,}", f"{simulated[name]:,}") for name in sorted({*real, *simulated})]
    return _table((field, "real", "simulated"), rows)


def _measured(lines: Sequence[dict[str, Any]], held: int) -> str:
    found = measured(lines)
    if not found:
        return "Nothing was held out."
    first, last = found[0], found[-1]
    rows = [
        (name.replace("_", " "), _number(first[name]) if name in first else "", _number(last[name]))
        for name in _MEASURES
        if name in last
    ]
    head = ("", f"step {first['step']}", f"step {last['step']}")
    told = f"On {held:,} held-out rows of the same kind of data; how well it steers is measured by `codesteer bench`."
    return f"{told}\n\n{_table(head, rows)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) > 1 else f"{value:.4g}"


def _versions() -> list[tuple[str, str]]:
    found = [("python", platform.python_version())]
    for package in _PACKAGES:
        try:
            found.append((package, version(package)))
        except PackageNotFoundError:
            continue
    return found


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    marks = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, marks, *rows))
