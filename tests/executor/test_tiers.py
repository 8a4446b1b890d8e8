"""Tiers: what was demanded is never silently missing. What each stops is tried from inside in ``tests/attacks``."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import struct
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from codesteer_kernel.errors import ExecutorError, UnknownName
from codesteer_kernel.executor import Limits, open_executor, tiers
from codesteer_kernel.executor.child import seccomp
from tests.executor.leaks import children, eventually, run_directories

kernel = pytest.mark.kernel
LINUX = sys.platform == "linux"

WORKS = {
    "numpy, pandas, sympy": (
        (
            "import numpy, pandas, sympy\n"
            "print(numpy.arange(4).sum(), pandas.DataFrame({'a': [1, 2]})['a'].sum(), sympy.sqrt(16))"
        ),
        "6 3 4\n",
    ),
    "asyncio": ("import asyncio\nasync def f(): return 5\nprint(asyncio.run(f()))", "5\n"),
    "asyncio process": (
        (
            "import asyncio\nasync def f():\n    p = await asyncio.create_subprocess_exec('echo', 'hi', stdout=-1)\n"
            "    return (await p.communicate())[0]\nprint(asyncio.run(f()))"
        ),
        "b'hi\\n'\n",
    ),
    "socket pair": ("import socket\na, b = socket.socketpair()\na.send(b'x')\nprint(b.recv(1))", "b'x'\n"),
    "pool": ("import multiprocessing as m\nwith m.Pool(2) as p: print(p.map(abs, [-1, 2]))", "[1, 2]\n"),
    "executors": (
        (
            "from concurrent.futures import ProcessPoolExecutor as P, ThreadPoolExecutor as T\n"
            "for E in (P, T):\n    with E(2) as e: print(list(e.map(abs, [-1, 2])))"
        ),
        "[1, 2]\n[1, 2]\n",
    ),
    "shared memory": (
        (
            "from multiprocessing import shared_memory as s, Process, Queue\nm = s.SharedMemory(create=True, size=8)\n"
            "def f(q): m.buf[0] = 7; q.put(1)\nq = Queue()\np = Process(target=f, args=(q,))\np.start()\nq.get()\np.join()\n"
            "print(m.buf[0])\nm.close()\nm.unlink()"
        ),
        "7\n",
    ),
    "subprocess": ("import subprocess\nprint(subprocess.check_output(['echo', 'hi']))", "b'hi\\n'\n"),
    "fifo": ("import os\nos.mkfifo('p')\nprint(os.listdir('.').count('p'))", "1\n"),
}


@kernel
async def test_ordinary_programs_notice_nothing(executor: Any) -> None:
    for name, (code, stdout) in WORKS.items():
        result = await executor.run(code)
        assert (name, result.status, result.stdout) == (name, "ok", stdout), result.stderr


@kernel
async def test_a_floor_that_stands_is_met(leak_check: None) -> None:
    async with open_executor(preload=(), floor="limits", tier="limits", spare=False) as executor:
        assert (await executor.run("print(1)")).tier == "limits"


# Choosing


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine with Landlock and nothing better."""
    reasons = {"limits": "", "landlock": "", "seccomp": "no filter", "namespaces": "sysctl", "bubblewrap": "no bwrap"}
    monkeypatch.setattr(tiers, "_probe", lambda python, bubblewrap: reasons)
    monkeypatch.delenv(tiers.FLOOR_VARIABLE, raising=False)
    return reasons


def test_the_best_is_all_that_can_be_had(machine: dict[str, str]) -> None:
    assert tiers.choose(None, None, "python").walls == {"limits", "landlock"}
    assert tiers.choose("best", "landlock", "python").walls == {"limits", "landlock"}
    machine["seccomp"] = ""
    assert tiers.choose(None, None, "python").walls == {"limits", "landlock", "seccomp"}
    assert tiers.choose("landlock", None, "python").walls == {"limits", "landlock"}


def test_what_is_demanded_and_missing_is_named_with_its_cure(machine: dict[str, str]) -> None:
    with pytest.raises(ExecutorError) as caught:
        tiers.choose(None, "namespaces", "python")
    assert "no seccomp, namespaces" in caught.value.message
    assert "namespaces: sysctl" in caught.value.message
    assert "max_user_namespaces" in caught.value.cure
    with pytest.raises(ExecutorError, match="no bwrap"):
        tiers.choose("bubblewrap", None, "python")
    with pytest.raises(ExecutorError, match="weaker than the floor"):
        tiers.choose("limits", "landlock", "python")


