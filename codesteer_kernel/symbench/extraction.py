"""Find the answer in what a model wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

__all__ = ["Extraction", "extract"]

_SEARCHED = 100_000
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n`]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Extraction:
    """An answer and where it stood: between markers, in a fenced block, or nowhere in particular."""

    text: str
    found: Literal["markers", "fence", "text"]

    @property
    def strict(self) -> str | None:
        """The answer under strict extraction, which knows the markers only."""
        return self.text if self.found == "markers" else None


def extract(text: str) -> Extraction:
    """The last ``<<<...>>>``, else the last fenced block, else the whole text; blanks around it removed.

    Takes time linear in the text; fences are looked for in its last 100,000 characters. A fence inside the markers is
    unwrapped; a marker that is not closed is none.
    """
    closed = text.rfind(">>>")
    start = text.rfind("<<<", 0, max(closed, 0))
    if start >= 0:
        inside = text[start + 3 : text.index(">>>", start + 3)]
        return Extraction((_last_block(inside) or inside).strip(), "markers")
    block = _last_block(text)
    if block is not None:
        return Extraction(block.strip(), "fence")
    return Extraction(text.strip(), "text")


def _last_block(text: str) -> str | None:
    """The inside of the last closed fenced block."""
    text = text[-_SEARCHED:]
    if "```" not in text and "~~~" not in text:
        return None
    last = None
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            opened = fence
        elif fence[1].startswith(opened[1]):
            last = text[opened.end() : fence.start()]
            opened = None
    return last
