"""The magics' names and settings; what they do is loaded when they are first used (``cell``, ``line``)."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from traitlets import Bool, Enum, Float, Int, Unicode

if TYPE_CHECKING:
    from codesteer_kernel.run import Run

__all__ = ["CodeSteerMagics"]


@magics_class
class CodeSteerMagics(Magics):
    """``%%codesteer`` and ``%codesteer``; the traits are defaults that ``%config CodeSteerMagics`` and profiles set."""

    target = Unicode("embedded", help="The model that answers, as provider/model.").tag(config=True)
    steerer = Unicode("", help="The model that guides it; empty: the target steers itself.").tag(config=True)
    checker = Unicode("", help="The model that writes testing programs; empty: the target; none: no tests.").tag(
        config=True
    )
    host = Unicode("", help="The address of a host of models; empty: found by itself; none: load all here.").tag(
        config=True
    )
    rounds = Int(5, help="At most so many rounds.").tag(config=True)
    timeout = Float(None, allow_none=True, help="Budget of a run in seconds.").tag(config=True)
    code_timeout = Float(20.0, help="Limit of one program in seconds.").tag(config=True)
    max_tokens = Int(None, allow_none=True, help="New tokens of one model call.").tag(config=True)
    schema_only = Bool(False, help="Tell models names and types of the inputs' columns, and no value.").tag(config=True)
    hide = Unicode(
        "", help="Columns whose values models are not told, separated by commas; * and ? as in file names."
    ).tag(config=True)
    journal = Bool(True, help="Keep runs on disk.").tag(config=True)
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
