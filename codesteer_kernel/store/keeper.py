"""Journalling that never costs a run."""

from __future__ import annotations

import msgspec

from codesteer_kernel.errors import CacheNotWritable
from codesteer_kernel.record import Record
from codesteer_kernel.record import events as ev
from codesteer_kernel.store.journal import Journal, Store

__all__ = ["Keeper"]


class Keeper:
    """Journals a run as long as that works: a folder that cannot be written, or a full disk, must not cost the run."""

    def __init__(self, store: Store, run_id: str, *, wanted: bool) -> None:
        self._fault = ""
        self._journal: Journal | None = None
        if wanted:
            try:
                self._journal = store.open(run_id)
            except CacheNotWritable as fault:
                self._fault = str(fault)

    @property
    def note(self) -> dict[str, str]:
        """What the record's versions say of the journal: nothing, or why there is none."""
        return {"journal": self._fault} if self._fault else {}

    def append(self, event: ev.Event) -> None:
        """Journal one event."""
        try:
            if self._journal is not None:
                self._journal.append(event)
        except OSError as fault:
            self._give_up(fault)

    def close(self, record: Record) -> Record:
        """Write the finished record; returns it, with a note if it could not be kept."""
        try:
            if self._journal is not None:
                self._journal.close(record)
        except OSError as fault:
            self._give_up(fault)
        return msgspec.structs.replace(record, versions=record.versions | self.note)

    def abandon(self) -> None:
        """Leave the journal as it is."""
        if self._journal is not None:
            self._journal.abandon()

    def _give_up(self, fault: OSError) -> None:
        self._fault = f"The journal could not be written to the end ({fault.strerror})."
        self.abandon()
        self._journal = None
