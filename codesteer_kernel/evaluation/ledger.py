"""The rows of a job on disk: one line of JSON an attempt, with its whole record in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from codesteer_kernel.errors import BadInput
from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.record import Record, decode_record

__all__ = ["ATTEMPTS", "read_attempts", "read_records"]

ATTEMPTS = "attempts.jsonl"


class _Line(msgspec.Struct):
    record: msgspec.Raw = msgspec.Raw(b"null")


def read_attempts(folder: Path) -> list[Attempt]:
    """The finished attempts of a job, without their records; of equal keys the last counts.

    Raises:
        BadInput: a line of them cannot be read.
    """
    return list({attempt.key: attempt for attempt, _ in _lines(folder)}.values())


def read_records(folder: Path) -> Iterator[tuple[Attempt, Record]]:
    """The finished attempts with their records, one at a time.

    Raises:
        BadInput: as :func:`read_attempts`.
    """
    for attempt, line in _lines(folder):
        record = msgspec.json.decode(line, type=_Line).record
        if bytes(record) != b"null":
            yield attempt, decode_record(bytes(record))


def _lines(folder: Path) -> Iterator[tuple[Attempt, bytes]]:
    path = folder / ATTEMPTS
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield msgspec.json.decode(line, type=Attempt), line
            except (msgspec.MsgspecError, UnicodeDecodeError):
                raise BadInput(f"Line {number} of {path} is not one of a ledger.", "Remove that line.") from None
