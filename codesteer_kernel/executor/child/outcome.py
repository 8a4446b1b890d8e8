"""How a program ended, in the words of a result, from what its process, its reports and its watchdog say."""

from __future__ import annotations

import math
import os
import re
import signal
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from .capture import clean, shorten
from .program import TEXT_KEPT
from .streams import Frames, Stream

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_NEARLY = {"SIGXCPU": 0.8, "SIGKILL": 1.0}
"""Share of the processor time at which a signal is put down to it: Linux counts in ticks for the first, and may run ahead."""
_LIMIT_TEXT = {
    "memory": "the program used more than {memory_mb} MB of memory",
    "processes": "the program started more than {processes} processes",
    "cpu": "the program used more than {cpu_seconds:g} s of processor time",
    "file_size": "a file of the program grew beyond {file_mb} MB",
    "directory_size": "the program's files grew beyond {directory_mb} MB",
}


_ROUGHLY = 16 * 1024 * 1024
"""Linux counts the pages of a process by processor and adds them up now and then."""


class End(NamedTuple):
    """What the system says of a process that has ended.

    Attributes:
        code: its exit code; None when it did not end by itself.
        by: what ended it from outside: the name of a signal or of an exception.
        seconds: wall clock from start to end.
        cpu_seconds: processor time, children included.
        peak: most resident memory in bytes.
        out_of_time: whether the system ended it for its processor time.
    """

    code: int | None
    by: str
    seconds: float
    cpu_seconds: float
    peak: float
    out_of_time: bool = False


def from_wait(status: int, usage: Any, seconds: float, peak: int, cpu_limit: float, inherited: int = 0) -> End:
    """The end of a process as ``wait4`` tells it.

    Args:
        status: its wait status.
        usage: its resource use.
        seconds: wall clock from start to end.
        peak: most resident memory in bytes that was seen of the whole tree.
        cpu_limit: processor time that it was allowed, in seconds.
        inherited: most resident memory of the process that started it, in bytes, where that is what its own account
            begins with: Linux keeps it when a program is executed, and less than that says nothing.
    """
    code = os.waitstatus_to_exitcode(status)
    by = ""
    if code < 0:
        by = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    cpu_seconds = usage.ru_utime + usage.ru_stime
    # Linux counts kilobytes, macOS bytes.
    own_peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return End(
        code=None if by else code,
        by=by,
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        peak=max(own_peak if not inherited or own_peak > inherited + _ROUGHLY else 0, peak),
        out_of_time=cpu_seconds >= cpu_limit * _NEARLY.get(by, math.inf),
    )


def reply(
    end: End, stopped_by: str | None, limits: Mapping[str, Any], streams: Mapping[str, Stream], frames: Frames
) -> dict[str, Any]:
    """The content of the reply to a request to run a program.

    Args:
        end: how its process ended.
        stopped_by: ``interrupt``, ``wall`` or the limit for which it was stopped; None if it was not.
        limits: the fields of ``Limits``.
        streams: ``stdout`` and ``stderr``.
        frames: what the process reported.
    """
    error = frames.by_kind.get("error", {})
    name, text, trace = (_text(error.get(key)) for key in ("name", "text", "traceback"))
    limit = None
    if stopped_by == "interrupt":
        status = "interrupted"
    elif stopped_by == "wall":
        status, limit = "timeout", "seconds"
        name, text = "Timeout", f"the program was still running after {limits['seconds']:g} s"
    elif stopped_by is not None:
        status, limit = "killed", stopped_by
    elif end.out_of_time:
        status, limit = "killed", "cpu"
    elif end.code is None:
        status = "died"
        name, text = end.by, f"the program's process was ended by {end.by}"
    elif end.code == 0:
        status = "ok"
    else:
        status = "error"
        if not name:
            name, text = "SystemExit", str(end.code)
        limit = {"MemoryError": "memory", "OSError": "file_size" if "[Errno 27]" in text else None}.get(name)
    if status == "killed":
        name, text = "LimitExceeded", _LIMIT_TEXT[str(limit)].format(**limits)
    if status == "ok":
        name = text = trace = ""
    cut = {key: stream.capture.cut for key, stream in streams.items() if stream.capture.cut}
    if frames.cut:
        cut["outputs"] = frames.cut
    exports = frames.by_kind.get("exports", {}).get("values", {})
    return {
        "status": status,
        "exit_code": end.code,
        "stdout": streams["stdout"].capture.text(),
        "stderr": streams["stderr"].capture.text(),
        "error_name": name,
        "error_text": text,
        "traceback": _ANSI.sub("", trace),
        "limit": limit,
        "seconds": end.seconds,
        "cpu_seconds": end.cpu_seconds,
        "peak_mb": end.peak / (1024 * 1024),
        "cut": cut,
        "tier": frames.by_kind.get("tier", {}),
        "exports": exports if isinstance(exports, dict) else {},
    }


def _text(found: Any) -> str:
    return shorten(clean(found), 2 * TEXT_KEPT) if isinstance(found, str) else ""
