"""The runs of one user in one folder: begin one, list them, read one, forget some, stay within a size."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from codesteer_kernel.config import data_dir, runs_bytes
from codesteer_kernel.errors import BadInput, CacheNotWritable, UnknownName, nearest
from codesteer_kernel.locking import held
from codesteer_kernel.record import Record, decode_record, retell
from codesteer_kernel.record import events as ev
from codesteer_kernel.store.files import PART
from codesteer_kernel.store.index import Entry, Index, RunRow
from codesteer_kernel.store.journal import Journal, journalled
from codesteer_kernel.store.marks import Marks, read_marks, write_marks
from codesteer_kernel.store.redaction import Redactor, known_secrets

__all__ = ["Store"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,80}")
_SUFFIXES = (".json", ".jsonl", ".marks")
# When room is made, so much of the limit is filled afterwards: it need not be made again at the next run.
_FILLED = 0.9
# A file that is still being written after so many seconds never will be.
_STALE_SECONDS = 3600.0


class Store:
    """The runs in ``folder`` (default: ``runs`` in the data folder): ``ID.jsonl`` while one goes on, then ``ID.json``."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder if folder is not None else data_dir() / "runs"
        self._index = Index(self.folder)

    def open(self, run_id: str) -> Journal:
        """Begin the journal of a run.

        Raises:
            CacheNotWritable: the folder cannot be written; the message names it.
        """
        path = self._path(run_id, ".jsonl")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return Journal(path, Redactor(known_secrets()), self._index)
        except OSError as fault:
            raise self._unusable("written", fault) from None

    def rows(self, limit: int | None = None) -> list[RunRow]:
        """List runs, newest first; files that cannot be read are left out.

        Only files that the index does not know as they are get opened.
        """
        runs, marked = self._scan()
        known = self._index.read()
        rows: list[RunRow] = []
        fresh: list[Entry] = []
        for run_id in sorted(runs, reverse=True):
            if len(rows) == limit:
                break
            file = runs[run_id]
            try:
                stat = file.stat()
                entry = known.get(run_id)
                if entry is None or not entry.tells(file.name, stat):
                    entry = Entry.of(Path(file.path), self._readable(run_id), stat)
                    if entry.status not in ("queued", "running"):
                        fresh.append(entry)
            except (OSError, UnknownName):
                continue  # it went meanwhile
            if entry.status:
                rows.append(entry if run_id not in marked else msgspec.structs.replace(entry, kept=True))
        self._index.add(fresh)
        self._index.tidy(runs)
        return rows

    def load(self, run_id: str) -> Record:
        """Return the record of ``run_id``; ``last`` is the newest, a unique beginning is enough.

        Raises:
            UnknownName: there is no such run; the nearest is suggested.
            BadInput: its file cannot be read as a record.
        """
        return self._load(self.resolve(run_id))

    def events(self, run_id: str) -> Iterator[ev.Event]:
        """The events of a run: its own while it goes on or when it was lost, else its record told again.

        Raises:
            UnknownName, BadInput: as :meth:`load`.
        """
        run_id = self.resolve(run_id)
        journal = self._path(run_id, ".jsonl")
        if journal.exists() and not self._path(run_id, ".json").exists():
            return (event for event, _ in journalled(journal))
        return iter(retell(self._load(run_id)))

    def forget(self, *run_ids: str) -> list[str]:
        """Delete runs, and every trace of them in this folder; returns their full names.

        Raises:
            UnknownName: there is no such run; nothing was deleted.
            BadInput: one of them goes on; nothing was deleted.
            CacheNotWritable: the folder cannot be written.
        """
        names = [self.resolve(run_id) for run_id in dict.fromkeys(run_ids)]
        for name in names:
            if held(self._path(name, ".jsonl")):
                raise BadInput(f"The run {name} goes on.", "Stop it first.")
        self._remove(names)
        return names

    def marks(self, run_id: str) -> Marks:
        """What was said of a run; raises :class:`UnknownName` when there is none."""
        return read_marks(self._path(self.resolve(run_id), ".marks"))

    def mark(
        self, run_id: str, *, pinned: bool | None = None, ratings: dict[int, Literal["good", "bad"]] | None = None
    ) -> Marks:
        """Pin or unpin a run, or rate rounds of it (all its ratings at once); what is not given stays.

        Raises:
            UnknownName: there is no such run.
            CacheNotWritable: it cannot be written down.
        """
        path = self._path(self.resolve(run_id), ".marks")
        marks = read_marks(path)
        marks = Marks(
            pinned=marks.pinned if pinned is None else pinned, ratings=marks.ratings if ratings is None else ratings
        )
        try:
            write_marks(path, marks)
        except OSError as fault:
            raise self._unusable("written", fault) from None
        return marks

    def make_room(self, limit: int | None = None) -> list[str]:
        """Remove the oldest runs if all together take more than ``limit`` bytes (default: the configured size).

        Runs that go on, are pinned or rated stay, whatever they take. Returns the names of those that went, oldest
        first. What dead processes left half written goes too.
        """
        limit = runs_bytes() if limit is None else limit
        self._sweep()
        runs, marked = self._scan()
        sizes = {run_id: _bytes(file) for run_id, file in runs.items()}
        total = sum(sizes.values())
        gone: list[str] = []
        if total > limit:
            for run_id in sorted(sizes.keys() - marked):
                if total <= limit * _FILLED:
                    break
                if not held(self._path(run_id, ".jsonl")):
                    gone.append(run_id)
                    total -= sizes[run_id]
            self._remove(gone)
        return gone

    def size(self) -> tuple[int, int]:
        """How many runs there are, and how many bytes they take."""
        runs, _ = self._scan()
        return len(runs), sum(map(_bytes, runs.values()))

    def resolve(self, run_id: str) -> str:
        """The full name of a run: ``last`` is the newest, a unique beginning is enough.

        Raises:
            UnknownName: there is no such run, or several; the nearest is suggested.
        """
        if _ID.fullmatch(run_id) and any(self._path(run_id, suffix).exists() for suffix in _SUFFIXES[:2]):
            return run_id
        known = sorted(self._scan()[0], reverse=True)
        if run_id == "last" and known:
            return known[0]
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

    # -- inside ---------------------------------------------------------------------------------------------------

    def _path(self, run_id: str, suffix: str) -> Path:
        if not _ID.fullmatch(run_id):
            raise UnknownName(f"{run_id!r} is not a run id.", "List the runs with 'codesteer runs'.")
        return self.folder / f"{run_id}{suffix}"

    def _scan(self) -> tuple[dict[str, os.DirEntry[str]], set[str]]:
        """The file of each run, its record if there is one, else its journal; and the runs that were marked."""
        runs: dict[str, os.DirEntry[str]] = {}
        marked: set[str] = set()
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    name = entry.name
                    if name.endswith(".json"):
                        runs[name[:-5]] = entry
                    elif name.endswith(".jsonl"):
                        runs.setdefault(name[:-6], entry)
                    elif name.endswith(".marks"):
                        marked.add(name[:-6])
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as fault:
            raise self._unusable("read", fault) from None
        return {name: entry for name, entry in runs.items() if _ID.fullmatch(name)}, marked

    def _sweep(self) -> None:
        """Remove what dead processes left: files half written, and journals whose record was written."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(self.folder) as entries:
            left = [Path(entry.path) for entry in entries if entry.name.endswith((PART, ".jsonl"))]
            for path in left:
                with contextlib.suppress(OSError):
                    if path.suffix == PART:
                        if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                            path.unlink()
                    elif path.with_suffix(".json").exists() and not held(path):
                        path.unlink()

    def _load(self, run_id: str) -> Record:
        finished, journal = self._path(run_id, ".json"), self._path(run_id, ".jsonl")
        for _ in range(2):
            with contextlib.suppress(FileNotFoundError):
                return decode_record(finished.read_bytes())
            with contextlib.suppress(FileNotFoundError):
                # Asked first: a run that ends after the question has its end in the journal that is read then.
                going = held(journal)
                record = Record(id=run_id)
                for step in journalled(journal):
                    record = step[1]
                if record.status in ("queued", "running") and not going:
                    record = msgspec.structs.replace(record, status="lost", progress=None)
                return record
            # The run ended between the two looks; now its record is there.
        raise UnknownName(f"The run {run_id} was removed just now.")

    def _readable(self, run_id: str) -> Record | None:
        try:
            return self._load(run_id)
        except BadInput as fault:
            if isinstance(fault, UnknownName):
                raise
            return None

    def _remove(self, names: list[str]) -> None:
        try:
            for name in names:
                for suffix in _SUFFIXES:
                    self._path(name, suffix).unlink(missing_ok=True)
            if names:
                self._index.forget(names)
        except OSError as fault:
            raise self._unusable("written", fault) from None

    def _unusable(self, what: str, fault: OSError) -> CacheNotWritable:
        return CacheNotWritable(
            f"The run journal {self.folder} cannot be {what} ({fault.strerror}).",
            "Set CODESTEER_HOME to a folder you can write to.",
        )


def _bytes(file: os.DirEntry[str]) -> int:
    """What a run takes; one that went meanwhile takes nothing."""
    try:
        return file.stat().st_size
    except OSError:
        return 0
