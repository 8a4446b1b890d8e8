"""A real JupyterLab and a real VS Code on loopback, driven through headless Chromium."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.browser.server import free_port, serving
from tests.browser.vscode.editor import Editor, serve_editor

SCREENSHOTS = Path(__file__).parents[2] / "out" / "screenshots"
SCREENSHOTS.mkdir(parents=True, exist_ok=True)

FAILED = pytest.StashKey[bool]()

# The status circle shows idle too early: ask the session itself, or the first key presses are lost.
READY = """() => {
  const current = window.jupyterapp?.shell?.currentWidget;
  const kernel = current?.sessionContext?.session?.kernel;
  return kernel && kernel.connectionStatus === 'connected' && kernel.status === 'idle';
}"""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Remember failures, so that a screenshot of them is taken."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture
def picture_of_failure(request: pytest.FixtureRequest) -> Callable[[Any], None]:
    """Takes a picture of a page if the test has failed; for fixtures that are about to close the page."""

    def take(page: Any) -> None:
        if request.node.stash.get(FAILED, False):
            page.screenshot(path=SCREENSHOTS / f"failed-{request.node.name}.png")

    return take


@pytest.fixture(scope="session")
def vscode_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    with serve_editor(tmp_path_factory.mktemp("vscode")) as editor:
        yield editor


@pytest.fixture(scope="session")
def vscode_context(browser: Any) -> Iterator[Any]:
    """One for all tests: VS Code's 20 MB of script are loaded once."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    yield context
    context.close()


@pytest.fixture
def vscode(vscode_server: Editor, tmp_path: Path) -> Editor:
    """VS Code with a workspace of the test's own."""
    vscode_server.folder = tmp_path
    vscode_server.set()
    return vscode_server


@pytest.fixture
def vscode_page(vscode_context: Any, picture_of_failure: Callable[[Any], None]) -> Iterator[Any]:
    page = vscode_context.new_page()
    yield page
    picture_of_failure(page)
    page.close()


class Lab:
    """The server: ``url``, the folder whose notebooks it shows, and one whose kernelspecs it offers (``kernels/*``)."""

    def __init__(self, url: str, folder: Path, share: Path) -> None:
        self.url = url
        self.folder = folder
        self.share = share


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with serving_lab(tmp_path_factory.mktemp("notebooks"), Path(os.environ["JUPYTER_CONFIG_DIR"])) as lab:
        yield lab


@contextlib.contextmanager
def serving_lab(folder: Path, config: Path, *, collaborative: bool = False) -> Iterator[Lab]:
    """A server of the notebooks in ``folder``, with a configuration of its own."""
    port = free_port()
    # Announcements and updates would ask hosts that are none of our business.
    options = {
        "ServerApp": {
            "ip": "127.0.0.1",
            "port": port,
            "port_retries": 0,
            "token": "",
            "password": "",
            "disable_check_xsrf": True,
            "allow_root": True,
            "open_browser": False,
            "root_dir": str(folder),
            # jupyter-collaboration switches itself on wherever it is installed.
            "jpserver_extensions": dict.fromkeys(("jupyter_server_ydoc", "jupyter_server_fileid"), collaborative),
        },
        "LabApp": {
            "expose_app_in_browser": True,
            "news_url": None,
            "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        },
        "JupyterNotebookApp": {"expose_app_in_browser": True},
    }
    frontend = dict.fromkeys(("@jupyter/collaboration-extension", "@jupyter/docprovider-extension"), not collaborative)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    _write(config / "jupyter_server_config.json", options)
    _write(config / "labconfig" / "page_config.json", {"disabledExtensions": frontend})
    settings = config / "lab" / "user-settings" / "@jupyterlab"
    _write(settings / "apputils-extension" / "notification.jupyterlab-settings", quiet)
    share = folder.with_suffix(".share")
    given = [path for path in os.environ.get("JUPYTER_PATH", "").split(os.pathsep) if path]
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_PATH": os.pathsep.join([str(share), *given]),
    }
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "jupyterlab"]
    log = folder.with_suffix(".log")
    with serving(command, f"{url}/api/status", log=log, folder=folder, environment=environment):
        yield Lab(url, folder, share)


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


