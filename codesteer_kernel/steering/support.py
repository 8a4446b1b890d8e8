"""Which answer wins: the best supported one, not the last one; and how its support is told."""

from __future__ import annotations

import re
from collections.abc import Sequence

from codesteer_kernel.record import FinalAnswer, Round, Support
from codesteer_kernel.record.document import SupportLevel
from codesteer_kernel.steering.evidence import same_program
from codesteer_kernel.steering.extraction import agree

__all__ = ["best", "last", "level_of"]

_MARKED = re.compile(r"<<<[^<>]+>>>")
_RANK: dict[SupportLevel, int] = {"none": 0, "doubtful": 1, "unchecked": 2, "executed": 3, "agreed": 4, "verified": 5}


def level_of(this: Round, rounds: Sequence[Round]) -> tuple[SupportLevel, list[int]]:
    """Return how well ``this`` round's answer is supported, and the rounds that speak for it."""
    agreeing = [
        other.index
        for other in rounds
        if other.index != this.index and agree(other.result, this.result) and not same_program(this, other)
    ]
    speakers = sorted([this.index, *agreeing])
    if this.answer.code is None:
        # Half a sentence is no answer: the run was stopped, or ran out of budget, while it streamed.
        circles = this.answer.stop == "repetition" and not this.result
        if circles or not this.answer.complete or not this.answer.text.strip():
            return "none", []
        # In our loop nobody tests words; where somebody did, the test counts.
        tested = this.self_answer.verdict if this.self_answer else "unsure"
        if tested in ("pass", "fail"):
            return ("verified" if tested == "pass" else "doubtful"), speakers
        return ("agreed" if agreeing else "unchecked"), speakers
    if this.execution is None or this.execution.status != "ok" or not (this.result or this.execution.outputs):
        return "none", []
    verdict = this.self_answer.verdict if this.self_answer else "unsure"
    if verdict == "pass":
        return "verified", speakers
    if this.symbolic is not None and this.symbolic.suspicious:
        return "doubtful", speakers
    if agreeing:
        return "agreed", speakers
    return ("doubtful" if verdict == "fail" else "executed"), speakers


def best(rounds: Sequence[Round]) -> tuple[FinalAnswer | None, Support]:
    """Return the best-supported answer with its support; None when no round has an answer.

    Within a level the answer wins that more rounds gave, then one that words and a program agree on, then the one whose
    program prints it in the form that the question asked for (between ``<<<`` and ``>>>``), then the one whose program
    computes more. On a tie the later one, as it was made with more evidence; among doubtful ones the first, which
    no pressure of a test that may itself be wrong has bent.
    """
    ranked = [(level_of(one, rounds), one) for one in rounds if one.answer.text or one.result]
    if not ranked:
        return None, Support(level="none", note="No round gave an answer.")
    (level, speakers), winner = max(ranked, key=lambda pair: _strength(pair[0][0], pair[0][1], pair[1], rounds))
    if level == "none":
        return None, Support(level="none", note="No round gave an answer that could be used.")
    text = winner.result or winner.answer.text
    if winner.answer.code is None:
        text = winner.answer.text.strip()
    answer = FinalAnswer(text=text, result=winner.result, round=winner.index, code=winner.answer.code)
    return answer, Support(level=level, rounds=speakers, note=_note(level, speakers, winner))


def _strength(
    level: SupportLevel, speakers: Sequence[int], this: Round, rounds: Sequence[Round]
) -> tuple[int, int, bool, bool, float, int]:
    if level == "doubtful":
        return _RANK[level], 0, False, False, 0.0, -this.index
    ways = {one.answer.code is None for one in rounds if one.index in speakers}
    score = this.symbolic.score if this.symbolic is not None else 0.0
    marked = this.execution is not None and _MARKED.search(this.execution.stdout) is not None
    return _RANK[level], len(speakers), len(ways) > 1, marked, score, this.index


def last(rounds: Sequence[Round]) -> tuple[FinalAnswer | None, Support]:
    """Return the last answer, as the published loop does, whatever speaks for it."""
    given = [one for one in rounds if one.answer.complete]
    if not given:
        return None, Support(level="none", note="No round gave an answer.")
    winner = given[-1]
    level, speakers = level_of(winner, rounds)
    answer = FinalAnswer(
        text=winner.result or winner.answer.text.strip(),
        result=winner.result,
        round=winner.index,
        code=winner.answer.code,
    )
    return answer, Support(
        level=level, rounds=speakers, note=f"The last answer, as published. {_note(level, speakers, winner)}"
    )


def _note(level: SupportLevel, speakers: Sequence[int], winner: Round) -> str:
    others = [index for index in speakers if index != winner.index]
    agreeing = f"agrees with round {', '.join(map(str, others))}" if others else ""
    match level:
        case "verified":
            return "Checked by a program" + (f", {agreeing}." if agreeing else ".")
        case "agreed":
            return f"Not confirmed by a test, but {agreeing}."
        case "executed":
            return "Printed by a program that ran; no test could tell whether it is right."
        case "unchecked":
            if winner.self_answer is not None:
                return "Given in words; no test could tell whether it is right."
            return "Answered in words; nothing tested it."
        case "doubtful":
            return "Doubtful: a test failed it, or the program only prints what it was written with."
        case _:
            return ""
