"""A filter on system calls, assembled by hand: what no ordinary program needs, and everything that talks to outside.

It answers with an error and never kills, so that a program which merely tries goes on. Inherited by every process below
and never taken off. Numbers are the kernel's public ABI (``asm/unistd.h``, ``linux/audit.h``, ``linux/filter.h``).
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
import sys
from collections.abc import Mapping

from . import sandbox

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32 = 0x40000000
_CLONE_NEW = 0x7E020000
"""All namespace flags of clone and unshare."""
_TYPE_MASK = 0xF
_AF_NETLINK = 16
"""The list of network interfaces comes by this way."""

_SINCE_2019 = {
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "clone3": 435,
    "pidfd_getfd": 438,
    "process_madvise": 440,
    "mount_setattr": 442,
    "quotactl_fd": 443,
    "setxattrat": 463,
    "removexattrat": 466,
    "open_tree_attr": 467,
    "file_setattr": 469,
}
"""Calls with the same number on every architecture."""


def _table(text: str) -> dict[str, int]:
    return {name: int(number) for name, number in (entry.split() for entry in text.split(","))}


# Connect and sockets, other processes, mounts, keys, kernel interfaces, clocks, memory that outlives
# its program or is another's (System V, POSIX queues), attributes of files. Some get a closer look: see below.
_X86_64 = _table(
    """
    socket 41, connect 42, socketpair 53, clone 56, unshare 272, setns 308,
    ptrace 101, process_vm_readv 310, process_vm_writev 311, kcmp 312,
    mount 165, umount2 166, pivot_root 155, chroot 161, swapon 167, swapoff 168,
    add_key 248, request_key 249, keyctl 250,
    bpf 321, perf_event_open 298, userfaultfd 323, fanotify_init 300,
    name_to_handle_at 303, open_by_handle_at 304, mknod 133, mknodat 259, acct 163, quotactl 179,
    init_module 175, delete_module 176, finit_module 313, kexec_load 246, kexec_file_load 320,
    reboot 169, sethostname 170, setdomainname 171, syslog 103, iopl 172, ioperm 173,
    settimeofday 164, clock_settime 227, adjtimex 159, clock_adjtime 305, vhangup 153,
    shmget 29, shmat 30, shmctl 31, semget 64, semop 65, semctl 66, semtimedop 220,
    msgget 68, msgsnd 69, msgrcv 70, msgctl 71, mq_open 240, mq_unlink 241,
    prlimit64 302, setpriority 141, ioprio_set 251,
    setxattr 188, lsetxattr 189, fsetxattr 190, removexattr 197, lremovexattr 198, fremovexattr 199, ioctl 16
    """
)
_AARCH64 = _table(
    """
    socket 198, connect 203, socketpair 199, clone 220, unshare 97, setns 268,
    ptrace 117, process_vm_readv 270, process_vm_writev 271, kcmp 272,
    mount 40, umount2 39, pivot_root 41, chroot 51, swapon 224, swapoff 225,
    add_key 217, request_key 218, keyctl 219,
    bpf 280, perf_event_open 241, userfaultfd 282, fanotify_init 262,
    name_to_handle_at 264, open_by_handle_at 265, mknodat 33, acct 89, quotactl 60,
    init_module 105, delete_module 106, finit_module 273, kexec_load 104, kexec_file_load 294,
    reboot 142, sethostname 161, setdomainname 162, syslog 116,
    settimeofday 170, clock_settime 112, adjtimex 171, clock_adjtime 266, vhangup 58,
    shmget 194, shmat 196, shmctl 195, semget 190, semop 193, semctl 191, semtimedop 192,
    msgget 186, msgsnd 189, msgrcv 188, msgctl 187, mq_open 180, mq_unlink 181,
    prlimit64 261, setpriority 140, ioprio_set 30,
    setxattr 5, lsetxattr 6, fsetxattr 7, removexattr 14, lremovexattr 15, fremovexattr 16, ioctl 29
    """
)
_MACHINES: Mapping[str, tuple[int, Mapping[str, int]]] = {
    "x86_64": (0xC000003E, {**_X86_64, **_SINCE_2019}),
    "aarch64": (0xC00000B7, {**_AARCH64, **_SINCE_2019}),
}
# A filter sees no paths, and Landlock says nothing of attributes, so nobody sets any: neither marks nor lists of who may
# what. The answer is that of a file system without them, which whatever copies files takes for an answer. Modes and
# times are left: to refuse them is to break every copy.
_OTHER_ANSWERS: Mapping[str, int] = {
    **dict.fromkeys(("setxattr", "lsetxattr", "fsetxattr", "setxattrat", "file_setattr"), errno.EOPNOTSUPP),
    **dict.fromkeys(("removexattr", "lremovexattr", "fremovexattr", "removexattrat"), errno.EOPNOTSUPP),
    # The C library knows what to do without clone3, whose flags no filter can see.
    "clone3": errno.ENOSYS,
}
# FS_IOC_SETFLAGS and FS_IOC_FSSETXATTR (``linux/fs.h``): attributes by way of an open file.
_SET_FLAGS = (0x40086602, 0x401C5820)
_MKNOD_KINDS = 0xF000
_DEVICES = (0x2000, 0x6000)


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def program(machine: str, *, inet: bool = False) -> bytes | None:
    """The filter for a machine, as the kernel takes it; None for a machine whose numbers are not known here.

    With ``inet`` network sockets may be made, though not connected: some servers die without.
    """
    if machine not in _MACHINES:
        return None
    architecture, numbers = _MACHINES[machine]
    code: list[tuple[int, int, int, int]] = []

    def step(operation: int, value: int, then: int = 0, other: int = 0) -> None:
        code.append((operation, then, other, value))

    def refuse(number: int) -> None:
        step(_RETURN, _ERRNO | number)

    step(_LOAD, _ARCHITECTURE)
    step(_EQUAL, architecture, 1)
    refuse(errno.EPERM)
    step(_LOAD, _NUMBER)
    if machine == "x86_64":
        step(_AT_LEAST, _X32, 0, 1)
        refuse(errno.EPERM)
    for name, number in numbers.items():
        if name in ("socket", "socketpair"):
            # Connected unix pairs and nothing else; a datagram socket could send to any path without connecting.
            step(_EQUAL, number, 0, 11 if inet else 8)
            step(_LOAD, _ARGUMENTS)
            if inet:
                step(_EQUAL, socket.AF_INET, 7)
                step(_EQUAL, socket.AF_INET6, 6)
                step(_EQUAL, _AF_NETLINK, 5)
            step(_EQUAL, socket.AF_UNIX, 0, 5)
            step(_LOAD, _ARGUMENTS + 8)
            step(_AND, _TYPE_MASK)
            step(_EQUAL, socket.SOCK_STREAM, 1)
            step(_EQUAL, socket.SOCK_SEQPACKET, 0, 1)
            step(_RETURN, _ALLOW)
            refuse(errno.EACCES)
        elif name in ("clone", "unshare"):
            step(_EQUAL, number, 0, 4)
            step(_LOAD, _ARGUMENTS)
            step(_ANY_BIT, _CLONE_NEW, 0, 1)
            refuse(errno.EPERM)
            step(_RETURN, _ALLOW)
        elif name == "prlimit64":
            # A program's own limits, which it can only lower. A limit of another's processor time would be its death.
            step(_EQUAL, number, 0, 4)
            step(_LOAD, _ARGUMENTS)
            step(_EQUAL, 0, 1)
            refuse(errno.EPERM)
            step(_RETURN, _ALLOW)
        elif name == "setpriority":
            # The same for its priority: neither another process nor all that are the user's.
            step(_EQUAL, number, 0, 6)
            step(_LOAD, _ARGUMENTS)
            step(_EQUAL, os.PRIO_PROCESS, 0, 2)
            step(_LOAD, _ARGUMENTS + 8)
            step(_EQUAL, 0, 1)
            refuse(errno.EPERM)
            step(_RETURN, _ALLOW)
        elif name in ("mknod", "mknodat"):
            # Pipes and plain files may be made this way, devices may not.
            step(_EQUAL, number, 0, 6)
            step(_LOAD, _ARGUMENTS + (8 if name == "mknod" else 16))
            step(_AND, _MKNOD_KINDS)
            step(_EQUAL, _DEVICES[0], 1)
            step(_EQUAL, _DEVICES[1], 0, 1)
            refuse(errno.EPERM)
            step(_RETURN, _ALLOW)
        elif name == "ioctl":
            step(_EQUAL, number, 0, 5)
            step(_LOAD, _ARGUMENTS + 8)
            step(_EQUAL, _SET_FLAGS[0], 1)
            step(_EQUAL, _SET_FLAGS[1], 0, 1)
            refuse(errno.EOPNOTSUPP)
            step(_RETURN, _ALLOW)
        else:
            step(_EQUAL, number, 0, 1)
            refuse(_OTHER_ANSWERS.get(name, errno.EPERM))
    step(_RETURN, _ALLOW)
    return b"".join(struct.pack("HBBI", *each) for each in code)


def install(*, inet: bool = False) -> bool:
    """Put the filter on this thread and all it starts; call it before any other thread exists.

    Args:
        inet: whether network sockets may be made, for a server that listens on TCP or makes them to no purpose.

    Returns:
        Whether it is in force: installed, and found to refuse what it must.
    """
    code = program(platform.machine(), inet=inet) if sys.platform == "linux" and sys.byteorder == "little" else None
    if code is None or struct.calcsize("P") != 8:
        return False
    sandbox.prctl(sandbox.PR_SET_NO_NEW_PRIVS, 1)
    held = _Filter(len(code) // 8, code)
    return sandbox.set_filter(ctypes.byref(held)) and in_force()


def in_force() -> bool:
    """Whether this process is refused a datagram socket and a namespace: tried, not assumed."""
    if sys.platform != "linux":
        return False
    try:
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).close()
    except OSError as refused:
        if refused.errno != errno.EACCES:
            return False
    else:
        return False
    # A namespace for hostnames: should it be granted, against all expectation, nothing has changed.
    child = os.fork()
    if child == 0:
        os._exit(0 if sandbox.unshare(sandbox.CLONE_NEWUSER) == errno.EPERM else 1)
    return os.waitpid(child, 0)[1] == 0