def test_an_admins_floor_cannot_be_lowered(machine: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tiers.FLOOR_VARIABLE, "landlock")
    assert tiers.choose(None, "limits", "python").demanded == {"limits", "landlock"}
    with pytest.raises(ExecutorError, match="weaker than the floor"):
        tiers.choose("limits", "limits", "python")
    monkeypatch.setenv(tiers.FLOOR_VARIABLE, "seccomp")
    with pytest.raises(ExecutorError, match="no filter"):
        tiers.choose(None, None, "python")


def test_unknown_tiers_are_named(machine: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'landlock'"):
        tiers.choose("landlok", None, "python")
    monkeypatch.setenv(tiers.FLOOR_VARIABLE, "strong")
    with pytest.raises(UnknownName, match="strong"):
        tiers.choose(None, None, "python")


def test_a_wall_that_fell_between_is_noticed() -> None:
    plan = tiers.Plan(frozenset({"limits", "landlock", "seccomp"}), frozenset({"limits"}))
    report = {"limits": ["AS"], "landlock": 7, "seccomp": True, "enclosure": None}
    tiers.check(plan, report)
    for fallen in ({"seccomp": False}, {"landlock": 0}, {"limits": []}, {"landlock": "7"}):
        with pytest.raises(ExecutorError, match="cannot be had here"):
            tiers.check(plan, {**report, **fallen})


def test_tiers_rise() -> None:
    for weaker, stronger in zip(tiers.TIERS, tiers.TIERS[1:], strict=False):
        assert weaker.walls < stronger.walls
    assert {wall.name for wall in tiers.WALLS} == tiers.TIERS[-1].walls


@kernel
async def test_an_impossible_floor_runs_nothing(machine: dict[str, str], leak_check: None) -> None:
    async with open_executor(preload=(), floor="bubblewrap") as executor:
        with pytest.raises(ExecutorError, match="no seccomp, namespaces, bubblewrap"):
            await executor.run("print(1)")


# The filter, word by word

X86, ARM = 0xC000003E, 0xC00000B7
ALLOW, REFUSE = 0x7FFF0000, 0x00050000


def answer(machine: str, architecture: int, number: int, *arguments: int, inet: bool = False) -> int:
    """What the filter says, by a machine for the six instructions that it uses."""
    data = struct.pack("<IIQ6Q", number, architecture, 0, *(*arguments, *[0] * (6 - len(arguments))))
    code = seccomp.program(machine, inet=inet)
    assert code is not None
    steps = list(struct.iter_unpack("HBBI", code))
    at = held = 0
    while True:
        operation, then, other, value = steps[at]
        at += 1
        if operation == 0x06:
            return int(value)
        if operation == 0x20:
            (held,) = struct.unpack_from("<I", data, value)
        elif operation == 0x54:
            held &= value
        else:
            met = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[operation]
            at += then if met else other


@pytest.mark.parametrize(
    ("machine", "architecture", "sockets", "pair", "clone", "connect", "read"),
    [("x86_64", X86, 41, 53, 56, 42, 0), ("aarch64", ARM, 198, 199, 220, 203, 63)],
)
def test_the_filter(
    machine: str, architecture: int, sockets: int, pair: int, clone: int, connect: int, read: int
) -> None:
    def says(number: int, *arguments: int, **options: bool) -> int:
        return answer(machine, architecture, number, *arguments, **options)

    closed = REFUSE | errno.EACCES
    for call in (sockets, pair):
        assert says(call, 1, 1) == says(call, 1, 5) == ALLOW
        assert says(call, 1, 1 | 0o2004000) == ALLOW, "close-on-exec and non-blocking are no types"
        assert (
            says(call, 1, 2) == says(call, 1, 3) == says(call, 2, 1) == says(call, 10, 2) == says(call, 16, 3) == closed
        )
    for family, kind in ((2, 1), (2, 2), (10, 1), (1, 1)):
        assert says(sockets, family, kind, inet=True) == ALLOW
    assert says(sockets, 1, 2, inet=True) == says(sockets, 17, 3, inet=True) == closed
    assert says(connect) == REFUSE | errno.EPERM
    assert says(read) == ALLOW
    assert says(clone, 0x01200011) == ALLOW
    for flag in (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x02000000):
        assert says(clone, flag | 17) == REFUSE | errno.EPERM
    assert says(435) == REFUSE | errno.ENOSYS
    assert says(425) == REFUSE | errno.EPERM
    assert answer(machine, 0x40000003, read) == REFUSE | errno.EPERM, "another architecture's calls"


@pytest.mark.parametrize(
    ("machine", "architecture", "limits", "priority", "memory"),
    [("x86_64", X86, 302, 141, (30, 31, 66, 71, 241)), ("aarch64", ARM, 261, 140, (196, 195, 191, 187, 181))],
)
def test_the_filter_leaves_other_processes_alone(
    machine: str, architecture: int, limits: int, priority: int, memory: tuple[int, ...]
) -> None:
    def says(number: int, *arguments: int) -> int:
        return answer(machine, architecture, number, *arguments)

    refused = REFUSE | errno.EPERM
    assert says(limits, 0) == says(priority, 0, 0) == ALLOW
    assert says(limits, 77) == says(priority, 0, 77) == says(priority, 1, 0) == says(priority, 2, 0) == refused
    assert {says(number) for number in memory} == {refused}


@pytest.mark.parametrize(
    ("machine", "architecture", "calls", "reads", "control"),
    [
        ("x86_64", X86, (188, 189, 190, 197, 198, 199), (191, 194), 16),
        ("aarch64", ARM, (5, 6, 7, 14, 15, 16), (8, 11), 29),
    ],
)
def test_the_filter_lets_nobody_set_attributes(
    machine: str, architecture: int, calls: tuple[int, ...], reads: tuple[int, ...], control: int
) -> None:
    def says(number: int, *arguments: int) -> int:
        return answer(machine, architecture, number, *arguments)

    unsupported = REFUSE | errno.EOPNOTSUPP
    assert {says(number) for number in (*calls, 463, 466, 469)} == {unsupported}
    assert {says(number) for number in (*reads, 464, 465, 468)} == {ALLOW}
    for request in (0x40086602, 0x401C5820):
        # The kernel takes the lower half of the word alone.
        assert says(control, 3, request) == says(control, 3, 1 << 32 | request) == unsupported
    assert says(control, 3, 0x5401) == ALLOW, "a terminal's settings"


def test_the_filter_refuses_the_second_numbering() -> None:
    assert answer("x86_64", X86, 0x40000000) == answer("x86_64", X86, 0xFFFFFFFF) == REFUSE | errno.EPERM
    assert seccomp.program("riscv64") is None


# The provisioner


@kernel
async def test_any_jupyter_tool_can_start_a_guarded_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leak_check: None
) -> None:
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_client.provisioning import KernelProvisionerFactory

    project = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    home = "codesteer_kernel.executor.provisioner:SandboxProvisioner"
    assert f'[project.entry-points."jupyter_client.kernel_provisioners"]\ncodesteer-sandbox = "{home}"' in project
    entry = EntryPoint("codesteer-sandbox", home, KernelProvisionerFactory.GROUP_NAME)
    monkeypatch.setitem(KernelProvisionerFactory.instance().provisioners, "codesteer-sandbox", entry)
    monkeypatch.setenv("SOME_TOKEN", "canary")
    secret = tmp_path / "secret"
    secret.write_text("canary")
    specification = KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        display_name="guarded",
        language="python",
        metadata={"kernel_provisioner": {"provisioner_name": "codesteer-sandbox", "config": {"floor": "limits"}}},
    )

    class Specifications(KernelSpecManager):  # type: ignore[misc]
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            return specification

    manager = AsyncKernelManager(kernel_name="guarded", kernel_spec_manager=Specifications())
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
        texts: list[str] = []

        async def cell(code: str) -> None:
            def keep(message: dict[str, Any]) -> None:
                if message["msg_type"] == "stream":
                    texts.append(message["content"]["text"])

            await client.execute_interactive(code, output_hook=keep, timeout=30)

        await cell("x = 41")
        await cell(
            f"import os\nprint(x + 1, os.environ.get('SOME_TOKEN'))\ntry: print(open({str(secret)!r}).read())\n"
            "except OSError: print('no')"
        )
        walls = tiers.probe()
        assert "".join(texts) == f"42 None\n{'canary' if walls['landlock'] and walls['bubblewrap'] else 'no'}\n"
        assert tiers.tier_name(manager.provisioner.report, manager.transport).startswith("limits")
        assert (await manager.provisioner.get_provisioner_info())["directory"]
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


