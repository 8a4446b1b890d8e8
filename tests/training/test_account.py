"""What runs cost: the time in which at least one went on, and what the paper's amount would take."""

from __future__ import annotations

import pytest

from codesteer_kernel.training.account import PREFERENCES, TRAJECTORIES, Account


def at(second: int) -> str:
    return f"2026-07-01T10:{second // 60:02}:{second % 60:02}+00:00"


def test_runs_beside_each_other_take_their_time_once_and_pauses_none() -> None:
    account = Account()
    for began, seconds in ((0, 10), (0, 8), (9, 11), (600, 5)):
        account.add(at(began), seconds)
    assert account.seconds == 25
    assert account.runs == 4


def test_many_runs_within_a_second_take_what_they_took_spread_over_those_at_once() -> None:
    account = Account()
    for _ in range(100):
        account.add(at(0), 0.4, job="a", at_once=4)
    assert account.seconds == pytest.approx(10)
    # Jobs may have been made beside each other: of their times the longest is certain.
    for _ in range(20):
        account.add(at(0), 0.4, job="b", at_once=1)
    assert account.seconds == pytest.approx(10)


@pytest.mark.parametrize("started", ["", "yesterday", "9999-99-99", "0001-01-01T00:00:00+00:00"])
def test_a_time_that_nobody_can_read_is_not_known(started: str) -> None:
    account = Account()
    account.add(started, 0.0)
    assert account.seconds == 0
    assert account.told(1, TRAJECTORIES) == (
        "1 run with real targets gave 1 trajectory; how long they took is not known."
    )


def test_the_pace_says_what_the_papers_amount_would_take() -> None:
    account = Account(simulated=True)
    for place in range(300):
        account.add(at(place * 6), 6)
    assert account.told(50, TRAJECTORIES) == (
        "300 runs with targets that are no models (simulated) gave 50 trajectories in 30.0 min: 6.0 s a run, "
        "36.0 s a trajectory. At this pace 12,000, as the paper had, would take 120.0 h."
    )
    assert account.told(1, PREFERENCES).endswith(
        "30.0 min a pair. At this pace 5,500, as the paper had, would take 2,750.0 h."
    )
    assert account.told(0, PREFERENCES).endswith("gave 0 pairs in 30.0 min: 6.0 s a run.")


def test_the_commonest_reason_comes_first() -> None:
    account = Account()
    account.left_out.update({"wrong": 2, "failed": 3, "none of these": 0})
    assert list(account.reasons()) == [("failed", 3), ("wrong", 2)]
