"""The pages that people read, taken apart: their fenced blocks, each with what a comment above it says of it.

A comment directly above a block may say:

- ``<!-- not run: REASON -->``: it cannot run here; it is still compiled, or its commands are still parsed
- ``<!-- output -->``: it is what the block before it prints, word for word
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DOCS", "PAGES", "ROOT", "Block", "blocks"]

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
# Made from the code, and tested where it is made.
_MADE = {DOCS / "symbench-gallery.md", *(DOCS / "generated").glob("*.md")}
PAGES = [ROOT / "README.md", *(page for page in sorted(DOCS.rglob("*.md")) if page not in _MADE)]

_FENCE = re.compile(
    r"(?:^<!-- (?P<said>[^\n]*?) -->\n+)?^(?P<fence>`{3,})(?P<language>[\w{}-]*)[^\n]*\n(?P<text>.*?)^(?P=fence)[ ]*$",
    re.MULTILINE | re.DOTALL,
)
_SAYS = re.compile(r"not run: (?P<reason>\S.*)|(?P<output>output)")


@dataclass(frozen=True)
class Block:
    """One fenced block: where it stands, its language and text, and what is said of it."""

    page: str
    line: int
    language: str
    text: str
    reason: str = ""
    output: bool = False

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: Path, *languages: str) -> list[Block]:
    """The page's blocks in order; with ``languages`` those of them alone."""
    text = page.read_text(encoding="utf-8")
    found = []
    for one in _FENCE.finditer(text):
        said = _SAYS.fullmatch(one["said"] or "")
        block = Block(
            page=str(page.relative_to(ROOT)),
            line=text.count("\n", 0, one.start("fence")) + 1,
            language=one["language"],
            text=one["text"],
            reason=(said and said["reason"]) or "",
            output=bool(said and said["output"]),
        )
        if not languages or block.language in languages:
            found.append(block)
    return found
