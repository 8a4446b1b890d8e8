"""What a steerer decides in a turn, and at which tokens: there a reader of its probabilities sees what it would decide.

A tuned model is right about a turn when it takes the turn's decision, whatever words of guidance go with it. Decisions of
a closed set (the first choice; everything in ``mini`` and ``instruct``) are compared among themselves, as the dialect
does when it scores them. Elsewhere (a review in ``codesteer-v1`` may be any guidance) the likeliest token of all counts:
it must lead into the control word that was said, or, where guidance was, into none.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

import msgspec
from msgspec.structs import replace

from codesteer_kernel.record import Question
from codesteer_kernel.record.document import DecisionKind
from codesteer_kernel.steering.dialects import codesteer_v1, instruct, mini
from codesteer_kernel.steering.dialects.transcript import transcript
from codesteer_kernel.training.rows import Conversation, Turn
from codesteer_kernel.training.tuning.encoding import Encoder

__all__ = ["Fork", "asked_first", "forks"]

Among = Literal["decisions", "words", "guidance"]

_FIRST: tuple[DecisionKind, ...] = ("code", "text")
_CONTROL: tuple[DecisionKind, ...] = ("code", "text", "return", "terminate")
_LATER: tuple[DecisionKind, ...] = ("code", "text", "refine", "return", "terminate")
_MINI: tuple[DecisionKind, ...] = ("code", "text", "refine", "return")


class Fork(msgspec.Struct, frozen=True):
    """A token at which decisions part.

    Attributes:
        turn: the turn's number; a decision is right when it is at all forks of its turn.
        place: of the token in the conversation.
        taken: the token that was said.
        others: the tokens that lead to other decisions.
        among: what the taken token is the likeliest of: ``decisions``, itself and the others; ``words``, all tokens
            there are; or ``guidance``: the likeliest of all tokens may be any but the others.
    """

    turn: int
    place: int
    taken: int
    others: list[int]
    among: Among


def asked_first(turns: Sequence[Turn], dialect: str) -> str:
    """What a conversation is about: its first question behind the dialect's worked examples.

    Raises:
        BadInput: there is no such dialect.
    """
    return next((turn.content for turn in turns[_opening(dialect) :] if turn.role == "user"), "")


def forks(row: Conversation, encoder: Encoder, place: str) -> list[Fork]:
    """Where the decisions of a conversation part from others; turns that say none are passed over.

    Raises:
        BadInput: as :meth:`Encoder.conversation`; ``place`` names the row.
    """
    first = sum(turn.role == "assistant" for turn in row.messages[: _opening(row.dialect)])
    found: list[Fork] = []
    for number, tokens in encoder.turns_of(row, place):
        choice = sum(turn.role == "assistant" for turn in row.messages[:number]) == first
        others, among = _others(row.dialect, row.messages[number].content, first=choice)
        if not others:
            continue
        before = row.messages[:number]
        said = encoder.continued(row.messages[: number + 1], place)
        paths = [
            encoder.continued([*before, replace(row.messages[number], content=content)], place) for content in others
        ]
        paths = [path for path in paths if path[: tokens.start] == said[: tokens.start]]
        for index in tokens:
            parting = sorted({path[index] for path in paths if len(path) > index} - {said[index]})
            if parting:
                found.append(Fork(number, index, said[index], parting, among))
            paths = [path for path in paths if len(path) > index and path[index] == said[index]]
            if not paths:
                break
    return found


@cache
def _opening(dialect: str) -> int:
    return len(transcript(dialect, Question(prompt=""), [], []))


def _others(dialect: str, said: str, *, first: bool) -> tuple[list[str], Among]:
    """The other decisions in the dialect's words, none where ``said`` is not in its words; and how they are compared."""
    if dialect == "mini":
        words = [mini.said(kind) for kind in (_FIRST if first else _MINI)]
        return [one for one in words if said in words and one != said], "decisions"
    if dialect == "instruct":
        try:
            decision = instruct.parse_decision(said)
        except ValueError:
            return [], "decisions"
        kinds = [kind for kind in (_FIRST if first else _LATER) if kind != decision.kind]
        canonical = said == instruct.spoken(decision)
        return [instruct.spoken(replace(decision, kind=kind)) for kind in kinds if canonical], "decisions"
    words = [codesteer_v1.spoken(kind) for kind in (_FIRST if first else _CONTROL)]
    guidance = codesteer_v1.parse_guidance(said)
    if guidance is None or said != codesteer_v1.spoken(guidance.kind, guidance.text):
        return [], "words"
    others = [one for one in words if one != said]
    return others, "decisions" if first else "words" if said in words else "guidance"
