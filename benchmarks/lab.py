"""What the JupyterLab extension costs at Lab's start, how 200 runs are scrolled, and how soon a run stops.

    python -m benchmarks.lab [--pairs 10] [--only start scroll stop]

Needs Chromium, playwright and the built extension; the models of the runs that are stopped are scripted.

The start is measured twice. *With and without*: JupyterLab opens a notebook in fresh pages, in turns with the extension
and without (it is taken out of the page's list of extensions, its settings out of the server's answer), until
JupyterLab says that it is restored and the browser is idle. Chromium's own counters say how much CPU time the main
thread has spent in tasks by then, scripts among them: parsing, compiling and layout are in it. *Of ours*: the time in
functions of the extension (and in the browser's own under them), sampled every 0.1 ms: a lower bound, with little noise.

A stop is timed in the page, from the click or key (or the command that interrupts): until the panel or the cell says
that the run is stopping, and until the panel says that it has stopped.
"""

from __future__ import annotations

import argparse
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
from typing import Any, NamedTuple

import nbformat

from tests.scripted import ScriptedServer, serving_in_thread
from tests.scripted.holding import PHASES, Phase, holding

RUNS = 200
PROFILED = 5
START_MS = 30
SHOWN_MS = 300
ENDED_MS = 2000
WAYS = ("panel", "cell", "keys", "interrupt")
FRAMES = 240
PARTS = ("start", "scroll", "stop")
MODULE = "@codesteer/lab"
OURS = "/lab/extensions/@codesteer/"
SHOW_PANEL = "() => window.jupyterapp.shell.activateById('codesteer-runs')"
SAMPLE = Path(__file__).parents[1] / "tests" / "widgets" / "samples" / "refined.json"
MIME_TYPE = "application/vnd.codesteer.run.v1+json"
OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")

# What JupyterLab itself takes for the end of its start, and then whatever was put off until the page is idle.
READY = """async () => {
    await window.jupyterapp.restored;
    await new Promise(resolve => requestIdleCallback(resolve));
}"""

IDLE_KERNEL = """() => {
    const kernel = window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel;
    return kernel && kernel.connectionStatus === 'connected' && kernel.status === 'idle';
}"""

RUN_CELL = """async index => {
    const { content, sessionContext } = window.jupyterapp.shell.currentWidget;
    content.activeCellIndex = index;
    void window.jupyterapp.commands.execute('notebook:run-cell');
}"""

# Notes when the reader's wish came, and when the panel's only shown run said "Stopping…" and "Stopped".
WATCH = """() => {
    const noted = window.noted = {};
    const note = name => { noted[name] ??= performance.now(); };
    for (const event of ['click', 'keydown']) addEventListener(event, () => note('asked'), { capture: true, once: true });
    const look = () => {
        const words = document.querySelector('.jp-codesteer-row .jp-codesteer-status').textContent;
        const button = document.querySelector('.jp-CodeCell.jp-mod-active .cs-stop')?.textContent;
        if (words.startsWith('Stopp') || button?.startsWith('Stopp')) note('shown');
        if (words === 'Stopped') note('ended');
    };
    const observer = new MutationObserver(look);
    for (const place of ['.jp-codesteer-list', '.jp-CodeCell.jp-mod-active .cs-head']) {
        observer.observe(document.querySelector(place), { childList: true, characterData: true, subtree: true });
    }
}"""

INTERRUPT = """() => {
    window.noted.asked = performance.now();
    void window.jupyterapp.commands.execute('notebook:interrupt-kernel');
}"""

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
    words += ["--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None", "--YDocExtension.disable_rtc=True"]
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(folder / ".config"), "CODESTEER_HOME": str(folder / ".runs")}
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
    return float(sum(delta for node, delta in spent if node in ours)) / 1000


class Spent(NamedTuple):
    """CPU time of the main thread up to a point, in milliseconds."""

    tasks: float
    scripts: float


