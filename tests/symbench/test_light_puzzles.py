"""Light Puzzles: layouts, refusals, and buttons to find."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesteer_kernel import symbench
from codesteer_kernel.symbench import Problem

TASK = symbench.get("light_puzzles")


def problem(**changed: object) -> Problem:
    payload = {
        "n": 2,
        "initial_state": [[1, 0], [0, 0]],
        "buttons": {"A": [[1, 1], [2, 2]], "B": [[1, 2]]},
        "operations": ["A", "B", "B", "B"],
        **changed,
    }
    return TASK.load({"task": "light_puzzles", "question": "", "payload": payload, "sample_id": "x"})


@pytest.mark.parametrize(
    "answer",
    [
        "0,1,0,1",
        "0, 1, 0, 1",
        "0,1\n0,1",
        "01\n01",
        "0101",
        "[[0, 1], [0, 1]]",
        "['0','1','0','1']",
        "0\n1\n0\n1",
        "| 0 | 1 |\n|---|---|\n| 0 | 1 |",
    ],
)
def test_any_layout_is_read(answer: str) -> None:
    assert TASK.verify(problem(), f"<<<{answer}>>>").correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("0,1,0,0", "not_goal"),
        ("0,1,0", "wrong_shape"),
        ("0,1,0,1,0", "wrong_shape"),
        ("0,1\n0,1\n0,1", "wrong_shape"),
        ("0,1,0,2", "unreadable"),
        ("on, off, on, off", "unreadable"),
        ("", "empty"),
        ("No answer found", "wrong_shape"),
    ],
)
def test_refusals(answer: str, code: str) -> None:
    assert TASK.verify(problem(), f"<<<{answer}>>>").code == code


@pytest.mark.parametrize(
    "broken",
    [{"operations": ["C"]}, {"operations": []}, {"initial_state": [[1, 0]]}, {"buttons": {"A": [[0, 1]]}}, {"n": 3}],
)
def test_data_of_another_form_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        problem(**broken)


def test_presses_are_verified_by_doing_them() -> None:
    found = TASK.generate(3, "presses")
    for answer in TASK.solve(found, 10):
        for text in (answer, f"Press {answer.lower()}", f"[{answer}]", "Buttons " + answer.replace(", ", " and ")):
            assert TASK.verify(found, f"<<<{text}>>>").correct, text
    assert TASK.verify(found, "<<<Z>>>").code == "rule:button"
    assert TASK.verify(found, "<<<A, A>>>").code == "rule:twice"
    assert TASK.verify(found, "<<<the first one>>>").code == "unreadable"


def test_every_solution_is_listed() -> None:
    payload = {"lights": [[0, 0], [0, 0]], "goal": [[1, 0], [0, 0]]}
    payload["buttons"] = {"A": [[1, 1]], "B": [[1, 2]], "C": [[1, 1], [1, 2]]}  # type: ignore[assignment]
    two = Problem("light_puzzles", "1", None, {}, "", payload, "")
    assert sorted(TASK.solve(two, 9)) == ["A", "B, C"]
    payload["goal"] = [[0, 0], [0, 1]]
    assert TASK.solve(two, 9) == []
    payload["goal"] = [[0, 0], [0, 0]]
    assert sorted(TASK.solve(two, 9)) == ["A, B, C", "none"]
    assert TASK.verify(two, "<<<none>>>").correct


@given(st.integers(0, 10**9))
def test_the_solvers_list_holds_what_was_pressed(seed: int) -> None:
    found = TASK.generate(seed, {"size": 2, "buttons": 5, "presses": True})
    assert found.reference in TASK.solve(found, 1000)


def test_a_picture_shows_every_light() -> None:
    found = TASK.generate(1, "2")
    assert str(TASK.draw(found)).count("<text") == 16
    assert TASK.draw(found, found.reference) != TASK.draw(found)
