"""What a tuning logged, step by step: read, written as a table, drawn."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

__all__ = [
    "CURVES",
    "PICTURE",
    "TABLE",
    "OnStep",
    "draw_curves",
    "last_measured",
    "measured",
    "read_curves",
    "write_table",
]

OnStep = Callable[[int, int, dict[str, float]], None]
"""Is told a step, how many there will be, and what was logged."""

CURVES = "curves.jsonl"
TABLE = "curves.csv"
PICTURE = "curves.png"
MEASURED = "eval_"
"""How the names of what is measured on held-out rows begin."""

_RATES = ("_runtime", "_per_second", "_num_tokens")
_PANELS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("loss", (("loss", "learned rows"), ("eval_loss", "held-out rows"))),
    ("share of decisions right", (("eval_decision_accuracy", "held-out decisions"),)),
    (
        "share of pairs ranked right",
        (("rewards/accuracies", "learned pairs"), ("eval_rewards/accuracies", "held-out pairs")),
    ),
    ("learning rate", (("learning_rate", "learning rate"),)),
)


def read_curves(folder: Path) -> list[dict[str, Any]]:
    """The lines of a tuning's log, in order; what a killed process left of a last line is none."""
    try:
        lines = (folder / CURVES).read_text(encoding="utf-8").splitlines(keepends=True)
    except OSError:
        return []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def measured(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of a log the measurements on held-out rows, without how fast they went."""
    found = []
    for line in lines:
        if f"{MEASURED}loss" in line:
            kept = {name: value for name, value in line.items() if not name.endswith(_RATES) and name != "epoch"}
            found.append({name.removeprefix(MEASURED): value for name, value in kept.items()})
    return found


def last_measured(lines: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The last measurement, without its step; empty where nothing was held out."""
    found = measured(lines)
    return {name: value for name, value in found[-1].items() if name != "step"} if found else {}


def write_table(folder: Path, lines: Sequence[dict[str, Any]]) -> Path:
    """The log as ``curves.csv``: a row a line, a column a name."""
    names = list(dict.fromkeys(name for line in lines for name in line))
    path = folder / TABLE
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(lines)
    return path


def draw_curves(folder: Path, lines: Sequence[dict[str, Any]]) -> Path:
    """The log as ``curves.png``: one panel for each thing that was logged."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    panels = [
        (title, [(name, label) for name, label in series if any(name in line for line in lines)])
        for title, series in _PANELS
    ]
    panels = [(title, series) for title, series in panels if series]
    figure = Figure(figsize=(4.2 * max(1, len(panels)), 3.2), layout="constrained")
    for place, (title, series) in enumerate(panels, 1):
        axes = figure.add_subplot(1, len(panels), place)
        for name, label in series:
            points = [(line["step"], line[name]) for line in lines if name in line]
            held = name.startswith(MEASURED)
            axes.plot(*zip(*points, strict=True), marker="o" if held else "", label=label, color="C1" if held else "C0")
        if "share" in title:
            axes.set_ylim(-0.03, 1.03)
        axes.set_xlabel("step")
        axes.set_title(title, fontsize=11)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        if len(series) > 1:
            axes.legend(fontsize=9, frameon=False)
    path = folder / PICTURE
    figure.savefig(path, dpi=150)
    return path
