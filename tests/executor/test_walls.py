"""What a program cannot reach. The walls are the ones that the tier names, tried from inside."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from codesteer_kernel.errors import ExecutorError
from codesteer_kernel.executor import Executor, open_executor
from codesteer_kernel.executor.child import sandbox
from codesteer_kernel.executor.tiers import probe, tier_name
from tests.executor.leaks import children, eventually, run_directories

pytestmark = pytest.mark.kernel
ABI = sandbox.landlock_abi()


async def test_the_tier_names_what_was_installed(executor: Executor) -> None:
    result = await executor.run("print(open('/proc/self/status').read())")
    walls = probe()
    installed = {
        "limits": ["AS"],
        "landlock": ABI,
        "seccomp": not walls["seccomp"],
        "enclosure": next((name for name in ("bubblewrap", "namespaces") if not walls[name]), None),
    }
    assert result.tier == tier_name(installed, "ipc")
    assert executor.tier == result.tier
    assert "NoNewPrivs:\t1" in result.stdout


def test_the_tier_claims_nothing() -> None:
    assert tier_name({}, "ipc") == "none"
    assert tier_name({"limits": ["AS"], "landlock": 0}, "tcp") == "limits+tcp-transport"
    assert tier_name({"limits": ["AS"], "landlock": 3}, "ipc") == "limits+landlock"
    assert tier_name({"limits": ["AS"], "landlock": "7"}, "ipc") == "limits"


async def test_the_environment_is_an_allow_list(monkeypatch: pytest.MonkeyPatch, leak_check: None) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "canary-5f1")
    monkeypatch.setenv("SOME_TOKEN", "canary-5f1")
    async with open_executor(preload=()) as executor:
        result = await executor.run("import os\nprint(dict(os.environ), os.getcwd())")
        assert "canary" not in result.stdout
        assert "TOKEN" not in result.stdout
        hidden = await executor.run("import os\nprint(open(f'/proc/{os.getppid()}/environ').read())")
        assert hidden.status == "error"
        held = b"".join(path.read_bytes() for path in executor._directory.path.rglob("*") if path.is_file())
        assert b"canary" not in held


@pytest.mark.skipif(ABI < 1, reason="this system has no Landlock")
async def test_files_outside_are_neither_read_nor_written(executor: Executor, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary")
    for code in (
        f"open({str(secret)!r}).read()",
        f"open({str(tmp_path / 'new')!r}, 'w')",
        f"import os; os.unlink({str(secret)!r})",
        f"import os; os.link({str(secret)!r}, 'here')",
        "import os; os.listdir(os.path.expanduser('~root'))",
        "import glob, os; open(os.path.join(os.getcwd(), '..', 'k1', 'k.json')).read()",
        "import os; os.listdir('..')",
        "import os; os.listdir('/proc')",
    ):
        result = await executor.run(code)
        # A link across folders is refused by another name.
        refused = "OSError" if "link(" in code.replace("unlink(", "") else "PermissionError"
        # Behind bubblewrap it is not even there.
        assert result.error_name in (refused, "FileNotFoundError"), result
    assert secret.read_text() == "canary"
    assert (await executor.run("open('f', 'w').write('x'); print(open('f').read())")).stdout == "x\n"


@pytest.mark.skipif(ABI < 6, reason="this system cannot keep signals inside")
async def test_processes_outside_cannot_be_signalled(executor: Executor) -> None:
    result = await executor.run(
        f"import os\nfor pid in ({os.getpid()}, os.getppid(), 1):\n"
        "    try: os.kill(pid, 0)\n    except OSError: print('no')"
    )
    assert result.stdout == "no\nno\nno\n"
    everyone = await executor.run("import os\ntry: os.kill(-1, 15)\nexcept OSError: pass\nprint('alone')")
    assert everyone.stdout == "alone\n"


@pytest.mark.skipif(ABI < 4, reason="this system cannot shut TCP")
async def test_tcp_is_shut(executor: Executor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        result = await executor.run(
            f"import socket\nsocket.create_connection(('127.0.0.1', {server.getsockname()[1]}))"
        )
        assert result.error_name == "PermissionError"
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


async def test_a_kernel_opens_no_port(leak_check: None) -> None:
    def listening() -> set[str]:
        return {
            line.split()[9] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"
        }

    before = children()
    async with open_executor(preload=()) as executor:
        await executor.run("pass")
        inodes = set()
        for pid in children() - before:
            for link in Path(f"/proc/{pid}/fd").iterdir():
                target = str(link.readlink())
                if target.startswith("socket:["):
                    inodes.add(target[8:-1])
        assert inodes
        assert not inodes & listening()


async def test_nothing_is_left_behind(leak_check: None) -> None:
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    before = children()
    async with open_executor(preload=()) as executor:
        await executor.put("x", [1])
        await executor.run("import os\nos.mkdir('d', 0)\nos.symlink('/', 'l')\nopen('f', 'w').close()")
        directory = executor._directory.path
        assert directory.stat().st_mode & 0o777 == 0o700
    assert children() <= before
    assert not directory.exists()
    assert len(list(Path("/proc/self/fd").iterdir())) <= descriptors + 2, "the loop may keep a pair for itself"


async def test_leaving_before_the_kernel_is_ready(leak_check: None) -> None:
    async with open_executor(preload=()):
        await asyncio.sleep(0)
    async with open_executor(preload=()):
        await asyncio.sleep(0.15)


def named_by(word: str) -> set[int]:
    """Processes of anyone's with ``word`` in their command line, wherever in the tree they are."""
    found = set()
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if word in (entry / "cmdline").read_text(errors="replace"):
                found.add(int(entry.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="worlds are Linux's")
async def test_leaving_while_the_world_is_made_leaves_nothing(leak_check: None) -> None:
    for moment in range(40):
        async with open_executor(preload=(), spare=False) as executor:
            name = executor._directory.path.name
            await asyncio.sleep(0.03 + moment * 0.005)
        assert await eventually(lambda name=name: not named_by(name))


PARENT = textwrap.dedent(
    """
    import asyncio, sys
    from codesteer_kernel.executor import open_executor

    async def main():
        async with open_executor(preload=()) as executor:
            await executor.run("pass")
            print("ready", flush=True)
            await executor.run(sys.argv[1], on_output=lambda e: print(e.text, flush=True))

    asyncio.run(main())
    """
)


DAEMON = textwrap.dedent(
    """
    import os, time

    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(100)
        os._exit(0)
    print("on")
    time.sleep(100)
    """
)


@pytest.mark.parametrize(
    "code",
    [
        "print('on')\nwhile True: pass",
        "print('on')\nx = 3 ** (10 ** 9)",
        DAEMON,
    ],
    ids=["loop", "C loop", "daemon"],
)
async def test_nothing_survives_the_death_of_the_user_kernel(code: str) -> None:
    directories = run_directories()
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, code],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert parent.stdout is not None
    with parent:
        assert await asyncio.to_thread(parent.stdout.readline) == "ready\n"
        assert await asyncio.to_thread(parent.stdout.readline) == "on\n"
        below = children()
        parent.send_signal(signal.SIGKILL)
    below.discard(parent.pid)
    assert len(below) >= 3

    def gone() -> bool:
        return not any(Path(f"/proc/{pid}").exists() and "Z" not in state(pid) for pid in below)

    assert await eventually(gone)
    assert await eventually(lambda: run_directories() <= directories)


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


