"""A job's folder: ``job.json`` says what is asked and who did it when, ``attempts.jsonl`` holds a line for each attempt.

A line is an :class:`Attempt` with the whole record of its run in the same object, under ``record``. Lines are only ever
appended, and each is on the disk before the next is written; where a key stands in several (an attempt that failed was
made again), the last one counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import msgspec

from codesteer_kernel.errors import BadInput
from codesteer_kernel.evaluation.attempt import Attempt
from codesteer_kernel.evaluation.jobs import Job
from codesteer_kernel.record import Record, bounded, decode_record, encode_record
from codesteer_kernel.store.files import write_whole
from codesteer_kernel.store.lines import LineFile, read_lines
from codesteer_kernel.store.redaction import Redactor, known_secrets

__all__ = [
    "ATTEMPTS",
    "JOB",
    "JobFile",
    "Ledger",
    "Row",
    "Session",
    "read_attempts",
    "read_job",
    "read_records",
    "write_job",
]

JOB = "job.json"
ATTEMPTS = "attempts.jsonl"


class Session(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One time that a job was worked on: ISO 8601, UTC. ``ended`` and ``why`` are empty where it was killed.

    ``versions``, ``hardware`` and ``commit`` are as in :class:`JobFile`; ``concurrency`` the attempts at once.
    """

    started: str
    ended: str = ""
    why: str = ""
    concurrency: int = 1
    versions: dict[str, str] = {}
    hardware: dict[str, str] = {}
    commit: str = ""


class JobFile(Job, frozen=True, kw_only=True):
    """What ``job.json`` holds: the job, and where and when it was worked on.

    Attributes:
        versions: of Python and of the packages that matter, when it began.
        hardware: of the machine on which it began: processor, cores, memory, system.
        commit: of the sources of this package, where they are a git checkout; ``-dirty`` behind it where they differ.
        sessions: all times that it was worked on, oldest first.
    """

    versions: dict[str, str] = msgspec.field(default_factory=dict)
    hardware: dict[str, str] = msgspec.field(default_factory=dict)
    commit: str = ""
    sessions: tuple[Session, ...] = ()

    @property
    def job(self) -> Job:
        """What is asked, alone."""
        return Job(**{name: getattr(self, name) for name in Job.__struct_fields__})


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt and the record of its run; None where the run could not begin."""

    attempt: Attempt
    record: Record | None = None


class _Recorded(msgspec.Struct, frozen=True):
    record: msgspec.Raw = msgspec.Raw()


class Ledger:
    """The attempts of one folder, for one process at a time; a context.

    ``attempts`` are those that are there, by key.

    Raises:
        BadInput: another process works on this job, or a line is none of a ledger.
        CacheNotWritable: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._file = LineFile(folder / ATTEMPTS, durable=True)
        try:
            self.attempts = {one.key: one for one in read_attempts(folder)}
        except BadInput:
            self._file.close()
            raise
        self._redactor = Redactor(known_secrets())

    def append(self, row: Row) -> None:
        """Keep one attempt: without keys, and with a record of bounded size."""
        line = msgspec.json.encode(row.attempt)
        if row.record is not None:
            line = line[:-1] + b',"record":' + encode_record(bounded(self._redactor.record(row.record))) + b"}"
        self._file.append(line)
        self.attempts[row.attempt.key] = row.attempt

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def read_attempts(folder: Path) -> list[Attempt]:
    """The attempts of a folder, in the order in which they were first made; none where there is no file yet.

    Raises:
        BadInput: a line in the middle is none of a ledger.
    """
    return list({attempt.key: attempt for attempt, _ in _lines(folder)}.values())


def read_records(folder: Path) -> Iterator[tuple[Attempt, Record]]:
    """The attempts of a folder with their records; those whose run could not begin have none, and are left out.

    Raises:
        BadInput: as :func:`read_attempts`.
    """
    newest = {attempt.key: place for place, (attempt, _) in enumerate(_lines(folder))}
    for place, (attempt, line) in enumerate(_lines(folder)):
        raw = msgspec.json.decode(line, type=_Recorded).record
        # Another process may be adding lines: what came after the first look is newer than all it saw, or not there yet.
        if newest.get(attempt.key) == place and bytes(raw):
            yield attempt, decode_record(bytes(raw))


def read_job(folder: Path) -> JobFile:
    """What the folder's job is.

    Raises:
        BadInput: there is none, or its file cannot be read.
    """
    path = folder / JOB
    try:
        return msgspec.json.decode(path.read_bytes(), type=JobFile)
    except FileNotFoundError:
        raise BadInput(f"{folder} holds no job.", "Begin one with codesteer bench run ... -o DIR.") from None
    except OSError as fault:
        raise BadInput(f"{path} cannot be read ({fault.strerror}).") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise BadInput(f"{path} does not say what a job is: {fault}.") from None


def write_job(folder: Path, job: JobFile) -> None:
    """Write what the folder's job is, whole or not at all."""
    write_whole(folder / JOB, msgspec.json.format(msgspec.json.encode(job)) + b"\n", mode=0o644)


def _lines(folder: Path) -> Iterator[tuple[Attempt, bytes]]:
    """Every whole line, read; what a killed process left of a last one is no line."""
    path = folder / ATTEMPTS
    for number, (line, whole) in enumerate(read_lines(path), 1):
        try:
            if whole:
                yield msgspec.json.decode(line, type=Attempt), line
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise BadInput(f"Line {number} of {path} is not one of a ledger.", "Remove that line.") from None
