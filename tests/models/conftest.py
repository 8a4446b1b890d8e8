from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from codesteer_kernel.models import hosts
from codesteer_kernel.models.catalogue import Entry, entry
from codesteer_kernel.models.pull import pull_sync


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("CODESTEER_CACHE", str(folder))
    return folder


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder of its own (its path short enough for sockets), whose workers end with the test."""
    folder = Path(tempfile.mkdtemp(prefix="cs-"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setenv("CODESTEER_WORKER_GRACE", "0.3")
    try:
        yield folder
        wait_until(lambda: not hosts.running())
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def smollm() -> Entry:
    """SmolLM2's entry, its weights in the user's cache (98 MB, fetched the first time)."""
    known = entry("smollm2-135m")
    pull_sync(known)
    return known


def wait_until(condition: object, seconds: float = 20.0) -> None:
    """Poll ``condition`` until it holds."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
