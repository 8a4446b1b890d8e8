"""A newcomer finds every room on the map, and every habit under one command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.test_architecture import LEVEL

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
HABITS = ("setup", "lint", "test", "bench", "docs", "lab", "release", "sbom", "matrix", "hooks")


def mapped() -> set[str]:
    """What the map's first column names."""
    table = PAGE.partition("## The map")[2].partition("\n\n**")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def test_every_room_is_on_the_map() -> None:
    names = {name.removeprefix("codesteer_kernel/").removesuffix(".py") for name in mapped()}
    doors = {"codesteer": "magics/codesteer", "codesteer_widgets": "widgets"}
    assert {room for room in LEVEL if doors.get(room, room) not in names} == set()


def test_every_folder_of_the_checkout_is_on_the_map() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    built = {"node_modules", "out", "dist", "build", "test-results"}
    heads = {name.partition("/")[0] for name in mapped()}
    assert folders - built - heads == set()


def test_the_map_shows_nothing_that_is_not_there() -> None:
    missing = [name for name in mapped() if not ((ROOT / name).exists() or (ROOT / "codesteer_kernel" / name).exists())]
    assert missing == []


@pytest.mark.parametrize("habit", HABITS)
def test_every_habit_is_one_command(habit: str) -> None:
    assert f"make {habit}" in PAGE
    assert re.search(rf"^{habit}:", MAKEFILE, re.MULTILINE)


def test_hooks_before_a_commit_are_tools_of_this_checkout() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [one["repo"] for one in config["repos"]] == ["local"]
    hooks = config["repos"][0]["hooks"]
    assert {"ruff", "ruff-format", "prettier", "eslint", "house"} <= {hook["id"] for hook in hooks}
    for hook in hooks:
        assert hook["language"] == "system"
        assert hook["entry"].startswith((".venv/", "node_modules/"))


def test_the_changelog_has_the_version() -> None:
    import codesteer_kernel

    assert f"## {codesteer_kernel.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_privacy_page_names_a_test_for_every_row() -> None:
    page = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert {name for name in named if f"def {name}(" not in text} == set()
    rows = [line for line in page.partition("## Who is contacted")[2].splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 10
    assert [row.split("|")[1] for row in rows if "`test_" not in row] == []