# The spare, and what is left


@kernel
async def test_a_spare_takes_over(leak_check: None) -> None:
    async with open_executor(preload=()) as executor:
        assert executor._spare is None
        assert (await executor.run("print(1)")).ok
        first = children()
        assert await eventually(lambda: executor._spare is not None and executor._spare.done())
        spare = executor._spare
        assert spare is not None
        for pid in first:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        assert await eventually(lambda: not executor._kernel.result().alive)
        assert (await executor.run("print(2)")).stdout == "2\n"
        assert executor._kernel is spare
        assert await eventually(lambda: executor._spare is not None), "and there is a new spare"


@kernel
async def test_nothing_gathers(executor: Any) -> None:
    import threading

    leave = (
        "import os, subprocess, threading, time\nfrom multiprocessing import shared_memory as s\n"
        "m = s.SharedMemory(create=True, size=9)\nopen('f', 'w').close()\nsubprocess.Popen(['sleep', '9'])\n"
        "threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\nr = os.pipe()\nprint(1)"
    )
    for _ in range(5):
        await executor.run(leave)
    kernels = children()
    directory = executor._directory.path

    def held() -> tuple[int, list[int]]:
        files = sum(1 for path in directory.rglob("*") if path.is_file())
        return files, [len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in ["self", *sorted(kernels)] if LINUX]

    await eventually(lambda: not list(directory.glob("w*")))
    before = held()
    for _ in range(50):
        assert (await executor.run(leave)).stdout == "1\n"
    assert children() == kernels

    # Not more than before; the count before may have caught a folder on its way out.
    def no_more() -> bool:
        files, handles = held()
        return files <= before[0] and all(now <= then for now, then in zip(handles, before[1], strict=True))

    assert await eventually(no_more), (before, held())
    # The event loop's pool for files may have grown, to its own bound.
    assert threading.active_count() < 12
    assert len(run_directories()) == 1


