"""The magics' names and settings; what they do is loaded when they are first used (``cell``, ``line``)."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from traitlets import Enum

from codesteer.telling import cell_text, line_text
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
    def run_cell(self, line: str, cell: str) -> Coroutine[Any, Any, Run | None] | Run | None:
        """See :func:`.telling.cell_text`."""
        from codesteer.cell import run_cell

        return run_cell(self, line, cell)

    run_cell.__doc__ = cell_text()

    @no_var_expand
    @line_magic("codesteer")
    def command(self, line: str) -> Any:
        """See :func:`.telling.line_text`."""
        from codesteer.line import run_line

        return run_line(self, line)

    command.__doc__ = line_text()
