"""From facts and outcomes to a head: fitted in two stages, every choice on the way made by tasks that were held out.

The first stage learns from every outcome. One regression foresees whether code is right, one whether text is, from the
same facts; the difference of their log-odds is the log-odds that code alone is right rather than text alone. So problems
of which both ways are right, or neither, teach as well, and they are most. The second stage is preference tuning: of
each problem of which one way is better, that way must score higher; the loss of a pair is weighted by its margin and
pulls the weights of the first stage no further than held-out pairs bear out. It is kept only if these get better.

Facts come in kinds: the scored choice, the probed tokens, what rules read. A fact is held back the more, the more there are
of its kind, so that no kind outvotes another by its number.

All weights of rows are such that every task counts the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from codesteer_kernel.errors import BadInput
from codesteer_kernel.steering.head.linear import FAR, Linear
from codesteer_kernel.training.mini.regression import Array, calibration, fit, folds, log_loss, scaling

__all__ = ["Learned", "Rows", "learn_choice", "learn_right"]

PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Tried on held-out tasks, from free to nearly nothing learned."""
FOLDS = 8
FEWEST = 8
"""So many examples of either answer are needed; fewer are no ground to decide on."""

_Fitted = Callable[[npt.NDArray[np.bool_]], tuple[Array, Array]]


@dataclass(frozen=True)
class Rows:
    """Examples: facts by name, the task of each, and what came of it.

    Attributes:
        facts: of each example; the same names in all.
        tasks: of each.
        code, text: how often each way was right, 0 to 1; of examples for ``learn_right`` ``code`` alone counts.
    """

    facts: Sequence[Mapping[str, float]]
    tasks: Sequence[str]
    code: Sequence[float]
    text: Sequence[float] = ()

    def array(self, names: Sequence[str]) -> Array:
        """(examples, names)."""
        return np.array([[one[name] for name in names] for one in self.facts], dtype=np.float64)

    def even(self, rows: npt.NDArray[np.bool_]) -> Array:
        """Weights of the examples marked in ``rows``, by which their tasks count the same; their mean is 1."""
        sizes = Counter(task for task, there in zip(self.tasks, rows, strict=True) if there)
        raw = np.array([1 / sizes[task] if there else 0.0 for task, there in zip(self.tasks, rows, strict=True)])
        return np.asarray(raw * (rows.sum() / raw.sum()))


@dataclass(frozen=True)
class Learned:
    """A fitted head.

    Attributes:
        linear: the head, calibrated.
        held_out: calibrated log-odds of each example, by a head that had seen nothing of its task.
        loss: the mean log-loss on held-out tasks, before calibration: what heads are chosen by.
        told: how it came about: penalties, losses on held-out tasks, counts.
    """

    linear: Linear
    held_out: list[float]
    loss: float
    told: dict[str, float | int | str | bool] = field(default_factory=dict)


