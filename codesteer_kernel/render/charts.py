"""The charts of a run in their own MIME types, for front ends that have a renderer for them."""

from __future__ import annotations

from typing import Any

from codesteer_kernel.record import Record, safe_chart

__all__ = ["chart_bundles"]


def chart_bundles(record: Record) -> list[dict[str, Any]]:
    """A bundle for each chart that the winning program showed; of one that would load something, only words say so."""
    if record.answer is None or not 0 < record.answer.round <= len(record.rounds):
        return []
    run = record.rounds[record.answer.round - 1].execution
    bundles = []
    for output in run.outputs if run is not None else ():
        charts = {mime: text for mime, text in output.data.items() if mime.endswith("+json")}
        drawn: dict[str, Any] = {
            mime: spec for mime, text in charts.items() if (spec := safe_chart(mime, text)) is not None
        }
        plain = output.data.get("text/plain", "<chart>")
        if charts:
            note = "" if drawn else " is not drawn: it names an address that it would load or link to"
            bundles.append({**drawn, "text/plain": plain + note})
    return bundles
