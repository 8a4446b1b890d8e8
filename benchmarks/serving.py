"""Eight clients at a host against the same eight requests one after another: ``python -m benchmarks.serving [--json]``.

One ``codesteer serve`` for each model, and for each number of slots; in the same run, on the same host, with the same
requests: first one after another, then all eight at once, and this twice. Printed: tokens a second over all, seconds to
the first token (median and 95th percentile) as each client sees them, and the ratios. A steerer's turn is a prompt of
some hundred tokens of which the beginning is shared, and a short answer.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from codesteer_kernel.config import default_threads
from codesteer_kernel.models import ChatRequest, Finish, Message, TextDelta
from codesteer_kernel.models.catalogue import entry
from codesteer_kernel.models.discovery import Host, running_hosts
from codesteer_kernel.models.pull import downloaded
from codesteer_kernel.models.served import HostClient

CLIENTS = 8
TOKENS = 48
GUIDE = "You guide another model. Read what it answered and what its program printed. Say in short what to do next."
RULES = " ".join(
    f"Rule {number}: be brief, name one thing that is wrong, and say how to find it." for number in range(6)
)


def request(client: int, turn: int) -> ChatRequest:
    """One client's turn: the rules are everybody's, the rest its own."""
    told = " ".join(
        f"Line {line} of client {client} in turn {turn}: the value is {client * line}." for line in range(8)
    )
    return ChatRequest(messages=(Message("system", f"{GUIDE} {RULES}"), Message("user", told)), max_tokens=TOKENS)


async def ask(host: Host, what: ChatRequest) -> tuple[float, int]:
    """Seconds to the first token and tokens written."""
    begin = time.perf_counter()
    first = 0.0
    async for delta in HostClient(host).stream(what):
        if isinstance(delta, TextDelta) and not first:
            first = time.perf_counter() - begin
        if isinstance(delta, Finish):
            return first or time.perf_counter() - begin, delta.usage.output_tokens
    raise AssertionError("a stream ends with Finish")


async def round_of(host: Host, turn: int, *, together: bool) -> dict[str, float]:
    """All clients once."""
    begin = time.perf_counter()
    asked = [ask(host, request(client, turn)) for client in range(CLIENTS)]
    answers = await asyncio.gather(*asked) if together else [await one for one in asked]
    seconds = time.perf_counter() - begin
    firsts = [first for first, _ in answers]
    return {
        "tokens_per_second": sum(tokens for _, tokens in answers) / seconds,
        "seconds": seconds,
        "first_median": statistics.median(firsts),
        "first_p95": statistics.quantiles(firsts, n=20, method="inclusive")[-1],
    }


async def measure(host: Host) -> dict[str, Any]:
    """Both ways, twice in turns; the means."""
    await ask(host, request(0, 99))
    ways: dict[bool, list[dict[str, float]]] = {False: [], True: []}
    for turn in range(4):
        together = bool(turn % 2)
        ways[together].append(await round_of(host, turn, together=together))
    single, parallel = (
        {name: statistics.fmean(one[name] for one in ways[way]) for name in ways[way][0]} for way in ways
    )
    return {
        **{f"one_by_one_{name}": round(value, 2) for name, value in single.items()},
        **{f"together_{name}": round(value, 2) for name, value in parallel.items()},
        "throughput_ratio": round(parallel["tokens_per_second"] / single["tokens_per_second"], 2),
        # One after another, the last client's first token comes after seven whole answers.
        "first_token_of_the_last_ratio": round(
            (single["seconds"] * (CLIENTS - 1) / CLIENTS + single["first_median"]) / parallel["first_p95"], 2
        ),
    }


@contextlib.contextmanager
def hosting(model: str, slots: int) -> Iterator[Host]:
    """A ``codesteer serve`` of its own."""
    words = ["serve", "--steerer", model, "--slots", str(slots), "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "codesteer_kernel.cli", *words], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        if not process.stdout.readline():
            raise SystemExit(f"{model} could not be hosted")
        yield running_hosts()[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        process.stdout.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", default=["smollm2-135m", "qwen2.5-coder-0.5b"])
    parser.add_argument("--slots", nargs="*", type=int, default=[4])
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(prefix="cs-") as folder:
        os.environ |= {"XDG_RUNTIME_DIR": folder, "CODESTEER_WORKER_GRACE": "0.5"}
        for known in map(entry, given.models):
            if not downloaded(known):
                print(f"{known.name}: not downloaded, left out")
                continue
            for slots in given.slots:
                with hosting(f"local/{known.name}", slots) as host:
                    results.append({"model": known.name, "slots": slots, **asyncio.run(measure(host))})
                time.sleep(1.5)
                if not given.json:
                    print(f"\n{known.name}, {slots} slots, {CLIENTS} clients ({default_threads()} threads)")
                    for name, value in results[-1].items():
                        if name not in ("model", "slots"):
                            print(f"  {name.replace('_', ' '):32} {value}")
    if given.json:
        print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
