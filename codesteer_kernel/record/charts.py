"""Charts as JSON that a stranger's program made: which of them a front end may be given to draw.

A chart is drawn by plotly's or Vega's own renderer inside the notebook's page. It runs no code of the chart's, but it
would fetch what the chart names: data, pictures, map tiles. A program that has seen the user's data could so tell them
to a server. Only charts that can fetch nothing are drawn.
"""

from __future__ import annotations

import json
from typing import Any

__all__ = ["safe_chart"]

_FAMILIES = ("application/vnd.plotly.", "application/vnd.vegalite.", "application/vnd.vega.")
# What Vega loads from, what it links to, and options that vega-embed would take from the chart itself.
_VEGA_KEYS = frozenset({"url", "href", "usermeta", "loader", "baseURL"})
_VEGA_MARKS = frozenset({"image"})
_PLOTLY_KEYS = frozenset({"config", "plotlyServerURL", "topojsonURL", "mapbox", "map"})
_PLOTLY_LOADS = frozenset({"source", "geojson"})
"""Keys whose text is an address; numbers and objects under them are data."""
_PLOTLY_TYPES = frozenset(
    f"{kind}{family}" for kind in ("scatter", "choropleth", "density") for family in ("map", "mapbox")
)
_DEEPEST = 60


def safe_chart(mime: str, text: str) -> dict[str, Any] | None:
    """The chart's JSON if it is of a known type and can fetch nothing, else None."""
    if not mime.startswith(_FAMILIES) or not mime.endswith("+json"):
        return None
    try:
        chart = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(chart, dict):
        return None
    plotly = mime.startswith(_FAMILIES[0])
    if plotly:
        # What it may configure includes a server to send data to; what it draws stands in the other three.
        chart = {key: chart[key] for key in ("data", "layout", "frames") if key in chart}
        _plain_template(chart)
    else:
        chart.pop("usermeta", None)
        schema = chart.pop("$schema", None)
    if _fetches(chart, plotly, 0):
        return None
    if not plotly and isinstance(schema, str) and schema.startswith("https://vega.github.io/schema/"):
        chart["$schema"] = schema
    return chart


def _plain_template(chart: dict[str, Any]) -> None:
    """Take maps out of the template: each has looks for them, whether the chart has a map or not."""
    layout = chart.get("layout")
    template = layout.get("template") if isinstance(layout, dict) else None
    if not isinstance(template, dict):
        return
    for part, unwanted in (("data", lambda key: key in _PLOTLY_TYPES), ("layout", lambda key: key.startswith("map"))):
        held = template.get(part)
        if isinstance(held, dict):
            template[part] = {key: look for key, look in held.items() if not unwanted(key)}


def _fetches(value: Any, plotly: bool, depth: int) -> bool:
    """Whether anything in here names an address, or is of a kind that loads by itself."""
    if depth > _DEEPEST:
        return True
    if isinstance(value, str):
        return "//" in value
    if isinstance(value, list):
        return any(_fetches(item, plotly, depth + 1) for item in value)
    if not isinstance(value, dict):
        return False
    keys, kinds = (_PLOTLY_KEYS, _PLOTLY_TYPES) if plotly else (_VEGA_KEYS, _VEGA_MARKS)
    for key, held in value.items():
        if key in keys or "//" in key or (plotly and key.startswith("map") and isinstance(held, dict)):
            return True
        if plotly and key in _PLOTLY_LOADS and isinstance(held, str):
            return True
        if key in ("type", "mark") and isinstance(held, str) and held in kinds:
            return True
        if _fetches(held, plotly, depth + 1):
            return True
    return False
