"""A run in a terminal while it goes on: finished rounds scroll up, the one that goes on is drawn in place below them.

Drawn with rich, which is loaded here alone. What models and programs wrote is text to it, never markup or control codes.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any, Self, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.spinner import Spinner
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from codesteer_kernel.record import Execution, Record, Round, cut_middle
from codesteer_kernel.record import events as ev
from codesteer_kernel.render.text import printable
from codesteer_kernel.render.words import (
    bound_lines,
    cost_line,
    decision_line,
    execution_line,
    flat,
    split_line,
    status_line,
    verdict_line,
)

__all__ = ["LiveRounds", "draws", "end_panel", "round_panel"]

_SHOWN = 4_000
_STYLES = {"pass": "green", "fail": "red", "broken": "yellow", "unsure": "yellow"}
_LEVELS = {"verified": "green", "agreed": "green", "executed": "cyan", "unchecked": "cyan", "doubtful": "yellow"}


def draws(stream: TextIO) -> bool:
    """Whether ``stream`` is a terminal that can draw in place."""
    console = Console(file=stream)
    return console.is_terminal and not console.is_dumb_terminal


class LiveRounds:
    """Draws the events of one run on ``stream``; a context, and called with each event from any thread."""

    def __init__(self, stream: TextIO, **console: Any) -> None:
        self.console = Console(file=stream, highlight=False, **console)
        self._lock = threading.Lock()
        self._record = Record()
        self._spinner = Spinner("dots")
        self._live = Live(
            console=self.console, get_renderable=self._draw, transient=True, refresh_per_second=8, redirect_stdout=False
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def __call__(self, event: ev.Event, record: Record) -> None:
        """Draw one more event; ``record`` is the fold up to it."""
        with self._lock:
            self._record = record
        match event:
            case ev.RoundEnded(round=index):
                self.console.print(round_panel(record.rounds[index - 1]))
            case ev.RunEnded():
                for one in record.rounds:
                    if not one.complete:
                        self.console.print(round_panel(one))

    def _draw(self) -> RenderableType:
        with self._lock:
            record = self._record
        if record.status not in ("queued", "running"):
            return Text("")
        self._spinner.update(text=Text(printable(status_line(record)), style="dim"))
        going = [one for one in record.rounds if not one.complete]
        # The region that is drawn in place must fit, or the terminal keeps pieces of it.
        room = max(4, self.console.size.height - 8)
        return Group(*(round_panel(one, lines=room) for one in going[-1:]), self._spinner)


def round_panel(this: Round, *, lines: int | None = None) -> Panel:
    """One round in a frame; ``lines``: the newest so many of its text alone, while it goes on."""
    parts: list[RenderableType] = []
    if this.decision.guidance:
        parts.append(Text(printable(this.decision.guidance), style="italic"))
    if this.answer.code is not None:
        parts.append(Syntax(_bounded(this.answer.code, lines), "python", theme="ansi_dark", word_wrap=True))
    elif this.answer.text:
        parts.append(Text(_bounded(this.answer.text, lines)))
    if this.execution is not None:
        parts += _execution(this, this.execution, lines)
    checks = _checks(this)
    if checks.row_count:
        parts.append(checks)
    return Panel(
        Group(*parts),
        title=Text(f"Round {this.index}: {printable(decision_line(this.decision))}"),
        title_align="left",
        subtitle=Text(f"{this.timing.seconds:.1f} s") if this.complete else None,
        subtitle_align="right",
        border_style=_border(this),
    )


def end_panel(record: Record) -> Panel:
    """How the run ended: the answer, what it rests on, what it cost."""
    parts: list[RenderableType] = []
    level = record.support.level if record.support is not None else "none"
    if record.answer is not None:
        parts.append(Text(printable(cut_middle(record.answer.text, _SHOWN)), style="bold"))
    if record.support is not None and record.support.note:
        parts.append(Text(printable(record.support.note), style=_LEVELS.get(level, "")))
    parts += [Text(printable(line)) for line in bound_lines(record)]
    parts.append(
        Text(f"{cost_line(record)}\nTime: {split_line(record)}" if record.timing.split else cost_line(record), "dim")
    )
    style = {"done": _LEVELS.get(level, "cyan"), "failed": "red"}.get(record.status, "yellow")
    return Panel(Group(*parts), title=Text(printable(status_line(record))), title_align="left", border_style=style)


def _border(this: Round) -> str:
    if not this.complete:
        return "blue"
    verdict = this.self_answer.verdict if this.self_answer else ""
    if this.execution is not None and this.execution.status not in (None, "ok"):
        return "red"
    return _STYLES.get(verdict, "bright_black")


def _execution(this: Round, run: Execution, lines: int | None) -> list[RenderableType]:
    parts: list[RenderableType] = []
    if ran := execution_line(this):
        parts.append(Text(f"ran: {printable(ran)}", style="" if run.status == "ok" else "red"))
    if run.stdout.strip():
        parts.append(Padding(Text(_bounded(run.stdout.rstrip(), lines)), (0, 0, 0, 2)))
    if run.stderr.strip() and run.status not in (None, "ok"):
        parts.append(Padding(Text(_bounded(run.stderr.rstrip(), lines), style="red"), (0, 0, 0, 2)))
    shown = sorted({mime for output in run.outputs for mime in output.data if mime != "text/plain"})
    if shown:
        parts.append(Text(f"shown: {', '.join(shown)}", style="dim"))
    return parts


def _checks(this: Round) -> Table:
    table = Table.grid(padding=(0, 1))
    if this.symbolic is not None:
        rating = f"{this.symbolic.score:g} of 10. {this.symbolic.note}"
        style = "yellow" if this.symbolic.suspicious else ""
        table.add_row(Text("symbolic checker", "dim"), Text(printable(flat(rating)), style))
    if this.self_answer is not None:
        told = verdict_line(this.self_answer)
        table.add_row(Text("self-answer checker", "dim"), Text(printable(told), _STYLES[this.self_answer.verdict]))
    return table


def _bounded(text: str, lines: int | None) -> str:
    text = printable(cut_middle(text.strip("\n"), _SHOWN))
    if lines is None:
        return text
    kept = text.splitlines()[-max(2, lines // 2) :]
    return "\n".join(line[:400] for line in kept)
