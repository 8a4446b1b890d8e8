"""The tables of attacks in the page on security, which are made of the catalogue."""

from __future__ import annotations

from codesteer_kernel.attacks.tables import markdown_table
from codesteer_kernel.errors import BadInput

__all__ = ["renewed"]

_BEGIN = "<!-- made by: python -m codesteer_kernel.attacks docs/security.md -->"
_END = "<!-- end of what is made -->"


def renewed(page: str) -> str:
    """The page with the tables as the catalogue has them now.

    Raises:
        BadInput: it has no place for them.
    """
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise BadInput("The page has no place for the tables of attacks.", f"It is between {_BEGIN!r} and {_END!r}.")
    return f"{before}{begin}\n\n{markdown_table()}\n{end}{after}"
