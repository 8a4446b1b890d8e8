"""A process forked for one program, from the fork to the program's first line.

The worker starts as a copy of the supervisor. It first stops being one (descriptors, signals, exit handlers, event
loop), then goes behind its own walls, then runs the program, see :mod:`program`.
"""

# The child works with descriptors and with paths that came as text; whatever a program raises is an answer.
# ruff: noqa: BLE001

from __future__ import annotations

import asyncio
import atexit
import contextlib
import io
import os
import resource
import signal
import sys
import traceback
import warnings
from collections.abc import Sequence
from mmap import mmap
from typing import Any, NoReturn

from . import journal, program, sandbox, seccomp

leave = os._exit
"""Kept from programs that replace it: a worker that could not leave would go on as a copy of the supervisor."""


def main(
    request: dict[str, Any], data: dict[str, Any], journals: Sequence[mmap], stdout: int, stderr: int, report: int
) -> NoReturn:
    """Become the program of ``request``; never returns.

    Args:
        request: what the supervisor was asked, see ``supervisor.Request``.
        data: named inputs, already loaded.
        journals: shared memory for what is printed to stdout and stderr.
        stdout: write end of a pipe.
        stderr: write end of a pipe.
        report: write end of the report pipe.
    """
    code = 1
    try:
        code = program.run(request, data, settle(request, journals, stdout, stderr, report))
    except BaseException:
        with contextlib.suppress(BaseException):
            os.write(2, traceback.format_exc().encode("utf-8", "backslashreplace"))
    finally:
        leave(code)


def settle(
    request: dict[str, Any], journals: Sequence[mmap], stdout: int, stderr: int, report: int, *others: int
) -> program.Report:
    """Leave the supervisor behind and go behind the walls.

    The standard streams are where they belong afterwards, the report pipe is descriptor 3, ``others`` follow. A limit
    of ``cpu_seconds`` that is None is not put up.
    """
    supervisor = os.getppid()
    os.setsid()
    sandbox.die_with_parent(signal.SIGKILL, supervisor)
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, request["nice"])
    signal.set_wakeup_fd(-1)
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
        signal.signal(signum, signal.default_int_handler if signum == signal.SIGINT else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())

    silent = os.open(os.devnull, os.O_RDONLY)
    # Above the standard streams first, so that no copy lands on one that is still needed.
    sources = [_above(descriptor) for descriptor in (silent, stdout, stderr, report, *others)]
    for target, source in enumerate(sources):
        os.dup2(source, target, inheritable=target < 3)
    os.closerange(len(sources), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, "r", closefd=False)), encoding="utf-8")
    sys.stdout = journal.text(1, journals[0])
    sys.stderr = journal.text(2, journals[1])
    vars(sys).update(__stdin__=sys.stdin, __stdout__=sys.stdout, __stderr__=sys.stderr)

    atexit._clear()
    for module, function in (("logging", "shutdown"), ("multiprocessing.util", "_exit_function")):
        if module in sys.modules:
            atexit.register(getattr(sys.modules[module], function))
    pool = sys.modules.get("concurrent.futures.thread")
    if pool is not None:
        pool._threads_queues.clear()
    asyncio._set_running_loop(None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        asyncio.set_event_loop(None)

    program.settle(request["work"])
    limited = sandbox.limit_program(request["limits"], request["processes_now"])
    abi = 0
    if request["landlock"]:
        abi = sandbox.landlock([*request["read"], *sandbox.PROC_FACTS], [request["work"], request["out"]])
    walls = request["walls"]
    # Where the kernel itself listens on TCP, the program gets a narrower filter of its own.
    if walls["seccomp"] and request["transport"] == "tcp":
        seccomp.install()
    channel = program.Report(3)
    channel.send("tier", **{**walls, "limits": limited, "landlock": abi})
    return channel


def _above(descriptor: int) -> int:
    import fcntl

    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 64)
