"""The run view as a Jupyter widget: shows a record live, streams the answer's text, reports a click on Stop.

The view itself is TypeScript (``widgets/src``), built into ``static/``. :func:`is_built` tells whether it is there;
:class:`RunWidget` loads anywidget on first touch, so importing this package costs nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from codesteer_widgets.run_widget import RunWidget as RunWidget

__all__ = ["STATIC", "RunWidget", "is_built"]

STATIC = Path(__file__).with_name("static")


def is_built() -> bool:
    """Return whether the front end's files are installed; without them :class:`RunWidget` cannot be used."""
    return all((STATIC / name).is_file() for name in ("widget.js", "style.css"))


def __getattr__(name: str) -> Any:
    if name == "RunWidget":
        from codesteer_widgets.run_widget import RunWidget

        return RunWidget
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
