"""Tell choices apart by tokens: where their tokenisations part, and what the probabilities there add up to."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from ..errors import BadInput

__all__ = ["Branching"]


class Branching:
    """The tree of ``{choice: tokens of prompt + choice}``.

    :meth:`places` yields each place where choices part, as ``(shared tokens, candidate tokens)``, and wants
    :meth:`settle` called with the candidates' log-probabilities before it goes on.

    Raises:
        BadInput: no choices, an empty one, or one that begins another.
    """

    def __init__(self, tokens: Mapping[str, list[int]]) -> None:
        if not tokens or not all(tokens):
            raise BadInput("The choices to score must be different and not empty.")
        self._tokens = dict(tokens)
        self._logs: dict[str, float] = {}
        self._odds: dict[int, float] = {}

    def places(self) -> Iterator[tuple[list[int], list[int]]]:
        """Every place where choices part, nearest first."""
        groups: list[tuple[list[str], int, float]] = [(list(self._tokens), 0, 0.0)]
        while groups:
            group, place, log = groups.pop(0)
            if len(group) == 1:
                self._logs[group[0]] = log
                continue
            while len(branches := self._branches(group, place)) == 1:
                place += 1
            yield self._tokens[group[0]][:place], list(branches)
            groups += [(members, place + 1, log + self._odds[token]) for token, members in branches.items()]

    def settle(self, odds: Mapping[int, float]) -> None:
        """Log-probabilities of the candidates that :meth:`places` last yielded."""
        self._odds = dict(odds)

    def probabilities(self, bias: Mapping[str, float] | None = None) -> dict[str, float]:
        """Probabilities that sum to one, in the order of the choices; ``bias`` is added to their logarithms."""
        logs = {choice: self._logs[choice] + (bias or {}).get(choice, 0.0) for choice in self._tokens}
        top = max(logs.values())
        weights = {choice: math.exp(log - top) for choice, log in logs.items()}
        total = sum(weights.values())
        return {choice: weight / total for choice, weight in weights.items()}

    def _branches(self, group: list[str], place: int) -> dict[int, list[str]]:
        branches: dict[int, list[str]] = {}
        for choice in group:
            if place >= len(self._tokens[choice]):
                raise BadInput(f"The choice {choice!r} begins another choice, so they cannot be told apart.")
            branches.setdefault(self._tokens[choice][place], []).append(choice)
        return branches
