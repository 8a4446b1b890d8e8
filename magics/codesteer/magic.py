"""``%%codesteer`` (a steered run) and ``%codesteer`` (models, runs, show, status, doctor, help)."""

from __future__ import annotations

import asyncio
import shlex
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from traitlets import Bool, Enum, Float, Int, Unicode

from codesteer.display import CellRun, LiveCell, show_record
from codesteer.solving import remember
from codesteer_kernel.errors import BadInput, CodeSteerError, UnknownName, nearest
from codesteer_kernel.options import RunOptions, help_text, parse_options
from codesteer_kernel.record import Record
from codesteer_kernel.record import events as ev
from codesteer_kernel.render.words import split_line, status_line
from codesteer_kernel.run import LiveRun, Run, RunFailed, RunSettings, engine

__all__ = ["CodeSteerMagics", "RunInterrupted"]

_STOP_SECONDS = 15.0


class RunInterrupted(CodeSteerError):
    """The kernel was interrupted: the run was stopped and kept. An error, so that Run All does not go on."""

    code = "interrupted"


@magics_class
class CodeSteerMagics(Magics):
    """The magics; their traits are the defaults that ``%config CodeSteerMagics`` and profiles set."""

    target = Unicode("embedded", help="The model that answers, as provider/model.").tag(config=True)
    steerer = Unicode("", help="The model that guides it; empty: the one that suits the target.").tag(config=True)
    checker = Unicode("", help="The model that writes testing programs; empty: the target; none: no tests.").tag(
        config=True
    )
    rounds = Int(5, help="At most so many rounds.").tag(config=True)
    timeout = Float(None, allow_none=True, help="Budget of a run in seconds.").tag(config=True)
    code_timeout = Float(20.0, help="Limit of one program in seconds.").tag(config=True)
    max_tokens = Int(None, allow_none=True, help="New tokens of one model call.").tag(config=True)
    journal = Bool(True, help="Keep runs on disk.").tag(config=True)
    live = Enum(
        ["auto", "widget", "text"],
        default_value="auto",
        help="How a run shows while it goes on: auto tries the widget and falls back to text rounds.",
    ).tag(config=True)

    @no_var_expand
    @cell_magic("codesteer")
    def run_cell(self, line: str, cell: str) -> Coroutine[Any, Any, Run] | Run:
        """Steer the cell's text to an answer. Options: ``%codesteer help``."""
        options = parse_options(line, defaults=self._defaults())
        if options.words:
            raise BadInput(f"{options.words[0]!r} is not an option.", "The question goes below the %%codesteer line.")
        if getattr(self.shell, "kernel", None) is None:
            return self._blocking(cell, options)
        return self._awaited(cell, options)

    @no_var_expand
    @line_magic("codesteer")
    def command(self, line: str) -> Any:
        """``%codesteer models | runs | show [RUN] | status | doctor | help``."""
        words = shlex.split(line) or ["help"]
        commands: dict[str, Callable[[list[str]], Any]] = {
            "models": self._models,
            "runs": self._runs,
            "show": self._show,
            "status": self._status,
            "doctor": self._doctor,
            "help": self._help,
        }
        if words[0] == "nested":
            raise BadInput(
                f"%%codesteer must be the first line of its cell; here it stands under %%{words[1]}.",
                "Put it first; its own --time prints where the time went.",
            )
        if words[0] not in commands:
            hint = nearest(words[0], commands) or "See %codesteer help."
            raise UnknownName(f"There is no %codesteer {words[0]}.", hint)
        return commands[words[0]](words[1:])

    # -- a run ----------------------------------------------------------------------------------------------------

    def _defaults(self) -> RunSettings:
        return RunSettings(
            target=self.target,
            steerer=self.steerer or None,
            checker=self.checker or None,
            rounds=self.rounds,
            seconds=self.timeout,
            code_seconds=self.code_timeout,
            max_tokens=self.max_tokens,
            journal=self.journal,
        )

    def _submit(self, cell: str, options: RunOptions, on_event: Callable[[ev.Event, Record], None]) -> LiveRun:
        values = self.shell.user_ns
        for name in options.inputs:
            if name not in values:
                visible = [known for known in values if not known.startswith("_")]
                hint = nearest(name, visible) or "Define it in a cell above."
                raise UnknownName(f"--in names {name!r}, which is not defined.", hint)
        inputs = {name: values[name] for name in options.inputs}
        return engine().submit(cell, options.settings, inputs=inputs, outputs=options.outputs, on_event=on_event)

    async def _awaited(self, cell: str, options: RunOptions) -> Run:
        """The cell in a kernel: the engine works in its thread, this one draws and listens."""
        loop = asyncio.get_running_loop()
        shown: LiveCell | None = None
        waiting: list[tuple[ev.Event, Record]] = []

        def take(event: ev.Event, record: Record) -> None:
            if shown is None:
                waiting.append((event, record))
            else:
                shown.update(event, record)

        def hand_over(event: ev.Event, record: Record) -> None:
            # Called in the engine's thread; the cell's own thread draws, so outputs land under this cell.
            loop.call_soon_threadsafe(take, event, record)

        live = self._submit(cell, options, hand_over)
        interrupted = False
        try:
            if not options.quiet and not options.json:
                shown = LiveCell(self.live, live.stop)
                for event, record in waiting:
                    shown.update(event, record)
            run = await live.join()
        except asyncio.CancelledError:
            # The kernel interrupt. Wait for the engine to close streams and programs, then keep what there is.
            interrupted = True
            live.stop()
            run = await self._rest(live)
        finally:
            if not live.future.done():
                live.stop()
        if shown is not None:
            shown.finish(run.record)
        return self._ended(run, options, interrupted=interrupted)

    async def _rest(self, live: LiveRun) -> Run:
        """Wait for a stopped run; a second interrupt gives up waiting."""
        async with asyncio.timeout(_STOP_SECONDS):
            return await live.join()

    def _blocking(self, cell: str, options: RunOptions) -> Run:
        """The cell in a terminal: rounds as text, Ctrl-C stops."""
        from codesteer_kernel.render import round_lines

        lock = threading.Lock()

        def tell(event: ev.Event, record: Record) -> None:
            if isinstance(event, ev.RoundEnded) and not options.quiet and not options.json:
                with lock:
                    print("\n".join(round_lines(record.rounds[event.round - 1])), flush=True)

        live = self._submit(cell, options, tell)
        interrupted = False
        try:
            run = live.wait()
        except KeyboardInterrupt:
            interrupted = True
            live.stop()
            run = live.wait(_STOP_SECONDS)
        if not options.quiet and not options.json:
            print(status_line(run.record))
            if run.answer:
                print(f"Answer: {run.answer}")
        return self._ended(run, options, interrupted=interrupted)

    def _ended(self, run: Run, options: RunOptions, *, interrupted: bool) -> Run:
        """Bind results, print what the options ask for, raise what must stop the notebook."""
        self.shell.user_ns.update(run.values)
        kept = CellRun(run.record, run.values)
        remember(kept)
        if options.json:
            print(run.to_json())
        elif options.quiet and run.answer:
            print(run.answer)
        if options.time:
            print(f"Time: {split_line(run.record)}")
        if interrupted:
            raise RunInterrupted("The kernel was interrupted; the run was stopped and its rounds are kept.")
        if run.status == "failed":
            raise RunFailed(run)
        return kept

    # -- commands -------------------------------------------------------------------------------------------------

    def _models(self, words: list[str]) -> None:
        if words:
            raise BadInput("%codesteer models takes no more words.", "Pull weights with: !codesteer models pull NAME")
        from codesteer_kernel.commands import models_text

        print(models_text())

    def _runs(self, words: list[str]) -> None:
        from codesteer_kernel.commands import runs_text

        print(runs_text(limit=int(words[0]) if words and words[0].isdigit() else 20))

    def _show(self, words: list[str]) -> Run:
        from codesteer_kernel.run import read_run

        run = read_run(words[0] if words else "last")
        show_record(run.record)
        return CellRun(run.record)

    def _status(self, words: list[str]) -> None:
        from codesteer_kernel.commands import status_text

        print(status_text())

    def _doctor(self, words: list[str]) -> None:
        from codesteer_kernel.doctor import examine, report

        # In a thread: the doctor starts an event loop of its own and this one is running.
        findings: list[Any] = []
        thread = threading.Thread(target=lambda: findings.extend(examine()))
        thread.start()
        thread.join()
        print(report(findings))

    def _help(self, words: list[str]) -> None:
        print("%%codesteer [options]       steer the cell's text to an answer")
        print("%codesteer models           models that can be named")
        print("%codesteer runs [N]         the newest runs")
        print("%codesteer show [RUN]       draw a run again")
        print("%codesteer status           what is loaded, where files are")
        print("%codesteer doctor           look at everything a run needs")
        print()
        print(help_text().partition("options:\n")[2].rstrip())
