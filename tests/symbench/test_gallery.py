"""The gallery page is what the tasks are now, and its pictures are pictures."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench.gallery import gallery, write_gallery

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return gallery()


def test_every_task_has_its_section(files: dict[str, str]) -> None:
    page = files["symbench-gallery.md"]
    for name, task in symbench.tasks().items():
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert section.count("<summary>") == 3
        assert task.rule in section
        assert all(f"`{knob}`" in section for knob in task.knobs)


def test_pictures_are_shown_and_are_svg(files: dict[str, str]) -> None:
    shown = re.findall(r'<img src="([^"]+)"', files["symbench-gallery.md"])
    assert sorted(shown) == sorted(set(files) - {"symbench-gallery.md"})
    for path in shown:
        root = ET.fromstring(files[path])
        assert root.tag.endswith("svg")
        assert root.get("viewBox")


def test_the_page_in_the_documentation_is_current(files: dict[str, str]) -> None:
    there = {path: (DOCS / path).read_text(encoding="utf-8") for path in files if (DOCS / path).exists()}
    stale = [path for path, text in files.items() if there.get(path) != text]
    assert not stale, "run python -m codesteer_kernel.symbench.gallery docs"


def test_writing_removes_pictures_that_are_no_longer_drawn(tmp_path: Path) -> None:
    old = tmp_path / "symbench" / "gone.svg"
    old.parent.mkdir()
    old.write_text("<svg/>")
    write_gallery(tmp_path)
    assert not old.exists()
    assert (tmp_path / "symbench-gallery.md").exists()
