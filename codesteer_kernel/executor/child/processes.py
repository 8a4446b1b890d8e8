"""The processes below this one: find them, weigh them, end them.

From ``/proc`` where there is one, else from a :mod:`census`, which also knows who has left the tree since it was last
looked at.
"""

# The child works with descriptors and with paths that came as text.
# ruff: noqa: PTH116, PTH123, PTH208

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator

from . import census

_in_domain = False
_look: Callable[[], dict[int, census.Row]] | None = None if census.HAS_PROC else census.Watch(os.getpid()).look
_rows: dict[int, census.Row] = {}
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


def descendants(root: int) -> list[int]:
    """Process ids below ``root``, children before grandchildren; by a census, ``root`` is this process."""
    if _look is not None:
        global _rows
        _rows = _look()
        return [pid for pid in _rows if pid != root]
    children: dict[int, list[int]] = {}
    try:
        names = os.listdir("/proc")
    except OSError:
        return []
    for name in names:
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                # The command name may hold spaces and brackets: the parent is the second field after the last bracket.
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        children.setdefault(parent, []).append(int(name))
    found: list[int] = []
    front = [root]
    while front:
        front = [child for parent in front for child in children.get(parent, ())]
        found += front
    return found


def crowd() -> int:
    """A number that grows by one with each process on the machine, at the cost of one system call; 0 if unknown."""
    try:
        return os.stat("/proc").st_nlink
    except OSError:
        return 0


def threads_of_user() -> int:
    """Threads of this user on the machine, which is what ``RLIMIT_NPROC`` counts; 0 for root, whom it does not bind."""
    mine, total = os.getuid(), 0
    if mine == 0:
        return 0
    for name in os.listdir("/proc") if census.HAS_PROC else ():
        if name.isdigit():
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{name}").st_uid == mine:
                    total += len(os.listdir(f"/proc/{name}/task"))
    return total or 512


def resident(pids: list[int]) -> int:
    """Sum of resident sizes in bytes. Memory shared by several of them counts several times: an upper bound."""
    if _look is not None:
        return sum(map(_counted, pids))
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/statm", "rb") as file:
            total += int(file.read().split()[1]) * _PAGE
    return total


def proportional(pids: list[int]) -> int:
    """Sum of proportional sizes in bytes: what is shared within ``pids`` counts once. Slower than :func:`resident`.

    A census knows nothing of sharing: there the first, from which the others were forked, stands for what they share.
    """
    if _look is not None:
        first, *others = map(_counted, pids)
        return first + sum(max(0, each - first) for each in others)
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith((b"Pss:", b"SwapPss:")):
                    total += int(line.split()[1]) * 1024
    return total


def _counted(pid: int) -> int:
    """Resident bytes by the last census."""
    if pid == os.getpid():
        # Linux counts kilobytes, macOS bytes.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return _rows[pid].resident if pid in _rows else 0


def peak(pid: int) -> int:
    """Most resident memory that a process has had so far, in bytes; 0 where it cannot be read."""
    with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/status", "rb") as file:
        for line in file:
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def processor_seconds(pid: int) -> float:
    """Processor time of a process and of the children that it has waited for; 0 where it cannot be read."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        own, waited = (sum(map(int, fields[place : place + 2])) / _TICKS for place in (11, 13))
        # Its clock is finer than the ticks (``MAKE_PROCESS_CPUCLOCK`` of linux/posix-timers.h).
        with contextlib.suppress(OSError):
            own = time.clock_gettime((~pid << 3) | 2)
        return own + waited
    except (OSError, ValueError, IndexError):
        return 0.0


def reap(spared: int) -> None:
    """Forget the daemons that have ended, but not the process ``spared``."""
    # Some systems have no waitid.
    with contextlib.suppress(ChildProcessError, AttributeError):
        while (found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and found.si_pid != spared:
            os.waitpid(found.si_pid, 0)


def address_space() -> int:
    """Virtual size of this process in bytes; 0 where it cannot be read."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0


def signal_group(pid: int, signum: int) -> None:
    """Send ``signum`` to the group that ``pid`` leads, or to ``pid`` alone while it leads none yet."""
    try:
        os.killpg(pid, signum)
    except OSError:
        with contextlib.suppress(OSError):
            os.kill(pid, signum)


def end_all(seconds: float = 5.0) -> int:
    """Kill and reap everything below this process, which must be a subreaper for daemons to be below it.

    Returns:
        How many processes were reaped. Stops when no child is left, or after ``seconds``.
    """
    reaped = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        kill_all()
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                reaped += 1
        except ChildProcessError:
            return reaped
        time.sleep(0.002)
    return reaped


def kill_all() -> None:
    """Kill everything below this process.

    In a Landlock domain that keeps signals inside, a signal to everyone reaches exactly the domain, at once: a program
    that forks faster than anyone can look has no time between. Elsewhere the tree is first stopped, level by level,
    then killed.
    """
    if _in_domain:
        with contextlib.suppress(OSError):
            os.kill(-1, signal.SIGKILL)
        return
    seen: set[int] = set()
    for _ in range(50):
        tree = set(descendants(os.getpid()))
        if not tree - seen:
            break
        for pid in tree - seen:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGSTOP)
        seen |= tree
    for pid in seen:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def frozen() -> Iterator[None]:
    """Stop everything below this process for a moment, where that can be done at once; see :func:`kill_all`."""
    for_all = os.kill if _in_domain else lambda *_: None
    with contextlib.suppress(OSError):
        for_all(-1, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            for_all(-1, signal.SIGCONT)


def look_through(look: Callable[[], dict[int, census.Row]]) -> None:
    """From now on find processes by ``look``, a census of those below this one."""
    global _look
    _look = look


def trust_domain(sealed: bool) -> None:
    """Say whether signals of this process are known to end at its own domain; see ``sandbox.sealed``."""
    global _in_domain
    _in_domain = sealed
