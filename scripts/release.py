"""Make a release, and try it where nothing else is: a clean environment with neither Node nor a compiler on its path.

    python -m scripts.release               build wheel and vsix, check both, install the wheel, try it
    python -m scripts.release --no-build    check and try what lies in dist/

In ``dist/``: the wheel, the vsix, a bill of materials of the environment that the wheel was tried in, checksums.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Iterable
from pathlib import Path

from scripts.sbom import document
from scripts.version import copies, current

__all__ = ["Broken", "bare_environment", "check_vsix", "check_wheel"]

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
VSIX = ROOT / "extension" / "vscode" / "dist" / "codesteer.vsix"
TOOLS = ("node", "npm", "cc", "gcc", "g++", "clang", "make", "cmake", "cargo", "rustc")
"""What a user need not have."""

_LAB = "share/jupyter/labextensions/@codesteer/lab"
WHEEL_HAS = (
    "codesteer/__init__.py",
    "codesteer_kernel/cli.py",
    "codesteer_kernel/executor/child/guard.py",
    "codesteer_kernel/record/run.v1.schema.json",
    "codesteer_kernel/steering/prompts/target.toml",
    "codesteer_widgets/static/widget.js",
    "codesteer_widgets/static/style.css",
    f"{_LAB}/package.json",
    f"{_LAB}/install.json",
    "licenses/LICENSE",
)
VSIX_HAS = (
    "extension/package.json",
    "extension/readme.md",
    "extension/LICENSE.txt",
    "extension/dist/extension.js",
    "extension/dist/web/extension.js",
    "extension/dist/renderer.js",
    "extension/dist/licenses.txt",
    "extension/media/icon.png",
)
NEVER = ("node_modules/", "__pycache__/", "tests/", ".map", ".ts", ".env", ".vsix", ".gguf", ".safetensors", ".pyc")


class Broken(Exception):
    """A release that must not go out; the message says why."""


def check_wheel(path: Path, version: str) -> None:
    """See that a wheel holds what it has to, nothing else, and the right version.

    Raises:
        Broken: it does not.
    """
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        about = next((name for name in names if name.endswith(".dist-info/METADATA")), None)
        if about is None:
            raise Broken(f"{path.name} has no METADATA.")
        text = archive.read(about).decode()
    _check_names(path, names, WHEEL_HAS)
    if f"\nVersion: {version}\n" not in text:
        raise Broken(f"{path.name} is not of version {version}.")
    if not path.name.endswith("-py3-none-any.whl"):
        raise Broken(f"{path.name} is for one platform alone.")


def check_vsix(path: Path, version: str) -> None:
    """See that a vsix holds what it has to, nothing else, and the right version.

    Raises:
        Broken: it does not.
    """
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        _check_names(path, names, VSIX_HAS)
        manifest = json.loads(archive.read("extension/package.json"))
    if manifest["version"] != version:
        raise Broken(f"{path.name} is of version {manifest['version']}, not {version}.")
    for field in ("main", "browser", "icon"):
        if f"extension/{manifest[field].removeprefix('./')}" not in names:
            raise Broken(f"{path.name} names {manifest[field]} as its {field}, and has no such file.")


def bare_environment(folder: Path) -> dict[str, str]:
    """The variables of a machine that has the environment in ``folder``, and no other program.

    Raises:
        Broken: a tool is found all the same.
    """
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    path = str(folder / ("Scripts" if sys.platform == "win32" else "bin"))
    for tool in TOOLS:
        if shutil.which(tool, path=path):
            raise Broken(f"{tool} is on the path of the clean environment.")
    kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name.endswith("_PROXY")}
    kept |= {name: os.environ[name] for name in ("SSL_CERT_FILE", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return kept | {"PATH": path, "HOME": str(home), "USERPROFILE": str(home), "LANG": "C.UTF-8"}


def _check_names(path: Path, names: Iterable[str], wanted: Iterable[str]) -> None:
    names = list(names)
    missing = [one for one in wanted if not any(name == one or name.endswith(f"/{one}") for name in names)]
    if missing:
        raise Broken(f"{path.name} lacks {', '.join(missing)}.")
    strangers = [name for name in names for one in NEVER if name.endswith(one) or f"/{one}" in f"/{name}"]
    if strangers:
        raise Broken(f"{path.name} holds {', '.join(sorted(set(strangers))[:5])}.")


def _only(pattern: str) -> Path:
    found = sorted(DIST.glob(pattern))
    if len(found) != 1:
        raise Broken(f"{DIST} should hold one {pattern}; it has {len(found)}.")
    return found[0]


def _build() -> None:
    stale = {place: version for place, version in copies() if version != current()}
    if stale:
        raise Broken(f"npm's copies of the version differ: {', '.join(stale)}. Run: python -m scripts.version")
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    _run(["npm", "run", "--silent", "build"], cwd=ROOT)
    _run(["npm", "run", "--silent", "package"], cwd=ROOT)
    shutil.copy(VSIX, DIST / f"codesteer-{current()}.vsix")
    _run([sys.executable, "-m", "build", "--wheel", "--outdir", str(DIST), str(ROOT)])


def _try(wheel: Path) -> list[str]:
    """Install ``wheel`` into a clean environment and use it; returns what came to be installed."""
    with tempfile.TemporaryDirectory(prefix="codesteer-release-") as temporary:
        folder = Path(temporary) / "venv"
        venv.create(folder, with_pip=True)
        environment = bare_environment(folder)
        python = str(folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))

        def told(*words: str) -> str:
            return _run([python, *words], environment=environment, cwd=folder)

        pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:")
        told(*pip, str(wheel))
        _say("installed with neither Node nor a compiler")
        if told("-m", "codesteer_kernel.cli", "--version").split() != ["codesteer", current()]:
            raise Broken("The installed version is not the one of this checkout.")
        told("-m", "codesteer_kernel.cli", "help")
        _say("the doctor:\n" + told("-m", "codesteer_kernel.cli", "doctor"))
        told(*pip, f"{wheel}[lab,openai]")
        listed = told("-m", "jupyter", "labextension", "list")
        if "@codesteer/lab" not in listed or "enabled" not in listed.partition("@codesteer/lab")[2].splitlines()[0]:
            raise Broken(f"JupyterLab does not know the extension:\n{listed}")
        _say("JupyterLab has the extension")
        _scripted_run(told)
        _say("a run was steered to its answer")
        return told("-m", "pip", "freeze", "--disable-pip-version-check").splitlines()


def _scripted_run(told: object) -> None:
    from tests.run.scripts import model, two_rounds
    from tests.scripted import serving_in_thread

    assert callable(told)
    with serving_in_thread(two_rounds()) as server:
        words = ["solve", "--target", model(server), "--quiet", "What is the sum of the squares of 1 to 10?"]
        answer = told("-m", "codesteer_kernel.cli", *words)
    if answer.split() != ["385"]:
        raise Broken(f"The scripted run answered {answer!r} and not 385.")


def _run(command: list[str], *, environment: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    done = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Broken(f"{' '.join(command[:6])} ... ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def _write_beside(installed: list[str]) -> None:
    made = document()
    resolved = [line.split("==") for line in installed if "==" in line]
    made["components"] += [
        {"type": "library", "name": name, "version": version, "purl": f"pkg:pypi/{name.lower()}@{version}"}
        for name, version in resolved
    ]
    (DIST / f"codesteer-{current()}.cdx.json").write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    files = sorted(path for path in DIST.iterdir() if path.name != "SHA256SUMS")
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in files]
    (DIST / "SHA256SUMS").write_text("\n".join(sums) + "\n", encoding="utf-8")


def _say(text: str) -> None:
    print(text, flush=True)


def main(words: list[str]) -> int:
    """Make, check and try a release; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.release", description=__doc__)
    parser.add_argument("--no-build", action="store_true", help="take what lies in dist/")
    parser.add_argument("--wheel-only", action="store_true", help="without the VS Code extension")
    given = parser.parse_args(words)
    try:
        if not given.no_build:
            _build()
        wheel = _only("*.whl")
        check_wheel(wheel, current())
        _say(f"{wheel.name} holds what it has to")
        if not given.wheel_only:
            extension = _only("*.vsix")
            check_vsix(extension, current())
            _say(f"{extension.name} holds what it has to")
        _write_beside(_try(wheel))
    except Broken as fault:
        print(f"No release: {fault}", file=sys.stderr)
        return 1
    _say(f"{current()} is ready in {DIST}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
