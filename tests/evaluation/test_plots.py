"""Drawings: series can be told apart, lines do not pretend, names do not stand on each other."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from codesteer_kernel.evaluation.report.plots import Mark, Series, bars, cloud, curves, mark
from codesteer_kernel.evaluation.statistics import wilson


def lines(svg: str, kind: str) -> list[str]:
    return re.findall(rf'<path class="{kind}"[^>]* d="([^"]*)"', svg)


def test_forty_series_have_forty_signs() -> None:
    assert len({mark(place, 0, 0) for place in range(40)}) == 40
    assert "pub" in mark(None, 0, 0)


def test_a_line_breaks_where_nothing_was_tried() -> None:
    points = [wilson(1, 2), wilson(2, 2), None, wilson(0, 2), wilson(1, 2)]
    (line,) = lines(curves([Series("ours", 0, points)], list("abcde"), "axis", "told"), "line")
    assert re.sub(r"[\d. ]", "", line) == "MLML"


def test_published_curves_are_named_and_their_names_stand_apart() -> None:
    series = [Series(name, None, [1.0, 0.0]) for name in ("o1", "OQ", "CI", "CS")]
    svg = curves(series, ["4", "6"], "axis", "told")
    assert len(lines(svg, "publine")) == 4
    heights = sorted(float(y) for y in re.findall(r'class="name" x="[\d.]+" y="([\d.]+)"', svg))
    assert all(high - low >= 10 for low, high in pairwise(heights))


def test_names_in_a_cloud_do_not_stand_on_each_other() -> None:
    marks = [Mark(name, None, 100.0 + place, 0.7) for place, name in enumerate(("OQ", "TC", "CC", "AG"))]
    svg = cloud([*marks, Mark("ours", 0, 1000.0, wilson(5, 9))], "tokens", "told")
    names = [(float(x), float(y)) for x, y in re.findall(r'class="name" x="([\d.]+)" y="([\d.]+)"', svg)]
    assert len(names) == 4
    for place, (x, y) in enumerate(names):
        assert all(abs(x - a) >= 12 or abs(y - b) >= 9 for a, b in names[:place])


def test_a_score_above_one_stays_in_the_frame() -> None:
    svg = cloud([Mark("ours", 0, 10.0, 1.6)], "tokens", "told")
    assert min(float(y) for y in re.findall(r'cy="([\d.]+)"', svg)) >= 12


def test_bars_say_their_counts() -> None:
    svg = bars([0, 3, 1], 0, "told")
    assert re.findall(r">(\d+)</text>", svg)[:2] == ["3", "1"]
    assert svg.count("<rect") == 2


@pytest.mark.parametrize("labels", [["1"], [str(2**place) for place in range(40)]])
def test_one_place_or_many_fit_the_axis(labels: list[str]) -> None:
    svg = curves([Series("ours", 0, [wilson(1, 2)] * len(labels))], labels, "axis", "told")
    shown = re.findall(r'class="tick" x="([\d.]+)" y="222"[^>]*>([^<]+)<', svg)
    assert all(float(after) - float(before) >= 6 * len(label) for (before, label), (after, _) in pairwise(shown))


def test_words_in_a_drawing_are_escaped() -> None:
    assert "<b>" not in cloud([Mark("<b>", None, 1.0, 0.5)], "<b>", '"<b>')
