"""Whatever the knobs of the simulated tasks: a problem whose reference is right, whose solver agrees, or a typed refusal."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench import Knob, Task
from codesteer_kernel.symbench.proof import blind, marked
from codesteer_kernel.symbench.recipes import SCHEDULES

TASKS = [
    symbench.get(name)
    for name in (
        "constrained_linear_arrangement",
        "mahjong_pattern",
        "matrix_transformation",
        "new_operator",
        "pooling",
        "statistical_counting",
        "string_deletion_and_modification",
        "string_insertion",
        "string_splitting",
        "string_synthesis",
        "synthesis_decomposition",
    )
]
every_task = pytest.mark.parametrize("task", TASKS, ids=[task.name for task in TASKS])
quick = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def values(knob: Knob) -> st.SearchStrategy[object]:
    if knob.kind is bool:
        return st.booleans()
    if knob.choices:
        return st.sampled_from(knob.choices)
    assert knob.low is not None
    assert knob.high is not None
    return st.integers(int(knob.low), int(knob.high))


@every_task
@quick
@given(data=st.data())
def test_any_knobs(task: Task, data: st.DataObject) -> None:
    level = data.draw(st.fixed_dictionaries({name: values(knob) for name, knob in task.knobs.items()}))
    try:
        problem = task.generate(data.draw(st.integers(0, 2**64)), level)
    except BadInput:
        return
    assert task.verify(problem, marked(problem.reference)).correct
    found = task.solve(blind(problem), 2)
    assert found
    for answer in found:
        assert task.verify(problem, marked(answer)).correct
    for kind, mutant in task.mutate(problem, problem.reference, Random(0)):
        assert not task.verify(problem, marked(mutant)).correct, kind


@every_task
@quick
@given(text=st.text(alphabet=st.sampled_from("0123456789ABCXYZabc,;:/.=-+[](){}\"' \n"), max_size=60))
def test_any_text_gets_a_verdict(task: Task, text: str) -> None:
    problem = task.generate(1)
    verdict = task.verify(problem, marked(text))
    assert verdict.correct == (verdict.code == "ok")
    if verdict.correct:
        assert verdict.extracted in {
            task.verify(problem, marked(answer)).extracted for answer in task.solve(problem, 500)
        }


@pytest.mark.parametrize("name", ["string_splitting", "string_synthesis", "synthesis_decomposition"])
@given(seed=st.integers(0, 2**32), schedule=st.sampled_from(sorted(SCHEDULES)))
@settings(max_examples=40, deadline=None)
def test_recipes_end_under_every_schedule(name: str, seed: int, schedule: str) -> None:
    task = symbench.get(name)
    problem = task.generate(seed)
    problem = replace(problem, payload={**problem.payload, "schedule": schedule})
    assert task.verify(problem, marked(task.solve(problem)[0])).correct
