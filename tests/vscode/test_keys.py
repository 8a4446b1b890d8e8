"""No key of the extension is one of VS Code's own: read out of the VS Code that the end-to-end tests install."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.vscode.editor import MODULES

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
SERVER = MODULES / "code-server" / "lib" / "vscode"
# How VS Code writes a key: the code of the key (31 is A), and these bits for what is held with it.
CTRL, ALT, KEY_A = 2048, 512, 31
CTRL_K = CTRL + KEY_A + 10


def ours() -> dict[str, int]:
    """The second strokes of our keys: all begin with Ctrl+K."""
    manifest = json.loads((ROOT / "extension" / "vscode" / "package.json").read_text(encoding="utf-8"))
    keys = [one["key"] for one in manifest["contributes"]["keybindings"]]
    assert all(re.fullmatch(r"ctrl\+k alt\+[a-z]", key) for key in keys)
    return {key: ALT + KEY_A + ord(key[-1]) - ord("a") for key in keys}


def seconds_of_vscode() -> set[int]:
    """The second strokes that VS Code itself binds after Ctrl+K."""
    script = (SERVER / "out" / "vs" / "code" / "browser" / "workbench" / "workbench.js").read_text(encoding="utf-8")
    return {int(second) for second in re.findall(rf"\({CTRL_K},(\d+)\)", script)}


def keys_of_extensions() -> Iterator[str]:
    """The keys that the extensions bind which come with VS Code."""
    for path in SERVER.glob("extensions/*/package.json"):
        bound = json.loads(path.read_text(encoding="utf-8")).get("contributes", {}).get("keybindings", [])
        for one in bound if isinstance(bound, list) else [bound]:
            yield from (one[name].lower() for name in ("key", "linux", "win", "mac") if name in one)


def test_no_key_is_one_of_vscodes_own() -> None:
    theirs = seconds_of_vscode()
    # Known ones are found: Ctrl+K Ctrl+S opens the list of keys, Ctrl+K Z hides all but the editor.
    assert {CTRL + KEY_A + 18, KEY_A + 25} <= theirs
    assert {key for key, second in ours().items() if second in theirs} == set()


def test_no_key_is_one_of_an_extension_that_comes_with_vscode() -> None:
    theirs = set(keys_of_extensions())
    assert "ctrl+k v" in theirs
    assert theirs & set(ours()) == set()
