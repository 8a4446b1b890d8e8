"""A run told as the conversation of the steerer that would have steered it so: what steerers are trained on.

It is made of the dialects' own turns, so that a steerer meets in use what it met in training. Only decisions that the
dialect leaves to the steerer are turns: where the rules of ``mini`` decide alone, there is nothing to learn.
"""

from __future__ import annotations

from collections.abc import Iterator

from codesteer_kernel.errors import BadInput
from codesteer_kernel.models.protocol import Message
from codesteer_kernel.record import Decision, Question, Record, Round
from codesteer_kernel.steering.dialects import DIALECTS, codesteer_v1, instruct, mini
from codesteer_kernel.steering.evidence import assess

__all__ = ["decisions_of", "transcript"]


def decisions_of(record: Record) -> list[Decision]:
    """The decisions of a run in order: those that opened rounds, and the one that ended it, if one did."""
    taken = [one.decision for one in record.rounds]
    ended = record.support.decision if record.support else None
    return [*taken, ended] if ended is not None and ended.kind in ("return", "terminate") else taken


def transcript(dialect: str, question: Question, rounds: list[Round], decisions: list[Decision]) -> list[Message]:
    """The conversation in which a steerer took ``decisions``.

    Args:
        dialect: whose turns: ``mini``, ``instruct`` or ``codesteer-v1``.
        question: what was asked.
        rounds: what came of it; the first n decisions are made on n - 1 rounds.
        decisions: the first chooses code or text, each later one follows a round.

    Raises:
        BadInput: there is no such dialect, or more decisions than rounds to take them on.
    """
    if dialect not in DIALECTS:
        raise BadInput(f"There is no steering dialect {dialect!r}.", f"Known: {', '.join(DIALECTS)}.")
    if len(decisions) > len(rounds) + 1:
        raise BadInput(f"{len(decisions)} decisions cannot have been taken on {len(rounds)} rounds.")
    openings = {"mini": mini.opening, "instruct": instruct.opening}
    messages = openings[dialect]() if dialect in openings else []
    for place, decision in enumerate(decisions):
        for asked, said in _turn(dialect, question, rounds[:place], decision):
            messages += [Message(role="user", content=asked), Message(role="assistant", content=said)]
    return messages


def _turn(dialect: str, question: Question, rounds: list[Round], decision: Decision) -> Iterator[tuple[str, str]]:
    if dialect == "instruct":
        yield instruct.review_turn(rounds) if rounds else instruct.choice_turn(question), instruct.spoken(decision)
    elif dialect == "codesteer-v1":
        asked = codesteer_v1.review_turn(rounds[-1]) if rounds else codesteer_v1.choice_turn(question)
        yield asked, codesteer_v1.spoken(decision.kind, decision.guidance)
    elif not rounds:
        yield mini.choice_turn(question), mini.said(decision.kind)
    else:
        situation = assess(rounds)
        if len(situation.allowed) > 1 and decision.kind in situation.allowed:
            yield mini.review_turn(rounds[-1], situation), mini.said(decision.kind)
