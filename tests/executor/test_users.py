"""The same walls, limits and programs for an ordinary user, whoever runs the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(280)]
ROOT = Path(__file__).parents[2]
NOBODY = 65534
NEEDED = "import hypothesis, ipykernel, jupyter_client, msgspec, numpy, pandas, pytest, pytest_asyncio, pytest_timeout"


@pytest.fixture
def home() -> Iterator[Path]:
    """A home for the other user, with a copy of what the tests need, which root's own folders may hide."""
    folder = Path(tempfile.mkdtemp(prefix="cu-", dir="/tmp"))
    for name in ("codesteer_kernel", "magics/codesteer", "widgets/codesteer_widgets", "tests"):
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", folder / "source")
    (folder / "tmp").mkdir()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder)


def as_nobody(python: str, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run an interpreter as the other user with nothing of ours but the packages."""
    source = home / "source"
    packages = dict.fromkeys(path for path in sys.path if path.endswith("-packages"))
    environment = {
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join([*(str(source / name) for name in ("", "magics", "widgets")), *packages]),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(home / "hypothesis"),
    }
    return subprocess.run(
        [python, *words],
        capture_output=True,
        text=True,
        cwd=source,
        env=environment,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        timeout=240,
    )


SUITES = {
    "walls and limits": ("test_tiers.py", "test_walls.py", "test_limits.py", "test_space.py"),
    "ordinary programs": ("test_ordinary.py",),
    "hostile programs": ("test_hostile.py",),
    "cells": ("test_cells.py",),
    "hostile cells": ("test_hostile_cells.py",),
    "attacks": ("../attacks/test_attacks.py", "-k", "(limits- or seccomp-) and not bombs-"),
    "spawned": (
        *("test_jobs.py", "test_seatbelt.py", "test_spawned.py"),
        *("-k", "not test_spawned or limits or daemon or wall or dies"),
    ),
}


@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="an ordinary user runs these tests already")
@pytest.mark.parametrize("suite", SUITES)
def test_what_holds_for_root_holds_for_an_ordinary_user(home: Path, suite: str) -> None:
    version = sysconfig.get_python_version()
    found = [
        sys.executable,
        shutil.which(f"python{version}"),
        f"/usr/bin/python{version}",
        f"/usr/local/bin/python{version}",
    ]
    for python in dict.fromkeys(path for path in found if path):
        try:
            if as_nobody(python, home, "-c", NEEDED).returncode == 0:
                break
        except OSError:
            continue
    else:
        pytest.skip(f"no Python {version} with the packages of these tests can be run by another user")
    words = [f"tests/executor/{name}" if name.endswith(".py") else name for name in SUITES[suite]]
    done = as_nobody(python, home, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *words)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
