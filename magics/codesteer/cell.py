"""``%%codesteer``: one steered run. The engine works in its own thread; the cell draws, listens and waits."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from codesteer.display import CellRun, LiveCell
from codesteer.inputs import mentioned, named
from codesteer.solving import remember
from codesteer_kernel.dry_run import dry_run_json, dry_run_text
from codesteer_kernel.errors import BadInput, CodeSteerError
from codesteer_kernel.models.keys import with_typed_keys
from codesteer_kernel.options import RunOptions, parse_options, question_and_answer
from codesteer_kernel.record import Record
from codesteer_kernel.record import events as ev
from codesteer_kernel.render import printable, round_lines
from codesteer_kernel.render.words import split_line, status_line
from codesteer_kernel.run import LiveRun, Run, RunFailed, engine, read_run
from codesteer_kernel.steering.rehearsal import Asked

if TYPE_CHECKING:
    from codesteer.magic import CodeSteer

__all__ = ["RunInterrupted", "run_cell", "steer_here", "stopped"]

_STOP_SECONDS = 15.0

OnEvent = Callable[[ev.Event, Record], None]


class RunInterrupted(CodeSteerError):
    """The kernel was interrupted: the run was stopped and kept. An error, so that Run All does not go on."""

    code = "interrupted"


def run_cell(magics: CodeSteer, line: str, cell: str) -> Coroutine[Any, Any, Run | None] | Run | None:
    """Steer ``cell`` to an answer; in a kernel the coroutine that does it, in a terminal the finished run.

    With ``--dry-run`` what would be sent is printed, and there is no run.
    """
    options = parse_options(line, defaults=magics.settings())
    if options.words:
        raise BadInput(f"{options.words[0]!r} is not an option.", "The question goes below the %%codesteer line.")
    if options.dry_run:
        rehearse = partial(engine().rehearse, **_run_of(magics.shell, cell, options))
        show = dry_run_json if options.json else dry_run_text
        if getattr(magics.shell, "kernel", None) is not None:
            return _rehearsed(rehearse, show)
        print(show(rehearse()))
        return None
    return steer_here(magics, cell, options)


async def _rehearsed(rehearse: Callable[[], list[Asked]], show: Callable[[list[Asked]], str]) -> None:
    """The dry run of a cell in a kernel, whose magics are awaited."""
    print(show(await asyncio.to_thread(rehearse)))


def steer_here(magics: CodeSteer, prompt: str, options: RunOptions) -> Coroutine[Any, Any, Run] | Run:
    """Steer ``prompt`` under the cell that runs now; in a kernel the coroutine that does it, else the finished run."""
    shell = magics.shell
    if getattr(shell, "kernel", None) is None:
        return _blocking(shell, prompt, options)
    return _awaited(shell, prompt, options, magics.live)


def _run_of(shell: Any, cell: str, options: RunOptions) -> dict[str, Any]:
    """The run that a cell asks for, as the engine takes it."""
    values = {name: value for name, value in shell.user_ns.items() if name not in shell.user_ns_hidden}
    inputs = named([*options.inputs, *mentioned(cell, values)], shell.user_ns)
    follows = read_run(options.follows).record if options.follows else None
    prompt, given = question_and_answer(cell) if options.check_only else (cell, None)
    return {
        "prompt": prompt,
        "settings": options.settings,
        "inputs": inputs,
        "outputs": options.outputs,
        "follows": follows,
        "given": given,
    }


def _submit(shell: Any, cell: str, options: RunOptions, on_event: OnEvent) -> LiveRun:
    begin = partial(engine().submit, **_run_of(shell, cell, options), on_event=on_event)
    # Without a kernel there may be nobody at the other end.
    someone = getattr(shell, "kernel", None) is not None or sys.stdin.isatty()
    return with_typed_keys(begin) if someone else begin()


async def _awaited(shell: Any, cell: str, options: RunOptions, mode: str) -> Run:
    """The cell in a kernel: it is awaited, so that the kernel's loop goes on serving Stop buttons."""
    loop = asyncio.get_running_loop()
    shown: LiveCell | None = None

    def draw(event: ev.Event, record: Record) -> None:
        if shown is not None:
            shown.update(event, record)

    def hand_over(event: ev.Event, record: Record) -> None:
        # Called in the engine's thread; the cell's own thread draws, so outputs land under this cell.
        loop.call_soon_threadsafe(draw, event, record)

    live = _submit(shell, cell, options, hand_over)
    if not options.quiet and not options.json:
        # No event is drawn before this: they come through the loop, which runs on at the next await.
        shown = LiveCell(mode, live.stop)
    interrupted = False
    try:
        run = await live.join()
    except asyncio.CancelledError:
        # The kernel interrupt.
        interrupted = True
        run = await stopped(live, shown)
    if shown is not None:
        shown.finish(run.record)
    return _ended(shell, run, options, interrupted=interrupted)


async def stopped(live: LiveRun, shown: LiveCell | None) -> Run:
    """Stop a run, and wait until the engine has closed streams and programs; another interrupt asks for nothing new."""
    live.stop()
    if shown is not None:
        shown.stopping()
    ending = asyncio.ensure_future(live.join())
    deadline = time.monotonic() + _STOP_SECONDS
    while not ending.done() and (left := deadline - time.monotonic()) > 0:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({ending}, timeout=left)
    if not ending.done():
        raise RunInterrupted(f"The kernel was interrupted, but the run has not ended within {_STOP_SECONDS:.0f} s.")
    return ending.result()


def _blocking(shell: Any, cell: str, options: RunOptions) -> Run:
    """The cell in a terminal: rounds as text, Ctrl-C stops."""
    silent = options.quiet or options.json
    lock = threading.Lock()

    def tell(event: ev.Event, record: Record) -> None:
        if isinstance(event, ev.RoundEnded) and not silent:
            with lock:
                print("\n".join(round_lines(record.rounds[event.round - 1])), flush=True)

    live = _submit(shell, cell, options, tell)
    interrupted = False
    try:
        run = live.wait()
    except KeyboardInterrupt:
        interrupted = True
        live.stop()
        run = live.wait(_STOP_SECONDS)
    if not silent:
        print(status_line(run.record))
        if run.answer:
            print(f"Answer: {printable(run.answer)}")
    return _ended(shell, run, options, interrupted=interrupted)


def _ended(shell: Any, run: Run, options: RunOptions, *, interrupted: bool) -> Run:
    """Bind results, print what the options ask for, raise what must stop the notebook."""
    shell.user_ns.update(run.values)
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
