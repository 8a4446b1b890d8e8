"""A real VS Code on loopback, opened in headless Chromium: ``install.mjs`` installs it, ``npm run package`` makes the vsix."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.browser.server import free_port, serving

__all__ = ["Editor", "Window", "serve_editor"]

ROOT = Path(__file__).parents[3]
MODULES = ROOT / ".tools" / "vscode" / "node_modules"
VSIX = ROOT / "extension" / "vscode" / "dist" / "codesteer.vsix"
KERNEL = Path(__file__).with_name("kernel")

# Quiet: no greeting, nothing of its own in the way, and nothing asked of any host.
SETTINGS: dict[str, Any] = {
    "chat.disableAIFeatures": True,
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": False,
    "extensions.ignoreRecommendations": True,
    "git.enabled": False,
    "json.schemaDownload.enable": False,
    "npm.fetchOnlinePackageInfo": False,
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "window.autoDetectColorScheme": False,
    "workbench.enableExperiments": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    # Without it a notebook that is opened before the extensions run is shown as the JSON it is.
    "workbench.editorAssociations": {"*.ipynb": "jupyter-notebook"},
}
THEME_NAMES = {
    "dark": "Dark 2026",
    "light": "Light 2026",
    "contrast-dark": "Default High Contrast",
    "contrast-light": "Default High Contrast Light",
}
THEME_LABELS = {**THEME_NAMES, "contrast-dark": "Dark High Contrast", "contrast-light": "Light High Contrast"}
MANIFEST = """<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
<Metadata><Identity Language="en-US" Id="{name}" Version="{version}" Publisher="{publisher}"/>
<DisplayName>{displayName}</DisplayName><Description xml:space="preserve"></Description></Metadata>
<Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
<Assets><Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/></Assets>
</PackageManifest>"""
CONTENT_TYPES = """<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension=".json" ContentType="application/json"/><Default Extension=".js" ContentType="application/javascript"/>
<Default Extension=".vsixmanifest" ContentType="text/xml"/></Types>"""
SLOW = 120_000


class Editor:
    """The server: ``url``, the ``folder`` that windows show which are opened from now on, and the user's settings."""

    def __init__(self, url: str, folder: Path, settings: Path) -> None:
        self.url = url
        self.folder = folder
        self._settings = settings

    def set(self, theme: str = "light", **settings: Any) -> None:
        """Write the user's settings, for windows that are opened from now on; ``__`` in a name stands for a dot."""
        more = {name.replace("__", "."): value for name, value in settings.items()}
        whole = {**SETTINGS, "workbench.colorTheme": THEME_NAMES[theme], **more}
        self._settings.write_text(json.dumps(whole), encoding="utf-8")

    def open(self, page: Any, notebook: str) -> Window:
        """Open a notebook of the folder in a fresh page."""
        host = self.url.removeprefix("http://")
        payload = json.dumps([["openFile", f"vscode-remote://{host}{self.folder / notebook}"]])
        query = urllib.parse.urlencode({"folder": str(self.folder), "payload": payload})
        page.set_default_timeout(SLOW)
        page.goto(f"{self.url}/?{query}", wait_until="commit")
        page.wait_for_selector(".notebookOverlay .cell-list-container")
        return Window(page)


