"""``%codesteer NAME``: what can be done beside steering a cell."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from IPython import get_ipython

from codesteer_kernel.commands import config_text, diff_text, runs_text, status_text
from codesteer_kernel.errors import BadInput, UnknownName, nearest

if TYPE_CHECKING:
    from codesteer.magic import CodeSteer

__all__ = ["run_line"]


def run_line(magics: CodeSteer, line: str) -> Any:
    """Carry out one command; its text is printed, ``show`` draws a run and returns it.

    Commands that steer return in a kernel a coroutine, which the cell awaits (see ``extension``).

    Raises:
        UnknownName: there is no such command or run; the nearest is suggested.
        BadInput: the words cannot be read.
    """
    try:
        words = shlex.split(line) or ["help"]
    except ValueError as fault:
        raise BadInput(f"The command cannot be read: {fault}.", "Close the quotation mark.") from None
    if words[0] == "nested":
        raise BadInput(
            f"%%codesteer must be the first line of its cell; here it stands under %%{' '.join(words[1:])}.",
            "Put it first; its own --time prints where the time went.",
        )
    commands: dict[str, Callable[[list[str]], Any]] = {
        "models": _models,
        "insert": partial(_again, "insert", magics),
        "rerun": partial(_again, "rerun", magics),
        "fix": partial(_again, "fix", magics),
        "explain": partial(_again, "explain", magics),
        "diff": _diff,
        "runs": _runs,
        "show": _show,
        "export": _export,
        "replay": _replay,
        "pin": _pin,
        "forget": _forget,
        "preview": _preview,
        "status": lambda _: print(status_text()),
        "config": lambda _: print(config_text(magics)),
        "doctor": _doctor,
        "help": _help,
    }
    if words[0] not in commands:
        raise UnknownName(f"There is no %codesteer {words[0]}.", nearest(words[0], commands) or "See %codesteer help.")
    return commands[words[0]](words[1:])


def _models(words: list[str]) -> None:
    from codesteer_kernel.models_command import run_models

    run_models(words)


def _again(name: str, magics: CodeSteer, words: list[str]) -> Any:
    from codesteer import again

    return getattr(again, name)(magics, words)


def _diff(words: list[str]) -> None:
    from codesteer_kernel.run import read_run

    if len(words) != 2:
        raise BadInput("Two runs are compared.", "Write for example: %codesteer diff RUN last")
    print(diff_text(*(read_run(word).record for word in words)))


def _runs(words: list[str]) -> None:
    if words and not words[0].isdigit():
        raise BadInput(f"{words[0]!r} is not a number of runs.", "Write for example: %codesteer runs 50")
    print(runs_text(limit=int(words[0]) if words else 20))


def _show(words: list[str]) -> Any:
    from codesteer.display import CellRun, show_record
    from codesteer_kernel.run import read_run

    run = read_run(words[0] if words else "last")
    show_record(run.record)
    return CellRun(run.record)


def _export(words: list[str]) -> None:
    from codesteer_kernel.history import export_text

    print(export_text(words))


def _replay(words: list[str]) -> Any:
    import sys

    from codesteer.display import CellRun, replay_events
    from codesteer_kernel.history import paced, parse_replay, replay
    from codesteer_kernel.store import Store

    wish = parse_replay(words)
    if getattr(get_ipython(), "kernel", None) is None:
        replay(wish, sys.stdout.write)
        return None
    store = Store()
    run_id = store.resolve(wish.run_id)
    record = store.load(run_id)
    replay_events(paced(store.events(run_id), wish.speed), record)
    return CellRun(record)


def _pin(words: list[str]) -> None:
    from codesteer_kernel.history import pin_text

    print(pin_text(words))


def _forget(words: list[str]) -> None:
    from codesteer_kernel.history import forget_text

    print(forget_text(words))


def _preview(words: list[str]) -> None:
    from IPython.core.getipython import get_ipython

    from codesteer.inputs import named
    from codesteer_kernel.options import parse_options
    from codesteer_kernel.run import preview

    shell: Any = get_ipython()
    options = parse_options(words, defaults=shell._codesteer_magics.settings())
    names = [name for word in options.words for name in word.split(",") if name]
    if not (names or options.inputs):
        raise BadInput("Nothing to preview.", "Name variables or files: %codesteer preview NAME[,NAME]")
    print(preview(named([*names, *options.inputs], shell.user_ns), options.settings))


def _doctor(words: list[str]) -> None:
    from codesteer_kernel.doctor import examine, report

    # In a thread: the doctor starts an event loop of its own and the notebook's is running in this one.
    findings: list[Any] = []
    thread = threading.Thread(target=lambda: findings.extend(examine()))
    thread.start()
    thread.join()
    print(report(findings))


def _help(words: list[str]) -> None:
    from codesteer.telling import cell_text, line_text

    print(line_text())
    print(cell_text())
