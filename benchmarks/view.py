"""The run view in a browser: ``python -m benchmarks.view [--runs 5]``, after ``npm run build:widget``.

Printed: the bundles' sizes; how long a record of five rounds and one of 256 kB take to be drawn, laid out and painted
included; and what streaming costs: an answer of 20,000 characters by 40 and 1,000 lines of output by 10, each step at its
own animation frame. The longest task is the longest time for which the page could do nothing else: from the change of
the record to the end of the frame's layout. Times are of headless Chromium on this machine, without a GPU; of several runs
the median and the worst are told, and on a busy machine the longest tasks tell of the others on it.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import statistics
from typing import Any

import msgspec

from codesteer_kernel.record import bounded, decode_record, encode_record
from tests.conftest import CHROMIUM_FLAGS
from tests.widgets.page import STATIC, open_page, read_sample

# Draws by the model's own events, then has the browser lay out what was drawn: `offsetHeight` waits for it.
DRAW = """async record => {
    window.cleanup();
    document.getElementById('host').replaceChildren();
    const { default: widget } = await import('/widget.js');
    const began = performance.now();
    const listeners = {};
    const state = { record, tail: {}, actions: ['stop', 'insert', 'rate'], ratings: {}, selected: 0 };
    window.cleanup = widget.render({ el: document.getElementById('host'), model: {
        get: name => state[name], set: () => {}, save_changes: () => {}, send: () => {}, on: () => {}, off: () => {} } });
    void document.body.offsetHeight;
    const drawn = performance.now() - began;
    await new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));
    return [drawn, performance.now() - began];
}"""
# The view draws in the frame after a change; a callback asked for later runs after it in the same frame.
STREAM = """async ([record, kind]) => {
    const longest = [];
    const step = async changes => {
        const began = performance.now();
        const changed = change(changes);
        let busy = performance.now() - began;
        await new Promise(resolve => requestAnimationFrame(start => {
            void document.body.offsetHeight;
            busy += performance.now() - start;
            resolve();
        }));
        longest.push(busy);
        await changed;
    };
    await change({ record: structuredClone(record), tail: {} });
    if (kind === 'answer') {
        const text = 'The **knight** moves on, and the *colour* of its square changes with each move.\\n\\n'.repeat(250);
        for (let end = 40; end <= 20000; end += 40) {
            await step({ tail: { round: 2, seq: record.seq, text: text.slice(0, end) } });
        }
    } else {
        for (let line = 0; line < 1000; line += 10) {
            for (let more = line; more < line + 10; more += 1) record.rounds[1].execution.stdout += `line ${more}\\n`;
            record.seq += 1;
            await step({ record: structuredClone(record) });
        }
    }
    return longest;
}"""


def five_rounds() -> dict[str, Any]:
    record = read_sample("refined")
    first, second = record["rounds"]
    record["rounds"] = [{**(first if place % 2 else second), "index": place} for place in range(1, 6)]
    return record


def full_record() -> dict[str, Any]:
    """A record as large as one may be: thirty rounds with long answers, programs and outputs."""
    record = five_rounds()
    rounds = []
    for place in range(1, 31):
        one = dict(record["rounds"][place % 5], index=place)
        code = "\n".join(f"total_{line} = sum(value * {line} for value in values)  # step {line}" for line in range(60))
        one["answer"] = {**one["answer"], "code": code, "text": f"A *long* answer.\n\n```python\n{code}\n```\n"}
        one["execution"] = {**one["execution"], "stdout": "\n".join(f"row {line}: {line**3}" for line in range(150))}
        rounds.append(one)
    record["rounds"] = rounds
    whole = bounded(decode_record(record))
    plain: dict[str, Any] = msgspec.to_builtins(whole)
    print(f"the large record: {len(encode_record(whole)) / 1000:.0f} kB of JSON, {len(rounds)} rounds")
    return plain


def told(values: list[float]) -> str:
    return f"{statistics.median(values):6.1f} ms median, {max(values):6.1f} ms worst"


def sizes() -> None:
    for name in ("widget.js", "style.css"):
        data = (STATIC / name).read_bytes()
        print(f"{name}: {len(data) / 1000:.1f} kB, {len(gzip.compress(data, 9)) / 1000:.1f} kB gzipped")


def streaming_record(kind: str) -> dict[str, Any]:
    record = read_sample("streaming")
    record["rounds"][1]["answer"]["text"] = ""
    if kind == "output":
        record["rounds"][1]["execution"] = {**record["rounds"][0]["execution"], "status": None, "stdout": ""}
    return record


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    sizes()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        page = browser.new_context(viewport={"width": 900, "height": 900}).new_page()
        open_page(page)
        for name, record in (("five rounds", five_rounds()), ("256 kB", full_record())):
            found = [page.evaluate(DRAW, record) for _ in range(runs)]
            print(f"{name}, drawn and laid out: {told([one[0] for one in found])}")
            print(f"{name}, until painted:      {told([one[1] for one in found])}")
        for name, kind in (("20,000 characters of an answer", "answer"), ("1,000 lines of output", "output")):
            steps = []
            for _ in range(runs):
                page = browser.new_context(viewport={"width": 900, "height": 900}).new_page()
                open_page(page)
                steps.append(sorted(page.evaluate(STREAM, [streaming_record(kind), kind])))
            print(f"{name}, one step:     {told([statistics.median(one) for one in steps])}")
            print(f"{name}, 99 of 100:    {told([one[len(one) * 99 // 100] for one in steps])}")
            print(f"{name}, longest task: {told([one[-1] for one in steps])}")
        browser.close()


if __name__ == "__main__":
    main()
