"""What attacks are after, laid out to be found: nothing of the user's is touched when one succeeds.

A home folder with a private file and one that must not change, a process with a key in its environment, its memory, its
command line and an open file, listeners of every kind, a terminal, shared memory. :meth:`Bait.touched` then says what
was reached.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from codesteer_kernel.executor import child

__all__ = ["Bait"]

_LIFE_S = 900
_PATIENCE_S = 30.0
# A process that nobody would miss. It says where in its memory the key lies, and leaves with whoever started it.
# Root's rights are given up: a process that has them is out of reach of one that has not, whatever the tier.
_DECOY = f"""\
import ctypes, os, signal, sys, threading
if sys.platform == "linux":
    sys.path.insert(0, sys.argv[3])
    from child import sandbox
    sandbox.drop_capabilities()
def heard(*_): os.write(1, b"heard\\n")
if hasattr(signal, "SIGURG"): signal.signal(signal.SIGURG, heard)
key = ctypes.create_string_buffer(os.environ["CODESTEER_BAIT"].encode())
held = os.open(sys.argv[1], os.O_RDONLY)
os.write(1, f"{{ctypes.addressof(key)}} {{held}}\\n".encode())
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
threading.Event().wait({_LIFE_S})
os._exit(0)
"""
_SHARED = Path("/dev/shm")  # noqa: S108 - a device, not a file of ours
_KEPT = {"precious": "as it was", "startup/kept.py": "pass"}


class Bait:
    """The bait for one attack at a time; a context manager, whose end removes all of it.

    Attributes:
        canary: the secret; wherever it shows, somebody has read what is private.
        word: what a program says, backwards, when it has reached what it was after.
    """

    def __init__(self) -> None:
        self.canary = f"canary-{secrets.token_hex(8)}"
        self.word = f"word-{secrets.token_hex(8)}"
        self._closing = contextlib.ExitStack()
        self._folder = Path(tempfile.mkdtemp(prefix="csa-"))
        self._closing.callback(shutil.rmtree, self._folder, ignore_errors=True)
        self._home = self._folder / "home"
        self._listeners: dict[str, socket.socket] = {}
        self._decoy: subprocess.Popen[bytes] | None = None
        self._places: dict[str, Any] = {
            "address": 0,
            "held": 0,
            "segment": -1,
            "terminal": "",
            "shared": "",
            "left": "",
        }
        self._terminal = -1

    def __enter__(self) -> Self:
        try:
            self._lay_out()
        except BaseException:
            self._closing.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end_decoy()
        self._closing.close()

    @property
    def values(self) -> dict[str, Any]:
        """Where everything is, as programs are told."""
        ports = {name: self._port(name) for name in ("tcp", "tcp6", "udp", "udp6")}
        return {
            "word": self.word,
            "user": os.getpid(),
            "home": str(self._home),
            "secret": str(self._home / "id_key"),
            "precious": str(self._home / "precious"),
            "tool": str(self._home / "tool"),
            "connection": str(self._home / "kernel.json"),
            "stream": str(self._folder / "s"),
            "datagram": str(self._folder / "d"),
            "abstract": self.word,
            "decoy": self._decoy.pid if self._decoy is not None else 0,
            **ports,
            **self._places,
        }

    # Laying it out

    def _lay_out(self) -> None:
        # Kept open, and inheritable: no program may find it among its descriptors.
        self._renew_files()
        held = os.open(self._home / "id_key", os.O_RDONLY)
        self._closing.callback(os.close, held)
        os.set_inheritable(held, True)
        self._listen("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        self._listen("tcp6", socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0))
        self._listen("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        self._listen("udp6", socket.AF_INET6, socket.SOCK_DGRAM, ("::1", 0))
        self._listen("kernel", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        if hasattr(socket, "AF_UNIX"):
            self._listen("stream", socket.AF_UNIX, socket.SOCK_STREAM, str(self._folder / "s"))
            self._listen("datagram", socket.AF_UNIX, socket.SOCK_DGRAM, str(self._folder / "d"))
        if sys.platform == "linux":
            self._listen("abstract", socket.AF_UNIX, socket.SOCK_STREAM, "\0" + self.word)
            self._share()
        self._renew_files()
        self._open_terminal()
        self._start_decoy()

    def _listen(self, name: str, family: int, kind: int, address: Any) -> None:
        with contextlib.suppress(OSError):
            listener = self._closing.enter_context(socket.socket(family, kind))
            listener.bind(address)
            listener.setblocking(False)
            if kind == socket.SOCK_STREAM:
                listener.listen()
            self._listeners[name] = listener

    def _port(self, name: str) -> int:
        return int(self._listeners[name].getsockname()[1]) if name in self._listeners else 0

    def _renew_files(self) -> None:
        shutil.rmtree(self._home, ignore_errors=True)
        (self._home / "startup").mkdir(parents=True)
        for name, text in _KEPT.items():
            (self._home / name).write_text(text, encoding="utf-8")
        (self._home / "id_key").write_text(self.canary, encoding="utf-8")
        (self._home / "id_key").chmod(0o600)
        tool = self._home / "tool"
        tool.write_text(f"#!/bin/sh\necho {self.canary}\n", encoding="utf-8")
        tool.chmod(0o700)
        kernel = {"shell_port": self._port("kernel"), "key": self.canary, "transport": "tcp", "ip": "127.0.0.1"}
        (self._home / "kernel.json").write_text(json.dumps(kernel), encoding="utf-8")
        self._before = self._state()

    def _state(self) -> dict[str, Any]:
        """All that must not change at home, times of reading left out."""
        found: dict[str, Any] = {}
        for path in (self._home, *sorted(self._home.rglob("*"))):
            facts = path.lstat()
            marks = os.listxattr(path) if hasattr(os, "listxattr") else []
            text = path.read_bytes() if path.is_file() and facts.st_size < 10_000 else b""
            modified = 0 if path.is_dir() else facts.st_mtime_ns
            found[str(path.relative_to(self._home))] = (facts.st_mode, modified, marks, text)
        return found

    def _open_terminal(self) -> None:
        if not hasattr(os, "openpty"):
            return
        with contextlib.suppress(OSError):
            import tty

            self._terminal, other = os.openpty()
            self._closing.callback(os.close, self._terminal)
            self._closing.callback(os.close, other)
            tty.setraw(other)
            os.set_blocking(self._terminal, False)
            self._places["terminal"] = os.ttyname(other)

    def _share(self) -> None:
        """Shared memory of the user's, of both kinds."""
        shared = _SHARED / f"{self.word}-shared"
        self._places |= {"shared": str(shared), "left": str(_SHARED / f"{self.word}-left")}
        self._closing.callback(self._forget_shared)
        with contextlib.suppress(OSError):
            shared.write_text(self.canary, encoding="utf-8")
        libc = ctypes.CDLL(None, use_errno=True)
        libc.shmat.restype = ctypes.c_void_p
        segment = libc.shmget(0, 4096, 0o1600)
        if segment >= 0:
            at = libc.shmat(segment, None, 0)
            ctypes.memmove(at, self.canary.encode() + b"\0", len(self.canary) + 1)
            libc.shmdt(ctypes.c_void_p(at))
            self._closing.callback(libc.shmctl, segment, 0, None)
            self._places["segment"] = segment

    def _forget_shared(self) -> None:
        for path in _SHARED.glob(f"{self.word}-*"):
            with contextlib.suppress(OSError):
                path.unlink()

    def _start_decoy(self) -> None:
        # No key of the user's own: attacks print what they find.
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        environment = {**kept, "CODESTEER_BAIT": self.canary}
        rooms = str(Path(child.__path__[0]).parent)
        command = [sys.executable, "-I", "-S", "-c", _DECOY, str(self._home / "id_key"), self.canary, rooms]
        self._decoy = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, start_new_session=True
        )
        assert self._decoy.stdout is not None
        address, held = self._decoy.stdout.readline().split()
        self._places |= {"address": int(address), "held": int(held)}
        if hasattr(os, "set_blocking"):
            os.set_blocking(self._decoy.stdout.fileno(), False)

    def _end_decoy(self) -> None:
        decoy, self._decoy = self._decoy, None
        if decoy is not None:
            decoy.kill()
            decoy.communicate()

    # What was reached

    def touched(self) -> list[str]:
        """What an attack has reached, in words; and everything is as it was again."""
        found = [*self._heard(), *self._changed(), *self._hit(), *self._alive()]
        if self._terminal >= 0:
            with contextlib.suppress(BlockingIOError):
                if os.read(self._terminal, 1000):
                    found.append("the terminal was written to")
        return found

    def read(self, text: str) -> list[str]:
        """What a program shows by what it printed."""
        found = ["it read what is private"] if self.canary in text else []
        return [*found, "it reached what it was after"] if self.word[::-1] in text else found

    def _heard(self) -> Iterator[str]:
        for name, listener in self._listeners.items():
            with contextlib.suppress(OSError):
                if listener.type == socket.SOCK_STREAM:
                    listener.accept()[0].close()
                else:
                    listener.recv(1000)
                yield f"{name} was talked to"

    def _changed(self) -> list[str]:
        now, before = self._state(), self._before
        names = sorted(name for name in {*now, *before} if now.get(name) != before.get(name))
        if names:
            self._home.chmod(0o700)
            self._renew_files()
        return [f"{name} was changed" for name in names]

    def _hit(self) -> list[str]:
        assert self._decoy is not None
        assert self._decoy.stdout is not None
        _settle(self._decoy)
        ended = self._decoy.poll()
        if ended is not None:
            self._end_decoy()
            self._start_decoy()
            return [f"a process was ended ({ended})"]
        told = self._decoy.stdout.read() if hasattr(os, "set_blocking") and sys.platform != "win32" else b""
        return ["a process was signalled"] if told else []

    def _alive(self) -> list[str]:
        """Processes that carry the word in their command line; they are ended."""
        found = []
        for pid in _processes_with(self.word):
            with contextlib.suppress(OSError):
                os.kill(pid, 9)
                found.append("a process outlived its program")
        return found


def _settle(process: subprocess.Popen[bytes]) -> None:
    """Wait until a process has dealt with the signals that it was sent: on a busy machine it may not have run since."""
    stat = Path(f"/proc/{process.pid}/stat")
    until = time.monotonic() + _PATIENCE_S
    state = b""
    with contextlib.suppress(OSError):
        while (state := stat.read_bytes().rpartition(b")")[2].split()[0]) in (b"R", b"D") and time.monotonic() < until:
            time.sleep(0.002)
    if state == b"Z":
        # Its first thread has ended; it can be waited for when all have.
        process.wait(_PATIENCE_S)


def _processes_with(word: str) -> list[int]:
    """Ids of the processes with ``word`` among the words of their command lines."""
    if not Path("/proc/self/cmdline").exists():
        if sys.platform == "win32":
            return []
        listed = subprocess.run(["ps", "-axo", "pid=,command="], capture_output=True, text=True, check=False).stdout
        return [int(line.split()[0]) for line in listed.splitlines() if line.endswith(f" {word}")]
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if word.encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found
