"""The operating system: more rights than a program has, and interfaces with a history of holes."""

from __future__ import annotations

from codesteer_kernel.attacks.attack import Attack

__all__ = ["ABOUT", "ATTACKS", "FAMILY"]

FAMILY = "system"
ABOUT = "more rights than a program has, other namespaces, interfaces of the system with a history of holes"

_FILTER = ("seccomp",)


def _interface(name: str, program: str, *walls: str) -> Attack:
    # Many systems shut these to ordinary users, or to containers.
    return Attack(name=name, family=FAMILY, program=program, walls=walls or _FILTER, hindered=True, systems=("linux",))


ATTACKS: tuple[Attack, ...] = (
    Attack(
        name="get rights from a set-user-id program",
        family=FAMILY,
        program="'NoNewPrivs:\\t1' in open('/proc/self/status').read() or won()",
        systems=("linux",),
    ),
    Attack(
        name="hold capabilities of root",
        family=FAMILY,
        program="""
            for line in open('/proc/self/status'):
                if line.startswith(('CapPrm', 'CapEff', 'CapAmb', 'CapInh')) and int(line.split()[1], 16) & ~4: won()
        """,
        systems=("linux",),
    ),
    Attack(
        name="raise its own limits",
        family=FAMILY,
        program="""
            import resource as r
            for which in (r.RLIMIT_FSIZE, r.RLIMIT_AS, r.RLIMIT_CPU, r.RLIMIT_NOFILE, r.RLIMIT_CORE):
                soft, hard = r.getrlimit(which)
                try: r.setrlimit(which, (hard + 1, hard + 1))
                except (OSError, ValueError): continue
                won()
        """,
        systems=("linux", "darwin"),
    ),
    Attack(
        name="make a device",
        family=FAMILY,
        program="""
            os.mknod('disk', 0o600 | stat.S_IFBLK, os.makedev(254, 0))
            won()
        """,
        systems=("linux", "darwin"),
    ),
    _interface(
        "be root in a namespace of its own",
        """
            call(libc.unshare(0x10000000))
            won()
        """,
    ),
    _interface(
        "mount in a namespace of its own",
        """
            call(libc.unshare(0x10020000))
            won()
        """,
    ),
    _interface(
        "join another process's namespaces",
        """
            call(libc.setns(os.open(f'/proc/{bait.decoy}/ns/net', os.O_RDONLY), 0))
            won()
        """,
        "landlock",
    ),
    _interface(
        "load a program into the kernel (bpf)",
        """
            call(libc.syscall(321 if x86 else 280, 0, 0, 0))
            won()
        """,
    ),
    _interface(
        "go round the filter by io_uring",
        """
            p = bytes(120)
            call(libc.syscall(425, 1, p))
            won()
        """,
    ),
    _interface(
        "watch page faults (userfaultfd)",
        """
            call(libc.syscall(323 if x86 else 282, 1))
            won()
        """,
    ),
    _interface(
        "count events of the processor (perf)",
        """
            call(libc.syscall(298 if x86 else 241, bytes(112), 0, -1, -1, 0))
            won()
        """,
    ),
    _interface(
        "read the kernel's log",
        """
            b = ctypes.create_string_buffer(64)
            call(libc.klogctl(3, b, 64))
            won()
        """,
    ),
    _interface(
        "open the user's key ring",
        """
            call(libc.syscall(250 if x86 else 219, 0, -4, 1, 0, 0))
            won()
        """,
    ),
    _interface(
        "use the kernel's cryptography (AF_ALG)",
        """
            socket.socket(38, socket.SOCK_SEQPACKET)
            won()
        """,
    ),
    _interface(
        "open a file by its handle",
        """
            h = ctypes.create_string_buffer(struct.pack('Ii', 128, 0), 200)
            m = ctypes.c_int()
            call(libc.name_to_handle_at(-100, bait.secret.encode(), h, ctypes.byref(m), 0))
            d = call(libc.open_by_handle_at(os.open('.', os.O_RDONLY), h, 0))
            print(os.read(d, 100).decode())
        """,
        "landlock",
    ),
    _interface(
        "say what runs when a program crashes",
        """
            open('/proc/sys/kernel/core_pattern', 'r+').close()
            won()
        """,
        "landlock",
    ),
)
