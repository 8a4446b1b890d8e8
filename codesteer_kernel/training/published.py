"""The authors' own training files, read as our rows (codesteer.md, sections 4.1 and 4.2).

Conversations: a JSON list of items with ``instruction``, ``output`` and ``history`` (pairs of input and output).
Preferences: a JSON list of items with ``conversations`` (turns ``from`` human or gpt), ``chosen``, ``rejected``,
``score_chosen`` and ``score_rejected``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from codesteer_kernel.errors import BadInput
from codesteer_kernel.training.rows import Conversation, Origin, Pair, Turn, checked, checked_pair
from codesteer_kernel.training.weights import EQUAL, Weights, weighted

__all__ = ["import_conversations", "import_pairs"]

DIALECT = "codesteer-v1"
_ROLES = {"human": "user", "gpt": "assistant", "system": "system"}


class _Item(msgspec.Struct):
    instruction: str
    output: str
    history: list[tuple[str, str]] = []
    input: str = ""
    system: str = ""


class _Said(msgspec.Struct):
    value: str
    role: str = msgspec.field(name="from")


class _PairItem(msgspec.Struct):
    conversations: list[_Said]
    chosen: _Said
    rejected: _Said
    score_chosen: float = 1.0
    score_rejected: float = 0.0


def import_conversations(path: Path, *, weights: Weights = EQUAL, as_published: bool = False) -> list[Conversation]:
    """Read a file of conversations.

    One that was cut into several items is read once, whole: cut, its early turns would be learned again with every item.
    ``as_published`` keeps every item, as the published training did.

    Raises:
        BadInput: the file cannot be read, or an item is none; it is named.
    """
    rows = []
    for number, item in enumerate(_items(path, _Item), 1):
        asked = f"{item.instruction}\n{item.input}" if item.input else item.instruction
        spoken = [*item.history, (asked, item.output)]
        turns = [Turn(role="system", content=item.system)] if item.system else []
        for question, reply in spoken:
            turns += [Turn(role="user", content=question), Turn(role="assistant", content=reply)]
        row = Conversation(
            messages=weighted(turns, weights), dialect=DIALECT, origin=Origin(source=path.name, rounds=len(spoken))
        )
        rows.append(checked(row, f"Item {number} of {path.name}"))
    return rows if as_published else _whole(rows)


def import_pairs(path: Path) -> list[Pair]:
    """Read a file of preferences.

    Raises:
        BadInput: the file cannot be read, or an item is none; it is named.
    """
    rows = []
    for number, item in enumerate(_items(path, _PairItem), 1):
        place = f"Item {number} of {path.name}"
        turns = []
        for said in item.conversations:
            if said.role not in _ROLES:
                raise BadInput(f"{place} has a turn from {said.role!r}.", "Turns are from human or gpt.")
            turns.append(msgspec.convert({"role": _ROLES[said.role], "content": said.value}, Turn))
        row = Pair(
            prompt=turns,
            chosen=item.chosen.value,
            rejected=item.rejected.value,
            score_chosen=item.score_chosen,
            score_rejected=item.score_rejected,
            dialect=DIALECT,
            origin=Origin(source=path.name),
        )
        rows.append(checked_pair(row, place))
    return rows


def _items(path: Path, kind: type[Any]) -> list[Any]:
    try:
        items = msgspec.json.decode(path.read_bytes(), type=list[msgspec.Raw])
    except OSError as fault:
        raise BadInput(f"{path} cannot be read: {fault.strerror}.") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise BadInput(f"{path.name} is no JSON list: {fault}", "Give one of the published training files.") from None
    found = []
    for number, item in enumerate(items, 1):
        try:
            found.append(msgspec.json.decode(item, type=kind))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
            raise BadInput(f"Item {number} of {path.name} is not of the published form: {fault}") from None
    return found


def _whole(rows: Sequence[Conversation]) -> list[Conversation]:
    """The rows that are not the beginning of another."""
    said = [tuple((turn.role, turn.content) for turn in row.messages) for row in rows]
    begun = {turns[:length] for turns in said for length in range(1, len(turns))}
    seen: set[tuple[tuple[str, str], ...]] = set()
    kept = []
    for row, turns in zip(rows, said, strict=True):
        if turns not in begun and turns not in seen:
            seen.add(turns)
            kept.append(row)
    return kept
