"""Many runs in a row leave nothing; ``benchmarks/endurance.py`` is the long form."""

from __future__ import annotations

import pytest

from benchmarks.endurance import endure, left


@pytest.mark.kernel
@pytest.mark.timeout(900)
def test_runs_that_end_in_every_way_leave_nothing() -> None:
    told: list[str] = []
    before, after, runs = endure(45, tell=told.append)
    # Memory is judged over a thousand runs, where what comes once and stays no longer counts.
    named = [one for one in left(before, after, runs) if "kB a run" not in one]
    assert named == [], told
    assert after["resident here, kB"] - before["resident here, kB"] < 40_000, told


def test_what_is_left_is_named() -> None:
    before = {"processes below": 1.0, "resident here, kB": 100.0}
    assert left(before, before, 10) == []
    assert left(before, {"processes below": 2.0, "resident here, kB": 300.0}, 10) == [
        "processes below: 1 before, 2 after",
        "resident here, kB: 20.0 kB a run",
    ]
