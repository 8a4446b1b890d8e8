"""``codesteer-v1``: the wire format of the published weights, read strictly.

The steerer sees a choice prompt with the question, then bare evidence (codesteer.md, section 1.2), and answers with a
control word or guidance between ``<<<`` and ``>>>``. Only a whole bracket that holds nothing but a control word is a
control word: guidance that mentions terminating or returning is guidance (defect D-6).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from codesteer_kernel.models.protocol import ChatModel, ChatRequest, Message
from codesteer_kernel.record import Decision, Question, Round, RunConfig, SelfAnswer, cut_middle
from codesteer_kernel.record.document import DecisionKind
from codesteer_kernel.steering.calls import Calls
from codesteer_kernel.steering.conversation import told
from codesteer_kernel.steering.dialects.base import safe_choice, safe_decision
from codesteer_kernel.steering.evidence import SHOWN_CHARS, Situation, guidance_for
from codesteer_kernel.steering.prompts import CODESTEER_V1, Prompts, load_prompts
from codesteer_kernel.steering.published import told_execution, told_review

__all__ = ["CodeSteerV1", "parse_guidance"]

_BRACKETED = re.compile(r"<<<((?:(?!<<<).)*?)>>>", re.DOTALL)
_CONTROL: dict[str, DecisionKind] = {
    "code": "code",
    "text": "text",
    "return answer": "return",
    "return": "return",
    "terminate": "terminate",
}
GUIDANCE_CHARS = 4_000
_STEERER_TOKENS = 1_024


def parse_guidance(raw: str) -> tuple[DecisionKind, str] | None:
    """Return the decision and the guidance in a steerer's reply, or None when it says nothing usable.

    The last bracket decides. Without brackets the whole reply is guidance, unless it is empty.
    """
    brackets = [part.strip() for part in _BRACKETED.findall(raw)]
    brackets = [part for part in brackets if part]
    if brackets:
        last = brackets[-1]
        kind = _CONTROL.get(" ".join(last.lower().strip(". ").split()))
        return (kind, "") if kind else ("refine", last[:GUIDANCE_CHARS])
    text = raw.replace("<<<", "").replace(">>>", "").strip()
    return ("refine", text[:GUIDANCE_CHARS]) if text else None


class CodeSteerV1:
    """The published steerer, for one run."""

    def __init__(self, model: ChatModel, calls: Calls, question: Question, config: RunConfig) -> None:
        self._prompts = load_prompts(CODESTEER_V1)
        self.stamp = self._prompts.stamp
        self._model = model
        self._calls = calls
        self._config = config
        self._question = told(question)
        self._messages: list[Message] = []

    async def choose(self) -> Decision:
        """Ask for ``<<<Code>>>`` or ``<<<Text>>>``."""
        raw = await self._ask(self._prompts.text("choose", question=self._question), "choice", 0)
        parsed = parse_guidance(raw)
        if parsed is None or parsed[0] not in ("code", "text"):
            return safe_choice(raw, "The steerer named neither code nor text; code is the safe choice.")
        return Decision(kind=parsed[0], source="model", raw=raw, reason=f"The steerer chose {parsed[0]}.")

    async def review(self, rounds: Sequence[Round], situation: Situation) -> Decision:
        """Show bare evidence and read the guidance."""
        last = rounds[-1]
        raw = await self._ask(_evidence(self._prompts, last), "review", last.index)
        parsed = parse_guidance(raw)
        if parsed is None:
            return safe_decision(situation, last, raw, "The steerer's reply was empty; the rules decide.")
        kind, guidance = parsed
        if guidance:
            return Decision(kind=kind, source="model", guidance=guidance, guidance_source="model", raw=raw)
        if kind in ("code", "text"):
            guidance = guidance_for(kind, situation, last)
            return Decision(kind=kind, source="model", guidance=guidance, guidance_source="template", raw=raw)
        return Decision(kind=kind, source="model", raw=raw, reason=situation.reason)

    async def _ask(self, turn: str, purpose: str, index: int) -> str:
        self._messages.append(Message(role="user", content=turn))
        request = ChatRequest(
            messages=tuple(self._messages),
            max_tokens=min(_STEERER_TOKENS, self._config.max_tokens),
            temperature=self._config.temperature,
            seed=self._config.seed,
            slot="steerer",
        )
        reply = await self._calls.stream(self._model, request, role="steerer", purpose=purpose, round=index)
        self._messages.append(Message(role="assistant", content=reply.text or "(nothing)"))
        return reply.text


def _evidence(prompts: Prompts, last: Round) -> str:
    """A round in the form that the published weights know, bounded, with what our checkers say in the place of theirs."""
    response = cut_middle(last.answer.text.strip(), SHOWN_CHARS)
    if last.execution is not None:
        run = last.execution
        shown = {name: cut_middle(getattr(run, name), SHOWN_CHARS) for name in ("stdout", "stderr")}
        response += told_execution(prompts, msgspec.structs.replace(run, **shown))
    symbolic = None
    if last.symbolic is not None:
        symbolic = f"{last.symbolic.note}\nScore: {last.symbolic.score:g} of 10"
    return told_review(prompts, response, _verdict(prompts, last.self_answer), symbolic)


def _verdict(prompts: Prompts, verdict: SelfAnswer | None) -> str:
    match verdict:
        case SelfAnswer(verdict="pass"):
            return prompts.text("check_output", output="Correct")
        case SelfAnswer(verdict="fail", reason=reason):
            return prompts.text("check_output", output=cut_middle(reason, GUIDANCE_CHARS) or "Not correct")
    return prompts.text("check_long")
