"""What a task hands out and what it answers: problems and verdicts, as plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Draft", "Level", "Problem", "Refused", "Value", "Verdict", "canonical"]

Value = bool | int | float | str
Level = Mapping[str, Value]


def canonical(data: Any) -> str:
    """One spelling for equal JSON data: sorted keys, no blanks, ASCII."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


@dataclass(frozen=True, slots=True)
class Problem:
    """One instance of a task.

    Attributes:
        task: the task's name.
        version: the version of the task that made it; a changed generator has another.
        seed: the seed it was made from; None for a published sample.
        level: every knob with its value; empty for a published sample.
        question: what a model sees; it states the answer form.
        payload: JSON data, enough to verify and to solve; holds no answer.
        reference: a right answer as a model would write it between the markers, or "" where none is known.
        facts: what is known of it: ``unique`` (True, False or None for not known), optimum, schedule, ...
        sample_id: the name of a published sample, else "".
    """

    task: str
    version: str
    seed: int | None
    level: Level
    question: str
    payload: Mapping[str, Any]
    reference: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    sample_id: str = ""

    def to_json(self) -> str:
        """One line of JSON; :meth:`from_json` reads it back to an equal problem."""
        return canonical(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Problem:
        """Read what :meth:`to_json` wrote.

        Raises:
            ValueError: the text is not such a line (a ``json.JSONDecodeError`` is one).
        """
        data = json.loads(text)
        names = set(cls.__dataclass_fields__)
        if not isinstance(data, dict) or not {"task", "question", "payload"} <= set(data) or not set(data) <= names:
            raise ValueError("This line does not hold a problem.")
        return cls(**{"version": "", "seed": None, "level": {}, "reference": "", **data})


@dataclass(frozen=True, slots=True)
class Draft:
    """What a generator makes: the facts of a problem and a right answer, without the words around them."""

    payload: Mapping[str, Any]
    reference: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verifier says of an answer.

    Attributes:
        correct: whether the answer is right.
        code: ``ok``, ``empty``, ``unreadable``, ``wrong_shape``, ``too_long``, ``rule:<name>`` or ``not_goal``.
        reason: one sentence for a person.
        extracted: what was read out of the answer, in one spelling for equal answers where it was readable.
        marked: the answer stood between ``<<<`` and ``>>>``: what a strict extraction would have found.
    """

    correct: bool
    code: str
    reason: str
    extracted: str | None = None
    marked: bool = False


class Refused(Exception):
    """Raised while an answer is read or checked; :meth:`Task.verify` turns it into a verdict, users never meet it.

    Attributes:
        code: a code of :class:`Verdict` other than ``ok``.
        reason: one sentence for a person.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason
