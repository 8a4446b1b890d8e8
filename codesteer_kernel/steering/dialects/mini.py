"""``mini``: the steerer scores a closed set of choices in one forward pass; nothing is generated or parsed.

The first choice is the model's. Later, where the rules leave one sensible decision it is taken (source ``rule``);
where they leave several the model's probabilities, weighted by the situation, decide (source ``model``). Guidance
comes from templates filled with what happened: small models cannot write it (reference/models.md, section 6).

Where a trained head belongs to the model (:mod:`codesteer_kernel.steering.head`), it weighs what the model reads out
in that same pass with facts read by rule; its probabilities decide instead, as far as it knows the kind of question.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from codesteer_kernel.models.protocol import ChatModel, Message
from codesteer_kernel.record import Decision, Question, Round, cut_middle
from codesteer_kernel.record.document import DecisionKind
from codesteer_kernel.steering.calls import Calls
from codesteer_kernel.steering.conversation import told
from codesteer_kernel.steering.evidence import Situation, guidance_for
from codesteer_kernel.steering.head import Head, question_facts, readout_facts, readout_of, situation_facts
from codesteer_kernel.steering.head.likeness import sigmoid
from codesteer_kernel.steering.prompts import load_prompts

__all__ = [
    "FIRST",
    "Mini",
    "choice_turn",
    "log_odds",
    "opening",
    "reading_turn",
    "review_turn",
    "said",
    "spoken",
    "weighed",
]

_OPEN, _CLOSE = "<<<", ">>>"
_WORDS: dict[DecisionKind, str] = {"code": "Code", "text": "Text", "refine": "Refine", "return": "Return"}

FIRST: dict[DecisionKind, float] = {"code": 1.0, "text": 1.0}
"""The first choice: both ways, of equal weight."""

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


def spoken(kind: DecisionKind) -> str:
    """How a decision goes on behind the turn that :func:`reading_turn` ends with."""
    return _WORDS[kind] + _CLOSE


def reading_turn(messages: Sequence[Message], turn: str) -> list[Message]:
    """The conversation at whose end decisions are scored: ``messages``, the user's ``turn``, and a decision begun."""
    return [*messages, Message(role="user", content=turn), Message(role="assistant", content=_OPEN)]


class Mini:
    """A scored steerer for one run; its conversation only grows, so that a prefix cache keeps it.

    Args:
        model: who is asked.
        calls: by which it is asked.
        question: what is asked.
        head: the trained head that belongs to ``model``; None: the model's own probabilities decide.
    """

    def __init__(self, model: ChatModel, calls: Calls, question: Question, head: Head | None = None) -> None:
        self.stamp = load_prompts("mini").stamp + (f"+{head.stamp}" if head else "")
        self._model = model
        self._calls = calls
        self._question = question
        self._head = head
        self._choice = choice_turn(question)
        self._messages = opening()
        self._asked: dict[str, float] | None = None

    async def choose(self) -> Decision:
        """Score code against text."""
        if self._head is None:
            probabilities = await self._read(self._choice, FIRST, "choice", 0)
        else:
            facts = await self._facts(self._head)
            code = self._head.choice.decided(facts, sigmoid(facts["r.odds"]))
            probabilities = {"code": code, "text": 1 - code}
        kind = _likeliest(probabilities)
        self._say(self._choice, kind)
        return Decision(
            kind=kind,
            source="model",
            confidence=probabilities[kind],
            probabilities={str(one): share for one, share in probabilities.items()},
            reason=f"The {'trained ' if self._head else ''}steerer finds {kind} likelier to give the right answer.",
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
        turn = review_turn(last, situation)
        read = await self._read(turn, situation.allowed, "review", last.index)
        probabilities = weighed(read, situation.allowed)
        if self._head and self._head.review and "return" in read:
            facts = situation_facts(self._question, rounds, situation, log_odds(read["return"]))
            facts |= readout_of(await self._facts(self._head))
            returned = self._head.review.decided(facts, probabilities["return"])
            probabilities = _shifted(probabilities, "return", returned)
        kind = _likeliest(probabilities)
        self._say(turn, kind)
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

    async def _read(
        self, turn: str, allowed: Mapping[DecisionKind, float], purpose: str, index: int
    ) -> dict[DecisionKind, float]:
        """The model's own probabilities of the allowed decisions after ``turn``."""
        choices = {spoken(kind): kind for kind in allowed}
        score = await self._calls.score(
            self._model,
            reading_turn(self._messages, turn),
            list(choices),
            role="steerer",
            purpose=purpose,
            round=index,
        )
        return {kind: score.probabilities[choice] for choice, kind in choices.items()}

    async def _facts(self, head: Head) -> dict[str, float]:
        """What a head weighs of the question: read out once, where the first choice is asked for, made by it or not."""
        if self._asked is None:
            read = await self._calls.read_out(
                self._model,
                reading_turn(opening(), self._choice),
                [spoken(kind) for kind in FIRST],
                list(head.probes.values()),
                role="steerer",
                purpose="choice",
                round=0,
            )
            self._asked = question_facts(told(self._question, with_outputs=False)) | readout_facts(
                read.probabilities[spoken("code")], {word: read.probes[token] for word, token in head.probes.items()}
            )
        return self._asked

    def _say(self, turn: str, kind: DecisionKind) -> None:
        self._messages.append(Message(role="user", content=turn))
        self._messages.append(Message(role="assistant", content=said(kind)))


def weighed(
    probabilities: Mapping[DecisionKind, float], weights: Mapping[DecisionKind, float]
) -> dict[DecisionKind, float]:
    """Probabilities times what the rules give each decision, brought back to a sum of one."""
    shares = {kind: share * weights[kind] for kind, share in probabilities.items()}
    total = sum(shares.values()) or 1.0
    return {kind: share / total for kind, share in shares.items()}


def log_odds(probability: float) -> float:
    """The log-odds of a probability, which may be 0 or 1."""
    kept = min(1 - 1e-12, max(1e-12, probability))
    return math.log(kept / (1 - kept))


def _shifted(
    probabilities: Mapping[DecisionKind, float], kind: DecisionKind, share: float
) -> dict[DecisionKind, float]:
    """Probabilities of which ``kind`` has ``share``, and the others the rest as they had it among themselves."""
    others = {one: probability for one, probability in probabilities.items() if one != kind}
    total = sum(others.values())
    rest = {one: (one_share / total if total else 1 / len(others)) for one, one_share in others.items()}
    return {one: share if one == kind else (1 - share) * rest[one] for one in probabilities}


def _likeliest(probabilities: Mapping[DecisionKind, float]) -> DecisionKind:
    return max(probabilities, key=lambda one: probabilities[one])
