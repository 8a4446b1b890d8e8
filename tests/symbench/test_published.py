"""The published layouts, from small folders of the test's own and from the published samples where they are at hand."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench.published import Record, errata, load_published, load_record, records, score
from codesteer_kernel.symbench.published.errata import examine, table, tabulate
from codesteer_kernel.symbench.published.layouts import boxed, greedy_steps

SAMPLES = Path(__file__).parents[3] / "shared" / "symbench-samples"


def write(root: Path, path: str, data: object) -> None:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(data) if path.endswith(".json") else str(data), encoding="utf-8")


def only(root: Path, task: str | None = None) -> Record:
    (record,) = records(root, task)
    return record


def test_samples_with_a_question_and_a_solution(tmp_path: Path) -> None:
    for at in (10, 2, 1):
        write(tmp_path, f"cryptanalysis/sample_{at}/question.txt", f"lock {at}")
        write(tmp_path, f"cryptanalysis/sample_{at}/solution.json", {"answer": ["1", "2", "A", "B"]})
    found = [*records(tmp_path)]
    assert [record["sample_id"] for record in found] == [f"cryptanalysis/sample_{at}" for at in (1, 2, 10)]
    assert found[0]["question"] == "lock 1"
    assert found[0]["payload"] == {"answer": ["1", "2", "A", "B"]}
    assert {record["task"] for record in found} == {"cryptanalysis"}


def test_a_bare_solution_gets_a_name(tmp_path: Path) -> None:
    write(tmp_path, "logical_equation/sample_2_1_0/question.txt", "A = B")
    write(tmp_path, "logical_equation/sample_2_1_0/solution.json", [1, 1])
    assert only(tmp_path)["payload"] == {"solution": [1, 1]}


@pytest.mark.parametrize(
    ("folder", "task"),
    [
        ("eight_queens_dataset_hard", "eight_queens"),
        ("eight_queens_dataset_varied_complexity/eight_queens_dataset_complexity3", "eight_queens"),
        ("combinatorial_calculation_varied_complexity/x_2", "combinatorial_calculation"),
        ("2048_dataset", "2048"),
    ],
)
def test_variants_of_a_folder_belong_to_its_task(folder: str, task: str, tmp_path: Path) -> None:
    write(tmp_path, f"{folder}/sample_0/question.txt", "q")
    write(tmp_path, f"{folder}/sample_0/solution.json", {})
    assert only(tmp_path)["task"] == task
    assert only(tmp_path)["sample_id"] == f"{folder}/sample_0"


def test_game24(tmp_path: Path) -> None:
    write(tmp_path, "game24_dataset/24/24.csv", "Rank,Puzzles,AMT (s),Solved rate\n6,1 1 2 12,4.4,99.10%\n")
    write(tmp_path, "game24_dataset/48/48_5_number.csv", "Rank,Puzzles,Solutions\n1,1 2 3 4 5,(1+2)*3*4+5\n")
    first, second = records(tmp_path)
    assert first["sample_id"] == "game24_dataset/24/24.csv#5"
    assert first["payload"] == {"numbers": [1, 1, 2, 12], "target": 24, "solved_rate": "99.10%"}
    assert second["payload"] == {"numbers": [1, 2, 3, 4, 5], "target": 48, "solution": "(1+2)*3*4+5"}


def test_boxlift_computes_its_budget(tmp_path: Path) -> None:
    boxes, lifters = [43, 88, 84, 64, 56, 87, 20, 57, 82, 14], [51, 49, 48]
    write(tmp_path, "BoxLift_dataset/BoxLift_10_3/BoxLift0/BoxLift.json", {"boxes": boxes, "lifters": lifters})
    assert only(tmp_path)["payload"] == {"boxes": boxes, "lifters": lifters, "max_steps": 7}
    with pytest.raises(ValueError, match="too heavy"):
        greedy_steps([100], [40, 50])


def test_boxnet(tmp_path: Path) -> None:
    cells = {"0.5_0.5": ["box_red"], "0.5_1.5": ["target_red"]}
    write(tmp_path, "BoxNet1_dataset/env_pg_state_1_2/pg_state2/pg_state2.json", cells)
    assert only(tmp_path)["payload"] == {"rows": 1, "cols": 2, "cells": cells}
    assert only(tmp_path)["sample_id"] == "BoxNet1_dataset/env_pg_state_1_2/pg_state2"


def test_blocksworld(tmp_path: Path) -> None:
    text = "Initial State:\nstack1: B A\nstack2: \n\nGoal State:\nstack1: \nstack2: A B\n"
    write(tmp_path, "Blocksworld_dataset/2_2_2_0/blocksworld_task.txt", text)
    stacks = {"initial": {"stack1": ["B", "A"], "stack2": []}, "goal": {"stack1": [], "stack2": ["A", "B"]}}
    assert only(tmp_path)["payload"] == stacks


def test_letters(tmp_path: Path) -> None:
    folder = "Letters/Letters_dataset_min_length_5_max_length_10/o_4_6"
    write(tmp_path, f"{folder}/test_words.json", "popoloco")
    assert only(tmp_path)["payload"] == {"word": "popoloco", "letter": "o", "letter_freq": 4}
    problem = next(iter(load_published(tmp_path)))
    assert problem.reference == "Count: 4, Positions: [2, 4, 6, 8]"
    assert "popoloco" in problem.question


def test_number_multiply(tmp_path: Path) -> None:
    folder = "number_multiply/digit_1_2/sample_7"
    write(tmp_path, f"{folder}/input_value_list.txt", "[3, -74]")
    write(tmp_path, f"{folder}/target_answer.txt", "-222")
    write(tmp_path, f"{folder}/input_prompt_1.txt", "What is the result of 3*-74?")
    assert only(tmp_path)["payload"] == {"factors": [3, -74], "target": -222}


def test_big_bench_hard(tmp_path: Path) -> None:
    for name in ("navigate", "sports_understanding"):
        write(tmp_path, f"BIG-Bench-Hard/bbh/{name}.json", {"canary": "", "examples": [{"input": "q", "target": "No"}]})
    record = only(tmp_path, "navigate")
    assert record["sample_id"] == "BIG-Bench-Hard/bbh/navigate.json#0"
    assert (record["question"], record["payload"]) == ("q", {"target": "No"})
    assert len([*records(tmp_path)]) == 1


def test_gsm_hard(tmp_path: Path) -> None:
    write(tmp_path, "gsmhardv2.jsonl", '{"input": "q", "code": "c", "target": 1.5}\n')
    assert only(tmp_path)["sample_id"] == "gsmhardv2.jsonl#0"
    assert only(tmp_path)["payload"] == {"target": 1.5, "code": "c"}


def test_math(tmp_path: Path) -> None:
    data = {"problem": "q", "level": "Level 1", "type": "Geometry", "solution": "It is $\\boxed{\\frac{1}{2}}$."}
    write(tmp_path, "MATH/train/geometry/12.json", data)
    write(tmp_path, "MATH/train/algebra/1.json", data)
    record = only(tmp_path)
    assert (record["task"], record["sample_id"]) == ("math_geometry", "MATH/train/geometry/12.json")
    assert record["payload"]["boxed"] == "\\frac{1}{2}"


@pytest.mark.parametrize(
    ("text", "answer"), [("\\boxed{1} then \\boxed{2}", "2"), ("\\boxed{a_{b}}", "a_{b}"), ("$\\boxed 3$", "3")]
)
def test_the_last_box_counts(text: str, answer: str) -> None:
    assert boxed(text) == answer


def test_the_folder_may_hold_the_data_folder(tmp_path: Path) -> None:
    write(tmp_path, "dataset_gather/Letters/x/a_1_0/test_words.json", "abc")
    assert only(tmp_path)["sample_id"] == "Letters/x/a_1_0"


@pytest.mark.parametrize("path", ["missing", "."])
def test_a_folder_without_samples_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        next(records(tmp_path / path))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Blocksworld_dataset/x/blocksworld_task.txt", "no stacks here\n"),
        ("cryptanalysis/sample_0/question.txt", "no solution beside it"),
        ("number_multiply/x/sample_0/input_value_list.txt", "[1, 2"),
        ("gsmhardv2.jsonl", "{}\n"),
        ("MATH/train/geometry/1.json", {"problem": "q", "level": "", "solution": "none"}),
    ],
)
def test_a_sample_out_of_its_layout_is_named(path: str, text: object, tmp_path: Path) -> None:
    write(tmp_path, path, text)
    with pytest.raises(BadInput, match=path.partition("/")[0]):
        [*records(tmp_path)]


def test_a_question_of_another_form_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "Letters/x/a_1_0/test_words.json", ["two", "words"])
    with pytest.raises(BadInput, match="Letters/x/a_1_0"):
        [*load_published(tmp_path)]


published = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the published samples are not part of the product")


@published
def test_every_published_folder_is_read() -> None:
    counted = Counter(record["task"] for record in records(SAMPLES))
    assert set(counted) >= set(symbench.tasks()) - {"path_plan"}


if SAMPLES.is_dir():
    BY_TASK = {name: [*records(SAMPLES, name)] for name in symbench.tasks() if name != "path_plan"}
else:
    BY_TASK = {}
each_task = pytest.mark.parametrize("name", [*BY_TASK])


@each_task
def test_published_samples_load_repaired(name: str) -> None:
    task = symbench.get(name)
    for record in BY_TASK[name]:
        problem = load_record(record)
        if problem is None:
            continue
        assert problem.sample_id == record["sample_id"]
        assert problem.facts["flavour"] == "fixed"
        assert task.verify(problem, f"<<<{problem.reference}>>>").correct, problem.sample_id
        assert ">>>" in problem.question
        for answer in task.solve(problem, 1):
            assert task.verify(problem, f"<<<{answer}>>>").correct, (problem.sample_id, answer)


@each_task
def test_published_samples_load_as_they_are(name: str) -> None:
    task = symbench.get(name)
    for record in BY_TASK[name]:
        problem = load_record(record, "compat")
        assert problem is not None
        assert problem.question == record["question"] or not record["question"]
        assert problem.facts["published"] == record["payload"]
        gold = task.published(record["payload"])
        assert problem.reference == gold or gold is None
        # The published answer passes the published scorer, but for samples known to be broken.
        kinds = {defect["kind"] for defect in problem.facts["errata"]}
        if not kinds & {"wrong_answer", "no_answer", "unscorable", "already_solved"} or name == "mahjong_pattern":
            assert score(problem, [f"<<<{problem.reference}>>>"]).correct, (problem.sample_id, problem.reference)


@each_task
def test_the_known_defects_are_found_again(name: str) -> None:
    found = json.loads(tabulate(BY_TASK[name]))
    assert found == {sample: entry for sample, entry in table().items() if entry["task"] == name}


def test_a_wrong_date_is_found_without_having_been_seen() -> None:
    question = "2015 is coming in 36 hours. What is the date one week ago from today in MM/DD/YYYY?\nOptions:\n{}"
    right, wrong = "(A) 12/22/2014\n(B) 12/23/2014", "(A) 12/22/2014\n(B) 12/24/2014"
    record = {"task": "date_understanding", "payload": {"target": "(A)"}, "sample_id": "new"}
    mended = load_record({**record, "question": question.format(right)})
    assert mended is not None
    assert mended.reference == "(B)"
    assert [defect["kind"] for defect in mended.facts["errata"]] == ["wrong_answer"]
    assert load_record({**record, "question": question.format(wrong)}) is None


def test_rules_that_never_end_under_another_schedule_are_a_defect() -> None:
    task = symbench.get("string_deletion_and_modification")
    # Under its own schedule it ends; with each rule once a round it goes round and round.
    problem = task.generate(399, "paper-1")
    (defect,) = examine({"question": problem.question, "payload": {}}, problem)
    assert defect.kind == "ambiguous"
    assert "with once endless" in defect.evidence


def test_another_sample_of_the_same_name_does_not_inherit_a_defect() -> None:
    sample_id, entry = next(item for item in table().items() if item[1]["task"] == "2048")
    payload = {"grid": [[2, 2], [0, 0]], "moves": "r", "start_pos": [0, 0], "solution": "0, 4\n0, 0", "complexity": 1}
    question = "Only the tile at (1,1)."
    problem = symbench.get("2048").load(
        {"task": "2048", "question": question, "payload": payload, "sample_id": sample_id}
    )
    assert entry["defects"]
    assert not errata({"question": question, "payload": payload}, problem)
