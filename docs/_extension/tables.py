"""Pages of what the code holds as data: options, settings, commands, the record's fields, events."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from typing import Any, get_args

from traitlets.config import Config

from codesteer_kernel.command_table import COMMANDS
from codesteer_kernel.configuring import CodeSteer
from codesteer_kernel.option_table import GROUPS, OPTIONS, Option
from codesteer_kernel.record import events
from codesteer_kernel.record.schema import record_schema

__all__ = ["table_pages"]

_OPTIONS = """\
# Options and settings

What may follow `%%codesteer`, `codesteer solve` and `codesteer check`. Made from `codesteer_kernel/option_table.py`, as the
parser is."""
_SETTINGS = """\
## Settings

The defaults of all runs: `%config CodeSteer.NAME = VALUE` for a notebook, [files](../configuration.md) for good."""
_COMMANDS = """\
# Commands

`%codesteer NAME` in a notebook, `codesteer NAME` in a shell. Made from `codesteer_kernel/command_table.py`, as the help
and the Tab key are."""
_PLACES = {
    "both": ("In a notebook and in a shell", "codesteer"),
    "notebook": ("In a notebook", "%codesteer"),
    "shell": ("In a shell", "codesteer"),
}
_RECORD = """\
# The record, field by field

Made from the JSON Schema of a [record](../record.md). A field without a default is always there."""
_EVENTS = """\
# Events

What the engine emits while a run goes on, in this order of life; each has `seq` (from 1, without gaps) and `at` (seconds
since the run began), and is told apart by `type`. `async for event in codesteer.steer(...)` yields them."""


def table_pages() -> dict[str, str]:
    """The pages by name, as Markdown."""
    return {"options": _options(), "commands": _commands(), "record-fields": _record(), "events": _events()}


def _options() -> str:
    parts = [_OPTIONS]
    for group, title in GROUPS.items():
        rows = [(_spelt(one), one.help, one.default) for one in OPTIONS if one.group == group]
        parts += [f"## {title}", _table(("option", "what it says", "default"), rows)]
    usual = CodeSteer(config=Config())
    rows = [
        (f"`CodeSteer.{name}`", trait.help, f"`{getattr(usual, name)!r}`")
        for name, trait in sorted(CodeSteer.class_traits(config=True).items())
    ]
    parts += [_SETTINGS, _table(("setting", "what it says", "default"), rows)]
    return _page(parts)


def _spelt(one: Option) -> str:
    value = "\\|".join(one.choices) or one.value
    return ", ".join(f"`{name}`" for name in one.names) + (f" {value}" if one.takes_value and value else "")


def _commands() -> str:
    parts = [_COMMANDS]
    for place, (title, start) in _PLACES.items():
        parts.append(f"## {title}")
        for one in COMMANDS:
            if one.at == place:
                parts += [
                    f"### `{one.name}`",
                    f"```text\n{start} {one.usage}\n```",
                    f"{one.help[:1].upper()}{one.help[1:]}.",
                ]
    return _page(parts)


def _record() -> str:
    parts = [_RECORD]
    for name, part in record_schema()["$defs"].items():
        required = part.get("required", ())
        rows = [
            (_code(field), _type(told), "" if field in required else _default(told.get("default")))
            for field, told in part.get("properties", {}).items()
        ]
        parts += [f"## {name}", _plain(part.get("description", "")), _table(("field", "type", "default"), rows)]
    return _page(parts)


def _type(told: dict[str, Any]) -> str:
    if "$ref" in told:
        name = told["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in told:
        return " or ".join(_type(one) for one in told["anyOf"])
    if "enum" in told:
        return ", ".join(f"`{one}`" for one in told["enum"])
    kind = told.get("type", "any")
    if kind == "array" and "items" in told:
        return f"list of {_type(told['items'])}"
    if kind == "object" and isinstance(told.get("additionalProperties"), dict):
        return f"{_type(told['additionalProperties'])} by name"
    return str(kind)


def _default(value: object) -> str:
    if isinstance(value, dict) and value:
        return "that of its fields"
    return f"`{value!r}`"


def _events() -> str:
    parts = [_EVENTS]
    for event in get_args(events.Event):
        rows = [(_code(name), _code(kind)) for name, kind in inspect.get_annotations(event).items()]
        parts += [f"## `{event.__struct_config__.tag}`", f"`{event.__name__}`: {_plain(event.__doc__ or '')}"]
        parts.append(_table(("field", "type"), rows))
    return _page(parts)


def _page(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


def _code(text: str) -> str:
    """Text in a cell of a table, as code."""
    return f"`{text}`".replace("|", "\\|")


def _plain(docstring: str) -> str:
    """A docstring's words in Markdown: one paragraph, single backticks."""
    return " ".join(docstring.replace("``", "`").split())


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The rows as a table; nothing where there are none."""
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines) if len(lines) > 2 else ""
