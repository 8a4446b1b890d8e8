"""Drawings as SVG, by hand: curves, a cloud of points, small bars. Colours come from the page (``--s0`` ... ``--s7``)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from codesteer_kernel.evaluation.statistics import Estimate

__all__ = ["COLOURS", "Mark", "Series", "bars", "cloud", "curves", "mark", "strip"]

COLOURS = 8
_WIDE, _HIGH = 400, 250
_LEFT, _RIGHT, _TOP, _BOTTOM, _INSET = 34, 12, 12, 44, 18


@dataclass(frozen=True, slots=True)
class Series:
    """A curve: its name, its place among the colours (None: published), a value (0 to 1) or None at each place of the axis."""

    name: str
    place: int | None
    points: Sequence[Estimate | float | None]


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of a cloud: its name, its place among the colours (None: published), x, and y from 0 (may pass 1)."""

    name: str
    place: int | None
    x: float
    y: Estimate | float


def mark(place: int | None, x: float, y: float, size: float = 4.5) -> str:
    """The sign of a series: colours repeat after eight, shapes after five, both together after forty."""
    if place is None:
        return f'<circle class="pub" cx="{x:.1f}" cy="{y:.1f}" r="{size * 0.8:.1f}"/>'
    tone = f'class="dot" style="--c:var(--s{place % COLOURS})"'
    match place % 5:
        case 0:
            return f'<circle {tone} cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}"/>'
        case 1:
            side = size * 1.8
            return (
                f'<rect {tone} x="{x - side / 2:.1f}" y="{y - side / 2:.1f}" width="{side:.1f}" height="{side:.1f}"/>'
            )
        case 2:
            high = size * 1.25
            return f'<path {tone} d="M{x:.1f} {y - high:.1f}l{high:.1f} {2 * high:.1f}h{-2 * high:.1f}z"/>'
        case 3:
            far = size * 1.35
            return f'<path {tone} d="M{x:.1f} {y - far:.1f}l{far:.1f} {far:.1f}l{-far:.1f} {far:.1f}l{-far:.1f} {-far:.1f}z"/>'
        case _:
            high = size * 1.25
            return f'<path {tone} d="M{x:.1f} {y + high:.1f}l{high:.1f} {-2 * high:.1f}h{-2 * high:.1f}z"/>'


def strip(one: Estimate) -> str:
    """An interval on a scale from 0 to 100 %, small enough for a cell; decoration, its numbers stand beside it."""
    low, high, value = (100 * min(1.0, max(0.0, share)) for share in (one.low, one.high, one.value))
    return (
        '<svg class="strip" viewBox="0 0 100 10" aria-hidden="true"><path class="rail" d="M0 5h100"/>'
        f'<path class="reach" d="M{low:.1f} 5H{high:.1f}"/><circle class="dot" cx="{value:.1f}" cy="5" r="3.4"/></svg>'
    )


def curves(series: Sequence[Series], labels: Sequence[str], axis: str, told: str) -> str:
    """Share right (0 to 100 %) at the places of an axis, which are spaced evenly; ``told`` says it in words."""
    inner = _WIDE - _LEFT - _RIGHT - (22 if any(one.place is None for one in series) else 0)
    step = (inner - 2 * _INSET) / max(1, len(labels) - 1)
    xs = [_LEFT + (inner / 2 if len(labels) == 1 else _INSET + place * step) for place in range(len(labels))]
    parts = [_frame(axis, 1.0, _LEFT + inner)]
    for x, label in zip(xs, _thinned(labels), strict=True):
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{_HIGH - _BOTTOM + 16}" text-anchor="middle">{escape(label)}</text>'
        )
    ours = [one for one in series if one.place is not None]
    ends = []
    for one in series:
        if one.place is None:
            every = [None if point is None else (x, _y(_value(point))) for x, point in zip(xs, one.points, strict=True)]
            known = [place for place in every if place is not None]
            parts.append(f'<path class="publine" d="{_path(every)}"/>')
            parts += [mark(None, x, y, 3) for x, y in known]
            if known:
                ends.append((known[-1][1], one.name))
    for number, one in enumerate(ours):
        # Side by side, so that marks on each other stay readable.
        aside = (number - (len(ours) - 1) / 2) * min(5.0, 24 / max(1, len(ours)))
        spots = [
            None if point is None else (x + aside, _y(_value(point))) for x, point in zip(xs, one.points, strict=True)
        ]
        parts += [
            _whisker(one.place or 0, x + aside, point)
            for x, point in zip(xs, one.points, strict=True)
            if isinstance(point, Estimate)
        ]
        parts.append(f'<path class="line" style="--c:var(--s{(one.place or 0) % COLOURS})" d="{_path(spots)}"/>')
        parts += [mark(one.place, *spot) for spot in spots if spot is not None]
    for y, name in _apart(ends):
        parts.append(f'<text class="name" x="{_LEFT + inner + 7:.1f}" y="{y + 3.5:.1f}">{escape(name)}</text>')
    return _svg(parts, told)


