"""The arithmetic of evaluation, checked against scipy and by what must hold of any data."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from codesteer_kernel.evaluation.statistics import (
    Estimate,
    brier,
    calibration,
    checking,
    combined,
    distribution,
    fewest_to_tell,
    macro,
    normalised,
    paired,
    sign_test,
    wilson,
)

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
outcomes = st.dictionaries(st.integers(0, 30), st.booleans(), max_size=25)


@given(counts)
def test_wilson_is_scipys(count: tuple[int, int]) -> None:
    right, n = count
    ours, theirs = wilson(right, n), stats.binomtest(right, n).proportion_ci(method="wilson")
    assert ours.value == right / n
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert 0 <= ours.low <= ours.value <= ours.high <= 1
    assert ours.low < ours.high


@pytest.mark.parametrize(("right", "n"), [(0, 0), (3, 2), (-1, 4)])
def test_no_share_without_observations(right: int, n: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(right, n)


@given(st.lists(counts, min_size=1, max_size=20))
def test_a_mean_of_tasks_counts_every_task_the_same(cells: list[tuple[int, int]]) -> None:
    each = [wilson(*cell) for cell in cells]
    mean = macro(each)
    assert mean.value == pytest.approx(sum(one.value for one in each) / len(each))
    assert mean.n == sum(n for _, n in cells)
    assert mean.low < mean.high
    assert min(one.low for one in each) - 1e-9 <= mean.low
    assert mean.high <= max(one.high for one in each) + 1e-9


@given(counts)
def test_one_task_is_its_own_mean(cell: tuple[int, int]) -> None:
    one = wilson(*cell)
    mean = macro([one])
    assert (mean.value, mean.low, mean.high) == pytest.approx((one.value, one.low, one.high))


def test_the_interval_of_a_mean_covers_the_truth_about_as_often_as_it_says() -> None:
    # Exactly, not by chance: all outcomes of 4 tasks with 3 problems each, weighed by their probability.
    truths, n = (0.1, 0.4, 0.6, 0.95), 3
    aim, covered = sum(truths) / len(truths), 0.0
    for code in range((n + 1) ** len(truths)):
        rights = [code // (n + 1) ** place % (n + 1) for place in range(len(truths))]
        chance = math.prod(stats.binom.pmf(right, n, truth) for right, truth in zip(rights, truths, strict=True))
        mean = macro([wilson(right, n) for right in rights])
        covered += chance if mean.low <= aim <= mean.high else 0
    assert 0.93 < covered <= 1


def test_nothing_combines_to_nothing() -> None:
    with pytest.raises(ValueError, match="nothing to combine"):
        combined([])


def test_a_frozen_set_lets_a_row_be_better_than_the_best() -> None:
    cells = {"a": wilson(9, 10), "b": wilson(1, 10), "unknown": wilson(5, 10)}
    assert normalised(cells, {"a": 0.5, "b": 0.2}).value == pytest.approx((1.8 + 0.5) / 2)


@given(outcomes, outcomes)
def test_pairs_are_only_what_both_tried(first: dict[int, bool], second: dict[int, bool]) -> None:
    found = paired(first, second, resamples=200)
    common = first.keys() & second.keys()
    assert found.n == len(common)
    assert set(found.gained) == {key for key in common if second[key] and not first[key]}
    assert set(found.lost) == {key for key in common if first[key] and not second[key]}
    if common:
        assert found.difference == pytest.approx((len(found.gained) - len(found.lost)) / len(common))
        assert found.low <= found.difference <= found.high
        back = paired(second, first, resamples=200)
        assert (back.difference, back.p) == pytest.approx((-found.difference, found.p))
    assert found == paired(first, second, resamples=200), "the same seed, the same interval"


def test_the_bootstraps_interval_is_scipys_within_chance() -> None:
    first = {key: key % 3 == 0 for key in range(90)}
    second = {key: key % 2 == 0 for key in range(90)}
    found = paired(first, second, resamples=4000)
    steps = [second[key] - first[key] for key in range(90)]
    theirs = stats.bootstrap((steps,), lambda x, axis: x.mean(axis=axis), method="percentile", rng=1)
    assert found.low == pytest.approx(theirs.confidence_interval.low, abs=0.025)
    assert found.high == pytest.approx(theirs.confidence_interval.high, abs=0.025)


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_sign_test_is_scipys(gained: int, lost: int) -> None:
    theirs = stats.binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert sign_test(gained, lost) == pytest.approx(theirs)


def test_few_problems_tell_nothing_however_one_sided() -> None:
    worse, better = dict.fromkeys(range(5), False), dict.fromkeys(range(5), True)
    assert paired(worse, better).told == 0
    assert fewest_to_tell() == 6
    worse, better = dict.fromkeys(range(12), False), dict.fromkeys(range(12), True)
    assert (paired(worse, better).told, paired(better, worse).told, paired(better, better).told) == (1, -1, 0)
    assert paired({1: True}, {2: True}) == paired({}, {})


@given(st.lists(st.floats(0, 3), max_size=60))
def test_a_distribution_leaves_nothing_out(scores: list[float]) -> None:
    counts = distribution(scores)
    assert (len(counts), sum(counts)) == (8, len(scores))
    assert counts[-1] == sum(score >= 0.875 for score in scores)


def test_a_checker_is_judged_by_what_is_so() -> None:
    said = [*[("pass", True)] * 6, *[("pass", False)] * 2, *[("fail", True)] * 3, *[("fail", False)] * 4]
    found = checking([*said, ("broken", True), ("unsure", False), ("", True)])
    assert (found.passes, found.fails, found.silent, found.right) == (8, 7, 2, 10)
    assert (found.precision, found.recall, found.rejection) == (wilson(6, 8), wilson(6, 10), wilson(4, 7))
    assert checking([("", True)]).precision is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50))
def test_forecasts_are_all_counted_in_one_bin_each(forecasts: list[tuple[float, bool]]) -> None:
    bins = calibration(forecasts)
    assert sum(one.came.n for one in bins) == len(forecasts)
    assert sum(one.came.right for one in bins) == sum(came for _, came in forecasts)
    assert 0 <= brier(forecasts) <= 1


def test_a_sure_and_right_forecast_has_no_distance() -> None:
    assert brier([(1.0, True), (0.0, False)]) == 0
    assert brier([(0.5, True), (0.5, False)]) == 0.25
    with pytest.raises(ValueError, match="no forecast"):
        brier([])


def test_estimates_know_their_counts() -> None:
    assert wilson(3, 5) == Estimate(0.6, wilson(3, 5).low, wilson(3, 5).high, 5, 3)
