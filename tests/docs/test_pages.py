"""No code escapes the tests of these pages: each block says what it is, and what is not run is little and says why."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, blocks

BLOCKS = [block for page in PAGES for block in blocks(page)]
CODE = [block for block in BLOCKS if block.language in ("python", "bash", "console", "sh")]


def test_every_block_says_what_it_is() -> None:
    silent = [str(block) for block in BLOCKS if not block.language]
    assert not silent, "write python, bash, toml, json or text behind the fence"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_and_cells_stand_in_blocks(page: Path) -> None:
    """Indented code looks the same to a reader, and nobody would run it."""
    text = re.sub(r"^(`{3,}).*?^\1", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert not re.findall(r"^ {4}(?:%?codesteer |%%codesteer|import |from \w+ import ).*$", text, re.MULTILINE)


def test_what_is_not_run_is_little_and_says_why() -> None:
    left_out = {str(block): block.reason for block in CODE if block.reason}
    print(f"{len(CODE)} blocks of code, {len(left_out)} of them not run:", left_out)
    assert len(CODE) > 50
    assert len(left_out) <= len(CODE) / 5
    assert all(len(reason) > 10 for reason in left_out.values())
