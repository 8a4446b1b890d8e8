"""Permutations and Combinations: exactly the books, every rule, any sensible list."""

from __future__ import annotations

from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem
from codesteer_kernel.symbench.orderings import KINDS, by_place, by_thing, entailed, holds, true_clue, unique_clues

TASK = symbench.get("permutations_and_combinations")
PUBLISHED = {
    "items": ["A", "B", "C", "D"],
    "constraints_text": "1. Book B must be placed in position 1.\n2. Book A must be to the right of book C.\n"
    "3. Book C must be adjacent to book B.\n4. Book D cannot be placed in position 3.\n5. Book B must be to the left of book D.",
    "correct_solution": ["B", "C", "A", "D"],
}


def shelf() -> Problem:
    return TASK.load({"task": TASK.name, "question": "Shelve.", "payload": PUBLISHED, "sample_id": "s"})


@pytest.mark.parametrize(
    "answer",
    [
        '["B", "C", "A", "D"]',
        "['B', 'C', 'A', 'D']",
        "B, C, A, D",
        "B C A D",
        "BCAD",
        "b, c, a, d",
        "B -> C -> A -> D",
        "B - C - A - D",
        "Book B, Book C, Book A, Book D",
        "1. B\n2. C\n3. A\n4. D",
    ],
)
def test_layouts_are_read(answer: str) -> None:
    assert TASK.verify(shelf(), f"<<<{answer}>>>").correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ('["B", "C", "A"]', "wrong_shape"),
        ('["B", "C", "A", "D", "Z"]', "wrong_shape"),
        ('["B", "C", "A", "D", "D", "zzz"]', "unreadable"),
        ('["B", "C", "A", "Z"]', "rule:books"),
        ('["B", "C", "B", "D"]', "rule:books"),
        ('["B", "C", "D", "A"]', "rule:condition"),
        ("no idea", "unreadable"),
    ],
)
def test_refusals_name_their_code(answer: str, code: str) -> None:
    assert TASK.verify(shelf(), f"<<<{answer}>>>").code == code


def test_a_book_that_no_rule_names_must_still_stand_there() -> None:
    payload = {"books": 3, "rules": [["before", 0, 1]]}
    problem = Problem(TASK.name, TASK.version, None, {}, "", payload, "")
    assert TASK.verify(problem, '<<<["A", "B"]>>>').code == "wrong_shape"
    assert TASK.verify(problem, '<<<["A", "B", "C", "C"]>>>').code == "wrong_shape"
    assert len(TASK.solve(problem, 10)) == 3


def test_published_rules_are_read_strictly() -> None:
    question = (
        "Xiao Wang is a librarian responsible for shelving 4 books labeled A, B, C, D on a shelf with positions 1 to 4.\n"
        f"The constraints are:\n{PUBLISHED['constraints_text']}\n\nQuestion:\nBased on the above"
    )
    assert TASK.parse(question, {}) == TASK.parse("", PUBLISHED)
    with pytest.raises(ValueError, match="no known rule"):
        TASK.parse("", {**PUBLISHED, "constraints_text": "1. Book B must be red."})


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(0, 6))
def test_both_searches_find_what_trying_all_orders_finds(seed: int, count: int, amount: int) -> None:
    rng = Random(seed)
    place = rng.sample(range(count), count)
    clues = [true_clue(rng, place, KINDS) for _ in range(amount)] if count > 1 else []
    right = []
    for order in permutations(range(count)):
        where = sorted(range(count), key=order.__getitem__)
        if all(holds(clue, where) for clue in clues):
            right.append(list(order))
    assert sorted(by_place(count, clues)) == sorted(by_thing(count, clues)) == right


@given(st.integers(0, 10**6), st.integers(3, 8))
def test_unique_clues_leave_one_order_and_none_is_in_vain(seed: int, count: int) -> None:
    rng = Random(seed)
    order = rng.sample(range(count), count)
    clues = unique_clues(rng, order, ("before", "next", "not_at"))
    assert list(by_thing(count, clues)) == [order]
    for clue in clues:
        assert len(list(by_thing(count, [other for other in clues if other is not clue]))) > 1
    claims = [["at", order[0], 0], ["at", order[0], 1]]
    assert entailed(count, clues, claims) == [0]
