"""What stands for macOS and Windows where neither is: our sources in interpreters that lack what they lack."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from codesteer_kernel import config
from scripts.matrix import VERSIONS, Row, compiles, find, table, wants_torch

ROOT = Path(__file__).parents[2]

# An interpreter without what Windows lacks. sys.platform stays: the standard library itself would look for its own parts.
WITHOUT = """
import os, sys

class Absent:
    names = {"fcntl", "resource", "pwd", "grp", "termios"}
    def find_spec(self, name, path=None, target=None):
        if name in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

# What the standard library needs of them on this system is loaded before they go.
import asyncio, getpass, subprocess, tempfile, multiprocessing.util, tornado.platform.asyncio, IPython, zmq
for name in Absent.names:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Absent())
import socket, types
msvcrt = types.ModuleType("msvcrt")
msvcrt.LK_NBLCK = 2
msvcrt.locking = lambda descriptor, mode, count: None
sys.modules["msvcrt"] = msvcrt
"""


def run_without(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT + code, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=280, cwd=ROOT, env=dict(os.environ))


@pytest.mark.parametrize(
    "module",
    [
        "codesteer",
        "codesteer_kernel.cli",
        "codesteer_kernel.run",
        "codesteer_kernel.models",
        "codesteer_kernel.evaluation",
    ],
)
def test_every_door_opens_without_the_modules_that_windows_lacks(module: str) -> None:
    done = run_without(f"import {module}; print(sorted(name for name in Absent.names if name in sys.modules))")
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip() == "[]"


def test_the_runtime_folder_is_the_users_own_for_temporary_files_where_there_are_no_user_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "getuid")
    monkeypatch.setattr(config.tempfile, "gettempdir", lambda: str(tmp_path))
    assert config.runtime_dir() == tmp_path / "codesteer"
    assert (tmp_path / "codesteer").is_dir()


def test_modules_of_one_system_are_imported_where_that_system_is() -> None:
    """Outside the child's own side, which Windows never loads, no module needs them to be imported."""
    guarded = {"locking.py", "executor/locks.py"}
    found = []
    for path in (ROOT / "codesteer_kernel").rglob("*.py"):
        name = path.relative_to(ROOT / "codesteer_kernel").as_posix()
        if name in guarded or name.startswith("executor/child/"):
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            words = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            words += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [
                f"{name}: {word}" for word in words if word in ("fcntl", "resource", "pwd", "grp", "termios", "msvcrt")
            ]
    assert found == []


def test_the_page_names_tests_that_exist_and_marks_what_is_unproven() -> None:
    page = (ROOT / "docs" / "platforms.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert len(named) > 10
    assert {name for name in named if f"def {name}(" not in text} == set()
    rows = [line for line in page.splitlines() if line.startswith("| ") and "`test_" in line]
    assert all(("unproven" in row) or ("Linux" in row) for row in rows)


def test_every_version_of_the_matrix_is_one_that_the_package_takes() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">={VERSIONS[0]}"


def test_sources_compile_on_every_python_that_is_here(tmp_path: Path) -> None:
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert find(here) is not None
    for version in VERSIONS:
        if (python := find(version)) is not None:
            assert compiles(python) == (True, "")


def test_a_file_that_does_not_compile_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("def f(:\n")
    (tmp_path / "old.py").write_text('x = "\\d"\n')
    well, said = compiles(Path(sys.executable), (".",), tmp_path)
    assert not well
    assert "bad.py" in said
    if sys.version_info >= (3, 12):
        assert "old.py" in said


def test_what_was_not_run_is_named() -> None:
    rows = [
        Row(version="3.11", step="compile", state="ok"),
        Row(version="3.12", step="install", state="not run", note="no Python 3.12 on this machine"),
    ]
    assert "3.12     install          not run  no Python 3.12 on this machine" in table(rows)
    assert find("3.99") is None


def test_files_that_want_torch_are_told_from_those_that_name_it(tmp_path: Path) -> None:
    for name, text in {
        "test_inside.py": "def test_x():\n    import torch\n",
        "test_tiny.py": "from tests.models.tiny_llama import tiny_llama\n",
        "test_names.py": 'HEAVY = {"torch"}\n',
        "helper.py": "import torch\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert [path.name for path in wants_torch([tmp_path])] == ["test_inside.py", "test_tiny.py"]
