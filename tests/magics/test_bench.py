"""``codesteer.bench``: frames of jobs, the paper's table and figures of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from codesteer import bench

from codesteer_kernel.errors import BadInput, UnknownName
from codesteer_kernel.evaluation import published
from codesteer_kernel.run import RunSettings
from tests.evaluation.job_script import answering, problems_of
from tests.evaluation.jobs import attempts_of, write_job
from tests.run.scripts import model
from tests.scripted import serving_in_thread

LEVELS = [*(("letters", level) for level in ("2", "3", "4")), ("game24", "2")]
METHODS = ["only-question", "codesteer"]


@pytest.fixture
def frame(tmp_path: Path) -> pd.DataFrame:
    right = lambda method, _target, task, _index: method == "codesteer" and task == "game24"  # noqa: E731
    return bench.load(write_job(tmp_path / "job", attempts_of(METHODS, LEVELS, n=4, right=right)))


def test_a_frame_has_a_row_an_attempt(frame: pd.DataFrame) -> None:
    assert len(frame) == 32
    assert set(frame.job) == {"job"}
    assert frame[frame.task == "letters"].part.unique().tolist() == ["unseen"]
    assert (frame.rounds == frame.decisions.map(len)).all()
    assert frame.groupby("method").correct.sum().to_dict() == {"codesteer": 4, "only-question": 0}


def test_folders_of_the_same_name_stay_apart(tmp_path: Path) -> None:
    both = [write_job(tmp_path / name / "job", attempts_of(["codesteer"], LEVELS[:1], n=2)) for name in ("a", "b")]
    frame = bench.load(*both)
    assert (frame.job.nunique(), len(frame)) == (2, 4)
    assert bench.table(frame).shape[1] == 3, "two rows, and a published column"


def test_the_table_has_the_papers_layout(frame: pd.DataFrame) -> None:
    table = bench.table(frame)
    assert table.columns.tolist() == [
        ("measured", "Only Question"),
        ("measured", "CodeSteer"),
        ("published", "Only Question (GPT-4o)"),
        ("published", "CodeSteer (GPT-4o)"),
    ]
    assert table.index.tolist()[-2:] == ["game24", "letters"]
    ours = table["measured", "CodeSteer"]
    assert (ours["game24"], ours["letters"], ours["mean"], ours["mean, seen"]) == (100, 0, 50, 100)
    assert table["published", "CodeSteer (GPT-4o)"]["game24"] == 93
    assert table["published", "CodeSteer (GPT-4o)"]["mean"] == 94.5
    assert bench.table(frame, intervals=True)["measured", "CodeSteer"]["game24"] == "100 (51 to 100), n=4"


def test_a_part_of_a_frame_is_a_frame(frame: pd.DataFrame) -> None:
    table = bench.table(frame[frame.task == "letters"])
    assert "game24" not in table.index
    assert "mean, seen" not in table.index


def test_the_figures_mark_what_was_published(frame: pd.DataFrame) -> None:
    tokens, seconds = bench.plot_cost(frame).axes
    for axis in (tokens, seconds):
        names = [line.get_label() for line in axis.lines]
        assert "published" in names
        (points,) = [line for line in axis.lines if line.get_label() == "published"]
        assert points.get_markerfacecolor() == "none"
    known = [point for point in published.cost().points if point.tokens is not None]
    assert sorted(tokens.lines[0].get_xdata()) == sorted(point.tokens for point in known)
    game, letters = bench.plot_complexity(frame).axes
    assert [axis.get_title() for axis in (game, letters)] == ["game24", "letters"]
    drawn = [line.get_ydata().tolist() for line in letters.lines if line.get_label() == "published"]
    assert drawn == [list(map(float, curve)) for curve in published.complexity().tasks["letters"].curves.values()]


def test_what_cannot_be_drawn_is_said(frame: pd.DataFrame) -> None:
    with pytest.raises(BadInput, match="published curve"):
        bench.plot_complexity(frame[frame.task == "letters"], ["game24"])
    with pytest.raises(BadInput, match="no frame of attempts"):
        bench.table(pd.DataFrame({"task": ["letters"]}))
    with pytest.raises(BadInput, match="No attempt"):
        bench.table(frame[:0])
    with pytest.raises(BadInput, match="no job to load"):
        bench.load()


@pytest.mark.kernel
def test_a_job_from_a_notebook_goes_on_where_it_was(tmp_path: Path) -> None:
    from codesteer_kernel.evaluation.jobs import Job

    asked = {"methods": METHODS, "tasks": ["letters"], "n": 2}
    right = problems_of(Job(methods=tuple(METHODS), tasks=("letters",), n=2, settings=RunSettings(checker="none")))
    heard: list[int] = []
    with serving_in_thread(answering(right)) as server:
        settings = {"target": model(server), "checker": "none", "rounds": 2}
        first = bench.run(tmp_path / "job", **asked, **settings, progress=lambda told: heard.append(told.done))
        calls = len(server.requests)
        again = bench.run(tmp_path / "job", **asked, **settings, progress=False)
        assert len(server.requests) == calls
    assert (len(first), heard[-1]) == (4, 4)
    assert again.key.tolist() == first.key.tolist()
    with pytest.raises(UnknownName, match="no method"):
        bench.run(tmp_path / "other", methods=["nope"], tasks=["letters"])
