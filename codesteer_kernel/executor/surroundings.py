"""What a child kernel finds around it: the files that it may read, and its whole environment."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import sysconfig
from pathlib import Path

__all__ = ["environment", "interpreter", "packages", "readable"]

_PASSED_ON = (
    *("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "LD_LIBRARY_PATH"),
    # Without these, programs of Windows do not start, or do not find others.
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE"),
)
# Libraries of Objective-C end a process that was forked from one where they had begun; workers are forked.
_ADDED = {"darwin": {"OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"}}
_HOMES = {"win32": ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TEMP", "TMP")}
"""Variables that name a folder for the user's or for temporary files, where they are not HOME and TMPDIR."""


def packages() -> list[str]:
    """Package folders of this interpreter's path: those of the user and of ``PYTHONPATH`` need naming in ``-I`` mode.

    Other folders on the path are the user's own source, which programs have no business to read.
    """
    found = [path for path in sys.path if path and Path(path).name in ("site-packages", "dist-packages")]
    home = importlib.util.find_spec("ipykernel")
    if home is not None and home.origin is not None:
        found.append(str(Path(home.origin).parents[1]))
    return list(dict.fromkeys(found))


def readable(python: str) -> list[str]:
    """What a program may read on Linux: the system's libraries, this interpreter, its packages."""
    # Not to be had on Windows.
    from codesteer_kernel.executor.child.sandbox import SYSTEM_PATHS

    return [*SYSTEM_PATHS, *interpreter(python)]


def interpreter(python: str) -> list[str]:
    """Where an interpreter and its packages are."""
    places = [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, *packages()]
    places += [path for name in ("stdlib", "platstdlib") if (path := sysconfig.get_path(name))]
    command = Path(shutil.which(python) or python)
    for place in (command, command.resolve()):
        prefix = place.parent.parent
        if (prefix / "pyvenv.cfg").exists() or (prefix != Path.home() and any(prefix.glob("lib/python3*"))):
            places.append(str(prefix))
        places.append(str(place))
    return list(dict.fromkeys(place for place in places if place not in ("", "/")))


def environment(folder: Path, platform: str = sys.platform) -> dict[str, str]:
    """The child's whole environment: nothing of the user's but the allow-list, so no key and no token."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    homes = dict.fromkeys(_HOMES.get(platform, ("HOME", "TMPDIR")), str(folder))
    threads = str(min(4, os.cpu_count() or 1))
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        **kept,
        **homes,
        **_ADDED.get(platform, {}),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
    }
