"""Every method, over the wire: what is asked, in which order, what runs, what is judged."""

from __future__ import annotations

import pytest

from codesteer_kernel.evaluation.methods import METHODS
from tests.evaluation.answering import PROBLEM, answered, fenced
from tests.run.scripts import say

pytestmark = pytest.mark.kernel
RIGHT = PROBLEM.reference
MARKED = f"Let me see. <<<{RIGHT}>>>"
COMPUTES = f"print('<<<' + str(sum(1 for _ in range({RIGHT}))) + '>>>')"


# -- one call


def test_only_question_asks_the_question_alone_and_runs_nothing() -> None:
    found = answered(METHODS["only-question"], [fenced("print(13)", after=MARKED)])
    assert found.asked == [PROBLEM.question.strip()]
    assert found.requests[0].system == ""
    assert [one.execution for one in found.record.rounds] == [None]
    assert (found.attempt.correct, found.attempt.origin, found.attempt.calls) == (True, "text", 1)


def test_all_text_asks_for_words_and_judges_them() -> None:
    found = answered(METHODS["all-text-cot"], [MARKED])
    assert found.asked[0].startswith(PROBLEM.question.strip())
    assert "reasoning in words" in found.asked[0]
    assert (found.attempt.correct, found.attempt.marked, found.attempt.decisions) == (True, True, ["text"])


def test_all_code_runs_the_program_once_and_judges_what_it_printed() -> None:
    found = answered(METHODS["all-code-cot"], [fenced(COMPUTES, after="That prints <<<13>>>.")])
    assert found.asked[0].startswith(PROBLEM.question.strip())
    assert "Python program" in found.asked[0]
    this = found.record.rounds[0]
    assert this.execution is not None
    assert (this.execution.status, this.execution.stdout.strip()) == ("ok", f"<<<{RIGHT}>>>")
    assert (found.attempt.correct, found.attempt.origin, found.attempt.decisions) == (True, "program", ["code"])


def test_all_code_with_a_program_that_crashes_is_judged_by_its_words() -> None:
    found = answered(METHODS["all-code-cot"], [fenced("print('<<<13>>>')\n1 / 0", after=MARKED)])
    assert found.record.rounds[0].execution is not None
    assert found.record.rounds[0].execution.status == "error"
    assert (found.attempt.correct, found.attempt.origin, found.attempt.status) == (True, "text", "done")


def test_all_code_without_a_program_is_judged_by_its_words() -> None:
    found = answered(METHODS["all-code-cot"], [MARKED])
    assert (found.attempt.correct, found.attempt.origin, found.attempt.decisions) == (True, "text", ["text"])


# -- the loop


def test_codesteer_is_the_loop_with_its_steerer() -> None:
    script = [say("code"), fenced(COMPUTES), say("return")]
    found = answered(METHODS["codesteer"], script, checker="none")
    assert found.record.config.method == ""
    assert [call[:20] for call in found.asked if "Decide" in call]
    assert (found.attempt.correct, found.attempt.origin, found.attempt.decisions) == (True, "program", ["code"])
