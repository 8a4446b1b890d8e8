"""``codesteer-v1``: the wire format of the published weights, read strictly.

The steerer sees a choice prompt with the question, then bare evidence (codesteer.md, section 1.2), and answers with a
control word or guidance between ``<<<`` and ``>>>``. Only a whole bracket that holds nothing but a control word is a
control word: guidance that mentions terminating or returning is guidance (defect D-6).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

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

__all__ = ["CodeSteerV1", "Guidance", "choice_turn", "parse_guidance", "review_turn", "spoken"]

_BRACKETED = re.compile(r"<<<((?:(?!<<<).)*?)>>>", re.DOTALL)
_CONTROL: dict[str, DecisionKind] = {
    "code": "code",
    "text": "text",
    "return answer": "return",
    "return": "return",
    "terminate": "terminate",
}
_SPOKEN: dict[DecisionKind, str] = {
    "code": "Code",
    "text": "Text",
    "return": "Return Answer",
    "terminate": "Terminate",
}
GUIDANCE_CHARS = 4_000
_STEERER_TOKENS = 1_024


class Guidance(msgspec.Struct, frozen=True):
    """What a reply says: a decision, its guidance where it is ``refine``, and whether it stood in brackets as it should."""

    kind: DecisionKind
    text: str = ""
    bracketed: bool = True


def parse_guidance(raw: str) -> Guidance | None:
    """Read a steerer's reply; None when it says nothing usable.

    The last bracket decides. Without brackets the whole reply is guidance, unless it is empty.
    """
    brackets = [part.strip() for part in _BRACKETED.findall(raw)]
    brackets = [part for part in brackets if part]
    if brackets:
        last = brackets[-1]
        kind = _CONTROL.get(" ".join(last.lower().strip(". ").split()))
        return Guidance(kind) if kind else Guidance("refine", last[:GUIDANCE_CHARS])
    text = raw.replace("<<<", "").replace(">>>", "").strip()
    return Guidance("refine", text[:GUIDANCE_CHARS], bracketed=False) if text else None


def choice_turn(question: Question) -> str:
    """The turn that asks for code or text."""
    return load_prompts(CODESTEER_V1).text("choose", question=told(question))


def review_turn(last: Round) -> str:
    """A round in the form that the published weights know, bounded, with what our checkers say in the place of theirs."""
    prompts = load_prompts(CODESTEER_V1)
    response = cut_middle(last.answer.text.strip(), SHOWN_CHARS)
    if last.execution is not None:
        run = last.execution
        shown = {name: cut_middle(getattr(run, name), SHOWN_CHARS) for name in ("stdout", "stderr")}
        response += told_execution(prompts, msgspec.structs.replace(run, **shown))
    symbolic = None
    if last.symbolic is not None:
        symbolic = f"{last.symbolic.note}\nScore: {last.symbolic.score:g} of 10"
    return told_review(prompts, response, _verdict(prompts, last.self_answer), symbolic)


def spoken(kind: DecisionKind, guidance: str = "") -> str:
    """A decision as the published weights say it: a control word, or guidance, in brackets."""
    return f"<<<{guidance if kind == 'refine' else _SPOKEN[kind]}>>>"


class CodeSteerV1:
    """The published steerer, for one run."""

    def __init__(self, model: ChatModel, calls: Calls, question: Question, config: RunConfig) -> None:
        self._prompts = load_prompts(CODESTEER_V1)
        self.stamp = self._prompts.stamp
        self._model = model
        self._calls = calls
        self._config = config
        self._choice = choice_turn(question)
        self._messages: list[Message] = []

    async def choose(self) -> Decision:
        """Ask for ``<<<Code>>>`` or ``<<<Text>>>``."""
        said, raw = await self._ask(
            self._choice, "choice", 0, "repair_choice", lambda said: said.kind in ("code", "text")
        )
        if said is None or said.kind not in ("code", "text"):
            return safe_choice(raw, "The steerer named neither code nor text; code is the safe choice.")
        return Decision(kind=said.kind, source="model", raw=raw, reason=f"The steerer chose {said.kind}.")

    def told(self, decision: Decision) -> None:
        """Put the choice into the steerer's mouth."""
        said = f"<<<{decision.kind.capitalize()}>>>"
        self._messages += [Message(role="user", content=self._choice), Message(role="assistant", content=said)]

    async def review(self, rounds: Sequence[Round], situation: Situation) -> Decision:
        """Show bare evidence and read the guidance."""
        last = rounds[-1]
        turn = review_turn(last)
        said, raw = await self._ask(turn, "review", last.index, "repair", lambda said: said.bracketed)
        if said is None:
            return safe_decision(situation, last, raw, "The steerer's reply was empty; the rules decide.")
        if said.text:
            return Decision(kind=said.kind, source="model", guidance=said.text, guidance_source="model", raw=raw)
        if said.kind in ("code", "text"):
            guidance = guidance_for(said.kind, situation, last)
            return Decision(kind=said.kind, source="model", guidance=guidance, guidance_source="template", raw=raw)
        return Decision(kind=said.kind, source="model", raw=raw, reason=situation.reason)

    async def _ask(
        self, turn: str, purpose: str, index: int, repair: str, plain: Callable[[Guidance], bool]
    ) -> tuple[Guidance | None, str]:
        """Ask, and once more when the reply is not ``plain``; with the raw text of all that was said."""
        raw = await self._say(turn, purpose, index)
        said = parse_guidance(raw)
        if said is not None and plain(said):
            return said, raw
        again = await self._say(self._prompts.text(repair), f"{purpose} repair", index)
        mended = parse_guidance(again)
        kept = mended if mended is not None and plain(mended) else said or mended
        return kept, raw if again == raw else f"{raw}\n[asked again]\n{again}"

    async def _say(self, turn: str, purpose: str, index: int) -> str:
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


def _verdict(prompts: Prompts, verdict: SelfAnswer | None) -> str:
    match verdict:
        case SelfAnswer(verdict="pass"):
            return prompts.text("check_output", output="Correct")
        case SelfAnswer(verdict="fail", reason=reason):
            return prompts.text("check_output", output=cut_middle(reason, GUIDANCE_CHARS) or "Not correct")
    return prompts.text("check_long")
