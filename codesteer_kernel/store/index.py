"""The list of runs, ready to be shown: one line a run, beside the files that it is derived from.

The files are the truth. A line counts only if it is whole, and while its file has the size and the time that the line
says: an index that is missing, old or damaged costs time and never tells a lie. Lines are appended under a lock; whoever does not
get the lock at once leaves the line out, and the next listing makes it up.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import msgspec

from codesteer_kernel.locking import take
from codesteer_kernel.record import Record
from codesteer_kernel.store.files import BINARY, write_all, write_whole

__all__ = ["Entry", "Index", "RunRow"]

_HEAD = b'{"codesteer index":2}\n'
# Lines that no longer count are cleared away when there are more of them than of the others, and than this.
_SPARE = 200
_PATIENCE = 2.0


class RunRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of the list of runs; ``seconds`` is the whole run, ``rounds`` how many there were.

    ``error`` is the code of what it failed of, empty where it did not. ``kept`` says that the run is pinned or rated: it is never removed to make room.
    """

    id: str
    status: str
    started: str
    target: str
    rounds: int
    seconds: float
    prompt: str
    answer: str
    error: str = ""
    kept: bool = False


class Entry(RunRow, frozen=True, kw_only=True, gc=False, array_like=True):
    """One line of the index: a row, and the file that it was made from, as it was then.

    ``size`` is in bytes, ``changed`` in nanoseconds. The row of a file that cannot be read has no status.
    """

    file: str
    size: int
    changed: int

    @classmethod
    def of(cls, path: Path, record: Record | None, stat: os.stat_result | None = None) -> Entry:
        """The entry of a file as it is now, or as ``stat`` found it before it was read."""
        stat = stat or path.stat()
        shown = record or Record()
        answer = (shown.answer.result or shown.answer.text) if shown.answer else ""
        return cls(
            id=path.stem,
            status=record.status if record is not None else "",
            started=shown.timing.started,
            target=shown.models.target,
            rounds=len(shown.rounds),
            seconds=shown.timing.seconds,
            prompt=" ".join(shown.question.prompt.split())[:120],
            answer=" ".join(answer.split())[:80],
            error=shown.error.code if shown.error else "",
            file=path.name,
            size=stat.st_size,
            changed=stat.st_mtime_ns,
        )

    def tells(self, file: str, stat: os.stat_result) -> bool:
        """Whether this entry was made from the file as it is."""
        return self.size == stat.st_size and self.changed == stat.st_mtime_ns and self.file == file


_decoder = msgspec.json.Decoder(Entry)


class Index:
    """The index of one folder of runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / ".index"
        self._lines = 0

    def read(self) -> dict[str, Entry]:
        """The entries by run; the last one of a run counts."""
        try:
            data = self._path.read_bytes()
        except OSError:
            return {}
        self._lines = data.count(b"\n")
        return {entry.id: entry for entry in _entries(data)}

    def add(self, entries: Collection[Entry]) -> None:
        """Append entries whose files are still there."""
        if not entries:
            return
        with contextlib.suppress(OSError), _locked(self._path) as descriptor:
            if descriptor is None:
                return
            size = os.fstat(descriptor).st_size
            if _read(descriptor, 0, len(_HEAD)) != _HEAD:
                os.ftruncate(descriptor, 0)
                size = 0
            lines = [_line(entry) for entry in entries if (self._folder / entry.file).exists()]
            # A line that was cut off by a crash stays alone.
            torn = size > 0 and _read(descriptor, size - 1, 1) != b"\n"
            write_all(descriptor, b"".join([_HEAD if not size else b"\n" if torn else b"", *lines]))

    def forget(self, gone: Iterable[str]) -> None:
        """Take the lines of these runs out, so that nothing of what they asked and answered stays."""
        dropped = set(gone)
        try:
            with _locked(self._path, _PATIENCE) as descriptor:
                if descriptor is None:
                    # Somebody sits on the lock. The index can be made again; what was forgotten must not stay.
                    self._path.unlink(missing_ok=True)
                    return
                entries = {entry.id: entry for entry in _entries(self._path.read_bytes())}
                lines = [_line(entry) for entry in entries.values() if entry.id not in dropped]
                write_whole(self._path, _HEAD + b"".join(lines), durable=False)
        except OSError:
            self._path.unlink(missing_ok=True)

    def tidy(self, known: Collection[str]) -> None:
        """Clear away lines that no longer count, once there are many more than ``known`` runs."""
        if self._lines > 2 * len(known) + _SPARE:
            self.forget(self.read().keys() - set(known))


def _line(entry: Entry) -> bytes:
    """A checksum of eight digits, a space, the entry, a newline."""
    data = msgspec.json.encode(entry)
    return b"%08x %b\n" % (zlib.crc32(data), data)


def _entries(data: bytes) -> Iterator[Entry]:
    """All entries that are as they were written."""
    if not data.startswith(_HEAD):
        return
    decode = _decoder.decode
    for line in data[len(_HEAD) :].split(b"\n"):
        entry = line[9:]
        if entry and line[:8] == b"%08x" % zlib.crc32(entry):
            try:  # a suppress() for each of ten thousand lines would be felt
                yield decode(entry)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue


@contextlib.contextmanager
def _locked(path: Path, patience: float = 0.0) -> Iterator[int | None]:
    """The index, open and locked; None when somebody else has it for longer than ``patience`` seconds."""
    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND | BINARY, 0o600)
        try:
            if not take(descriptor, patience):
                yield None
                return
            # Whoever had the lock may have put another file in the place of this one.
            if _same(descriptor, path):
                yield descriptor
                return
        finally:
            os.close(descriptor)


def _read(descriptor: int, place: int, size: int) -> bytes:
    os.lseek(descriptor, place, os.SEEK_SET)
    return os.read(descriptor, size)


def _same(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
