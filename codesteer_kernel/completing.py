"""What can come next in a line of options or commands: for the Tab key of notebooks and shells. Loads no model's package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from codesteer_kernel.command_table import Command, commands_of
from codesteer_kernel.errors import CodeSteerError
from codesteer_kernel.option_table import Completes, Option, options_of

__all__ = ["Names", "after_command", "after_options", "names_here"]

Names = Mapping[str, Callable[[], Iterable[str]]]
"""Where values are looked for, by what an option or a command takes."""

_NEWEST_RUNS = 200


def names_here() -> dict[str, Callable[[], Iterable[str]]]:
    """The names that do not depend on a notebook: models, runs, profiles."""
    return {"model": _models, "embedded": _embedded, "run": _runs, "profile": _profiles}


def after_options(before: str, names: Names, *, in_shell: bool = False) -> tuple[str, list[str]]:
    """What the options of a run can go on with.

    Args:
        before: what stands before the cursor, after ``%%codesteer``.
        names: where values are looked for.
        in_shell: whether options are known that only a shell has.

    Returns:
        The piece before the cursor that is completed, and what it may become.
    """
    done, piece = _last_word(before)
    known = {name: one for one in options_of(in_shell=in_shell) for name in one.names}
    option = known.get(done[-1]) if done else None
    if option is not None and option.takes_value:
        return _value(option, piece, names)
    name, equals, value = piece.partition("=")
    if equals and name in known:
        return _value(known[name], value, names)
    return piece, _begun(piece, (one.names[0] for one in known.values()))


def after_command(before: str, names: Names, *, in_shell: bool) -> tuple[str, list[str]]:
    """What a command can go on with; as :func:`after_options`."""
    done, piece = _last_word(before)
    commands = {one.name: one for one in commands_of(in_shell=in_shell)}
    if not done:
        return piece, _begun(piece, commands)
    command = commands.get(done[0])
    if command is None:
        return piece, []
    if command.options and (piece.startswith("-") or done[-1].startswith("-") or command.takes == ""):
        return after_options(before.lstrip()[len(done[0]) :], names, in_shell=in_shell)
    return _argument(command, done, piece, names)


def _argument(command: Command, done: list[str], piece: str, names: Names) -> tuple[str, list[str]]:
    if piece.startswith("-"):
        return piece, _begun(piece, command.flags)
    if done[-1] == "--format":
        return piece, _begun(piece, ("md", "html", "ipynb", "py", "json", "jsonl"))
    if command.parts:
        if len(done) == 1:
            return piece, _begun(piece, command.parts)
        return piece, _found(command.parts.get(done[1], ""), piece, names)
    if command.takes == "input":
        piece = piece.rpartition(",")[2]
    found = _found(command.takes, piece, names)
    return piece, found or ([*command.flags] if not piece else [])


def _value(option: Option, piece: str, names: Names) -> tuple[str, list[str]]:
    if option.kind == "list":
        piece = piece.rpartition(",")[2]
    if option.choices:
        return piece, _begun(piece, option.choices)
    return piece, [*_begun(piece, option.suggests), *_found(option.completes, piece, names)]


def _last_word(before: str) -> tuple[list[str], str]:
    """The words that are finished, and the one that the cursor stands in."""
    words = before.split()
    if not words or before[-1].isspace():
        return words, ""
    return words[:-1], words[-1]


def _found(kind: Completes, piece: str, names: Names) -> list[str]:
    source = names.get(kind)
    try:
        found = _begun(piece, source()) if source is not None else []
    except CodeSteerError:
        # A journal or a file of names that cannot be read is told of when it is used.
        found = []
    return [*found, *_files(piece)] if kind in ("input", "file") else found


def _begun(piece: str, known: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(one for one in known if one.startswith(piece)))


def _files(piece: str) -> list[str]:
    """Paths that begin like this; folders end in a slash."""
    folder, slash, start = piece.rpartition("/")
    try:
        found = sorted(Path(folder + slash or ".").expanduser().iterdir())
    except OSError:
        return []
    return [
        f"{folder}{slash}{one.name}{'/' if one.is_dir() else ''}"
        for one in found
        if one.name.startswith(start) and (start or not one.name.startswith("."))
    ]


def _models() -> Iterable[str]:
    from codesteer_kernel.models.listing import model_names

    return model_names()


def _embedded() -> Iterable[str]:
    from codesteer_kernel.models.catalogue import CATALOGUE

    return (one.name for one in CATALOGUE)


def _profiles() -> Iterable[str]:
    from codesteer_kernel.models.aliases import own_names

    return own_names().profiles


def _runs() -> Iterable[str]:
    from codesteer_kernel.store import Store

    return ["last", *(row.id for row in Store().rows(_NEWEST_RUNS))]
