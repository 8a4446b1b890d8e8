"""Writing, listing and reading runs in one folder."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import IO

import msgspec

from codesteer_kernel.config import data_dir
from codesteer_kernel.errors import BadInput, CacheNotWritable, UnknownName, nearest
from codesteer_kernel.record import OutOfOrder, Record, bounded, decode_record, encode_record, reduce
from codesteer_kernel.record import events as ev

__all__ = ["Journal", "RunRow", "Store"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,80}")


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list of runs; ``seconds`` is the whole run, ``rounds`` how many there were."""

    id: str
    status: str
    started: str
    target: str
    rounds: int
    seconds: float
    prompt: str
    answer: str


class Journal:
    """Appends the events of one run; closing it after the last event leaves the record instead."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._path = path
        self._file = file

    def append(self, event: ev.Event) -> None:
        """Write one event and flush it, so that a killed process loses nothing that was seen."""
        self._file.write(ev.encode_event(event) + b"\n")
        self._file.flush()

    def close(self, record: Record) -> Path:
        """Replace the journal by the finished record (written aside, then renamed); returns its path."""
        self._file.close()
        final = self._path.with_suffix(".json")
        part = self._path.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_bytes(encode_record(bounded(record)))
        part.replace(final)
        self._path.unlink(missing_ok=True)
        self._path.with_suffix(".pid").unlink(missing_ok=True)
        return final

    def abandon(self) -> None:
        """Close the journal as it is: without a finished record the run shows as lost."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._path.with_suffix(".pid").unlink(missing_ok=True)


class Store:
    """The runs of one user, one file each, in ``folder`` (default: ``runs`` in the data folder)."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder if folder is not None else data_dir() / "runs"

    def open(self, run_id: str) -> Journal:
        """Begin the journal of a run.

        Raises:
            CacheNotWritable: the folder cannot be written; the message names it.
        """
        path = self._path(run_id, ".jsonl")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            file = os.fdopen(descriptor, "wb")
            # The owner's process id tells a run that goes on from one that was lost.
            path.with_suffix(".pid").write_text(str(os.getpid()))
        except OSError as fault:
            raise CacheNotWritable(
                f"The run journal {self.folder} cannot be written ({fault.strerror}).",
                "Set CODESTEER_HOME to a folder you can write to.",
            ) from None
        return Journal(path, file)

    def rows(self, limit: int | None = None) -> list[RunRow]:
        """List runs, newest first; files that cannot be read are left out."""
        rows: list[RunRow] = []
        for run_id in self._ids():
            if limit is not None and len(rows) >= limit:
                break
            try:
                record = self.load(run_id)
            except (BadInput, OSError):
                continue
            rows.append(_row(run_id, record))
        return rows

    def load(self, run_id: str) -> Record:
        """Return the record of ``run_id``; ``last`` is the newest, a unique beginning is enough.

        Raises:
            UnknownName: there is no such run; the nearest is suggested.
        """
        run_id = self._resolve(run_id)
        finished = self._path(run_id, ".json")
        if finished.exists():
            return decode_record(finished.read_bytes())
        record = _folded(self._path(run_id, ".jsonl"))
        if record.status in ("queued", "running") and not self._alive(run_id):
            record = msgspec.structs.replace(record, status="lost", progress=None)
        return record

    def _ids(self) -> list[str]:
        if not self.folder.is_dir():
            return []
        names = {path.stem for path in self.folder.iterdir() if path.suffix in (".json", ".jsonl")}
        return sorted(names, reverse=True)

    def _resolve(self, run_id: str) -> str:
        known = self._ids()
        if run_id == "last" and known:
            return known[0]
        if run_id in known:
            return run_id
        matches = [name for name in known if name.startswith(run_id)] if run_id else []
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise UnknownName(f"{len(matches)} runs begin with {run_id!r}.", f"The newest of them is {matches[0]!r}.")
        if not known:
            raise UnknownName(
                f"There is no run {run_id!r}: no run was journalled yet.", "Run a %%codesteer cell first."
            )
        hint = nearest(run_id, known) or f"The newest is {known[0]!r}; list them with 'codesteer runs'."
        raise UnknownName(f"There is no run {run_id!r}.", hint)

    def _path(self, run_id: str, suffix: str) -> Path:
        if not _ID.fullmatch(run_id):
            raise UnknownName(f"{run_id!r} is not a run id.", "List the runs with 'codesteer runs'.")
        return self.folder / f"{run_id}{suffix}"

    def _alive(self, run_id: str) -> bool:
        try:
            owner = int(self._path(run_id, ".pid").read_text())
            os.kill(owner, 0)
        except PermissionError:
            return True
        except (OSError, ValueError):
            return False
        return True


def _folded(path: Path) -> Record:
    """Fold a journal up to the first line that is cut, damaged or out of order: nothing can be built on a gap."""
    record = Record()
    with path.open("rb") as file, contextlib.suppress(msgspec.MsgspecError, OutOfOrder, UnicodeDecodeError):
        for line in file:
            record = reduce(record, ev.decode_event(line))
    return record


def _row(run_id: str, record: Record) -> RunRow:
    return RunRow(
        id=run_id,
        status=record.status,
        started=record.timing.started,
        target=record.models.target,
        rounds=len(record.rounds),
        seconds=record.timing.seconds,
        prompt=" ".join(record.question.prompt.split())[:120],
        answer=" ".join((record.answer.result or record.answer.text).split())[:80] if record.answer else "",
    )
