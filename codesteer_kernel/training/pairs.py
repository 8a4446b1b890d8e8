"""How the paper scores guidances: a tree of decisions, its leaves finished runs (codesteer.md, section 4.2).

A finished path scores 15 minus its number of guidances when its answer is right, minus that number when it is wrong. An
inner node scores the mean of its children. Two siblings with different scores are a pair; ties are none. Where the
published drawing breaks its own rule (a node of children -2 and 13 that bears -2) the rule holds here: 5.5.

:func:`coded_pairs` is what the published code does instead, for comparisons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import fmean

from codesteer_kernel.errors import BadInput

__all__ = ["RIGHT", "Branch", "Node", "Preference", "coded_pairs", "leaf_score", "preferences"]

RIGHT = 15
"""What a right answer is worth; every guidance costs 1, so that the shorter of two right paths is better."""


def leaf_score(*, correct: bool, guidances: int) -> float:
    """The score of a finished path with so many guidances."""
    return float(RIGHT - guidances if correct else -guidances)


@dataclass
class Node:
    """What was said at one place of the tree, and what became of it.

    Attributes:
        said: the steerer's words.
        children: what was said next; empty for a leaf.
        score: of a leaf; an inner node's comes from its children.
    """

    said: str
    children: list[Node] = field(default_factory=list)
    score: float | None = None

    def value(self) -> float:
        """The node's score.

        Raises:
            BadInput: a leaf without a score.
        """
        if self.children:
            return fmean(child.value() for child in self.children)
        if self.score is None:
            raise BadInput(f"The leaf {self.said[:60]!r} has no score.", "Finish every path before pairs are made.")
        return self.score


@dataclass(frozen=True)
class Preference:
    """Of two siblings: the words that led further, those that did not, their scores; ``path`` are the words before."""

    path: tuple[str, ...]
    chosen: str
    rejected: str
    score_chosen: float
    score_rejected: float


def preferences(siblings: Sequence[Node], *, margin: float = 0.0, path: tuple[str, ...] = ()) -> Iterator[Preference]:
    """All pairs of a tree, given its first level: at every prefix the siblings that differ by more than ``margin``."""
    for one, other in combinations(siblings, 2):
        high, low = sorted((one, other), key=Node.value, reverse=True)
        if high.value() - low.value() > margin and high.said != low.said:
            yield Preference(path, high.said, low.said, high.value(), low.value())
    for node in siblings:
        if node.children:
            yield from preferences(node.children, margin=margin, path=(*path, node.said))


@dataclass(frozen=True)
class Branch:
    """A run that was cut at step ``step`` of another and went on differently: what was said there, and whether it was right."""

    step: int
    said: str
    correct: bool


def coded_pairs(
    said: Sequence[str], *, correct: bool, branches: Sequence[Branch], guidances: int | None = None
) -> list[Preference]:
    """The pairs that the published code makes of one run and the branches tried along it.

    Only a wrong run gives pairs. Every score counts the *original* run's ``guidances`` (default: as many as were
    ``said``), so that their number cancels out: a branch is better exactly when it is right, and the first right one at
    a step ends the tries there.
    """
    if correct:
        return []
    count = len(said) if guidances is None else guidances
    found: dict[int, Preference] = {}
    for branch in branches:
        if branch.correct and branch.step not in found:
            scores = leaf_score(correct=True, guidances=count), leaf_score(correct=False, guidances=count)
            found[branch.step] = Preference(tuple(said[: branch.step]), branch.said, said[branch.step], *scores)
    return [found[step] for step in sorted(found)]
