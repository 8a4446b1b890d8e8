"""What holds for every task at every level. One task alone: ``pytest tests/symbench -k TASK``."""

from __future__ import annotations

import ast
import importlib.util
import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput, UnknownName
from codesteer_kernel.symbench import Problem, Task
from codesteer_kernel.symbench.proof import CODES, blind, duplicates, hostile_texts, marked, prove, right_by_search

HERE = Path(__file__).parent
ROOM = HERE.parents[1] / "codesteer_kernel" / "symbench"
SAMPLES = HERE.parents[1].parent / "shared" / "symbench-samples" / "conformance.jsonl"
SEEDS = range(4)

every_task = pytest.mark.parametrize("task", [*symbench.tasks().values()], ids=[*symbench.tasks()])
every_level = pytest.mark.parametrize(
    ("task", "level"),
    [
        pytest.param(task, level, id=f"{name}-{level}")
        for name, task in symbench.tasks().items()
        for level in task.levels
    ],
)


@every_task
def test_a_task_names_itself(task: Task) -> None:
    assert task.about.endswith(".")
    assert task.rule.endswith(".")
    assert task.split in ("seen", "unseen")
    assert len([level for level in task.levels if level.isdigit()]) >= 3
    assert any(level.startswith("paper-") for level in task.levels)
    for name, knob in task.knobs.items():
        assert knob.admits(knob.default), name
        assert knob.help, name


@every_task
def test_levels_and_knobs_are_checked(task: Task) -> None:
    for level in task.levels:
        assert set(task.resolve(level)) == set(task.knobs)
    with pytest.raises(UnknownName):
        task.resolve("no such level")
    with pytest.raises(UnknownName):
        task.resolve({"no such knob": 1})
    for name, knob in task.knobs.items():
        with pytest.raises(BadInput):
            task.resolve({name: "no such word" if knob.kind is str else -(10**9)})


@every_level
def test_generation_is_determined_by_seed_and_level(task: Task, level: str) -> None:
    for seed in SEEDS:
        problem = task.generate(seed, level)
        assert problem == task.generate(seed, level)
        assert problem.task == task.name
        assert problem.level == task.resolve(level)
        assert "<<<" in problem.question
        assert ">>>" in problem.question
        assert problem.question == task.ask(problem.payload)


@every_level
def test_a_problem_survives_json(task: Task, level: str) -> None:
    problem = task.generate(1, level)
    assert Problem.from_json(problem.to_json()) == problem
    assert task.verify(Problem.from_json(problem.to_json()), marked(problem.reference)).correct


@every_level
def test_reference_and_solutions_are_right(task: Task, level: str) -> None:
    for seed in SEEDS:
        problem = task.generate(seed, level)
        verdict = task.verify(problem, f"I think so.\n{marked(problem.reference)}\n")
        assert verdict.correct, (problem.question, problem.reference, verdict)
        assert verdict.code == "ok"
        assert verdict.marked
        found = task.solve(blind(problem), 2)
        assert found, problem.question
        assert len(found) <= 2
        assert len({task.verify(problem, marked(answer)).extracted for answer in found}) == len(found)
        for answer in found:
            assert task.verify(problem, marked(answer)).correct, (
                problem.question,
                answer,
                task.verify(problem, answer),
            )
        if problem.facts.get("unique"):
            assert len(found) == 1
            assert task.verify(problem, marked(found[0])).extracted == verdict.extracted


@every_level
def test_bare_answers_and_labels_are_read(task: Task, level: str) -> None:
    problem = task.generate(5, level)
    for text in (problem.reference, f"```\n{problem.reference}\n```", f"<<<\n {problem.reference} \n>>>"):
        assert task.verify(problem, text).correct, text
    assert not task.verify(problem, problem.reference).marked


@every_level
def test_mutants_are_refused(task: Task, level: str) -> None:
    kinds: set[str] = set()
    for seed in SEEDS:
        problem = task.generate(seed, level)
        for kind, mutant in task.mutate(problem, problem.reference, Random(seed)):
            verdict = task.verify(problem, marked(mutant))
            if verdict.correct:
                assert right_by_search(task, problem, mutant), (kind, problem.question, mutant)
            else:
                kinds.add(kind)
                assert verdict.code in CODES or verdict.code.startswith("rule:"), verdict
                assert verdict.code != "ok"
                assert verdict.reason.endswith((".", "?", "!")), verdict
    assert len(kinds) >= 3, kinds


@every_task
@pytest.mark.parametrize(("kind", "text"), [*hostile_texts()], ids=[kind for kind, _ in hostile_texts()])
def test_no_text_breaks_a_verifier(task: Task, kind: str, text: str) -> None:
    level = list(task.levels)[-1]
    problem = task.generate(0, level)
    verdict = task.verify(problem, text)
    assert not verdict.correct or right_by_search(task, problem, text)
    assert verdict.code in CODES or verdict.code.startswith("rule:")
    assert verdict.code != "ok" or verdict.correct


