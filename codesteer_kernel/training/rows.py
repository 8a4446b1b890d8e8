"""What a trainer reads: conversations whose turns are weighted, and preference pairs. One JSON line each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from codesteer_kernel.errors import BadInput

__all__ = [
    "Conversation",
    "Origin",
    "Pair",
    "Turn",
    "checked",
    "checked_pair",
    "read_conversations",
    "read_pairs",
    "write_rows",
]

_Row = TypeVar("_Row")


class Turn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One turn. ``weight`` is its share in the loss: nothing for what the steerer only reads."""

    role: Literal["system", "user", "assistant"]
    content: str
    weight: float = 0.0


class Origin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a row comes from.

    Attributes:
        task, level, seed, version: the problem.
        policy: what decided.
        target, steerer: the models; ``simulated`` says that the target was none, but a dialled-in skill.
        run: the run's id.
        rounds: how many it took; ``modes`` what each was, ``code`` or ``text``.
        prompts: the stamp of the wording that the turns have.
        source: a file's name, where the row was imported.
    """

    task: str = ""
    level: str = ""
    seed: int | None = None
    version: str = ""
    policy: str = ""
    target: str = ""
    steerer: str = ""
    simulated: bool = False
    run: str = ""
    rounds: int = 0
    modes: list[str] = []
    prompts: str = ""
    source: str = ""


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A steerer's whole conversation: it ends with a turn of its own. ``dialect`` says whose turns they are."""

    messages: list[Turn]
    dialect: str
    origin: Origin = Origin()


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two things that a steerer might say after ``prompt``; ``chosen`` led further than ``rejected``."""

    prompt: list[Turn]
    chosen: str
    rejected: str
    score_chosen: float
    score_rejected: float
    dialect: str
    origin: Origin = Origin()

    @property
    def margin(self) -> float:
        """How much further."""
        return self.score_chosen - self.score_rejected


def checked(row: Conversation, place: str) -> Conversation:
    """The row, known to be one that can be learned from.

    Raises:
        BadInput: turns are missing or empty, do not alternate, or none of the steerer's has a weight; ``place`` names
            the row.
    """
    _check_turns(row.messages, place)
    if row.messages[-1].role != "assistant":
        raise BadInput(f"{place} does not end with a turn of the steerer.", "Its last turn must be an assistant's.")
    if not any(turn.weight for turn in row.messages):
        raise BadInput(f"{place} has no turn with a weight.", "Give at least one assistant turn a weight above 0.")
    return row


def checked_pair(row: Pair, place: str) -> Pair:
    """The pair, known to be one that can be learned from.

    Raises:
        BadInput: as :func:`checked`; or the two replies are empty, equal, or not in the order of their scores.
    """
    _check_turns(row.prompt, place)
    if row.prompt[-1].role != "user":
        raise BadInput(f"{place} does not ask anything last.", "Its prompt must end with a user turn.")
    if not row.chosen.strip() or not row.rejected.strip():
        raise BadInput(f"{place} has an empty reply.", "Both replies need words.")
    if row.chosen == row.rejected:
        raise BadInput(f"{place} prefers a reply to itself.", "Remove the row.")
    if not row.margin > 0:
        raise BadInput(
            f"{place} prefers a reply of score {row.score_chosen:g} to one of {row.score_rejected:g}.",
            "Swap them, or remove the row.",
        )
    return row


def _check_turns(turns: list[Turn], place: str) -> None:
    if not turns:
        raise BadInput(f"{place} has no turns.", "Remove the row.")
    spoken = turns[1:] if turns[0].role == "system" else turns
    for index, turn in enumerate(spoken):
        wanted = "user" if index % 2 == 0 else "assistant"
        if turn.role != wanted:
            raise BadInput(
                f"{place}: turn {index + 1} is the {turn.role}'s.",
                f"Turns alternate, beginning with the user's; the {wanted}'s should stand here.",
            )
        if not turn.content.strip():
            raise BadInput(f"{place}: turn {index + 1} is empty.", "Remove the row, or give the turn its words.")
        if not 0 <= turn.weight < float("inf"):
            raise BadInput(f"{place}: turn {index + 1} has weight {turn.weight}.", "Weights are numbers from 0 up.")
        if turn.weight and turn.role != "assistant":
            raise BadInput(
                f"{place}: turn {index + 1} is read, not learned.", "Only the steerer's turns have a weight."
            )


def write_rows(path: Path, rows: Iterable[Conversation | Pair]) -> int:
    """Write rows as JSON Lines, the whole file or nothing; returns how many."""
    encoder = msgspec.json.Encoder()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    count = 0
    with draft.open("wb") as file:
        for count, row in enumerate(rows, 1):  # noqa: B007 - it is the result
            file.write(encoder.encode(row) + b"\n")
    draft.replace(path)
    return count


def read_conversations(path: Path) -> Iterator[Conversation]:
    """Read and check conversations; ``Row N of FILE`` names the first bad one.

    Raises:
        BadInput: the file is not there, or a row is no conversation or fails its check.
    """
    return _read(path, Conversation, checked)


def read_pairs(path: Path) -> Iterator[Pair]:
    """Read and check preference pairs, as :func:`read_conversations` does conversations."""
    return _read(path, Pair, checked_pair)


def _read(path: Path, kind: type[_Row], check: Callable[[_Row, str], _Row]) -> Iterator[_Row]:
    decoder = msgspec.json.Decoder(kind)
    try:
        file = path.open("rb")
    except OSError as fault:
        raise BadInput(f"{path} cannot be read: {fault.strerror}.") from None
    with file:
        for number, line in enumerate(file, 1):
            place = f"Row {number} of {path.name}"
            try:
                row = decoder.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
                raise BadInput(f"{place} cannot be read: {fault}", "Write it again, or remove the line.") from None
            yield check(row, place)