def learn_choice(rows: Rows, names: Sequence[str], seed: int = 0) -> Learned:
    """Learn to choose between code and text.

    Raises:
        BadInput: too few problems of which code alone was right, or text alone.
    """
    code, text = np.array(rows.code, dtype=np.float64), np.array(rows.text, dtype=np.float64)
    margin, better = np.abs(code - text), (code > text).astype(np.float64)
    decisive = margin > 0
    _enough(better[decisive], "of which code alone was right", "of which text alone was right")
    data, parts = rows.array(names), folds(list(rows.tasks), FOLDS, seed)
    pair_weights, many = margin * rows.even(decisive), _kinds(names)

    def loss(scores: Array) -> float:
        return log_loss(scores[decisive], better[decisive], pair_weights[decisive])

    def outcomes(penalty: float) -> _Fitted:
        def fitted(train: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
            weights = rows.even(train)[train]
            scale = scaling(data[train], weights, FAR)
            known = scale(data[train])
            by_code = fit(known, code[train], weights, penalty * many)
            by_text = fit(known, text[train], weights, penalty * many)
            return by_code - by_text, scale(data)

        return fitted

    def preferred(stage: _Fitted, penalty: float) -> _Fitted:
        def fitted(train: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
            around, known = stage(train)
            pairs = train & decisive
            if not pairs.any():
                return around, known
            return fit(known[pairs], better[pairs], pair_weights[pairs], penalty * many, around), known

        return fitted

    base, first = _best({penalty: _held_out(outcomes(penalty), parts) for penalty in PENALTIES}, loss)
    stage = _kept(outcomes(base))
    second_penalty, second = _best({one: _held_out(preferred(stage, one), parts) for one in PENALTIES}, loss)
    tuned = loss(second) < loss(first) and _hits(second, better, decisive) >= _hits(first, better, decisive)
    scores = second if tuned else first
    slope, shift = calibration(scores[decisive], better[decisive], pair_weights[decisive])
    everything = np.ones(len(data), dtype=bool)
    beta, _ = (preferred(stage, second_penalty) if tuned else stage)(everything)
    told: dict[str, float | int | str | bool] = {
        "penalty": base,
        "preference_penalty": second_penalty,
        "preference_kept": tuned,
        "held_out_loss_outcomes": round(loss(first), 6),
        "held_out_loss_preference": round(loss(second), 6),
        "slope": round(slope, 6),
        "shift": round(shift, 6),
        "problems": len(data),
        "decisive": int(decisive.sum()),
        "code_better": int(better[decisive].sum()),
    }
    return _learned(rows, names, data, beta, slope, shift, scores, loss(scores), told)


def learn_right(rows: Rows, names: Sequence[str], seed: int = 0) -> Learned:
    """Learn to tell whether an answer is right: ``rows.code`` says so for each.

    Raises:
        BadInput: too few right answers, or too few wrong ones.
    """
    right = np.array(rows.code, dtype=np.float64)
    _enough(right, "with a right answer", "with a wrong answer")
    data, parts = rows.array(names), folds(list(rows.tasks), FOLDS, seed)
    everything = np.ones(len(data), dtype=bool)
    weights, many = rows.even(everything), _kinds(names)

    def fitted_with(penalty: float) -> _Fitted:
        def fitted(train: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
            own = rows.even(train)[train]
            scale = scaling(data[train], own, FAR)
            return fit(scale(data[train]), right[train], own, penalty * many), scale(data)

        return fitted

    def loss(scores: Array) -> float:
        return log_loss(scores, right, weights)

    penalty, scores = _best({one: _held_out(fitted_with(one), parts) for one in PENALTIES}, loss)
    slope, shift = calibration(scores, right, weights)
    beta, _ = fitted_with(penalty)(everything)
    told: dict[str, float | int | str | bool] = {
        "penalty": penalty,
        "held_out_loss": round(loss(scores), 6),
        "slope": round(slope, 6),
        "shift": round(shift, 6),
        "situations": len(data),
        "right": int(right.sum()),
    }
    return _learned(rows, names, data, beta, slope, shift, scores, loss(scores), told)


def _kinds(names: Sequence[str]) -> Array:
    """How many facts there are of each one's kind: those whose names begin alike; the scored odds are one of their own."""
    kinds = [name if name.endswith(".odds") else name.partition(".")[0] for name in names]
    sizes = Counter(kinds)
    return np.array([sizes[kind] for kind in kinds], dtype=np.float64)


def _kept(fitted: _Fitted) -> _Fitted:
    """The same, each fit made once."""
    known: dict[bytes, tuple[Array, Array]] = {}

    def once(train: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
        mark = train.tobytes()
        if mark not in known:
            known[mark] = fitted(train)
        return known[mark]

    return once


def _held_out(fitted: _Fitted, parts: Sequence[npt.NDArray[np.bool_]]) -> Array:
    """Scores of all examples, each by what was fitted without its fold."""
    scores = np.zeros(len(parts[0]))
    for part in parts:
        beta, known = fitted(~part)
        scores[part] = known[part] @ beta[:-1] + beta[-1]
    return scores


def _best(tried: Mapping[float, Array], loss: Callable[[Array], float]) -> tuple[float, Array]:
    """The penalty whose held-out loss is smallest, of equal ones the larger; and its scores."""
    penalty = min(tried, key=lambda one: (loss(tried[one]), -one))
    return penalty, tried[penalty]


def _hits(scores: Array, better: Array, decisive: npt.NDArray[np.bool_]) -> int:
    return int(((scores > 0) == (better > 0))[decisive].sum())


def _learned(
    rows: Rows,
    names: Sequence[str],
    data: Array,
    beta: Array,
    slope: float,
    shift: float,
    scores: Array,
    loss: float,
    told: dict[str, float | int | str | bool],
) -> Learned:
    scale = scaling(data, rows.even(np.ones(len(data), dtype=bool)), FAR)
    linear = Linear(
        names=list(names),
        mean=_rounded(scale.mean),
        scale=_rounded(scale.scale),
        weights=_rounded(slope * beta[:-1]),
        bias=round(float(slope * beta[-1] + shift), 6),
    )
    return Learned(linear.checked(), (slope * scores + shift).tolist(), loss, told)


def _rounded(values: Array) -> list[float]:
    """Six significant digits: what is beyond them differs between processors."""
    return [float(f"{value:.6g}") for value in values.tolist()]


def _enough(answers: Array, yes: str, no: str) -> None:
    counts = {yes: int(answers.sum()), no: int(len(answers) - answers.sum())}
    for what, count in counts.items():
        if count < FEWEST:
            raise BadInput(
                f"There are {count} examples {what}; {FEWEST} are needed.",
                "Collect more: codesteer train outcomes, with more tasks, easier levels or a larger -n.",
            )
