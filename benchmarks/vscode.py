"""The notebook renderer of the VS Code extension in a browser: ``python -m benchmarks.vscode [--runs 15]``, after ``npm run build``.

Printed: the bundle's size; and how long VS Code waits until a record of five rounds, and one of 256 kB, is drawn and laid out:
at first, as an update in which the newest round has grown by a few lines (what a live run sends), and as an update in which
nothing has changed. The record comes as VS Code hands it over, as bytes of JSON: decoding and checking are in the times. Times are
of headless Chromium on this machine, without a GPU; of several runs the median and the worst are told.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import statistics
from typing import Any

from benchmarks.view import five_rounds, full_record
from tests.browser.vscode.webview import RENDERER, open_webview
from tests.conftest import CHROMIUM_FLAGS

# What is asked of a first draw, in milliseconds.
MOST = {"five rounds": 50, "256 kB": 150}

# An update is drawn in the frame after it came, and a callback asked for later runs after it in the same frame. The time
# until the frame begins is the browser's, not the renderer's.
MEASURE = """async ([record, again]) => {
    const id = `run-${Math.random()}`;
    const element = document.createElement('div');
    element.className = 'output';
    document.getElementById('container').replaceChildren(element);
    const bytes = new TextEncoder().encode(JSON.stringify(record));
    const item = data => ({ id, mime: 'application/vnd.codesteer.run.v1+json', metadata: {},
        text: () => new TextDecoder().decode(data), data: () => data });
    const frame = () => new Promise(resolve => requestAnimationFrame(start => {
        void document.body.offsetHeight;
        resolve(performance.now() - start);
    }));
    const draw = async data => {
        const began = performance.now();
        await renderer.renderOutputItem(item(data), element, new AbortController().signal);
        void document.body.offsetHeight;
        return performance.now() - began;
    };
    const first = await draw(bytes);
    for (let rest = 0; rest < 3; rest += 1) await frame();
    await new Promise(resolve => setTimeout(resolve, 400));
    const grown = new TextEncoder().encode(JSON.stringify(again));
    const growing = (await draw(grown)) + (await frame());
    await frame();
    const same = (await draw(grown)) + (await frame());
    renderer.disposeOutputItem(id);
    return [first, growing, same];
}"""


def grown(record: dict[str, Any]) -> dict[str, Any]:
    """The record a moment later: the last round's output has a few more lines."""
    *before, last = record["rounds"]
    execution = {**last["execution"], "stdout": last["execution"]["stdout"] + "one line more\n" * 5}
    return {**record, "seq": record["seq"] + 1, "rounds": [*before, {**last, "execution": execution}]}


def told(values: list[float]) -> str:
    return f"{statistics.median(values):6.1f} ms median, {max(values):6.1f} ms worst"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    data = RENDERER.read_bytes()
    print(f"renderer.js: {len(data) / 1000:.1f} kB, {len(gzip.compress(data, 9)) / 1000:.1f} kB gzipped")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        webview = open_webview(browser.new_context(viewport={"width": 1100, "height": 900}).new_page())
        webview.answer()
        for name, record in (("five rounds", five_rounds()), ("256 kB", full_record())):
            found = [webview.page.evaluate(MEASURE, [record, grown(record)]) for _ in range(runs)]
            for what, values in zip(
                ("first draw", "a growing round", "no change"), zip(*found, strict=True), strict=True
            ):
                print(f"{name}, {what}:".ljust(30) + told(list(values)))
            print(f"{name}: asked for {MOST[name]} ms")
        browser.close()


if __name__ == "__main__":
    main()
