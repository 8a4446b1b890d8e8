"""``codesteer serve`` as a process of its own, as a user starts it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from typing import ClassVar, Self

from codesteer_kernel.models.discovery import Host, Notice
from tests.terminal import interruptible

SERVE = [sys.executable, "-m", "codesteer_kernel.cli", "serve"]


class HostProcess:
    """A running ``codesteer serve``; a context manager that stops it and looks at how it ended."""

    living: ClassVar[list[HostProcess]] = []

    def __init__(self, *words: str, environment: dict[str, str] | None = None) -> None:
        self.process = interruptible(
            [*SERVE, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
        )
        HostProcess.living.append(self)
        self.told: list[str] = []
        self.announced: list[str] = []
        self._threads = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.announced), (self.process.stderr, self.told))
        ]
        self.started = threading.Event()
        for thread in self._threads:
            thread.start()

    def _read(self, stream: object, lines: list[str]) -> None:
        for line in stream:  # type: ignore[attr-defined]
            lines.append(line.rstrip("\n"))
            if lines is self.announced:
                self.started.set()
        self.started.set()

    def ready(self, seconds: float = 120.0) -> Self:
        """Wait until it has announced itself."""
        assert self.started.wait(seconds), f"it did not start: {self.told}"
        assert self.announced, f"it ended: {self.told}"
        return self

    @property
    def host(self) -> Host:
        """What it tells of itself."""
        name = self.announced[0].partition(" is served as ")[2].partition(" ")[0]
        found = Notice(name).read()
        assert found is not None
        return found

    def signal(self, number: int = signal.SIGTERM) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def wait(self, seconds: float = 60.0) -> int:
        """Wait for its end; its exit code."""
        code = self.process.wait(seconds)
        for thread, stream in zip(self._threads, (self.process.stdout, self.process.stderr), strict=True):
            thread.join(5)
            assert stream is not None
            stream.close()
        if self in HostProcess.living:
            HostProcess.living.remove(self)
        assert "Traceback" not in self.output, self.output
        return code

    def stop(self) -> int:
        """Stop it as a service manager does; its exit code."""
        self.signal()
        return self.wait()

    @property
    def output(self) -> str:
        """All that it printed."""
        return "\n".join([*self.announced, *self.told])

    def __enter__(self) -> Self:
        return self.ready()

    def __exit__(self, *exception: object) -> None:
        if self.process.poll() is None:
            self.stop()

    @classmethod
    def end_all(cls) -> None:
        """End what a failed test left."""
        for one in list(cls.living):
            with contextlib.suppress(ProcessLookupError):
                one.process.kill()
            one.wait()
