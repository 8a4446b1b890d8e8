"""Where a host listens, how it may be called, and the token that it wants to see."""

from __future__ import annotations

import os
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codesteer_kernel.errors import BadInput
from codesteer_kernel.models.discovery import Notice
from codesteer_kernel.serving.settings import PORT, ServeSettings

__all__ = ["called", "free_port", "listening", "make_token", "token_path", "url_of"]

_TOKEN = re.compile(r"[!-~]{16,512}")
_REACHED = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - listened on, never called
_LONGEST_PATH = 100
"""Of a Unix socket, in bytes; the system's own limit is 107 (103 on macOS)."""


@contextmanager
def listening(settings: ServeSettings) -> Iterator[list[socket.socket]]:
    """The listening sockets: on the port asked for, else on ours, else on any; or one Unix socket (0600).

    They are closed afterwards, and nothing is left of the Unix socket.

    Raises:
        BadInput: the address cannot be listened on.
    """
    path = Path(settings.socket).expanduser().absolute() if settings.socket else None
    sockets = [_unix(path)] if path else _tcp(settings)
    try:
        yield sockets
    finally:
        for one in sockets:
            one.close()
        if path:
            path.unlink(missing_ok=True)


def _tcp(settings: ServeSettings) -> list[socket.socket]:
    from tornado.netutil import bind_sockets

    reason = ""
    for port in (PORT, 0) if settings.port is None else (settings.port,):
        try:
            return bind_sockets(port, settings.host)
        except OSError as fault:
            reason = fault.strerror or str(fault)
    raise BadInput(
        f"{settings.host}:{settings.port or PORT} cannot be listened on ({reason}).", "Give another --port or --host."
    )


def _unix(path: Path) -> socket.socket:
    from tornado.netutil import bind_unix_socket

    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise BadInput(
            f"The path of the socket is longer than {_LONGEST_PATH} bytes.", "Give a shorter one by --socket."
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        if path.exists() and probe.connect_ex(str(path)) == 0:
            raise BadInput(f"Somebody listens on {path} already.", "Give another path by --socket.")
    before = os.umask(0o177)  # no moment in which others could connect
    try:
        return bind_unix_socket(str(path), mode=0o600)
    except (OSError, ValueError) as fault:
        raise BadInput(f"{path} cannot be listened on ({fault}).", "Give another path by --socket.") from None
    finally:
        os.umask(before)


def free_port(settings: ServeSettings) -> tuple[int, str]:
    """A port that another program can listen on now, and the URL under which it is reached then.

    Raises:
        BadInput: there is none.
    """
    with listening(settings) as sockets:
        return sockets[0].getsockname()[1], url_of(settings, sockets[0])


def url_of(settings: ServeSettings, listener: socket.socket) -> str:
    """The URL of a listener, as it is reached from this machine."""
    if settings.socket:
        return "http://localhost"
    host = _REACHED.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"


def called(settings: ServeSettings) -> frozenset[str]:
    """The names by which the host may be called, besides plain addresses."""
    return frozenset(name.lower() for name in ("localhost", settings.host, socket.gethostname(), *settings.allow_hosts))


def token_path(settings: ServeSettings, notice: Notice) -> Path:
    """Where the token is kept."""
    return Path(settings.token_file).expanduser().absolute() if settings.token_file else notice.token_path


def make_token(settings: ServeSettings, notice: Notice) -> str:
    """The token: the one in the user's file, else a new one, written (0600) to its place.

    Raises:
        BadInput: the file is open to others, cannot be used, or holds no token.
    """
    path = token_path(settings, notice)
    try:
        if settings.token_file and path.exists():
            if path.stat().st_mode & 0o077:
                raise BadInput(f"{path} can be read by others.", f"Run: chmod 600 {path}")
            token = path.read_text(encoding="utf-8").strip()
            if not _TOKEN.fullmatch(token):
                raise BadInput(f"{path} holds no token.", "Put 16 to 512 printable characters into it, without blanks.")
            return token
        token = secrets.token_urlsafe(32)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token + "\n")
    except (OSError, UnicodeDecodeError) as fault:
        raise BadInput(f"The token file {path} cannot be used ({fault}).", "Name another by --token-file.") from None
    return token
