"""What the JupyterLab extension costs: main-thread time at Lab's start, and frames while 200 runs are scrolled.

    python -m benchmarks.lab

Needs Chromium, playwright and the built extension. Time at the start is that in functions of ours (and in the browser's
own under them), sampled every 0.1 ms from the first byte of the page to the open notebook. Not in it: parsing, compiling,
and JupyterLab's modules that happen to be begun from ours.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat

RUNS = 200
STARTS = 5
FRAMES = 240
OURS = "/lab/extensions/@codesteer/"
SAMPLE = Path(__file__).parents[1] / "tests" / "widgets" / "samples" / "refined.json"
MIME_TYPE = "application/vnd.codesteer.run.v1+json"
OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")

# Scrolls the list by 40 px a frame and reports how far apart the frames were, in milliseconds.
SCROLL = """frames => new Promise(resolve => {
    const list = document.querySelector('.jp-codesteer-list');
    const apart = [];
    let before = performance.now();
    const step = now => {
        apart.push(now - before);
        before = now;
        list.scrollTop = (list.scrollTop + 40) % (list.scrollHeight - list.clientHeight);
        if (apart.length < frames) requestAnimationFrame(step); else resolve(apart.slice(1));
    };
    requestAnimationFrame(step);
})"""


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A JupyterLab on loopback that shows ``folder``."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = {"ip": "127.0.0.1", "port": port, "token": "", "password": "", "open_browser": False, "allow_root": True}
    words = [f"--ServerApp.{name}={value}" for name, value in given.items()]
    words += ["--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None"]
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(folder / ".config")}
    running = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{url}/api/status", timeout=2).close()
                break
            except OSError:
                time.sleep(0.25)
        yield url
    finally:
        running.terminate()
        running.wait()


def notebook(path: Path, runs: int) -> None:
    """Write a notebook with so many runs."""
    record = json.loads(SAMPLE.read_text(encoding="utf-8"))
    made = nbformat.v4.new_notebook()
    for number in range(runs):
        one = copy.deepcopy(record)
        one["id"] = f"run-{number}"
        cell = nbformat.v4.new_code_cell(f"%%codesteer\nQuestion {number}")
        cell.outputs = [nbformat.v4.new_output("display_data", {MIME_TYPE: one, "text/plain": "a run"})]
        made.cells.append(cell)
    nbformat.write(made, path)


def start_milliseconds(page: Any, url: str, name: str) -> float:
    """Open a notebook in a fresh page; the main-thread time in functions of ours."""
    page.goto(f"{url}/api/status")
    session = page.context.new_cdp_session(page)
    session.send("Profiler.enable")
    session.send("Profiler.setSamplingInterval", {"interval": 100})
    session.send("Profiler.start")
    page.goto(f"{url}/lab/tree/{name}?reset")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=120_000)
    profile = session.send("Profiler.stop")["profile"]
    nodes = {node["id"]: node for node in profile["nodes"]}
    parents = {child: node["id"] for node in profile["nodes"] for child in node.get("children", [])}

    def is_ours(node: int | None) -> bool:
        while node is not None and not nodes[node]["callFrame"]["url"]:
            node = parents.get(node)
        return node is not None and OURS in nodes[node]["callFrame"]["url"]

    ours = {node for node in nodes if is_ours(node)}
    spent = zip(profile["samples"], profile["timeDeltas"], strict=True)
    return sum(delta for node, delta in spent if node in ours) / 1000


def main() -> None:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as url, sync_playwright() as playwright:
        notebook(Path(folder) / "plain.ipynb", 0)
        notebook(Path(folder) / "runs.ipynb", RUNS)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(OPTIONS))
        taken = []
        loaded: set[str] = set()
        for _ in range(STARTS):
            page = browser.new_context().new_page()
            page.on("response", lambda answer: loaded.add(answer.url.split("?")[0]))
            taken.append(start_milliseconds(page, url, "plain.ipynb"))
            page.context.close()
        files = sorted(one.rpartition("/")[2] for one in loaded if OURS in one)
        print(
            f"JupyterLab's start: {statistics.median(taken):.1f} ms of ours on the main thread (most {max(taken):.1f})"
        )
        print(f"loaded at the start: {', '.join(files)}")
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{url}/lab/tree/runs.ipynb?reset")
        page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=120_000)
        page.evaluate("() => window.jupyterapp.shell.activateById('codesteer-runs')")
        page.locator(".jp-codesteer-row").first.wait_for(timeout=60_000)
        apart = sorted(page.evaluate(SCROLL, FRAMES))
        nodes = page.evaluate("() => document.querySelectorAll('#codesteer-runs *').length")
        late = apart[int(len(apart) * 0.95)]
        print(
            f"{RUNS} runs scrolled: a frame every {statistics.median(apart):.1f} ms (95 % under {late:.1f}); {nodes} nodes"
        )
        browser.close()


if __name__ == "__main__":
    main()
