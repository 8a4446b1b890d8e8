"""What was published is shipped whole, and follows from itself."""

from __future__ import annotations

import pytest

from codesteer_kernel.evaluation import published
from codesteer_kernel.evaluation.methods import METHODS
from codesteer_kernel.evaluation.statistics import distribution, normalised, wilson
from codesteer_kernel.symbench import get, tasks

TABLE = published.table()
SPLITS = {
    "seen": {name for name, task in tasks().items() if task.split == "seen"},
    "unseen": {name for name, task in tasks().items() if task.split == "unseen"},
    "total": set(tasks()),
}


def test_every_task_has_a_row_and_every_row_a_number_a_column() -> None:
    assert set(TABLE.scores) == set(tasks())
    assert {len(row) for row in TABLE.scores.values()} == {13} == {len(TABLE.columns)}


@pytest.mark.parametrize("split", list(SPLITS))
@pytest.mark.parametrize("place", range(13))
def test_the_published_averages_follow_from_the_cells(split: str, place: int) -> None:
    column = TABLE.column(TABLE.columns[place].key)
    cells = {task: wilson(round(100 * share), 100) for task, share in column.items() if task in SPLITS[split]}
    assert round(100 * normalised(cells, TABLE.best).value, 1) == TABLE.averages[split][place]


@pytest.mark.parametrize("key", list(TABLE.distribution.counts))
def test_the_published_distribution_follows_from_the_cells(key: str) -> None:
    scores = [share / TABLE.best[task] for task, share in TABLE.column(key).items()]
    assert distribution(scores, TABLE.distribution.width) == TABLE.distribution.counts[key]


def test_the_cost_figure_has_the_scores_of_the_table() -> None:
    totals = dict(zip((one.key for one in TABLE.columns), TABLE.averages["total"], strict=True))
    assert {point.column for point in published.cost().points} == set(totals)
    assert all(point.score == totals[point.column] for point in published.cost().points)


@pytest.mark.parametrize("task", list(published.complexity().tasks))
def test_the_complexity_curves_stand_on_knobs_that_the_tasks_have(task: str) -> None:
    curves = published.complexity().tasks[task]
    assert all(len(values) == len(curves.settings) == 5 for values in curves.curves.values())
    assert {knob for setting in curves.settings for knob in setting.knobs} <= set(get(task).knobs)
    # No problem stands at two places.
    for setting in curves.settings:
        inside = {knob: low for knob, (low, _) in setting.knobs.items()}
        assert [one.label for one in curves.settings if one.holds(inside)] == [setting.label]


def test_a_setting_holds_only_problems_that_say_all_its_knobs() -> None:
    setting = published.Setting("3, 10", {"count": (3, 3), "target": (10, 10)})
    assert setting.holds({"count": 3, "target": 10, "high": 9})
    assert not setting.holds({"count": 3, "target": 11})
    assert not setting.holds({"count": 3})
    assert not setting.holds({"count": "3", "target": 10})


def test_methods_restate_columns_that_there_are() -> None:
    known = {column.key for column in TABLE.columns}
    assert {one.published for one in METHODS.values() if one.published} <= known
