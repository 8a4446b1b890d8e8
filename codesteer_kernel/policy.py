"""What the administrator of a machine allows: one file that nothing of a user's can loosen.

``/etc/codesteer/policy.toml`` (on macOS in ``/Library/Application Support/codesteer``, on Windows in
``ProgramData/codesteer``), and ``etc/codesteer/policy.toml`` of the Python installation. Where both are, both hold. No
variable, option or setting names another file; who may write these files is the file system's to say.

    [models]
    allow = ["embedded", "openai/gpt-5*"]     # patterns of names, aliases already replaced
    [hosts]
    allow = ["api.openai.com", "localhost"]   # whom models, hosts and gateways may be asked at
    [limits]
    rounds = 5                                # the most that a run may ask for, by the options' names
    timeout = 600
    isolation = "landlock"                    # the weakest tier
    [data]
    schema-only = true
    hide = ["*salary*"]
    [runs]
    journal = true

A file that cannot be read or understood lets nothing run.
"""

from __future__ import annotations

import ipaddress
import os
import sys
import tomllib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from .errors import BadConfig, NotAllowed, nearest
from .option_table import OPTIONS

__all__ = ["FILES", "Policy", "host_of", "policy"]

_LIMITS = {
    one.names[0][2:]: one.dest
    for one in OPTIONS
    if one.kind in ("int", "float") and one.dest not in ("temperature", "seed", "thinking")
}


def _places() -> tuple[Path, ...]:
    if sys.platform == "darwin":
        system = Path("/Library/Application Support/codesteer")
    elif sys.platform == "win32":
        # Not by the variable of that name, which is the user's to set.
        system = Path(os.path.splitdrive(sys.base_prefix)[0] + "\\") / "ProgramData" / "codesteer"
    else:
        system = Path("/etc/codesteer")
    return system / "policy.toml", Path(sys.prefix) / "etc" / "codesteer" / "policy.toml"


FILES = _places()
"""The files that count."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What is allowed. None: whatever the user likes.

    ``limits`` are the largest values by setting. ``isolation`` are the tiers that programs must have at least;
    ``files`` are where all this stands.
    """

    models: tuple[tuple[str, ...], ...] = ()
    hosts: tuple[tuple[str, ...], ...] = ()
    limits: dict[str, float] = {}
    isolation: tuple[str, ...] = ()
    schema_only: bool = False
    hide: tuple[str, ...] = ()
    journal: bool = False
    files: tuple[Path, ...] = ()

    @property
    def _told(self) -> str:
        return f"The administrator of this machine says so ({', '.join(map(str, self.files))})."

    def check_model(self, names: Iterable[str]) -> None:
        """Refuse a model none of whose ``names`` is allowed.

        Raises:
            NotAllowed: the model, and what is allowed, are named.
        """
        names = list(names)
        for allowed in self.models:
            if not any(fnmatchcase(name, pattern) for name in names for pattern in allowed):
                raise NotAllowed(
                    f"The model {names[0]} is not allowed here. {self._told}", f"Allowed: {', '.join(allowed)}."
                )

    def check_address(self, url: str, usual: str = "") -> None:
        """Refuse an address whose host is not allowed.

        Where models are limited and hosts are not, a provider's models may be asked at its ``usual`` address alone: a name
        that is allowed must not lead elsewhere.

        Args:
            url: ``http(s)://...``, or ``unix:...``, which counts as ``localhost``.
            usual: where the provider is, unless somebody says otherwise.

        Raises:
            NotAllowed: the host, and what is allowed, are named.
        """
        host = host_of(url)
        for allowed in self.hosts:
            if not any(_matches(host, pattern) for pattern in allowed):
                raise NotAllowed(
                    f"The host {host} is not allowed here. {self._told}", f"Allowed: {', '.join(allowed)}."
                )
        if self.models and not self.hosts and usual and host != host_of(usual):
            raise NotAllowed(f"The host {host} is not allowed here. {self._told}", f"Allowed: {host_of(usual)}.")

    def limited(self, name: str, value: Any, usual: Any, option: str) -> Any:
        """``value``, or the limit where the user did not choose one.

        Raises:
            NotAllowed: the user chose more than is allowed.
        """
        most = self.limits.get(name)
        if most is None or (value is not None and value <= most):
            return value
        if value is not None and value != usual:
            raise NotAllowed(
                f"{option} is {value}; at most {most:g} is allowed here. {self._told}", f"Give {option} {most:g}."
            )
        return type(usual)(most) if isinstance(usual, int | float) else most

    def lines(self) -> list[str]:
        """What is limited, a line each, for people."""
        lines = [f"models: {', '.join(one)}" for one in self.models]
        lines += [f"hosts: {', '.join(one)}" for one in self.hosts]
        lines += [f"{option}: at most {self.limits[name]:g}" for option, name in _LIMITS.items() if name in self.limits]
        lines += [f"isolation: at least {tier}" for tier in self.isolation]
        lines += ["schema-only: always"] if self.schema_only else []
        lines += [f"hide: always {', '.join(self.hide)}"] if self.hide else []
        lines += ["journal: always"] if self.journal else []
        return lines


