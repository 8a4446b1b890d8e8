"""The published scoring, switch by switch; every case stands for something that the published harness does."""

from __future__ import annotations

from typing import Any

import pytest

from codesteer_kernel.symbench import Problem
from codesteer_kernel.symbench.published import Switches, score

PLAIN = Switches(format_repair=False)


def sample(task: str, published: dict[str, Any], question: str = "") -> Problem:
    return Problem(task, "1", None, {}, question, {}, "", {"flavour": "compat", "published": published})


def game(*numbers: int) -> Problem:
    return sample("game24", {"numbers": list(numbers), "target": 24})


def words(text: str) -> dict[str, Any]:
    return {"word": text, "letter": "a", "letter_freq": text.count("a")}


QUEENS = {"blocked_positions": [[7, 7]], "placed_queens": [[2, 3]]}
BOOKS = {"constraints_text": "1. Book A must be to the left of book B.\n2. Book C cannot be placed in position 1."}
EQUATION = "There are 2 letters A, B.\n1. A - B = 1\n2. A > B\n"
LIFT = {"boxes": [100], "lifters": [40, 30, 60], "max_steps": 1}
NET = {"rows": 1, "cols": 2, "cells": {"0.5_0.5": ["box_red"], "0.5_1.5": ["target_red"]}}
BLOCKS = {"initial": {"stack1": ["A", "B"], "stack2": [], "stack3": []}, "goal": {"stack1": ["A"], "stack2": ["B"]}}
PUZZLE = {"grid": [[1, 2], [3, 3]], "solution": [[0, 1], [1, 0], [0, 0]], "constraints": {"type": "sum_le_4"}}
ELEMENTS = {"game_type": "elements", "player_moves": ["D", "C"], "solution": ["D", "E"], "results": ["draw", "win"]}
ANIMALS = {"game_type": "animal", "player_moves": ["H"], "solution": ["H"], "results": ["win"]}
PATH = {
    "boxes": {"blue": [0, 1, 0, 1], "red": [3, 4, 0, 1]},
    "walls": [[-5, -4, -5, 5]],
    "start": [-1.0, 0.5],
    "end": [2.0, 0.5],
    "visit": ["blue"],
    "avoid": ["red"],
}


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        # Right answers that pass.
        (game(1, 1, 4, 6), "4*6*1*1"),
        (game(1, 1, 4, 6), "<<<4*6*1*1 = 24>>>"),
        (sample("pooling", {"solution": [[2, 3]]}), "2,3"),
        (sample("2048", {"solution": "16, 32\n0, 32"}), "16,32,0,32"),
        (sample("new_operator", {"solution": 60.0}), "60"),
        (sample("path_plan", PATH), "[(-1.0, 0.5), (2.0, 0.5)]"),
        (sample("blocksworld", BLOCKS), "Move B from stack1 to stack2"),
        (
            sample("boxnet", NET),
            '[{"Agent[0.5, 0.5]": "move(box_red, square[0.5, 1.5])"}, {"Agent[0.5, 1.5]": "move(box_red, target_red)"}]',
        ),
        # Wrong answers that pass too.
        (game(1, 2, 3, 3), "2**3*3*1"),
        (game(1, 1, 1, 23), "-~23*1*1*1"),
        (game(1, 1, 4, 6), "4*6 # 1 1"),
        (game(1, 1, 2, 12), "12*2 or 1/1"),
        (game(1, 2, 2, 10), "1.2*2*10"),
        (sample("number_multiply", {"factors": [2, 42], "target": 84}), "1840"),
        (sample("number_multiply", {"factors": [2, 42], "target": 84}), "-84"),
        (sample("letters", words("axa")), "Count: 2, Positions: [1, 1, 3, 3, 3]"),
        (sample("eight_queens", QUEENS), "0 4, 1 6, 2 0, 3 2, 4 7, 5 5, 6 3, 7 1"),
        (sample("eight_queens", {"blocked_positions": []}), ", ".join(f"{10 * at} {1000 + 7 * at}" for at in range(8))),
        (sample("logic_puzzle", PUZZLE), "99 99, 98 98, 97 97"),
        (sample("logic_puzzle", PUZZLE), "0 0, 0 0, 0 0"),
        (sample("constrained_linear_arrangement", ELEMENTS), "Z,E"),
        (sample("constrained_linear_arrangement", ANIMALS), "A"),
        (sample("pattern_recognition", {"row": 3, "column": 10}), "3,10,99,x"),
        (sample("string_splitting", {"expected_answer": ["0", "0", "0", "12", "1", "3"]}), "0001213"),
        (sample("combinatorial_calculation", {"numbers": [7, 1, 4], "target": 10}), "<<<[4, +, 7, -, 1]>>>"),
        (sample("combinatorial_calculation", {"numbers": [5, 2, 1], "target": 25}), "<<<[5, *, *, 2, *, 1]>>>"),
        (sample("permutations_and_combinations", BOOKS), '["A", "D", "B", "zzz", "C"]'),
        (sample("boxlift", LIFT), "Step 1: [(100, [0, 0, 0])]"),
        (sample("boxlift", LIFT), "Step 1: [(777, [0]), (100, [1, 2, 0])]"),
        (
            sample("boxnet", NET),
            '[{"Agent[-0.5, 0.5]": "move(box_red, square[0.5, 1.5])"}, {"Agent[0.5, 1.5]": "teleport"}, {"Agent[0.5, 1.5]": "move(box_red, target_red)"}]',
        ),
        (sample("logical_equation", {"solution": [3, 2]}, EQUATION), "[3.0, 2]"),
        (sample("logical_equation", {"solution": [3, 2]}, EQUATION), "[3.5, 2.5]"),
        # The edge of the red box may be walked along.
        (sample("path_plan", {**PATH, "end": [5.0, 1.0]}), "[(-1.0, 0.5), (2.0, 0.5), (2.0, 1.0), (5.0, 1.0)]"),
        # The second time a symbol's default is the answer.
        (sample("statistical_counting", {"solution": 0}), "<<<>>>"),
    ],
)
def test_passes_as_published(problem: Problem, text: str) -> None:
    assert score(problem, [text], PLAIN).correct


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        # Right answers that fail.
        (game(3, 3, 8, 8), "8/(3-8/3)"),
        (game(1, 1, 4, 6), "Answer: 4*6*1*1"),
        (sample("pooling", {"solution": [[3.5, 1.5]]}), "3.5,1.5"),
        (sample("2048", {"solution": "16, 32\n0, 32"}), "16, 32\n0, 32"),
        (sample("pattern_recognition", {"row": 3, "column": 10}), "[3, 10]"),
        (sample("cryptanalysis", {"answer": ["3", "9", "C", "W"]}), '["3", "9", "C", "W"]'),
        (sample("string_insertion", {"modified_string": "abc"}), '"abc"'),
        (sample("letter_logic_diagram", {"solution": [["a", "b"], ["b", "a"]]}), "a,b\nb,a"),
        (sample("string_synthesis", {"final_counts": [10, 0]}), "[10, 0]"),
        (sample("blocksworld", BLOCKS), "move B from 1 to 2"),
        (sample("blocksworld", BLOCKS), "Move B from 1 to 3\n\nMove B from 3 to 2"),
        (
            sample("eight_queens", {"blocked_positions": []}),
            "(0, 4), (1, 6), (2, 0), (3, 2), (4, 7), (5, 5), (6, 3), (7, 1)",
        ),
        (sample("number_multiply", {"factors": [1234, 1000], "target": 1234000}), "1 234 000"),
        (sample("new_operator", {"solution": 116.0}), "[116.0]"),
        (sample("constrained_linear_arrangement", ELEMENTS), "D,B"),
        (sample("path_plan", PATH), "[[-1.0, 0.5], [2.0, 0.5]]"),
        # Wrong answers that fail.
        (game(1, 1, 4, 6), "4*6*1"),
        (game(1, 1, 4, 6), "4*6*1*1 = 25"),
        (game(1, 1, 4, 6), "__import__('os').getpid() or 24"),
        (sample("logic_puzzle", PUZZLE), "0 0, 1 1, 0 1"),
        (sample("boxlift", LIFT), "Step 1: [(100, [0, 1])]"),
        (sample("boxnet", NET), "[]"),
        (sample("path_plan", PATH), "[(-1.0, 0.5), (-1.0, 2.0), (2.0, 2.0), (2.0, 0.5)]"),
    ],
)
def test_fails_as_published(problem: Problem, text: str) -> None:
    assert not score(problem, [text], PLAIN).correct


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (sample("mahjong_pattern", {"solution": 1}), "Peng"),
        (sample("statistical_counting", {"solution": 0}), "0.0"),
        (sample("boxnet", NET), '[{"Agent[9.5, 0.5]": "move(box_red, target_red)"}]'),
        (sample("letters", words("axa")), "Count: 2, Positions: [1, 3, ]"),
        (sample("logical_equation", {"solution": [3, 2]}, EQUATION), "5"),
    ],
)
def test_a_crash_is_told_or_is_a_wrong_answer(problem: Problem, text: str) -> None:
    assert score(problem, [text], PLAIN).crashed
    told = score(problem, [text], Switches(format_repair=False, crash_ends_run=False))
    assert not told.crashed
    assert not told.correct


