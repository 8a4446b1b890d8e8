"""The same programs on a kernel behind a real Jupyter Kernel Gateway."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import pytest_asyncio

from codesteer_kernel.errors import BadInput, ExecutorError, SessionLost, UnknownName
from codesteer_kernel.executor import Executor, GatewayExecutor, Limits, OutputEvent, Result, SyncExecutor
from tests.executor.leaks import children, eventually

pytestmark = pytest.mark.kernel
TOKEN = "canary-of-the-gateway"


class Gateway:
    """A gateway on a free port of loopback; its kernels' files are in ``folder``."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.folder = folder
        self.log = (folder / "log").open("wb")
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), "KG_AUTH_TOKEN": TOKEN}
        command = [sys.executable, "-W", "ignore", "-m", "kernel_gateway", "--KernelGatewayApp.ip=127.0.0.1"]
        self.process = subprocess.Popen(
            [
                *command,
                f"--KernelGatewayApp.port={port}",
                "--KernelGatewayApp.port_retries=0",
                "--JupyterWebsocketPersonality.list_kernels=True",
            ],
            env={**environment, "KG_ENV_PROCESS_WHITELIST": "KG_AUTH_TOKEN,TMPDIR,HOME"},
            stdout=self.log,
            stderr=self.log,
        )
        until = time.monotonic() + 30
        while True:
            try:
                self.kernels()
                break
            except OSError:
                assert self.process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < until
                time.sleep(0.05)

    def kernels(self) -> list[dict[str, Any]]:
        request = urllib.request.Request(f"{self.url}/api/kernels", headers={"Authorization": f"token {TOKEN}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)
            return found

    def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self.log.close()


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with tempfile.TemporaryDirectory(prefix="g-") as folder:
        made = Gateway(Path(folder))
        yield made
        made.close()


@pytest_asyncio.fixture
async def executor(gateway: Gateway, leak_check: None) -> AsyncIterator[GatewayExecutor]:
    limits = Limits(seconds=20, memory_mb=512, export_mb=4)
    async with GatewayExecutor(gateway.url, token=TOKEN, limits=limits, preload=()) as made:
        yield made
    assert gateway.kernels() == []
    assert not list(gateway.folder.glob("codesteer-*"))


@pytest.fixture(scope="module")
def lasting(gateway: Gateway) -> Iterator[SyncExecutor]:
    with SyncExecutor(GatewayExecutor(gateway.url, token=TOKEN, limits=Limits(memory_mb=300), preload=())) as made:
        assert made.run("pass").ok
        yield made


async def works(executor: Executor) -> bool:
    return (await executor.run("print(41 + 1)")).stdout == "42\n"


async def test_programs_run_as_scripts(executor: GatewayExecutor) -> None:
    events = [e async for e in executor.stream("import time\nprint('one')\ntime.sleep(0.3)\nprint('two')\n[1, 2]")]
    result = events[-1]
    assert isinstance(result, Result)
    assert (result.status, result.stdout, result.exit_code) == ("ok", "one\ntwo\n", 0)
    assert [output.data for output in result.outputs] == [{"text/plain": "[1, 2]"}]
    live = [event for event in events if isinstance(event, OutputEvent)]
    assert live[0].text == "one\n"
    assert result.tier.startswith("gateway+limits")
    assert executor.tier == result.tier
    code = (
        "import asyncio, sys, builtins\nasync def f(): return __name__\nprint(asyncio.run(f()), sys.argv)\n"
        "print(hasattr(builtins, 'get_ipython'), sys.excepthook is sys.__excepthook__)\nx = 1\n"
        "sys.stdout.buffer.write(b'\\xff\\n')\nsys.exit(0)"
    )
    for _ in range(2):
        assert (await executor.run(code)).stdout == "__main__ ['program.py']\nFalse True\n\\xff\n"
    assert (await executor.run("print('x' in globals())")).stdout == "False\n"


async def test_values_and_files_travel(executor: GatewayExecutor, tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3]})
    await executor.put("frame", frame)
    await executor.put("grid", np.arange(300_000.0))  # more than two messages
    await executor.put("f", lambda x: x + 1, pickle=True)
    (tmp_path / "in.txt").write_bytes(b"")
    await executor.put_file(tmp_path / "in.txt")
    code = (
        "import os\nframe['b'] = frame['a'] * 2\ngrid[:] = f(grid)\ntext = open('in.txt').read()\n"
        "_ = open('big', 'wb').write(bytes(range(256)) * 8192)\nos.symlink('/etc/passwd', 'link')\nodd = print"
    )
    for _ in range(2):
        result = await executor.run(code, export=("frame", "grid", "text", "odd"))
        assert result.ok, result.stderr
    pd.testing.assert_frame_equal(await executor.get("frame"), frame.assign(b=[2, 4, 6]))
    np.testing.assert_array_equal(await executor.get("grid"), np.arange(1, 300_001.0))
    assert await executor.get("text") == ""
    assert await executor.get_file("big", to=tmp_path / "big") == bytes(range(256)) * 8192
    with pytest.raises(ExecutorError, match="'link' was refused"):
        await executor.get_file("link")
    with pytest.raises(UnknownName, match="left no file 'absent'"):
        await executor.get_file("absent")
    with pytest.raises(BadInput, match="cannot come back"):
        await executor.get("odd")
    await executor.run("f = open('huge', 'wb')\nf.truncate(1 << 29)")
    with pytest.raises(BadInput, match="'huge' has 512 MB, more than the 4 MB allowed"):
        await executor.get_file("huge")


