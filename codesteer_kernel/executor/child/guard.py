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
import signal
import sys
import time
import types
from typing import Any, NoReturn

PACKAGE = "codesteer_child"
INSIDE = "inside"
_HEARD = (signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD)


def main() -> NoReturn:
    """Read the policy, become the warden, start the supervisor, wait; exits with the supervisor's exit code."""
    # The folder becomes a package of its own name: the child needs no installed codesteer_kernel.
    package = types.ModuleType(PACKAGE)
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules[PACKAGE] = package
    if sys.argv[1] == "probe":
        _probe(sys.argv[2:])
    with open(sys.argv[1], encoding="utf-8") as file:
        policy: dict[str, Any] = json.load(file)
    sys.path.extend(path for path in policy["path"] if path not in sys.path)
    if sys.argv[2:3] == [INSIDE]:
        # Another command has put up a wall, or made a world that this process is the first of.
        del sys.argv[2]
        policy["nice"], told = int(sys.argv.pop(2)), int(sys.argv.pop(2))
        _become_kernel(policy, None, told)

    from codesteer_child import census, namespaces, processes, sandbox, space  # type: ignore[import-not-found]

    wakeup, trigger = os.pipe()
    os.set_blocking(trigger, False)
    signal.set_wakeup_fd(trigger, warn_on_full_buffer=False)
    for signum in _HEARD:
        signal.signal(signum, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = policy["parent"]
    enclosure = policy["enclosure"]
    # Where allowed (root, whose processes no limit counts), so that a flood of processes cannot starve who must end it.
    policy["nice"] = os.getpriority(os.PRIO_PROCESS, 0)
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    sandbox.prctl(sandbox.PR_SET_CHILD_SUBREAPER, 1)
    if enclosure == "namespaces":
        namespaces.leave()
    sandbox.die_with_parent(signal.SIGHUP, parent)
    if enclosure is None:
        sandbox.drop_capabilities()
        sandbox.prctl(sandbox.PR_SET_NO_NEW_PRIVS, 1)
        # The supervisor's domain will lie inside this one: the warden can end all of it, and it not the warden.
        outer = _wall(policy, [os.path.dirname(policy["directory"])])
        processes.trust_domain(sandbox.sealed(outer, parent))

    warden = os.getpid()
    world = enclosure in ("namespaces", "bubblewrap")
    # Where the supervisor cannot look for processes itself, it asks the warden, who also remembers who has left.
    watch = census.Watch(warden)
    ours: Any = None
    theirs: Any = None
    if enclosure == "seatbelt" or not census.HAS_PROC:
        ours, theirs = census.pair()
        processes.look_through(watch.look)
    kernel = os.fork()
    if kernel == 0:
        signal.set_wakeup_fd(-1)
        for signum in _HEARD:
            signal.signal(signum, signal.SIG_DFL)
        os.close(wakeup)
        os.close(trigger)
        told = -1
        if ours is not None:
            ours.close()
            told = theirs.detach()
        sandbox.die_with_parent(signal.SIGKILL, 0 if enclosure == "namespaces" else warden)
        abi: int | None = None
        if enclosure == "namespaces":
            namespaces.settle(policy["directory"])
        elif enclosure is not None:
            if told >= 0:
                os.set_inheritable(told, True)
            again = [sys.executable, "-I", os.path.abspath(__file__), sys.argv[1], INSIDE]
            words = [*policy["wrap"], *again, str(policy["nice"]), str(told), *sys.argv[2:]]
            os.execv(words[0], words)  # noqa: S606 - no shell is wanted
        else:
            # A domain of its own inside the warden's: the supervisor can end all of its programs, but not the warden.
            abi = _wall(policy, [])
            processes.trust_domain(sandbox.sealed(abi, warden))
        _become_kernel(policy, abi, told)
    if enclosure is not None:
        sandbox.drop_capabilities()

    code = 0
    asking = [] if ours is None else [ours]
    if theirs is not None:
        theirs.close()
    while True:
        # The half second is for systems without a parent-death signal; where there is one it comes at once.
        woken = select.select([wakeup, *asking], [], [], 0.5)[0]
        heard = os.read(wakeup, 512) if wakeup in woken else b""
        if ours in woken and not census.answer(ours, watch):
            asking.clear()
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
            if world and not ended:
                # The first process of a world takes all others with it, once the world is made.
                os.kill(kernel, signal.SIGKILL)
            processes.end_all()
            # The thread that started us has ended. Mostly its process ends too, but its other threads may take a moment.
            until = time.monotonic() + 2
            while bereft and not orphaned and time.monotonic() < until:
                time.sleep(0.005)
                orphaned = os.getppid() != parent
            if orphaned:
                space.remove_tree(policy["directory"])
            if sys.platform != "linux":
                processes.signal_group(warden, signal.SIGKILL)
            os._exit(code if code >= 0 else 128 - code)


def _probe(wanted: list[str]) -> NoReturn:
    """Try each wall in a process of its own; prints a JSON object of name to reason, empty where it stood."""
    from codesteer_child import namespaces, sandbox, seccomp

    def landlock() -> str:
        return "" if sandbox.landlock(["/"], []) else "the system has no Landlock (Linux 5.13 and later)"

    def filter_calls() -> str:
        return "" if seccomp.install() else "the system takes no such filter, or is of an unknown architecture"

    def worlds() -> str:
        try:
            namespaces.probe()
        except OSError as refused:
            return refused.strerror or str(refused)
        return ""

    tries = {"landlock": landlock, "seccomp": filter_calls, "namespaces": worlds}
    found = {}
    for name in wanted:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            reason = "it ended the process that tried"
            with contextlib.suppress(BaseException):
                reason = tries[name]()
            os.write(write, b"=" + reason.encode())
            os._exit(0)
        os.close(write)
        os.waitpid(child, 0)
        told = os.read(read, 4096).decode()
        os.close(read)
        found[name] = told[1:] if told else "the process that tried it was ended"
    sys.stdout.write(json.dumps(found))
    sys.exit(0)


def _readable(policy: dict[str, Any]) -> list[str]:
    return [*policy["read"], os.path.dirname(os.path.abspath(__file__))]


def _wall(policy: dict[str, Any], clear: list[str]) -> int:
    """Put up Landlock around this process; returns the ABI in force, 0 for none."""
    if not policy["landlock"]:
        return 0
    from codesteer_child import namespaces, sandbox

    readable = [*_readable(policy), "/proc"]
    # Shared memory that is this world's alone is the supervisor's to weigh and to clear.
    writable = [policy["directory"], *([namespaces.SHARED_MEMORY] if policy.get("alone") else [])]
    abi: int = sandbox.landlock(readable, writable, clear=clear, tcp=policy["transport"] == "tcp")
    return abi


def _become_kernel(policy: dict[str, Any], abi: int | None, told: int) -> NoReturn:
    """Go behind the walls, report what is in force, then be the kernel until it ends.

    ``abi`` is that of the Landlock domain already around this process; None for the first process of a world of its
    own, which puts it up itself. ``told`` is a socket to the warden, to ask for processes where this
    one cannot look itself; else -1.
    """
    from codesteer_child import census, processes, sandbox, seccomp

    if told >= 0:
        warden = census.connection(told)
        processes.look_through(lambda: census.ask(warden))

    limited = sandbox.limit({"CORE": 0, "NOFILE": 4096})
    sandbox.drop_capabilities()
    sandbox.prctl(sandbox.PR_SET_NO_NEW_PRIVS, 1)
    policy["alone"] = abi is None and os.getpid() == 1
    if abi is None:
        abi = _wall(policy, [])
        # A signal to everyone reaches all others of this world, and nobody else.
        processes.trust_domain(policy["alone"])
    # Where our kernel talks TCP, each program gets a narrower filter. A kernel that is not ours makes such sockets
    # for its own purposes, and ends when it gets none.
    inet = policy["transport"] == "tcp" or bool(policy["command"])
    policy["walls"] = {
        "limits": limited,
        "landlock": abi,
        "seccomp": policy["seccomp"] and seccomp.install(inet=inet),
        "udp": inet and bool(policy["command"]) and not policy["alone"],
        "enclosure": policy["enclosure"],
    }
    with open(policy["report"], "w", encoding="utf-8") as file:
        json.dump(policy["walls"], file)
    if policy["command"]:
        if policy["memory_mb"]:
            sandbox.limit({"AS": policy["memory_mb"] * 1024 * 1024})
        # Jupyter's poller looks for a process that cannot be seen from here; the warden does its work.
        os.environ["JPY_PARENT_PID"] = "1"
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, policy["nice"])
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.execvp(policy["command"][0], policy["command"])  # noqa: S606 - no shell is wanted

    from codesteer_child import supervisor

    sys.argv = [sys.argv[0], *sys.argv[2:]]
    supervisor.main(policy)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
