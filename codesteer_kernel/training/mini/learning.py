"""From facts and outcomes to a head: fitted in two stages, every choice on the way made by what was held out.

The first stage learns from every outcome. One regression foresees whether code is right, one whether text is, from
likeness to the same known questions; the difference of their log-odds is the log-odds that code alone is right rather than
text alone. So problems of which both ways are right, or neither, teach as well, and they are most. The second stage is
preference tuning: of each problem of which one way is better, that way must score higher; the loss of a pair is weighted
by its margin and pulls the weights of the first stage no further than held-out pairs bear out. It is kept only if these
get better.

A steerer meets questions of a kind that it knows and questions of a kind that it does not. So both are held out: problems
(others of their task are known) and whole tasks, and the sum of both losses chooses how far a known question reaches and
how strongly weights are held back. What is like nothing known gets what was oftener right, and in use the untuned choice.

Facts come in kinds: the scored choice, the probed tokens, what rules read. All kinds count the same in a distance,
however many facts there are of each. All weights of rows are such that every task counts the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from codesteer_kernel.errors import BadInput
from codesteer_kernel.steering.head.likeness import FAR, KNOWN, Likeness
from codesteer_kernel.training.mini.regression import Array, Scaling, bells, fit, folds, log_loss, scaling

__all__ = ["Learned", "Rows", "learn_choice", "learn_right"]

WIDTHS = (0.15, 0.2, 0.3, 0.45, 0.7, 1.0)
"""How far a known case reaches, in standard deviations: from its like alone to nearly everything."""
PENALTIES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""How strongly weights are held back: from free to little learned."""
MIDDLE = 0.1
"""The penalty at which widths are compared."""
FOLDS = 8
FEWEST = 8
"""So many examples of either answer are needed; fewer are no ground to decide on."""
MOST_KNOWN = 256
"""A head keeps no more known cases than these, so that it stays quick to ask and to train."""

_Mask = npt.NDArray[np.bool_]
_Fitted = Callable[[_Mask], "_Fit"]
_TINY = 1e-6


@dataclass(frozen=True)
class Rows:
    """Examples: facts by name, the problem and task of each, and what came of it.

    Attributes:
        facts: of each example; the same names in all.
        tasks: of each.
        problems: of each, by name; examples of one problem are held out together.
        code, text: how often each way was right, 0 to 1; of examples for ``learn_right`` ``code`` alone counts.
    """

    facts: Sequence[Mapping[str, float]]
    tasks: Sequence[str]
    problems: Sequence[str]
    code: Sequence[float]
    text: Sequence[float] = ()

    def array(self, names: Sequence[str]) -> Array:
        """(examples, names)."""
        return np.array([[one[name] for name in names] for one in self.facts], dtype=np.float64)

    def even(self, rows: _Mask) -> Array:
        """Weights of the examples marked in ``rows``, by which their tasks count the same; their mean is 1."""
        sizes = Counter(task for task, there in zip(self.tasks, rows, strict=True) if there)
        raw = np.array([1 / sizes[task] if there else 0.0 for task, there in zip(self.tasks, rows, strict=True)])
        return np.asarray(raw * (rows.sum() / raw.sum()))


@dataclass(frozen=True)
class Learned:
    """A fitted head.

    Attributes:
        likeness: the head.
        by_problem: log-odds of each example, by a head that had seen other problems of its task, but not this one.
        by_task: log-odds of each example, by a head that had seen nothing of its task.
        near_by_problem, near_by_task: whether these heads knew something like each example, 0 to 1.
        loss: the sum of the mean log-losses of both: what heads are chosen by.
        told: how it came about: width, penalties, losses on what was held out, counts.
    """

    likeness: Likeness
    by_problem: list[float]
    by_task: list[float]
    near_by_problem: list[float]
    near_by_task: list[float]
    loss: float
    told: dict[str, float | int | str | bool] = field(default_factory=dict)


@dataclass(frozen=True)
class _Fit:
    """Weights of known cases, and the scores of all rows by them."""

    scale: Scaling
    known: Array
    weights: Array
    bias: float
    bells: Array

    @property
    def scores(self) -> Array:
        return np.asarray(self.bells @ self.weights + self.bias)

    @property
    def near(self) -> Array:
        """Whether something like each row is known, see ``Likeness.nearness``."""
        return np.asarray(np.minimum(1.0, self.bells.max(axis=1) / KNOWN))


