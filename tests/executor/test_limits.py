"""Whatever a program does, it ends in time, nothing of it stays, and the next one runs."""

from __future__ import annotations

import asyncio
import contextlib
import os

import pytest

from codesteer_kernel.executor import Executor, Limits, Result
from tests.executor.leaks import children

pytestmark = pytest.mark.kernel


async def works(executor: Executor) -> bool:
    return (await executor.run("print(41 + 1)")).stdout == "42\n"


@pytest.mark.parametrize(
    "code",
    [
        "print('seen')\nwhile True: pass",
        "print('seen')\nimport time; time.sleep(100)",
        "print('seen')\nwhile True:\n    try:\n        while True: pass\n    except KeyboardInterrupt: pass",
        "print('seen')\nimport signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "print('seen')\nimport re; re.match(r'(a+)+$', 'a' * 40 + 'b')",
        "print('seen')\nx = 3 ** (10 ** 9)",
        "print('seen')\nimport subprocess; subprocess.run(['sleep', '100'])",
        "print('seen')\nimport os\nos.kill(os.getpid(), 19)",
    ],
    ids=["loop", "sleep", "swallowed", "ignored", "regex", "power", "subprocess", "stopped"],
)
async def test_the_time_limit_holds_and_output_is_kept(executor: Executor, code: str) -> None:
    kernels = children() if await works(executor) else set()
    result = await executor.run(code, timeout=1)
    assert (result.status, result.limit, result.error_name) == ("timeout", "seconds", "Timeout")
    assert result.stdout == "seen\n"
    assert result.error_text == "the program was still running after 1 s"
    assert await works(executor)
    assert children() == kernels, "the kernel survives the program"


async def test_endless_printing_stays_bounded(executor: Executor) -> None:
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = await executor.run("while True: print('x' * 1000)", timeout=1.5)
    assert result.status == "timeout"
    assert len(result.stdout) < 70_000
    assert result.cut["stdout"] > 1_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024
    assert await works(executor)


async def test_memory_is_limited(executor: Executor) -> None:
    hungry = "x = []\nwhile True: x.append(bytearray(10_000_000))"
    result = await executor.run(hungry, limits=Limits(memory_mb=200))
    assert (result.status, result.limit) == ("killed", "memory")
    assert "200 MB" in result.error_text
    at_once = await executor.run("x = bytearray(10**12)")
    assert (at_once.status, at_once.error_name, at_once.limit) == ("error", "MemoryError", "memory")
    assert await works(executor)


async def test_memory_of_children_counts(executor: Executor) -> None:
    code = (
        "import os, time\nfor _ in range(6):\n    if os.fork() == 0:\n"
        "        x = bytearray(60_000_000)\n        time.sleep(30)\ntime.sleep(30)"
    )
    result = await executor.run(code, limits=Limits(memory_mb=250))
    assert (result.status, result.limit) == ("killed", "memory")
    assert await works(executor)


async def test_files_descriptors_and_processor_time_are_limited(executor: Executor) -> None:
    file = await executor.run("open('f', 'wb').write(bytes(3_000_000))", limits=Limits(file_mb=1))
    assert (file.status, file.error_name, file.limit) == ("error", "OSError", "file_size")
    many = await executor.run("f = [open('/dev/null') for _ in range(100)]", limits=Limits(open_files=40))
    assert (many.error_name, many.limit) == ("OSError", None)
    busy = await executor.run("while True: pass", limits=Limits(cpu_seconds=0.5))
    assert (busy.status, busy.limit) == ("killed", "cpu")
    assert await works(executor)


async def test_a_flood_of_processes_ends(executor: Executor) -> None:
    assert await works(executor)
    kernels = children()
    result = await executor.run("import os\nwhile True: os.fork()", timeout=10, limits=Limits(processes=40))
    # Root is stopped by the watchdog, anyone else gets an error from the system first.
    assert (result.status, result.limit) == ("killed", "processes") or result.error_name == "BlockingIOError"
    assert await works(executor)
    assert children() == kernels


async def test_daemons_end_with_their_program(executor: Executor) -> None:
    assert await works(executor)
    kernels = children()
    result = await executor.run(
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(100)\n    os._exit(0)\nprint('x')"
    )
    assert (result.status, result.stdout) == ("ok", "x\n")
    assert children() == kernels


async def test_interrupt_stops_the_program(executor: Executor) -> None:
    started = asyncio.Event()
    task = asyncio.create_task(executor.run("print('on')\nwhile True: pass", on_output=lambda event: started.set()))
    await asyncio.wait_for(started.wait(), 20)
    await executor.interrupt()
    result = await asyncio.wait_for(task, 10)
    assert (result.status, result.stdout, result.limit) == ("interrupted", "on\n", None)
    assert await works(executor)
    await executor.interrupt()
    assert await works(executor), "an interrupt without a program does nothing"


async def test_interrupt_before_the_kernel_is_ready(executor: Executor) -> None:
    task = asyncio.create_task(executor.run("print('never')"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await executor.interrupt()
    result = await asyncio.wait_for(task, 10)
    assert (result.status, result.stdout) == ("interrupted", "")
    assert await works(executor)


async def test_leaving_the_stream_stops_the_program(executor: Executor) -> None:
    async with contextlib.aclosing(executor.stream("print('on')\nwhile True: pass")) as events:
        async for event in events:
            assert not isinstance(event, Result)
            break
    assert await works(executor)
    task = asyncio.create_task(executor.run("while True: pass"))
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await works(executor)


async def test_a_lost_kernel_is_replaced(executor: Executor) -> None:
    assert await works(executor)
    await executor.put("n", 7)
    running = asyncio.create_task(executor.run("print('on', flush=True)\nimport time; time.sleep(60)"))
    await asyncio.sleep(0.5)
    for pid in children():
        with contextlib.suppress(OSError):
            os.kill(pid, 9)
    result = await asyncio.wait_for(running, 20)
    assert (result.status, result.stdout, result.error_name) == ("died", "on\n", "KernelLost")
    assert (await executor.run("print(n)")).stdout == "7\n"
    for pid in children():
        with contextlib.suppress(OSError):
            os.kill(pid, 9)
    await asyncio.sleep(0.2)
    assert (await executor.run("print(n)")).stdout == "7\n"


async def test_restart_keeps_inputs(executor: Executor) -> None:
    await executor.put("n", 7)
    assert (await executor.run("print(n)")).stdout == "7\n"
    before = children()
    await executor.restart()
    assert (await executor.run("print(n)")).stdout == "7\n"
    assert not children() & before
