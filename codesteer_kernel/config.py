"""Where this project keeps its files, and what this machine can give: the settings that every room may ask for.

Environment variables win over the XDG conventions: ``CODESTEER_CACHE`` (weights, logs: may be deleted at any time),
``CODESTEER_HOME`` (runs and whatever else the user would miss), ``CODESTEER_CONFIG`` (the file of the user's own names),
``CODESTEER_THREADS`` (compute threads), ``CODESTEER_WORKER_GRACE`` (seconds an unused local model stays loaded),
``CODESTEER_RUNS_MB`` (how much room kept runs may take).
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

from .errors import BadInput, CacheNotWritable

__all__ = [
    "RUNS_VARIABLE",
    "TIER_VARIABLE",
    "available_memory",
    "cache_dir",
    "child_environment",
    "config_file",
    "data_dir",
    "default_threads",
    "runs_bytes",
    "runtime_dir",
    "secrets_of_environment",
    "worker_grace",
    "writable",
]

RUNS_VARIABLE = "CODESTEER_RUNS_MB"
TIER_VARIABLE = "CODESTEER_TIER_FLOOR"
_SECRET = re.compile(r"API_?KEY|(^|_)KEY(_|$)|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL", re.IGNORECASE)

# At least 8 characters with a digit among them, or 20 of any kind; no path, no address.
_KEY = re.compile(r"(?!/|~|\S*://)(?:(?=\D*\d)\S{8,}|sk-\S{5,}|\S{20,})")


def _base(variable: str, xdg: str, fallback: str) -> Path:
    if own := os.environ.get(variable):
        return Path(own).expanduser()
    base = os.environ.get(xdg)
    return (Path(base) if base else Path.home() / fallback) / "codesteer"


def cache_dir() -> Path:
    """The folder of everything that can be made again (weights, logs). Not created here; see :func:`writable`."""
    return _base("CODESTEER_CACHE", "XDG_CACHE_HOME", ".cache")


def data_dir() -> Path:
    """The folder of what the user would miss (runs). Not created here; see :func:`writable`."""
    return _base("CODESTEER_HOME", "XDG_DATA_HOME", ".local/share")


def config_file() -> Path:
    """The file of the user's own names (aliases, profiles), which need not exist: ``CODESTEER_CONFIG`` names another."""
    if own := os.environ.get("CODESTEER_CONFIG"):
        return Path(own).expanduser()
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "codesteer" / "config.toml"