@dataclass(frozen=True)
class _Space:
    """Rows as points, and the two ways in which they are held out."""

    rows: Rows
    names: Sequence[str]
    data: Array
    shares: Array
    order: Sequence[int]
    by_problem: Sequence[_Mask]
    by_task: Sequence[_Mask]

    def begun(self, train: _Mask, width: float) -> _Fit:
        """Known cases from ``train``, without weights yet."""
        scale = scaling(self.data[train], self.rows.even(train)[train], FAR)
        points = scale(self.data)
        known = points[[place for place in self.order if train[place]][:MOST_KNOWN]]
        return _Fit(scale, known, np.zeros(len(known)), 0.0, bells(points, known, self.shares, width))

    def held_out(self, fitted: _Fitted, read: Callable[[_Fit], Array] = attrgetter("scores")) -> tuple[Array, Array]:
        """What is ``read`` of all rows, each off what was fitted without its fold: of problems, of tasks."""
        found = np.zeros(len(self.data)), np.zeros(len(self.data))
        for values, parts in zip(found, (self.by_problem, self.by_task), strict=True):
            for part in parts:
                values[part] = read(fitted(~part))[part]
        return found


def learn_choice(rows: Rows, names: Sequence[str], seed: int = 0) -> Learned:
    """Learn to choose between code and text.

    Raises:
        BadInput: too few problems of which code alone was right, or text alone.
    """
    code, text = np.array(rows.code, dtype=np.float64), np.array(rows.text, dtype=np.float64)
    margin, better = np.abs(code - text), (code > text).astype(np.float64)
    decisive = margin > 0
    _enough(better[decisive], "of which code alone was right", "of which text alone was right")
    space = _space(rows, names, seed)
    pair_weights = margin * rows.even(decisive)

    def loss(scores: tuple[Array, Array]) -> float:
        return sum(log_loss(one[decisive], better[decisive], pair_weights[decisive]) for one in scores)

    def outcomes(width: float, penalty: float) -> _Fitted:
        def fitted(train: _Mask) -> _Fit:
            begun, weights = space.begun(train, width), rows.even(train)[train]
            ways = [_fit(begun.bells[train], one[train], weights, penalty) for one in (code, text)]
            return _with(begun, ways[0] - ways[1])

        return fitted

    def preferred(stage: _Fitted, penalty: float) -> _Fitted:
        def fitted(train: _Mask) -> _Fit:
            first, pairs = stage(train), train & decisive
            if not pairs.any():
                return first
            around = np.append(first.weights, first.bias)
            return _with(
                first, fit(first.bells[pairs], better[pairs], pair_weights[pairs], penalty, around, bias=False)
            )

        return fitted

    width, base, first = _chosen(space, outcomes, loss)
    stage = _kept(outcomes(width, base))
    tuning = {penalty: space.held_out(preferred(stage, penalty)) for penalty in PENALTIES}
    second_penalty = min(tuning, key=lambda one: (loss(tuning[one]), -one))
    second = tuning[second_penalty]
    tuned = loss(second) < loss(first)
    scores = second if tuned else first
    last = (preferred(stage, second_penalty) if tuned else stage)(np.ones(len(code), dtype=bool))
    told: dict[str, float | int | str | bool] = {
        "width": width,
        "penalty": base,
        "preference_penalty": second_penalty,
        "preference_kept": tuned,
        "held_out_loss_outcomes": round(loss(first), 6),
        "held_out_loss_preference": round(loss(second), 6),
        "problems": len(code),
        "decisive": int(decisive.sum()),
        "code_better": int(better[decisive].sum()),
    }
    return _learned(space, last, width, scores, loss(scores), told)


def learn_right(rows: Rows, names: Sequence[str], seed: int = 0) -> Learned:
    """Learn to tell whether an answer is right: ``rows.code`` says so for each.

    Raises:
        BadInput: too few right answers, or too few wrong ones.
    """
    right = np.array(rows.code, dtype=np.float64)
    _enough(right, "with a right answer", "with a wrong answer")
    space = _space(rows, names, seed)
    everything = np.ones(len(right), dtype=bool)
    weights = rows.even(everything)

    def loss(scores: tuple[Array, Array]) -> float:
        return sum(log_loss(one, right, weights) for one in scores)

    def fitted_with(width: float, penalty: float) -> _Fitted:
        def fitted(train: _Mask) -> _Fit:
            begun = space.begun(train, width)
            return _with(begun, _fit(begun.bells[train], right[train], rows.even(train)[train], penalty))

        return fitted

    width, penalty, scores = _chosen(space, fitted_with, loss)
    told: dict[str, float | int | str | bool] = {
        "width": width,
        "penalty": penalty,
        "held_out_loss": round(loss(scores), 6),
        "situations": len(right),
        "right": int(right.sum()),
    }
    return _learned(space, fitted_with(width, penalty)(everything), width, scores, loss(scores), told)


