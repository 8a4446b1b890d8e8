"""The journal of one run while it goes on: its events, a line each, appended as they happen.

The writer holds a lock on the file for as long as it lives, and the system frees it when the process ends, however it
ends: whether a run goes on is a question to the lock, never to a process id that somebody else may have by now.
"""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Iterator
from pathlib import Path

import msgspec

from codesteer_kernel.locking import take
from codesteer_kernel.record import OutOfOrder, Record, bounded, encode_record, reduce
from codesteer_kernel.record import events as ev
from codesteer_kernel.store.files import BINARY, write_all, write_whole
from codesteer_kernel.store.index import Entry, Index
from codesteer_kernel.store.redaction import Redactor

__all__ = ["Journal", "journalled"]

_PATIENCE = 1.0


class Journal:
    """Appends the events of one run; closing it after the last event leaves the record instead.

    What is appended is in the system's hands when :meth:`append` returns: a killed process loses nothing that was seen,
    a power cut at most the last seconds. The finished record is on the disk before its journal goes.
    """

    def __init__(self, path: Path, redactor: Redactor, index: Index) -> None:
        """Create the journal; raises :class:`FileExistsError` when there is one, :class:`OSError` when it cannot be."""
        self._path = path
        self._redactor = redactor
        self._index = index
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | BINARY, 0o600)
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        _open.add(self)
        # Only a reader that asks whether somebody has it can have it, for a moment.
        take(descriptor, _PATIENCE)

    def append(self, event: ev.Event) -> None:
        """Write one event."""
        write_all(self._file.fileno(), self._redactor.event(event) + b"\n")

    def close(self, record: Record) -> Record:
        """Replace the journal by the finished record; returns it without keys, and not cut to the size of a file."""
        record = self._redactor.record(record)
        final, kept = self._path.with_suffix(".json"), bounded(record)
        write_whole(final, encode_record(kept))
        self._file.close()
        self._path.unlink(missing_ok=True)
        self._index.add([Entry.of(final, kept)])
        return record

    def abandon(self) -> None:
        """Close the journal as it is: without a finished record the run shows as lost."""
        with contextlib.suppress(OSError):
            self._file.close()


def journalled(path: Path) -> Iterator[tuple[ev.Event, Record]]:
    """The events of a journal, each with the record up to it.

    They end before the first line that is cut, damaged or out of order: nothing can be built on a gap.
    """
    record = Record()
    with path.open("rb") as file, contextlib.suppress(msgspec.MsgspecError, OutOfOrder, UnicodeDecodeError):
        for line in file:
            event = ev.decode_event(line)
            record = reduce(record, event)
            yield event, record


# A child that the user's code forks has the descriptors of its parent, and would hold the locks on after its death.
_open: weakref.WeakSet[Journal] = weakref.WeakSet()


def _let_go() -> None:
    for journal in _open:
        journal.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