THEMES = {
    "light": "JupyterLab Light",
    "dark": "JupyterLab Dark",
    "contrast": "JupyterLab Dark High Contrast",
}


def wear(page: Any, theme: str) -> None:
    """Give JupyterLab one of its themes."""
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", THEMES[theme])
    page.wait_for_selector(f"body[data-jp-theme-name='{THEMES[theme]}']", state="attached")


class Notebook:
    """One notebook open in one page."""

    def __init__(self, page: Any, path: Path) -> None:
        self.page = page
        self.path = path

    def cell(self, index: int) -> Any:
        """The locator of a code cell."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell").nth(index)

    def run(self, index: int) -> None:
        """Start a cell and return at once."""
        self.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")

    def finished(self, index: int, seconds: float = 60) -> None:
        """Wait until the cell's prompt has a number."""
        prompt = self.cell(index).locator(".jp-InputPrompt")
        self.page.wait_for_function(
            "prompt => /\\[\\d+\\]/.test(prompt.textContent)", arg=prompt.element_handle(), timeout=seconds * 1000
        )

    def save(self) -> Any:
        """Save and return the notebook as it is on disk."""
        self.page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save') }")
        return nbformat.read(self.path, as_version=4)

    def shot(self, name: str) -> None:
        """Take a screenshot into ``out/screenshots``."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")


def write_notebook(path: Path, cells: list[str], spec: str = "python3") -> None:
    """A notebook of these code cells, and of this kernel."""
    kernelspec = {"name": spec, "display_name": spec, "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernelspec})
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in cells]
    nbformat.write(notebook, path)


@pytest.fixture
def open_notebook(lab: Lab, browser: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """Open a notebook made of the given cells (or one that is there) in a page of its own."""
    contexts = []
    faults: list[str] = []

    def opened(
        name: str,
        cells: list[str] | None = None,
        *,
        kernel: bool = True,
        theme: str = "light",
        extension: bool = True,
        spec: str = "python3",
        prepare: Callable[[Any], None] | None = None,
    ) -> Notebook:
        path = lab.folder / name
        if cells is not None:
            write_notebook(path, cells, spec)
        context = browser.new_context(viewport={"width": 1280, "height": 1100})
        contexts.append(context)
        page = context.new_page()
        if prepare is not None:
            prepare(page)
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("console", lambda message: message.type == "error" and print("console:", message.text))
        if not extension:
            # A server without our extension: JupyterLab finds nothing to load.
            page.route("**/lab/extensions/@codesteer/**", lambda route: route.abort())
        if not kernel:
            # The file alone: no kernel is started, none can be asked.
            page.route(
                "**/api/sessions**",
                lambda route: route.abort() if route.request.method == "POST" else route.continue_(),
            )
        workspace = f"test-{name.partition('.')[0]}-{len(contexts)}"
        page.goto(f"{lab.url}/lab/workspaces/{workspace}/tree/{name}?reset")
        page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
        if kernel:
            page.wait_for_function(READY, timeout=60_000)
        else:
            # JupyterLab says that it could start no kernel; that is what we want.
            page.locator(".jp-Dialog .jp-mod-accept").click(timeout=30_000)
        wear(page, theme)
        return Notebook(page, path)

    yield opened
    if request.node.stash.get(FAILED, False):
        for number, context in enumerate(contexts):
            context.pages[0].screenshot(path=SCREENSHOTS / f"failed-{request.node.name}-{number}.png")
    for context in contexts:
        context.close()
    for session in _get(f"{lab.url}/api/sessions"):
        request = urllib.request.Request(f"{lab.url}/api/sessions/{session['id']}", method="DELETE")
        with urllib.request.urlopen(request, timeout=30):
            pass
    ours = [fault for fault in faults if "codesteer" in fault.lower()]
    assert ours == []


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)
