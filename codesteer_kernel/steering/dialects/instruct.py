"""``instruct``: a general model steers by replying with one typed JSON decision; one repair, then a safe fall-back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from codesteer_kernel.models.protocol import ChatModel, ChatRequest, Message
from codesteer_kernel.record import Decision, Question, Round, RunConfig
from codesteer_kernel.steering.calls import Calls
from codesteer_kernel.steering.conversation import told
from codesteer_kernel.steering.dialects.base import safe_choice, safe_decision
from codesteer_kernel.steering.evidence import Situation, describe, guidance_for, wants_code
from codesteer_kernel.steering.prompts import load_prompts

__all__ = ["Instruct", "choice_turn", "opening", "parse_decision", "review_turn", "spoken"]


class _Spoken(msgspec.Struct):
    decision: Literal["code", "text", "refine", "return", "terminate"]
    guidance: str = ""
    reason: str = ""


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "decision": {"type": "string", "enum": ["code", "text", "refine", "return", "terminate"]},
        "guidance": {"type": "string"},
        "reason": {"type": "string"},
    },
    "required": ["decision", "guidance", "reason"],
    "additionalProperties": False,
}

GUIDANCE_CHARS = 4_000
_STEERER_TOKENS = 600


def parse_decision(raw: str) -> Decision:
    """Read one decision from a steerer's reply: a JSON object, alone, fenced, or with prose around it.

    Raises:
        ValueError: there is no such object, or it is not of the required form; the message says which.
    """
    begin, end = raw.find("{"), raw.rfind("}") + 1
    if not 0 <= begin < end:
        raise ValueError("no JSON object")
    try:
        spoken = msgspec.json.decode(raw[begin:end].encode("utf-8", "replace"), type=_Spoken)
    except (msgspec.MsgspecError, RecursionError) as fault:
        raise ValueError(str(fault)) from None
    guidance = spoken.guidance.strip()[:GUIDANCE_CHARS]
    return Decision(
        kind=spoken.decision,
        source="model",
        guidance=guidance,
        guidance_source="model" if guidance else None,
        reason=spoken.reason.strip()[:300],
        raw=raw,
    )


def opening() -> list[Message]:
    """How every conversation with a general model begins."""
    return [Message(role="system", content=load_prompts("instruct").text("system"))]


def choice_turn(question: Question) -> str:
    """The turn that asks for code or text."""
    return load_prompts("instruct").text("choose", question=told(question))


def review_turn(rounds: Sequence[Round]) -> str:
    """The turn that shows the last round and asks what follows."""
    last = rounds[-1]
    kind = "code" if wants_code(rounds) else "text"
    return load_prompts("instruct").text("review", round=str(last.index), kind=kind, evidence=describe(last))


def spoken(decision: Decision) -> str:
    """A decision as a general model says it."""
    said = _Spoken(decision=decision.kind, guidance=decision.guidance, reason=decision.reason)
    return msgspec.json.encode(said).decode()


class Instruct:
    """A general model as steerer, for one run."""

    def __init__(self, model: ChatModel, calls: Calls, question: Question, config: RunConfig) -> None:
        self._prompts = load_prompts("instruct")
        self.stamp = self._prompts.stamp
        self._model = model
        self._calls = calls
        self._config = config
        self._choice = choice_turn(question)
        self._messages = opening()

    async def choose(self) -> Decision:
        """Ask for code or text."""
        decision, raw = await self._ask(self._choice, "choice", 0)
        if decision is None:
            return safe_choice(raw, "The steerer's reply could not be read; code is the safe choice.")
        if decision.kind not in ("code", "text"):
            return safe_choice(raw, f"The steerer said {decision.kind} before any answer; code is the safe choice.")
        return decision

    def told(self, decision: Decision) -> None:
        """Put the choice into the steerer's mouth."""
        said = msgspec.json.encode(_Spoken(decision.kind, "", decision.reason)).decode()
        self._messages += [Message(role="user", content=self._choice), Message(role="assistant", content=said)]

    async def review(self, rounds: Sequence[Round], situation: Situation) -> Decision:
        """Show the evidence and ask what follows."""
        last = rounds[-1]
        decision, raw = await self._ask(review_turn(rounds), "review", last.index)
        if decision is None:
            return safe_decision(situation, last, raw, "The steerer's reply could not be read; the rules decide.")
        if decision.kind in ("code", "text", "refine") and not decision.guidance:
            return msgspec.structs.replace(
                decision, guidance=guidance_for(decision.kind, situation, last), guidance_source="template"
            )
        return decision

    async def _ask(self, turn: str, purpose: str, index: int) -> tuple[Decision | None, str]:
        self._messages.append(Message(role="user", content=turn))
        raw, fault = "", ""
        for attempt in (purpose, f"{purpose} repair"):
            if fault:
                self._messages.append(Message(role="user", content=self._prompts.text("repair", fault=fault)))
            request = ChatRequest(
                messages=tuple(self._messages),
                max_tokens=min(_STEERER_TOKENS, self._config.max_tokens),
                temperature=self._config.temperature,
                seed=self._config.seed,
                json_schema=SCHEMA if self._model.abilities.structured else None,
                slot="steerer",
            )
            reply = await self._calls.stream(self._model, request, role="steerer", purpose=attempt, round=index)
            raw = reply.text
            self._messages.append(Message(role="assistant", content=raw or "(nothing)"))
            try:
                return parse_decision(raw), raw
            except ValueError as problem:
                fault = str(problem)[:200]
        return None, raw