def writable(folder: Path) -> Path:
    """Create ``folder`` if needed and return it.

    Raises:
        CacheNotWritable: it cannot be created or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".write-test-"):
            pass
    except OSError as fault:
        raise CacheNotWritable(
            f"The folder {folder} cannot be written ({fault.strerror or fault}).",
            "Make it writable, or set CODESTEER_CACHE (weights) or CODESTEER_HOME (runs) to another folder.",
        ) from None
    return folder


def runtime_dir() -> Path:
    """A private (0700) folder for sockets and locks, its path short enough for a Unix socket's name.

    Raises:
        CacheNotWritable: no such folder can be made, or the one there belongs to somebody else.
    """
    if not hasattr(os, "getuid"):
        # Windows: the folder for temporary files is the user's own, and its rights say so.
        return _made(Path(tempfile.gettempdir()) / "codesteer")
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base and len(base) <= 60 and os.access(base, os.W_OK):
        folder = Path(base) / "codesteer"
    else:
        temp = tempfile.gettempdir()
        folder = Path(temp if len(temp) <= 60 else "/tmp") / f"codesteer-{os.getuid()}"  # noqa: S108 (0700, owner checked)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if found.st_uid != os.getuid() or folder.is_symlink():
            raise PermissionError(1, "it belongs to somebody else")
        if found.st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as fault:
        raise CacheNotWritable(
            f"The runtime folder {folder} cannot be used ({fault.strerror or fault}).",
            "Set XDG_RUNTIME_DIR to a folder of your own.",
        ) from None
    return folder


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as fault:
        raise CacheNotWritable(
            f"The runtime folder {folder} cannot be used ({fault.strerror or fault}).",
            "Set TEMP to a folder of your own.",
        ) from None
    return folder


def default_threads() -> int:
    """Compute threads for a local model: physical cores this process may use, less one, at least one.

    One core stays free because oversubscribed threads cost far more than the missing one brings (measured: decoding
    fell from 41 to 2.8 tokens/s when two threads fought for one core). ``CODESTEER_THREADS`` overrides.

    Raises:
        BadInput: the variable is not a positive whole number.
    """
    if wish := os.environ.get("CODESTEER_THREADS"):
        if not wish.isdecimal() or int(wish) < 1:
            raise BadInput(f"CODESTEER_THREADS is {wish!r}.", "Set it to a whole number of at least 1.")
        return int(wish)
    return max(1, _usable_cores() - 1)


def worker_grace() -> float:
    """Seconds an unused local model stays loaded: ``CODESTEER_WORKER_GRACE``, 120 by default.

    Raises:
        BadInput: the variable is not a number of seconds.
    """
    wish = os.environ.get("CODESTEER_WORKER_GRACE", "120")
    try:
        seconds = float(wish)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise BadInput(f"CODESTEER_WORKER_GRACE is {wish!r}.", "Set it to a number of seconds.")
    return seconds


def runs_bytes() -> int:
    """How many bytes the kept runs may take together: ``CODESTEER_RUNS_MB``, 500 by default, times 1,000,000.

    Raises:
        BadInput: the variable is not a number above zero.
    """
    wish = os.environ.get(RUNS_VARIABLE, "500")
    try:
        megabytes = float(wish)
    except ValueError:
        megabytes = 0.0
    if not 0 < megabytes < float("inf"):
        raise BadInput(f"CODESTEER_RUNS_MB is {wish!r}.", "Set it to a number of megabytes above zero.")
    return int(megabytes * 1e6)


def _usable_cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    logical = len(affinity(0)) if affinity else os.cpu_count() or 1
    limits = [logical, _physical_cores() or logical]
    quota = _first_line("/sys/fs/cgroup/cpu.max").split()
    if len(quota) == 2 and quota[0].isdecimal():
        limits.append(max(1, int(quota[0]) // int(quota[1])))
    return min(limits)


def _physical_cores() -> int | None:
    """Distinct cores by their (package, core) ids; None where the system does not tell."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    cores = set()
    for block in text.split("\n\n"):
        fields = dict(line.split(":", 1) for line in block.splitlines() if ":" in line)
        ids = {name.strip(): value.strip() for name, value in fields.items()}
        if "core id" in ids:
            cores.add((ids.get("physical id", "0"), ids["core id"]))
    return len(cores) or None


def available_memory() -> int | None:
    """Bytes a new process can use without swapping, inside this control group; None where unknown."""
    free: list[int] = []
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    except OSError:
        if sys.platform == "darwin":
            free.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    group = Path("/sys/fs/cgroup")
    limit, used = _first_line(group / "memory.max"), _first_line(group / "memory.current")
    if limit.isdecimal() and used.isdecimal():
        # The page cache that the group's limit would reclaim first counts as free.
        free.append(int(limit) - int(used) + _inactive_file(group / "memory.stat"))
    return min(free) if free else None


def _inactive_file(stat: Path) -> int:
    try:
        for line in stat.read_text(encoding="ascii").splitlines():
            if line.startswith("inactive_file "):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def _first_line(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def child_environment() -> dict[str, str]:
    """This process' environment without anything that looks like a secret: what our child processes get."""
    return {name: value for name, value in os.environ.items() if not _SECRET.search(name)}


def secrets_of_environment() -> set[str]:
    """Values of this process' environment that are keys: by the variable's name, and by a key's looks.

    Words, switches, paths and addresses under such names (``SECRET_ENV=production``) are left out: they would be
    looked for, and found, in every text.
    """
    values = {value.strip() for name, value in os.environ.items() if _SECRET.search(name)}
    return {value for value in values if _KEY.fullmatch(value)}