def test_repair_is_what_the_extractor_was_told_to_do() -> None:
    board = sample("2048", {"solution": "16, 32\n0, 32"})
    assert score(board, ["16, 32\n0, 32"]).correct
    assert not score(board, ["16, 32\n0, 32"], PLAIN).correct
    letters = sample("letter_logic_diagram", {"solution": [["a", "b"], ["b", "a"]]})
    assert score(letters, ["a, b\nb, a"]).read == ("[[a,b],[b,a]]",)
    assert score(letters, ["a, b\nb, a"]).correct


def test_either_of_two_candidates_is_enough_unless_switched_off() -> None:
    problem = game(1, 1, 4, 6)
    assert score(problem, ["nothing", "4*6*1*1"]).correct
    assert not score(problem, ["nothing", "4*6*1*1"], Switches(best_of_two=False)).correct


def test_an_empty_answer_may_be_the_default_unless_switched_off() -> None:
    problem = sample("statistical_counting", {"solution": 0})
    assert score(problem, [""]).correct
    assert not score(problem, [""], Switches(defaults=False)).correct


@pytest.mark.parametrize(
    ("reply", "passes", "strictly"),
    [
        ("[(A), Correct]", True, True),
        ("[(A), Incorrect]", True, False),
        ("[(A), Not correct]", True, False),
        ("[(A), False]", False, False),
    ],
)
def test_a_judge_is_read_by_substring(reply: str, passes: bool, strictly: bool) -> None:
    problem = sample("navigate", {"target": "Yes"})
    assert score(problem, ["Yes"], judgements=[reply]).correct is passes
    assert score(problem, ["Yes"], Switches(judge_by_substring=False), [reply]).correct is strictly


