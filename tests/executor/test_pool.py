"""Few kernels for many runs: turns, what is shared and what is not, and that nothing is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from codesteer_kernel.errors import ExecutorError, UnknownName
from codesteer_kernel.executor import Executor, ExecutorPool, Limits, open_executor
from tests.executor.leaks import children, eventually

pytestmark = pytest.mark.kernel
LIMITS = Limits(seconds=20, memory_mb=512)


class Counted:
    """Makes executors and counts them."""

    def __init__(self) -> None:
        self.made: list[Executor] = []

    def __call__(self) -> Executor:
        self.made.append(open_executor(preload=(), spare=False))
        return self.made[-1]


@pytest_asyncio.fixture
async def counted(leak_check: None) -> AsyncIterator[tuple[Counted, ExecutorPool]]:
    make = Counted()
    pool = ExecutorPool(make, 2)
    yield make, pool
    await pool.close()


async def test_many_runs_share_few_kernels(counted: tuple[Counted, ExecutorPool]) -> None:
    make, pool = counted
    runs = [pool.shared(LIMITS) for _ in range(12)]
    results = await asyncio.gather(*(run.run(f"print({n})") for n, run in enumerate(runs)))
    assert [result.stdout for result in results] == [f"{n}\n" for n in range(12)]
    assert len(make.made) == 2


async def test_one_kernel_is_kept_warm_for_the_next(counted: tuple[Counted, ExecutorPool]) -> None:
    make, pool = counted
    pool.warm()
    pool.warm()
    for n in range(3):
        assert (await pool.shared(LIMITS).run(f"print({n})")).ok
    assert len(make.made) == 1


async def test_values_are_fetched_before_the_next_run_has_its_turn() -> None:
    pool = ExecutorPool(Counted(), 1)
    one, other = pool.shared(LIMITS), pool.shared(LIMITS)

    async def value_of(run: object, code: str) -> object:
        async for _ in run.stream(code, export=("x",)):  # type: ignore[attr-defined]
            pass
        await asyncio.sleep(0.1)
        return await run.get("x")  # type: ignore[attr-defined]

    assert await asyncio.gather(value_of(one, "x = 1"), value_of(other, "x = 2")) == [1, 2]
    with pytest.raises(UnknownName):
        await one.get("y")
    await pool.close()


async def test_inputs_are_seen_by_their_own_run_only(counted: tuple[Counted, ExecutorPool]) -> None:
    make, pool = counted
    async with pool.private({"secret": 7}, LIMITS) as mine:
        assert (await mine.run("print(secret)")).stdout == "7\n"
        assert (await pool.shared(LIMITS).run("print('secret' in globals())")).stdout == "False\n"
    assert (await pool.shared(LIMITS).run("print('secret' in globals())")).stdout == "False\n"
    assert len(make.made) == 2, "the kernel with inputs is not used again"


async def test_a_private_kernel_counts_and_may_take_the_place_of_an_idle_one(
    counted: tuple[Counted, ExecutorPool],
) -> None:
    make, pool = counted
    await asyncio.gather(*(pool.shared(LIMITS).run("import time; time.sleep(0.2)") for _ in range(2)))
    assert len(make.made) == 2
    async with pool.private({"x": 1}, LIMITS), pool.private({"x": 2}, LIMITS):
        waiting = asyncio.create_task(pool.shared(LIMITS).run("print(1)"))
        await asyncio.sleep(0.3)
        assert not waiting.done(), "there are two, and both are taken"
    assert (await waiting).stdout == "1\n"


async def test_an_interrupt_stops_this_runs_program_alone(counted: tuple[Counted, ExecutorPool]) -> None:
    _, pool = counted
    one, other = pool.shared(LIMITS), pool.shared(LIMITS)
    endless = asyncio.create_task(one.run("print(1, flush=True)\nwhile True: pass"))
    short = asyncio.create_task(other.run("import time; time.sleep(1); print(2)"))
    await asyncio.sleep(0.7)
    await one.interrupt()
    assert (await endless).status == "interrupted"
    assert (await short).stdout == "2\n"


async def test_a_run_that_stops_waiting_takes_no_turn() -> None:
    pool = ExecutorPool(Counted(), 1)
    long = asyncio.create_task(pool.shared(LIMITS).run("import time; time.sleep(0.5)"))
    await asyncio.sleep(0.1)
    waiting = [asyncio.create_task(pool.shared(LIMITS).run("print(1)")) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    assert (await long).ok
    assert [(await one).stdout for one in waiting[1:]] == ["1\n", "1\n"]
    await pool.close()


async def test_a_closed_pool_says_so(counted: tuple[Counted, ExecutorPool]) -> None:
    _, pool = counted
    before = children()
    assert (await pool.shared(LIMITS).run("print(1)")).ok
    await pool.close()
    with pytest.raises(ExecutorError, match="closed"):
        await pool.shared(LIMITS).run("print(1)")
    assert await eventually(lambda: children() <= before)
