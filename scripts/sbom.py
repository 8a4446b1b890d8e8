"""What the wheel and the VS Code extension carry, and what the wheel asks pip for: as CycloneDX, and for people.

    python -m scripts.sbom       write sbom.cdx.json and docs/licences.md

npm packages and their versions are read from package-lock.json: those that are bundled into the view, and those that the
lab extension does not share with JupyterLab. Python packages are not carried: they stand with the versions that
pyproject.toml takes, and with the licences that the installed ones declare.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from scripts.version import current

__all__ = ["Unknown", "carried", "document", "page", "required"]

ROOT = Path(__file__).parents[1]
SBOM = ROOT / "sbom.cdx.json"
PAGE = ROOT / "docs" / "licences.md"
LOADERS = ("css-loader", "style-loader")
"""What the builder of JupyterLab extensions puts into a bundle beside what is imported."""

_NAME = re.compile(r"[A-Za-z0-9._-]+")
# Trove classifiers, and the long names that some packages write, by SPDX identifier.
_SPDX = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "MIT License": "MIT",
    "MIT": "MIT",
    "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}


class Unknown(Exception):
    """A licence that cannot be told; the message names the package."""


def carried(root: Path = ROOT) -> list[dict[str, Any]]:
    """The npm packages inside the wheel and the VS Code extension, as CycloneDX components.

    Raises:
        Unknown: one declares no licence.
    """
    packages = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    view = json.loads((root / "widgets/package.json").read_text(encoding="utf-8"))
    lab = json.loads((root / "extension/lab/package.json").read_text(encoding="utf-8"))
    unshared = [name for name, shared in lab["jupyterlab"]["sharedPackages"].items() if shared is False]
    names = [name for name in (*view["dependencies"], *unshared, *LOADERS) if not name.startswith("@codesteer/")]
    found = []
    for name in sorted(set(_closure(packages, names))):
        entry = packages[f"node_modules/{name}"]
        if not entry.get("license"):
            raise Unknown(f"npm's {name} {entry['version']} declares no licence.")
        found.append(
            {
                "type": "library",
                "name": name,
                "version": entry["version"],
                "purl": f"pkg:npm/{name.replace('@', '%40')}@{entry['version']}",
                "licenses": [_licence(entry["license"])],
                "hashes": _hashes(entry.get("integrity", "")),
                "properties": [{"name": "codesteer:carried", "value": "true"}],
            }
        )
    return found


def required(root: Path = ROOT) -> list[dict[str, Any]]:
    """The Python packages that a plain install brings, as CycloneDX components; none of them is carried.

    Raises:
        Unknown: one declares no licence that can be told.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = []
    for requirement in sorted(project["dependencies"], key=str.lower):
        name = _NAME.match(requirement)
        assert name is not None
        found.append(
            {
                "type": "library",
                "name": name[0],
                "purl": f"pkg:pypi/{name[0].lower().replace('_', '-')}",
                "licenses": [_licence(_declared(name[0]))],
                "properties": [
                    {"name": "codesteer:carried", "value": "false"},
                    {"name": "codesteer:requirement", "value": requirement},
                ],
            }
        )
    return found


def document(root: Path = ROOT) -> dict[str, Any]:
    """The bill of materials. It holds no time and no serial number: the same checkout gives the same file."""
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": "codesteer",
                "version": current(root),
                "purl": f"pkg:pypi/codesteer@{current(root)}",
                "licenses": [_licence("Apache-2.0")],
            }
        },
        "components": [*carried(root), *required(root)],
    }


def page(made: dict[str, Any]) -> str:
    """The same for people, in Markdown."""
    lines = [
        "# Licences",
        "",
        "CodeSteer is under Apache-2.0. This page is written by `make sbom`, with `sbom.cdx.json` (CycloneDX) beside it.",
        "",
        "## Inside the wheel and the VS Code extension",
        "",
        "| npm package | version | licence |",
        "|---|---|---|",
    ]
    components = made["components"]
    lines += [f"| {one['name']} | {one['version']} | {_text(one)} |" for one in components if "version" in one]
    lines += ["", "## Asked of pip by a plain install, not carried", "", "| Python package | licence |", "|---|---|"]
    for one in components:
        if "version" not in one:
            requirement = one["properties"][1]["value"]
            lines.append(f"| {requirement} | {_text(one)} |")
    lines += [
        "",
        "Weights of models are neither carried nor asked for by pip: they are fetched when they are first used, and each",
        "has the licence that `codesteer models show NAME` names.",
    ]
    return "\n".join(lines) + "\n"


def _closure(packages: dict[str, Any], names: list[str]) -> Iterator[str]:
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        # What a loader needs while it builds does not travel; what the view imports does, with all that it imports.
        if name in seen:
            continue
        seen.add(name)
        yield name
        if name not in LOADERS:
            waiting += packages[f"node_modules/{name}"].get("dependencies", {})


def _declared(name: str) -> str:
    try:
        about = metadata.metadata(name).json
    except metadata.PackageNotFoundError:
        raise Unknown(f"{name} is not installed, so its licence cannot be read.") from None
    if expression := about.get("license_expression"):
        return str(expression)
    for classifier in about.get("classifier", []):
        last = classifier.rpartition(" :: ")[2]
        if classifier.startswith("License ::") and last in _SPDX:
            return _SPDX[last]
    written = str(about.get("license") or "").strip().splitlines()
    for line in written[:1]:
        if line in _SPDX.values() or line in _SPDX:
            return _SPDX.get(line, line)
    raise Unknown(f"{name} declares no licence that can be told ({written[:1] or 'nothing'}).")


def _licence(expression: str) -> dict[str, Any]:
    plain = re.fullmatch(r"[A-Za-z0-9.+-]+", expression)
    return {"license": {"id": expression}} if plain else {"expression": expression}


def _text(component: dict[str, Any]) -> str:
    licence = component["licenses"][0]
    return str(licence.get("expression") or licence["license"]["id"])


def _hashes(integrity: str) -> list[dict[str, str]]:
    import base64

    algorithm, _, digest = integrity.partition("-")
    if algorithm != "sha512":
        return []
    return [{"alg": "SHA-512", "content": base64.b64decode(digest).hex()}]


def main() -> int:
    """Write both files; returns the exit code."""
    try:
        made = document()
    except Unknown as fault:
        print(fault, file=sys.stderr)
        return 1
    SBOM.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(page(made), encoding="utf-8")
    print(f"{SBOM.name} and {PAGE.relative_to(ROOT)}: {len(made['components'])} components")
    return 0


if __name__ == "__main__":
    sys.exit(main())
