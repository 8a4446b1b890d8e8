"""``codesteer solve`` and ``codesteer check``: one run in a shell, its rounds on stderr and its answer on stdout."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from codesteer_kernel.configuring import configured
from codesteer_kernel.dry_run import dry_run_json, dry_run_text
from codesteer_kernel.errors import BadInput
from codesteer_kernel.models.keys import with_typed_keys
from codesteer_kernel.options import RunOptions, parse_options, question_and_answer
from codesteer_kernel.reading import read_inputs
from codesteer_kernel.record import Record
from codesteer_kernel.record import events as ev
from codesteer_kernel.render import printable, round_lines
from codesteer_kernel.render.words import cost_line, split_line, status_line
from codesteer_kernel.run import Run, engine, read_run

__all__ = ["check", "solve"]

OnEvent = Callable[[ev.Event, Record], None]

_EXIT = {"done": 0, "failed": 1, "exhausted": 3, "stopped": 130}
_NOBODY_KNOWS = 4
"""The exit code of a check that found nothing for or against the answer."""


def solve(words: list[str]) -> int:
    """Steer one question; returns the exit code."""
    options = _options(words)
    if options.dry_run:
        return _dry_run(options)
    if options.check_only or options.answer is not None or options.program is not None:
        return _check(options)
    run = _run(_typed(options), options)
    return _EXIT.get(run.status, 1)


def check(words: list[str]) -> int:
    """Have the checkers look at an answer; returns the exit code."""
    options = _options(words)
    return _dry_run(options) if options.dry_run else _check(options)


def _options(words: list[str]) -> RunOptions:
    return parse_options(words, defaults=configured().settings(), in_shell=True)


def _dry_run(options: RunOptions) -> int:
    """Show what would be sent; nothing is."""
    checks = options.check_only or options.answer is not None or options.program is not None
    prompt, given = _to_check(options) if checks else (_typed(options), None)
    follows = read_run(options.follows).record if options.follows else None
    inputs = read_inputs(options.inputs)
    try:
        asked = engine().rehearse(prompt, options.settings, inputs=inputs, follows=follows, given=given)
    finally:
        engine().close()
    print(dry_run_json(asked) if options.json else dry_run_text(asked))
    return 0


def _to_check(options: RunOptions) -> tuple[str, str]:
    """The question, and the answer to it that is to be checked."""
    if options.answer is not None and options.program is not None:
        raise BadInput("Both --answer and --program are there.", "One answer is checked at a time.")
    prompt = _typed(options)
    if options.answer is not None:
        return prompt, options.answer
    if options.program is not None:
        return prompt, f"```python\n{_read(Path(options.program))}\n```"
    return question_and_answer(prompt)


def _check(options: RunOptions) -> int:
    prompt, given = _to_check(options)
    run = _run(prompt, options, given=given)
    if run.status != "done":
        return _EXIT.get(run.status, 1)
    if run.verdict == "pass":
        return 0
    failed = run.verdict == "fail" or run.answer == ""
    return 1 if failed else _NOBODY_KNOWS


def _typed(options: RunOptions) -> str:
    if not options.words and not sys.stdin.isatty():
        return sys.stdin.read()
    return " ".join(options.words)


def _read(path: Path) -> str:
    try:
        return path.expanduser().read_text(encoding="utf-8").strip("\n")
    except (OSError, UnicodeDecodeError) as fault:
        raise BadInput(f"{path} cannot be read ({getattr(fault, 'strerror', None) or 'no text'}).") from None


def _run(prompt: str, options: RunOptions, *, given: str | None = None) -> Run:
    """The run, waited for and told of."""
    if options.outputs:
        raise BadInput("A shell has no variables for --out.", "Let the program print it, or use a %%codesteer cell.")
    inputs = read_inputs(options.inputs)
    follows = read_run(options.follows).record if options.follows else None
    with _telling(options) as tell:
        begin = partial(
            engine().submit, prompt, options.settings, inputs=inputs, follows=follows, given=given, on_event=tell
        )
        live = with_typed_keys(begin) if sys.stdin.isatty() else begin()
        try:
            run = live.wait()
        except KeyboardInterrupt:
            live.stop()
            run = live.wait(timeout=30)
        finally:
            engine().close()
    _print_end(run, options)
    return run


def _telling(options: RunOptions) -> contextlib.AbstractContextManager[OnEvent | None]:
    """What tells of a run while it goes on: frames that grow in a terminal, else lines; nothing where that is asked."""
    if options.quiet:
        return contextlib.nullcontext(None)
    if not _drawn(options):
        return contextlib.nullcontext(_print_round)
    from codesteer_kernel.render.terminal import LiveRounds

    return LiveRounds(sys.stderr)


def _drawn(options: RunOptions) -> bool:
    if options.plain or options.quiet or not sys.stderr.isatty():
        return False
    from codesteer_kernel.render.terminal import draws

    return draws(sys.stderr)


def _print_round(event: ev.Event, record: Record) -> None:
    if isinstance(event, ev.RoundEnded):
        print("\n".join(round_lines(record.rounds[event.round - 1])), file=sys.stderr, flush=True)


def _print_end(run: Run, options: RunOptions) -> None:
    if options.json:
        print(run.to_json())
        return
    if _drawn(options):
        _print_panel(run.record)
    elif not options.quiet:
        print(status_line(run.record), file=sys.stderr)
        if run.record.support is not None and run.record.support.note:
            print(run.record.support.note, file=sys.stderr)
        print(cost_line(run.record), file=sys.stderr)
    if options.time and not _drawn(options):
        print(f"Time: {split_line(run.record)}", file=sys.stderr)
    if run.answer and not (_drawn(options) and sys.stdout.isatty()):
        print(printable(run.answer) if sys.stdout.isatty() else run.answer)
    elif options.quiet:
        print(f"codesteer: {status_line(run.record)}", file=sys.stderr)


def _print_panel(record: Record) -> None:
    from rich.console import Console

    from codesteer_kernel.render.terminal import end_panel

    Console(file=sys.stderr, highlight=False).print(end_panel(record))
