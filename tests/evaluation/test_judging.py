"""What of a run is judged, and how an answer is found that nobody marked."""

from __future__ import annotations

import pytest

from codesteer_kernel.evaluation.judging import judge, judged_text
from codesteer_kernel.record import FinalAnswer, Record, Round
from codesteer_kernel.symbench import Problem, get
from tests.steering.rounds import program_round, text_round

PRODUCT = get("number_multiply").generate(7, "1")
BOARD = get("2048").generate(3, "1")


def run_of(*rounds: Round, winner: int = 1) -> Record:
    return Record(rounds=list(rounds), answer=FinalAnswer(text="shown", round=winner))


def said(problem: Problem, text: str) -> tuple[bool, str, bool]:
    verdict, origin = judge(problem, run_of(text_round(1, text=text)))
    assert origin == "text"
    return verdict.correct, verdict.code, verdict.marked


def test_a_program_that_ran_is_judged_by_what_it_printed() -> None:
    record = run_of(program_round(1, "one line\n<<<42>>>"))
    assert judged_text(record) == ("one line\n<<<42>>>", "program")
    record = run_of(program_round(1, "", outputs=("42",)))
    assert judged_text(record) == ("42", "program")


@pytest.mark.parametrize("status", ["error", "timeout", "killed", "died", "interrupted"])
def test_a_program_that_did_not_end_by_itself_leaves_the_words_around_it(status: str) -> None:
    failed = program_round(1, "<<<13>>>", status=status)
    around = Round(
        index=1,
        decision=failed.decision,
        answer=type(failed.answer)(
            text="Plan.\n```python\nprint('<<<13>>>')\n```\nSo <<<42>>>.", code="print('<<<13>>>')", complete=True
        ),
        execution=failed.execution,
    )
    text, origin = judged_text(run_of(around))
    assert origin == "text"
    assert "<<<42>>>" in text
    assert "13" not in text, "what a program would have printed is no answer"


def test_a_silent_program_leaves_the_words_around_it() -> None:
    assert judged_text(run_of(program_round(1, "  "))) == ("", "text")


def test_the_winning_round_is_judged_and_a_run_without_an_answer_has_none() -> None:
    rounds = (program_round(1, "1"), program_round(2, "2"))
    assert judged_text(run_of(*rounds, winner=1))[0] == "1"
    verdict, origin = judge(PRODUCT, Record(rounds=list(rounds)))
    assert (verdict.correct, verdict.code, origin) == (False, "empty", "none")


@pytest.mark.parametrize(
    "form",
    [
        "{}",
        "The answer is {}.",
        "First 1 * 2 = 2.\n\nTherefore, the product is **{}**.",
        "Thus\n$$\\boxed{{{}}}$$\nI hope this helps.",
        "First 1 * 2 = 2.\nAnswer: {}",
        "Let me see.\n\n**Final answer:** {}\n",
        "### Final Answer\n\n{}",
        "We get\n```\n{}\n```",
        "The steps are long.\nThe final answer is {}. I hope this helps!",
        "Adding up gives:\n\n{}",
        "Line by line.\n{}",
        "I multiply.\n\nTherefore, the product of both is {}.",
        "I multiply.\n6 * 7 = {}",
        "The answer is {}. It goes between <<< and >>>.",
    ],
)
def test_an_answer_without_markers_is_found_where_models_put_it(form: str) -> None:
    assert said(PRODUCT, form.format(PRODUCT.reference)) == (True, "ok", False)
    wrong = str(int(PRODUCT.reference) + 1)
    assert said(PRODUCT, form.format(wrong))[0] is False


def test_a_table_without_markers_is_found() -> None:
    assert said(BOARD, f"I slide them.\n\nThe final board is:\n\n{BOARD.reference}\n")[:2] == (True, "ok")
    assert said(BOARD, f"I slide them.\nFinal board:\n{BOARD.reference}")[:2] == (True, "ok")


def test_what_is_marked_is_the_answer_whatever_else_is_said() -> None:
    right = PRODUCT.reference
    assert said(PRODUCT, f"The answer is {right}, so <<<13>>>") == (False, "not_goal", True)
    assert said(PRODUCT, f"The answer is {right}, so <<<no idea>>>") == (False, "unreadable", True)
    assert said(PRODUCT, f"The answer is 13, so <<<{right}>>>") == (True, "ok", True)


def test_a_readable_answer_that_is_wrong_is_not_looked_behind() -> None:
    """The first place that can be read counts: no second answer is tried because the first was wrong."""
    assert said(PRODUCT, f"```\n13\n```\nAnswer: {PRODUCT.reference}") == (False, "not_goal", False)
    assert said(PRODUCT, f"**{PRODUCT.reference}** it was.\nAnswer: 13")[0] is False


def test_the_number_of_a_listed_step_is_no_answer() -> None:
    step = PRODUCT.reference
    assert said(PRODUCT, f"### Explanation:\n\n{step}. **Multiply**: that is easy.\n")[:2] == (False, "unreadable")


def test_no_answer_stays_no_answer() -> None:
    assert said(PRODUCT, "I cannot tell, sorry. It may be 13 or 14.")[:2] == (False, "unreadable")
    assert said(PRODUCT, "")[:2] == (False, "empty")
