"""An executor for a test, with checks that nothing is left of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from codesteer_kernel.executor import Executor, Limits, open_executor
from tests.executor.leaks import children, run_directories


@pytest.fixture(autouse=True, scope="session")
def own_temporary_folder() -> Iterator[None]:
    """Run directories of these tests alone, whatever else runs on the machine; the path stays short."""
    old, folder = tempfile.tempdir, tempfile.mkdtemp(prefix="cs-")
    tempfile.tempdir = os.environ["TMPDIR"] = folder
    yield
    tempfile.tempdir = old
    del os.environ["TMPDIR"]
    shutil.rmtree(folder)


@pytest.fixture
def leak_check() -> Iterator[None]:
    """Nothing may be left: no process, no run directory."""
    before = children(), run_directories()
    yield
    assert children() <= before[0]
    assert run_directories() <= before[1]


@pytest_asyncio.fixture
async def executor(leak_check: None) -> AsyncIterator[Executor]:
    """An executor of its own for the test, with small limits and nothing preloaded."""
    async with open_executor(limits=Limits(seconds=20, memory_mb=512), preload=(), spare=False) as made:
        yield made