def start(browser: Any, url: str, *, extension: bool) -> Spent:
    """Open a notebook in a fresh page, with or without the extension; what the main thread has done by the end of it."""
    page = browser.new_context().new_page()
    page.route(f"{url}/lab/tree/**", lambda route: _without_module(route, extension))
    page.route(f"{url}/lab/api/settings?**", lambda route: _without_settings(route, extension))
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(f"{url}/lab/tree/plain.ipynb?reset")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=120_000)
    page.evaluate(READY)
    loaded = page.evaluate("() => window.jupyterapp.hasPlugin('@codesteer/lab:runs')")
    assert loaded == extension, "the extension is there where it should not be, or the other way round"
    found = {one["name"]: one["value"] * 1000 for one in session.send("Performance.getMetrics")["metrics"]}
    page.context.close()
    return Spent(found["TaskDuration"], found["ScriptDuration"])


def _without_module(route: Any, extension: bool) -> None:
    """The page of JupyterLab; without ours in its list of extensions."""
    answer = route.fetch()
    before, mark, rest = answer.text().partition('id="jupyter-config-data" type="application/json">')
    config, end, after = rest.partition("</script>")
    given = json.loads(config)
    if not extension:
        given["federated_extensions"] = [one for one in given["federated_extensions"] if one["name"] != MODULE]
    route.fulfill(response=answer, body=f"{before}{mark}{json.dumps(given)}{end}{after}")


def _without_settings(route: Any, extension: bool) -> None:
    answer = route.fetch()
    given = answer.json()
    if not extension:
        given["settings"] = [one for one in given["settings"] if not one["id"].startswith(f"{MODULE}:")]
    route.fulfill(response=answer, json=given)


def measure_start(browser: Any, url: str, pairs: int) -> None:
    start(browser, url, extension=True)  # the server reads its files for the first time
    differences: list[Spent] = []
    without: list[Spent] = []
    for pair in range(pairs):
        # Turn about, so that what drifts does not count for one of them.
        order = (False, True) if pair % 2 else (True, False)
        found = {extension: start(browser, url, extension=extension) for extension in order}
        without.append(found[False])
        differences.append(Spent(*(on - off for on, off in zip(found[True], found[False], strict=True))))
    print(
        f"JupyterLab's start, main thread, {pairs} pairs of fresh pages with and without the extension (limit {START_MS} ms):"
    )
    for name, place in (("tasks", 0), ("scripts among them", 1)):
        base = statistics.median(one[place] for one in without)
        values = sorted(one[place] for one in differences)
        low, middle, high = statistics.quantiles(values, n=4)
        print(f"  {name}: {middle:+.0f} ms (half of the pairs {low:+.0f} to {high:+.0f}) on {base:.0f} ms without")


def measure_ours(browser: Any, url: str) -> None:
    taken = []
    loaded: set[str] = set()
    for _ in range(PROFILED):
        page = browser.new_context().new_page()
        page.on("response", lambda answer: loaded.add(answer.url.split("?")[0]))
        taken.append(start_milliseconds(page, url, "plain.ipynb"))
        page.context.close()
    files = sorted(one.rpartition("/")[2] for one in loaded if OURS in one)
    print(f"  in functions of ours alone: {statistics.median(taken):.1f} ms (most {max(taken):.1f})")
    print(f"  loaded at the start: {', '.join(files)}")


def measure_scrolling(browser: Any, url: str) -> None:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"{url}/lab/tree/runs.ipynb?reset")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=120_000)
    page.evaluate(SHOW_PANEL)
    page.locator(".jp-codesteer-row").first.wait_for(timeout=60_000)
    apart = sorted(page.evaluate(SCROLL, FRAMES))
    nodes = page.evaluate("() => document.querySelectorAll('#codesteer-runs *').length")
    late = apart[int(len(apart) * 0.95)]
    print(
        f"{RUNS} runs scrolled: a frame every {statistics.median(apart):.1f} ms (95 % under {late:.1f}); {nodes} nodes"
    )
    page.context.close()


