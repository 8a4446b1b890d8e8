"""Only charts that can load nothing are given to a front end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from codesteer_kernel.record import safe_chart

VEGA = "application/vnd.vegalite.v5+json"
PLOTLY = "application/vnd.plotly.v1+json"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"

GOOD: list[tuple[str, Any]] = [
    (VEGA, {"$schema": SCHEMA, "mark": {"type": "bar"}, "data": {"values": [{"a": 1, "t": "x/y"}]}}),
    ("application/vnd.vega.v6+json", {"marks": [{"type": "rect"}]}),
    (PLOTLY, {"data": [{"type": "bar", "y": [1]}], "layout": {"title": {"text": "T"}}}),
    (PLOTLY, {"data": [{"type": "sankey", "link": {"source": [0], "target": [1]}}, {"type": "heatmap"}]}),
]
BAD: list[tuple[str, Any]] = [
    (VEGA, {"data": {"url": "data.csv"}}),
    (VEGA, {"data": {"values": []}, "encoding": {"href": {"field": "a"}}}),
    (VEGA, {"mark": "image", "encoding": {}}),
    (VEGA, {"layer": [{"mark": {"type": "image"}}]}),
    (VEGA, {"transform": [{"calculate": "'https://example.org/' + datum.a", "as": "u"}]}),
    (VEGA, {"layer": [{"data": {"values": [{"x": "//example.org"}]}}]}),
    ("application/vnd.vega.v5+json", {"data": [{"name": "d", "url": {"signal": "'x'"}}]}),
    (PLOTLY, {"layout": {"images": [{"source": "/api/x.png"}]}}),
    (PLOTLY, {"data": [{"type": "scattermapbox"}]}),
    (PLOTLY, {"data": [], "layout": {"map2": {"style": "x"}}}),
    (PLOTLY, {"data": [{"type": "choropleth", "geojson": "x.json"}]}),
    (PLOTLY, {"layout": {"title": {"text": "<a href='https://example.org'>x</a>"}}}),
    (PLOTLY, [1]),
    ("application/json", {}),
    ("application/vnd.plotly.v1", {}),
]


@pytest.mark.parametrize(("mime", "chart"), GOOD)
def test_what_loads_nothing_is_drawn(mime: str, chart: Any) -> None:
    assert safe_chart(mime, json.dumps(chart)) == chart


@pytest.mark.parametrize(("mime", "chart"), BAD)
def test_what_would_load_or_link_is_not(mime: str, chart: Any) -> None:
    assert safe_chart(mime, json.dumps(chart)) is None


def test_options_for_the_renderer_are_taken_out() -> None:
    told = {"$schema": "https://example.org/x", "usermeta": {"embedOptions": {"loader": {}}}, "mark": "bar"}
    assert safe_chart(VEGA, json.dumps(told)) == {"mark": "bar"}
    told = {"data": [], "config": {"plotlyServerURL": "https://example.org"}, "other": 1}
    assert safe_chart(PLOTLY, json.dumps(told)) == {"data": []}


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"a":' * 500 + "1" + "}" * 500])
def test_what_is_no_chart_is_not_drawn(text: str) -> None:
    assert safe_chart(VEGA, text) is None
