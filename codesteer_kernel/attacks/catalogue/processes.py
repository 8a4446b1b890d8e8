"""Other processes: end them, slow them down, outlive one's own end."""

from __future__ import annotations

from codesteer_kernel.attacks.attack import Attack, Outcome

__all__ = ["ABOUT", "ATTACKS", "FAMILY"]

FAMILY = "processes"
ABOUT = "other processes: to end them, to see them, to slow them down; and a life after the program's end"

_SIGNALS = ("landlock 6", "namespaces", "bubblewrap", "seatbelt")
_SIGHT = ("namespaces", "bubblewrap")


def _to_others(
    name: str,
    program: str,
    walls: tuple[str, ...] = _SIGNALS,
    *,
    hindered: bool = False,
    without: Outcome = "not stopped",
) -> Attack:
    return Attack(
        name=name,
        family=FAMILY,
        program=program,
        walls=walls,
        hindered=hindered,
        without=without,
        systems=("linux",),
    )


def _outlive(name: str, program: str) -> Attack:
    return Attack(name=name, family=FAMILY, program=program, systems=("linux", "darwin"))


ATTACKS: tuple[Attack, ...] = (
    _to_others("kill a process of the user's", "os.kill(bait.decoy, signal.SIGKILL)"),
    _to_others("kill it from another program", "subprocess.run(['kill', '-TERM', str(bait.decoy)], check=True)"),
    _to_others(
        "kill it by a handle", "signal.pidfd_send_signal(os.pidfd_open(bait.decoy), signal.SIGKILL)", hindered=True
    ),
    _to_others(
        "have the system signal it when a pipe is ready",
        """
            import fcntl
            left, right = socket.socketpair()
            fcntl.fcntl(left, fcntl.F_SETOWN, bait.decoy)
            fcntl.fcntl(left, 10, signal.SIGTERM)
            fcntl.fcntl(left, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
            right.send(b'x')
        """,
    ),
    # Harmless to whoever it reaches: without a handler it is ignored.
    Attack(
        name="signal everyone at once",
        family=FAMILY,
        program="os.kill(-1, signal.SIGURG)",
        walls=_SIGNALS,
        alone=True,
        systems=("linux", "darwin"),
    ),
    _to_others(
        "kill its own kernel",
        """
            os.getppid() == bait.user or os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(5)
        """,
        without="contained",
    ),
    _to_others(
        "kill what watches over its kernel",
        """
            above = int(open(f'/proc/{os.getppid()}/stat').read().rpartition(')')[2].split()[1])
            above in (0, bait.user) or os.getppid() == bait.user or os.kill(above, signal.SIGKILL)
            time.sleep(0.5)
        """,
        without="contained",
    ),
    _to_others(
        "end a process by a limit of its processor time",
        """
            import resource
            resource.prlimit(bait.decoy, resource.RLIMIT_CPU, (1000, 1000))
            won()
        """,
        ("seccomp",),
    ),
    _to_others(
        "make a process the first to go when memory is short",
        """
            open(f'/proc/{bait.decoy}/oom_score_adj', 'w').write('999')
            won()
        """,
        ("landlock",),
    ),
    _to_others(
        "slow down a group of processes",
        """
            os.setpriority(os.PRIO_PGRP, bait.decoy, 19)
            won()
        """,
        ("seccomp",),
        hindered=True,
    ),
    _to_others(
        "slow down a process",
        """
            os.setpriority(os.PRIO_PROCESS, bait.decoy, 19)
            won()
        """,
        ("seccomp",),
        hindered=True,
    ),
    _to_others(
        "bind a process to one processor",
        """
            os.sched_setaffinity(bait.decoy, [0])
            won()
        """,
        _SIGHT,
        hindered=True,
    ),
    _to_others(
        "run a process only when the machine idles",
        """
            os.sched_setscheduler(bait.decoy, os.SCHED_IDLE, os.sched_param(0))
            won()
        """,
        _SIGHT,
        hindered=True,
    ),
    _to_others(
        "see that a process is there",
        """
            os.getpgid(bait.decoy)
            won()
        """,
        _SIGHT,
    ),
    _to_others(
        "read another's System V shared memory",
        """
            libc.shmat.restype = ctypes.c_void_p
            at = libc.shmat(bait.segment, None, 0o10000)
            if at != 2 ** 64 - 1: print(ctypes.string_at(at).decode())
        """,
        ("seccomp",),
    ),
    _to_others(
        "remove another's System V shared memory",
        """
            call(libc.shmctl(bait.segment, 0, None))
            won()
        """,
        ("seccomp",),
    ),
    _outlive("leave a process behind", "subprocess.Popen(daemon)"),
    _outlive("leave one in a session of its own", "subprocess.Popen(daemon, start_new_session=True)"),
    _outlive(
        "leave a daemon",
        """
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0: os.execv(sys.executable, daemon)
                os._exit(0)
            os.wait()
        """,
    ),
    Attack(
        name="leave a daemon of a program that kills itself",
        family=FAMILY,
        program="""
            if os.fork() == 0:
                os.setsid()
                for number in range(1, 65):
                    try: signal.signal(number, signal.SIG_IGN)
                    except (OSError, ValueError): pass
                if os.fork() == 0: os.execv(sys.executable, daemon)
                os._exit(0)
            os.wait()
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGKILL)
        """,
        end="contained",
        systems=("linux", "darwin"),
    ),
)