async def test_interrupt(executor: GatewayExecutor) -> None:
    started = asyncio.Event()
    task = asyncio.create_task(executor.run("print('on')\nwhile True: pass", on_output=lambda _: started.set()))
    await asyncio.wait_for(started.wait(), 20)
    await executor.interrupt()
    result = await asyncio.wait_for(task, 10)
    assert (result.status, result.stdout) == ("interrupted", "on\n")
    await executor.interrupt()
    assert await works(executor)


async def test_a_lost_kernel_is_replaced(executor: GatewayExecutor, gateway: Gateway) -> None:
    await executor.put("n", 7)
    assert await works(executor)
    (model,) = gateway.kernels()
    request = urllib.request.Request(
        f"{gateway.url}/api/kernels/{model['id']}", method="DELETE", headers={"Authorization": f"token {TOKEN}"}
    )
    running = asyncio.create_task(executor.run("print('on')\nimport time\ntime.sleep(60)"))
    await asyncio.sleep(0.5)
    await asyncio.to_thread(lambda: urllib.request.urlopen(request, timeout=20).close())
    result = await asyncio.wait_for(running, 20)
    assert (result.status, result.error_name) == ("died", "KernelLost")
    assert (await executor.run("print(n)")).stdout == "7\n"


async def test_the_gateways_secrets_stay_with_it(executor: GatewayExecutor) -> None:
    result = await executor.run(
        "import os\nprint(dict(os.environ))\nprint(open(f'/proc/{os.getppid()}/environ').read())"
    )
    assert "PATH" in result.stdout
    assert "canary" not in result.stdout + result.stderr


async def test_what_is_wrong_with_a_gateway_is_told(gateway: Gateway, leak_check: None) -> None:
    for url, token, kernel, message in (
        (gateway.url, "wrong-canary", "", "refused: 40[13]"),
        ("http://127.0.0.1:9", TOKEN, "", "Nothing answered"),
        (gateway.url, TOKEN, "no-such-kernel", "answered|ended|refused"),
    ):
        async with GatewayExecutor(url, token=token, kernel=kernel) as executor:
            with pytest.raises(ExecutorError, match=message) as caught:
                await executor.run("print(1)")
            assert "canary" not in str(caught.value) + repr(executor)
    with pytest.raises(BadInput, match="needs an address"):
        GatewayExecutor("")


