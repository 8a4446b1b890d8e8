"""Our rules against reasoning-gym's, on its problems: two independent programs that must agree where the rules are the same."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem
from codesteer_kernel.symbench.proof import marked

SIZE = 40


def theirs(name: str, **settings: Any) -> Iterator[dict[str, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import reasoning_gym

        yield from reasoning_gym.create_dataset(name, size=SIZE, seed=7, **settings)


def ours(task: str, **payload: Any) -> Problem:
    """A problem of ours with facts of theirs."""
    problem = symbench.get(task).generate(0)
    return replace(problem, payload={**problem.payload, **payload}, reference="", facts={})


def right(problem: Problem, answer: str) -> bool:
    return symbench.get(problem.task).verify(problem, marked(answer)).correct


def test_products() -> None:
    for item in theirs("products"):
        factors = [int(factor) for factor in item["metadata"]["expression"].split("*")]
        assert right(ours("number_multiply", factors=factors), item["answer"])


def test_letter_counts() -> None:
    for item in theirs("letter_counting"):
        word, letter = "".join(item["metadata"]["span"]).lower(), item["metadata"]["target_letter"].lower()
        (solution,) = symbench.get("letters").solve(ours("letters", word=word, letter=letter))
        assert solution.startswith(f"Count: {item['answer']},")


def test_expressions_with_the_value_24() -> None:
    for item in theirs("puzzle24"):
        problem = ours("game24", numbers=item["metadata"]["numbers"], target=24)
        assert right(problem, item["answer"])
        assert symbench.get("game24").solve(problem)


@pytest.mark.parametrize(
    ("task", "peer", "counts"),
    [
        ("string_synthesis", "string_synthesis", "initial_blocks"),
        ("string_splitting", "string_splitting", "initial_machines"),
    ],
)
def test_methods_carried_out_with_restarts(task: str, peer: str, counts: str) -> None:
    payload = symbench.get(task).generate(0, "paper-1").payload
    for item in theirs(peer):
        start = dict(zip(payload["start"], item["metadata"][counts], strict=True))
        problem = ours(task, **{**payload, "start": start, "schedule": "restart"})
        assert right(problem, " ".join(map(str, item["metadata"]["solution"])))


def test_sudokus() -> None:
    for item in theirs("sudoku", min_empty=30, max_empty=40):
        problem = ours("standard_sudoku", box=3, puzzle=item["metadata"]["puzzle"])
        assert right(problem, item["answer"])
        assert len(symbench.get("standard_sudoku").solve(problem, 2)) == 1


def test_queens() -> None:
    for item in theirs("n_queens"):
        given = [[row, line.index("Q")] for row, line in enumerate(item["metadata"]["puzzle"]) if "Q" in line]
        problem = ours("eight_queens", size=8, given=given, blocked=[])
        answers = {
            ", ".join(f"{row} {line.index('Q')}" for row, line in enumerate(solution))
            for solution in item["metadata"]["solutions"]
        }
        assert set(symbench.get("eight_queens").solve(problem, 100)) == answers
        assert all(right(problem, answer) for answer in answers)


def test_turned_matrices() -> None:
    for item in theirs("rotate_matrix"):
        matrix = [[str(cell) for cell in row] for row in item["metadata"]["matrix"]]
        steps = ["clockwise"] * item["metadata"]["num_rotations"]
        assert right(ours("matrix_transformation", matrix=matrix, steps=steps), item["answer"])


def test_insertions_that_do_not_overlap() -> None:
    payload = symbench.get("string_insertion").generate(0, "paper-1").payload
    for item in theirs("string_insertion", max_string_length=40):
        if any(pair in item["metadata"]["string"] for pair in ("ABCDE", "BCDEA", "CDEAB", "DEABC", "EABCD")):
            continue  # theirs skips what it has just found
        assert right(ours("string_insertion", **{**payload, "text": item["metadata"]["string"]}), item["answer"])


def test_pools_that_fill_the_matrix() -> None:
    seen = 0
    for item in theirs("pool_matrix"):
        facts = item["metadata"]
        if facts["rows"] % facts["pool_size"] == 0 == facts["cols"] % facts["pool_size"]:
            step = {"window": facts["pool_size"], "stride": facts["pool_size"], "padding": 0}
            problem = ours("pooling", matrix=facts["matrix"], kind=facts["pool_type"], **step)
            if facts["pool_type"] == "max" or facts["pool_size"] in (1, 2):  # theirs rounds other averages
                seen += 1
                assert right(problem, item["answer"])
    assert seen > 5