class Stop(NamedTuple):
    """How long after the wish a run was shown as stopping, and as stopped, in milliseconds."""

    shown: float
    ended: float


def measure_stops(browser: Any, url: str, folder: Path) -> None:
    found: dict[tuple[str, str], Stop] = {}
    for phase in PHASES:
        with serving_in_thread(holding(phase)) as models:
            found |= {(phase.name, way): one for way, one in stops(browser, url, folder, phase, models).items()}
    print(f"a stop, ms until shown / ended (limits {SHOWN_MS} / {ENDED_MS}):")
    print(f"  {'':16}", *(f"{way:>14}" for way in WAYS))
    for phase in PHASES:
        times = (found[phase.name, way] for way in WAYS)
        print(f"  {phase.name:16}", *(f"{one.shown:6.0f} /{one.ended:6.0f}" for one in times))
    print(f"  worst: {max(one.shown for one in found.values()):.0f} / {max(one.ended for one in found.values()):.0f}")


def stops(browser: Any, url: str, folder: Path, phase: Phase, models: ScriptedServer) -> dict[str, Stop]:
    """Hold a run in the phase for each way to stop it, and stop it."""
    asked = f"%%codesteer --target openai/scripted@{models.url}/v1 --rounds 3\n"
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    made.cells = [
        nbformat.v4.new_code_cell(one) for one in ("%load_ext codesteer", *(f"{asked}By {way}?" for way in WAYS))
    ]
    name = f"stop-{PHASES.index(phase)}.ipynb"
    nbformat.write(made, folder / name)
    page = browser.new_context(viewport={"width": 1280, "height": 1100}).new_page()
    page.goto(f"{url}/lab/tree/{name}?reset")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=120_000)
    page.wait_for_function(IDLE_KERNEL, timeout=120_000)
    page.evaluate(RUN_CELL, 0)
    page.evaluate(SHOW_PANEL)
    panel = page.locator("#codesteer-runs .jp-codesteer")
    panel.wait_for(timeout=60_000)
    found = {}
    for index, way in enumerate(WAYS, 1):
        models.requests.clear()
        panel.get_by_role("searchbox").fill(f"By {way}?")
        page.evaluate(RUN_CELL, index)
        row = panel.locator("[role=option]")
        row.filter(has_text="Running").wait_for(timeout=120_000)
        cell = page.locator(".jp-Notebook .jp-CodeCell").nth(index)
        cell.locator(".cs-run").get_by_text(phase.shows).first.wait_for(timeout=120_000)
        while len(models.requests) < phase.asks:
            page.wait_for_timeout(50)
        row.click()
        page.wait_for_timeout(500)  # the phase is well on its way
        button = cell.get_by_role("button", name="Stop") if way == "cell" else panel.get_by_role("button", name="Stop")
        button.first.scroll_into_view_if_needed()
        page.evaluate(WATCH)
        if way == "keys":
            page.keyboard.press("Control+Alt+q")
        elif way == "interrupt":
            page.evaluate(INTERRUPT)
        else:
            button.first.click()
        page.wait_for_function("() => window.noted.ended", timeout=120_000)
        noted = page.evaluate("() => window.noted")
        found[way] = Stop(noted["shown"] - noted["asked"], noted["ended"] - noted["asked"])
        page.wait_for_function(IDLE_KERNEL, timeout=120_000)
    page.context.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    chosen = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as url, sync_playwright() as playwright:
        notebook(Path(folder) / "plain.ipynb", 0)
        notebook(Path(folder) / "runs.ipynb", RUNS)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(OPTIONS))
        if "start" in chosen.only:
            measure_start(browser, url, chosen.pairs)
            measure_ours(browser, url)
        if "scroll" in chosen.only:
            measure_scrolling(browser, url)
        if "stop" in chosen.only:
            measure_stops(browser, url, Path(folder))
        browser.close()


if __name__ == "__main__":
    main()
