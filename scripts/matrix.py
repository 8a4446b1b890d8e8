"""Python 3.11 to 3.13: what runs on each that is on this machine, and what was not run.

    python -m scripts.matrix              each interpreter compiles our sources; mypy checks them as for each version
    python -m scripts.matrix --install    and in a fresh environment of each: the package, its tests without kernels

Interpreters are looked for on the path (``python3.12``) and among pyenv's. The table names what was not run, and why. Exits
with 1 when something that was run failed.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

__all__ = ["VERSIONS", "Row", "compiles", "find", "table", "wants_torch"]

ROOT = Path(__file__).parents[1]
VERSIONS = ("3.11", "3.12", "3.13")
SOURCES = ("codesteer_kernel", "magics", "widgets/codesteer_widgets", "scripts", "benchmarks", "tests", "examples")
_TORCH = re.compile(r"^ *import torch\b|\btiny_llama\b", re.MULTILINE)
FAST = "not kernel and not real and not browser"

# In the interpreter that is tried: nothing of ours is imported, nothing is written.
_COMPILE = """
import pathlib, sys, warnings
warnings.simplefilter("error")
faults = 0
for folder in sys.argv[1:]:
    for path in sorted(pathlib.Path(folder).rglob("*.py")):
        if "node_modules" in path.parts:
            continue
        try:
            compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
        except (SyntaxError, ValueError, Warning) as fault:
            faults += 1
            print(f"{path}: {type(fault).__name__}: {fault}")
sys.exit(faults > 0)
"""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One step on one version: ``state`` is ``ok``, ``failed`` or ``not run``."""

    version: str
    step: str
    state: str
    note: str = ""


def find(version: str) -> Path | None:
    """An interpreter of ``version`` on this machine; None where there is none that starts."""
    places = [Path(found)] if (found := shutil.which(f"python{version}")) else []
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    places += sorted(pyenv.glob(f"{version}.*/bin/python"))
    places += [Path(sys.executable)] if f"{sys.version_info[0]}.{sys.version_info[1]}" == version else []
    for place in places:
        asked = [str(place), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        # A shim of pyenv is there for every version, and starts those alone that are chosen.
        if done.returncode == 0 and done.stdout.strip() == version:
            return place
    return None


def compiles(python: Path, folders: tuple[str, ...] = SOURCES, root: Path = ROOT) -> tuple[bool, str]:
    """Whether ``python`` compiles every file below ``folders`` without a warning; what it says where it does not."""
    given = [str(python), "-I", "-c", _COMPILE, *folders]
    done = subprocess.run(given, cwd=root, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout.strip() or done.stderr.strip()


def table(rows: list[Row]) -> str:
    """The rows for people."""
    lines = [f"{'PYTHON':8} {'STEP':16} {'RESULT':8} "]
    lines += [
        f"{row.version:8} {row.step:16} {row.state:8} {row.note.splitlines()[-1] if row.note else ''}" for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def _rows(versions: tuple[str, ...], *, install: bool) -> Iterator[Row]:
    for version in versions:
        yield _row(version, "types", *_mypy(version))
        python = find(version)
        steps = ("compile", "install", "fast tests")
        if python is None:
            for step in steps:
                yield Row(version=version, step=step, state="not run", note=f"no Python {version} on this machine")
            continue
        yield _row(version, "compile", *compiles(python))
        if not install:
            for step in steps[1:]:
                yield Row(version=version, step=step, state="not run", note="--install was not given")
            continue
        with tempfile.TemporaryDirectory(prefix=f"codesteer-{version}-") as folder:
            well, note = _install(python, Path(folder))
            yield _row(version, "install", well, note)
            if well:
                yield _row(version, "fast tests", *_test(Path(folder)))
            else:
                yield Row(version=version, step="fast tests", state="not run", note="it could not be installed")


def _row(version: str, step: str, well: bool, note: str) -> Row:
    return Row(version=version, step=step, state="ok" if well else "failed", note=note)


def _mypy(version: str) -> tuple[bool, str]:
    return _run([sys.executable, "-m", "mypy", "--python-version", version, "--cache-dir", f".mypy_cache/{version}"])


def _install(python: Path, folder: Path) -> tuple[bool, str]:
    well, note = _run([str(python), "-m", "venv", str(folder)])
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    needed = [
        "-e",
        f"{ROOT}[data,openai,anthropic,keys]",
        "pytest",
        "pytest-asyncio",
        "pytest-timeout",
        "hypothesis",
        "jsonschema",
    ]
    needed += ["cryptography", "nbconvert", "openpyxl", "playwright", "reasoning-gym", "sympy", "scipy"]
    needed += ["jinja2", "tokenizers"]
    return _run([*pip, *needed]) if well else (well, note)


def _test(folder: Path) -> tuple[bool, str]:
    python = str(folder / "bin" / "python")
    rooms = ("record", "models", "steering", "checkers", "store", "render", "run", "symbench", "executor")
    left_out = list(wants_torch(ROOT / "tests" / room for room in rooms))
    asked = [python, "-m", "pytest", "-q", "--durations=0", "-m", FAST, *(f"tests/{room}" for room in rooms)]
    # Names of models on transformers are looked at where it is installed.
    asked += ["-k", "not hf/", *(f"--ignore={path.relative_to(ROOT)}" for path in left_out)]
    well, note = _run(asked)
    return (
        well,
        f"{note}; without those of hf/ models and {', '.join(path.name for path in left_out)}, which want torch",
    )


def wants_torch(folders: Iterable[Path]) -> Iterator[Path]:
    """The test files below ``folders`` that cannot run without torch: some gigabytes in a fresh environment."""
    for folder in folders:
        for path in sorted(folder.rglob("test_*.py")):
            if _TORCH.search(path.read_text(encoding="utf-8")):
                yield path


def _run(command: list[str]) -> tuple[bool, str]:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said = (done.stdout.strip() or done.stderr.strip()) if done.returncode == 0 else done.stderr + done.stdout
    return done.returncode == 0, said.strip()


def main(words: list[str]) -> int:
    """Try what can be tried; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.matrix", description=__doc__)
    parser.add_argument("--install", action="store_true", help="in a fresh environment of each, with tests")
    parser.add_argument("--only", nargs="+", choices=VERSIONS, default=VERSIONS)
    given = parser.parse_args(words)
    rows = []
    for row in _rows(tuple(given.only), install=given.install):
        rows.append(row)
        # Each takes minutes: who waits sees how far it is.
        print(f"{row.version} {row.step}: {row.state}", file=sys.stderr, flush=True)
        if row.state == "failed":
            print(f"--- {row.version} {row.step}\n{row.note}\n", file=sys.stderr)
    print(table(rows))
    return int(any(row.state == "failed" for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
