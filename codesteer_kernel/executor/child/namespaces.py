"""A world of its own for the supervisor and its programs, made by hand or by bubblewrap.

In both cases: no network, no processes but those below the supervisor, which is process 1 and ends all of them when it
ends, shared memory and message queues of its own, ``/dev/shm`` empty at the start, no file but the run's own that can be
changed. Bubblewrap adds a file system that holds nothing but what may be read, and a private ``/tmp``.
"""

# The child works with descriptors and with paths that came as text.
# ruff: noqa: PTH110, PTH123

from __future__ import annotations

import os
from collections.abc import Iterable

from . import sandbox

_NOSUID, _NODEV, _NOEXEC, _BIND, _RECURSIVE, _PRIVATE = 0x2, 0x4, 0x8, 0x1000, 0x4000, 0x40000
_ALL = sandbox.CLONE_NEWUSER | sandbox.CLONE_NEWNS | sandbox.CLONE_NEWPID | sandbox.CLONE_NEWNET | sandbox.CLONE_NEWIPC
SHARED_MEMORY = "/dev/shm"  # noqa: S108 - a device, not a file of ours


class Refused(OSError):
    """The system does not allow namespaces; the text says at which step."""


def leave() -> None:
    """Move this process into new namespaces; its next child is the first process of the new world.

    Call it before any thread exists, then :func:`settle` in that child. The parent-death signal is lost and has to be
    asked for again.

    Raises:
        Refused: by the system; this process may then be half moved and should end.
    """
    user, group = os.getuid(), os.getgid()
    _try("unshare", sandbox.unshare(_ALL))
    # Without this an ordinary user may not map a group.
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")
    _try("private mounts", sandbox.mount("none", "/", None, _RECURSIVE | _PRIVATE))
    _try("mount /dev/shm", sandbox.mount("tmpfs", SHARED_MEMORY, "tmpfs", _NOSUID | _NODEV, "mode=1777"))


def settle(directory: str) -> None:
    """See only the processes of the new world, and change no file outside of ``directory``; for its first process.

    Landlock says who reads and writes what, and nothing of modes, owners, times and attributes.

    Raises:
        Refused: by the system, as in a container that hides parts of ``/proc``.
    """
    _try("mount /proc", sandbox.mount("proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC))
    # The warden goes on with the mounts as they are: it removes the directory in the end.
    _try("unshare", sandbox.unshare(sandbox.CLONE_NEWNS))
    _try("read-only files", sandbox.set_read_only("/", on=True, below=True))
    _try("the directory", sandbox.mount(directory, directory, None, _BIND))
    for path in (directory, SHARED_MEMORY, "/proc"):
        _try(f"writable {path}", sandbox.set_read_only(path, on=False))


def probe() -> None:
    """Do all of it in a process of its own that then ends.

    Raises:
        Refused: by the system.
    """
    leave()
    child = os.fork()
    if child == 0:
        try:
            settle(SHARED_MEMORY)
        except OSError:
            os._exit(1)
        os._exit(0 if os.getpid() == 1 and os.path.exists("/proc/1") and not os.path.exists("/proc/3") else 1)
    if os.waitpid(child, 0)[1]:
        raise Refused("mount /proc")


def bubblewrap(binary: str, read: Iterable[str], directory: str, command: Iterable[str]) -> list[str]:
    """The command line that runs ``command`` as the first process of a world with only these paths.

    Args:
        binary: path of ``bwrap``.
        read: files and folders that may be read; missing ones are left out.
        directory: the folder that may be written.
        command: what to run.
    """
    words = [
        binary,
        *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--as-pid-1", "--die-with-parent"),
        *("--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"),  # noqa: S108 - a private one
    ]
    # What lies in a folder that is there already needs no mount, and where it is a link, cannot have one.
    there: list[str] = ["/dev", "/proc"]
    for path in sorted(set(read), key=lambda path: (path.count("/"), path)):
        if not any(path.startswith(f"{folder}/") for folder in there):
            words += ["--ro-bind-try", path, path]
            there.append(path)
    return [*words, "--bind", directory, directory, "--", *command]


def _try(step: str, failed: int) -> None:
    if failed:
        raise Refused(failed, f"{step}: {os.strerror(failed)}")


def _write(path: str, text: str) -> None:
    try:
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
    except OSError as error:
        raise Refused(error.errno, f"{path}: {error.strerror}") from None
