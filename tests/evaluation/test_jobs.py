"""A job is a list of trials: the same problems for every method, keys that tell what differs, and seeds kept apart."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput, UnknownName
from codesteer_kernel.evaluation import jobs
from codesteer_kernel.evaluation.jobs import Job, Trial, prepared, read_sweep, trials
from codesteer_kernel.evaluation.published import complexity
from codesteer_kernel.run import RunSettings
from codesteer_kernel.symbench.seeds import problem_seed

JOB = Job(
    methods=("only-question", "codesteer"),
    tasks=("letters", "game24"),
    levels=("1", "2"),
    n=3,
    targets=("local/a",),
    settings=RunSettings(rounds=2, checker="none"),
)


def asked(found: list[Trial]) -> Counter[tuple[Any, ...]]:
    return Counter((one.task, one.level, str(one.knobs), one.seed) for one in found)


def test_every_method_gets_the_same_problems_in_either_order() -> None:
    for order in ("problem", "method"):
        found = trials(prepared(replace(JOB, order=order)))
        assert len(found) == 2 * 2 * 2 * 3
        by_method = [asked([one for one in found if one.method == name]) for name in JOB.methods]
        assert by_method[0] == by_method[1]
        assert set(by_method[0].values()) == {1}
        together = [one.method for one in found[:4]]
        assert together == (["only-question", "codesteer"] * 2 if order == "problem" else ["only-question"] * 4)
    assert {one.key for one in trials(prepared(JOB))} == {one.key for one in found}, "the order is no part of a trial"


def test_a_job_that_asks_for_more_keeps_the_problems_of_the_smaller_one() -> None:
    small = trials(prepared(JOB))
    for more in (
        {"n": 5},
        {"tasks": ("letters", "number_multiply", "game24")},
        {"levels": ("2", "1", "3")},
        {"targets": ("local/b", "local/a")},
        {"steerers": ("", "local/s")},
    ):
        assert {one.key for one in small} < {one.key for one in trials(prepared(replace(JOB, **more)))}, more


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"levels": ("3", "4")},
        {"targets": ("local/b",)},
        {"settings": replace(JOB.settings, rounds=3)},
        {"settings": replace(JOB.settings, checker=None)},
        {"settings": replace(JOB.settings, temperature=0.7)},
        {"settings": replace(JOB.settings, max_tokens=100)},
        {"settings": replace(JOB.settings, seed=None)},
        {"settings": replace(JOB.settings, seed=1)},
    ],
)
def test_whatever_changes_a_trial_changes_its_key(other: dict[str, Any]) -> None:
    known = {one.key for one in trials(prepared(JOB))}
    assert not known & {one.key for one in trials(prepared(replace(JOB, **other)))}


def test_another_version_of_a_task_is_another_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {one.key for one in trials(prepared(JOB)) if one.task == "letters"}
    monkeypatch.setattr(type(symbench.get("letters")), "version", "99")
    assert not before & {one.key for one in trials(prepared(JOB))}


def test_where_a_model_is_and_what_is_kept_of_a_run_change_no_key() -> None:
    other = replace(JOB, settings=replace(JOB.settings, host="none", journal=False, input_mb=1))
    assert [one.key for one in trials(prepared(other))] == [one.key for one in trials(prepared(JOB))]


def test_a_setting_that_a_later_version_adds_changes_no_key() -> None:
    said = {name for name, value in vars_of(JOB.settings).items() if not jobs._empty(value)}
    assert "seed" in said, "a seed of 0 is a value"
    assert "temperature" in said
    assert not {"thinking", "faithful", "start", "dialect", "samples_of_tomorrow"} & said


def vars_of(settings: RunSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__struct_fields__}


def test_only_methods_with_a_steerer_are_combined_with_every_steerer() -> None:
    found = trials(prepared(replace(JOB, steerers=("", "local/s", "local/a"), targets=("local/a", "local/b"), n=1)))
    models = Counter((one.method, one.settings.target, one.settings.steerer) for one in found)
    each = 2 * 2
    assert models == {
        ("only-question", "local/a", None): each,
        ("only-question", "local/b", None): each,
        # A target that steers itself is the same whether it is named twice or not.
        ("codesteer", "local/a", None): 2 * each,
        ("codesteer", "local/a", "local/s"): each,
        ("codesteer", "local/b", None): each,
        ("codesteer", "local/b", "local/s"): each,
        ("codesteer", "local/b", "local/a"): each,
    }


def test_groups_of_tasks_and_levels() -> None:
    unseen = prepared(replace(JOB, tasks=("unseen", "letters"))).tasks
    assert set(unseen) == {name for name, task in symbench.tasks().items() if task.split == "unseen"}
    assert len(prepared(replace(JOB, tasks=("all",), levels=("default",))).tasks) == 37
    found = trials(prepared(replace(JOB, tasks=("letters",), levels=("paper", "default"), n=1)))
    levels = [name for name in symbench.get("letters").levels if name.startswith("paper-")]
    assert list(dict.fromkeys(one.level for one in found)) == [*levels, "default"]
    assert found[-1].knobs == symbench.get("letters").resolve(None)


@pytest.mark.parametrize("task", ["game24", "number_multiply", "letters", "combinatorial_calculation"])
def test_the_published_settings_are_asked_by_one_word(task: str) -> None:
    job = prepared(replace(JOB, tasks=(task,), levels=("complexity",), n=1, methods=("only-question",)))
    settings = {f"complexity {one.label}": one for one in complexity().tasks[task].settings}
    found = trials(job)
    assert len(found) >= 3
    assert all(settings[one.level].holds(one.knobs) for one in found)
    assert len({one.problem().question for one in found}) == len(found)


def test_a_sweep_stands_in_place_of_the_levels() -> None:
    task, knob, values = read_sweep("letters:length=5, 10,20")
    job = prepared(replace(JOB, tasks=("game24",), sweeps={task: {knob: values}}, n=1, methods=("only-question",)))
    assert job.tasks == ("game24", "letters")
    found = [(one.task, one.level, one.knobs.get("length")) for one in trials(job)]
    assert found == [
        ("game24", "1", None),
        ("game24", "2", None),
        ("letters", "length=5", 5),
        ("letters", "length=10", 10),
        ("letters", "length=20", 20),
    ]


@pytest.mark.parametrize(
    ("other", "error", "words"),
    [
        ({"methods": ("codesteeer",)}, UnknownName, "codesteer"),
        ({"methods": ()}, BadInput, "names no methods"),
        ({"methods": ("codesteer", "codesteer")}, BadInput, "twice"),
        ({"tasks": ("leters",)}, UnknownName, "letters"),
        ({"levels": ("paper-5-10",)}, UnknownName, "game24 has no level"),
        ({"tasks": ("pooling",), "levels": ("complexity",)}, BadInput, "no published curve"),
        ({"n": 0}, BadInput, "at least 1"),
        ({"sweeps": {"letters": {"length": (1000,)}}}, BadInput, "does not fit letters"),
        ({"settings": RunSettings(rounds=99)}, BadInput, "--rounds is 99"),
    ],
)
def test_what_cannot_be_done_is_told(other: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        prepared(replace(JOB, **other))


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("letters", BadInput, "is no sweep"),
        ("letters:length", BadInput, "is no sweep"),
        ("leters:length=3", UnknownName, "letters"),
        ("letters:lenght=3", UnknownName, "length"),
        ("letters:length=3,x", BadInput, "'x' is no value"),
    ],
)
def test_a_sweep_that_cannot_be_read(text: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        read_sweep(text)


@given(st.integers(), st.sampled_from(["letters", "game24"]), st.integers(0, 10**6), st.integers())
def test_no_seed_for_training_is_one_for_evaluation(seed: int, task: str, index: int, other: int) -> None:
    measured = problem_seed("evaluation", seed, task, index)
    trained = problem_seed("training", other, task, index)
    assert measured % 2 == 0
    assert trained % 2 == 1
    assert measured < 2**49, "it survives a reader that keeps numbers as doubles"
    assert measured == problem_seed("evaluation", seed, task, index)


def test_neighbouring_seeds_share_no_problem() -> None:
    drawn = [problem_seed("evaluation", seed, "letters", index) for seed in range(20) for index in range(200)]
    assert len(set(drawn)) == len(drawn)


def test_a_trial_makes_its_problem() -> None:
    trial = trials(prepared(JOB))[0]
    problem = trial.problem()
    assert (problem.task, problem.seed, dict(problem.level)) == (trial.task, trial.seed, trial.knobs)
