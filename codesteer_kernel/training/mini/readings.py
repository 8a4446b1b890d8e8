"""What a steerer model reads out about examples: asked once for each, kept in a file, never asked again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, cast

import msgspec

from codesteer_kernel.errors import BadInput
from codesteer_kernel.models.protocol import ChatModel, Message, ReadsOut
from codesteer_kernel.record import Question
from codesteer_kernel.record.document import DecisionKind
from codesteer_kernel.steering.dialects.mini import FIRST, choice_turn, opening, reading_turn, review_turn, spoken
from codesteer_kernel.steering.dialects.transcript import transcript
from codesteer_kernel.steering.evidence import assess
from codesteer_kernel.store.lines import LineFile, read_lines
from codesteer_kernel.training.mini.examples import Reached

__all__ = ["PROBES", "Reader", "Reading", "Readings", "reader"]

PROBES = """
    Code Text Python Question Answer The I It Yes No True False Return Ref Logic Math Word Words List Number Count Game
    Data Date Time String Table Image Play Map Path Plan Sort Search Calculate Compute Program Function Print Explain
    Simple Complex Both None def import for if print return code text 1 2 0 A C <
"""
"""Words whose tokens are read beside the choices, where a model has them as one token: together they say what the model
takes the question for. Chosen by hand, before anything was measured."""


class Reader(ChatModel, ReadsOut, Protocol):
    """A steerer model that can be read out."""


def reader(model: ChatModel) -> Reader:
    """The model, known to be one that can be read out.

    Raises:
        BadInput: it cannot, or nothing is known of its weights.
    """
    if not isinstance(model, ReadsOut) or not model.weights:
        raise BadInput(
            f"{model.name} cannot be read out by its weights.", "Name an embedded model: see codesteer models list."
        )
    return cast("Reader", model)


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What was read at one place: probabilities of the choices, and log-probabilities of the probed words."""

    key: str
    choices: dict[str, float]
    probes: dict[str, float] = {}


class Readings:
    """The readings of one model, kept in ``folder/readings-WEIGHTS.jsonl``.

    Args:
        model: who is asked.
        folder: made if it is not there.

    Raises:
        BadInput: a line of the file is no reading.
    """

    def __init__(self, model: Reader, folder: Path) -> None:
        self._model = model
        self._path = folder / f"readings-{model.weights[:12]}.jsonl"
        self._known = {one.key: one for one in _read(self._path)}
        self.probes: dict[str, int] = {}

    async def first(
        self, questions: Sequence[Question], tell: Callable[[int, int], None] | None = None
    ) -> list[Reading]:
        """The readings at the first choice of each question."""
        self.probes = self.probes or await self._model.single_tokens(PROBES.split())
        begin = opening()
        turns = [reading_turn(begin, choice_turn(one)) for one in questions]
        return await self._all(turns, [list(FIRST)] * len(turns), self.probes, tell)

    async def later(self, reached: Sequence[Reached], tell: Callable[[int, int], None] | None = None) -> list[Reading]:
        """The readings at each point at which the steerer may return."""
        turns, choices = [], []
        for one in reached:
            situation = assess(one.rounds)
            before = transcript("mini", one.question, one.rounds, one.decisions)
            turns.append(reading_turn(before, review_turn(one.rounds[-1], situation)))
            choices.append(list(situation.allowed))
        return await self._all(turns, choices, {}, tell)

    async def _all(
        self,
        turns: Sequence[list[Message]],
        kinds: Sequence[list[DecisionKind]],
        probes: dict[str, int],
        tell: Callable[[int, int], None] | None,
    ) -> list[Reading]:
        found = []
        with LineFile(self._path) as file:
            for place, (messages, allowed) in enumerate(zip(turns, kinds, strict=True), 1):
                key = _key(messages, allowed, probes)
                if key not in self._known:
                    choices = {spoken(kind): kind for kind in allowed}
                    read = await self._model.read_out(messages, list(choices), list(probes.values()))
                    self._known[key] = Reading(
                        key=key,
                        choices={str(kind): read.probabilities[choice] for choice, kind in choices.items()},
                        probes={word: round(read.probes[token], 4) for word, token in probes.items()},
                    )
                    file.append(msgspec.json.encode(self._known[key]))
                    if tell is not None:
                        tell(place, len(turns))
                found.append(self._known[key])
        return found


def _key(messages: Sequence[Message], allowed: Sequence[str], probes: dict[str, int]) -> str:
    said = [[one.role, one.content] for one in messages]
    return hashlib.sha256(msgspec.json.encode([said, list(allowed), probes], order="sorted")).hexdigest()[:24]


def _read(path: Path) -> list[Reading]:
    found = []
    for number, (line, whole) in enumerate(read_lines(path), 1):
        if whole:
            try:
                found.append(msgspec.json.decode(line, type=Reading))
            except (msgspec.MsgspecError, UnicodeDecodeError):
                raise BadInput(f"Line {number} of {path} is no reading.", "Remove that line.") from None
    return found
