"""The wall of macOS: a profile for ``sandbox-exec``, made of paths, and a try whether it stands.

The command is called deprecated by its manual page and is what others build on all the same. A process can be put
behind it once, when it starts; what it starts in turn stays behind it.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

__all__ = ["SANDBOX_EXEC", "SYSTEM_PATHS", "probe", "profile", "wrap"]

SANDBOX_EXEC = "/usr/bin/sandbox-exec"

SYSTEM_PATHS = (
    "/System",
    "/usr/bin",
    "/usr/lib",
    "/usr/libexec",
    "/usr/sbin",
    "/usr/share",
    "/bin",
    "/sbin",
    "/Library/Apple",
    "/Library/Fonts",
    # Libraries that interpreters of Homebrew and MacPorts are linked with.
    *("/opt/homebrew/Cellar", "/opt/homebrew/opt", "/opt/homebrew/lib"),
    *("/usr/local/Cellar", "/usr/local/opt", "/usr/local/lib", "/opt/local/lib"),
    "/private/etc/localtime",
    "/private/etc/passwd",
    "/private/etc/group",
    "/private/etc/ssl",
    "/private/var/db/timezone",
    "/private/var/db/dyld",
    "/private/var/select",
    "/dev/urandom",
    "/dev/random",
)
"""What an ordinary program reads besides its interpreter: libraries, time zones, fonts, certificates."""

_DEVICES = ("/dev/null", "/dev/zero", "/dev/dtracehelper", "/dev/tty", "/dev/stdout", "/dev/stderr")
_SERVICES = (
    "com.apple.system.opendirectoryd.libinfo",
    "com.apple.system.notification_center",
    "com.apple.bsd.dirhelper",
    "com.apple.system.logger",
    "com.apple.logd",
)
"""Users' names, changes of the time zone, folders for temporary files, the log."""
_FACTS = ("hw.", "machdep.cpu.", "kern.os", "vm.", "security.mac.lockdown_mode_state")
_FACTS_BY_NAME = (
    *("kern.argmax", "kern.boottime", "kern.hostname", "kern.maxfilesperproc", "kern.maxproc", "kern.ngroups"),
    *("kern.secure_kernel", "kern.usrstack64", "kern.version", "sysctl.name2oid", "sysctl.proc_translated"),
)
"""What the system says of itself; what it says of processes (``kern.proc``) is not among it."""
_SHARED_MEMORY = r"^/(psm_|wnsm_|__KMP_REGISTERED_LIB_)"
"""Names that multiprocessing and OpenMP give to theirs."""

_PROBE_S = 20.0
# What a walled process must be refused, and what it must be granted; prints why it is no wall, and nothing if it is one.
_TRY = """
import os, socket, sys
secret, folder, port, outsider = sys.argv[1:]
open(os.path.join(folder, "f"), "w").close()
for what, act in (
    ("a file outside could be read", lambda: open(secret).read()),
    ("a file outside could be written", lambda: open(secret + ".new", "w")),
    ("a service could be reached", lambda: socket.create_connection(("127.0.0.1", int(port)), 2)),
    ("a process outside could be signalled", lambda: os.kill(int(outsider), 0)),
):
    try:
        act()
    except OSError:
        continue
    print(what)
    break
"""


def profile(read: Iterable[str], directory: str) -> str:
    """The text of a profile, in the profile language of ``sandbox-exec``.

    Args:
        read: files and folders that may be read and executed; missing ones do no harm.
        directory: the folder in which everything is allowed, unix sockets of its own included.
    """
    readable = _spellings(read)
    own = _spellings([directory])
    ancestors = sorted({str(parent) for path in (*readable, *own) for parent in Path(path).parents})
    files = [f"({'subpath' if not path.startswith('/dev/') else 'literal'} {_text(path)})" for path in readable]
    folder = " ".join(f"(subpath {_text(path)})" for path in own)
    devices = " ".join(f"(literal {_text(path)})" for path in _DEVICES)
    return "\n".join(
        [
            "(version 1)",
            "(deny default)",
            "(allow process-fork)",
            f"(allow process-exec* {' '.join(files)} {folder})",
            "(allow signal (target same-sandbox))",
            "(allow process-info* (target same-sandbox))",
            f"(allow file-read-metadata {' '.join(f'(literal {_text(path)})' for path in ancestors)})",
            # The loader reads the root folder itself.
            '(allow file-read* (literal "/"))',
            f"(allow file-read* file-test-existence file-map-executable {' '.join(files)})",
            f"(allow file* {folder})",
            f"(allow file-read* file-write-data file-ioctl {devices})",
            "(allow sysctl-read "
            + " ".join(f"(sysctl-name-prefix {_text(name)})" for name in _FACTS)
            + " "
            + " ".join(f"(sysctl-name {_text(name)})" for name in _FACTS_BY_NAME)
            + ")",
            f"(allow mach-lookup {' '.join(f'(global-name {_text(name)})' for name in _SERVICES)})",
            "(allow ipc-posix-sem)",
            f'(allow ipc-posix-shm* (ipc-posix-name-regex #"{_SHARED_MEMORY}"))',
            '(allow ipc-posix-shm-read* (ipc-posix-name "apple.shm.notification_center"))',
            "(allow system-socket (socket-domain AF_UNIX))",
            f"(allow network-bind network-inbound {_sockets('local', own)})",
            f"(allow network-outbound {_sockets('remote', own)})",
            "",
        ]
    )


def wrap(text: str) -> list[str]:
    """The words to put before a command so that it runs behind the profile ``text``."""
    return [SANDBOX_EXEC, "-p", text]


def probe(python: str, read: Sequence[str]) -> str:
    """Why the wall cannot be had here; empty when it was put up and stopped what it should.

    Args:
        python: the interpreter to try it with.
        read: what that may read.
    """
    import socket

    if not Path(SANDBOX_EXEC).exists():
        return "there is no sandbox-exec"
    with tempfile.TemporaryDirectory() as own, tempfile.TemporaryDirectory() as other:
        secret = Path(other) / "secret"
        secret.touch()
        with socket.create_server(("127.0.0.1", 0)) as server:
            words = [str(secret), own, str(server.getsockname()[1]), str(os.getpid())]
            command = [*wrap(profile(read, own)), python, "-I", "-S", "-c", _TRY, *words]
            try:
                done = subprocess.run(
                    command,
                    capture_output=True,
                    text=True,
                    timeout=_PROBE_S,
                    stdin=subprocess.DEVNULL,
                    check=False,
                    cwd=own,
                    env={},
                )
            except (OSError, subprocess.SubprocessError) as error:
                return str(error)
    if done.returncode:
        return (done.stderr.strip() or f"it ended with {done.returncode}")[-200:]
    return done.stdout.strip()


def _spellings(paths: Iterable[str]) -> list[str]:
    """Each path without links, as the system sees it, and as it was given, since its links must be read."""
    # /tmp, /var and /etc are links on macOS; elsewhere this text can still be made.
    found = [spelling for path in paths for spelling in (os.path.realpath(path), os.path.abspath(path))]  # noqa: PTH100
    return [path for path in dict.fromkeys(found) if path != "/"]


def _sockets(end: str, folders: Iterable[str]) -> str:
    return " ".join(f"({end} unix-socket (subpath {_text(folder)}))" for folder in folders)


def _text(value: str) -> str:
    """A string of the profile language."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
