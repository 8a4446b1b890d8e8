"""Trajectories and trees are made, kept and resumed: simulated targets, real child kernels, the engine of real runs."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.errors import BadInput, UnknownName
from codesteer_kernel.evaluation.jobs import Job, trials
from codesteer_kernel.evaluation.ledger import read_attempts, read_records
from codesteer_kernel.run import RunSettings
from codesteer_kernel.symbench import get, tasks
from codesteer_kernel.symbench.seeds import problem_seed
from codesteer_kernel.training.branching import TREES, grow_trees, read_trees
from codesteer_kernel.training.collecting import STEERED, collect, for_training, maker
from codesteer_kernel.training.gathering import gather_pairs
from codesteer_kernel.training.growing import Growing, Grown, grower
from codesteer_kernel.training.rows import checked, checked_pair
from codesteer_kernel.training.selecting import select
from codesteer_kernel.training.trees import runs_in

SETTINGS = RunSettings(target="simulated/coder", rounds=4, journal=False, code_seconds=5.0)


def job(methods: tuple[str, ...] = STEERED, **changes: object) -> Job:
    asked = {"tasks": ("pooling",), "levels": ("1",), "n": 2, "targets": ("simulated/coder",)} | changes
    return Job(methods=methods, settings=SETTINGS, **asked)  # type: ignore[arg-type]


def test_no_problem_of_training_is_one_of_evaluation() -> None:
    training = {trial.seed for trial in trials(for_training(job(n=300)))}
    measured = {trial.seed for trial in trials(job(n=300, targets=("local/x",), methods=("only-question",)))}
    assert len(training) == len(measured) == 300
    assert training.isdisjoint(measured)


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.sampled_from(sorted(tasks())), st.integers(0, 10**6))
def test_whatever_the_seeds_the_two_never_meet(one: int, other: int, task: str, index: int) -> None:
    assert problem_seed("training", one, task, index) % 2 == 1
    assert problem_seed("evaluation", other, task, index) % 2 == 0


def test_nothing_is_trained_on_an_unseen_task() -> None:
    with pytest.raises(BadInput, match="letters: kept for evaluation"):
        for_training(job(tasks=("letters", "pooling")))
    assert {get(name).split for name in for_training(job(tasks=("seen",), n=1)).tasks} == {"seen"}


def test_an_unknown_skill_is_refused() -> None:
    with pytest.raises(UnknownName, match="coder"):
        for_training(job(targets=("simulated/codr",)))


@pytest.mark.kernel
def test_trajectories_are_made_once_and_become_conversations(tmp_path: Path) -> None:
    told = []
    outcome = collect(job(), tmp_path, concurrency=2, on_progress=told.append)
    assert (len(outcome.attempts), outcome.left, outcome.why) == (8, 0, "done")
    assert told
    again = collect(job(), tmp_path, concurrency=2)
    assert [one.run for one in again.attempts] == [one.run for one in outcome.attempts]
    found = select(read_records(tmp_path), "codesteer-v1")
    assert found.rows
    assert len(found.rows) + sum(found.left_out.values()) == 8
    for row in found.rows:
        assert checked(row, "row").origin.simulated
        assert row.messages[0].content.count("Do not solve the question yourself")
    # Each policy steers in its own way.
    modes = {one.method: one.decisions for one in outcome.attempts}
    assert set(modes["policy-push-text"]) == {"text"}
    assert modes["policy-push-code"][0] == "code"


@pytest.mark.kernel
def test_trees_grow_once_and_become_pairs(tmp_path: Path) -> None:
    seen: list[tuple[Grown, int, int]] = []
    growing = Growing(branch=3, levels=2)
    asked = job(n=3)
    end = grow_trees(asked, growing, tmp_path, concurrency=2, on_tree=lambda *told: seen.append(told))
    assert end == "done"
    assert [place for _, place, _ in seen] == [1, 2, 3]
    trees = list(read_trees(tmp_path))
    assert all(not tree.error and tree.origin.simulated and tree.runs > 3 for tree in trees)
    for tree in trees:
        assert [step.decision.kind for step in tree.steps] == ["code", "text"]
        assert all(leaf.score is not None for leaf in runs_in(tree.steps))
    found = gather_pairs([], "codesteer-v1", grown=trees)
    assert [checked_pair(pair, "pair") for pair in found.rows]
    (account,) = found.accounts
    assert account.simulated
    assert account.runs == sum(tree.runs for tree in trees)
    assert 0 < account.seconds <= sum(tree.seconds for tree in trees) + 1
    grow_trees(asked, growing, tmp_path)
    assert list(read_trees(tmp_path)) == trees


@pytest.mark.kernel
def test_a_stop_keeps_whole_trees_and_the_next_start_grows_the_rest(tmp_path: Path) -> None:
    stop = threading.Event()
    asked, growing = job(n=3), Growing(branch=2, levels=1)
    end = grow_trees(asked, growing, tmp_path, concurrency=1, on_tree=lambda *_: stop.set(), stop=stop)
    assert end == "stopped"
    assert len(list(read_trees(tmp_path))) == 1
    with (tmp_path / TREES).open("ab") as file:
        file.write(b'{"key": "torn')
    assert grow_trees(asked, growing, tmp_path, concurrency=1) == "done"
    assert len({tree.key for tree in read_trees(tmp_path)}) == 3


class Elsewhere:
    """A pool as a cluster is one: who works there begins from a name, and all that goes there and comes back is pickled."""

    def __init__(self, begin: Callable[[], Any]) -> None:
        self._work = pickle.loads(pickle.dumps(begin))()

    def submit(self, item: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(pickle.loads(pickle.dumps(self._work(pickle.loads(pickle.dumps(item))))))
        return done

    def stop(self) -> None:
        self._work.stop()


@pytest.mark.kernel
def test_runs_and_trees_that_are_made_elsewhere_are_the_same(tmp_path: Path) -> None:
    asked, growing = job(("policy-push-text",), n=1), Growing(branch=2, levels=1)
    for place, makers, growers in (("here", None, None), ("there", Elsewhere(maker), Elsewhere(grower))):
        assert collect(asked, tmp_path / place, pool=makers).why == "done"
        assert grow_trees(asked, growing, tmp_path / place, pool=growers) == "done"
    (here,), (there,) = (read_attempts(tmp_path / place) for place in ("here", "there"))
    assert (here.key, here.correct, here.decisions) == (there.key, there.correct, there.decisions)
    (one,), (other,) = (read_trees(tmp_path / place) for place in ("here", "there"))
    assert [(leaf.decision, leaf.score) for leaf in runs_in(one.steps)] == [
        (leaf.decision, leaf.score) for leaf in runs_in(other.steps)
    ]
    assert one.origin == other.origin


def test_trees_that_cannot_branch_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="two branches"):
        grow_trees(job(), Growing(branch=1), tmp_path)
    with pytest.raises(UnknownName, match="push-code"):
        grow_trees(job(), Growing(finish="push-cod"), tmp_path)
    with pytest.raises(BadInput, match="trees at once are 0"):
        grow_trees(job(), Growing(), tmp_path, concurrency=0)
