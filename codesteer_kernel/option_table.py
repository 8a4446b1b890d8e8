"""The options of a steered run as data: what the parser, the help, the magic's own text and tab completion are made of.

Light on purpose: the notebook extension reads it when it loads.
"""

from __future__ import annotations

import textwrap
from typing import Any, Literal

import msgspec

__all__ = ["GROUPS", "OPTIONS", "Option", "help_text", "options_of", "typed"]

Kind = Literal["text", "int", "float", "list", "switch", "off", "flag"]
Completes = Literal["", "model", "embedded", "run", "input", "variable", "column", "profile", "file"]

GROUPS = {
    "models": "Models",
    "budgets": "Budgets of the run",
    "programs": "Limits of its programs",
    "data": "Data",
    "steering": "How it is steered",
    "showing": "What is shown and kept",
    "shell": "In a shell only",
}


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One option.

    Args:
        names: as typed, the long one first.
        group: a key of :data:`GROUPS`.
        help: one line.
        kind: ``list`` may be repeated, ``switch`` and ``off`` set a setting to True and False, ``flag`` is none of the
            run's settings.
        value: what stands for its value in the help; empty for those that take none.
        default: what holds without it, in words.
        field: the setting or the field of ``RunOptions`` that it gives; default: its long name.
        choices: the only values it takes.
        suggests: values that are worth offering, among others.
        completes: what its values are looked for among.
    """

    names: tuple[str, ...]
    group: str
    help: str
    kind: Kind = "text"
    value: str = ""
    default: str = ""
    field: str = ""
    choices: tuple[str, ...] = ()
    suggests: tuple[str, ...] = ()
    completes: Completes = ""

    @property
    def dest(self) -> str:
        """The name under which the parser keeps its value."""
        return self.field or self.names[0].lstrip("-").replace("-", "_")

    @property
    def takes_value(self) -> bool:
        """Whether a value follows it."""
        return self.kind in ("text", "int", "float", "list")


def _option(names: str, group: str, told: str, kind: Kind = "text", value: str = "", **more: object) -> Option:
    return msgspec.convert(
        {"names": names.split(), "group": group, "help": told, "kind": kind, "value": value, **more}, Option
    )


_MODEL: dict[str, Any] = {"value": "MODEL", "completes": "model"}

OPTIONS: tuple[Option, ...] = (
    _option("--target -t", "models", "the model that answers", default="embedded", **_MODEL),
    _option("--steerer -s", "models", "the model that guides it", default="the target steers itself", **_MODEL),
    _option(
        "--checker --checker-model",
        "models",
        "the model that writes testing programs, or none",
        default="the target",
        suggests=("none",),
        **_MODEL,
    ),
    _option(
        "--host",
        "models",
        "a host of models, or none to load all here",
        value="URL",
        default="found by itself",
        suggests=("none",),
    ),
    _option("--temperature", "models", "sampling temperature", "float", "T", default="0"),
    _option("--seed", "models", "seed for models that take one", "int", "N", default="0"),
    _option(
        "--thinking", "models", "hidden reasoning of the target; 0 for none", "int", "TOKENS", default="its own way"
    ),
    _option("--repeat-partial", "models", "make a call again that breaks off in the middle of an answer", "switch"),
    _option("--max-tokens", "models", "new tokens of one model call", "int", "N", default="512 local, 4,000 hosted"),
    _option(
        "--profile",
        "models",
        "options kept under this name in your configuration file; typed ones win",
        value="NAME",
        completes="profile",
    ),
    _option("--rounds -r", "budgets", "at most N rounds", "int", "N", default="5"),
    _option("--timeout", "budgets", "seconds for the whole run", "float", "SECONDS", field="seconds"),
    _option("--tokens", "budgets", "tokens, read and written", "int", "N"),
    _option("--cost", "budgets", "US dollars", "float", "DOLLARS"),
    _option("--max-output", "budgets", "what models and programs put out", "float", "MB", field="output_mb"),
    _option(
        "--code-timeout", "programs", "time of one program", "float", "SECONDS", default="20", field="code_seconds"
    ),
    _option("--check-timeout", "programs", "time of one test", "float", "SECONDS", default="15", field="check_seconds"),
    _option("--memory", "programs", "memory of one program", "int", "MB", default="2048", field="memory_mb"),
    _option(
        "--in",
        "data",
        "variables, files for programs to use; in a shell FILE or NAME=FILE, tables are read into frames",
        "list",
        "NAMES",
        field="inputs",
        completes="input",
    ),
    _option("--out", "data", "variables to bring back", "list", "NAMES", field="outputs", completes="variable"),
    _option("--in-max", "data", "largest input", "int", "MB", default="512", field="input_mb"),
    _option("--out-max", "data", "largest value to bring back", "int", "MB", default="64", field="export_mb"),
    _option("--schema-only", "data", "tell models names and types of columns, no value", "switch"),
    _option("--hide", "data", "columns whose values models are not told", "list", "COLUMNS", completes="column"),
    _option("--drop", "data", "keep what --hide names from programs too", "switch"),
    _option(
        "--start", "steering", "the first decision, instead of the steerer's", value="KIND", choices=("code", "text")
    ),
    _option("--samples", "steering", "K independent first answers; the best-supported one is steered on", "int", "K"),
    _option(
        "--continue",
        "steering",
        "go on from an earlier run: its question and answer are told",
        value="RUN",
        field="follows",
        completes="run",
    ),
    _option("--check-only", "steering", "steer nothing: check the answer that stands below a line of ---", "flag"),
    _option(
        "--dialect",
        "steering",
        "how the steerer is spoken to: mini, instruct or codesteer-v1",
        value="NAME",
        default="what suits it",
        suggests=("mini", "instruct", "codesteer-v1"),
    ),
    _option("--faithful", "steering", "reproduce the published loop, for comparisons", "switch"),
    _option(
        "--without",
        "steering",
        "leave parts of the loop out, for comparisons: symbolic (that checker), stop (the steerer's word to end), "
        "head (what was trained on top of a small steerer)",
        "list",
        "PARTS",
        suggests=("symbolic", "stop", "head"),
    ),
    _option("--dry-run", "showing", "show what would be sent, and to whom, and send nothing", "flag"),
    _option("--time", "showing", "print where the time went", "flag"),
    _option("--quiet -q", "showing", "show the answer only", "flag"),
    _option("--json", "showing", "print the record as JSON instead of showing the run", "flag"),
    _option("--no-journal", "showing", "keep nothing on disk", "off", field="journal"),
    _option("--plain", "shell", "rounds as lines of text, also in a terminal", "flag"),
    _option("--answer", "shell", "codesteer check: the answer to check", value="TEXT"),
    _option("--program", "shell", "codesteer check: the file of the program to check", value="FILE", completes="file"),
)


def options_of(*, in_shell: bool) -> list[Option]:
    """The options that there are in a cell, or in a shell."""
    return [one for one in OPTIONS if in_shell or one.group != "shell"]


def typed(field: str) -> str:
    """The option that gives a setting, as it is typed."""
    return next((one.names[0] for one in OPTIONS if one.dest == field), f"--{field.replace('_', '-')}")


def help_text(*, in_shell: bool = False) -> str:
    """The options by group, with a line or two each."""
    shown = options_of(in_shell=in_shell)
    lines: list[str] = []
    for group, title in GROUPS.items():
        rows = [one for one in shown if one.group == group]
        if rows:
            lines += ["", f"{title}:", *(line for one in rows for line in _lines(one))]
    return "\n".join(lines[1:])


def _lines(one: Option) -> list[str]:
    name = ", ".join(one.names) + (f" {'|'.join(one.choices) or one.value}" if one.takes_value else "")
    told = one.help + (f" (default: {one.default})" if one.default else "")
    head = f"  {name:<26}"
    wrapped = textwrap.wrap(told, 88)
    if len(name) > 25:
        return [f"  {name}", *(f"{'':28}{line}" for line in wrapped)]
    return [head + wrapped[0], *(f"{'':28}{line}" for line in wrapped[1:])]