def _space(rows: Rows, names: Sequence[str], seed: int) -> _Space:
    return _Space(
        rows=rows,
        names=names,
        data=rows.array(names),
        shares=_shares(names),
        order=_spread(rows.tasks, seed),
        by_problem=folds(list(rows.problems), FOLDS, seed),
        by_task=folds(list(rows.tasks), FOLDS, seed),
    )


def _shares(names: Sequence[str]) -> Array:
    """What each fact counts in a distance: every kind the same. A kind's names begin alike; the scored odds are their own."""
    kinds = [name if name.endswith(".odds") else name.partition(".")[0] for name in names]
    sizes = Counter(kinds)
    return np.array([1 / (sizes[kind] * len(sizes)) for kind in kinds], dtype=np.float64)


def _spread(tasks: Sequence[str], seed: int) -> list[int]:
    """The places of all rows in a drawn order that takes one of each task in turn."""
    drawn = np.random.default_rng(seed).permutation(len(tasks))
    of: dict[str, list[int]] = {task: [] for task in sorted(set(tasks))}
    for place in drawn.tolist():
        of[tasks[place]].append(place)
    return [place for turn in zip_longest(*of.values()) for place in turn if place is not None]


def _fit(rows: Array, wanted: Array, weights: Array, penalty: float) -> Array:
    """Weights of known cases around what is to be expected far from all of them, which stays as it is."""
    often = (wanted.sum() + 1) / (len(wanted) + 2)
    far = np.append(np.zeros(rows.shape[1]), np.log(often / (1 - often)))
    return fit(rows, wanted, weights, penalty, far, bias=False)


def _with(begun: _Fit, beta: Array) -> _Fit:
    return _Fit(begun.scale, begun.known, beta[:-1], float(beta[-1]), begun.bells)


def _chosen(
    space: _Space, fitted: Callable[[float, float], _Fitted], loss: Callable[[tuple[Array, Array]], float]
) -> tuple[float, float, tuple[Array, Array]]:
    """First the width, then the penalty, that do best on what is held out, of equal ones the larger; and the scores."""
    widths = {width: loss(space.held_out(fitted(width, MIDDLE))) for width in WIDTHS}
    width = min(widths, key=lambda one: (widths[one], -one))
    tried = {penalty: space.held_out(fitted(width, penalty)) for penalty in PENALTIES}
    penalty = min(tried, key=lambda one: (loss(tried[one]), -one))
    return width, penalty, tried[penalty]


def _kept(fitted: _Fitted) -> _Fitted:
    """The same, each fit made once."""
    known: dict[bytes, _Fit] = {}

    def once(train: _Mask) -> _Fit:
        mark = train.tobytes()
        if mark not in known:
            known[mark] = fitted(train)
        return known[mark]

    return once


def _learned(
    space: _Space,
    last: _Fit,
    width: float,
    scores: tuple[Array, Array],
    loss: float,
    told: dict[str, float | int | str | bool],
) -> Learned:
    used = np.abs(last.weights) > _TINY
    likeness = Likeness(
        names=list(space.names),
        mean=_rounded(last.scale.mean),
        scale=_rounded(last.scale.scale),
        shares=_rounded(space.shares),
        width=width,
        known=[_rounded(one, 4) for one in last.known[used]],
        weights=_rounded(last.weights[used]),
        bias=round(last.bias, 6),
    )
    near = space.held_out(lambda train: space.begun(train, width), attrgetter("near"))
    return Learned(
        likeness=likeness.checked(),
        by_problem=scores[0].tolist(),
        by_task=scores[1].tolist(),
        near_by_problem=near[0].tolist(),
        near_by_task=near[1].tolist(),
        loss=loss,
        told=told,
    )


def _rounded(values: Array, digits: int = 6) -> list[float]:
    """Significant digits: what is beyond them differs between processors, or says nothing."""
    return [float(f"{value:.{digits}g}") for value in values.tolist()]


def _enough(answers: Array, yes: str, no: str) -> None:
    counts = {yes: int(answers.sum()), no: int(len(answers) - answers.sum())}
    for what, count in counts.items():
        if count < FEWEST:
            raise BadInput(
                f"There are {count} examples {what}; {FEWEST} are needed.",
                "Collect more: codesteer train outcomes, with more tasks, easier levels or a larger -n.",
            )
