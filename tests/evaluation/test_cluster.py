"""A job on a Ray cluster of two workers: the same rows, also when a worker is killed in the middle of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from codesteer_kernel.cli import main
from codesteer_kernel.cluster import Cluster, Needs
from codesteer_kernel.errors import BadInput, MissingDependency
from codesteer_kernel.evaluation.jobs import Job
from codesteer_kernel.evaluation.ledger import read_attempts, read_job
from codesteer_kernel.evaluation.runner import run_job
from codesteer_kernel.run import RunSettings
from codesteer_kernel.training.branching import read_trees
from codesteer_kernel.training.growing import Grown
from codesteer_kernel.training.trees import runs_in
from tests.evaluation.job_script import answering, problems_of
from tests.evaluation.spread import begin
from tests.evaluation.test_runner import told
from tests.evaluation.two_workers import KILLED_AFTER, MADE_UP
from tests.run.scripts import model
from tests.scripted import serving_in_thread

# Ray starts a dozen processes: seconds on a quiet machine, minutes on one that is busy with other tests.
pytestmark = [pytest.mark.kernel, pytest.mark.timeout(900)]

JOB = Job(
    methods=("only-question", "codesteer"),
    tasks=("letters", "number_multiply"),
    n=4,
    settings=RunSettings(checker="none", rounds=3),
)
RIGHT = problems_of(JOB)


@pytest.fixture(scope="module")
def happened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What :mod:`tests.evaluation.two_workers` tells, and beside it the same job done here."""
    folder = tmp_path_factory.mktemp("cluster")
    with serving_in_thread(answering(RIGHT, delay=0.1)) as server:
        alone = run_job(replace(JOB, targets=(model(server),)), folder / "alone", concurrency=4)
        asked = len(server.requests)
        command = [sys.executable, "-m", "tests.evaluation.two_workers", str(folder / "spread"), model(server)]
        environment = {**os.environ, "CODESTEER_HOME": str(folder / "home")}
        done = subprocess.run(command, capture_output=True, text=True, timeout=800, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        asked_there = len(server.requests) - asked
    told = json.loads(done.stdout.splitlines()[-1])
    return {**told, "alone": alone.attempts, "asked": (asked, asked_there), "folder": folder / "spread"}


def test_a_job_loses_nothing_when_a_worker_is_killed_in_the_middle(happened: dict[str, Any]) -> None:
    job, rows = happened["job"], read_attempts(happened["folder"])
    assert KILLED_AFTER <= job["killed after"] < job["rows"] == len(rows) == 16, "no attempt was kept twice"
    assert job["exit code"] == 0
    assert told(rows) == told(happened["alone"])
    assert {one.status for one in rows} == {"done"}
    asked, asked_there = happened["asked"]
    assert asked_there >= asked, "what the killed worker had in hand was asked again"
    assert read_job(happened["folder"]).sessions[-1].why == "done"


def test_items_are_worked_on_by_all_and_what_fails_is_told(happened: dict[str, Any]) -> None:
    assert happened["results"] == [2 * number for number in range(100, 120)]
    assert happened["mapped"] == [0, 2, 4, 6, 8]
    assert happened["raised"] == "ValueError: not that number"
    assert happened["left"]


def test_an_item_that_kills_its_actors_is_given_up_and_takes_no_other_with_it(happened: dict[str, Any]) -> None:
    assert happened["killing"].startswith("WorkerLost: It is given up: 2 processes died")


def test_actors_that_cannot_begin_or_find_no_room_are_told(happened: dict[str, Any]) -> None:
    assert happened["broken"].startswith("ClusterFailed: 2 actors died in their start")
    assert "no model here" in happened["broken"]
    assert happened["no room"].startswith("No node of the cluster has what an actor needs (1 cores, 1 GPUs).")


def test_runs_and_trees_for_training_are_the_same_there_as_here(happened: dict[str, Any], tmp_path: Path) -> None:
    assert happened["trained"] == [0, 0]
    assert (
        main(["train", "outcomes", *MADE_UP, "-n", "3", "--seed", "5", "-j", "2", "-o", str(tmp_path), "--plain"]) == 0
    )
    there = read_attempts(happened["folder"] / "outcomes")
    assert len(there) == 6
    assert told(there) == told(read_attempts(tmp_path))
    assert (
        main(["train", "pairs", *MADE_UP, "-n", "2", "--seed", "5", "-j", "2", "-o", str(tmp_path), "--no-dataset"])
        == 0
    )
    here, spread = (
        {tree.key: tree for tree in read_trees(folder)} for folder in (tmp_path, happened["folder"] / "pairs")
    )
    assert len(spread) == 2
    assert grown(spread) == grown(here)


def grown(trees: dict[str, Grown]) -> dict[str, list[tuple[str, float | None]]]:
    """What was decided at the end of each path of each tree, and what it scored."""
    return {key: [(leaf.decision.kind, leaf.score) for leaf in runs_in(tree.steps)] for key, tree in trees.items()}


def test_ray_is_asked_for_by_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependency, match=r"codesteer\[ray\]"):
        Cluster("auto", begin, at_once=1)


@pytest.mark.parametrize(("at_once", "actors"), [(0, None), (2, 0)])
def test_numbers_that_make_no_sense(at_once: int, actors: int | None) -> None:
    with pytest.raises(BadInput, match="counted from 1"):
        Cluster("auto", begin, at_once=at_once, actors=actors)


def test_what_an_actor_needs_is_looked_for_on_every_node() -> None:
    node = {"CPU": 4.0, "api": 2.0, "node:10.0.0.1": 1.0}
    assert Needs(cpus=4).fit(node)
    assert Needs(cpus=1, resources={"api": 2}).fit(node)
    assert not Needs(cpus=5).fit(node)
    assert not Needs(gpus=1).fit(node)
    assert not Needs(resources={"api": 3}).fit(node)
