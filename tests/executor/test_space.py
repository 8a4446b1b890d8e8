"""What a program takes is weighed and freed, however it is laid out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from codesteer_kernel.executor.child import space

MEGABYTE = 1024 * 1024


def nest(folder: Path, depth: int) -> None:
    """Folders in folders, with a file in the innermost."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("f", os.O_WRONLY | os.O_CREAT, dir_fd=here))
    os.close(here)


def test_files_and_folders_are_weighed(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "f").write_bytes(b"x" * MEGABYTE)
    os.link(tmp_path / "a" / "b" / "f", tmp_path / "again")
    assert MEGABYTE < space.taken([str(tmp_path)], []) < 1.1 * MEGABYTE


@pytest.mark.parametrize("depth", [600, 3000], ids=["longer than anyone needs", "longer than any path"])
def test_what_lies_too_deep_hides_nothing(tmp_path: Path, depth: int) -> None:
    nest(tmp_path, depth)
    assert space.taken([str(tmp_path)], []) > 1e12
    space.remove_tree(tmp_path)
    assert not tmp_path.exists()


def test_what_cannot_be_entered_is_removed_and_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    folder = tmp_path / "folder"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "link").symlink_to(outside)
    (folder / "file").symlink_to(outside / "kept")
    nest(folder / "a" / "b", 1500)
    (folder / "a" / "b").chmod(0)
    (folder / "a").chmod(0)
    folder.chmod(0)
    space.remove_tree(folder)
    assert not folder.exists()
    assert (outside / "kept").exists()


def test_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    space.remove_tree(tmp_path / "absent")
