"""The user's own names: aliases of models, and profiles of options, in one small TOML file.

``[models.NAME]`` says what ``NAME`` stands for: ``model`` (a name that can be opened, or another alias) and options:
``base_url``, ``key_variable``, ``context``, or what its backend takes. ``[profiles.NAME]`` holds options of a run by
the names they are typed with. Keys never stand in the file, only the names of the variables that hold them.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from ..config import config_file
from ..errors import BadConfig, nearest
from .plugins import BUILT_IN

__all__ = ["Alias", "Named", "OwnNames", "expand", "own_names"]

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_TYPES: dict[str, type] = {"model": str, "base_url": str, "key_variable": str, "context": int}
# How keys begin, and what nothing but a key (or a hash) looks like: long, without a separator, letters and digits.
_KEY = re.compile(r"(?<![A-Za-z0-9])(?:(?:sk|pk|rk|gsk|xai|hf|ghp|pplx|nvapi)[-_]|AIza)[A-Za-z0-9_-]{16,}|Bearer\s")
_KEY_FIELDS = {"key", "api_key", "apikey", "token", "secret", "password", "authorization"}
_RANDOM = re.compile(r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{28,}")


class Alias(msgspec.Struct, frozen=True, kw_only=True):
    """What one alias stands for: a model's name (or another alias) and the options to open it with."""

    model: str
    options: dict[str, Any]


class OwnNames(msgspec.Struct, frozen=True, kw_only=True):
    """What the user's file at ``path`` defines. A profile's fields are checked where they are used."""

    path: Path
    models: dict[str, Alias] = {}
    profiles: dict[str, dict[str, Any]] = {}


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A model's name with no alias left in it, the options to open it with, and the aliases on the way to it."""

    name: str
    options: dict[str, Any]
    via: tuple[str, ...] = ()


def own_names() -> OwnNames:
    """Read the user's file; no file defines nothing.

    Raises:
        BadConfig: the file cannot be read or holds something that cannot work; file and place are named.
    """
    path = config_file()
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return OwnNames(path=path)
    except OSError as fault:
        raise BadConfig(f"{path} cannot be read ({fault.strerror}).", "Make it readable, or move it away.") from None
    except UnicodeDecodeError:
        raise BadConfig(f"{path} is not UTF-8 text.", "Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as fault:
        raise BadConfig(f"{path} is not TOML: {fault}.", "Mend that line.") from None
    for name in tables:
        if name not in ("models", "profiles"):
            hint = nearest(name, ("models", "profiles")) or "It holds [models.NAME] and [profiles.NAME]."
            raise BadConfig(f"{path} has a table {name!r}, which means nothing.", hint)
    models = {name: _alias(path, name, table) for name, table in _entries(path, tables, "models")}
    profiles = dict(_entries(path, tables, "profiles"))
    return OwnNames(path=path, models=models, profiles=profiles)


def expand(name: str, options: dict[str, Any] | None = None) -> Named:
    """``name`` with aliases replaced by what they stand for; ``options``, then those of outer aliases, win.

    Raises:
        BadConfig: the user's file is wrong, or the aliases go in a circle.
    """
    name = name.strip()
    found = dict(options or {})
    if "/" in name or name in BUILT_IN:
        return Named(name=name, options=found)
    own = own_names()
    via: list[str] = []
    while name in own.models:
        if name in via:
            raise BadConfig(f"{own.path}: the aliases {' -> '.join([*via, name])} go in a circle.", "Break it.")
        via.append(name)
        found = own.models[name].options | found
        name = own.models[name].model
    if via and "/" not in name and name != "embedded":
        hint = nearest(name, own.models) or "Names look like provider/model."
        raise BadConfig(f"{own.path}: [models.{via[-1]}] stands for {name!r}, which is no model's name.", hint)
    return Named(name=name, options=found, via=tuple(via))


def _entries(path: Path, tables: dict[str, Any], kind: str) -> list[tuple[str, dict[str, Any]]]:
    """The sub-tables of one kind, their names and texts looked at."""
    found = tables.get(kind, {})
    if not isinstance(found, dict):
        raise BadConfig(f"{path}: {kind} is not a table.", f"Write [{kind}.NAME].")
    for name, table in found.items():
        place = f"[{kind}.{name}]"
        if not isinstance(table, dict):
            raise BadConfig(f"{path}: {kind}.{name} is not a table.", f"Write {place}.")
        if not _NAME.fullmatch(name):
            raise BadConfig(f"{path}: {name!r} cannot be a name.", "Use letters, digits, dots, dashes, underscores.")
        if kind == "models" and name in (*BUILT_IN, "none"):
            raise BadConfig(f"{path}: {place} takes a name that already means something.", "Choose another.")
        for field, value in table.items():
            _refuse_keys(path, f"{place} {field}", value)
    return list(found.items())


def _alias(path: Path, name: str, table: dict[str, Any]) -> Alias:
    place = f"{path}: [models.{name}]"
    for field, kind in _TYPES.items():
        value = table.get(field)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            raise BadConfig(f"{place} {field} is not {'a text' if kind is str else 'a whole number'}.")
    if not table.get("model"):
        hint = next((nearest(field, ["model"]) for field in table if nearest(field, ["model"])), "")
        raise BadConfig(f"{place} does not say what it stands for.", hint or 'Write model = "provider/model".')
    variable = table.get("key_variable")
    if variable is not None and not _VARIABLE.fullmatch(variable):
        # Not quoted: whoever mistakes the field puts a key there.
        raise BadConfig(
            f"{place} key_variable is not the name of a variable.", "Name the variable that holds the key: MY_API_KEY."
        )
    if "?" in table.get("base_url", "") or "@" in table.get("base_url", ""):
        raise BadConfig(f"{place} base_url holds more than an address.", "Name a variable with the key: key_variable.")
    return Alias(model=table["model"], options={field: value for field, value in table.items() if field != "model"})


def _refuse_keys(path: Path, place: str, value: Any) -> None:
    """Refuse a text that looks like a key, without repeating it."""
    if isinstance(value, dict):
        for field, part in value.items():
            _refuse_keys(path, f"{place}.{field}", part)
    elif isinstance(value, list):
        for part in value:
            _refuse_keys(path, place, part)
    elif isinstance(value, str) and (
        re.split(r"[ .]", place)[-1].lower() in _KEY_FIELDS
        or _KEY.search(value)
        or ("/" not in value and _RANDOM.search(value))
    ):
        raise BadConfig(
            f"{path}: {place} looks like a key; keys do not belong into files.",
            "Put it into an environment variable or the keyring, and name that variable by key_variable.",
        )
