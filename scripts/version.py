"""One version: ``__version__`` in ``codesteer_kernel/__init__.py``. pyproject.toml and records read it; npm cannot.

python -m scripts.version            write it wherever npm keeps a copy
python -m scripts.version 0.2.0      change it, then write it
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["MANIFESTS", "copies", "current", "write"]

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "codesteer_kernel" / "__init__.py"
MANIFESTS = ("package.json", "widgets/package.json", "extension/lab/package.json", "extension/vscode/package.json")
_LOCK = "package-lock.json"
_OURS = "@codesteer/"
_LINE = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
_VERSION = re.compile(r"\d+\.\d+\.\d+")


def current(root: Path = ROOT) -> str:
    """The version of this checkout."""
    found = _LINE.search((root / SOURCE.relative_to(ROOT)).read_text(encoding="utf-8"))
    assert found is not None, "codesteer_kernel/__init__.py has no __version__"
    return found[1]


def copies(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Every copy that npm keeps: where it stands, and what it says."""
    for name, table in _tables(root):
        for place, holder, key in _places(table, lock=name == _LOCK):
            yield f"{name}{place}.{key}", holder[key]


def write(version: str, root: Path = ROOT) -> list[str]:
    """Make ``version`` the version everywhere; returns the files that changed."""
    source = root / SOURCE.relative_to(ROOT)
    text = source.read_text(encoding="utf-8")
    fresh = _LINE.sub(f'__version__ = "{version}"', text)
    changed = [str(source.relative_to(root))] if fresh != text else []
    source.write_text(fresh, encoding="utf-8")
    for name, table in _tables(root):
        before = json.dumps(table)
        for _, holder, key in _places(table, lock=name == _LOCK):
            holder[key] = version
        if json.dumps(table) != before:
            (root / name).write_text(json.dumps(table, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            changed.append(name)
    return changed


def _tables(root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in (*MANIFESTS, _LOCK):
        yield name, json.loads((root / name).read_text(encoding="utf-8"))


def _places(table: dict[str, Any], *, lock: bool) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Where a manifest, or the lock file with its copies of them, holds our version."""
    workspaces = [name.rpartition("/")[0] for name in MANIFESTS]
    inner = [(f"[{name!r}]", table["packages"][name]) for name in workspaces] if lock else []
    for place, holder in [("", table), *inner]:
        if "version" in holder:
            yield place, holder, "version"
        for group in ("dependencies", "devDependencies"):
            for dependency in holder.get(group, {}):
                if dependency.startswith(_OURS):
                    yield f"{place}.{group}", holder[group], dependency


def main(words: list[str]) -> int:
    """Write the version; returns the exit code."""
    version = words[0] if words else current()
    if not _VERSION.fullmatch(version):
        print(f"{version!r} is no version: three numbers, as in 0.2.0.", file=sys.stderr)
        return 2
    changed = write(version)
    print(f"{version}: {', '.join(changed) or 'nothing to change'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
