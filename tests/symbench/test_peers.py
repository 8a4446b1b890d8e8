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
