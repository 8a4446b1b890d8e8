"""The magics' names and settings; what they do is loaded when they are first used (``cell``, ``line``)."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from traitlets import Enum

from codesteer_kernel.configuring import CodeSteer as Defaults

if TYPE_CHECKING:
    from codesteer_kernel.run import Run

__all__ = ["CodeSteer"]


@magics_class
class CodeSteer(Defaults, Magics):
    """``%%codesteer`` and ``%codesteer``; ``%config CodeSteer`` shows the defaults of their runs and sets them."""

    live = Enum(
        ["auto", "widget", "text"],
        default_value="auto",
        help="How a run shows while it goes on: auto tries the widget and falls back to text rounds.",
    ).tag(config=True)

    matcher: Any = None
    """What completes its lines; see ``completion``."""

    @no_var_expand
    @cell_magic("codesteer")
    def run_cell(self, line: str, cell: str) -> Coroutine[Any, Any, Run] | Run:
        """Steer the cell's text to an answer. Options: ``%codesteer help``."""
        from codesteer.cell import run_cell

        return run_cell(self, line, cell)

    @no_var_expand
    @line_magic("codesteer")
    def command(self, line: str) -> Any:
        """``%codesteer NAME``: see ``%codesteer help``."""
        from codesteer.line import run_line

        return run_line(self, line)
