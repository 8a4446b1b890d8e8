"""Our loop: choose, answer, run, check, decide; up to n rounds.

Against the published loop (codesteer.md, section 6): execution results reach both models, decisions are a closed set,
verdicts are parsed, and the last answer is reviewed too.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from msgspec.structs import replace

from codesteer_kernel.record import Answer, Decision, Round
from codesteer_kernel.record import events as ev
from codesteer_kernel.steering.acts import Acts, Ending
from codesteer_kernel.steering.conversation import STOP, Conversation, anew
from codesteer_kernel.steering.dialects import Dialect
from codesteer_kernel.steering.dialects.base import safe_decision
from codesteer_kernel.steering.evidence import assess
from codesteer_kernel.steering.extraction import result_of_text
from codesteer_kernel.steering.repetition import UNFINISHED
from codesteer_kernel.steering.support import best
from codesteer_kernel.steering.testing import Testing
from codesteer_kernel.together import together

__all__ = ["checked", "steered"]

_ENDS = ("return", "terminate")
# Where a program failed, or nobody can tell whether it is right. One that prints what it was written with is told so.
_ANEW = ("crashed", "silent", "slow", "cut", "circles", "no_code", "plausible")


async def steered(acts: Acts, rounds: int, *, dialect: Dialect | None = None, before: Sequence[Round] = ()) -> Ending:
    """Steer to a decision to return or to stop, for at most ``rounds`` rounds.

    With ``config.samples`` above one the first round is that many rounds: independent answers to the same decision, of
    which the best-supported one is steered on. What ``config.without`` names is left out.

    Args:
        acts: the run's means.
        rounds: at most so many, those of ``before`` included.
        dialect: who decides; default: the steerer, in the dialect of the run's configuration.
        before: the first rounds, as an earlier run of the same question had them: they are told again, nobody is
            asked, and the run goes on behind them.
    """
    if dialect is None:
        dialect = acts.dialect()
    testing = _testing(acts)
    stops = "stop" not in acts.config.without
    try:
        if before:
            conversation, code = _retold(acts, before)
        else:
            decision = await _choose(acts, dialect)
            code = decision.kind == "code"
            conversation = await _first(acts, testing, decision)
        for _ in range(rounds - max(1, len(before))):
            decision = await _decide(acts, dialect, stops=stops)
            if decision.kind in _ENDS:
                return Ending("done", decision)
            if decision.kind in ("code", "text"):
                code = decision.kind == "code"
            elif code and _mends_nothing(acts, decision):
                decision = anew(decision)
            index = len(acts.record.rounds) + 1
            acts.emitter.emit(ev.RoundStarted, round=index, decision=decision)
            await _answer(acts, testing, conversation, decision, index, code=code)
            await _run_and_check(acts, testing, index)
        if not stops:
            return Ending("done")
        decision = await _decide(acts, dialect)
        return Ending("done" if decision.kind in _ENDS else "exhausted", decision)
    finally:
        if testing is not None:
            await testing.close()


def _mends_nothing(acts: Acts, decision: Decision) -> bool:
    """Tell whether the target would give the program back that ``decision``, in words of ours, tells it to mend.

    Of a program that was cut off, local models write the same beginning again: of 44 that the 1.5B was to shorten 41 were
    cut off once more (docs/results/curves.md).
    """
    if decision.guidance_source != "template":
        return False
    abilities, situation = acts.roles.target.abilities, assess(acts.record.rounds).name
    return situation in _ANEW if not abilities.mends else abilities.local and situation == "cut"


async def checked(acts: Acts, given: Answer) -> Ending:
    """Have the checkers look at an answer that nobody was asked for, as the one round of its run."""
    testing = _testing(acts)
    decision = Decision(kind="code" if given.code is not None else "text", source="rule", reason="Given by the user.")
    try:
        acts.emitter.emit(ev.RoundStarted, round=1, decision=decision)
        acts.emitter.emit(ev.Answered, round=1, answer=given)
        if testing is not None:
            testing.begin(1)
        if given.code is None and testing is not None:
            result = result_of_text(given.text) or given.text.strip()
            acts.emitter.emit(ev.CheckedSelfAnswer, round=1, self_answer=await testing.test(result, 1))
            acts.emitter.emit(ev.RoundEnded, round=1, result=result)
        else:
            await _run_and_check(acts, testing, 1)
        return Ending("done")
    finally:
        if testing is not None:
            await testing.close()


def _testing(acts: Acts) -> Testing | None:
    return None if "self-answer" in acts.config.without else Testing(acts)


async def _choose(acts: Acts, dialect: Dialect) -> Decision:
    acts.enter("choosing")
    if acts.config.start:
        decision = Decision(kind=acts.config.start, source="rule", reason="Chosen by the user.")
        dialect.told(decision)
        return decision
    return await dialect.choose()


def _retold(acts: Acts, before: Sequence[Round]) -> tuple[Conversation, bool]:
    """Tell rounds again as this run's own; returns the target's conversation, and whether programs were asked for last."""
    conversation = Conversation(acts.question, acts.roles.target, acts.config)
    code = True
    for index, one in enumerate(before, 1):
        if one.decision.kind in ("code", "text"):
            code = one.decision.kind == "code"
        conversation.request(one.decision, code=code)
        conversation.answered(one.answer)
        emit = acts.emitter.emit
        emit(ev.RoundStarted, round=index, decision=one.decision)
        emit(ev.Answered, round=index, answer=one.answer)
        if one.symbolic is not None:
            emit(ev.CheckedSymbolic, round=index, symbolic=one.symbolic)
        if one.execution is not None:
            emit(ev.Executed, round=index, execution=one.execution, result=one.result)
        if one.self_answer is not None:
            emit(ev.CheckedSelfAnswer, round=index, self_answer=one.self_answer)
        emit(ev.RoundEnded, round=index, result=one.result)
    return conversation, code


async def _first(acts: Acts, testing: Testing | None, decision: Decision) -> Conversation:
    """The first round, or one for each sample; returns the conversation that led to the best answer."""
    count = acts.config.samples
    conversations = [
        Conversation(acts.question, acts.roles.target, acts.config, sample=place if count > 1 else None)
        for place in range(count)
    ]
    for index in range(1, count + 1):
        told = f"Sample {index} of {count}. {decision.reason}".strip() if count > 1 else decision.reason
        acts.emitter.emit(ev.RoundStarted, round=index, decision=replace(decision, reason=told))
        if acts.roles.target.abilities.local:
            # One model on one machine: what is asked at once only waits longer.
            await _answer(acts, testing, conversations[index - 1], decision, index, code=decision.kind == "code")
            await _run_and_check(acts, testing, index)
    if not acts.roles.target.abilities.local:
        await together(
            _answer(acts, testing, conversation, decision, index, code=decision.kind == "code")
            for index, conversation in enumerate(conversations, 1)
        )
        for index in range(1, count + 1):
            await _run_and_check(acts, testing, index)
    answer, _ = best(acts.record.rounds)
    return conversations[answer.round - 1 if answer else -1]


async def _answer(
    acts: Acts, testing: Testing | None, conversation: Conversation, decision: Decision, index: int, *, code: bool
) -> None:
    acts.enter("answering")
    request = conversation.request(decision, code=code)
    if code and testing is not None:
        testing.begin(index)
    prefix = conversation.prefix
    answer = await acts.answer(request, index, prefix=prefix, close=STOP if prefix else "")
    conversation.answered(answer)


async def _run_and_check(acts: Acts, testing: Testing | None, index: int) -> None:
    """Run the round's program, if any, and let both checkers look at it."""
    answer = acts.record.rounds[index - 1].answer
    if answer.code is None:
        acts.emitter.emit(ev.RoundEnded, round=index, result=result_of_text(answer.text))
        return
    if "symbolic" not in acts.config.without:
        await acts.rate(answer.code, index, cut=answer.stop in UNFINISHED)
    statements = _statements(answer.code)
    if statements == 0 or (statements is None and answer.stop in UNFINISHED):
        acts.emitter.emit(ev.RoundEnded, round=index)
        return
    execution, result = await acts.execute(answer.code, index)
    if execution.status == "ok" and result and testing is not None:
        verdict = await testing.test(result, index)
        acts.emitter.emit(ev.CheckedSelfAnswer, round=index, self_answer=verdict)
    acts.emitter.emit(ev.RoundEnded, round=index, result=result)


