"""The attacks, family by family: data, each with what is promised against it."""

from __future__ import annotations

from collections.abc import Sequence

from codesteer_kernel.attacks.attack import Attack
from codesteer_kernel.attacks.catalogue import (
    bombs,
    child_code,
    files,
    injection,
    keys,
    network,
    processes,
    records,
    results,
    system,
)
from codesteer_kernel.errors import UnknownName, nearest

__all__ = ["CATALOGUE", "FAMILIES", "chosen"]

_MODULES = (files, system, keys, network, processes, bombs, child_code, results, injection, records)

FAMILIES: dict[str, str] = {module.FAMILY: module.ABOUT for module in _MODULES}
"""Name of each family to what its attacks are after."""

CATALOGUE: tuple[Attack, ...] = tuple(attack for module in _MODULES for attack in module.ATTACKS)


def chosen(words: Sequence[str]) -> list[Attack]:
    """The attacks of the families and names in ``words``; all when there are none.

    Raises:
        UnknownName: a word is neither.
    """
    known = {*FAMILIES, *(attack.name for attack in CATALOGUE)}
    for word in words:
        if word not in known:
            raise UnknownName(
                f"There is no attack and no family {word!r}. {nearest(word, known)}".strip(),
                f"The families: {', '.join(FAMILIES)}.",
            )
    return [attack for attack in CATALOGUE if not words or attack.name in words or attack.family in words]
