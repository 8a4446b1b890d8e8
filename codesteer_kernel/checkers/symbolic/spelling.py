"""Names that are read under another spelling than the one they are bound by: ``Gus_truth`` for ``gus_truth``.

Such a program fails when it runs, which makes it wrong, and says nothing of whether it works anything out: it is judged as
if the name were spelled right.
"""

from __future__ import annotations

import ast
from difflib import get_close_matches

from codesteer_kernel.checkers.symbolic.scopes import BUILTINS, names_of

__all__ = ["mend_names"]

# Unknown names that are looked at, and names that one may have been meant for.
_UNKNOWN = 20
_KNOWN = 200
# Shorter names are as likely another one, and longer ones are not compared.
_LETTERS = range(5, 60)
_CLOSE = 0.8


def mend_names(tree: ast.Module) -> bool:
    """Give names that nothing in ``tree`` binds the spelling of the only bound name, or function, they may stand for.

    Tell whether there are any.
    """
    known = set[str]().union(*(names_of(tree).bound.values()))
    if "*" in known:
        # What a module binds is not known.
        return False
    read = [one for one in ast.walk(tree) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)]
    unknown = list(dict.fromkeys(one.id for one in read if one.id not in known and one.id not in BUILTINS))
    meant = {name: found for name in unknown[:_UNKNOWN] if (found := _meant(name, sorted(known)[:_KNOWN]))}
    for one in read:
        one.id = meant.get(one.id, one.id)
    return bool(meant)


def _meant(name: str, known: list[str]) -> str:
    """The one of ``known`` that ``name`` may stand for; empty if there is none, or more than one."""
    plain = _plain(name)
    same = [one for one in known if _plain(one) == plain]
    if not same and len(name) in _LETTERS:
        alike = [one for one in known if len(one) in _LETTERS and _digits(one) == _digits(name)]
        same = get_close_matches(name, alike, 2, _CLOSE)
    return same[0] if len(same) == 1 else ""


def _digits(name: str) -> str:
    return "".join(filter(str.isdigit, name))


def _plain(name: str) -> str:
    return name.replace("_", "").casefold()