def policy() -> Policy:
    """What the files say now; they are read each time, and what both say holds.

    Raises:
        BadConfig: a file cannot be read or holds something that means nothing.
    """
    found = Policy()
    for path in FILES:
        try:
            text = path.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, UnicodeDecodeError) as fault:
            raise BadConfig(f"{path} cannot be read ({fault}), so nothing may run.", _ASK) from None
        found = _both(found, _read(path, text))
    return found


_ASK = "Ask the administrator of this machine."
_KNOWN: dict[str, dict[str, type | tuple[type, ...]]] = {
    "models": {"allow": list},
    "hosts": {"allow": list},
    "limits": {**dict.fromkeys(_LIMITS, (int, float)), "isolation": str},
    "data": {"schema-only": bool, "hide": list},
    "runs": {"journal": bool},
}


def _read(path: Path, text: str) -> Policy:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise BadConfig(f"{path} is not TOML ({fault}), so nothing may run.", _ASK) from None
    for table, fields in tables.items():
        known = _KNOWN.get(table)
        if known is None or not isinstance(fields, dict):
            hint = nearest(table, _KNOWN) or _ASK
            raise BadConfig(f"{path} has {table!r}, which means nothing, so nothing may run.", hint)
        for field, value in fields.items():
            if field not in known or not _fits(value, known[field]):
                hint = nearest(field, [one for one in known if one != field]) or _ASK
                raise BadConfig(
                    f"{path} has [{table}] {field} = {value!r}, which means nothing, so nothing may run.", hint
                )
    limits = dict(tables.get("limits", {}))
    isolation = limits.pop("isolation", None)
    data = tables.get("data", {})
    return Policy(
        models=_rule(tables, "models"),
        hosts=_rule(tables, "hosts"),
        limits={_LIMITS[option]: value for option, value in limits.items()},
        isolation=(isolation,) if isolation else (),
        schema_only=data.get("schema-only", False),
        hide=tuple(data.get("hide", ())),
        journal=tables.get("runs", {}).get("journal", False),
        files=(path,),
    )


def _rule(tables: dict[str, Any], name: str) -> tuple[tuple[str, ...], ...]:
    return (tuple(tables[name]["allow"]),) if "allow" in tables.get(name, {}) else ()


def _fits(value: Any, kind: type | tuple[type, ...]) -> bool:
    if kind is list:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if kind is bool:
        return isinstance(value, bool)
    if kind is str:
        return isinstance(value, str) and bool(value)
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _both(one: Policy, other: Policy) -> Policy:
    limits = {
        name: min(limit for limit in (one.limits.get(name), other.limits.get(name)) if limit is not None)
        for name in {*one.limits, *other.limits}
    }
    return Policy(
        models=one.models + other.models,
        hosts=one.hosts + other.hosts,
        limits=limits,
        isolation=one.isolation + other.isolation,
        schema_only=one.schema_only or other.schema_only,
        hide=one.hide + other.hide,
        journal=one.journal or other.journal,
        files=one.files + other.files,
    )


def host_of(url: str) -> str:
    """The host of an address, in one spelling: names in small letters, this machine as ``localhost``.

    Other names that mostly lead here (``x.localhost``) are looked up like any other, so they count as any other.
    """
    if url.startswith("unix:"):
        return "localhost"
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    try:
        return "localhost" if ipaddress.ip_address(host).is_loopback else host
    except ValueError:
        return host


def _matches(host: str, pattern: str) -> bool:
    wanted = host_of(f"http://[{pattern}]" if ":" in pattern else f"http://{pattern}") or pattern
    return fnmatchcase(host, wanted)
