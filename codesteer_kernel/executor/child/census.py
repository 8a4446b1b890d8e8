"""The processes below one, and those that have left it since: by ``/proc``, or by ``ps`` where there is none.

For systems without ``/proc``, and for programs without a supervisor. One look reads all processes of the machine.
"""

# The child works with descriptors and with paths that came as text.
# ruff: noqa: PTH110, PTH123, PTH208

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import struct
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from socket import socket

HAS_PROC = os.path.exists("/proc/self/stat")
PS = ("/bin/ps", "-ax", *(word for name in ("pid", "ppid", "rss", "stat", "lstart") for word in ("-o", f"{name}=")))
"""Columns that Linux and the BSDs have; ``lstart`` is the time of the start, to the second."""
_PS_S = 10.0
_KILOBYTE = 1024
_ROUNDS = 50


class Row(NamedTuple):
    """One process: its parent's number, its resident bytes, and a start that tells it from a later one of its number."""

    parent: int
    resident: int
    started: str


def rows() -> dict[int, Row]:
    """Every process of the machine by its number, but for dead ones, and the one that was started to look."""
    return _read_proc() if HAS_PROC else _run_ps()


def parse(text: str) -> dict[int, Row]:
    """What ``ps`` says; a line that is not of its form is left out."""
    found = {}
    for line in text.splitlines():
        with contextlib.suppress(ValueError):
            pid, parent, kilobytes, state, started = line.split(None, 4)
            if not state.startswith("Z"):
                found[int(pid)] = Row(int(parent), int(kilobytes) * _KILOBYTE, started.strip())
    return found


def below(found: Mapping[int, Row], roots: Iterable[int]) -> dict[int, Row]:
    """Those of ``found`` that descend from one of ``roots``, which are left out; parents before children."""
    children: dict[int, list[int]] = {}
    for pid, row in found.items():
        children.setdefault(row.parent, []).append(pid)
    kept: dict[int, Row] = {}
    front, seen = list(roots), set(roots)
    while front:
        front = [child for parent in front for child in children.get(parent, ()) if child not in seen]
        seen.update(front)
        kept.update((pid, found[pid]) for pid in front)
    return kept


class Watch:
    """Whoever descends from ``root``, with those that did when somebody looked and have left it since, as daemons do.

    A process that leaves between two looks is never seen.

    Attributes:
        root: the root itself at the last look; None if it was not there.
    """

    def __init__(self, root: int) -> None:
        self._root = root
        self.root: Row | None = None
        self._seen: dict[int, str] = {}

    def look(self) -> dict[int, Row]:
        """The processes that are there now, without the root."""
        found = rows()
        self.root = found.get(self._root)
        left = {
            pid: found[pid] for pid, started in self._seen.items() if pid in found and found[pid].started == started
        }
        here = {**left, **below(found, [self._root, *left])}
        self._seen = {pid: row.started for pid, row in here.items()}
        return here

    def kill(self) -> None:
        """Kill all of them: stopped first, so that nobody makes new ones meanwhile."""
        stopped: set[int] = set()
        for _ in range(_ROUNDS):
            new = self.look().keys() - stopped
            if not new:
                break
            _signal(new, signal.SIGSTOP)
            stopped |= new
        _signal(stopped, signal.SIGKILL)


def pair() -> tuple[socket, socket]:
    """Two ends, of :func:`answer` and of :func:`ask`."""
    from socket import socketpair

    return socketpair()


def connection(descriptor: int) -> socket:
    """An end that was handed on as a number."""
    from socket import socket

    return socket(fileno=descriptor)


def answer(connection: socket, watch: Watch) -> bool:
    """Answer one :func:`ask` at the other end; False when nobody asks any more."""
    try:
        if not connection.recv(1):
            return False
        lines = [f"{pid} {row.parent} {row.resident // _KILOBYTE} . {row.started}" for pid, row in watch.look().items()]
        data = "\n".join(lines).encode()
        connection.sendall(struct.pack("!I", len(data)) + data)
    except OSError:
        return False
    return True


def ask(connection: socket) -> dict[int, Row]:
    """Have the other end look; for a process that may not look itself. Nobody is there when nobody answers."""
    from socket import MSG_WAITALL

    try:
        connection.sendall(b"?")
        (length,) = struct.unpack("!I", connection.recv(4, MSG_WAITALL))
        return parse(connection.recv(length, MSG_WAITALL).decode() if length else "")
    except (OSError, struct.error):
        return {}


def _signal(pids: Iterable[int], signum: int) -> None:
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, signum)


def _run_ps() -> dict[int, Row]:
    # Not needed where there is /proc.
    import subprocess

    try:
        process = subprocess.Popen(
            PS, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={"LC_ALL": "C"}
        )
    except OSError:
        return {}
    with process:
        try:
            text = process.communicate(timeout=_PS_S)[0].decode("ascii", "replace")
        except subprocess.TimeoutExpired:
            process.kill()
            return {}
    found = parse(text)
    found.pop(process.pid, None)
    return found


def _read_proc() -> dict[int, Row]:
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{name}/stat", "rb") as file:
            # The command name may hold spaces and brackets: the state is the first field after the last bracket.
            fields = file.read().rpartition(b")")[2].split()
            if fields[0] != b"Z":
                found[int(name)] = Row(int(fields[1]), int(fields[21]) * mmap.PAGESIZE, fields[19].decode())
    return found
