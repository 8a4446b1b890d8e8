"""What a round showed: the situation it is in, the decisions that allows, and the evidence as bounded text.

Rules decide what is plain (a crashed program is never an answer); where more than one decision is sensible, the
situation lists them with weights and the steerer's model chooses.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from codesteer_kernel.record import Execution, Round, cut_middle
from codesteer_kernel.record.document import DecisionKind
from codesteer_kernel.steering.extraction import agree
from codesteer_kernel.steering.prompts import load_prompts
from codesteer_kernel.steering.repetition import UNFINISHED

__all__ = ["Situation", "assess", "describe", "guidance_for", "same_program", "wants_code"]

# Evidence shown to models is bounded: outputs are cut in the middle with a note, never dropped (DESIGN section 3).
SHOWN_CHARS = 1_500
GUIDANCE_CHARS = 300

# After as many rounds with the same trouble in a row, programs are given up for words.
_STUCK_ROUNDS = 3
_CAME_BACK = "The program came back as it was."


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """Where a round left the run.

    ``name`` is one of the guidance keys of ``prompts/target.toml``; ``allowed`` maps each sensible next decision to
    the weight its model score is multiplied with; ``reason`` is for people.
    """

    name: str
    allowed: dict[DecisionKind, float]
    reason: str


def wants_code(rounds: Sequence[Round]) -> bool:
    """Tell whether the last round was asked for a program: the last ``code`` or ``text`` decision says."""
    for past in reversed(rounds):
        if past.decision.kind in ("code", "text"):
            return past.decision.kind == "code"
    return True


def same_program(one: Round, other: Round) -> bool:
    """Tell whether two rounds hold the same program but for comments: such rounds are no evidence for each other."""
    return one.answer.code is not None and _form(one.answer.code) == _form(other.answer.code or "")


@lru_cache(maxsize=256)
def _form(code: str) -> str:
    try:
        return ast.dump(ast.parse(code))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return " ".join(code.split())


def assess(rounds: Sequence[Round]) -> Situation:
    """Judge the last of ``rounds`` by rule."""
    last, earlier = rounds[-1], rounds[:-1]
    if not wants_code(rounds) and last.answer.code is None:
        return _assess_text(last, earlier)
    trouble = _trouble(last)
    if trouble is None:
        return _assess_output(last, earlier)
    name, reason = trouble
    if not _answered_in_words(earlier) and any(same_program(last, past) for past in earlier):
        return Situation(name=name, allowed={"text": 1.0}, reason=f"{reason} {_CAME_BACK}")
    if len(rounds) >= _STUCK_ROUNDS and all((_trouble(one) or ("",))[0] == name for one in rounds[-_STUCK_ROUNDS:]):
        return Situation(
            name=name, allowed={"text": 1.0}, reason=f"{reason} It was the same for {_STUCK_ROUNDS} rounds."
        )
    return Situation(name=name, allowed={"refine": 1.0}, reason=reason)


def _answered_in_words(rounds: Sequence[Round]) -> bool:
    """Whether one of ``rounds`` gave an answer without a program."""
    return any(one.answer.code is None and bool(one.result) for one in rounds)


def _assess_text(last: Round, earlier: Sequence[Round]) -> Situation:
    if not last.answer.text.strip():
        return Situation(name="empty", allowed={"refine": 1.0}, reason="The reply holds no answer.")
    if last.answer.stop in UNFINISHED and not last.result:
        circles = last.answer.stop == "repetition"
        reason = "The reply went round in circles." if circles else "The reply was cut off at the token limit."
        name = "circles" if circles else "cut_words"
        return Situation(name=name, allowed={"code": 1.0, "refine": 1.0}, reason=reason)
    if any(agree(last.result, past.result) for past in earlier):
        reason = "It agrees with an earlier round."
        return Situation(name="text_answer", allowed={"return": 2.0, "code": 1.0}, reason=reason)
    return Situation(name="text_answer", allowed={"return": 1.0, "code": 1.0}, reason="An answer in words, not tested.")


def _trouble(last: Round) -> tuple[str, str] | None:
    """Name what keeps a program round from having an answer at all, with a sentence for people; None: it has one."""
    run = last.execution
    if last.answer.stop == "repetition" and not last.result:
        return "circles", "The reply went round in circles."
    if last.answer.code is None:
        if last.answer.stop == "length":
            return "cut", "The reply was cut off at the token limit."
        return "no_code", "There is no program in the reply."
    if last.answer.stop == "length":
        return "cut", "The program was cut off at the token limit."
    if run is None:
        return "no_code", "The program holds nothing but comments."
    if run.status in ("died", "interrupted", None):
        return "crashed", "The program did not end by itself."
    if run.status in ("timeout", "killed"):
        return "slow", f"The program hit a limit ({run.limit or 'time'})."
    if run.status == "error":
        return "crashed", f"The program failed: {cut_middle(run.error, 200)}"
    if not last.result and not run.outputs:
        return "silent", "The program printed nothing."
    return None


def _assess_output(last: Round, earlier: Sequence[Round]) -> Situation:
    """Judge a program that ran and showed something."""
    past_code = [past for past in earlier if past.execution and past.execution.status == "ok"]
    same = any(agree(last.result, past.result) for past in past_code)
    repeats = sum(same_program(last, past) for past in past_code)
    verdict = last.self_answer.verdict if last.self_answer else "unsure"
    if last.symbolic is not None and last.symbolic.suspicious:
        reason = "The program only prints what it was written with."
        if repeats:
            # Asked to compute, the target stands by what it knows: words are then its better way, unless they were tried.
            other: DecisionKind = "return" if _answered_in_words(earlier) else "text"
            return Situation(name="constant", allowed={other: 1.0}, reason=f"{reason} {_CAME_BACK}")
        return Situation(name="constant", allowed={"refine": 1.0, "return": 0.5}, reason=reason)
    if verdict == "pass":
        reason = "A program tested the answer: it passed."
        return Situation(name="passed_check", allowed={"return": 3.0, "refine": 1.0}, reason=reason)
    if verdict == "fail":
        why = f" ({cut_middle(last.self_answer.reason, 160)})" if last.self_answer and last.self_answer.reason else ""
        reason = f"A program tested the answer: it failed{why}."
        if repeats == 1:
            return Situation(name="repeated", allowed={"refine": 1.0}, reason=f"{reason} {_CAME_BACK}")
        if repeats > 1:
            return Situation(name="repeated", allowed={"return": 1.0}, reason=f"{reason} The target stands by it.")
        # A checking program can be wrong too: an answer that another program gives as well is likelier right.
        weights: dict[DecisionKind, float] = {"return": 2.0, "refine": 1.0} if same else {"return": 1.0, "refine": 3.0}
        return Situation(name="failed_check", allowed=weights, reason=reason)
    if repeats:
        reason = "The program came back as it was: the target stands by it."
        return Situation(name="plausible", allowed={"return": 1.0}, reason=reason)
    if any(past.answer.code is None and agree(last.result, past.result) for past in earlier):
        # Two ways to one answer: the 0.5B as steerer had another program written in 3 of 5 such runs.
        return Situation(
            name="plausible", allowed={"return": 1.0}, reason="The program agrees with an answer in words."
        )
    if same:
        reason = "The program agrees with an earlier round."
        return Situation(name="plausible", allowed={"return": 3.0, "refine": 1.0}, reason=reason)
    reason = "The program ran and printed an answer; no test could tell."
    return Situation(name="plausible", allowed={"return": 1.5, "refine": 1.0}, reason=reason)


def guidance_for(kind: DecisionKind, situation: Situation, last: Round) -> str:
    """Return our guidance to the target for ``kind`` in ``situation``: a template filled from the round."""
    key = {"code": "to_code", "text": "to_text"}.get(kind, situation.name)
    execution, verdict = last.execution, last.self_answer
    values = {
        "error": cut_middle(_fault(execution) if execution else "", GUIDANCE_CHARS),
        "limit": (execution.limit if execution else "") or "time",
        "output": cut_middle(last.result, GUIDANCE_CHARS),
        "reason": cut_middle(verdict.reason if verdict and verdict.reason else "the values differ.", GUIDANCE_CHARS),
    }
    prompts = load_prompts("target")
    values["hint"] = prompts.hint(execution.error if execution else "")
    return prompts.text(f"guidance.{key}", **values)


def _fault(run: Execution) -> str:
    """The error with the line it happened in, as the traceback quotes it."""
    lines = run.traceback.splitlines()
    places = [index for index, line in enumerate(lines) if line.lstrip().startswith("File ")]
    if not places or places[-1] + 1 >= len(lines):
        return run.error
    quoted = lines[places[-1] + 1].strip()
    return f"{run.error}\nIt happened in: {quoted}" if quoted else run.error


def describe(last: Round) -> str:
    """Return the round's evidence for a steerer that reads: answer, output, both checkers; bounded."""
    parts = [f"The target's answer:\n{cut_middle(last.answer.text.strip(), SHOWN_CHARS)}"]
    if last.execution is not None:
        run = last.execution
        parts.append(f"The program ended with status {run.status}.")
        if run.stdout.strip():
            parts.append(f"It printed:\n{cut_middle(run.stdout.strip(), SHOWN_CHARS)}")
        trouble = (run.traceback or run.stderr).strip()
        if trouble:
            parts.append(f"Errors:\n{cut_middle(trouble, SHOWN_CHARS)}")
    if last.symbolic is not None:
        parts.append(f"Symbolic checker: {last.symbolic.score:g} of 10. {last.symbolic.note}")
    if last.self_answer is not None:
        reason = f" ({cut_middle(last.self_answer.reason, GUIDANCE_CHARS)})" if last.self_answer.reason else ""
        parts.append(f"Testing program: {last.self_answer.verdict}{reason}.")
    return "\n".join(parts)