def cloud(marks: Sequence[Mark], axis: str, told: str) -> str:
    """Score (up) against a price on a scale that grows by factors (across); ``told`` says it in words."""
    values = [one.x for one in marks if one.x > 0] or [1.0]
    low, high = math.log10(min(values)), math.log10(max(values))
    pad = max(0.08, (high - low) * 0.07)
    low, high = low - pad, high + pad
    top = max(1.0, *(_value(one.y) for one in marks)) if marks else 1.0
    inner = _WIDE - _LEFT - _RIGHT
    parts = [_frame(axis, top, _LEFT + inner)]

    def across(value: float) -> float:
        return _LEFT + (math.log10(value) - low) / (high - low) * inner

    for tick in _ticks(10**low, 10**high):
        x = across(tick)
        parts.append(f'<path class="grid" d="M{x:.1f} {_TOP}V{_HIGH - _BOTTOM}"/>')
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{_HIGH - _BOTTOM + 16}" text-anchor="middle">{_plain(tick)}</text>'
        )
    seen = [one for one in marks if one.x > 0]
    taken = [(across(one.x) - 6, _y(_value(one.y), top) - 6, 12.0, 12.0) for one in seen]
    for one in sorted(seen, key=lambda one: one.place is not None):
        x, y = across(one.x), _y(_value(one.y), top)
        if one.place is None:
            left, base = _free(x, y, 6.2 * len(one.name), taken)
            taken.append((left, base - 8, 6.2 * len(one.name), 9))
            parts.append(f'<text class="name" x="{left:.1f}" y="{base:.1f}">{escape(one.name)}</text>')
        elif isinstance(one.y, Estimate):
            parts.append(_whisker(one.place, x, one.y, top))
        parts.append(mark(one.place, x, y, 4.5 if one.place is None else 5.5))
    return _svg(parts, told)


def bars(counts: Sequence[int], place: int | None, told: str) -> str:
    """A small histogram of scores from 0 to 1."""
    wide, high, floor = 190, 96, 76
    most = max(1, *counts)
    each = (wide - 8) / len(counts)
    tone = "pubbar" if place is None else "bar"
    style = "" if place is None else f' style="--c:var(--s{place % COLOURS})"'
    parts = [f'<path class="rail" d="M4 {floor}H{wide - 4}"/>']
    for number, count in enumerate(counts):
        tall = count / most * (floor - 16)
        x = 4 + number * each
        if count:
            parts.append(
                f'<rect class="{tone}"{style} x="{x + 1:.1f}" y="{floor - tall:.1f}" width="{each - 2:.1f}" height="{tall:.1f}"/>'
            )
            parts.append(
                f'<text class="name" x="{x + each / 2:.1f}" y="{floor - tall - 3:.1f}" text-anchor="middle">{count}</text>'
            )
    for share in (0, 0.5, 1):
        anchor = {0: "start", 0.5: "middle", 1: "end"}[share]
        parts.append(
            f'<text class="tick" x="{4 + share * (wide - 8):.1f}" y="{floor + 14}" text-anchor="{anchor}">{share:g}</text>'
        )
    return _svg(parts, told, wide, high)


