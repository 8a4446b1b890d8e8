"""The symbolic checker as it was published, mistakes included, for runs that reproduce the published loop.

Its rules (codesteer.md, section 1.7) count substrings of the raw text and statement nodes of the tree. What is wrong with
them, and is put right in :mod:`.symbolic`, stands in section 6.3.
"""

from __future__ import annotations

import ast
import re
from typing import Literal

import msgspec

__all__ = ["PUBLISHED_THRESHOLD", "Published", "rate_published"]

PUBLISHED_THRESHOLD = 2.0
"""At or below this score a program was called too simple."""

Reason = Literal["loop", "itertools", "eval", "format", "operator"]


class Published(msgspec.Struct, frozen=True):
    """What the published checker says: its ``score``, the ``reasons`` in its order, or the ``fault`` of the syntax."""

    score: float
    reasons: tuple[Reason, ...] = ()
    fault: str = ""

    @property
    def too_simple(self) -> bool:
        """Whether it would have added its warning."""
        return self.score <= PUBLISHED_THRESHOLD


def rate_published(program: str) -> Published:
    """Rate ``program`` by the published rules; never raises."""
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as fault:
        return Published(0.0, fault=str(fault))
    nodes = list(ast.walk(tree))
    reasons: list[Reason] = []
    for node in nodes:
        if isinstance(node, (ast.For, ast.While)):
            reasons.append("loop")
        elif isinstance(node, (ast.Import, ast.ImportFrom)) and "itertools" in node.names[0].name:
            reasons.append("itertools")
    if "eval(" in program or "exec(" in program:
        reasons.append("eval")
    if any(mark in program for mark in ("format", 'f"', "f'")):
        reasons.append("format")
    operators = sum(isinstance(node, ast.BinOp) for node in nodes)
    reasons += ["operator"] * operators
    words = sum(len(re.findall(words, program)) for words in ("for|while", "if|elif|else", "try|except"))
    return Published(words + 0.25 * operators, tuple(reasons))
