"""Changed answers are different answers, and a test that accepts all of them is found out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel.checkers.mutation import mutants


@given(st.text(max_size=200) | st.integers().map(str) | st.lists(st.integers()).map(str))
def test_every_change_is_one(answer: str) -> None:
    found = mutants(answer)
    assert 1 <= len(found) <= 3
    assert len(set(found)) == len(found)
    assert all(one.split() != answer.split() for one in found)
    assert mutants(answer) == found, "the same answer is changed in the same way"


@pytest.mark.parametrize(
    ("answer", "changed"),
    [
        ("42", "43"),
        ("Yes", "no"),
        ("(8 - 4) * (7 - 1)", "(8 - 4) * (7 - 2)"),
        ("[1, 2, 3]", "2, [1, 3]"),
        ("Paris", "Paxis"),
        ("-3.50", "-3.51"),
    ],
)
def test_a_change_is_near_the_answer(answer: str, changed: str) -> None:
    assert changed in mutants(answer)


def test_a_long_answer_is_changed_in_bounded_time_and_size() -> None:
    assert all(len(one) < 5_000 for one in mutants("9" * 100_000))
