"""What every test stands on: folders of its own, no keys, our sources on the path of processes that tests start."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from codesteer_kernel.models.discovery import HOST_KEY, HOST_URL
from codesteer_kernel.models.providers import ENDPOINT_KEY, PROVIDERS

ROOT = Path(__file__).parents[1]
SOURCES = [ROOT, ROOT / "magics", ROOT / "widgets"]
# What a developer's shell may hold and no test may see. CODESTEER_CACHE stays: weights are not fetched twice.
FOREIGN = {
    *(ENDPOINT_KEY, HOST_KEY, HOST_URL),
    *(preset.key_variable for preset in PROVIDERS.values() if preset.key_variable),
    *(f"{provider.upper()}_BASE_URL" for provider in PROVIDERS),
    *(f"CODESTEER_QUOTA_{provider.upper()}" for provider in PROVIDERS),
    *("ANTHROPIC_AUTH_TOKEN", "HF_TOKEN", "CODESTEER_THREADS", "CODESTEER_LIVE", "CODESTEER_WORKER_GRACE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"),
}

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

for folder in reversed(SOURCES):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

# The same examples every time, so that a change is judged by what it changes; new ones are looked for with
# ``pytest --hypothesis-profile search``.
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("house", deadline=None, max_examples=60, derandomize=True, suppress_health_check=_SLOW)
settings.register_profile("search", deadline=None, max_examples=2000, suppress_health_check=_SLOW)
settings.load_profile("house")


@pytest.fixture(scope="session", autouse=True)
def _isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home for runs, notebooks' settings and histories that is gone after the session."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in FOREIGN:
            patch.delenv(name, raising=False)
        patch.setenv("CODESTEER_HOME", str(folder / "codesteer"))
        patch.setenv("CODESTEER_CONFIG", str(folder / "config.toml"))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        patch.setenv("JUPYTER_CONFIG_DIR", str(folder / "jupyter"))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
        # Packages that came by this way have to come by it again.
        given = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path.endswith("-packages")]
        patch.setenv("PYTHONPATH", os.pathsep.join([*map(str, SOURCES), *given]))
        yield


@pytest.fixture(scope="module", autouse=True)
def _engine_ends() -> Iterator[None]:
    """End what a module's runs keep warm (a child kernel, leases): the next module counts processes."""
    yield
    run = sys.modules.get("codesteer_kernel.run")
    if run is not None and run._engine is not None:
        run._engine.close()


@pytest.fixture(autouse=True)
def _rates_are_forgotten() -> Iterator[None]:
    """What was learned of an endpoint's rates ends with the test: ports are given out again, and others answer there."""
    yield
    gate = sys.modules.get("codesteer_kernel.models.gate")
    if gate is not None:
        gate._GATES.clear()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A CODESTEER_HOME of the test's own, empty."""
    folder = tmp_path / "home"
    monkeypatch.setenv("CODESTEER_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for every browser test: Playwright starts once in a process."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "No Chromium: install it with `apt-get install chromium`."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