@every_task
def test_damaged_right_answers_never_break_a_verifier(task: Task) -> None:
    rng = Random(task.name)
    for seed in range(3):
        problem = task.generate(seed)
        for _ in range(60):
            letters = list(problem.reference)
            for _ in range(rng.randint(1, 4)):
                at = rng.randrange(len(letters) + 1)
                letters[at : at + rng.randint(0, 2)] = rng.choice("0123456789-+*/.,;:()[]{}<>\"' \nabzABZ_\u0663\u00b2")
            task.verify(problem, marked("".join(letters)))


@every_task
def test_every_knob_works_at_its_bounds(task: Task) -> None:
    for name, knob in task.knobs.items():
        ends = knob.choices or ((False, True) if knob.kind is bool else (knob.kind(knob.low), knob.kind(knob.high)))
        for value in ends:
            try:
                problem = task.generate(11, {name: value})
            except BadInput:  # a typed refusal of values that do not go together
                continue
            verdict = task.verify(problem, marked(problem.reference))
            assert verdict.correct, (name, value, verdict)


@every_task
@settings(max_examples=8)
@given(data=st.data())
def test_any_seed_makes_a_right_problem(task: Task, data: st.DataObject) -> None:
    level = data.draw(st.sampled_from([*task.levels]))
    problem = task.generate(data.draw(st.integers(-(2**70), 2**70)), level)
    assert task.verify(problem, marked(problem.reference)).correct
    for solution in task.solve(blind(problem), 1):
        assert task.verify(problem, marked(solution)).correct


@every_task
def test_effort_rises_with_the_levels(task: Task) -> None:
    means = []
    for level in [level for level in task.levels if level.isdigit()]:
        efforts = [task.effort(task.generate(seed, level)) for seed in range(8)]
        means.append(sum(efforts) / len(efforts))
    assert means == sorted(means), means
    assert means[0] < means[-1]


@every_task
def test_different_seeds_make_different_problems(task: Task) -> None:
    roomy = [level for level in task.levels if task.space(task.resolve(level)) >= 1_000_000]
    assert roomy, "no level has room for different problems"
    assert duplicates(task, 60, roomy[-1]) < 0.02


@every_task
def test_the_version_is_pinned(task: Task) -> None:
    spec = importlib.util.spec_from_file_location("golden", HERE / "golden.py")
    assert spec is not None
    assert spec.loader is not None
    golden = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(golden)
    path = HERE / "golden" / f"{task.name}.json"
    assert path.exists(), "run tests/symbench/golden.py for a new task"
    pinned = json.loads(path.read_text(encoding="utf-8"))
    now = golden.fingerprint(task)
    if now != pinned:
        assert now["version"] != pinned["version"], f"{task.name} makes other problems: it needs another version"
        pytest.fail(f"{task.name} has a new version: run tests/symbench/golden.py {task.name}")


ROWS = [json.loads(line) for line in SAMPLES.read_text(encoding="utf-8").splitlines()] if SAMPLES.exists() else []
ROWS = [row for row in ROWS if row["task"] in symbench.tasks()]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['task']}-{row['sample_id'].rpartition('/')[2]}" for row in ROWS])
def test_conformance(row: dict[str, object]) -> None:
    judge_row(row)


def judge_row(row: dict[str, object]) -> None:
    task = symbench.get(str(row["task"]))
    problem = task.load({name: row[name] for name in ("task", "question", "payload", "sample_id")})
    assert task.paper_name == row["paper_name"]
    assert task.split == row["split"]
    for kind, answer in zip(row["accepted_kinds"], row["accepted"], strict=True):
        verdict = task.verify(problem, answer)
        assert verdict.correct, (kind, answer, verdict)
    for kind, answer in zip(row["rejected_kinds"], row["rejected"], strict=True):
        verdict = task.verify(problem, answer)
        assert not verdict.correct, (kind, answer, verdict)
    assert problem.reference, "the sample has a right answer"
    assert task.verify(problem, marked(problem.reference)).correct
    for answer in task.solve(problem, 2):
        assert task.verify(problem, marked(answer)).correct, answer


def test_answer_text_is_never_evaluated() -> None:
    banned = {"eval", "exec", "sympify", "parse_expr", "literal_eval", "__import__"}
    for path in sorted(ROOM.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
            assert name not in banned, f"{path.name}:{node.lineno} uses {name}"


def test_a_broken_promise_is_found() -> None:
    class Forgetful(type(symbench.get("letters"))):  # type: ignore[misc]
        def check(self, payload: dict[str, object], text: str) -> str:
            return text

    proof = prove(Forgetful(), 1)
    assert any("mutant" in fault for fault in proof.faults)
    assert not prove(symbench.get("letters"), 1, seeds=50).faults
