"""Standard Sudoku: layouts, refusals, techniques."""

from __future__ import annotations

import pytest

from codesteer_kernel import symbench
from codesteer_kernel.errors import BadInput
from codesteer_kernel.symbench import Problem

TASK = symbench.get("standard_sudoku")
FULL = [[1, 2, 3, 4], [3, 4, 1, 2], [2, 1, 4, 3], [4, 3, 2, 1]]


def load(puzzle: list[list[int]]) -> Problem:
    payload = {"puzzle": puzzle, "solution": FULL}
    return TASK.load({"task": TASK.name, "question": "", "payload": payload, "sample_id": "x"})


SMALL = load([[1, 0, 0, 4], [0, 0, 1, 0], [0, 1, 0, 0], [4, 0, 0, 1]])


@pytest.mark.parametrize(
    "answer",
    [
        "[[1,2,3,4],[3,4,1,2],[2,1,4,3],[4,3,2,1]]",
        "1,2,3,4\n3,4,1,2\n2,1,4,3\n4,3,2,1",
        "1 2 3 4\n3 4 1 2\n2 1 4 3\n4 3 2 1",
        "1234\n3412\n2143\n4321",
        "1234341221434321",
        "1,2,3,4,3,4,1,2,2,1,4,3,4,3,2,1",
        '[["1","2","3","4"],["3","4","1","2"],["2","1","4","3"],["4","3","2","1"]]',
        "1 2 | 3 4\n3 4 | 1 2\n----+----\n2 1 | 4 3\n4 3 | 2 1",
        "+---+---+\n|1 2|3 4|\n|3 4|1 2|\n+---+---+\n|2 1|4 3|\n|4 3|2 1|\n+---+---+",
    ],
)
def test_any_layout_is_read(answer: str) -> None:
    assert TASK.verify(SMALL, f"<<<{answer}>>>").correct


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("2 1 3 4\n3 4 1 2\n1 2 4 3\n4 3 2 1", "rule:given"),
        ("1 2 2 4\n3 4 1 2\n2 1 4 3\n4 3 2 1", "rule:row"),
        ("1 3 2 4\n3 4 1 2\n2 1 4 3\n4 3 2 1", "rule:column"),
        ("1 2 3 4\n2 4 1 3\n3 1 4 2\n4 3 2 1", "rule:box"),
        ("1 0 0 4\n0 0 1 0\n0 1 0 0\n4 0 0 1", "rule:number"),
        ("1 2 3 4\n3 4 1 2\n2 1 4 3", "wrong_shape"),
        ("1 2 3 4 1\n3 4 1 2 1\n2 1 4 3 1\n4 3 2 1 1", "wrong_shape"),
        ("1 2 3 4\n3 4 1 2\n2 1 4 3\n4 3 2 1\n1 2 3 4", "wrong_shape"),
        ("1 2 3 x\n3 4 1 2\n2 1 4 3\n4 3 2 1", "unreadable"),
        ("", "empty"),
    ],
)
def test_refusals(answer: str, code: str) -> None:
    assert TASK.verify(SMALL, f"<<<{answer}>>>").code == code


def test_every_filling_is_right_where_there_are_several() -> None:
    empty = load([[0] * 4 for _ in range(4)])
    answers = TASK.solve(empty, 300)
    assert len(set(answers)) == 288
    assert all(TASK.verify(empty, answer).correct for answer in answers[:20])


@pytest.mark.parametrize("puzzle", [[[0] * 4] * 3, [[0] * 5] * 5, [[0, 0, 0, 5]] + [[0] * 4] * 3, [[0] * 3] * 4])
def test_data_of_another_form_is_refused(puzzle: list[list[int]]) -> None:
    with pytest.raises(ValueError):
        load(puzzle)


@pytest.mark.parametrize("seed", range(3))
def test_singles_are_easier_than_a_search(seed: int) -> None:
    easy = TASK.generate(seed, {"blanks": 45, "technique": "singles"})
    hard = TASK.generate(seed, {"blanks": 53, "technique": "search"})
    assert sum(row.count(0) for row in easy.payload["puzzle"]) == 45
    assert TASK.solve(hard, 2) == [hard.reference]
    assert TASK.effort(hard) > TASK.effort(easy)


def test_too_many_blanks_are_refused() -> None:
    with pytest.raises(BadInput):
        TASK.generate(0, {"box": 2, "blanks": 12})


def test_a_picture_shows_given_and_filled_numbers() -> None:
    assert str(TASK.draw(SMALL)).count("<text") == 6
    assert str(TASK.draw(SMALL, SMALL.reference)).count("<text") == 16
