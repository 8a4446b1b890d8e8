"""The options of a steered run, as typed after ``%%codesteer`` and ``codesteer solve``: one parser for both."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Sequence
from typing import Any, NoReturn

import msgspec

from codesteer_kernel.errors import BadConfig, BadInput, UnknownName, nearest
from codesteer_kernel.models.aliases import own_names
from codesteer_kernel.option_table import OPTIONS, options_of
from codesteer_kernel.run import RunSettings

__all__ = ["RunOptions", "parse_options", "question_and_answer"]

_FLAGS = tuple(one.dest for one in OPTIONS if one.kind == "flag")
# "-5" and "-x is what?" are words of a question.
_OPTION = re.compile(r"--?[A-Za-z][\w-]*(=|$)")

_PARTING = re.compile(r"^-{3,}[ \t]*$", re.MULTILINE)
_PROGRAM = re.compile(r"(?=^```(?:python|py)\b)", re.MULTILINE)


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the options say: the run's settings, names to pass in and to bring back, and how to show the run.

    ``follows`` names the run that this one goes on from. ``check_only``: the text holds an answer too, which is checked;
    a shell may give it as ``answer`` or as the file ``program``. ``dry_run``: nothing is sent, what would be is shown.
    """

    settings: RunSettings
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    follows: str = ""
    check_only: bool = False
    dry_run: bool = False
    time: bool = False
    quiet: bool = False
    json: bool = False
    plain: bool = False
    answer: str | None = None
    program: str | None = None
    words: tuple[str, ...] = ()


class _Parser(argparse.ArgumentParser):
    """An argparse parser whose faults are our typed errors."""

    def error(self, message: str) -> NoReturn:
        raise BadInput(f"{message[:1].upper()}{message[1:]}.", "See %codesteer help, or codesteer solve --help.")


_TYPES: dict[str, type] = {"int": int, "float": float}


def _parser(*, in_shell: bool = False) -> _Parser:
    parser = _Parser(prog="%%codesteer", add_help=False, allow_abbrev=False)
    for one in options_of(in_shell=in_shell):
        how: dict[str, Any]
        match one.kind:
            case "list":
                how = {"action": "append", "default": []}
            case "switch" | "off":
                how = {"action": "store_const", "const": one.kind == "switch"}
            case "flag":
                how = {"action": "store_true"}
            case _:
                how = {"type": _TYPES.get(one.kind, str), "choices": one.choices or None}
        parser.add_argument(*one.names, dest=one.dest, **how)
    return parser


def parse_options(
    line: str | Sequence[str], *, defaults: RunSettings | None = None, in_shell: bool = False
) -> RunOptions:
    """Parse a magic's line (quoted like a shell's) or a command's arguments.

    ``in_shell``: options that only a shell has are known too. ``words`` holds what is neither an option nor its value.
    Braces and dollars mean nothing here.

    Raises:
        UnknownName: an option or a profile that does not exist; the nearest is suggested.
        BadInput: a value that cannot be read.
        BadConfig: the user's configuration file is wrong.
    """
    try:
        arguments = shlex.split(line) if isinstance(line, str) else list(line)
    except ValueError as fault:
        raise BadInput(f"The options cannot be read: {fault}.", "Close the quotation mark.") from None
    parser = _parser(in_shell=in_shell)
    # What follows a lone -- is text, whatever it looks like.
    end = arguments.index("--") if "--" in arguments else len(arguments)
    known, rest = parser.parse_known_args(arguments[:end])
    if known.profile is not None:
        known, rest = parser.parse_known_args([*_profile(known.profile), *arguments[:end]])
    for word in rest:
        if _OPTION.match(word):
            name = word.partition("=")[0]
            hint = nearest(name, parser._option_string_actions) or "See %codesteer help."
            raise UnknownName(f"There is no option {name}.", hint)
    given: dict[str, Any] = {name: value for name, value in vars(known).items() if value is not None}
    given.pop("profile", None)
    follows = given.pop("follows", "")
    # A shell has quoted what belongs together: names of files may hold spaces.
    inputs = _names(given.pop("inputs"), "," if in_shell else r"[,\s]")
    outputs = _names(given.pop("outputs"))
    for field in ("hide", "without"):
        listed = tuple(name.strip() for text in given.pop(field) for name in text.split(",") if name.strip())
        given |= {field: listed} if listed else {}
    shown: dict[str, Any] = {field: bool(given.pop(field)) for field in _FLAGS if field in given}
    texts = {field: given.pop(field) for field in ("answer", "program") if field in given}
    settings = msgspec.structs.replace(defaults or RunSettings(), **given)
    words = (*rest, *arguments[end + 1 :])
    return RunOptions(settings=settings, inputs=inputs, outputs=outputs, follows=follows, words=words, **shown, **texts)


def question_and_answer(text: str) -> tuple[str, str]:
    """Take the text of a ``--check-only`` cell apart: the question, and the answer or program to check.

    They are parted by the first line of three or more dashes; without one, by the first fence of a program.

    Raises:
        BadInput: there is no such line, or nothing on one of its sides.
    """
    found = _PARTING.search(text) or _PROGRAM.search(text)
    question, given = (text[: found.start()], text[found.end() :]) if found else (text, "")
    if not question.strip() or not given.strip():
        raise BadInput(
            "--check-only needs a question and an answer to it.",
            "Write the question, a line of ---, and below it the answer, or a program between ```python and ```.",
        )
    return question.strip("\n"), given.strip("\n")


def _profile(name: str) -> list[str]:
    """The options of a profile, as if they were typed."""
    own = own_names()
    if name not in own.profiles:
        hint = nearest(name, own.profiles) or f"Profiles stand in {own.path}, as [profiles.NAME]."
        raise UnknownName(f"There is no profile {name!r}.", hint)
    parser = _parser()
    takes_value = {
        name.lstrip("-"): one.takes_value
        for one in OPTIONS
        if one.dest in RunSettings.__struct_fields__
        for name in one.names
        if name.startswith("--")
    }
    place = f"{own.path}: [profiles.{name}]"
    arguments: list[str] = []
    for field, value in own.profiles[name].items():
        if field not in takes_value:
            raise BadConfig(f"{place} has no option {field!r}.", nearest(field, takes_value) or "See codesteer help.")
        if isinstance(value, bool) == takes_value[field] or not isinstance(value, (str, int, float)):
            raise BadConfig(f"{place} {field} cannot be {value!r}.", "See codesteer help.")
        if takes_value[field]:
            arguments.append(f"--{field}={value}")
        elif value:
            arguments.append(f"--{field}")
    try:
        parser.parse_args(arguments)
    except BadInput as fault:
        raise BadConfig(f"{place} {fault.message}", fault.cure) from None
    return arguments


def _names(lists: list[str], separator: str = r"[,\s]") -> tuple[str, ...]:
    names = (name.strip() for text in lists for name in re.split(separator, text))
    return tuple(name for name in names if name)
