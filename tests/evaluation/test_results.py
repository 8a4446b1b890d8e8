"""What comes out of jobs: rows, means, what is counted and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from codesteer_kernel.errors import BadInput
from codesteer_kernel.evaluation import published
from codesteer_kernel.evaluation.results import Way, results
from codesteer_kernel.evaluation.statistics import wilson
from codesteer_kernel.evaluation.turned import turned_knobs, turned_published
from tests.evaluation.jobs import attempts_of, write_job

TASKS = [("game24", "2"), ("letters", "1"), ("number_multiply", "1")]


def test_rows_are_method_target_and_steerer_in_their_order(tmp_path: Path) -> None:
    made = attempts_of(["codesteer", "unheard-of", "only-question"], TASKS, n=2, targets=["b", "a"], steerer="s")
    found = results([write_job(tmp_path / "job", made)])
    assert [(one.way.target, one.way.method, one.way.steerer) for one in found.rows] == [
        ("a", "only-question", ""),
        ("a", "codesteer", "s"),
        ("a", "unheard-of", ""),
        ("b", "only-question", ""),
        ("b", "codesteer", "s"),
        ("b", "unheard-of", ""),
    ]
    assert found.tasks == ["game24", "letters", "number_multiply"]
    assert [one.way.published for one in found.rows[:3]] == ["OQ", "CS", None]


def test_cells_and_means_are_what_was_right(tmp_path: Path) -> None:
    made = attempts_of(["codesteer"], TASKS, n=4, right=lambda _m, _t, task, index: task == "game24" and index < 3)
    (one,) = results([write_job(tmp_path / "job", made)]).rows
    assert one.cells == {"game24": wilson(3, 4), "letters": wilson(0, 4), "number_multiply": wilson(0, 4)}
    assert one.pooled == wilson(3, 12)
    seen, unseen, whole = one.mean("seen"), one.mean("unseen"), one.mean()
    assert seen
    assert unseen
    assert whole
    assert (seen.value, unseen.value, whole.value) == (0.75, 0, 0.25)
    normal = one.normalised("seen")
    assert normal
    assert normal.value == pytest.approx(0.75 / published.table().best["game24"])


def test_a_task_that_counts_little_counts_as_much_as_any(tmp_path: Path) -> None:
    made = [
        *attempts_of(["codesteer"], TASKS[:1], n=1, right=lambda *_: 1),
        *attempts_of(["codesteer"], TASKS[1:2], n=9, right=lambda *_: 0),
    ]
    (one,) = results([write_job(tmp_path / "job", made)]).rows
    mean = one.mean()
    assert mean
    assert (mean.value, one.pooled.value) == (0.5, 0.1)


def test_the_same_problems_in_two_jobs_stay_two_rows(tmp_path: Path) -> None:
    first = write_job(tmp_path / "first", attempts_of(["codesteer"], TASKS, right=lambda *_: 0))
    second = write_job(tmp_path / "second", attempts_of(["codesteer"], TASKS, right=lambda *_: 1))
    found = results([first, second])
    assert [(one.way.source, one.pooled.value) for one in found.rows] == [("first", 0), ("second", 1)]
    assert found.name(found.rows[0].way) == "CodeSteer (first)"


def test_other_problems_in_another_job_are_more_of_the_same_row(tmp_path: Path) -> None:
    first = write_job(tmp_path / "first", attempts_of(["codesteer"], TASKS[:1]))
    second = write_job(tmp_path / "second", attempts_of(["codesteer"], TASKS[1:]))
    (one,) = results([first, second]).rows
    assert (one.way.source, len(one.attempts)) == ("", 15)


def test_a_problem_counts_once_however_many_levels_ask_it(tmp_path: Path) -> None:
    # Level 2 of this task and "paper-2" have the same knobs, so equal seeds give equal problems.
    levels = [("combinatorial_calculation", "2"), ("combinatorial_calculation", "paper-2")]
    found = results([write_job(tmp_path / "job", attempts_of(["codesteer"], levels, n=3))])
    assert (len(found.attempts), found.repeated) == (3, 3)


def test_stopped_attempts_do_not_count_and_failed_ones_count_as_wrong(tmp_path: Path) -> None:
    (stopped, record), (failed, _), (right, _) = attempts_of(["codesteer"], TASKS[:1], n=3, right=lambda *_: 1)
    made = [replace(stopped, status="stopped"), replace(failed, status="failed", correct=False), right]
    found = results([write_job(tmp_path / "job", [(one, record) for one in made])])
    assert found.unfinished == 1
    assert found.rows[0].pooled == wilson(1, 2)


def test_a_method_without_a_steerer_has_one_row_whatever_the_job_steers_with(tmp_path: Path) -> None:
    (one, record), (other, _) = attempts_of(["only-question"], TASKS[:1], n=2)
    made = [(replace(one, steerer="a"), record), (replace(other, steerer="b"), record)]
    (row,) = results([write_job(tmp_path / "job", made)]).rows
    assert row.way == Way("only-question", "local/qwen2.5-coder-0.5b")


def test_an_unknown_price_leaves_the_sum_unknown(tmp_path: Path) -> None:
    (one, record), (other, _) = attempts_of(["codesteer"], TASKS[:1], n=2)
    known = [(replace(one, cost=0.25), record), (replace(other, cost=0.5), record)]
    assert results([write_job(tmp_path / "a", known)]).rows[0].cost == 0.75
    unknown = [known[0], (replace(other, cost=None), record)]
    assert results([write_job(tmp_path / "b", unknown)]).rows[0].cost is None


def test_names_say_no_more_than_must_be_told_apart(tmp_path: Path) -> None:
    made = [
        *attempts_of(["codesteer"], TASKS, targets=["p/x", "p/y"], steerer="p/s"),
        *attempts_of(["only-question"], TASKS, targets=["p/x"]),
    ]
    found = results([write_job(tmp_path / "job", made)])
    assert [found.name(one.way) for one in found.rows] == [
        "Only Question (x)",
        "CodeSteer (x, steered by s)",
        "CodeSteer (y, steered by s)",
    ]
    assert found.name(found.rows[1].way, found.rows[:2]) == "CodeSteer"


def test_nothing_to_report_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No attempt has finished"):
        results([])
    with pytest.raises(BadInput, match=r"No attempt has finished in .*job"):
        results([write_job(tmp_path / "job", [])])
    (tmp_path / "job" / "job.json").write_text("[1]")
    with pytest.raises(BadInput, match="describes no job"):
        results([tmp_path / "job"])
    (tmp_path / "job" / "job.json").write_text("{")
    with pytest.raises(BadInput, match="cannot be read"):
        results([tmp_path / "job"])


def test_a_knob_that_was_turned_has_a_curve(tmp_path: Path) -> None:
    levels = [("letters", level) for level in ("1", "3", "5")]
    made = attempts_of(["codesteer"], levels, n=2, right=lambda *_: 1)
    found = results([write_job(tmp_path / "job", made)])
    length, hits = turned_knobs(found, "letters")
    assert (length.axis, length.labels, length.also) == ("length", ["8", "30", "400"], ["hits"])
    assert (hits.axis, hits.also) == ("hits", ["length"])
    assert length.points == {found.rows[0].way: [wilson(2, 2)] * 3}


def test_published_settings_hold_only_what_was_asked_at_them(tmp_path: Path) -> None:
    # Lengths 8, 15, 30, 100, 400: the first is below the shortest band, none is in 150 to 200 or 750 to 800.
    levels = [("letters", str(level)) for level in range(1, 6)]
    found = results([write_job(tmp_path / "job", attempts_of(["codesteer"], levels, n=2, right=lambda *_: 0))])
    turned = turned_published(found, "letters")
    assert turned
    assert turned.points[found.rows[0].way] == [wilson(0, 4), wilson(0, 2), None, wilson(0, 2), None]
    assert turned_published(found, "game24") is None
    assert turned_published(found, "pooling") is None
