"""Where measurements were made: versions, the machine, the commit."""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

__all__ = ["commit", "hardware", "versions"]

_PACKAGES = ("codesteer", "xllamacpp", "anthropic", "openai", "torch", "transformers", "ray")
_CPUINFO = Path("/proc/cpuinfo")


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that matter, as far as they are installed."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def hardware() -> dict[str, str]:
    """The machine: ``cpu`` (its model), ``cores`` (that this process may use), ``memory`` (GB) and ``os``."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    found = {"cpu": _cpu(), "cores": str(cores), "os": f"{platform.system()} {platform.release()} {platform.machine()}"}
    with contextlib.suppress(AttributeError, OSError, ValueError):
        found["memory"] = f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.1f} GB"
    return found


def _cpu() -> str:
    with contextlib.suppress(OSError):
        for line in _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def commit() -> str:
    """The commit of the git checkout that this package's sources stand in, ``-dirty`` where they differ; else empty."""
    here = Path(__file__)
    commands = (
        # A checkout that this file only lies in (an environment inside somebody's project) is not ours.
        ["ls-files", "--error-unmatch", here.name],
        ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
    )
    said = ""
    for command in commands:
        git = ["git", "-C", str(here.parent), *command]
        try:
            said = subprocess.run(git, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
        except (OSError, subprocess.SubprocessError):
            return ""
    return said