async def test_cells(executor: GatewayExecutor, gateway: Gateway, tmp_path: Path) -> None:
    await executor.put("n", 7)
    (tmp_path / "in.txt").write_text("file")
    await executor.put_file(tmp_path / "in.txt")
    async with executor.session() as cells:
        events = [e async for e in cells.stream("import time\nprint('one')\ntime.sleep(0.3)\nx = [n]\nx")]
        result = events[-1]
        assert isinstance(result, Result)
        assert (result.status, result.state, result.stdout) == ("ok", "kept", "one\n")
        assert [output.data for output in result.outputs] == [{"text/plain": "[7]"}]
        assert result.tier == cells.tier
        assert result.tier.startswith("gateway+limits")
        assert await works(executor)
        await executor.put("late", np.arange(3))
        result = await cells.run(
            "import asyncio\nawait asyncio.sleep(0)\nprint(late.sum(), open('in.txt').read())\n1 / 0"
        )
        assert (result.stdout, result.error_name, result.state) == ("3 file\n", "ZeroDivisionError", "kept")
        np.testing.assert_array_equal(await cells.get("late"), np.arange(3))
        assert await cells.get_file("in.txt") == b"file"
        result = await cells.run("while True: pass", timeout=0.5)
        assert (result.status, result.state) == ("timeout", "kept")
        assert await cells.get("x") == [7]
        result = await cells.run("import signal; signal.signal(2, signal.SIG_IGN)\nwhile True: pass", timeout=0.5)
        assert (result.status, result.state) == ("timeout", "lost")
        with pytest.raises(SessionLost):
            await cells.run("x")
        await cells.restart()
        assert (await cells.run("print('x' in globals(), n)")).stdout == "False 7\n"
        started = asyncio.Event()
        task = asyncio.create_task(cells.run("print('on')\nwhile True: pass", on_output=lambda _: started.set()))
        await asyncio.wait_for(started.wait(), 20)
        await cells.interrupt()
        assert (await asyncio.wait_for(task, 10)).status == "interrupted"
        await cells.run("import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(100)")
        assert (await cells.run("exit()")).state == "lost"
        assert len(gateway.kernels()) == 2
    assert await works(executor)


def test_plain_calls_and_the_command_line(gateway: Gateway, tmp_path: Path, leak_check: None) -> None:
    with SyncExecutor(GatewayExecutor(gateway.url, token=TOKEN, preload=("colorsys",))) as executor:
        assert executor.run("print(1)").stdout == "1\n"
    program = tmp_path / "p.py"
    program.write_text("print('remote')")
    done = subprocess.run(
        [sys.executable, "-m", "codesteer_kernel.cli", "exec", str(program), "--tier", "gateway", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "JUPYTER_GATEWAY_URL": gateway.url, "JUPYTER_GATEWAY_AUTH_TOKEN": TOKEN},
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["stdout"], told["tier"].partition("+")[0]) == ("remote\n", "gateway")


async def test_the_end_of_the_gateway_is_survived(leak_check: None) -> None:
    with tempfile.TemporaryDirectory(prefix="g-") as folder:
        gateway = Gateway(Path(folder))
        async with GatewayExecutor(gateway.url, token=TOKEN, preload=()) as executor:
            running = asyncio.create_task(executor.run("print('on')\nimport time\ntime.sleep(60)"))
            assert await eventually(lambda: executor.tier is not None)
            await asyncio.sleep(0.5)
            await asyncio.to_thread(gateway.close)
            result = await asyncio.wait_for(running, 20)
            assert (result.status, result.error_name) == ("died", "KernelLost")
            with pytest.raises(ExecutorError, match="Nothing answered"):
                await executor.run("print(1)")


@pytest.mark.parametrize(
    ("code", "status", "name"),
    [
        ("1 / 0", "error", "ZeroDivisionError"),
        ("input()", "error", "EOFError"),
        ("import os; os._exit(4)", "error", "SystemExit"),
        ("import ctypes; ctypes.string_at(0)", "died", "SIGSEGV"),
        ("while True: pass", "timeout", "Timeout"),
        ("import signal; signal.signal(2, signal.SIG_IGN)\nwhile True: pass", "timeout", "Timeout"),
        ("x = 3 ** (10 ** 9)", "timeout", "Timeout"),
        ("while True: print('x' * 1000)", "timeout", "Timeout"),
        ("x = bytearray(10 ** 12)", "error", "MemoryError"),
        ("x = []\nwhile True: x.append(bytearray(10 ** 7))", "killed", "LimitExceeded"),
        ("import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(100)", "ok", ""),
    ],
)
def test_hostile_programs(lasting: SyncExecutor, gateway: Gateway, code: str, status: str, name: str) -> None:
    kernels = [model["id"] for model in gateway.kernels()]
    below = children()
    result = lasting.run(code, timeout=1)
    assert (result.status, result.error_name) == (status, name), result
    assert len(result.stdout) < 70_000
    assert lasting.run("print(41 + 1)").stdout == "42\n"
    assert [model["id"] for model in gateway.kernels()] == kernels
    assert children() == below
