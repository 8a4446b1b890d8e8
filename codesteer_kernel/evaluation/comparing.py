"""Did a change help? Two jobs, before and after it, compared over the problems that both tried."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal

from codesteer_kernel.errors import BadInput
from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.results import Measured, Results, Source, problem_of, results
from codesteer_kernel.evaluation.statistics import Estimate, Paired, fewest_to_tell, paired, wilson

__all__ = ["Comparison", "Word", "compare", "compared"]

Word = Literal["helps", "hurts", "cannot tell"]
_SHOWN = 12


@dataclass(frozen=True)
class Comparison:
    """One row before and after, over the problems that both jobs tried.

    Attributes:
        name: who answered.
        before, after: the shares of right answers.
        difference: after minus before, with its interval and the problems that changed.
        word: what it comes to.
        won, lost: the attempts (after the change) at problems that became right, and wrong.
        tokens, seconds: means of a problem, before and after.
    """

    name: str
    before: Estimate
    after: Estimate
    difference: Paired
    word: Word
    won: Sequence[Attempt]
    lost: Sequence[Attempt]
    tokens: tuple[float, float]
    seconds: tuple[float, float]


def compared(a: Path, b: Path) -> list[Comparison]:
    """Compare the rows that two jobs have in common; where each has a single one, these, whoever answered.

    Raises:
        BadInput: a folder holds no attempts, they have no row or no problem in common.
    """
    return _compared(results([a]), results([b]))


def compare(a: Path, b: Path) -> str:
    """Say for a terminal whether what was changed from job ``a`` to job ``b`` helped.

    Raises:
        BadInput: as :func:`compared`.
    """
    before, after = results([a]), results([b])
    blocks = ["\n".join(_told(one)) for one in _compared(before, after)]
    changed = list(_changes(before.sources[0], after.sources[0]))
    if changed:
        blocks.append("\n".join(["What changed between the jobs:", *(f"  {line}" for line in changed)]))
    return "\n\n".join(blocks)


def _compared(before: Results, after: Results) -> list[Comparison]:
    pairs = [(one, other) for one in before.rows for other in after.rows if one.way == other.way]
    if not pairs and len(before.rows) == len(after.rows) == 1:
        pairs = [(before.rows[0], after.rows[0])]
    if not pairs:
        names = ["; ".join(_who(one) for one in each.rows) for each in (before, after)]
        raise BadInput(
            f"The jobs have nothing in common: {names[0]} against {names[1]}.",
            "Compare jobs with a method and models in common, or with one row each.",
        )
    found = [_comparison(one, other) for one, other in pairs if one.outcomes.keys() & other.outcomes.keys()]
    if not found:
        raise BadInput(
            "The jobs tried no problem in common.",
            "Run them with the same tasks, levels and seed; tasks' versions count.",
        )
    return found


def _comparison(one: Measured, other: Measured) -> Comparison:
    first = {problem_of(tried): tried for tried in one.attempts}
    second = {problem_of(tried): tried for tried in other.attempts}
    common = [problem for problem in first if problem in second]
    found = paired(one.outcomes, other.outcomes)
    words: dict[int, Word] = {1: "helps", -1: "hurts", 0: "cannot tell"}
    return Comparison(
        name=_who(one) if one.way == other.way else f"{_who(one)}, then {_who(other)}",
        before=_share(first, common),
        after=_share(second, common),
        difference=found,
        word=words[found.told],
        won=[second[problem] for problem in found.gained],
        lost=[second[problem] for problem in found.lost],
        tokens=(_tokens(first, common), _tokens(second, common)),
        seconds=(_seconds(first, common), _seconds(second, common)),
    )


def _share(tried: Mapping[Hashable, Attempt], common: Sequence[Hashable]) -> Estimate:
    return wilson(sum(tried[problem].correct for problem in common), len(common))


def _tokens(tried: Mapping[Hashable, Attempt], common: Sequence[Hashable]) -> float:
    return fmean(tried[problem].input_tokens + tried[problem].output_tokens for problem in common)


def _seconds(tried: Mapping[Hashable, Attempt], common: Sequence[Hashable]) -> float:
    return fmean(tried[problem].seconds for problem in common)


def _who(one: Measured) -> str:
    steered = f", steered by {one.way.steerer}" if one.way.steerer else ""
    return f"{one.way.title} with {one.way.target}{steered}"


def _told(one: Comparison) -> Iterator[str]:
    found = one.difference
    yield f"{one.name}: {found.n} problems in both"
    for when, share in (("before", one.before), ("after", one.after)):
        counts = f"{share.right} of {share.n}"
        yield f"  {when:<11}{100 * share.value:5.1f} %   {counts:<12} ({100 * share.low:.1f} to {100 * share.high:.1f})"
    yield (
        f"  difference {100 * found.difference:+5.1f}     {len(found.gained)} won, {len(found.lost)} lost "
        f"({100 * found.low:+.1f} to {100 * found.high:+.1f}; exact sign test p = {found.p:.3f})"
    )
    yield f"  tokens     {one.tokens[0]:,.0f} -> {one.tokens[1]:,.0f} a problem, seconds {one.seconds[0]:.1f} -> {one.seconds[1]:.1f}"
    yield f"  {_verdict(one)}"
    for word, attempts in (("won", one.won), ("lost", one.lost)):
        if attempts:
            shown = [f"{tried.task} {_place(tried)}" for tried in attempts[:_SHOWN]]
            more = f", and {len(attempts) - _SHOWN} more" if len(attempts) > _SHOWN else ""
            yield f"  {word}: {', '.join(shown)}{more}"


def _place(tried: Attempt) -> str:
    return f"(level {tried.level}, seed {tried.seed})" if tried.level else f"(seed {tried.seed})"


def _verdict(one: Comparison) -> str:
    found = one.difference
    if one.word == "helps":
        return "The change helps."
    if one.word == "hurts":
        return "The change hurts."
    least = fewest_to_tell()
    if found.n < least:
        return f"Cannot tell with n={found.n}: it takes at least {least} problems, whatever happens to them."
    changed = len(found.gained) + len(found.lost)
    return (
        f"Cannot tell with n={found.n}: {changed} problems changed; chance alone would part them like this in "
        f"{100 * found.p:.0f} % of such comparisons."
    )


def _changes(before: Source, after: Source) -> Iterator[str]:
    """What ``job.json`` of both says differently; when it was worked on is no change."""
    first, second = dict(_flat(before.facts)), dict(_flat(after.facts))
    for name in dict.fromkeys([*first, *second]):
        if first.get(name) != second.get(name):
            yield f"{name}: {first.get(name, 'not said')} -> {second.get(name, 'not said')}"


def _flat(facts: Mapping[str, object], under: str = "") -> Iterator[tuple[str, str]]:
    for name, value in facts.items():
        if name == "sessions":
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, f"{under}{name}.")
        else:
            yield f"{under}{name}", json.dumps(value) if isinstance(value, list) else str(value)
