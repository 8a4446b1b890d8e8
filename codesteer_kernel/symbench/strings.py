"""Answers that are one string."""

from __future__ import annotations

import re

from codesteer_kernel.symbench.problem import Refused
from codesteer_kernel.symbench.reading import tokens

__all__ = ["string"]

_SAID = re.compile(r"^(?:the )?(?:final |new |resulting |modified )?string(?: is)?\s*[:=]?\s+(?=\S)", re.IGNORECASE)


def string(text: str) -> str:
    """The one string of the answer: bare, in quotes or brackets, as a list of its letters, "The final string is" before it.

    Raises:
        Refused: there is none, or several.
    """
    found = tokens(_SAID.sub("", text))
    if not found:
        # Quotes with nothing between them.
        if text.strip() in ('""', "''", "``"):
            return ""
        raise Refused("unreadable", "There is no string in the answer.")
    if len(found) > 1 and any(len(token) > 1 for token in found):
        raise Refused("wrong_shape", f"One string was expected, {len(found)} found.")
    return "".join(found)
