"""The catalogue as tables: what is promised, for the page on security, and what was seen, for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from textwrap import fill, shorten

from codesteer_kernel.attacks.attack import OUTCOMES, Attack, Tried, promised
from codesteer_kernel.attacks.catalogue import CATALOGUE, FAMILIES
from codesteer_kernel.executor.tiers import tiers_of

__all__ = ["markdown_table", "outcome_line", "outcome_table"]

_MARKS = {"stopped": "stopped", "contained": "contained", "not stopped": "**not stopped**"}


def markdown_table(attacks: Sequence[Attack] = CATALOGUE) -> str:
    """The promises as Markdown: a table for each family, a row for each attack, a column for each tier."""
    linux, macos = tiers_of("linux"), tiers_of("darwin")[1:]
    parts = []
    for family, about in FAMILIES.items():
        rows = [attack for attack in attacks if attack.family == family]
        if not rows:
            continue
        parts.append(f"### {family.capitalize()}\n\nThey are after {about}.\n")
        if any(attack.runs for attack in rows):
            parts.append("| attack | " + " | ".join(tier.name for tier in (*linux, *macos)) + " |")
            parts.append("|---|" + "---|" * (len(linux) + len(macos)))
        else:
            parts += ["| attack | everywhere |", "|---|---|"]
        for attack in rows:
            cells = [_cell(attack, "linux", tier.walls) for tier in linux]
            cells += [_cell(attack, "darwin", tier.walls) for tier in macos]
            parts.append(f"| {attack.name} | {' | '.join(cells if any(one.runs for one in rows) else cells[:1])} |")
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _cell(attack: Attack, system: str, walls: frozenset[str]) -> str:
    return _MARKS[promised(attack, walls)] if system in attack.systems else "-"


def outcome_table(tries: Sequence[Tried], *, each: bool = False) -> str:
    """What came of attacks, tier by tier: a row for each family, what was not stopped, what is worse than promised.

    Args:
        tries: the attacks.
        each: a line for every attack, with what shows its outcome, instead of a row for each family.
    """
    lines: list[str] = []
    for tier in dict.fromkeys(tried.tier for tried in tries):
        here = [tried for tried in tries if tried.tier == tier]
        lines += [f"Tier {tier}:", *(map(outcome_line, here) if each else _summary(here)), ""]
    broken = [tried for tried in tries if tried.broken]
    lines += ["Worse than promised:", *map(outcome_line, broken), ""] if broken else []
    total = sum(tried.outcome is not None for tried in tries)
    worse = len(broken) or "none"
    return "\n".join([*lines, f"Attacks tried: {total}; worse than docs/security.md promises: {worse}."])


def outcome_line(tried: Tried) -> str:
    """One attack as a line: what came of it, what was promised where that is another thing, what shows it."""
    outcome = tried.outcome or "not run"
    promised = f" (promised: {tried.promise})" if outcome not in (tried.promise, "not run") else ""
    shown = f": {shorten(tried.detail, 100, placeholder=' ...')}" if tried.detail else ""
    return f"{'!' if tried.broken else ' '} {outcome:11} {tried.attack.name}{promised}{shown}"


def _summary(tries: Sequence[Tried]) -> list[str]:
    lines = [f"  {'':12}{''.join(f'{outcome:>13}' for outcome in (*OUTCOMES, 'not run'))}"]
    for family in FAMILIES:
        counts = Counter(tried.outcome for tried in tries if tried.attack.family == family)
        if counts:
            row = (counts[outcome] for outcome in (*OUTCOMES, None))
            lines.append(f"  {family:12}{''.join(f'{count or chr(183):>13}' for count in row)}")
    known = [tried.attack.name for tried in tries if tried.outcome == "not stopped" and not tried.broken]
    listed = fill("; ".join(known), 100, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)
    return [*lines, "  Not stopped in this tier, as docs/security.md says:", listed] if known else lines
