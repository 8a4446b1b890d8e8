"""What can be done with kept runs, in a shell and in a notebook: export, replay, pin and forget them."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NoReturn

import msgspec

from codesteer_kernel.errors import BadInput
from codesteer_kernel.record import events as ev
from codesteer_kernel.render import telling
from codesteer_kernel.store import Store
from codesteer_kernel.store.export import FORMATS, export_run, exported

__all__ = ["Replay", "export_text", "forget_text", "paced", "parse_replay", "pin_text", "rate", "replay"]

# A run is shown at its own speed, but nobody watches a model load for minutes.
_LONGEST_PAUSE = 2.0


class Replay(msgspec.Struct, frozen=True):
    """Which run to show again, and how many times faster than it was; infinitely fast shows it at once."""

    run_id: str = "last"
    speed: float = 1.0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadInput(f"{self.prog}: {message}.", "See codesteer help.")


def export_text(words: Sequence[str], store: Store | None = None) -> str:
    """Carry out ``export [RUN] [--format F] [-o FILE] [--force]``; returns what to print.

    The format is the file's ending where none is given, and Markdown where there is no file either; the file is
    ``codesteer-RUN.ENDING`` where none is given, and ``-`` prints the run instead.

    Raises:
        UnknownName, BadInput: see :func:`export_run`; nothing was written.
    """
    parser = _Parser(prog="export", add_help=False, allow_abbrev=False)
    parser.add_argument("run", nargs="?", default="last")
    parser.add_argument("--format", "-f", dest="form")
    parser.add_argument("--output", "-o")
    parser.add_argument("--force", action="store_true")
    given = parser.parse_args(list(words))
    store = store or Store()
    ending = Path(given.output or "").suffix.removeprefix(".")
    form: str = given.form or (ending if ending in FORMATS else "md")
    if given.output == "-":
        return exported(store, given.run, form).rstrip("\n")
    run_id = store.resolve(given.run)
    path = Path(given.output).expanduser() if given.output else Path(f"codesteer-{run_id}.{form}")
    return f"{run_id} is in {export_run(store, run_id, form, path, force=given.force)}"


def forget_text(words: Sequence[str], store: Store | None = None) -> str:
    """Carry out ``rm RUN...``; returns what to print.

    Raises:
        UnknownName, BadInput: see :meth:`Store.forget`; nothing was deleted.
    """
    if not words or any(word.startswith("-") for word in words):
        raise BadInput("Name the runs to delete.", "List them with: codesteer runs")
    return "\n".join(f"{name} was deleted." for name in (store or Store()).forget(*words))


def pin_text(words: Sequence[str], store: Store | None = None) -> str:
    """Carry out ``pin [RUN] [--off]``; returns what to print. Raises :class:`UnknownName` for a run that is not there."""
    parser = _Parser(prog="pin", add_help=False, allow_abbrev=False)
    parser.add_argument("run", nargs="?", default="last")
    parser.add_argument("--off", action="store_true")
    given = parser.parse_args(list(words))
    store = store or Store()
    run_id = store.resolve(given.run)
    store.mark(run_id, pinned=not given.off)
    return f"{run_id} {'may be removed to make room' if given.off else 'stays, however many runs come'}."


def rate(
    run_id: str, index: int, rating: Literal["good", "bad"] | None, store: Store | None = None
) -> dict[int, Literal["good", "bad"]]:
    """Keep what a person thinks of the steering in round ``index``; None takes it back. Returns the run's ratings.

    Raises:
        UnknownName: there is no such run.
        CacheNotWritable: it cannot be written down.
    """
    store = store or Store()
    others = {key: held for key, held in store.marks(run_id).ratings.items() if key != index}
    return store.mark(run_id, ratings={**others, index: rating} if rating else others).ratings


def parse_replay(words: Sequence[str]) -> Replay:
    """Read ``replay [RUN] [--speed X]``; raises :class:`BadInput` for a speed that is none."""
    parser = _Parser(prog="replay", add_help=False, allow_abbrev=False)
    parser.add_argument("run", nargs="?", default="last")
    parser.add_argument("--speed", type=float, default=1.0)
    given = parser.parse_args(list(words))
    if not given.speed > 0 or math.isnan(given.speed):
        raise BadInput(f"--speed is {given.speed}.", "Give a number above zero; inf shows the run at once.")
    return Replay(given.run, given.speed)


def paced(events: Iterator[ev.Event], speed: float, sleep: Callable[[float], None] = time.sleep) -> Iterator[ev.Event]:
    """The events, each when its time has come; pauses are as long as they were, divided by ``speed``, or 2 s."""
    before = 0.0
    for event in events:
        pause = min((event.at - before) / speed, _LONGEST_PAUSE)
        before = event.at
        if pause > 0:
            sleep(pause)
        yield event


def replay(
    wish: Replay,
    write: Callable[[str], object],
    store: Store | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Show a run again as text, event by event; raises :class:`UnknownName` when there is none."""
    for _, text in telling(paced((store or Store()).events(wish.run_id), wish.speed, sleep)):
        if text:
            write(text)