@kernel
async def test_files_of_a_program_are_limited_together(executor: Any) -> None:
    small = Limits(directory_mb=20, seconds=20)
    for where, fill in (
        ("many files", "for i in range(900):\n    open(f'f{i}', 'wb').write(bytes(10**6)); time.sleep(0.01)"),
        (
            "removed ones",
            (
                "k = []\nfor i in range(400):\n    f = open('f', 'wb'); f.write(bytes(10**6)); f.flush()\n"
                "    os.unlink('f'); k.append(f); time.sleep(0.01)"
            ),
        ),
    ):
        result = await executor.run("import os, time\n" + fill, limits=small)
        assert (where, result.status, result.limit) == (where, "killed", "directory_size")
    if "namespaces" in executor.tier or "bubblewrap" in executor.tier:
        code = (
            "import time\nfor i in range(900):\n    open(f'/dev/shm/f{i}', 'wb').write(bytes(10**6)); time.sleep(0.01)"
        )
        assert (await executor.run(code, limits=small)).limit == "directory_size"
    assert (await executor.run("print(1)")).ok


@kernel
@pytest.mark.parametrize(
    ("end", "status", "last"),
    [
        ("os.kill(os.getpid(), 9)", "died", "end\n"),
        ("os._exit(0)", "ok", "end\n"),
        ("signal.signal(2, signal.SIG_IGN)\nwhile True: pass", "timeout", "end\n"),
        ("import ctypes; ctypes.string_at(0)", "died", "end\n"),
        (
            "if os.fork() == 0:\n    print('child')\n    os._exit(0)\nos.wait(); print('after')",
            "ok",
            "end\nchild\nafter\n",
        ),
        ("sys.stdout = None", "ok", "end\n"),
        (
            (
                "import threading\nt = [threading.Thread(target=lambda: [print('t' * 50) for _ in range(9000)]) for _ in range(4)]\n"
                "[x.start() for x in t]; [x.join() for x in t]\nos._exit(0)"
            ),
            "ok",
            "ttt\n",
        ),
    ],
    ids=["kill", "exit", "limit", "crash", "fork", "no stdout", "threads"],
)
async def test_no_line_of_a_flood_is_lost(executor: Any, end: str, status: str, last: str) -> None:
    result = await executor.run(
        f"import os, signal, sys\nfor i in range(99999): print(i)\nprint('end')\n{end}", timeout=3
    )
    assert result.status == status
    assert result.stdout.endswith(last)
    extra = sum(map(len, ("child\n", "after\n"))) if "fork" in end else 4 * 9000 * 51 if "thread" in end else 0
    assert result.cut["stdout"] == 588_888 + extra - 2 * 32 * 1024
