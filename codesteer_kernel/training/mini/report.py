"""What a trained head is worth, as a page, a table and drawings beside its file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from codesteer_kernel.evaluation.statistics import Bin, Estimate
from codesteer_kernel.steering.head import Head
from codesteer_kernel.steering.head.likeness import Likeness
from codesteer_kernel.training.mini.making import Made, Measurement
from codesteer_kernel.training.mini.measuring import Measured

__all__ = ["calibration_plot", "page", "table", "write_report"]

_STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#555}.title{font-weight:600;fill:#222}.line{stroke:#ccc;fill:none}"
    ".ideal{stroke:#999;stroke-dasharray:4 3}.reach{stroke:#2166ac;stroke-width:1.5}.dot{fill:#2166ac}"
    ".paper{fill:#fff}@media(prefers-color-scheme:dark){text{fill:#aaa}.title{fill:#eee}.line{stroke:#444}"
    ".paper{fill:#161616}.reach{stroke:#7fb3e6}.dot{fill:#7fb3e6}}"
)


def write_report(made: Made, folder: Path) -> list[Path]:
    """Write ``report.md``, ``decisions.csv`` and a drawing of each calibration; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    drawings = {
        f"calibration-{place}-{what}.svg": (f"{one.title}: {words}", found[0])
        for place, one in enumerate(made.measurements, 1)
        for what, words, found in (
            ("choice", "forecast that code is right", one.choice),
            ("review", "forecast that the answer is right", one.review),
        )
        if found and found[0].bins
    }
    files = {"report.md": page(made, {title: name for name, (title, _) in drawings.items()})}
    files["decisions.csv"] = table(made)
    files |= {name: calibration_plot(one.bins, title) for name, (title, one) in drawings.items()}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]


def page(made: Made, drawings: Mapping[str, str]) -> str:
    """The report as Markdown; ``drawings`` maps what a drawing shows to its file."""
    return (
        "\n".join([*_head(made.head), *(line for one in made.measurements for line in _section(one, drawings))]) + "\n"
    )


