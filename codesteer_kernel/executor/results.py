"""What goes into a run of a program and what comes out: plain data, no behaviour."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import msgspec

from codesteer_kernel.errors import BadInput

__all__ = ["Limits", "OutputEvent", "Result", "RichOutput", "Status"]

Status = Literal["ok", "error", "timeout", "killed", "died", "interrupted"]
"""How a program ended.

``ok``: by itself, with exit code 0. ``error``: by an exception or another exit code. ``timeout``: stopped at the time
limit. ``killed``: stopped at another limit, which ``Result.limit`` names. ``died``: its process went away, for example
by a segmentation fault. ``interrupted``: stopped by :meth:`Executor.interrupt`, or a cell by :meth:`Session.interrupt`.
A cell ends in the same ways; ``Result.state`` says whether its session goes on.
"""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one program may use. The program cannot raise any of them.

    Attributes:
        seconds: wall clock; at the limit the program gets an interrupt, one second later it is killed.
        memory_mb: resident memory of the program and its children, beyond what is preloaded and put. Default: 4096, or
            half of what is free when that is less.
        cpu_seconds: processor time of each process. Default: ``seconds`` times cores, plus 5.
        file_mb: longest file that can be written.
        directory_mb: all files of the program together, with its shared memory where the tier gives it one of its own.
        output_bytes: how much of each of stdout and stderr is kept, at the head and again at the tail.
        processes: processes at once, the program itself included.
        open_files: descriptors at once.
        input_mb: largest value that :meth:`Executor.put` passes in.
        export_mb: largest value that :meth:`Executor.get` reads back.
    """

    seconds: float = 60.0
    memory_mb: int | None = None
    cpu_seconds: float | None = None
    file_mb: int = 1024
    directory_mb: int = 2048
    output_bytes: int = 32 * 1024
    processes: int = 64
    open_files: int = 512
    input_mb: int = 512
    export_mb: int = 64

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is not None and not (0 if name == "output_bytes" else 1e-9) <= value < 1e12:
                raise BadInput(f"The limit {name}={value!r} makes no sense.", "Give a positive number.")

    def filled(self) -> Limits:
        """The same limits with every default worked out for this machine, now."""
        memory = self.memory_mb if self.memory_mb is not None else max(256, min(4096, _free_mb() // 2))
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        cpu = self.cpu_seconds if self.cpu_seconds is not None else self.seconds * cores + 5
        return msgspec.structs.replace(self, memory_mb=memory, cpu_seconds=cpu)


def _free_mb() -> int:
    """Memory available for new work in MB (``MemAvailable``); 8192 where it cannot be read."""
    try:
        with Path("/proc/meminfo").open(encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) // 1024
    except OSError:
        pass
    return 8192


class RichOutput(msgspec.Struct, frozen=True):
    """A figure, a displayed object, or the value that the program's last line left.

    Attributes:
        kind: ``display`` (``display(...)`` was called), ``result`` (value of the last line), ``figure`` (matplotlib).
        data: MIME type to text; PNG and JPEG as base64. HTML and SVG come from a stranger's program: show them only
            where scripts cannot run.
    """

    kind: Literal["display", "result", "figure"]
    data: dict[str, str]


class OutputEvent(msgspec.Struct, frozen=True):
    """Output of a running program, as it happens.

    Attributes:
        kind: ``stdout`` or ``stderr`` with ``text``, or ``rich`` with ``output``. At most 256 kB of text per stream is
            sent live; the result has the rest, as far as it is kept.
    """

    kind: Literal["stdout", "stderr", "rich"]
    text: str = ""
    output: RichOutput | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How a program ended, and what was seen of it.

    Attributes:
        status: see :data:`Status`.
        stdout, stderr: text, cut in the middle with a line that counts what is missing.
        outputs: figures, displayed objects, value of the last line; at most 64 and 8 MB.
        error_name: class of the exception; ``SystemExit`` for an exit code, ``Timeout``, ``LimitExceeded``, or the name
            of a signal. Empty when the status is ok.
        error_text: its message, bounded.
        traceback: plain text, the program's own frames only.
        exit_code: as a shell would see it; None when the process was ended from outside, or has not ended after a cell.
        seconds: wall clock from start to end of the process.
        cpu_seconds: processor time, children included.
        peak_mb: most resident memory, preloaded libraries included.
        tier: the walls that were in force, outermost first, for example ``limits+landlock+no-tcp``.
        cut: what was left out: bytes of ``stdout`` and ``stderr``, characters of ``outputs``.
        state: of a cell, whether the next one will find what this one has left: ``kept`` or ``lost``; None for a program.
        limit: the limit that ended the program: ``seconds``, ``memory``, ``cpu``, ``processes``, ``file_size``,
            ``directory_size``.
    """

    status: Status
    stdout: str = ""
    stderr: str = ""
    outputs: list[RichOutput] = msgspec.field(default_factory=list)
    error_name: str = ""
    error_text: str = ""
    traceback: str = ""
    exit_code: int | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0
    tier: str = ""
    cut: dict[str, int] = msgspec.field(default_factory=dict)
    limit: str | None = None
    state: Literal["kept", "lost"] | None = None

    @property
    def ok(self) -> bool:
        """Whether the program ended by itself with exit code 0."""
        return self.status == "ok"
