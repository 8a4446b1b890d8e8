"""Walls of the operating system, without any package: process control, resource limits, Landlock.

Each function says by its return value what is really in force, because the tier shown to users is made of nothing else.
Numbers are the kernel's public constants (``linux/prctl.h``, ``linux/landlock.h``).
"""

# The child works with descriptors and with paths that came as text.
# ruff: noqa: PTH112, PTH123

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Any

from . import processes

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
PR_SET_CHILD_SUBREAPER = 36
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_PR_CAPBSET_DROP, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 24, 47, 4
_CAPABILITY_VERSION = 0x20080522
_CAP_DAC_READ_SEARCH = 2

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER = 0x20000, 0x08000000, 0x10000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000

_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _ATTR_RDONLY = 442, -100, 0x8000, 0x1
# These and the three Landlock calls have the same numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1
_CREATE_RULESET_VERSION = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_REG = 1 << 4, 1 << 5, 1 << 8
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_SHARED_MEMORY = _READ_FILE | _WRITE_FILE | _TRUNCATE | _MAKE_REG | _REMOVE_FILE
# Highest filesystem right of each ABI: 1-3 add REFER and TRUNCATE, 5 adds IOCTL_DEV.
_FS_BITS = {1: 13, 2: 14, 3: 15, 4: 15}
_NET_BIND_CONNECT = 0b11
_SCOPE_ABSTRACT_UNIX_AND_SIGNAL = 0b11

SYSTEM_PATHS = (
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/bin",
    "/sbin",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/passwd",
    "/etc/group",
    "/etc/nsswitch.conf",
    "/etc/mime.types",
    "/etc/fonts",
    "/etc/os-release",
    "/etc/alternatives",
    "/etc/ssl/certs",
    "/sys/devices/system/cpu",
    "/dev/urandom",
    "/dev/random",
)
"""What an ordinary program reads besides its interpreter: libraries, time zones, fonts, certificates."""

DEVICES = ("/dev/null", "/dev/zero", "/dev/full")
PROC_FACTS = (
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/loadavg",
    "/proc/version",
    "/proc/uptime",
)
"""The part of ``/proc`` that says nothing about other processes."""

_libc = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, value: int) -> bool:
    """Call ``prctl(option, value)``; False where there is no such call (not Linux) or it failed."""
    return sys.platform == "linux" and bool(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) == 0)


def set_filter(held: object) -> bool:
    """Install the system call filter that ``held`` refers to, see :mod:`seccomp`."""
    return bool(_libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), held, 0, 0) == 0)


def unshare(flags: int) -> int:
    """Leave the namespaces that ``flags`` names; returns 0 or the error number."""
    return 0 if _libc.unshare(ctypes.c_int(flags)) == 0 else ctypes.get_errno()


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> int:
    """Call ``mount``; returns 0 or the error number."""
    words = [None if word is None else os.fsencode(word) for word in (source, target, kind)]
    done = _libc.mount(*words, ctypes.c_ulong(flags), os.fsencode(options))
    return 0 if done == 0 else ctypes.get_errno()


def set_read_only(path: str, *, on: bool, below: bool = False) -> int:
    """Say whether the mount at ``path``, and with ``below`` all mounts below it, is read-only; 0 or the error number.

    ``mount_setattr`` of Linux 5.12, see ``linux/mount.h``.
    """
    attributes = struct.pack("4Q", _ATTR_RDONLY if on else 0, 0 if on else _ATTR_RDONLY, 0, 0)
    flags = ctypes.c_uint(_AT_RECURSIVE if below else 0)
    size = ctypes.c_size_t(len(attributes))
    done = _libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(path), flags, attributes, size)
    return 0 if done == 0 else ctypes.get_errno()


def drop_capabilities() -> bool:
    """Give up what makes root more than an owner of files; for anyone else there is nothing to give up.

    Reading the files of others stays, because the interpreter may lie in someone's private home; which files that
    means is for Landlock to say.
    """
    if sys.platform != "linux":
        return False
    kept = 1 << _CAP_DAC_READ_SEARCH
    for number in range(64):
        if not kept >> number & 1:
            _libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(number), 0, 0, 0)
    _libc.prctl(_PR_CAP_AMBIENT, ctypes.c_ulong(_PR_CAP_AMBIENT_CLEAR_ALL), 0, 0, 0)
    header = struct.pack("Ii", _CAPABILITY_VERSION, 0)
    now = ctypes.create_string_buffer(24)
    if _libc.capget(header, now) != 0:
        return False
    kept &= struct.unpack("6I", now.raw)[1]
    return bool(_libc.capset(header, struct.pack("6I", kept, kept, 0, 0, 0, 0)) == 0)


