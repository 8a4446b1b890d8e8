"""Attacks: hostile programs and texts as data, with what is promised against each, and the means to try them here.

    async for tried in attack_tier("seccomp", CATALOGUE):
        print(tried.attack.name, tried.outcome)

``catalogue/`` holds the attacks, family by family. :mod:`.bait` is what they are after: secrets, listeners and a process
that nobody would miss. :mod:`.striking` runs one and sees what came of it, from outside. Each is harmless even where
nothing stops it: it reads the bait, talks to the bait, and takes a bounded surplus.
"""

from codesteer_kernel.attacks.attack import OUTCOMES, Attack, Outcome, Tried
from codesteer_kernel.attacks.catalogue import CATALOGUE, FAMILIES, chosen
from codesteer_kernel.attacks.striking import attack_tier, strike
from codesteer_kernel.attacks.tables import markdown_table, outcome_table

__all__ = [
    "CATALOGUE",
    "FAMILIES",
    "OUTCOMES",
    "Attack",
    "Outcome",
    "Tried",
    "attack_tier",
    "chosen",
    "markdown_table",
    "outcome_table",
    "strike",
]