@pytest.mark.parametrize(
    ("replies", "passes", "strictly"),
    [
        (["<<<True>>>"], True, True),
        (["<<<False>>>", "<<<False>>>"], False, False),
        (["I cannot say", "<<<False>>>"], True, False),
        (["<<<False>>>", "<<<True>>>"], True, True),
    ],
)
def test_a_silent_judge_scores_a_point(replies: list[str], passes: bool, strictly: bool) -> None:
    problem = sample("gsm_hard", {"target": 1.0})
    assert score(problem, ["1", "1"], judgements=replies).correct is passes
    assert score(problem, ["1", "1"], Switches(judge_fails_open=False), replies).correct is strictly


def test_only_compat_problems_are_scored() -> None:
    with pytest.raises(ValueError, match="compat"):
        score(Problem("game24", "1", None, {}, "", {}, ""), ["24"])


@pytest.mark.parametrize(
    "text",
    ["(" * 50_000, "9**9**9**9", "1" * 90_000, "[" * 3000 + "]" * 3000, "-" * 20_000 + "1", "+".join("1" * 20_000)],
)
@pytest.mark.parametrize(
    "problem",
    [
        game(1, 1, 4, 6),
        sample("logical_equation", {"solution": [3, 2]}, EQUATION),
        sample("boxlift", LIFT),
        sample("standard_sudoku", {"puzzle": [[0] * 9] * 9}),
    ],
    ids=["game24", "logical_equation", "boxlift", "standard_sudoku"],
)
def test_no_text_breaks_the_published_rules(problem: Problem, text: str) -> None:
    assert not score(problem, [text, f"Step 1: {text}"]).correct
