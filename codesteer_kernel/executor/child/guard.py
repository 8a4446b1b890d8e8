"""First process of a child kernel: ``python -I guard.py POLICY -f CONNECTION_FILE``. Standard library only.

The guard puts up the walls, forks the supervisor, and stays as its *warden*, where no program can reach it. It owns
everything below it, daemons included, so that nothing survives: when the kernel ends, when it is asked to end (SIGTERM),
or when the user's process has gone, it kills all, and in the last case also removes the run's directory.
"""

# The child works with descriptors and with paths that came as text.
# ruff: noqa: PTH100, PTH120, PTH123

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import sys
import time
import types
from typing import Any, NoReturn

PACKAGE = "codesteer_child"
_HEARD = (signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD)


def main() -> NoReturn:
    """Read the policy, become the warden, start the supervisor, wait; exits with the supervisor's exit code."""
    with open(sys.argv[1], encoding="utf-8") as file:
        policy: dict[str, Any] = json.load(file)
    # The folder becomes a package of its own name: the child needs no installed codesteer_kernel.
    package = types.ModuleType(PACKAGE)
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules[PACKAGE] = package
    sys.path.extend(path for path in policy["path"] if path not in sys.path)

    from codesteer_child import processes, sandbox  # type: ignore[import-not-found]

    wakeup, trigger = os.pipe()
    os.set_blocking(trigger, False)
    signal.set_wakeup_fd(trigger, warn_on_full_buffer=False)
    for signum in _HEARD:
        signal.signal(signum, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = policy["parent"]
    sandbox.die_with_parent(signal.SIGHUP, parent)
    sandbox.prctl(sandbox.PR_SET_CHILD_SUBREAPER, 1)
    # Where allowed (root, whose processes no limit counts), so that a flood of processes cannot starve who must end it.
    policy["nice"] = os.getpriority(os.PRIO_PROCESS, 0)
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    limited = sandbox.limit({"CORE": 0, "NOFILE": 4096})
    sandbox.prctl(sandbox.PR_SET_NO_NEW_PRIVS, 1)
    abi = _wall(policy, [os.path.dirname(policy["directory"])])
    processes.trust_domain(sandbox.sealed(abi, parent))

    warden = os.getpid()
    kernel = os.fork()
    if kernel == 0:
        signal.set_wakeup_fd(-1)
        for signum in _HEARD:
            signal.signal(signum, signal.SIG_DFL)
        os.close(wakeup)
        os.close(trigger)
        sandbox.die_with_parent(signal.SIGKILL, warden)
        # A domain of its own inside the warden's: the supervisor can end all of its programs, but not the warden.
        abi = _wall(policy, [])
        processes.trust_domain(sandbox.sealed(abi, warden))
        _become_kernel(policy, {"limits": limited, "landlock": abi, "kernel": os.getpid()})

    code = 0
    while True:
        # The half second is for systems without a parent-death signal; where there is one it comes at once.
        woken = bool(select.select([wakeup], [], [], 0.5)[0])
        heard = os.read(wakeup, 512) if woken else b""
        bereft = signal.SIGHUP in heard
        # Daemons that have ended are reaped here, the kernel among them.
        ended = False
        try:
            while (pid := os.waitpid(-1, os.WNOHANG))[0]:
                if pid[0] == kernel:
                    ended, code = True, os.waitstatus_to_exitcode(pid[1])
        except ChildProcessError:
            ended = True
        orphaned = os.getppid() != parent
        if ended or bereft or orphaned or signal.SIGTERM in heard:
            processes.end_all()
            # The thread that started us has ended. Mostly its process ends too, but its other threads may take a moment.
            until = time.monotonic() + 2
            while bereft and not orphaned and time.monotonic() < until:
                time.sleep(0.005)
                orphaned = os.getppid() != parent
            if orphaned:
                shutil.rmtree(policy["directory"], ignore_errors=True)
            if sys.platform != "linux":
                processes.signal_group(warden, signal.SIGKILL)
            os._exit(code if code >= 0 else 128 - code)


def _wall(policy: dict[str, Any], clear: list[str]) -> int:
    """Put up Landlock around this process; returns the ABI in force, 0 for none."""
    if not policy["landlock"]:
        return 0
    from codesteer_child import sandbox

    readable = [*policy["read"], "/proc", os.path.dirname(os.path.abspath(__file__))]
    abi: int = sandbox.landlock(readable, [policy["directory"]], clear=clear, tcp=policy["transport"] == "tcp")
    return abi


def _become_kernel(policy: dict[str, Any], report: dict[str, Any]) -> NoReturn:
    """Report the walls in force, then be the supervisor until it ends."""
    with open(policy["report"], "w", encoding="utf-8") as file:
        json.dump(report, file)

    from codesteer_child import supervisor

    sys.argv = [sys.argv[0], *sys.argv[2:]]
    supervisor.main(policy)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
