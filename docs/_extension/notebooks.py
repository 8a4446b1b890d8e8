"""The example notebooks as pages: with the outputs they were saved with, as far as a page can draw them."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["page_of"]

_DRAWN = ("text/html", "image/svg+xml", "image/png")


def page_of(notebook: Path) -> str:
    """The notebook, each output in one form: a run's record by its own HTML, which loads and runs nothing."""
    told = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in told["cells"]:
        for output in cell.get("outputs", ()):
            forms = output.get("data", {})
            best = next((form for form in _DRAWN if form in forms), None)
            if best is not None:
                output["data"] = {best: forms[best]}
    return json.dumps(told, indent=1, ensure_ascii=False)