async def _decide(acts: Acts, dialect: Dialect, *, stops: bool = True) -> Decision:
    """What follows the last round; without ``stops`` never the end."""
    acts.enter("steering")
    rounds = acts.record.rounds
    found = best(rounds)[0]
    if len(rounds) == acts.config.samples > 1 and found is not None:
        # Of samples it is the best one that is looked at, not the one that happens to be the last.
        rounds = [*(one for one in rounds if one.index != found.round), rounds[found.round - 1]]
    situation = assess(rounds)
    if not stops:
        going_on = {kind: weight for kind, weight in situation.allowed.items() if kind not in _ENDS}
        situation = replace(situation, allowed=going_on or {"refine": 1.0})
    decision = await dialect.review(rounds, situation)
    if not stops and decision.kind in _ENDS:
        reason = f"The steerer said {decision.kind}, but this run makes every round; the rules decide."
        return safe_decision(situation, rounds[-1], decision.raw, reason)
    if decision.kind == "return" and found is None:
        reason = "The steerer returned an answer, but there is none yet; the rules decide."
        return safe_decision(situation, rounds[-1], decision.raw, reason)
    return decision


def _statements(code: str) -> int | None:
    """How many statements a program has at its top; None: it cannot be read."""
    try:
        return len(ast.parse(code).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
