"""Which decisions a round allows, what a steerer is shown of it, and which answer wins in the end."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from codesteer_kernel.record import Round
from codesteer_kernel.steering.evidence import assess, describe, guidance_for
from codesteer_kernel.steering.support import best, level_of
from tests.steering.rounds import program_round, text_round

SAME = "print(6 * 7)"


def unfinished(this: Round, stop: str) -> Round:
    """``this`` round with a reply that has no proper end."""
    return replace(this, answer=replace(this.answer, stop=stop))


@pytest.mark.parametrize(
    ("rounds", "name", "allowed"),
    [
        # Nothing to judge yet: the next step is to mend.
        ([program_round(1, program=None)], "no_code", {"refine"}),
        ([program_round(1, program=None, stop="length")], "cut", {"refine"}),
        ([program_round(1, stop="length")], "cut", {"refine"}),
        ([program_round(1, status="error", error="NameError: x")], "crashed", {"refine"}),
        ([program_round(1, status="died")], "crashed", {"refine"}),
        ([program_round(1, status="interrupted")], "crashed", {"refine"}),
        ([program_round(1, status="timeout", limit="seconds")], "slow", {"refine"}),
        ([program_round(1, status="killed", limit="memory")], "slow", {"refine"}),
        ([program_round(1, printed="")], "silent", {"refine"}),
        # The same trouble three times over: words instead.
        ([program_round(n, status="error", error="x") for n in (1, 2, 3)], "crashed", {"text"}),
        ([program_round(n, program=None) for n in (1, 2, 3)], "no_code", {"text"}),
        ([program_round(1, printed=""), *(program_round(n, status="error") for n in (2, 3))], "crashed", {"refine"}),
        # The same program again, with its trouble: words at once, unless they were tried.
        ([program_round(n, program=SAME, status="error", error="x") for n in (1, 2)], "crashed", {"text"}),
        ([program_round(n, program=SAME, printed="") for n in (1, 2)], "silent", {"text"}),
        (
            [program_round(n, program=SAME, stop=stop, status="error") for n, stop in ((1, "end"), (2, "length"))],
            "cut",
            {"text"},
        ),
        (
            [text_round(1, "7"), *(program_round(n, program=SAME, status="error", error="x") for n in (2, 3))],
            "crashed",
            {"refine"},
        ),
        # An answer that a test has looked at.
        ([program_round(1, verdict="pass")], "passed_check", {"return", "refine"}),
        ([program_round(1, verdict="fail", reason="no")], "failed_check", {"return", "refine"}),
        ([program_round(1, verdict="unsure")], "plausible", {"return", "refine"}),
        ([program_round(1, verdict="broken")], "plausible", {"return", "refine"}),
        ([program_round(1)], "plausible", {"return", "refine"}),
        ([program_round(1, printed="", outputs=("<Figure>",))], "plausible", {"return", "refine"}),
        # A printed constant is looked at twice even when it passed.
        ([program_round(1, suspicious=True)], "constant", {"refine", "return"}),
        ([program_round(1, suspicious=True, verdict="pass")], "constant", {"refine", "return"}),
        # The target stands by what it knows: it may say so in words, unless it has.
        ([program_round(n, suspicious=True, program=SAME) for n in (1, 2)], "constant", {"text"}),
        ([program_round(n, suspicious=True) for n in (1, 2)], "constant", {"refine", "return"}),
        (
            [text_round(1, "7"), *(program_round(n, suspicious=True, program=SAME) for n in (2, 3))],
            "constant",
            {"return"},
        ),
        # The target gives the program that failed again: once more in another way, then it stands by it.
        ([program_round(n, verdict="fail", program=SAME) for n in (1, 2)], "repeated", {"refine"}),
        ([program_round(n, verdict="fail", program=SAME) for n in (1, 2, 3)], "repeated", {"return"}),
        # Words and a program agree; a failed test is still looked into.
        ([text_round(1, "42"), program_round(2, kind="code")], "plausible", {"return"}),
        ([text_round(1, "41"), program_round(2, kind="code")], "plausible", {"return", "refine"}),
        ([text_round(1, "42"), program_round(2, kind="code", verdict="fail")], "failed_check", {"return", "refine"}),
        # Words.
        ([text_round(1, "42")], "text_answer", {"return", "code"}),
        ([text_round(1, text="  ")], "empty", {"refine"}),
        ([unfinished(text_round(1, text="Let me see"), "length")], "cut_words", {"code", "refine"}),
        ([unfinished(text_round(1, text="Let me see"), "repetition")], "circles", {"code", "refine"}),
        ([unfinished(text_round(1, "42"), "length")], "text_answer", {"return", "code"}),
        # In circles: nothing to look at, unless the answer stood before them.
        ([program_round(1, program=None, stop="repetition")], "circles", {"refine"}),
        ([program_round(1, printed="", stop="repetition")], "circles", {"refine"}),
        ([program_round(1, stop="repetition")], "plausible", {"return", "refine"}),
    ],
)
def test_what_a_round_allows(rounds: list[Round], name: str, allowed: set[str]) -> None:
    found = assess(rounds)
    assert (found.name, set(found.allowed)) == (name, allowed)
    assert found.reason
    assert all(weight > 0 for weight in found.allowed.values())


def weight(rounds: list[Round], kind: str) -> float:
    """The share of ``kind`` among what the rules allow."""
    allowed = dict(assess(rounds).allowed)
    return allowed.get(kind, 0.0) / sum(allowed.values())  # type: ignore[call-overload,no-any-return]


def test_the_rules_lean_to_what_the_evidence_says() -> None:
    passed, failed = [program_round(1, verdict="pass")], [program_round(1, verdict="fail")]
    open_ = [program_round(1, verdict="unsure")]
    assert weight(passed, "return") > weight(open_, "return") > weight(failed, "return")
    assert weight([program_round(1, suspicious=True)], "return") < weight(open_, "return")


def test_two_programs_that_agree_weigh_more_than_one_test_that_fails() -> None:
    alone = [program_round(1, printed="7"), program_round(2, verdict="fail")]
    agreed = [program_round(1), program_round(2, verdict="fail")]
    assert weight(agreed, "return") > weight(alone, "return")


def test_words_that_agree_with_a_program_are_likelier_right() -> None:
    assert weight([program_round(1), text_round(2, "42")], "return") > weight([text_round(1, "42")], "return")


@pytest.mark.parametrize("kind", ["code", "text", "refine"])
@pytest.mark.parametrize(
    "last",
    [
        program_round(1, program=None),
        program_round(1, stop="length"),
        program_round(
            1, status="error", error="NameError: {x} $y", traceback='File "p", line 3\n    print(x)\nNameError'
        ),
        program_round(1, status="timeout"),
        program_round(1, printed=""),
        program_round(1, suspicious=True),
        program_round(1, verdict="fail", reason="expected $5 {or so}"),
        program_round(1, verdict="pass"),
        program_round(1),
        text_round(1, "42"),
        text_round(1, text=""),
    ],
)
def test_there_is_guidance_for_every_situation(kind: str, last: Round) -> None:
    text = guidance_for(kind, assess([last]), last)  # type: ignore[arg-type]
    assert text
    assert "$" not in text.replace("$y", "").replace("$5", "")


def test_guidance_names_what_went_wrong() -> None:
    crashed = program_round(1, status="error", error="NameError: name 'x' is not defined")
    assert "NameError" in guidance_for("refine", assess([crashed]), crashed)
    failed = program_round(1, printed="41", verdict="fail", reason="it is 42")
    text = guidance_for("refine", assess([failed]), failed)
    assert "41" in text
    assert "it is 42" in text


def test_guidance_and_evidence_are_bounded_but_keep_both_ends() -> None:
    huge = "BEGIN" + "x" * 1_000_000 + "END"
    last = program_round(1, printed=huge, verdict="fail", reason=huge, error=huge, traceback=huge, stderr=huge)
    shown = describe(last)
    assert len(shown) < 8_000
    assert "BEGIN" in shown
    assert "END" in shown
    assert "cut" in shown
    assert len(guidance_for("refine", assess([last]), last)) < 2_000


def test_evidence_holds_what_a_steerer_needs() -> None:
    last = program_round(1, printed="41", verdict="fail", reason="it is 42", stderr="Warning: old")
    shown = describe(last)
    for part in ("print(", "41", "ok", "fail", "it is 42", "Warning: old", "4 of 10"):
        assert part in shown


# -- the winner


@pytest.mark.parametrize(
    ("rounds", "winner", "level", "speakers"),
    [
        # One round.
        ([program_round(1, verdict="pass")], 1, "verified", [1]),
        ([program_round(1)], 1, "executed", [1]),
        ([program_round(1, verdict="unsure")], 1, "executed", [1]),
        ([program_round(1, verdict="broken")], 1, "executed", [1]),
        ([program_round(1, verdict="fail")], 1, "doubtful", [1]),
        ([program_round(1, suspicious=True)], 1, "doubtful", [1]),
        ([text_round(1, "42")], 1, "unchecked", [1]),
        ([program_round(1, printed="", outputs=("<Figure>",))], 1, "executed", [1]),
        # The best, not the last.
        ([program_round(1, verdict="pass"), program_round(2, "43", verdict="fail")], 1, "verified", [1]),
        ([program_round(1), program_round(2, "43", status="error")], 1, "executed", [1]),
        ([program_round(1), program_round(2, "43", program=None)], 1, "executed", [1]),
        ([program_round(1), text_round(2, "43")], 1, "executed", [1]),
        ([program_round(1), program_round(2, "7"), program_round(3)], 3, "agreed", [1, 3]),
        ([program_round(1), text_round(2, "42"), program_round(3, "9")], 1, "agreed", [1, 2]),
        # More witnesses, then words beside a program, outweigh a later round.
        ([program_round(n, str(max(n, 3))) for n in (1, 2, 3, 4)], 3, "agreed", [1, 2, 3]),
        ([program_round(1), text_round(2, "42"), program_round(3, "9"), program_round(4, "9")], 1, "agreed", [1, 2]),
        ([program_round(1, "1", verdict="pass"), program_round(2, "2"), program_round(3, "2")], 1, "verified", [1]),
        # The later one on a tie.
        ([program_round(1, "1"), program_round(2, "2")], 2, "executed", [2]),
        ([program_round(1, "1", verdict="fail"), program_round(2, "2", verdict="fail")], 1, "doubtful", [1]),
        # What is printed as the question asks for it, before a later one that is not.
        ([program_round(1, "<<<1>>>"), program_round(2, "2")], 1, "executed", [1]),
        ([program_round(1, "<<<1>>>"), program_round(2, "2"), program_round(3, "2")], 3, "agreed", [2, 3]),
        # The same program twice is one witness.
        ([program_round(1, program=SAME), program_round(2, program=SAME)], 2, "executed", [2]),
        # Agreement of two programs outweighs a failed test, but not a printed constant.
        ([program_round(1, verdict="fail"), program_round(2, verdict="fail")], 2, "agreed", [1, 2]),
        ([program_round(1, "7"), program_round(2, suspicious=True)], 1, "executed", [1]),
    ],
)
def test_the_best_supported_answer_wins(rounds: list[Round], winner: int, level: str, speakers: list[int]) -> None:
    answer, support = best(rounds)
    assert answer is not None
    assert (answer.round, support.level, support.rounds) == (winner, level, speakers)
    assert support.note


@pytest.mark.parametrize(
    "rounds",
    [
        [],
        [text_round(1, text="")],
        [program_round(1, status="error")],
        [program_round(1, status="timeout")],
        [program_round(1, printed="")],
        # What was still being written when the run ended is kept in the round, and is no answer.
        [text_round(1, text="Let me think about", complete=False)],
        [program_round(1, program=None, complete=False)],
    ],
)
def test_no_answer_is_not_made_up(rounds: list[Round]) -> None:
    answer, support = best(rounds)
    assert answer is None
    assert support.level == "none"
    assert support.note


def test_a_program_answers_with_its_result_and_words_with_their_text() -> None:
    answer, _ = best([program_round(1)])
    assert answer is not None
    assert (answer.text, answer.result, answer.code) == ("42", "42", "print(1 * '42')")
    answer, _ = best([text_round(1, "42")])
    assert answer is not None
    assert (answer.text, answer.result, answer.code) == ("Let me see. Answer: 42", "42", None)


def test_an_unchecked_answer_is_marked_so() -> None:
    for rounds, word in (([text_round(1, "42")], "nothing tested"), ([program_round(1)], "no test")):
        assert word in best(rounds)[1].note


def test_the_rounds_that_speak_for_an_answer_are_named() -> None:
    rounds = [program_round(1), program_round(2, "7"), program_round(3, verdict="pass")]
    assert level_of(rounds[2], rounds) == ("verified", [1, 3])
    assert "round 1" in best(rounds)[1].note
