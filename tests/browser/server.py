"""A server of pages on loopback, in a process of its own for as long as it is needed."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

__all__ = ["free_port", "serving"]

_TRIES = 720
_PAUSE_S = 0.25
_FAREWELL_S = 30


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(
    command: Sequence[str], address: str, *, log: Path, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a server until the block ends, which begins when the server answers.

    Args:
        command: starts it.
        address: what it is asked for; any answer will do.
        log: the file for what it says.
        folder: where it runs.
        environment: its variables; ours by default.
    """
    with log.open("w") as told:
        server = subprocess.Popen(command, stdout=told, stderr=told, cwd=folder, env=environment)
        try:
            _await_answer(address, server, log)
            yield
        finally:
            server.terminate()
            try:
                server.wait(timeout=_FAREWELL_S)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _await_answer(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(_TRIES):
        assert server.poll() is None, f"The server ended at its start:\n{log.read_text()[-3000:]}"
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(_PAUSE_S)
        else:
            return
    pytest.fail(f"The server did not answer:\n{log.read_text()[-3000:]}")