async def test_leftovers_of_the_dead_are_swept(leak_check: None) -> None:
    from codesteer_kernel.executor.rundir import RunDirectory

    alive = RunDirectory()
    dead = RunDirectory()
    (dead.path / "f").write_text("x")
    os.close(dead._lock)
    new = RunDirectory()
    assert not dead.path.exists()
    assert alive.path.exists()
    new.remove()
    alive.remove()
    alive.remove()


async def test_a_kernel_that_cannot_start_says_why(tmp_path: Path, leak_check: None) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'No module named '\"'ipykernel'\" >&2\nexit 1\n")
    broken.chmod(0o755)
    async with open_executor(python=str(broken)) as executor:
        with pytest.raises(ExecutorError) as caught:
            await executor.run("print(1)")
        assert "ended while it started" in caught.value.message
        assert "No module named 'ipykernel'" in caught.value.message
        assert "pip install ipykernel" in caught.value.cure
    async with open_executor(python=str(tmp_path / "absent")) as executor:
        with pytest.raises(ExecutorError, match="could not be started"):
            await executor.run("print(1)")


async def test_an_odd_temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, leak_check: None) -> None:
    long = tmp_path / ("ü" * 60)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    monkeypatch.setattr("tempfile.tempdir", None)
    async with open_executor(preload=()) as executor:
        assert (await executor.run("print(1)")).stdout == "1\n"


async def test_a_closed_executor_says_so() -> None:
    executor = open_executor()
    with pytest.raises(ExecutorError, match="closed"):
        await executor.run("print(1)")


def test_importing_the_door_is_light() -> None:
    code = (
        "import sys, codesteer_kernel.executor as e\n"
        "heavy = {'jupyter_client', 'zmq', 'ipykernel', 'IPython', 'numpy', 'pandas', 'pyarrow', 'msgspec'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
        "e.Limits, e.summarise, e.Executor, e.open_executor()\n"
        "print(sorted((heavy - {'msgspec'}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True
    )
    assert done.stdout == "[]\n[]\n"
