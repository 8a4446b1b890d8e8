"""What holds for every template of a word problem: enough of them, each right by two methods, each can be asked for."""

from __future__ import annotations

from random import Random

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench.templates import Template, counting, geometry, grade_school

FAMILIES = {
    "gsm_hard": (grade_school.TEMPLATES, (2, 7, 15)),
    "math_geometry": (geometry.TEMPLATES, (10, 120, 500)),
    "math_counting_probability": (counting.TEMPLATES, (6, 30, 60)),
}
every_template = pytest.mark.parametrize(
    ("task", "template"),
    [(task, template) for task, (templates, _) in FAMILIES.items() for template in templates.values()],
    ids=[f"{task}-{name}" for task, (templates, _) in FAMILIES.items() for name in templates],
)


@pytest.mark.parametrize("task", FAMILIES)
def test_there_are_enough_kinds_of_problems(task: str) -> None:
    templates, _ = FAMILIES[task]
    assert len(templates) >= 25
    assert {template.steps for template in templates.values()} == {1, 2, 3, 4, 5}


@every_template
def test_both_methods_agree(task: str, template: Template) -> None:
    written = symbench.get(task).written
    for size in FAMILIES[task][1]:
        for seed in range(25):
            numbers = template.draw(Random(seed), size)
            assert written(template.answer(numbers)) == written(template.again(numbers)), numbers


@every_template
def test_every_kind_can_be_asked_for(task: str, template: Template) -> None:
    known = symbench.get(task)
    problem = known.generate(3, {"template": template.name})
    assert problem.payload["template"] == template.name
    assert "  " not in problem.question
    assert known.verify(problem, f"<<<{problem.reference}>>>").correct
    assert not known.verify(problem, f"<<<9{problem.reference}>>>").correct
    assert not known.verify(problem, f"<<<-({problem.reference})>>>").correct