def table(made: Made) -> str:
    """Every decider on every set, a line each, as CSV; shares run from 0 to 1."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    estimates = ("accuracy", "balanced", "right_of_all")
    writer.writerow(
        ["set", "decision", "decider", "n"]
        + [f"{name}{end}" for name in estimates for end in ("", "_low", "_high")]
        + ["yes_said_yes", "yes_said_no", "no_said_yes", "no_said_no", "ranking", "brier"]
    )
    for part in made.measurements:
        for decision, found in (("first", part.choice), ("later", part.review)):
            for one in found:
                shares = [
                    "" if share is None else f"{getattr(share, end):.6f}"
                    for share in (one.accuracy, one.balanced, one.reached)
                    for end in ("value", "low", "high")
                ]
                counts = [count for row in one.confusion for count in row]
                writer.writerow(
                    [
                        *(part.title, decision, one.name, one.accuracy.n, *shares, *counts),
                        *(_number(value, "", 6) for value in (one.ranking, one.brier)),
                    ]
                )
    return out.getvalue()


def _head(head: Head) -> Iterator[str]:
    made = head.made
    yield "# codesteer-mini"
    yield ""
    yield f"A head on {head.model}, trained by `{made.get('command', 'make')}`."
    yield ""
    for name, value in (
        ("weights of the steerer (SHA-256)", head.weights),
        ("wording", head.prompts),
        ("seed", made.get("seed")),
        ("facts of the first choice", made.get("facts")),
        ("tasks", ", ".join(made.get("tasks", []))),
        ("runs by target", _told(made.get("targets", {}))),
        ("runs not read", _told(made.get("left_out", {})) or "none"),
        ("first choice", _told(made.get("choice", {}))),
        ("later rounds", _told(made.get("review", {})) or "no head: too few examples of either answer"),
    ):
        yield f"- {name}: {value}"
    if any(str(one).startswith("simulated/") for one in made.get("targets", {})):
        yield "- **Targets were simulated: nothing here measures a model.**"
    yield ""
    yield f"A first choice weighs {_memory(head.choice, 'questions')}."
    if head.review is not None:
        yield ""
        yield f"Later rounds weigh {_memory(head.review, 'answers')}."
    yield ""
    yield "The less a case is like any known one, the more the untuned choice decides."


def _memory(likeness: Likeness, what: str) -> str:
    return f"{len(likeness.names)} facts against those of {len(likeness.known)} known {what}"


def _section(one: Measurement, drawings: Mapping[str, str]) -> Iterator[str]:
    yield ""
    yield f"## {one.title[0].upper()}{one.title[1:]}"
    yield ""
    yield f"{one.problems} problems, {one.decisive} of them decisive: exactly one of code and text is right."
    if one.choice:
        yield ""
        yield "| first decision | accuracy | balanced accuracy | ranking | Brier | right of all problems |"
        yield "| --- | ---: | ---: | ---: | ---: | ---: |"
        yield from (
            f"| {found.name} | {_share(found.accuracy)} | {_share(found.balanced)} | {_number(found.ranking)} "
            f"| {_number(found.brier)} "
            f"| {_share(found.reached)} |"
            for found in one.choice
        )
        yield from _confusion(one.choice, ("code was right", "text was right"), ("code", "text"))
    yield from _drawing(f"{one.title}: forecast that code is right", drawings)
    yield ""
    yield f"{one.situations} answers that could be returned."
    if one.review:
        yield ""
        yield "| later decision | accuracy | balanced accuracy | ranking | Brier |"
        yield "| --- | ---: | ---: | ---: | ---: |"
        yield from (
            f"| {found.name} | {_share(found.accuracy)} | {_share(found.balanced)} | {_number(found.ranking)} "
            f"| {_number(found.brier)} |"
            for found in one.review
        )
        yield from _confusion(one.review, ("the answer was right", "it was wrong"), ("return", "go on"))
    yield from _drawing(f"{one.title}: forecast that the answer is right", drawings)


def _confusion(found: Sequence[Measured], rows: tuple[str, str], said: tuple[str, str]) -> Iterator[str]:
    one = found[0]
    yield ""
    yield f"| {one.name} | said {said[0]} | said {said[1]} |"
    yield "| --- | ---: | ---: |"
    for name, (yes, no) in zip(rows, one.confusion, strict=True):
        yield f"| {name} | {yes} | {no} |"


def _drawing(title: str, drawings: Mapping[str, str]) -> Iterator[str]:
    if title in drawings:
        yield ""
        yield f"![{title}]({drawings[title]})"


def _share(one: Estimate | None) -> str:
    return "-" if one is None else f"{one.value:.1%} ({one.low:.0%} to {one.high:.0%}, n = {one.n})"


def _number(value: float | None, none: str = "-", digits: int = 3) -> str:
    return none if value is None else f"{value:.{digits}f}"


def _told(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())


def calibration_plot(bins: Sequence[Bin], title: str) -> str:
    """Forecast (across) against how often it came (up) as SVG, with intervals; on the dashed line they are equal."""
    side, left, top = 220, 44, 34
    base, right = top + side, left + side

    def x(share: float) -> float:
        return left + share * side

    def y(share: float) -> float:
        return base - share * side

    parts = [f'<rect class="paper" width="{right + 20}" height="{base + 44}"/>']
    parts.append(f'<text class="title" x="{left}" y="18">{escape(title.rpartition(": ")[2])}</text>')
    for share in (0, 0.25, 0.5, 0.75, 1):
        parts.append(f'<path class="line" d="M{left} {y(share):.1f}H{right}"/>')
        parts.append(f'<text x="{left - 6}" y="{y(share) + 4:.1f}" text-anchor="end">{share:.0%}</text>')
        parts.append(f'<text x="{x(share):.1f}" y="{base + 16}" text-anchor="middle">{share:.0%}</text>')
    parts.append(f'<path class="ideal" d="M{left} {base}L{right} {top}"/>')
    for one in bins:
        across = x(one.forecast)
        parts.append(f'<path class="reach" d="M{across:.1f} {y(one.came.low):.1f}V{y(one.came.high):.1f}"/>')
        parts.append(f'<circle class="dot" cx="{across:.1f}" cy="{y(one.came.value):.1f}" r="4"/>')
        parts.append(f'<text x="{across + 7:.1f}" y="{y(one.came.value) - 6:.1f}">{one.came.n}</text>')
    parts.append(
        f'<text x="{x(0.5):.1f}" y="{base + 34}" text-anchor="middle">forecast (how often it came, with n)</text>'
    )
    said = "; ".join(f"forecast {one.forecast:.0%}, came {one.came.value:.0%} of {one.came.n}" for one in bins)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right + 20} {base + 44}" width="{right + 20}" role="img" '
        f'aria-label="{escape(f"{title}. {said}", quote=True)}"><style>{_STYLE}</style>{"".join(parts)}</svg>\n'
    )
