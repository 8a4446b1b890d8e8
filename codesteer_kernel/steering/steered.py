"""Our loop: choose, answer, run, check, decide; up to n rounds.

Against the published loop (codesteer.md, section 6): execution results reach both models, decisions are a closed set,
verdicts are parsed, and the last answer is reviewed too.
"""

from __future__ import annotations

from codesteer_kernel.checkers import rate
from codesteer_kernel.record import Decision
from codesteer_kernel.record import events as ev
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.conversation import STOP, Conversation
from codesteer_kernel.steering.dialects import Dialect, open_dialect
from codesteer_kernel.steering.dialects.base import safe_decision
from codesteer_kernel.steering.evidence import assess
from codesteer_kernel.steering.extraction import result_of_text
from codesteer_kernel.steering.support import best
from codesteer_kernel.steering.testing import Testing

__all__ = ["steered"]


async def steered(acts: Acts, rounds: int, *, check: bool) -> Ending:
    """Steer to a decision to return or to stop, for at most ``rounds`` rounds; ``check`` says whether answers are tested."""
    dialect = open_dialect(acts.config.dialect, acts.roles.steerer, acts.calls, acts.question, acts.config)
    conversation = Conversation(acts.question, acts.roles.target, acts.config)
    testing = Testing(acts) if check else None
    try:
        acts.enter("choosing")
        decision = await dialect.choose()
        code = decision.kind == "code"
        for index in range(1, rounds + 1):
            acts.emitter.emit(ev.RoundStarted, round=index, decision=decision)
            if decision.kind in ("code", "text"):
                code = decision.kind == "code"
            acts.enter("answering")
            request = conversation.request(decision, code=code)
            if code and testing is not None:
                testing.begin(index)
            prefix = conversation.prefix
            answer = await acts.answer(request, index, prefix=prefix, close=STOP if prefix else "")
            conversation.answered(answer.text or "(nothing)")
            await _run_and_check(acts, testing, index)
            acts.enter("steering")
            decision = await _decide(acts, dialect)
            if decision.kind in ("return", "terminate"):
                return Ending("done", decision)
        return Ending("exhausted", decision)
    finally:
        if testing is not None:
            await testing.close()


async def _run_and_check(acts: Acts, testing: Testing | None, index: int) -> None:
    """Run the round's program, if any, and let both checkers look at it."""
    answer = acts.record.rounds[index - 1].answer
    if answer.code is None:
        acts.emitter.emit(ev.RoundEnded, round=index, result=result_of_text(answer.text))
        return
    acts.emitter.emit(ev.CheckedSymbolic, round=index, symbolic=rate(answer.code))
    if answer.stop == "length" and not _parses(answer.code):
        acts.emitter.emit(ev.RoundEnded, round=index)
        return
    execution, result = await acts.execute(answer.code, index)
    if execution.status == "ok" and result and testing is not None:
        verdict = await testing.test(result, index)
        acts.emitter.emit(ev.CheckedSelfAnswer, round=index, self_answer=verdict)
    acts.emitter.emit(ev.RoundEnded, round=index, result=result)


async def _decide(acts: Acts, dialect: Dialect) -> Decision:
    rounds = acts.record.rounds
    situation = assess(rounds)
    decision = await dialect.review(rounds, situation)
    if decision.kind == "return" and best(rounds)[0] is None:
        reason = "The steerer returned an answer, but there is none yet; the rules decide."
        return safe_decision(situation, rounds[-1], decision.raw, reason)
    return decision


def _parses(code: str) -> bool:
    try:
        compile(code, "<answer>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
