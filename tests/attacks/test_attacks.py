"""Every attack of the catalogue, tried in every tier that this machine has: what comes of it is what is promised.

Where nothing is promised against an attack it has to succeed: one that did not would be stopped by its own mistakes, and
would prove nothing of the walls in the other tiers.
"""

from __future__ import annotations

import pytest

from codesteer_kernel.attacks import CATALOGUE, Attack, Tried
from codesteer_kernel.attacks.readers import read_text

PROGRAMS = [attack for attack in CATALOGUE if attack.runs]
TEXTS = [attack for attack in CATALOGUE if not attack.runs]
# What a program raises that has a mistake in it, and reaches nobody.
MISTAKES = ("AttributeError", "ImportError", "KeyError", "ModuleNotFoundError", "NameError", "SyntaxError", "TypeError")


def by_name(attack: Attack) -> str:
    return f"{attack.family}-{attack.name}".replace(" ", "_")


@pytest.mark.kernel
# The first test of a tier waits for all of its attacks.
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("attack", PROGRAMS, ids=by_name)
def test_what_is_promised_is_kept(tried: dict[str, Tried], attack: Attack) -> None:
    this = tried[attack.name]
    if this.outcome is None:
        pytest.skip(this.detail)
    assert not this.broken, this.detail
    if this.promise == "not stopped" and not attack.hindered:
        assert this.outcome == "not stopped", f"it does not work: {this.detail}"
    if attack.family != "our code":
        assert not this.detail.startswith(MISTAKES), this.detail


@pytest.mark.parametrize("attack", TEXTS, ids=by_name)
def test_no_reader_is_taken_in(attack: Attack) -> None:
    outcome, shown = read_text(attack)
    assert outcome == attack.end, shown
