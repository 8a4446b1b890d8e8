"""An interpreter started for one program: ``python -I alone.py PRELOAD``, where nothing can or shall be forked.

It imports what it is told to while it waits for its request, a JSON document on its standard input. Nothing of a
stranger's runs before that has come whole, so that whoever started it can limit it first. Then it goes behind the walls
that a process can put up around itself, and runs the program as a worker does.
"""

# The child works with descriptors and with paths that came as text; whatever goes wrong is an answer.
# ruff: noqa: BLE001, PTH100, PTH120, PTH123

from __future__ import annotations

import contextlib
import importlib
import json
import mmap
import os
import signal
import sys
import threading
import time
import types
from typing import Any, NoReturn

PACKAGE = "codesteer_child"
REPORT = 3
_leave = os._exit
"""Kept from programs that replace it."""


def main() -> NoReturn:
    """Wait for the request, run its program; exits with the program's exit code."""
    # The folder becomes a package of its own name: the child needs no installed codesteer_kernel.
    package = types.ModuleType(PACKAGE)
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules[PACKAGE] = package
    told = json.loads(sys.argv[1])
    sys.path.extend(path for path in told["path"] if path not in sys.path)
    from codesteer_child import program, values  # type: ignore[import-not-found]

    channel = program.Report(_report(told))
    text = _wait(told["preload"])
    if not text:
        # Whoever started this process has gone, or does not need it.
        _leave(0)
    code = 1
    try:
        request = json.loads(text)
        _open_streams(request["journals"])
        program.settle(request["work"])
        present = _present(request)
        # Before anything is loaded that may start threads, which would stay outside.
        tier = _wall(request)
        data = {name: values.load(held["about"], held["path"]) for name, held in request["inputs"].items()}
        tier.update(_limit(request, present))
    except values.Missing as missing:
        channel.send("failure", failure="missing", package=str(missing))
        _leave(1)
    except BaseException as error:
        channel.send("failure", failure="start", reason=f"{type(error).__name__}: {error}")
        _leave(1)
    channel.send("tier", **tier)
    try:
        code = program.run(request, data, channel)
        if tier.get("reaper"):
            from codesteer_child import processes

            processes.end_all()
    finally:
        _leave(code)


def _report(told: dict[str, Any]) -> int:
    """The report pipe, where programs that were forked have it too, and not inherited by what the program starts."""
    descriptor: int = told["report"]
    if told["handle"]:
        import msvcrt

        os.set_handle_inheritable(descriptor, False)  # type: ignore[attr-defined]
        descriptor = msvcrt.open_osfhandle(descriptor, os.O_WRONLY | os.O_BINARY)  # type: ignore[attr-defined]
    if descriptor != REPORT:
        os.dup2(descriptor, REPORT, inheritable=False)
        os.close(descriptor)
    os.set_inheritable(REPORT, False)
    return REPORT


def _wait(preload: list[str]) -> bytes:
    """The request, when it has come; until then, modules are imported one by one."""
    text: list[bytes] = []
    reader = threading.Thread(target=lambda: text.append(sys.stdin.buffer.read()))
    reader.start()
    for name in preload:
        if text:
            break
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    reader.join()
    return text[0]


def _open_streams(journals: list[str]) -> None:
    from codesteer_child import journal

    held = []
    for path in journals:
        with open(path, "r+b") as file:
            held.append(mmap.mmap(file.fileno(), 0))
    sys.stdout, sys.stderr = journal.text(1, held[0]), journal.text(2, held[1])
    vars(sys).update(__stdout__=sys.stdout, __stderr__=sys.stderr)
    for name in ("SIGINT", "SIGBREAK"):
        # The second is what an interrupt is on Windows.
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)


def _present(request: dict[str, Any]) -> int:
    """Threads that the user has already, which can be seen only from outside of the walls."""
    if not request["limit_itself"]:
        return 0
    from codesteer_child import processes

    return int(processes.threads_of_user())


def _wall(request: dict[str, Any]) -> dict[str, Any]:
    """Put up what this process can put up around itself; says what stands. Raises if something does not that should."""
    if not request["limit_itself"]:
        return {}
    from codesteer_child import processes, sandbox

    sandbox.die_with_parent(signal.SIGKILL, request["parent"])
    sandbox.drop_capabilities()
    sandbox.prctl(sandbox.PR_SET_NO_NEW_PRIVS, 1)
    # Daemons stay below the program, where they are seen and, at its end, ended.
    tier: dict[str, Any] = {"reaper": sandbox.prctl(sandbox.PR_SET_CHILD_SUBREAPER, 1)}
    if request["landlock"]:
        readable = [*request["read"], *sandbox.PROC_FACTS]
        tier["landlock"] = sandbox.landlock(readable, [request["work"], request["out"]])
        # From now on it sees no other process, but a signal to everyone reaches all that is below it, and nobody else.
        sealed = sandbox.sealed(tier["landlock"], request["parent"])
        processes.trust_domain(sealed)
        tier["reaper"] = tier["reaper"] and sealed
    if request["seccomp"]:
        from codesteer_child import seccomp

        tier["seccomp"] = seccomp.install()
    fallen = [name for name in ("landlock", "seccomp") if request[name] and not tier[name]]
    if fallen:
        raise OSError(f"{' and '.join(fallen)} could not be put up")
    return tier


def _limit(request: dict[str, Any], present: int) -> dict[str, Any]:
    """Lower the resource limits; says which, and what was used until now, which is not the program's."""
    spent: dict[str, Any] = {"spent_seconds": time.process_time()}
    if not request["limit_itself"]:
        return spent
    import resource

    from codesteer_child import processes, sandbox

    # On Linux ru_maxrss begins with what the process had that started this one, which may be a large notebook. Where
    # there is no /proc (macOS), it is its own, in bytes.
    spent["resident"] = processes.peak(os.getpid()) or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {**spent, "limits": sandbox.limit_program(request["limits"], present)}


if __name__ == "__main__":
    main()