def _svg(parts: Iterable[str], told: str, wide: int = _WIDE, high: int = _HIGH) -> str:
    return f'<svg class="plot" viewBox="0 0 {wide} {high}" role="img" aria-label="{escape(told, quote=True)}">{"".join(parts)}</svg>'


def _frame(axis: str, top: float, right: float) -> str:
    parts = []
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = _y(share, top)
        parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{right:.1f}"/>')
        parts.append(f'<text class="tick" x="{_LEFT - 6}" y="{y + 3.5:.1f}" text-anchor="end">{100 * share:.0f}</text>')
    middle = (_LEFT + right) / 2
    parts.append(f'<text class="axis" x="{middle:.1f}" y="{_HIGH - 8}" text-anchor="middle">{escape(axis)}</text>')
    return "".join(parts)


def _y(share: float, top: float = 1.0) -> float:
    return _HIGH - _BOTTOM - min(top, max(0.0, share)) / top * (_HIGH - _BOTTOM - _TOP)


def _value(point: Estimate | float) -> float:
    return point.value if isinstance(point, Estimate) else point


def _whisker(place: int, x: float, one: Estimate, top: float = 1.0) -> str:
    return f'<path class="whisker" style="--c:var(--s{place % COLOURS})" d="M{x:.1f} {_y(one.low, top):.1f}V{_y(one.high, top):.1f}"/>'


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """A line through neighbours; where there is nothing it breaks."""
    steps = []
    for before, point in zip([None, *points], points, strict=False):
        if point is not None:
            steps.append(f"{'M' if before is None else 'L'}{point[0]:.1f} {point[1]:.1f}")
    return "".join(steps)


def _free(x: float, y: float, wide: float, taken: Sequence[tuple[float, float, float, float]]) -> tuple[float, float]:
    """Where a word (its left end and its base line) stands beside a point without covering what is there."""
    sides = [
        (-wide / 2, -8.0),
        (-wide / 2, 15.0),
        (8.0, 3.5),
        (-8.0 - wide, 3.5),
        (6.0, -6.0),
        (6.0, 13.0),
        (-6.0 - wide, -6.0),
    ]
    sides += [(-6.0 - wide, 13.0), (-wide / 2, -18.0), (-wide / 2, 25.0)]

    def covers(left: float, base: float) -> bool:
        return any(left < a + w and a < left + wide and base - 8 < b + h and b < base + 1 for a, b, w, h in taken)

    places = [(x + dx, y + dy) for dx, dy in sides]
    return next((place for place in places if not covers(*place)), places[0])


def _apart(ends: Iterable[tuple[float, str]], gap: float = 11) -> list[tuple[float, str]]:
    """Names at the ends of curves, moved until none stands on another, within the frame."""
    placed: list[tuple[float, str]] = []
    for y, name in sorted(ends):
        placed.append((max(y, placed[-1][0] + gap) if placed else max(y, _TOP + 2), name))
    over = placed[-1][0] - (_HIGH - _BOTTOM + 2) if placed else 0
    if over <= 0:
        return placed
    lifted: list[tuple[float, str]] = []
    for y, name in reversed(placed):
        lifted.append((min(y, lifted[-1][0] - gap) if lifted else y - over, name))
    return lifted[::-1]


def _thinned(labels: Sequence[str]) -> list[str]:
    """Labels that fit side by side; of too many, every so many-th."""
    room = (_WIDE - _LEFT - _RIGHT) / max(1, len(labels))
    every = max(1, math.ceil(max(map(len, labels), default=1) * 6 / room))
    return [label if place % every == 0 else "" for place, label in enumerate(labels)]


def _ticks(low: float, high: float) -> list[float]:
    for factors in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
        exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        found = [factor * 10.0**exponent for exponent in exponents for factor in factors]
        found = [tick for tick in found if low <= tick <= high]
        if len(found) >= 3:
            return found[:7]
    return found


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:g}"
