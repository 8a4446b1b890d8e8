"""Journalling that never costs a run."""

from __future__ import annotations

import msgspec

from codesteer_kernel.errors import CacheNotWritable, CodeSteerError
from codesteer_kernel.record import Record
from codesteer_kernel.record import events as ev
from codesteer_kernel.store.journal import Journal
from codesteer_kernel.store.store import Store

__all__ = ["Keeper"]


class Keeper:
    """Journals a run as long as that works: a folder that cannot be written, or a full disk, must not cost the run.

    Beginning and ending wait for the disk; where an event loop must not wait, they belong in a thread.
    """

    def __init__(self, store: Store, run_id: str, *, wanted: bool) -> None:
        self._fault = ""
        self._journal: Journal | None = None
        if wanted:
            self._fault = _made_room(store)
            try:
                self._journal = store.open(run_id)
            except CacheNotWritable as fault:
                self._fault = str(fault)

    @property
    def note(self) -> dict[str, str]:
        """What the record's versions say of the journal: nothing, what went to make room, or why there is none."""
        return {"journal": self._fault} if self._fault else {}

    def append(self, event: ev.Event) -> None:
        """Journal one event."""
        try:
            if self._journal is not None:
                self._journal.append(event)
        except OSError as fault:
            self._give_up(fault)

    def close(self, record: Record) -> Record:
        """Write the finished record; returns it as it was kept, with a note if it could not be."""
        try:
            if self._journal is not None:
                record = self._journal.close(record)
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


def _made_room(store: Store) -> str:
    """Make room for one more run, and say what went."""
    try:
        gone = store.make_room()
    except (CodeSteerError, OSError) as fault:
        return f"No room could be made: {fault}"
    if not gone:
        return ""
    which = gone[0] if len(gone) == 1 else f"{len(gone)} runs, {gone[0]} to {gone[-1]},"
    return f"To make room, {which} went from {store.folder} (limit: CODESTEER_RUNS_MB)."