def die_with_parent(signum: int, parent: int) -> bool:
    """Ask for ``signum`` when the thread that started this process ends; ends at once if ``parent`` has already gone."""
    installed = prctl(PR_SET_PDEATHSIG, signum)
    if os.getppid() != parent:
        os._exit(1)
    return installed


def limit(wanted: Mapping[str, int]) -> list[str]:
    """Lower resource limits; keys are names such as ``"AS"``, values are in the unit of ``setrlimit``.

    Soft and hard are the same, but for processor time, where some seconds between them tell the limit from a kill.

    Returns:
        The names now in force. A limit that is already lower stays lower; one that the system refuses is left out.
    """
    done = []
    for name, value in wanted.items():
        which = getattr(resource, f"RLIMIT_{name}", None)
        if which is None:
            continue
        hard = resource.getrlimit(which)[1]
        infinite = hard == resource.RLIM_INFINITY
        soft = value if infinite else min(value, hard)
        last = soft + 3 if name == "CPU" else soft
        try:
            resource.setrlimit(which, (soft, last if infinite else min(last, hard)))
        except (OSError, ValueError):
            continue
        done.append(name)
    return done


def limit_program(limits: Mapping[str, Any], present: int) -> list[str]:
    """Lower the resource limits of this process to what a program may use.

    Args:
        limits: the fields of ``Limits``; no processor time for a session, which has its own way to count it.
        present: threads that its user has already, see :func:`processes.threads_of_user`.

    Returns:
        The names now in force.
    """
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        # The first to go when the machine is out of memory.
        file.write("1000")
    megabyte, cpu = 1024 * 1024, limits["cpu_seconds"]
    return limit(
        {
            "CORE": 0,
            "NOFILE": limits["open_files"],
            "FSIZE": limits["file_mb"] * megabyte,
            **({} if cpu is None else {"CPU": int(time.process_time() + cpu) + 1}),
            "NPROC": present + limits["processes"],
            # A gigabyte above the limit for what is reserved and never used; the watchdog does the fine work.
            "AS": processes.address_space() + (limits["memory_mb"] + 1024) * megabyte,
        }
    )


def landlock_abi() -> int:
    """The Landlock version of the running kernel; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    abi = _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_CREATE_RULESET_VERSION))
    return max(0, int(abi))


def landlock(read: Iterable[str], write: Iterable[str], *, clear: Iterable[str] = (), tcp: bool = False) -> int:
    """Shut this thread, and all it starts, into the named paths; call it before any other thread exists.

    Args:
        read: files and folders that may be read and executed. Missing ones are left out.
        write: folders in which everything is allowed but the making of devices.
        clear: folders from which empty folders may be removed.
        tcp: whether TCP stays open. Closing it needs ABI 4.

    Returns:
        The ABI in force, 0 when nothing was installed. From 4 on TCP is shut, from 6 on so are signals to the outside
        and abstract unix sockets.
    """
    abi = landlock_abi()
    if not abi:
        return 0
    handled = (1 << _FS_BITS.get(abi, 16)) - 1
    attributes = struct.pack("QQQ", handled, 0 if tcp else _NET_BIND_CONNECT, _SCOPE_ABSTRACT_UNIX_AND_SIGNAL)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    ruleset = _libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0))
    if ruleset < 0:
        return 0
    try:
        for path in read:
            _allow(ruleset, path, _READ & handled)
        for path in write:
            _allow(ruleset, path, handled & ~(_MAKE_CHAR | _MAKE_BLOCK))
        for path in clear:
            _allow(ruleset, path, _REMOVE_DIR)
        for path in DEVICES:
            _allow(ruleset, path, (_READ_FILE | _WRITE_FILE | _TRUNCATE | _IOCTL_DEV) & handled)
        # Locks and shared arrays of multiprocessing live here under random names. The folder cannot be listed.
        _allow(ruleset, "/dev/shm", _SHARED_MEMORY & handled)  # noqa: S108 - a device, not a file of ours
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        return abi if _libc.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)) == 0 else 0
    finally:
        os.close(ruleset)


def sealed(abi: int, outsider: int) -> bool:
    """Whether signals of this process really end at its Landlock domain: tried on ``outsider``, a live process.

    The caller must know that ``outsider`` runs as the same user, so that nothing else can refuse the signal.
    """
    if abi < 6:
        return False
    try:
        os.kill(outsider, 0)
    except PermissionError:
        return True
    except OSError:
        pass
    return False


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            rights &= _FILE_RIGHTS
        rule = struct.pack("=Qi", rights, descriptor)
        _libc.syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_RULE_PATH_BENEATH), rule, ctypes.c_uint32(0))
    finally:
        os.close(descriptor)
