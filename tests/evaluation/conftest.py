"""Every test runs in a home of its own; the process's engine is closed when a module's tests are done."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_home(home: Path) -> None:
    """Nothing that a test does is seen by another."""
