"""The protocol of a dialect, and the safe decision that unreadable output falls back to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from codesteer_kernel.record import Decision, Round
from codesteer_kernel.steering.evidence import Situation, guidance_for

__all__ = ["Dialect", "safe_choice", "safe_decision"]


class Dialect(Protocol):
    """One steerer, for one run. ``stamp`` names the prompts in force (name, version, hash)."""

    stamp: str

    async def choose(self) -> Decision:
        """Decide the first round: ``code`` or ``text``."""
        ...

    def told(self, decision: Decision) -> None:
        """Take the first decision from somebody else, as if the steerer had made it: later ones are about its question."""
        ...

    async def review(self, rounds: Sequence[Round], situation: Situation) -> Decision:
        """Decide what follows the last of ``rounds``; ``situation`` is what the rules say of it."""
        ...


def safe_choice(raw: str, reason: str) -> Decision:
    """The first decision when the steerer cannot be understood: code, because a program's output can be tested."""
    return Decision(kind="code", source="fallback", reason=reason, raw=raw)


def safe_decision(situation: Situation, last: Round, raw: str, reason: str) -> Decision:
    """A later decision when the steerer cannot be understood: the likeliest one that the rules allow."""
    kind = max(situation.allowed, key=lambda one: situation.allowed[one])
    guidance = "" if kind == "return" else guidance_for(kind, situation, last)
    return Decision(
        kind=kind,
        source="fallback",
        guidance=guidance,
        guidance_source="template" if guidance else None,
        reason=reason,
        raw=raw,
    )
