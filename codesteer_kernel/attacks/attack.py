"""What an attack is, and what is promised against it."""

from __future__ import annotations

import sys
from collections.abc import Collection
from typing import Literal

import msgspec

__all__ = ["OUTCOMES", "Attack", "Outcome", "Reader", "Tried", "promised", "worse"]

Outcome = Literal["stopped", "contained", "not stopped"]
"""What comes of an attack.

``stopped``: nothing of what it is after happens. ``contained``: it happens to the program itself, or up to a limit, and the
next program runs as if nothing had been. ``not stopped``: it reaches what it is after.
"""

OUTCOMES: tuple[Outcome, ...] = ("stopped", "contained", "not stopped")
"""From the best to the worst."""

Reader = Literal[
    "guidance",
    "decision",
    "evidence",
    "tokens",
    "replies",
    "answer",
    "check",
    "record",
    "fields",
    "run",
    "input",
]
"""What a text is given to, see :mod:`.readers`."""

EVERYWHERE = ("limits",)
"""The wall of every tier."""


class Attack(msgspec.Struct, frozen=True, kw_only=True):
    """One hostile program or text.

    Attributes:
        name: unique, a few words.
        family: what it is about, see ``catalogue``.
        program: Python source, which runs behind what :mod:`.preamble` says; empty for a text.
        text: what is handed to ``reader``.
        reader: what reads the text; a text is not run, so that no tier matters, but where a checker runs it.
        walls: names of walls, any of which gives ``end``; ``landlock 4`` and ``landlock 6`` are Landlock of that ABI.
        end: the outcome where one of the walls stands.
        without: the outcome where none does.
        hindered: the system itself may refuse it, by its settings or its rules for users.
        alone: it reaches the bait of attacks beside it, or takes what they need, so that it is tried when no other is.
        then: a program that runs after it and looks for what it left.
        fetch: what the user's process reads back afterwards: the variable ``x``, or the file ``x``.
        seconds: wall clock that it gets.
        systems: where it means anything.
        needs: a package without which it cannot be run.
    """

    name: str
    family: str
    program: str = ""
    text: str = ""
    reader: Reader | None = None
    walls: tuple[str, ...] = EVERYWHERE
    end: Outcome = "stopped"
    without: Outcome = "not stopped"
    hindered: bool = False
    alone: bool = False
    then: str = ""
    fetch: Literal["", "value", "file"] = ""
    seconds: float = 30.0
    systems: tuple[str, ...] = ("linux", "darwin", "win32")
    needs: str = ""

    @property
    def runs(self) -> bool:
        """Whether it is a program, or a text that a program in the executor reads."""
        return self.reader in (None, "answer", "check")


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an attack.

    Attributes:
        attack: which.
        tier: the tier that it was tried in.
        promise: the outcome that is promised there.
        outcome: what was seen; None where it could not be run, which ``detail`` gives the reason for.
        detail: what shows it, for people.
        seconds: how long it took.
    """

    attack: Attack
    tier: str
    promise: Outcome
    outcome: Outcome | None
    detail: str = ""
    seconds: float = 0.0

    @property
    def broken(self) -> bool:
        """Whether the outcome is worse than promised."""
        return self.outcome is not None and worse(self.outcome, self.promise)


def promised(attack: Attack, walls: Collection[str], abi: int = 6) -> Outcome:
    """What is promised against an attack.

    Args:
        attack: which.
        walls: names of the walls that stand.
        abi: Landlock's version.
    """
    standing = {*walls, *(f"landlock {version}" for version in (4, 6) if "landlock" in walls and version <= abi)}
    return attack.end if standing & set(attack.walls) else attack.without


def worse(one: Outcome, other: Outcome) -> bool:
    """Whether an outcome is worse than another."""
    return OUTCOMES.index(one) > OUTCOMES.index(other)


def possible_here(attack: Attack) -> str:
    """Why an attack cannot be run on this machine; empty where it can."""
    from importlib.util import find_spec

    if sys.platform not in attack.systems:
        return "it means nothing on this system"
    if attack.needs and find_spec(attack.needs) is None:
        return f"it needs {attack.needs}"
    return ""