class Window:
    """One window of VS Code, with a notebook open in it."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def frame(self, selector: str) -> Any:
        """The frame in which something stands that matches: outputs and web views live in frames within frames."""
        ends = time.monotonic() + SLOW / 1000
        while time.monotonic() < ends:
            for frame in self.page.frames:
                try:
                    if frame.query_selector(selector):
                        return frame
                except Exception:
                    continue
            self.page.wait_for_timeout(100)
        pytest.fail(f"no frame with {selector} in {[frame.url for frame in self.page.frames]}")

    def run(self, title: str, choice: str | None = None) -> None:
        """Run a command by its title, as the reader would; of the list that it opens take the ``choice``."""
        from playwright.sync_api import TimeoutError as TookTooLong

        # An editor that gets the focus late closes the list of commands again.
        for attempts_left in reversed(range(6)):
            self.page.keyboard.press("F1")
            try:
                self._field.fill(f">{title}", timeout=SLOW / 6)
                self.pick(title, timeout=SLOW / 6)
                break
            except TookTooLong:
                if not attempts_left:
                    raise
        if choice is not None:
            self.pick(choice)

    def wear(self, theme: str) -> None:
        """Change the colour theme."""
        self.run("Preferences: Color Theme")
        self._field.fill(THEME_LABELS[theme])
        self.pick(THEME_LABELS[theme])

    def pick(self, words: str, timeout: float = SLOW) -> None:
        """Choose an entry of the list that is open."""
        entries = self.page.locator(".quick-input-list .monaco-list-row")
        entries.filter(has_text=words).first.click(timeout=timeout)

    @property
    def _field(self) -> Any:
        return self.page.locator(".quick-input-widget input[type='text']").first

    def execute(self) -> None:
        """Run all cells, once there is a kernel to run them."""
        self.page.locator(".notebook-toolbar-container").get_by_text("Python 3").wait_for()
        self.page.locator(".notebook-toolbar-container").get_by_text("Run All").click()

    def list_runs(self) -> Any:
        """Open the view of runs; the locator of its rows."""
        # Not by its label, which tells of runs that go on, too.
        self.page.locator(".activitybar .action-item:has([class*='extension-codesteer'])").click()
        rows = self.page.locator(".sidebar .pane-body .monaco-list-row")
        rows.first.wait_for()
        return rows

    def cell(self, number: int) -> Any:
        """The locator of a cell, counted from 0."""
        return self.page.locator(f".notebookOverlay .cell-list-container .monaco-list-row[data-index='{number}']")


@contextmanager
def serve_editor(scratch: Path) -> Iterator[Editor]:
    """Serve a VS Code with the packaged extension and the stand-in kernel; all it writes is in ``scratch``."""
    node = next(MODULES.glob("node-*/bin/node"), None)
    assert node, "VS Code is not installed for the tests: node tests/browser/vscode/install.mjs"
    assert VSIX.exists(), "The extension is not packaged: npm run package"
    data, extensions = scratch / "data", scratch / "extensions"
    (data / "User").mkdir(parents=True)
    entry = MODULES / "code-server" / "out" / "node" / "entry.js"
    places = ["--user-data-dir", str(data), "--extensions-dir", str(extensions)]
    environment = {
        **os.environ,
        "HOME": str(scratch),
        "XDG_CONFIG_HOME": str(scratch / "config"),
        "XDG_DATA_HOME": str(scratch / "share"),
        "EXTENSIONS_GALLERY": "{}",
    }
    environment.pop("PORT", None)
    for vsix in (VSIX, _packed(KERNEL, scratch)):
        words = [str(node), str(entry), *places, "--install-extension", str(vsix)]
        installed = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=300)
        assert "successfully installed" in installed.stdout, installed.stdout + installed.stderr
    port = free_port()
    words = [str(node), str(entry), *places, "--auth", "none", "--bind-addr", f"127.0.0.1:{port}"]
    words += ["--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"]
    words.append("--disable-getting-started-override")
    url = f"http://127.0.0.1:{port}"
    with serving(words, f"{url}/healthz", log=scratch / "server.log", folder=scratch, environment=environment):
        editor = Editor(url, scratch, data / "User" / "settings.json")
        editor.set()
        yield editor


def _packed(folder: Path, scratch: Path) -> Path:
    """Pack an extension of plain files."""
    about = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    vsix = scratch / f"{about['name']}.vsix"
    with zipfile.ZipFile(vsix, "w") as archive:
        archive.writestr("extension.vsixmanifest", MANIFEST.format(**about))
        archive.writestr("[Content_Types].xml", CONTENT_TYPES)
        for file in folder.iterdir():
            archive.write(file, f"extension/{file.name}")
    return vsix
