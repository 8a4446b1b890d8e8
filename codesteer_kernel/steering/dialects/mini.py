"""``mini``: the steerer scores a closed set of choices in one forward pass; nothing is generated or parsed.

The first choice is the model's. Later, where the rules leave one sensible decision it is taken (source ``rule``);
where they leave several the model's probabilities, weighted by the situation, decide (source ``model``). Guidance
comes from templates filled with what happened: small models cannot write it (reference/models.md, section 6).
"""

from __future__ import annotations

from collections.abc import Sequence

from codesteer_kernel.models.protocol import ChatModel, Message
from codesteer_kernel.record import Decision, Question, Round, cut_middle
from codesteer_kernel.record.document import DecisionKind
from codesteer_kernel.steering.calls import Calls
from codesteer_kernel.steering.conversation import told
from codesteer_kernel.steering.evidence import Situation, guidance_for
from codesteer_kernel.steering.prompts import load_prompts

__all__ = ["Mini", "choice_turn", "opening", "review_turn", "said"]

_OPEN, _CLOSE = "<<<", ">>>"
_WORDS: dict[DecisionKind, str] = {"code": "Code", "text": "Text", "refine": "Refine", "return": "Return"}

# The steerer needs the gist only; a long question costs prefill time on a small machine.
QUESTION_CHARS = 1_200
OUTPUT_CHARS = 300


def opening() -> list[Message]:
    """How every conversation with a small steerer begins: what it is for, and worked examples."""
    prompts = load_prompts("mini")
    messages = [Message(role="system", content=prompts.text("system"))]
    for example in prompts.examples():
        messages.append(Message(role="user", content=example["user"]))
        messages.append(Message(role="assistant", content=example["assistant"]))
    return messages


def choice_turn(question: Question) -> str:
    """The turn that asks for code or text."""
    shown = cut_middle(told(question, with_outputs=False), QUESTION_CHARS)
    return load_prompts("mini").text("choose", question=shown)


def review_turn(last: Round, situation: Situation) -> str:
    """The turn that shows a round and asks what follows."""
    prompts = load_prompts("mini")
    shown = cut_middle((last.result or last.answer.text).strip(), OUTPUT_CHARS)
    if situation.name == "text_answer":
        return prompts.text("review_text", output=shown)
    verdict = last.self_answer
    check = {
        "pass": "A test agrees.",
        "fail": f"A test disagrees: {cut_middle(verdict.reason, 120) if verdict else ''}",
    }.get(verdict.verdict if verdict else "", "No test could be run.")
    return prompts.text("review_code", output=shown, check=check)


def said(kind: DecisionKind) -> str:
    """A decision as the steerer says it."""
    return f"{_OPEN}{_WORDS[kind]}{_CLOSE}"


class Mini:
    """A scored steerer for one run; its conversation only grows, so that a prefix cache keeps it."""

    def __init__(self, model: ChatModel, calls: Calls, question: Question) -> None:
        self.stamp = load_prompts("mini").stamp
        self._model = model
        self._calls = calls
        self._choice = choice_turn(question)
        self._messages = opening()

    async def choose(self) -> Decision:
        """Score code against text."""
        kind, probabilities = await self._score(self._choice, {"code": 1.0, "text": 1.0}, "choice", 0)
        return Decision(
            kind=kind,
            source="model",
            confidence=probabilities[kind],
            probabilities={str(one): share for one, share in probabilities.items()},
            reason=f"The steerer finds {kind} likelier to give the right answer.",
            raw=said(kind),
        )

    def told(self, decision: Decision) -> None:
        """Put the choice into the steerer's mouth."""
        self._say(self._choice, decision.kind)

    async def review(self, rounds: Sequence[Round], situation: Situation) -> Decision:
        """Take the only sensible decision, or score the sensible ones."""
        last = rounds[-1]
        if len(situation.allowed) == 1:
            kind = next(iter(situation.allowed))
            return Decision(
                kind=kind,
                source="rule",
                guidance=guidance_for(kind, situation, last),
                guidance_source="template",
                reason=situation.reason,
            )
        kind, probabilities = await self._score(review_turn(last, situation), situation.allowed, "review", last.index)
        guidance = "" if kind == "return" else guidance_for(kind, situation, last)
        return Decision(
            kind=kind,
            source="model",
            guidance=guidance,
            guidance_source="template" if guidance else None,
            confidence=probabilities[kind],
            probabilities={str(one): share for one, share in probabilities.items()},
            reason=situation.reason,
            raw=said(kind),
        )

    async def _score(
        self, turn: str, allowed: dict[DecisionKind, float], purpose: str, index: int
    ) -> tuple[DecisionKind, dict[DecisionKind, float]]:
        """Score the allowed decisions after ``turn`` and append the turn with the decision taken."""
        words = {_WORDS[kind]: kind for kind in allowed}
        messages = [*self._messages, Message(role="user", content=turn), Message(role="assistant", content=_OPEN)]
        choice = await self._calls.score(
            self._model, messages, [word + _CLOSE for word in words], role="steerer", purpose=purpose, round=index
        )
        weighted = {kind: choice.probabilities[word + _CLOSE] * allowed[kind] for word, kind in words.items()}
        total = sum(weighted.values()) or 1.0
        probabilities = {kind: weight / total for kind, weight in weighted.items()}
        kind = max(probabilities, key=lambda one: probabilities[one])
        self._say(turn, kind)
        return kind, probabilities

    def _say(self, turn: str, kind: DecisionKind) -> None:
        self._messages.append(Message(role="user", content=turn))
        self._messages.append(Message(role="assistant", content=said(kind)))
