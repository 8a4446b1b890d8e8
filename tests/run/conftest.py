"""The process's engine, closed when the tests of this room are done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codesteer_kernel.run import engine


@pytest.fixture(scope="module", autouse=True)
def _closed() -> Iterator[None]:
    yield
    engine().close()


@pytest.fixture(autouse=True)
def _own_home(home: Path) -> None:
    """Every test journals into a folder of its own."""
