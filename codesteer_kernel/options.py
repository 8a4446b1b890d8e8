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
from codesteer_kernel.run import RunSettings

__all__ = ["RunOptions", "help_text", "parse_options"]

# "-5" and "-x is what?" are words of a question.
_OPTION = re.compile(r"--?[A-Za-z][\w-]*(=|$)")


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the options say: the run's settings, names to pass in and to bring back, and how to show the run.

    ``follows`` names the run that this one goes on from.
    """

    settings: RunSettings
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    follows: str = ""
    time: bool = False
    quiet: bool = False
    json: bool = False
    words: tuple[str, ...] = ()


class _Parser(argparse.ArgumentParser):
    """An argparse parser whose faults are our typed errors."""

    def error(self, message: str) -> NoReturn:
        raise BadInput(f"{message[:1].upper()}{message[1:]}.", "See %codesteer help, or codesteer solve --help.")


def _parser() -> _Parser:
    parser = _Parser(prog="%%codesteer", add_help=False, allow_abbrev=False)
    add = parser.add_argument
    add("--profile", metavar="NAME", help="options kept under this name in your configuration file; typed ones win")
    add("--target", "-t", metavar="MODEL", help="the model that answers (default: embedded)")
    add(
        "--steerer",
        "-s",
        metavar="MODEL",
        help="the model that guides it (default: the target steers itself)",
    )
    add(
        "--checker",
        "--checker-model",
        metavar="MODEL",
        help="the model that writes testing programs, or none (default: the target)",
    )
    add("--rounds", "-r", type=int, metavar="N", help="at most N rounds (default: 5)")
    add("--timeout", type=float, metavar="SECONDS", dest="seconds", help="budget for the whole run")
    add("--tokens", type=int, metavar="N", help="budget of tokens, read and written")
    add("--cost", type=float, metavar="DOLLARS", help="budget in US dollars")
    add("--max-output", type=float, metavar="MB", dest="output_mb", help="budget of what models and programs put out")
    add("--max-tokens", type=int, metavar="N", help="new tokens of one model call")
    add("--code-timeout", type=float, metavar="SECONDS", dest="code_seconds", help="limit of one program (default: 20)")
    add("--check-timeout", type=float, metavar="SECONDS", dest="check_seconds", help="limit of one test (default: 15)")
    add("--memory", type=int, metavar="MB", dest="memory_mb", help="memory limit of one program (default: 2048)")
    add("--temperature", type=float, metavar="T", help="sampling temperature (default: 0)")
    add("--seed", type=int, metavar="N", help="seed for models that take one (default: 0)")
    add("--start", choices=("code", "text"), help="the first decision, instead of the steerer's")
    add("--samples", type=int, metavar="K", help="K independent first answers; the best-supported one is steered on")
    add("--thinking", type=int, metavar="TOKENS", help="hidden reasoning of the target; 0 for none")
    add(
        "--repeat-partial",
        action="store_const",
        const=True,
        help="make a call again that breaks off in the middle of an answer",
    )
    add("--dialect", metavar="NAME", help="how the steerer is spoken to: mini, instruct or codesteer-v1")
    add("--host", metavar="URL", help="a host of models, or none to load all here (default: found by itself)")
    add("--faithful", action="store_const", const=True, help="reproduce the published loop, for comparisons")
    add(
        "--in", dest="inputs", action="append", default=[], metavar="NAMES", help="variables, files for programs to use"
    )
    add("--out", dest="outputs", action="append", default=[], metavar="NAMES", help="variables to bring back")
    add("--in-max", type=int, metavar="MB", dest="input_mb", help="largest input (default: 512)")
    add("--out-max", type=int, metavar="MB", dest="export_mb", help="largest value to bring back (default: 64)")
    add("--schema-only", action="store_const", const=True, help="tell models names and types of columns, no value")
    add("--hide", action="append", default=[], metavar="COLUMNS", help="columns whose values models are not told")
    add("--drop", action="store_const", const=True, help="keep what --hide names from programs too")
    add("--continue", dest="follows", metavar="RUN", help="go on from an earlier run: its question and answer are told")
    add("--time", action="store_true", help="print where the time went")
    add("--quiet", "-q", action="store_true", help="show the answer only")
    add("--json", action="store_true", help="print the record as JSON instead of showing the run")
    add("--no-journal", dest="journal", action="store_const", const=False, help="keep nothing on disk")
    return parser


def help_text() -> str:
    """The options with one line each."""
    return _parser().format_help().replace("usage: %%codesteer", "%%codesteer", 1)


def parse_options(line: str | Sequence[str], *, defaults: RunSettings | None = None) -> RunOptions:
    """Parse a magic's line (quoted like a shell's) or a command's arguments.

    ``words`` holds what is neither an option nor its value. Braces and dollars mean nothing here.

    Raises:
        UnknownName: an option or a profile that does not exist; the nearest is suggested.
        BadInput: a value that cannot be read.
        BadConfig: the user's configuration file is wrong.
    """
    try:
        arguments = shlex.split(line) if isinstance(line, str) else list(line)
    except ValueError as fault:
        raise BadInput(f"The options cannot be read: {fault}.", "Close the quotation mark.") from None
    parser = _parser()
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
    inputs, outputs = _names(given.pop("inputs")), _names(given.pop("outputs"))
    hide = tuple(name.strip() for text in given.pop("hide") for name in text.split(",") if name.strip())
    given |= {"hide": hide} if hide else {}
    shown = {field: bool(given.pop(field)) for field in ("time", "quiet", "json")}
    settings = msgspec.structs.replace(defaults or RunSettings(), **given)
    words = (*rest, *arguments[end + 1 :])
    return RunOptions(settings=settings, inputs=inputs, outputs=outputs, follows=follows, words=words, **shown)


def _profile(name: str) -> list[str]:
    """The options of a profile, as if they were typed."""
    own = own_names()
    if name not in own.profiles:
        hint = nearest(name, own.profiles) or f"Profiles stand in {own.path}, as [profiles.NAME]."
        raise UnknownName(f"There is no profile {name!r}.", hint)
    parser = _parser()
    settings = [action for action in parser._actions if action.dest in RunSettings.__struct_fields__]
    takes_value = {
        option.lstrip("-"): action.nargs != 0
        for action in settings
        for option in action.option_strings
        if option.startswith("--")
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


def _names(lists: list[str]) -> tuple[str, ...]:
    return tuple(name for text in lists for name in text.replace(",", " ").split())
